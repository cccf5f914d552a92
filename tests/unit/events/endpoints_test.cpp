// Global endpoints: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-global-endpoints.html
#include "services/events/api/events_service.hpp"
#include "support/service_calls.hpp"
#include "unit/events/recorded_targets.hpp"

namespace aviary::events {
namespace {

class Endpoints : public testing::ServiceCalls {
 protected:
  Endpoints() {
    for (const char* each : {"us-east-1", "us-west-2"}) {
      region = each;
      ok("CreateEventBus", {{"Name", "orders"}});
      ok("PutRule",
         {{"Name", "all"}, {"EventBusName", "orders"}, {"EventPattern", R"({"source":["shop"]})"}});
      ok("PutTargets", {{"Rule", "all"},
                        {"EventBusName", "orders"},
                        {"Targets", {{{"Id", "1"}, {"Arn", "arn:aws:sqs:" + region + ":123456789012:q"}}}}});
    }
    region = "us-east-1";
  }
  Service& subject() override { return service; }
  Json wanted(const char* replication) const {
    return {{"Name", "global"},
            {"RoutingConfig",
             {{"FailoverConfig",
               {{"Primary", {{"HealthCheck", "arn:aws:route53:::healthcheck/abc"}}},
                {"Secondary", {{"Route", "us-west-2"}}}}}}},
            {"ReplicationConfig", {{"State", replication}}},
            {"RoleArn", "arn:aws:iam::123456789012:role/r"},
            {"EventBuses",
             {{{"EventBusArn", "arn:aws:events:us-east-1:123456789012:event-bus/orders"}},
              {{"EventBusArn", "arn:aws:events:us-west-2:123456789012:event-bus/orders"}}}}};
  }
  std::vector<std::string> put(const std::string& id, const char* bus = "orders") {
    targets.shipments.clear();
    const Json entry{{"Source", "shop"}, {"DetailType", "t"}, {"Detail", "{}"}, {"EventBusName", bus}};
    failed = ok("PutEvents", {{"EndpointId", id}, {"Entries", {entry}}})["FailedEntryCount"];
    loop.restart();
    loop.poll();
    std::vector<std::string> arns;
    for (const auto& each : targets.shipments) arns.push_back(each.target);
    return arns;
  }

  SeededRandom ids{1, "events"};
  RecordedTargets targets;
  EventsService service{{.clock = clock, .ids = ids, .journal = journal, .targets = &targets}};
  int failed = 0;
};

TEST_F(Endpoints, SendToTheFirstBusAndReplicate) {
  EXPECT_EQ(ok("CreateEndpoint", wanted("DISABLED"))["State"], "CREATING");
  const Json shown = ok("DescribeEndpoint", {{"Name", "global"}});
  EXPECT_EQ(shown["State"], "ACTIVE");
  EXPECT_EQ(shown["Arn"], "arn:aws:events:us-east-1:123456789012:endpoint/global");
  const std::string id = shown["EndpointId"];
  const std::string first = "arn:aws:sqs:us-east-1:123456789012:q";
  // Whatever region it is sent from.
  region = "eu-west-1";
  EXPECT_EQ(put(id), std::vector<std::string>{first});
  EXPECT_EQ(put(id, "default"), std::vector<std::string>{});
  EXPECT_EQ(failed, 1);
  region = "us-east-1";
  EXPECT_EQ(
      ok("UpdateEndpoint", {{"Name", "global"}, {"ReplicationConfig", {{"State", "ENABLED"}}}})["State"],
      "UPDATING");
  EXPECT_EQ(put(id), (std::vector<std::string>{first, "arn:aws:sqs:us-west-2:123456789012:q"}));
  EventsService next{{.clock = clock, .ids = ids, .journal = journal, .targets = &targets}};
  next.restore();
  EXPECT_EQ(ok(next, "ListEndpoints", {{"NamePrefix", "glo"}})["Endpoints"][0]["EndpointId"], id);
  ok("DeleteEndpoint", {{"Name", "global"}});
  EXPECT_EQ(error("PutEvents", {{"EndpointId", id}, {"Entries", Json::array()}}),
            "ResourceNotFoundException: Endpoint '" + id + "' does not exist.");
}

TEST_F(Endpoints, NeedTwoBusesOfOneName) {
  Json input = wanted("ENABLED");
  input["EventBuses"][1]["EventBusArn"] = "arn:aws:events:us-west-2:123456789012:event-bus/other";
  EXPECT_NE(error("CreateEndpoint", input), "");
  input = wanted("ENABLED");
  input["EventBuses"][1]["EventBusArn"] = input["EventBuses"][0]["EventBusArn"];
  EXPECT_NE(error("CreateEndpoint", input), "");
  input = wanted("ENABLED");
  input.erase("RoleArn");
  EXPECT_NE(error("CreateEndpoint", input), "");
  input = wanted("ENABLED");
  for (Json& bus : input["EventBuses"]) {
    std::string arn = bus["EventBusArn"];
    bus["EventBusArn"] = arn.replace(arn.rfind('/') + 1, std::string::npos, "none");
  }
  EXPECT_NE(error("CreateEndpoint", input), "");
  EXPECT_NE(error("DescribeEndpoint", {{"Name", "global"}}), "");
}

}  // namespace
}  // namespace aviary::events
