#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/sns.hpp"
#include "ports/random.hpp"
#include "services/sns/api/sns_service.hpp"
#include "support/manual_clock.hpp"
#include "support/memory_journal.hpp"
#include "support/run_task.hpp"

namespace aviary::sns {
namespace {

/// Takes everything, at once.
struct Inbox : Subscribers {
  std::vector<Parcel> parcels;
  void hand_over(Parcel parcel, Done done) override {
    parcels.push_back(std::move(parcel));
    done({.arrived = true});
  }
};

class Sns : public ::testing::Test {
 protected:
  Sns() {
    service = std::make_unique<SnsService>(
        SnsDependencies{.clock = clock, .ids = ids, .journal = journal, .subscribers = &inbox});
  }

  Result<Reply> call(std::string_view operation, Json input, std::string region = "us-east-1") {
    Call made{};
    made.operation = models::sns::service.find_operation(operation);
    if (!made.operation) throw std::logic_error("no such operation: " + std::string(operation));
    made.account = "123456789012";
    made.region = std::move(region);
    made.now = clock.now();
    made.input = std::move(input);
    return testing::run_task(loop, service->call(std::move(made)));
  }
  Json ok(std::string_view operation, Json input) {
    const Result<Reply> reply = call(operation, std::move(input));
    EXPECT_TRUE(reply) << operation << ": " << (reply ? "" : reply.error().message);
    return reply ? reply->output : Json();
  }
  /// `Code: message`, as the query protocol names it.
  std::string error(std::string_view operation, Json input, std::string region = "us-east-1") {
    const Result<Reply> reply = call(operation, std::move(input), std::move(region));
    return reply ? "" : std::string(reply.error().shape->query_code) + ": " + reply.error().message;
  }
  std::string topic(const std::string& name = "orders", Json attributes = Json::object()) {
    return ok("CreateTopic", {{"Name", name}, {"Attributes", std::move(attributes)}}).at("TopicArn");
  }
  Json subscription(const std::string& topic_arn, Json attributes, const std::string& queue = "inbox") {
    return {{"TopicArn", topic_arn},
            {"Protocol", "sqs"},
            {"Endpoint", "arn:aws:sqs:us-east-1:123456789012:" + queue},
            {"Attributes", std::move(attributes)}};
  }

  boost::asio::io_context loop;
  testing::ManualClock clock;
  SeededRandom ids{7, "test"};
  testing::MemoryJournal journal;
  Inbox inbox;
  std::unique_ptr<SnsService> service;
};

// Recorded from AWS by LocalStack's tests of SNS.
TEST_F(Sns, SubscriptionsAreRefusedAsRecorded) {
  const std::string arn = topic();
  const auto refused = [&](Json attributes) { return error("Subscribe", subscription(arn, attributes)); };
  const std::string where = "InvalidParameter: Invalid parameter: Attributes Reason: ";
  EXPECT_EQ(refused({{"RawMessageDelivery", "wrongvalue"}}),
            where + "RawMessageDelivery: Invalid value [wrongvalue]. Must be true or false.");
  EXPECT_EQ(refused({{"FilterPolicy", R"({"key":[{"wrong-operator":true}]})"}}),
            where + "FilterPolicy: Unrecognized match type wrong-operator");
  EXPECT_EQ(refused({{"FilterPolicy", R"({"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]})"}}),
            where + "FilterPolicy: Filter policy can not have more than 5 keys");
  EXPECT_EQ(refused({{"FilterPolicy", R"({"a":{"b":["c"]}})"}}),
            where + "Filter policy scope MessageAttributes does not support nested filter policy");
  EXPECT_EQ(service->counts().at("subscriptions"), 0);
  const std::string made = ok("Subscribe", subscription(arn, Json::object())).at("SubscriptionArn");
  const auto unset = [&](const char* name, const char* value) {
    return error("SetSubscriptionAttributes",
                 {{"SubscriptionArn", made}, {"AttributeName", name}, {"AttributeValue", value}});
  };
  const std::string what = "InvalidParameter: Invalid parameter: ";
  EXPECT_EQ(unset("Nothing", "x"), what + "AttributeName");
  EXPECT_EQ(unset("RawMessageDelivery", ""),
            what + "RawMessageDelivery: Invalid value []. Must be true or false.");
  EXPECT_EQ(unset("RedrivePolicy", R"({"deadLetterTargetArn":"fake"})"),
            what + "RedrivePolicy: deadLetterTargetArn is an invalid arn");
  EXPECT_EQ(unset("FilterPolicyScope", "RandomValue"),
            what +
                "FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or "
                "MessageAttributes");
  EXPECT_EQ(unset("FilterPolicy", R"({"key_a":"value_one"})"),
            what + R"(FilterPolicy: "key_a" must be an object or an array)");
  const Json shown = ok("GetSubscriptionAttributes", {{"SubscriptionArn", made}}).at("Attributes");
  EXPECT_EQ(shown.at("ConfirmationWasAuthenticated"), "true");
  EXPECT_EQ(shown.at("RawMessageDelivery"), "false");
  EXPECT_FALSE(shown.contains("FilterPolicyScope"));
}

// https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html: 3 x 4 x 2 x 3 = 72
TEST_F(Sns, FilterPoliciesHaveABoundedComplexity) {
  const std::string arn = topic();
  const auto body = [&](const char* policy, const char* queue) {
    return error("Subscribe",
                 subscription(arn, {{"FilterPolicyScope", "MessageBody"}, {"FilterPolicy", policy}}, queue));
  };
  EXPECT_EQ(body(R"({"key_a":{"key_b":{"key_c":["1","2","3","4"]}},"key_d":{"key_e":["1","2","3"]}})", "a"),
            "");
  EXPECT_EQ(
      body(R"({"a":{"b":{"c":["1","2","3","4"]}},"d":{"e":["1","2","3"]},"f":[1,2,3]})", "b"),
      "InvalidParameter: Invalid parameter: Attributes Reason: FilterPolicy: Filter policy is too complex");
  EXPECT_EQ(body(R"({"$or":[{"a":[1,2,3,4,5]},{"b":[1,2,3,4,5]}],"c":[1,2,3,4,5],"d":[1,2,3]})", "c"), "");
}

TEST_F(Sns, MessagesAreRefusedAsRecorded) {
  const std::string arn = topic();
  const auto publish = [&](Json more) {
    Json input{{"TopicArn", arn}, {"Message", "x"}};
    input.update(more);
    return error("Publish", input);
  };
  const std::string what = "InvalidParameter: Invalid parameter: ";
  EXPECT_EQ(publish({{"Subject", ""}}), what + "Subject");
  EXPECT_EQ(publish({{"Subject", std::string(101, 's')}}), what + "Subject");
  EXPECT_EQ(publish({{"TopicArn", ""}}),
            what + "TopicArn Reason: An ARN must have at least 6 elements, not 1");
  EXPECT_EQ(publish({{"Message", std::string(262'140, 'x')},
                     {"MessageAttributes", {{"k", {{"DataType", "String"}, {"StringValue", "v"}}}}}}),
            what + "Message too long");
  EXPECT_EQ(publish({{"TopicArn", arn + "-none"}}), "NotFound: Topic does not exist");
  const auto attribute = [&](const char* name, Json value) {
    return publish({{"MessageAttributes", {{name, std::move(value)}}}});
  };
  const std::string bad = "ParameterValueInvalid: ";
  EXPECT_EQ(attribute(".a", {{"DataType", "String"}, {"StringValue", "v"}}),
            bad + "Invalid message attribute name starting with character '.' was found.");
  EXPECT_EQ(attribute("a b", {{"DataType", "String"}, {"StringValue", "v"}}),
            bad +
                "Invalid non-alphanumeric character '#x20' was found in the message attribute name. Can only "
                "include alphanumeric characters, hyphens, underscores, or dots.");
  EXPECT_EQ(attribute("a..b", {{"DataType", "String"}, {"StringValue", "v"}}),
            bad + "Message attribute name can not have successive '.' character.");
  EXPECT_EQ(attribute("a", {{"DataType", "Str"}, {"StringValue", "v"}}),
            bad +
                "The message attribute 'a' has an invalid message attribute type, the set of supported type "
                "prefixes is Binary, Number, and String.");
  EXPECT_EQ(attribute("a", {{"DataType", "Binary"}, {"StringValue", "v"}}),
            bad + "The message attribute 'a' with type 'Binary' must use field 'Binary'.");
  EXPECT_EQ(
      attribute("a", {{"DataType", "String.x"}, {"StringValue", ""}}),
      bad +
          "The message attribute 'a' must contain non-empty message attribute value for message attribute "
          "type 'String.x'.");
  EXPECT_EQ(attribute("a", {{"DataType", "Number"}, {"StringValue", "1e"}}),
            bad + "Could not cast message attribute 'a' value to number.");
  EXPECT_EQ(attribute("a", {{"DataType", "Number"}, {"StringValue", "-1.5e3"}}), "");
}

TEST_F(Sns, BatchesAreRefusedAsAWhole) {
  const std::string arn = topic();
  ok("Subscribe", subscription(arn, Json::object()));
  const auto publish = [&](Json entries) {
    return error("PublishBatch", {{"TopicArn", arn}, {"PublishBatchRequestEntries", std::move(entries)}});
  };
  const Json bad{{"k", {{"DataType", "None"}, {"StringValue", "v"}}}};
  EXPECT_EQ(
      publish({{{"Id", "1"}, {"Message", "fine"}},
               {{"Id", "2"}, {"Message", "not"}, {"MessageAttributes", bad}}}),
      "ParameterValueInvalid: The message attribute 'k' has an invalid message attribute type, the set of "
      "supported type prefixes is Binary, Number, and String.");
  EXPECT_EQ(publish({{{"Id", "a b"}, {"Message", "x"}}}),
            "InvalidBatchEntryId: The Id of a batch entry in the batch request contains an impermissible "
            "character: a b");
  EXPECT_EQ(publish({{{"Id", std::string(81, 'i')}, {"Message", "x"}}}),
            "InvalidBatchEntryId: The Id of a batch entry in the batch request is too long: " +
                std::string(81, 'i'));
  EXPECT_TRUE(inbox.parcels.empty());
}

TEST_F(Sns, ATopicIsSpokenToInItsOwnRegion) {
  const std::string arn = topic();
  EXPECT_EQ(error("Publish", {{"TopicArn", arn}, {"Message", "x"}}, "eu-west-1"),
            "InvalidParameter: Invalid parameter: TopicArn");
  EXPECT_EQ(error("Subscribe", subscription(arn, Json::object()), "eu-west-1"),
            "InvalidParameter: Invalid parameter: TopicArn");
  EXPECT_EQ(error("GetTopicAttributes", {{"TopicArn", arn}}, "eu-west-1"),
            "InvalidParameter: Invalid parameter: TopicArn");
}

TEST_F(Sns, OtherRefusals) {
  const std::string arn = topic();
  const std::string what = "InvalidParameter: Invalid parameter: ";
  EXPECT_EQ(error("Unsubscribe", {{"SubscriptionArn", arn}}), what + "SubscriptionId");
  EXPECT_EQ(error("Unsubscribe", {{"SubscriptionArn", arn + ":none"}}), "");
  EXPECT_EQ(error("ConfirmSubscription", {{"TopicArn", arn}, {"Token", "none"}}),
            "InvalidParameter: Invalid token");
  EXPECT_EQ(error("ConfirmSubscription", {{"TopicArn", arn}, {"Token", std::string(64, 'a')}}),
            what + "Token");
  EXPECT_EQ(error("AddPermission", {{"TopicArn", arn},
                                    {"Label", "l"},
                                    {"AWSAccountId", {"111111111111"}},
                                    {"ActionName", {"CreateTopic"}}}),
            what + "Policy statement action out of service scope!");
  const Json twice{{{"Key", "k"}, {"Value", "1"}}, {{"Key", "k"}, {"Value", "2"}}};
  EXPECT_EQ(error("TagResource", {{"ResourceArn", arn}, {"Tags", twice}}),
            what + "Duplicated keys are not allowed.");
  EXPECT_EQ(error("CreateTopic", {{"Name", "other"}, {"Tags", twice}}),
            what + "Duplicated keys are not allowed.");
}

}  // namespace
}  // namespace aviary::sns
