#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "extensions_world.hpp"

/// SnapStart and extensions: the snapshot is of both, and what subscribed hears how it is restored. Facts:
/// developer guide, "Monitoring for Lambda SnapStart" and "Telemetry API event schema reference".
namespace aviary::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr const char* to_platform =
    R"({"schemaVersion":"2022-12-13","types":["platform"],"buffering":{"timeoutMs":25},)"
    R"("destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:8080"}})";

/// Initialises at once, waits to be restored, runs hooks of 20 ms, and answers for ever.
Task<> restored_in_20_ms(std::shared_ptr<FakeProcess> process) {
  auto restoring = process->call("GET", "/2018-06-01/runtime/restore/next");
  const wire::Response restored = co_await std::move(restoring);
  if (restored.status != 200) co_return;
  auto hooks = process->sleep(20ms);
  co_await std::move(hooks);
  for (;;) {
    auto asking = process->next();
    const FakeEvent event = co_await std::move(asking);
    auto answering = process->respond(event.request_id, "answer");
    co_await std::move(answering);
  }
}

Task<> broken_hook(std::shared_ptr<FakeProcess> process) {
  auto restoring = process->call("GET", "/2018-06-01/runtime/restore/next");
  co_await std::move(restoring);
  auto failing = process->call("POST", "/2018-06-01/runtime/restore/error", "{}");
  co_await std::move(failing);
  process->exit(65);
}

Task<> hanging_hook(std::shared_ptr<FakeProcess> process) {
  auto restoring = process->call("GET", "/2018-06-01/runtime/restore/next");
  co_await std::move(restoring);
  auto hanging = process->sleep(1h);
  co_await std::move(hanging);
}

class SnapshotsWithExtensions : public ::testing::Test {
 protected:
  SnapshotsWithExtensions() {
    world.host.program = restored_in_20_ms;
    world.configuration.recorded["SnapStart"] = {{"ApplyOn", "PublishedVersions"}};
    auto made = std::make_shared<lambda::Version>(*world.version("1"));
    made->layers.push_back(std::make_shared<CodeBlob>(CodeBlob{"layer", 1, 1}));
    version = std::move(made);
    world.runner->add_sink(log);
  }
  ~SnapshotsWithExtensions() override {
    world.end_all();
    world.runner->remove_sink(log);
  }

  World::SnapshotPtr snapshot() { return world.snapshot(version); }
  /// What an invocation from a snapshot is answered within this time; and what it told is to be asked for.
  World::CallPtr invoke_from_snapshot(Program program, std::chrono::nanoseconds time) {
    world.host.program = std::move(program);
    world.add({.subscription = to_platform});
    snapshot();
    world.pass(1s);
    told();
    auto call = world.invoke(version);
    world.pass(time);
    return call;
  }
  /// Of the events since the last call: the records by type, in order.
  std::vector<std::pair<std::string, OrderedJson>> told() {
    std::vector<std::pair<std::string, OrderedJson>> all;
    for (const auto& [port, batch] : std::exchange(world.host.endpoints.batches, {}))
      for (const OrderedJson& event : OrderedJson::parse(batch))
        all.emplace_back(event["type"], event["record"]);
    return all;
  }
  static std::vector<std::string> types(const std::vector<std::pair<std::string, OrderedJson>>& events) {
    std::vector<std::string> all;
    for (const auto& event : events) all.push_back(event.first);
    return all;
  }
  static OrderedJson record(const std::vector<std::pair<std::string, OrderedJson>>& events,
                            std::string_view type) {
    for (const auto& event : events)
      if (event.first == type) return event.second;
    return {};
  }

  ExtensionWorld world;
  KeptLog log;
  lambda::VersionHandle version;
};

TEST_F(SnapshotsWithExtensions, AreMadeWhenAllHaveInitialised) {
  world.add({.after_registering = 300ms});
  const auto outcome = snapshot();
  world.pass(290ms);
  EXPECT_FALSE(*outcome) << "the extension is not ready";
  world.pass(20ms);
  ASSERT_TRUE(*outcome);
  EXPECT_EQ((*outcome)->kind, lambda::SnapshotOutcome::Kind::Ready);
  EXPECT_THAT(log.text, HasSubstr("EXTENSION\tName: ext\tState: Ready\tEvents: [INVOKE, SHUTDOWN]\n"));
  EXPECT_THAT(log.text, HasSubstr("INIT_REPORT Init Duration: 300.00 ms\n"));
  world.pass(1s);
  EXPECT_EQ(world.runner->environments().front().state, "frozen");
}

TEST_F(SnapshotsWithExtensions, ExtensionsTakePartInWhatIsRestored) {
  const auto seen = world.add({.work = 5ms});
  snapshot();
  world.pass(1s);
  const auto call = world.invoke(version);
  world.pass(24ms);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->payload(), "answer");
  world.pass(20ms);
  ASSERT_EQ(seen->events.size(), 1U);
  EXPECT_EQ(OrderedJson::parse(seen->events[0])["eventType"], "INVOKE");
}

TEST_F(SnapshotsWithExtensions, TheTelemetryApiTellsOfTheRestore) {
  world.add({.subscription = to_platform});
  snapshot();
  world.pass(1s);
  EXPECT_EQ(types(told()).back(), "platform.initReport");
  world.invoke(version);
  world.pass(100ms);
  const auto events = told();
  EXPECT_THAT(types(events), ::testing::ElementsAre("platform.restoreStart", "platform.restoreRuntimeDone",
                                                    "platform.restoreReport", "platform.start",
                                                    "platform.runtimeDone", "platform.report"));
  const OrderedJson start = record(events, "platform.restoreStart");
  EXPECT_EQ(start["functionName"], "fun");
  EXPECT_EQ(start["functionVersion"], "1");
  EXPECT_EQ(start["runtimeVersion"], "python:3.13.v1");
  EXPECT_EQ(record(events, "platform.restoreRuntimeDone").dump(), R"({"status":"success"})");
  EXPECT_EQ(record(events, "platform.restoreReport").dump(),
            R"({"status":"success","metrics":{"durationMs":20.0}})");
  EXPECT_EQ(record(events, "platform.report")["metrics"]["restoreDurationMs"], 20.0);
}

TEST_F(SnapshotsWithExtensions, AndOfOneThatFails) {
  const auto call = invoke_from_snapshot(broken_hook, 100ms);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->error().shape->code, "SnapStartException");
  const auto events = told();
  EXPECT_EQ(record(events, "platform.restoreRuntimeDone").dump(),
            R"({"status":"failure","errorType":"Runtime.AfterRestoreError"})");
  EXPECT_THAT(types(events), Contains("platform.restoreReport"));
}

TEST_F(SnapshotsWithExtensions, AndOfOneThatTimesOut) {
  const auto call = invoke_from_snapshot(hanging_hook, 11s);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->error().shape->code, "SnapStartTimeoutException");
  EXPECT_EQ(record(told(), "platform.restoreRuntimeDone").dump(), R"({"status":"timeout"})");
}

TEST_F(SnapshotsWithExtensions, WhoDiesWhileItWaitsCostsAnInitAndNothingElse) {
  world.add({});
  snapshot();
  world.pass(1s);
  world.host.processes.front()->leave(ExitStatus{9});
  world.pass(1s);
  auto call = world.invoke(version);
  world.pass(1s);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->payload(), "answer") << "the runtime";
  world.pass(1s);
  world.host.extension_processes.back()->leave(ExitStatus{0});
  world.pass(1s);
  call = world.invoke(version);
  world.pass(1s);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->payload(), "answer") << "an extension";
}

TEST_F(SnapshotsWithExtensions, AnExtensionThatNeverComesBackMakesNone) {
  world.add({.after_registering = 1h});
  const auto outcome = snapshot();
  world.pass(129s);
  EXPECT_FALSE(*outcome);
  world.pass(5s);
  ASSERT_TRUE(*outcome);
  EXPECT_EQ((*outcome)->code, "FunctionError.InitTimeout");
}

}  // namespace
}  // namespace aviary::testing
