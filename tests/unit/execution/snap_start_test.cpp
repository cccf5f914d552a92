#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

/// Environments that are initialised ahead, for versions with SnapStart.
namespace aviary::testing {
namespace {

using ::testing::HasSubstr;
using Kind = lambda::SnapshotOutcome::Kind;

Task<> answer_how_it_was_initialised(std::shared_ptr<FakeProcess> process) {
  for (;;) {
    auto asking = process->next();
    const FakeEvent event = co_await std::move(asking);
    auto working = process->sleep(3010us);
    co_await std::move(working);
    auto answering = process->respond(event.request_id, process->variable("AWS_LAMBDA_INITIALIZATION_TYPE"));
    co_await std::move(answering);
  }
}

/// Initialises for 100 ms, waits to be restored, runs hooks of 20 ms, and answers.
Task<> with_hooks(std::shared_ptr<FakeProcess> process) {
  auto starting = process->sleep(100ms);
  co_await std::move(starting);
  auto restoring = process->call("GET", "/2018-06-01/runtime/restore/next");
  const wire::Response restored = co_await std::move(restoring);
  EXPECT_EQ(restored.status, 200);
  EXPECT_EQ(restored.body, "");
  auto hooks = process->sleep(20ms);
  co_await std::move(hooks);
  auto answering = answer_how_it_was_initialised(process);
  co_await std::move(answering);
}

/// A client that knows nothing of snapshots.
Task<> without_hooks(std::shared_ptr<FakeProcess> process) {
  auto starting = process->sleep(100ms);
  co_await std::move(starting);
  auto answering = answer_how_it_was_initialised(process);
  co_await std::move(answering);
}

class Snapshots : public ::testing::Test {
 protected:
  Snapshots() { make(); }
  ~Snapshots() override { world->runner->remove_sink(log); }
  void make(execution::Options options = {}) {
    if (world) world->runner->remove_sink(log);
    world = std::make_unique<World>(std::move(options));
    world->host.program = with_hooks;
    world->configuration.recorded["SnapStart"] = {{"ApplyOn", "PublishedVersions"}};
    world->runner->add_sink(log);
    version = world->version("1");
  }
  World::SnapshotPtr snapshot() { return world->snapshot(version); }
  std::string lines() { return std::exchange(log.text, {}); }

  KeptLog log;
  std::unique_ptr<World> world;
  lambda::VersionHandle version;
};

TEST_F(Snapshots, AreThereBeforeTheFirstInvocation) {
  const auto made = snapshot();
  world->pass(99ms);
  EXPECT_FALSE(*made);
  world->pass(2ms);
  ASSERT_TRUE(*made);
  EXPECT_EQ((*made)->kind, Kind::Ready);
  world->pass(1s);
  ASSERT_EQ(world->runner->environments().size(), 1U);
  EXPECT_EQ(world->runner->environments().front().state, "frozen");
  EXPECT_EQ(world->runner->environments().front().initialization_type, "snap-start");

  const auto call = world->invoke(version);
  world->pass(24ms);
  ASSERT_TRUE(call->done()) << "the hooks and the event are all that is waited for";
  EXPECT_EQ(call->payload(), "snap-start");
  EXPECT_EQ(call->outcome().init_duration, 0ns);
  EXPECT_TRUE(call->outcome().cold);
}

TEST_F(Snapshots, TheNextOneIsMadeInTheBackground) {
  snapshot();
  world->pass(200ms);
  world->invoke(version);
  world->pass(90ms);
  EXPECT_EQ(world->host.sandboxes, 1) << "not while the first is served";
  world->pass(200ms);
  EXPECT_EQ(world->host.sandboxes, 2);
  const auto first = world->invoke(version);
  const auto second = world->invoke(version);
  world->pass(24ms);
  EXPECT_TRUE(first->done()) << "warm";
  EXPECT_TRUE(second->done()) << "from a snapshot";
  world->pass(1s);
  EXPECT_EQ(world->host.sandboxes, 3);
  world->pass(1h);
  EXPECT_EQ(world->host.sandboxes, 1) << "what idled ends; the snapshot waits on";
}

TEST_F(Snapshots, WithoutOneTheInvocationInitialises) {
  const auto call = world->invoke(version);
  world->pass(124ms);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->payload(), "snap-start");
  world->pass(300ms);
  EXPECT_EQ(world->host.sandboxes, 2) << "and one is made for the next";
}

TEST_F(Snapshots, SayInTheLogWhatTheyTook) {
  snapshot();
  world->pass(200ms);
  world->invoke(version);
  world->pass(50ms);
  const std::string text = lines();
  EXPECT_THAT(text, HasSubstr("INIT_REPORT Init Duration: 100.00 ms\n"
                              "RESTORE_START Runtime Version: python:3.13.v1\tRuntime Version ARN: "));
  EXPECT_THAT(text,
              HasSubstr("RESTORE_REPORT Restore Duration: 20.00 ms\nSTART RequestId: req-1 Version: 1\n"));
  EXPECT_THAT(text,
              HasSubstr("REPORT RequestId: req-1\tDuration: 3.01 ms\tBilled Duration: 24 ms\tMemory Size: "
                        "128 MB\tMax Memory Used: 36 MB\tRestore Duration: 20.00 ms\tBilled Restore "
                        "Duration: 20 ms\t\n"));
  world->invoke(version);
  world->pass(50ms);
  EXPECT_THAT(lines(), HasSubstr("Max Memory Used: 36 MB\t\n"));
}

TEST_F(Snapshots, ARuntimeWithoutHooksIsAsGood) {
  world->host.program = without_hooks;
  const auto made = snapshot();
  world->pass(200ms);
  ASSERT_TRUE(*made);
  lines();
  const auto call = world->invoke(version);
  world->pass(4ms);
  ASSERT_TRUE(call->done());
  world->pass(10ms);
  EXPECT_THAT(lines(), HasSubstr("RESTORE_REPORT Restore Duration: 0.00 ms\nSTART "));
}

TEST_F(Snapshots, AFailedInitIsTold) {
  world->host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto failing = process->fail_init("{}", "Runtime.ImportModuleError");
    co_await std::move(failing);
    process->exit(1);
  };
  const auto made = snapshot();
  world->pass(200ms);
  ASSERT_TRUE(*made);
  EXPECT_EQ((*made)->kind, Kind::Failed);
  EXPECT_EQ((*made)->code, "FunctionError.RuntimeInitError");
  EXPECT_EQ((*made)->reason, "Runtime.ImportModuleError");
  world->pass(10s);
  EXPECT_EQ(world->host.sandboxes, 0) << "it is not tried for ever";
}

TEST_F(Snapshots, AnInitMayTakeLongerThanOnDemand) {
  world->host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto starting = process->sleep(200s);
    co_await std::move(starting);
  };
  const auto made = snapshot();
  world->pass(129s);
  EXPECT_FALSE(*made);
  world->pass(3s);
  ASSERT_TRUE(*made);
  EXPECT_EQ((*made)->code, "FunctionError.InitTimeout");
}

Task<> restore_fails(std::shared_ptr<FakeProcess> process) {
  auto restoring = process->call("GET", "/2018-06-01/runtime/restore/next");
  co_await std::move(restoring);
  auto failing = process->call("POST", "/2018-06-01/runtime/restore/error", "{}");
  co_await std::move(failing);
  process->exit(65);
}

TEST_F(Snapshots, AHookThatFailsIsTheCallersError) {
  world->host.program = restore_fails;
  snapshot();
  const auto call = world->invoke(version);
  world->pass(10ms);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->error().shape->code, "SnapStartException");
  EXPECT_EQ(call->error().shape->status, 400);
  EXPECT_THAT(lines(), HasSubstr("\tStatus: error\n"));
  world->pass(1s);
  EXPECT_EQ(world->runner->in_flight(), 0U);
}

TEST_F(Snapshots, AProcessThatEndsInItsHookToo) {
  world->host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto restoring = process->call("GET", "/2018-06-01/runtime/restore/next");
    co_await std::move(restoring);
    process->exit(3);
  };
  snapshot();
  const auto call = world->invoke(version);
  world->pass(10ms);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->error().shape->code, "SnapStartException");
}

TEST_F(Snapshots, AHookThatHangsTimesOut) {
  world->host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto restoring = process->call("GET", "/2018-06-01/runtime/restore/next");
    co_await std::move(restoring);
    auto hanging = process->sleep(1h);
    co_await std::move(hanging);
  };
  snapshot();
  const auto call = world->invoke(version);
  world->pass(9s);
  EXPECT_FALSE(call->done());
  world->pass(2s);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->error().shape->code, "SnapStartTimeoutException");
  EXPECT_EQ(call->error().shape->status, 408);
}

TEST_F(Snapshots, EndWithTheirVersion) {
  const auto made = snapshot();
  world->runner->retire(*version);
  world->settle();
  ASSERT_TRUE(*made);
  EXPECT_EQ((*made)->kind, Kind::Interrupted);
  world->pass(1s);
  EXPECT_EQ(world->host.sandboxes, 0);
}

TEST_F(Snapshots, GiveRoomToInvocations) {
  execution::Options options;
  options.max_environments = 1;
  make(std::move(options));
  snapshot();
  world->pass(200ms);
  EXPECT_EQ(world->host.sandboxes, 1);
  world->configuration.recorded = Json::object();
  world->host.program = echo;
  const auto other = world->invoke(world->version("2"), "1");
  world->pass(10ms);
  ASSERT_TRUE(other->done());
  world->pass(1s);
  EXPECT_EQ(world->host.sandboxes, 1) << "and are not made in place of what idles";
}

TEST_F(Snapshots, OnlyTheirRuntimesHaveTheRestoreCalls) {
  world->configuration.recorded = Json::object();
  int status = 0;
  world->host.program = [&status](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto restoring = process->call("GET", "/2018-06-01/runtime/restore/next");
    const wire::Response answer = co_await std::move(restoring);
    status = answer.status;
  };
  world->invoke(world->version("3"));
  world->pass(10ms);
  EXPECT_EQ(status, 404);
}

}  // namespace
}  // namespace aviary::testing
