// Destinations, account policies, deliveries and detectors.
#include "service_fixture.hpp"

namespace aviary::logs {
namespace {

class Destinations : public ServiceFixture {
 protected:
  Json destine(const std::string& name, const std::string& stream = "stream/s") {
    return answer("PutDestination", {{"destinationName", name},
                                     {"targetArn", "arn:aws:kinesis:us-east-1:123456789012:" + stream},
                                     {"roleArn", "arn:aws:iam::123456789012:role/r"},
                                     {"tags", {{"a", "b"}}}})["destination"];
  }
  Json policy(const std::string& document) {
    return {
        {"policyName", "all"}, {"policyType", "SUBSCRIPTION_FILTER_POLICY"}, {"policyDocument", document}};
  }
};

const std::string destination_arn = "arn:aws:logs:us-east-1:123456789012:destination:d";
const std::string whole = R"({"DestinationArn":"arn:aws:logs:us-east-1:123456789012:destination:d",)"
                          R"("FilterPattern":"ERROR","Distribution":"Random"})";

TEST_F(Destinations, StandBeforeAStream) {
  make("app", "one");
  const Json filter{{"logGroupName", "app"},
                    {"filterName", "f"},
                    {"filterPattern", ""},
                    {"destinationArn", destination_arn}};
  const Refusal unreachable{
      "InvalidParameterException",
      "Could not deliver test message to specified destination. Check if the destination is valid."};
  EXPECT_EQ(refusal("PutSubscriptionFilter", filter), unreachable);
  EXPECT_EQ(destine("d")["arn"], destination_arn);
  answer("PutSubscriptionFilter", filter);
  restart();
  put("app", "one", {"hello"});
  settle();
  ASSERT_EQ(deliveries_.delivered.size(), 1U);
  EXPECT_EQ(deliveries_.delivered[0].first, "arn:aws:kinesis:us-east-1:123456789012:stream/s");
  // Another stream behind it, and what comes goes there.
  destine("d", "stream/other");
  put("app", "one", {"hello"});
  settle();
  ASSERT_EQ(deliveries_.delivered.size(), 2U);
  EXPECT_EQ(deliveries_.delivered[1].first, "arn:aws:kinesis:us-east-1:123456789012:stream/other");
  // What is of one log stream stays together.
  EXPECT_EQ(deliveries_.keys[0], deliveries_.keys[1]);
  EXPECT_EQ(refusal("PutDestination", {{"destinationName", "x"},
                                       {"targetArn", "arn:aws:kinesis:us-east-1:123456789012:missing"},
                                       {"roleArn", "arn:aws:iam::123456789012:role/r"}}),
            unreachable);
}

TEST_F(Destinations, LetOtherAccountsInByTheirPolicy) {
  destine("d");
  const Json filter{{"logGroupName", "app"},
                    {"filterName", "f"},
                    {"filterPattern", ""},
                    {"destinationArn", destination_arn}};
  const std::string other = "222222222222";
  ASSERT_TRUE(call("CreateLogGroup", {{"logGroupName", "app"}}, other));
  const Result<Reply> refused = call("PutSubscriptionFilter", filter, other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().shape->code, "AccessDeniedException");
  answer("PutDestinationPolicy",
         {{"destinationName", "d"},
          {"accessPolicy", R"({"Statement":[{"Effect":"Allow","Principal":{"AWS":"222222222222"},)"
                           R"("Action":"logs:PutSubscriptionFilter","Resource":"*"}]})"}});
  EXPECT_TRUE(call("PutSubscriptionFilter", filter, other));
  EXPECT_EQ(refusal("PutDestinationPolicy", {{"destinationName", "d"}, {"accessPolicy", "{"}}).code,
            "InvalidParameterException");
}

TEST_F(Destinations, AreListedTaggedAndGone) {
  destine("d");
  destine("e");
  EXPECT_EQ(column(answer("DescribeDestinations", {{"limit", 1}})["destinations"], "destinationName"),
            std::vector<std::string>{"d"});
  EXPECT_EQ(answer("DescribeDestinations", {{"DestinationNamePrefix", "e"}})["destinations"].size(), 1U);
  answer("TagResource", {{"resourceArn", destination_arn}, {"tags", {{"c", "d"}}}});
  answer("UntagResource", {{"resourceArn", destination_arn}, {"tagKeys", {"a"}}});
  EXPECT_EQ(answer("ListTagsForResource", {{"resourceArn", destination_arn}})["tags"], (Json{{"c", "d"}}));
  answer("DeleteDestination", {{"destinationName", "d"}});
  EXPECT_EQ(refusal("DeleteDestination", {{"destinationName", "d"}}).code, "ResourceNotFoundException");
}

TEST_F(Destinations, AnAccountsPolicySubscribesItsGroups) {
  destine("d");
  make("app", "one");
  make("quiet", "one");
  Json input = policy(whole);
  input["selectionCriteria"] = R"(LogGroupName NOT IN ["quiet"])";
  const Json made = answer("PutAccountPolicy", input)["accountPolicy"];
  EXPECT_EQ(made["accountId"], "123456789012");
  EXPECT_EQ(made["scope"], "ALL");
  restart();
  put("app", "one", {"an ERROR", "all well"});
  put("quiet", "one", {"an ERROR"});
  settle();
  EXPECT_EQ(deliveries_.delivered.size(), 1U);
  EXPECT_EQ(answer("DescribeAccountPolicies",
                   {{"policyType", "SUBSCRIPTION_FILTER_POLICY"}})["accountPolicies"][0]["policyDocument"],
            whole);
  input["policyName"] = "second";
  EXPECT_EQ(refusal("PutAccountPolicy", input).code, "LimitExceededException");
  answer("DeleteAccountPolicy", {{"policyName", "all"}, {"policyType", "SUBSCRIPTION_FILTER_POLICY"}});
  put("app", "one", {"an ERROR"});
  settle();
  EXPECT_EQ(deliveries_.delivered.size(), 1U);
}

TEST_F(Destinations, AccountPoliciesAreRead) {
  destine("d");
  EXPECT_EQ(refusal("PutAccountPolicy", policy("{}")).code, "InvalidParameterException");
  EXPECT_EQ(refusal("PutAccountPolicy", policy("[")).code, "InvalidParameterException");
  Json odd = policy(whole);
  odd["selectionCriteria"] = "LogGroupName IN [\"a\"]";
  EXPECT_EQ(refusal("PutAccountPolicy", odd).code, "InvalidParameterException");
  odd = policy(whole);
  odd["policyType"] = "DATA_PROTECTION_POLICY";
  EXPECT_EQ(refusal("PutAccountPolicy", odd).message,
            "Account policies of the type DATA_PROTECTION_POLICY are not part of Aviary yet.");
  EXPECT_EQ(
      refusal("DeleteAccountPolicy", {{"policyName", "x"}, {"policyType", "DATA_PROTECTION_POLICY"}}).code,
      "ResourceNotFoundException");
}

TEST_F(Destinations, DeliveriesHaveASourceAndADestination) {
  const Json source =
      answer("PutDeliverySource", {{"name", "s"},
                                   {"resourceArn", "arn:aws:cloudfront::123456789012:distribution/E1"},
                                   {"logType", "ACCESS_LOGS"},
                                   {"tags", {{"a", "b"}}}})["deliverySource"];
  EXPECT_EQ(source["service"], "cloudfront");
  EXPECT_EQ(source["arn"], "arn:aws:logs:us-east-1:123456789012:delivery-source:s");
  EXPECT_EQ(refusal("PutDeliverySource", {{"name", "x"}, {"resourceArn", "arn:aws:x:::y"}, {"logType", "L"}})
                .message,
            "Cannot access provided service.");
  EXPECT_EQ(refusal("PutDeliverySource", {{"name", "s"},
                                          {"resourceArn", "arn:aws:cloudfront::123456789012:distribution/E1"},
                                          {"logType", "ACCESS_LOGS"},
                                          {"tags", {{"a", "b"}}}})
                .code,
            "ConflictException");
  const Json destination = answer(
      "PutDeliveryDestination", {{"name", "d"},
                                 {"outputFormat", "json"},
                                 {"deliveryDestinationConfiguration",
                                  {{"destinationResourceArn", "arn:aws:s3:::logs"}}}})["deliveryDestination"];
  EXPECT_EQ(destination["deliveryDestinationType"], "S3");
  EXPECT_EQ(refusal("PutDeliveryDestination", {{"name", "e"}}).code, "ValidationException");
  EXPECT_EQ(answer("GetDeliveryDestinationPolicy", {{"deliveryDestinationName", "d"}})["policy"],
            Json::object());
  answer("PutDeliveryDestinationPolicy",
         {{"deliveryDestinationName", "d"}, {"deliveryDestinationPolicy", R"({"Statement":[]})"}});
  const Json wanted{{"deliverySourceName", "s"},
                    {"deliveryDestinationArn", destination["arn"]},
                    {"recordFields", {"date"}}};
  const std::string id = answer("CreateDelivery", wanted)["delivery"]["id"];
  EXPECT_EQ(refusal("CreateDelivery", wanted).code, "ConflictException");
  EXPECT_EQ(refusal("DeleteDeliverySource", {{"name", "s"}}).code, "ConflictException");
  EXPECT_EQ(refusal("DeleteDeliveryDestination", {{"name", "d"}}).code, "ConflictException");
  answer("UpdateDeliveryConfiguration", {{"id", id}, {"fieldDelimiter", ","}});
  restart();
  EXPECT_EQ(answer("GetDelivery", {{"id", id}})["delivery"]["fieldDelimiter"], ",");
  EXPECT_EQ(answer("DescribeDeliveries", Json::object())["deliveries"].size(), 1U);
  EXPECT_EQ(answer("GetDeliveryDestination", {{"name", "d"}})["deliveryDestination"], destination);
  EXPECT_EQ(answer("GetDeliverySource", {{"name", "s"}})["deliverySource"], source);
  answer("DeleteDelivery", {{"id", id}});
  answer("DeleteDeliverySource", {{"name", "s"}});
  answer("DeleteDeliveryDestination", {{"name", "d"}});
  EXPECT_EQ(refusal("GetDeliverySource", {{"name", "s"}}).message,
            "Requested Delivery Source does not exist in this account.");
}

TEST_F(Destinations, DetectorsAreRecorded) {
  make("app", "one");
  const std::string group = "arn:aws:logs:us-east-1:123456789012:log-group:app";
  const std::string arn = answer("CreateLogAnomalyDetector",
                                 {{"logGroupArnList", {group}}, {"detectorName", "n"}})["anomalyDetectorArn"];
  EXPECT_EQ(answer("GetLogAnomalyDetector", {{"anomalyDetectorArn", arn}})["anomalyDetectorStatus"],
            "INITIALIZING");
  answer("UpdateLogAnomalyDetector", {{"anomalyDetectorArn", arn}, {"enabled", false}});
  EXPECT_EQ(answer("ListLogAnomalyDetectors",
                   {{"filterLogGroupArn", group}})["anomalyDetectors"][0]["anomalyDetectorStatus"],
            "PAUSED");
  EXPECT_EQ(refusal("CreateLogAnomalyDetector", {{"logGroupArnList", {group + "2"}}}), no_group);
  answer("DeleteLogAnomalyDetector", {{"anomalyDetectorArn", arn}});
  EXPECT_EQ(refusal("GetLogAnomalyDetector", {{"anomalyDetectorArn", arn}}).code,
            "ResourceNotFoundException");
}

}  // namespace
}  // namespace aviary::logs
