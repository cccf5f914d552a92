#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "execution/telemetry_subscription.hpp"
#include "extensions_world.hpp"

/// The Telemetry API and the Logs API. Facts: the execution contract, "Telemetry / Logs API".
namespace aviary::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* all_types =
    R"({"schemaVersion":"2022-12-13","types":["platform","function","extension"],)"
    R"("buffering":{"maxItems":1000,"maxBytes":262144,"timeoutMs":100},)"
    R"("destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:8080/here"}})";

std::string problems_of(std::string_view body, bool logs = false) {
  std::string problems;
  execution::parse_subscription(body, logs, problems);
  return problems;
}

TEST(Subscription, IsReadWithItsDefaults) {
  std::string problems;
  const auto read = execution::parse_subscription(
      R"({"schemaVersion":"2022-07-01","types":["function"],)"
      R"("destination":{"protocol":"TCP","URI":"tcp://sandbox.localdomain:9999"}})",
      false, problems);
  EXPECT_EQ(problems, "");
  EXPECT_TRUE(read.function);
  EXPECT_FALSE(read.platform);
  EXPECT_TRUE(read.destination.tcp);
  EXPECT_EQ(read.destination.port, 9999);
  EXPECT_EQ(read.max_bytes, 262144U);
  EXPECT_EQ(read.timeout, 1000ms);
}

TEST(Subscription, SaysAllThatIsWrong) {
  EXPECT_EQ(problems_of(R"({"schemaVersion":"2022-12-13","types":[],)"
                        R"("destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain"}})"),
            "URI port is not provided; types should not be empty");
  EXPECT_EQ(problems_of("no JSON"), "request body is not a JSON object");
  EXPECT_EQ(
      problems_of(
          R"({"schemaVersion":"1","types":["function","other"],"buffering":{"timeoutMs":1,"maxItems":1e9},)"
          R"("destination":{"protocol":"HTTP","URI":"http://elsewhere:99999"}})"),
      "schemaVersion 1 is not supported; URI host should be sandbox.localdomain; URI port is not valid; type "
      "other is not supported; maxItems should be between 1000 and 10000; timeoutMs should be between 25 and "
      "30000");
  EXPECT_EQ(problems_of(R"({"types":["platform"],"destination":{"protocol":"TCP","port":5000}})", true), "");
}

/// One extension that subscribes, and what it gets.
class TelemetryTest : public ::testing::Test {
 protected:
  TelemetryTest() {
    world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
      for (;;) {
        auto asking = process->next();
        const FakeEvent event = co_await std::move(asking);
        process->print("working\n");
        auto answering = process->respond(event.request_id, event.answer.body);
        co_await std::move(answering);
      }
    };
  }
  ~TelemetryTest() override { world.end_all(); }

  std::vector<OrderedJson> events() {
    std::vector<OrderedJson> all;
    for (const auto& [port, batch] : std::exchange(world.host.endpoints.batches, {})) {
      EXPECT_EQ(port, 8080);
      for (const OrderedJson& event : OrderedJson::parse(batch)) all.push_back(event);
    }
    return all;
  }
  std::vector<std::string> types() {
    std::vector<std::string> all;
    for (const OrderedJson& event : events()) all.push_back(event["type"]);
    return all;
  }
  ExtensionWorld world;
};

TEST_F(TelemetryTest, TellsWhatHappensInOrder) {
  KeptLog log;
  world.runner->add_sink(log);
  const auto seen = world.add({.work = 20ms, .subscription = all_types});
  const auto call = world.invoke(world.layered(), "1");
  EXPECT_TRUE(world.host.endpoints.batches.empty()) << "kept for as long as it was asked for";
  world.pass(150ms);
  ASSERT_TRUE(call->done());
  ASSERT_EQ(seen->answers.size(), 1U);
  EXPECT_EQ(seen->answers[0].status, 200);
  EXPECT_EQ(seen->answers[0].body, "\"OK\"");
  EXPECT_THAT(log.text,
              HasSubstr("TELEMETRY\tName: ext\tState: Subscribed\tTypes: [Platform, Function, Extension]\n"));
  const std::vector<OrderedJson> all = events();
  std::vector<std::string> names;
  for (const OrderedJson& event : all) names.push_back(event["type"]);
  EXPECT_THAT(names, ElementsAre("platform.initStart", "platform.telemetrySubscription",
                                 "platform.initRuntimeDone", "platform.extension", "platform.initReport",
                                 "platform.start", "function", "platform.runtimeDone", "platform.report"));
  EXPECT_EQ(all[6]["record"], "working");
  EXPECT_EQ(all[7]["record"]["status"], "success");
  EXPECT_EQ(all[7]["record"]["metrics"]["durationMs"], 0.0);
  EXPECT_EQ(all[7]["record"]["spans"][0]["name"], "responseLatency");
  EXPECT_EQ(all[8]["record"]["metrics"]["durationMs"], 20.0);
  world.runner->remove_sink(log);
}

TEST_F(TelemetryTest, DoesNotWaitInAFrozenSandbox) {
  world.add({.subscription =
                 R"({"schemaVersion":"2022-12-13","types":["platform"],"buffering":{"timeoutMs":30000},)"
                 R"("destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:8080"}})"});
  world.invoke(world.layered(), "1");
  world.pass(150ms);
  EXPECT_TRUE(world.host.endpoints.batches.empty());
  world.pass(300ms);
  EXPECT_EQ(types().back(), "platform.report");
  EXPECT_EQ(world.host.freezes, 1);
}

TEST_F(TelemetryTest, SaysWhatWasLost) {
  world.host.endpoints.refuse_deliveries = true;
  world.add({.subscription = all_types});
  const auto version = world.layered();
  world.invoke(version, "1");
  world.pass(150ms);
  world.pass(300ms);
  EXPECT_EQ(world.host.endpoints.deliveries, 3) << "tried some times";
  world.host.endpoints.refuse_deliveries = false;
  world.invoke(version, "2");
  world.pass(500ms);
  const std::vector<OrderedJson> all = events();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back()["type"], "platform.logsDropped");
  EXPECT_EQ(all.back()["record"]["droppedRecords"], 9);
}

TEST_F(TelemetryTest, HasTheOlderApi) {
  world.add({.subscription = R"({"types":["platform"],"buffering":{"timeoutMs":25},)"
                             R"("destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:8080"}})",
             .subscription_path = "/2020-08-15/logs"});
  world.invoke(world.layered(), "1");
  world.pass(100ms);
  EXPECT_THAT(types(), ElementsAre("platform.logsSubscription", "platform.extension", "platform.start",
                                   "platform.end", "platform.report"));
}

TEST_F(TelemetryTest, TellsOfAFailureBeforeTheExtensionEnds) {
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto asking = process->next();
    co_await std::move(asking);
    process->exit(3);
  };
  world.add({.last_work = 50ms, .subscription = all_types});
  const auto call = world.invoke(world.layered(), "1");
  world.pass(20ms);
  EXPECT_FALSE(call->done());
  const std::vector<OrderedJson> all = events();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back()["type"], "platform.runtimeDone");
  EXPECT_EQ(all.back()["record"]["status"], "failure");
  EXPECT_EQ(all.back()["record"]["errorType"], "Runtime.ExitError");
  world.pass(100ms);
  EXPECT_TRUE(call->done());
}

TEST_F(TelemetryTest, RefusesBadSubscriptions) {
  const auto seen = world.add({.subscription = "{}"});
  world.invoke(world.layered(), "1");
  ASSERT_EQ(seen->answers.size(), 1U);
  EXPECT_EQ(seen->answers[0].status, 400);
  EXPECT_THAT(seen->answers[0].body, HasSubstr(R"("errorType":"ValidationError")"));
}

}  // namespace
}  // namespace aviary::testing
