#include "services/kinesis/core/resharding.hpp"
#include "unit/kinesis/service_fixture.hpp"

namespace aviary::kinesis {
namespace {

using Strings = std::vector<std::string>;
const std::string whole = "340282366920938463463374607431768211455";

TEST(HashKeys, AreNumbersOf128Bits) {
  EXPECT_EQ(hash_key_text(last_hash_key), whole);
  EXPECT_EQ(parse_hash_key(whole), last_hash_key);
  EXPECT_FALSE(parse_hash_key("340282366920938463463374607431768211456"));
  EXPECT_FALSE(parse_hash_key("1x"));
  // md5("a"), as a number.
  EXPECT_EQ(hash_key_text(hash_key_of("a")), "16955237001963240173058271559858726497");
  const std::vector<HashRange> three = uniform_ranges(3);
  EXPECT_EQ(hash_key_text(three[0].last), "113427455640312821154458202477256070484");
  EXPECT_EQ(hash_key_text(three[2].first), "226854911280625642308916404954512140970");
  EXPECT_EQ(three[2].last, last_hash_key);
}

TEST_F(Kinesis, RecordsComeInOrderFromEveryKindOfIterator) {
  create();
  const std::string latest = iterator("LATEST");
  const Json first = put("one");
  clock.advance(std::chrono::seconds(10));
  const Json second = put("two");
  clock.advance(std::chrono::seconds(10));
  put("three");
  EXPECT_LT(first.at("SequenceNumber"), second.at("SequenceNumber"));
  EXPECT_EQ(read(latest), (Strings{"one", "two", "three"}));
  EXPECT_EQ(read(last.at("NextShardIterator")), Strings());
  EXPECT_EQ(last.at("MillisBehindLatest"), 0);
  EXPECT_EQ(read(iterator("TRIM_HORIZON")), (Strings{"one", "two", "three"}));
  EXPECT_EQ(read(iterator("AT_SEQUENCE_NUMBER", {{"StartingSequenceNumber", second.at("SequenceNumber")}})),
            (Strings{"two", "three"}));
  EXPECT_EQ(
      read(iterator("AFTER_SEQUENCE_NUMBER", {{"StartingSequenceNumber", second.at("SequenceNumber")}})),
      (Strings{"three"}));
  EXPECT_EQ(read(iterator("AT_TIMESTAMP", {{"Timestamp", 1'705'314'605.0}})), (Strings{"two", "three"}));
  last = ok("GetRecords", {{"ShardIterator", iterator("TRIM_HORIZON")}, {"Limit", 1}});
  EXPECT_EQ(last.at("Records").size(), 1U);
  EXPECT_EQ(last.at("MillisBehindLatest"), 10'000);
}

TEST_F(Kinesis, IteratorsEndAfterFiveMinutes) {
  create();
  const std::string held = iterator("TRIM_HORIZON");
  clock.advance(std::chrono::seconds(301));
  EXPECT_EQ(
      error("GetRecords", {{"ShardIterator", held}}),
      "ExpiredIteratorException: Iterator expired. The iterator was created at time Mon Jan 15 10:30:00 UTC "
      "2024 while right now it is Mon Jan 15 10:35:01 UTC 2024 which is further in the future than the "
      "tolerated delay of 300000 milliseconds.");
  std::string broken = iterator("TRIM_HORIZON");
  broken[20] = broken[20] == 'A' ? 'B' : 'A';
  EXPECT_EQ(error("GetRecords", {{"ShardIterator", broken}}),
            "InvalidArgumentException: Invalid ShardIterator.");
}

TEST_F(Kinesis, WhatIsTooOldIsGone) {
  create();
  put("old");
  clock.advance(std::chrono::hours(23));
  put("young");
  clock.advance(std::chrono::hours(2));
  EXPECT_EQ(read(iterator("TRIM_HORIZON")), Strings{"young"});
  ok("IncreaseStreamRetentionPeriod", {{"StreamName", "s"}, {"RetentionPeriodHours", 48}});
  clock.advance(std::chrono::hours(24));
  EXPECT_EQ(read(iterator("TRIM_HORIZON")), Strings{"young"});
  ok("DecreaseStreamRetentionPeriod", {{"StreamName", "s"}, {"RetentionPeriodHours", 24}});
  EXPECT_EQ(read(iterator("TRIM_HORIZON")), Strings());
  EXPECT_EQ(error("IncreaseStreamRetentionPeriod", {{"StreamName", "s"}, {"RetentionPeriodHours", 23}}),
            "InvalidArgumentException: Minimum allowed retention period is 24 hours. Requested retention "
            "period (23 "
            "hours) is too short.");
}

TEST_F(Kinesis, ASplitShardIsReadToItsEndAndNamesItsChildren) {
  create();
  put("before");
  ok("SplitShard", {{"StreamName", "s"},
                    {"ShardToSplit", "shardId-000000000000"},
                    {"NewStartingHashKey", "170141183460469231731687303715884105728"}});
  const std::vector<Json> all = shards();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_TRUE(all[0].at("SequenceNumberRange").contains("EndingSequenceNumber"));
  EXPECT_EQ(all[1].at("ParentShardId"), "shardId-000000000000");
  EXPECT_EQ(all[1].at("HashKeyRange").at("EndingHashKey"), "170141183460469231731687303715884105727");
  EXPECT_EQ(all[2].at("HashKeyRange").at("EndingHashKey"), whole);
  EXPECT_NE(put("after").at("ShardId"), "shardId-000000000000");
  EXPECT_EQ(read(iterator("TRIM_HORIZON")), Strings{"before"});
  EXPECT_FALSE(last.contains("NextShardIterator"));
  ASSERT_EQ(last.at("ChildShards").size(), 2U);
  EXPECT_EQ(last.at("ChildShards")[0].at("ParentShards"), Json::array({"shardId-000000000000"}));
  EXPECT_EQ(
      error("SplitShard",
            {{"StreamName", "s"}, {"ShardToSplit", "shardId-000000000000"}, {"NewStartingHashKey", "5"}})
          .substr(0, 22),
      "ResourceInUseException");
  ok("MergeShards", {{"StreamName", "s"},
                     {"ShardToMerge", "shardId-000000000001"},
                     {"AdjacentShardToMerge", "shardId-000000000002"}});
  EXPECT_EQ(shards()[3].at("AdjacentParentShardId"), "shardId-000000000002");
  EXPECT_EQ(shards()[3].at("HashKeyRange").at("EndingHashKey"), whole);
  clock.advance(std::chrono::hours(25));
  EXPECT_EQ(shards().size(), 1U);  // closed ones leave with their records
}

TEST_F(Kinesis, ScalingLeavesRangesOfOneSize) {
  create(3);
  for (const int target : {5, 4, 2, 4, 8, 7, 14}) {
    ok("UpdateShardCount",
       {{"StreamName", "s"}, {"TargetShardCount", target}, {"ScalingType", "UNIFORM_SCALING"}});
    const Stream* stream = service->find({{"123456789012", "us-east-1"}, "s"});
    std::vector<HashRange> open;
    for (const auto& [index, shard] : stream->shards)
      if (shard.open()) open.push_back(shard.range);
    std::ranges::sort(open, {}, &HashRange::first);
    EXPECT_EQ(open, uniform_ranges(static_cast<std::uint32_t>(target)));
  }
  EXPECT_EQ(
      error("UpdateShardCount",
            {{"StreamName", "s"}, {"TargetShardCount", 29}, {"ScalingType", "UNIFORM_SCALING"}}),
      "InvalidArgumentException: UpdateShardCount cannot scale up over double your current open shard count. "
      "Current open shard count: 14 Target shard count: 29");
}

TEST_F(Kinesis, KeysDecideTheShardUnlessAHashIsGiven) {
  create(4);
  const Json one = put("x", "some key");
  EXPECT_EQ(put("y", "some key").at("ShardId"), one.at("ShardId"));
  EXPECT_EQ(
      ok("PutRecord", {{"StreamName", "s"}, {"Data", "z"}, {"PartitionKey", "k"}, {"ExplicitHashKey", whole}})
          .at("ShardId"),
      "shardId-000000000003");
  EXPECT_EQ(error("PutRecord", {{"StreamName", "s"},
                                {"Data", "z"},
                                {"PartitionKey", "k"},
                                {"ExplicitHashKey", "340282366920938463463374607431768211456"}}),
            "InvalidArgumentException: Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, "
            "2^128-1]. "
            "Specified value was 340282366920938463463374607431768211456");
}

TEST_F(Kinesis, AShardHasSoMuchRoomASecond) {
  create();
  limited = true;
  Json records = Json::array();
  for (int i = 0; i < 400; ++i) records.push_back({{"Data", "x"}, {"PartitionKey", "k"}});
  EXPECT_EQ(ok("PutRecords", {{"StreamName", "s"}, {"Records", records}}).at("FailedRecordCount"), 0);
  EXPECT_EQ(ok("PutRecords", {{"StreamName", "s"}, {"Records", records}}).at("FailedRecordCount"), 0);
  last = ok("PutRecords", {{"StreamName", "s"}, {"Records", records}});
  EXPECT_EQ(last.at("FailedRecordCount"), 200);
  EXPECT_EQ(last.at("Records")[399].at("ErrorCode"), "ProvisionedThroughputExceededException");
  EXPECT_EQ(error("PutRecord", {{"StreamName", "s"}, {"Data", "x"}, {"PartitionKey", "k"}}),
            "ProvisionedThroughputExceededException: Rate exceeded for shard shardId-000000000000 in stream "
            "s under "
            "account 123456789012.");
  clock.advance(std::chrono::seconds(1));
  put("x");
  const std::string held = iterator("LATEST");
  for (int i = 0; i < 5; ++i) read(held);
  EXPECT_NE(error("GetRecords", {{"ShardIterator", held}}), "");
  clock.advance(std::chrono::seconds(1));
  read(held);
}

TEST_F(Kinesis, StateLasts) {
  create();
  put(std::string("\0\xff\x01", 3));
  ok("SplitShard",
     {{"StreamName", "s"}, {"ShardToSplit", "shardId-000000000000"}, {"NewStartingHashKey", "77"}});
  const Json after = put("after");
  ok("AddTagsToStream", {{"StreamName", "s"}, {"Tags", {{"team", "shop"}}}});
  ok("RegisterStreamConsumer",
     {{"StreamARN", "arn:aws:kinesis:us-east-1:123456789012:stream/s"}, {"ConsumerName", "c"}});
  const Json described = ok("DescribeStream", {{"StreamName", "s"}});
  const std::string held = iterator("TRIM_HORIZON");
  start();
  EXPECT_EQ(ok("DescribeStream", {{"StreamName", "s"}}), described);
  EXPECT_EQ(read(held), Strings{std::string("\0\xff\x01", 3)});
  EXPECT_EQ(ok("ListTagsForStream", {{"StreamName", "s"}}).at("Tags"),
            (Json::array({{{"Key", "team"}, {"Value", "shop"}}})));
  EXPECT_EQ(
      ok("DescribeStreamSummary", {{"StreamName", "s"}}).at("StreamDescriptionSummary").at("ConsumerCount"),
      1);
  EXPECT_LT(after.at("SequenceNumber"), put("later").at("SequenceNumber"));
  EXPECT_NE(error("DeleteStream", {{"StreamName", "s"}}), "");
  ok("DeleteStream", {{"StreamName", "s"}, {"EnforceConsumerDeletion", true}});
  EXPECT_EQ(journal.records(), 0U);
  create();
  EXPECT_EQ(error("GetRecords", {{"ShardIterator", held}}),
            "ResourceNotFoundException: Stream s under account 123456789012 not found.");
}

TEST_F(Kinesis, StatesTakeTheirTime) {
  start(std::chrono::seconds(5));
  create(2);
  const auto status = [&] {
    return ok("DescribeStreamSummary", {{"StreamName", "s"}})
        .at("StreamDescriptionSummary")
        .at("StreamStatus");
  };
  EXPECT_EQ(status(), "CREATING");
  EXPECT_EQ(
      error("UpdateShardCount",
            {{"StreamName", "s"}, {"TargetShardCount", 4}, {"ScalingType", "UNIFORM_SCALING"}}),
      "ResourceInUseException: Stream s under account 123456789012 not ACTIVE, instead in state CREATING");
  clock.advance(std::chrono::seconds(5));
  EXPECT_EQ(status(), "ACTIVE");
  ok("UpdateShardCount", {{"StreamName", "s"}, {"TargetShardCount", 4}, {"ScalingType", "UNIFORM_SCALING"}});
  EXPECT_EQ(status(), "UPDATING");
  clock.advance(std::chrono::seconds(5));
  ok("DeleteStream", {{"StreamName", "s"}});
  EXPECT_EQ(status(), "DELETING");
  clock.advance(std::chrono::seconds(5));
  EXPECT_EQ(error("DescribeStream", {{"StreamName", "s"}}),
            "ResourceNotFoundException: Stream s under account 123456789012 not found.");
}

TEST_F(Kinesis, PagesGoOnWhereTheyEnded) {
  create(5);
  last = ok("ListShards", {{"StreamName", "s"}, {"MaxResults", 2}});
  Json names = Json::array();
  while (true) {
    for (const Json& shard : last.at("Shards")) names.push_back(shard.at("ShardId"));
    if (!last.contains("NextToken")) break;
    last = ok("ListShards", {{"NextToken", last.at("NextToken")}, {"MaxResults", 2}});
  }
  EXPECT_EQ(names.size(), 5U);
  const Json token = ok("ListShards", {{"StreamName", "s"}, {"MaxResults", 2}}).at("NextToken");
  EXPECT_EQ(error("ListShards", {{"StreamName", "s"}, {"NextToken", token}}),
            "InvalidArgumentException: NextToken and StreamName cannot be provided together.");
  clock.advance(std::chrono::seconds(301));
  EXPECT_EQ(error("ListShards", {{"NextToken", token}}).substr(0, 25), "ExpiredNextTokenException");
  EXPECT_TRUE(ok("DescribeStream", {{"StreamName", "s"}, {"Limit", 3}})
                  .at("StreamDescription")
                  .at("HasMoreShards")
                  .get<bool>());
  ok("CreateStream", {{"StreamName", "t"}, {"ShardCount", 1}});
  last = ok("ListStreams", {{"Limit", 1}});
  EXPECT_TRUE(last.at("HasMoreStreams").get<bool>());
  EXPECT_EQ(ok("ListStreams", {{"ExclusiveStartStreamName", "s"}}).at("StreamNames"), Json::array({"t"}));
}

}  // namespace
}  // namespace aviary::kinesis
