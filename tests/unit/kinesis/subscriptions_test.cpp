#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "unit/kinesis/service_fixture.hpp"

namespace aviary::kinesis {
namespace {

using namespace std::chrono_literals;

struct Message {
  std::string headers;
  Json payload;
};

/// What has come over a subscription since the last look.
std::vector<Message> taken(wire::BodyStream& body) {
  std::vector<Message> messages;
  const std::string bytes = body.take(10 << 20);
  const auto number = [&](std::size_t at) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
  };
  for (std::size_t at = 0; at < bytes.size(); at += number(at)) {
    const std::size_t headers = number(at + 4);
    messages.push_back({bytes.substr(at + 12, headers),
                        Json::parse(bytes.substr(at + 12 + headers, number(at) - headers - 16))});
  }
  return messages;
}

class Subscriptions : public Kinesis {
 protected:
  Subscriptions() {
    create();
    consumer_ = ok("RegisterStreamConsumer", {{"StreamARN", arn}, {"ConsumerName", "audit"}})
                    .at("Consumer")
                    .at("ConsumerARN")
                    .get<std::string>();
  }
  Json asked(Json position) const {
    return {{"ConsumerARN", consumer_}, {"ShardId", shard_id(0)}, {"StartingPosition", std::move(position)}};
  }
  std::shared_ptr<wire::BodyStream> subscribe(Json position) {
    const Result<Reply> reply = call("SubscribeToShard", asked(std::move(position)));
    EXPECT_TRUE(reply) << (reply ? "" : reply.error().message);
    return reply ? reply->stream : nullptr;
  }

  const std::string arn = "arn:aws:kinesis:us-east-1:123456789012:stream/s";
  std::string consumer_;
};

TEST_F(Subscriptions, GetRecordsAsTheyCome) {
  put("one");
  const auto body = subscribe({{"Type", "TRIM_HORIZON"}});
  std::vector<Message> messages = taken(*body);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_NE(messages[0].headers.find("initial-response"), std::string::npos);
  const Json first = messages[1].payload;
  ASSERT_EQ(first.at("Records").size(), 1U);
  EXPECT_EQ(first.at("Records")[0].at("Data"), base64_encode("one"));
  EXPECT_EQ(first.at("ContinuationSequenceNumber"), first.at("Records")[0].at("SequenceNumber"));
  EXPECT_EQ(first.at("MillisBehindLatest"), 0);
  put("two");
  messages = taken(*body);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].payload.at("Records")[0].at("Data"), base64_encode("two"));
  // Now and then it says that there is nothing new; after five minutes it ends.
  clock.advance(5s);
  messages = taken(*body);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].payload.at("Records"), Json::array());
  const Json place = messages[0].payload.at("ContinuationSequenceNumber");
  clock.advance(5min);
  taken(*body);
  EXPECT_TRUE(body->finished());
  put("three");
  const auto again = subscribe({{"Type", "AFTER_SEQUENCE_NUMBER"}, {"SequenceNumber", place}});
  EXPECT_EQ(taken(*again).at(1).payload.at("Records")[0].at("Data"), base64_encode("three"));
}

TEST_F(Subscriptions, OfAClosedShardTellItsChildrenAndEnd) {
  const auto body = subscribe({{"Type", "LATEST"}});
  ok("SplitShard", {{"StreamName", "s"},
                    {"ShardToSplit", shard_id(0)},
                    {"NewStartingHashKey", "170141183460469231731687303715884105728"}});
  const std::vector<Message> messages = taken(*body);
  EXPECT_EQ(messages.back().payload.at("ChildShards").size(), 2U);
  EXPECT_TRUE(body->finished());
}

TEST_F(Subscriptions, AreTakenOverAfterFiveSeconds) {
  const auto first = subscribe({{"Type", "LATEST"}});
  EXPECT_EQ(error("SubscribeToShard", asked({{"Type", "LATEST"}})).rfind("ResourceInUseException", 0), 0U);
  clock.advance(5s);
  const auto second = subscribe({{"Type", "LATEST"}});
  EXPECT_NE(taken(*first).back().headers.find("ResourceInUseException"), std::string::npos);
  EXPECT_TRUE(first->finished());
  second->close();
  EXPECT_NE(subscribe({{"Type", "LATEST"}}), nullptr);
}

TEST_F(Subscriptions, EndWithTheirStream) {
  const auto body = subscribe({{"Type", "LATEST"}});
  ok("DeleteStream", {{"StreamName", "s"}, {"EnforceConsumerDeletion", true}});
  EXPECT_NE(taken(*body).back().headers.find("ResourceNotFoundException"), std::string::npos);
  EXPECT_TRUE(body->finished());
}

TEST_F(Subscriptions, RefuseWhatIsWrong) {
  EXPECT_EQ(error("SubscribeToShard", asked({{"Type", "AT_SEQUENCE_NUMBER"}})).rfind("InvalidArgument", 0),
            0U);
  Json input = asked({{"Type", "LATEST"}});
  input["ShardId"] = "shardId-000000000007";
  EXPECT_EQ(error("SubscribeToShard", input).rfind("ResourceNotFoundException", 0), 0U);
  input["ConsumerARN"] = arn + "/consumer/nobody:1";
  EXPECT_EQ(error("SubscribeToShard", input).rfind("ResourceNotFoundException", 0), 0U);
}

}  // namespace
}  // namespace aviary::kinesis
