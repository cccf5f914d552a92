// API destinations: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
#include <gtest/gtest.h>

#include <algorithm>

#include "models/events.hpp"
#include "ports/random.hpp"
#include "services/events/api/events_service.hpp"
#include "support/service_calls.hpp"
#include "unit/events/recorded_targets.hpp"

namespace aviary::events {
namespace {

class Destinations : public testing::ServiceCalls {
 protected:
  std::string refused(std::string_view operation, Json input) {
    const Result<Reply> reply = call(operation, std::move(input));
    return reply ? std::string() : std::string(reply.error().shape->code);
  }
  std::string connect(Json parameters = {{"ApiKeyAuthParameters",
                                          {{"ApiKeyName", "x-key"}, {"ApiKeyValue", "s3cret"}}}},
                      const char* type = "API_KEY") {
    return ok("CreateConnection",
              {{"Name", "c"}, {"AuthorizationType", type}, {"AuthParameters", parameters}})["ConnectionArn"];
  }
  std::string destine(const std::string& connection, Json more = Json::object()) {
    Json input{{"Name", "d"},
               {"ConnectionArn", connection},
               {"InvocationEndpoint", "https://example.com/orders/*?v=1"},
               {"HttpMethod", "POST"}};
    input.update(more);
    return ok("CreateApiDestination", input)["ApiDestinationArn"];
  }
  void aim(const std::string& destination, Json more = Json::object()) {
    ok("PutRule", {{"Name", "all"}, {"EventPattern", R"({"source":["shop"]})"}});
    Json target{{"Id", "1"},
                {"Arn", destination},
                {"RoleArn", "arn:aws:iam::123456789012:role/r"},
                {"InputPath", "$.detail"}};
    target.update(more);
    ok("PutTargets", {{"Rule", "all"}, {"Targets", Json::array({target})}});
  }
  void put() {
    ok("PutEvents", {{"Entries", {{{"Source", "shop"}, {"DetailType", "t"}, {"Detail", R"({"n":1})"}}}}});
  }
  std::string header(const HttpCall& made, const std::string& name) {
    const auto found = std::ranges::find(made.headers, name, &std::pair<std::string, std::string>::first);
    return found == made.headers.end() ? "" : found->second;
  }

  Service& subject() override { return service; }

  SeededRandom ids{7, "test"};
  RecordedTargets targets;
  EventsService service{{.clock = clock, .ids = ids, .journal = journal, .targets = &targets}};
};

TEST_F(Destinations, AreCalledWithWhatTargetAndConnectionSay) {
  const std::string connection =
      connect({{"BasicAuthParameters", {{"Username", "u"}, {"Password", "p"}}},
               {"InvocationHttpParameters",
                {{"HeaderParameters", {{{"Key", "x-both"}, {"Value", "connection"}}}},
                 {"BodyParameters", {{{"Key", "token"}, {"Value", "t"}, {"IsValueSecret", true}}}}}}},
              "BASIC");
  aim(destine(connection), {{"HttpParameters",
                             {{"PathParameterValues", {"a b"}},
                              {"HeaderParameters", {{"x-both", "target"}, {"x-one", "1"}}},
                              {"QueryStringParameters", {{"q", "a&b"}}}}}});
  put();
  ASSERT_EQ(targets.calls.size(), 1U);
  const HttpCall& made = targets.calls[0];
  EXPECT_EQ(made.method, "POST");
  EXPECT_EQ(made.url, "https://example.com/orders/a%20b?v=1&q=a%26b");
  EXPECT_EQ(header(made, "Authorization"), "Basic dTpw");
  EXPECT_EQ(header(made, "x-both"), "connection");
  EXPECT_EQ(header(made, "x-one"), "1");
  EXPECT_EQ(header(made, "User-Agent"), "Amazon/EventBridge/ApiDestinations");
  EXPECT_EQ(Json::parse(made.body), (Json{{"n", 1}, {"token", "t"}}));
  const Json shown = ok("DescribeConnection", {{"Name", "c"}});
  EXPECT_FALSE(shown["AuthParameters"]["BasicAuthParameters"].contains("Password"));
  EXPECT_FALSE(shown["AuthParameters"]["InvocationHttpParameters"]["BodyParameters"][0].contains("Value"));
}

TEST_F(Destinations, AreTriedAgainWhenItMayPass) {
  aim(destine(connect()));
  targets.answers = {503, 0, 429};
  put();
  EXPECT_EQ(targets.calls.size(), 1U);
  EXPECT_EQ(header(targets.calls[0], "x-key"), "s3cret");
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(targets.calls.size(), 2U);
  clock.advance(std::chrono::seconds(2));
  clock.advance(std::chrono::seconds(4));
  EXPECT_EQ(targets.calls.size(), 4U);
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(targets.calls.size(), 4U);
  EXPECT_EQ(service.counts()["delivered"], 1);
}

TEST_F(Destinations, GiveUpToTheDeadLetterQueue) {
  const std::string queue = "arn:aws:sqs:us-east-1:123456789012:dead";
  aim(destine(connect()),
      {{"DeadLetterConfig", {{"Arn", queue}}}, {"RetryPolicy", {{"MaximumRetryAttempts", 1}}}});
  targets.answers = {500, 500, 403};
  put();
  clock.advance(std::chrono::minutes(1));
  ASSERT_EQ(targets.shipments.size(), 1U);
  EXPECT_EQ(targets.shipments[0].target, queue);
  EXPECT_EQ(targets.shipments[0].attributes["ERROR_MESSAGE"], "the endpoint answered 500");
  put();  // 403 is the endpoint's last word
  EXPECT_EQ(targets.shipments.size(), 2U);
  ok("DeauthorizeConnection", {{"Name", "c"}});
  EXPECT_EQ(ok("DescribeApiDestination", {{"Name", "d"}})["ApiDestinationState"], "INACTIVE");
  put();
  EXPECT_EQ(targets.shipments.size(), 3U);
  EXPECT_EQ(targets.calls.size(), 3U);
}

TEST_F(Destinations, TakeNoMoreASecondThanTheyWant) {
  aim(destine(connect(), {{"InvocationRateLimitPerSecond", 1}}));
  for (int i = 0; i < 5; ++i) put();
  EXPECT_EQ(targets.calls.size(), 2U);
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(targets.calls.size(), 3U);
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(targets.calls.size(), 5U);
}

TEST_F(Destinations, RefuseWhatCannotBe) {
  const std::string connection = connect();
  const Json plain{{"Name", "c"}, {"AuthorizationType", "BASIC"}, {"AuthParameters", Json::object()}};
  EXPECT_EQ(refused("CreateConnection", plain), "ResourceAlreadyExistsException");
  Json other = plain;
  other["Name"] = "other";
  EXPECT_EQ(refused("CreateConnection", other), "ValidationException");
  EXPECT_EQ(refused("UpdateConnection", {{"Name", "none"}}), "ResourceNotFoundException");
  EXPECT_EQ(refused("UpdateConnection", {{"Name", "c"}, {"AuthorizationType", "BASIC"}}),
            "ValidationException");
  EXPECT_EQ(ok("DescribeConnection", {{"Name", "c"}})["AuthorizationType"], "API_KEY");
  const Json destination{{"Name", "d"},
                         {"ConnectionArn", connection + "x"},
                         {"InvocationEndpoint", "https://a"},
                         {"HttpMethod", "GET"}};
  EXPECT_EQ(refused("CreateApiDestination", destination), "ResourceNotFoundException");
  Json odd = destination;
  odd["ConnectionArn"] = connection;
  odd["InvocationEndpoint"] = "ftp://a";
  EXPECT_EQ(refused("CreateApiDestination", odd), "ValidationException");
  EXPECT_EQ(refused("DescribeApiDestination", {{"Name", "d"}}), "ResourceNotFoundException");
  const std::string arn = destine(connection);
  ok("PutRule", {{"Name", "all"}, {"EventPattern", R"({"source":["shop"]})"}});
  EXPECT_EQ(refused("PutTargets", {{"Rule", "all"}, {"Targets", {{{"Id", "1"}, {"Arn", arn}}}}}),
            "ValidationException");
}

TEST_F(Destinations, Last) {
  aim(destine(connect()));
  EventsService again{{.clock = clock, .ids = ids, .journal = journal, .targets = &targets}};
  again.restore();
  Call made{};
  made.operation = models::events::service.find_operation("PutEvents");
  made.account = "123456789012";
  made.region = "us-east-1";
  made.now = clock.now();
  made.input = {{"Entries", {{{"Source", "shop"}, {"DetailType", "t"}, {"Detail", "{}"}}}}};
  ASSERT_TRUE(testing::run_task(loop, again.call(std::move(made))));
  EXPECT_EQ(targets.calls.size(), 1U);
}

}  // namespace
}  // namespace aviary::events
