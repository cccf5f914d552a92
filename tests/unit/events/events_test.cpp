#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ports/random.hpp"
#include "services/events/api/events_service.hpp"
#include "support/service_calls.hpp"
#include "unit/events/recorded_targets.hpp"

namespace aviary::events {
namespace {

class Events : public testing::ServiceCalls {
 protected:
  std::string error(std::string_view operation, Json input) {
    const Result<Reply> reply = call(operation, std::move(input));
    return reply ? std::string() : reply.error().message;
  }

  Service& subject() override { return service; }

  SeededRandom ids{7, "test"};
  RecordedTargets targets;
  EventsService service{{.clock = clock, .ids = ids, .journal = journal, .targets = &targets}};
};

TEST_F(Events, AreOfTheMomentThatTheirSenderSays) {
  ok("PutRule", {{"Name", "all"}, {"EventPattern", R"({"source":["shop"]})"}});
  ok("PutTargets",
     {{"Rule", "all"}, {"Targets", {{{"Id", "q"}, {"Arn", "arn:aws:sqs:us-east-1:123456789012:q"}}}}});
  const Json entry{{"Source", "shop"}, {"DetailType", "order"}, {"Detail", "{}"}};
  Json dated = entry;
  dated["Time"] = 1'700'000'000.0;
  ok("PutEvents", {{"Entries", {dated, entry}}});
  ASSERT_EQ(targets.shipments.size(), 2);
  EXPECT_EQ(Json::parse(targets.shipments[0].body).at("time"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(Json::parse(targets.shipments[1].body).at("time"), iso8601(clock.now(), 0));
  std::vector<std::string> names;
  const OrderedJson event = OrderedJson::parse(targets.shipments[0].body);
  for (const auto& [name, value] : event.items()) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"version", "id", "detail-type", "source", "account", "time",
                                             "region", "resources", "detail"}));
}

TEST_F(Events, WhatTargetsGetIsOneThingAndJson) {
  ok("PutRule", {{"Name", "all"}, {"EventPattern", R"({"source":["shop"]})"}});
  const auto target = [&](Json more) {
    Json target{{"Id", "t"}, {"Arn", "arn:aws:sqs:us-east-1:123456789012:q"}};
    target.update(more);
    return error("PutTargets", {{"Rule", "all"}, {"Targets", Json::array({target})}});
  };
  EXPECT_EQ(target({{"Input", "not JSON"}}), "JSON syntax error in input for target t.");
  EXPECT_EQ(target({{"Input", "{}"}, {"InputPath", "$.detail"}}),
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.");
  EXPECT_EQ(ok("ListTargetsByRule", {{"Rule", "all"}}).at("Targets").size(), 0);
  EXPECT_EQ(target({{"Input", "\"a text\""}}), "");
}

TEST_F(Events, RequestsHaveASize) {
  const Json entry{{"Source", "shop"},
                   {"DetailType", "order"},
                   {"Detail", "{\"x\":\"" + std::string(600'000, 'x') + "\"}"}};
  EXPECT_EQ(error("PutEvents", {{"Entries", Json::array({entry})}}), "");
  EXPECT_EQ(error("PutEvents", {{"Entries", Json::array({entry, entry})}}),
            "Total size of the entries in the request is over the limit.");
}

TEST_F(Events, ABusesPolicyMayHaveOneStatementAlone) {
  ok("PutPermission",
     {{"Policy", R"({"Version":"2012-10-17","Statement":{"Sid":"one","Effect":"Allow","Principal":"*",)"
                 R"("Action":"events:PutEvents","Resource":"*"}})"}});
  ok("PutPermission",
     {{"Action", "events:PutEvents"}, {"Principal", "210987654321"}, {"StatementId", "two"}});
  ok("RemovePermission", {{"StatementId", "one"}});
  const Json policy = Json::parse(ok("DescribeEventBus", Json::object())["Policy"].get<std::string>());
  ASSERT_EQ(policy["Statement"].size(), 1);
  EXPECT_EQ(policy["Statement"][0]["Sid"], "two");
  for (const char* wrong : {R"({"Statement":"x"})", R"({"Statement":[5]})", "[]", "x"})
    EXPECT_EQ(error("PutPermission", {{"Policy", wrong}}), "Parameter Policy is not valid.") << wrong;
}

}  // namespace
}  // namespace aviary::events
