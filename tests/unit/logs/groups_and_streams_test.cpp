#include <fmt/format.h>

#include "service_fixture.hpp"

// Texts of refusals: tests/aws/services/logs/*.snapshot.json of LocalStack, recorded from AWS in 2026.
namespace aviary::logs {
namespace {

using ::testing::ElementsAre;

using LogGroups = ServiceFixture;
using LogStreams = ServiceFixture;

TEST_F(LogGroups, AreCreatedOnce) {
  answer("CreateLogGroup", {{"logGroupName", "/a/b"}, {"tags", {{"env", "test"}}}});
  EXPECT_EQ(refusal("CreateLogGroup", {{"logGroupName", "/a/b"}}),
            (Refusal{"ResourceAlreadyExistsException", "The specified log group already exists"}));
  EXPECT_EQ(refusal("CreateLogGroup", {{"logGroupName", std::string(513, 'g')}}),
            (Refusal{"InvalidParameterException",
                     "Invalid LogGroup or LogStream, both must have length less than or equal to 512."}));
  const Json group = answer("DescribeLogGroups", Json::object())["logGroups"][0];
  EXPECT_EQ(group, (Json{{"logGroupName", "/a/b"},
                         {"creationTime", now()},
                         {"metricFilterCount", 0},
                         {"storedBytes", 0},
                         {"arn", "arn:aws:logs:us-east-1:123456789012:log-group:/a/b:*"},
                         {"logGroupArn", "arn:aws:logs:us-east-1:123456789012:log-group:/a/b"},
                         {"logGroupClass", "STANDARD"},
                         {"deletionProtectionEnabled", false}}));
}

TEST_F(LogGroups, AreListedInPages) {
  for (int i = 0; i < 120; ++i) answer("CreateLogGroup", {{"logGroupName", fmt::format("g{:03}", i)}});
  answer("CreateLogGroup", {{"logGroupName", "other"}});
  std::vector<std::string> names;
  Json input{{"logGroupNamePrefix", "g"}};
  for (int pages = 1;; ++pages) {
    const Json page = answer("DescribeLogGroups", input);
    EXPECT_LE(page["logGroups"].size(), 50U);
    for (std::string& name : column(page["logGroups"], "logGroupName")) names.push_back(std::move(name));
    if (!page.contains("nextToken")) {
      EXPECT_EQ(pages, 3);
      break;
    }
    input["nextToken"] = page["nextToken"];
  }
  EXPECT_EQ(names.size(), 120U);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_THAT(
      column(answer("DescribeLogGroups", {{"logGroupNamePattern", "the"}})["logGroups"], "logGroupName"),
      ElementsAre("other"));
  EXPECT_EQ(refusal("DescribeLogGroups", {{"logGroupNamePattern", "t"}, {"logGroupNamePrefix", "o"}}).message,
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
}

TEST_F(LogGroups, AreApartByAccount) {
  answer("CreateLogGroup", {{"logGroupName", "g"}});
  EXPECT_EQ(call("DescribeLogGroups", Json::object(), "999999999999")->output["logGroups"].size(), 0U);
}

TEST_F(LogGroups, RetentionIsOneOfAFew) {
  make("g", "s");
  EXPECT_THAT(refusal("PutRetentionPolicy", {{"logGroupName", "g"}, {"retentionInDays", 2}}).message,
              ::testing::StartsWith("1 validation error detected: Value '2' at 'retentionInDays'"));
  EXPECT_EQ(refusal("PutRetentionPolicy", {{"logGroupName", "none"}, {"retentionInDays", 1}}), no_group);
  answer("PutRetentionPolicy", {{"logGroupName", "g"}, {"retentionInDays", 1}});
  EXPECT_EQ(answer("DescribeLogGroups", Json::object())["logGroups"][0]["retentionInDays"], 1);
  put("g", "s", {"old"});
  advance(std::chrono::hours(23));
  put("g", "s", {"young"});
  const Json both = answer("FilterLogEvents", {{"logGroupName", "g"}});
  EXPECT_THAT(column(both["events"], "message"), ElementsAre("old", "young"));
  advance(std::chrono::hours(2));
  const Json one = answer("FilterLogEvents", {{"logGroupName", "g"}});
  EXPECT_THAT(column(one["events"], "message"), ElementsAre("young"));
  const Json read =
      answer("GetLogEvents", {{"logGroupName", "g"}, {"logStreamName", "s"}, {"startFromHead", true}});
  EXPECT_THAT(column(read["events"], "message"), ElementsAre("young"));
  answer("DeleteRetentionPolicy", {{"logGroupName", "g"}});
  EXPECT_FALSE(answer("DescribeLogGroups", Json::object())["logGroups"][0].contains("retentionInDays"));
}

TEST_F(LogGroups, Tags) {
  answer("CreateLogGroup", {{"logGroupName", "g"}, {"tags", {{"env", "1"}}}});
  const std::string arn = "arn:aws:logs:us-east-1:123456789012:log-group:g";
  answer("TagResource", {{"resourceArn", arn}, {"tags", {{"a", "x"}, {"b", "y"}}}});
  answer("TagLogGroup", {{"logGroupName", "g"}, {"tags", {{"c", "z"}}}});
  const Json all{{"tags", {{"env", "1"}, {"a", "x"}, {"b", "y"}, {"c", "z"}}}};
  EXPECT_EQ(answer("ListTagsForResource", {{"resourceArn", arn}}), all);
  EXPECT_EQ(answer("ListTagsLogGroup", {{"logGroupName", "g"}}), all);
  answer("UntagResource", {{"resourceArn", arn + ":*"}, {"tagKeys", {"a", "none"}}});
  answer("UntagLogGroup", {{"logGroupName", "g"}, {"tags", {"b", "c"}}});
  EXPECT_EQ(answer("ListTagsLogGroup", {{"logGroupName", "g"}}), (Json{{"tags", {{"env", "1"}}}}));
  EXPECT_EQ(refusal("ListTagsForResource", {{"resourceArn", arn + "x"}}).code, "ResourceNotFoundException");
  Json many = Json::object();
  for (int i = 0; i < 50; ++i) many["k" + std::to_string(i)] = "v";
  EXPECT_EQ(refusal("TagResource", {{"resourceArn", arn}, {"tags", many}}).code, "TooManyTagsException");
  EXPECT_EQ(answer("ListTagsLogGroup", {{"logGroupName", "g"}})["tags"].size(), 1U);
}

TEST_F(LogGroups, ProtectedOnesStay) {
  answer("CreateLogGroup", {{"logGroupName", "g"}, {"deletionProtectionEnabled", true}});
  EXPECT_EQ(refusal("DeleteLogGroup", {{"logGroupName", "g"}}).code, "ValidationException");
  answer("PutLogGroupDeletionProtection",
         {{"logGroupIdentifier", "g"}, {"deletionProtectionEnabled", false}});
  answer("DeleteLogGroup", {{"logGroupName", "g"}});
  EXPECT_EQ(refusal("DeleteLogGroup", {{"logGroupName", "g"}}), no_group);
}

TEST_F(LogGroups, LastWithTheirFilters) {
  make("g", "s");
  answer("PutRetentionPolicy", {{"logGroupName", "g"}, {"retentionInDays", 7}});
  answer("TagLogGroup", {{"logGroupName", "g"}, {"tags", {{"k", "v"}}}});
  answer("PutMetricFilter",
         {{"logGroupName", "g"},
          {"filterName", "m"},
          {"filterPattern", "ERROR"},
          {"metricTransformations",
           {{{"metricName", "n"}, {"metricNamespace", "N"}, {"metricValue", "1"}, {"defaultValue", 0}}}}});
  answer("PutSubscriptionFilter", {{"logGroupName", "g"},
                                   {"filterName", "s"},
                                   {"filterPattern", "{ $.a = 1 }"},
                                   {"destinationArn", "arn:aws:lambda:us-east-1:123456789012:function:f"}});
  service_->append(service_->open_stream({"123456789012", "us-east-1"}, "/aws/lambda/f", "x", clock_.now()),
                   clock_.now(), "line\n");
  const Json before = answer("DescribeMetricFilters", Json::object());
  const Json subscriptions = answer("DescribeSubscriptionFilters", {{"logGroupName", "g"}});
  restart();
  EXPECT_EQ(answer("DescribeMetricFilters", Json::object()), before);
  EXPECT_EQ(answer("DescribeSubscriptionFilters", {{"logGroupName", "g"}}), subscriptions);
  EXPECT_THAT(column(answer("DescribeLogStreams", {{"logGroupName", "g"}})["logStreams"], "logStreamName"),
              ElementsAre("s"));
  EXPECT_THAT(column(answer("DescribeLogGroups", Json::object())["logGroups"], "logGroupName"),
              ElementsAre("/aws/lambda/f", "g"));
  put("g", "s", {"ERROR"});
  EXPECT_EQ(metrics_.samples.size(), 1U);
  answer("DeleteLogStream", {{"logGroupName", "g"}, {"logStreamName", "s"}});
  answer("DeleteLogGroup", {{"logGroupName", "g"}});
  restart();
  EXPECT_THAT(column(answer("DescribeLogGroups", Json::object())["logGroups"], "logGroupName"),
              ElementsAre("/aws/lambda/f"));
}

TEST_F(LogStreams, AreCreatedOnce) {
  EXPECT_EQ(refusal("CreateLogStream", {{"logGroupName", "g"}, {"logStreamName", "s"}}), no_group);
  make("g", "s");
  EXPECT_EQ(refusal("CreateLogStream", {{"logGroupName", "g"}, {"logStreamName", "s"}}),
            (Refusal{"ResourceAlreadyExistsException", "The specified log stream already exists"}));
  const Json expected{{"logStreams",
                       {{{"arn", "arn:aws:logs:us-east-1:123456789012:log-group:g:log-stream:s"},
                         {"creationTime", now()},
                         {"logStreamName", "s"},
                         {"storedBytes", 0}}}}};
  EXPECT_EQ(answer("DescribeLogStreams", {{"logGroupName", "g"}}), expected);
  EXPECT_EQ(answer("DescribeLogStreams", {{"logGroupIdentifier", "g"}}), expected);
  EXPECT_EQ(answer("DescribeLogStreams",
                   {{"logGroupIdentifier", "arn:aws:logs:us-east-1:123456789012:log-group:g:*"}}),
            expected);
  EXPECT_EQ(
      refusal("DescribeLogStreams", {{"logGroupIdentifier", "g"}, {"logGroupName", "g"}}),
      (Refusal{"ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters."}));
  answer("DeleteLogStream", {{"logGroupName", "g"}, {"logStreamName", "s"}});
  EXPECT_EQ(refusal("DeleteLogStream", {{"logGroupName", "g"}, {"logStreamName", "s"}}), no_stream);
}

TEST_F(LogStreams, InOrderOfNameOrLastEvent) {
  for (const char* name : {"a", "b", "c", "d"}) make("g", name);
  const auto write = [&](const char* stream, Millis at) {
    answer("PutLogEvents", {{"logGroupName", "g"},
                            {"logStreamName", stream},
                            {"logEvents", {{{"timestamp", at}, {"message", "m"}}}}});
  };
  write("a", now() - 5);
  write("b", now() - 1);
  write("c", now() - 9);
  const auto names = [&](Json input) {
    input["logGroupName"] = "g";
    input["limit"] = 2;
    std::vector<std::string> all;
    for (;;) {
      const Json page = answer("DescribeLogStreams", input);
      for (std::string& name : column(page["logStreams"], "logStreamName")) all.push_back(std::move(name));
      if (!page.contains("nextToken")) return all;
      input["nextToken"] = page["nextToken"];
    }
  };
  EXPECT_THAT(names(Json::object()), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(names({{"descending", true}}), ElementsAre("d", "c", "b", "a"));
  EXPECT_THAT(names({{"orderBy", "LastEventTime"}, {"descending", true}}), ElementsAre("b", "a", "c", "d"));
  EXPECT_THAT(names({{"orderBy", "LastEventTime"}}), ElementsAre("d", "c", "a", "b"));
  EXPECT_THAT(names({{"logStreamNamePrefix", "c"}}), ElementsAre("c"));
  EXPECT_EQ(refusal("DescribeLogStreams",
                    {{"logGroupName", "g"}, {"orderBy", "LastEventTime"}, {"logStreamNamePrefix", "a"}})
                .message,
            "Cannot order by LastEventTime with a logStreamNamePrefix.");
  const Json row = answer("DescribeLogStreams", {{"logGroupName", "g"}})["logStreams"][0];
  EXPECT_EQ(row["firstEventTimestamp"], now() - 5);
  EXPECT_EQ(row["lastEventTimestamp"], now() - 5);
  EXPECT_EQ(row["lastIngestionTime"], now());
  EXPECT_EQ(row["uploadSequenceToken"].get<std::string>().size(), 56U);
}

}  // namespace
}  // namespace aviary::logs
