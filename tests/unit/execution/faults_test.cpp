#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "execution/faults.hpp"
#include "world.hpp"

/// What goes wrong on purpose looks like the real thing: to the caller, in the log, to the observers.
namespace aviary::testing {
namespace {

using execution::Fault;
using execution::InvocationEnd;
using ::testing::HasSubstr;
using ::testing::Not;

/// Hands out copies of one fault while there are some left.
class ScriptedFaults final : public execution::FaultSource {
 public:
  std::unique_ptr<Fault> draw(const lambda::Invocation&) override {
    if (left == 0) return nullptr;
    --left;
    return std::make_unique<Fault>(fault);
  }
  Fault fault;
  int left = 1;
};

struct FaultyWorld : World {
  FaultyWorld() {
    runner->add_sink(log);
    runner->add_observer(kept);
    runner->set_faults(&faults);
    host.program = echo;
  }
  ~FaultyWorld() {
    runner->set_faults(nullptr);
    runner->remove_sink(log);
    runner->remove_observer(kept);
  }
  KeptLog log;
  KeptRecords kept;
  ScriptedFaults faults;
};

TEST(Faults, AnErrorIsWhatThePythonRuntimeWouldHavePosted) {
  FaultyWorld world;
  world.faults.fault.kind = Fault::Kind::Error;
  world.faults.fault.error_type = "PaymentError";
  world.faults.fault.error_message = "card declined";
  const auto version = world.version("6");
  const auto call = world.invoke(version, R"({"a":1})", true);
  world.pass(100ms);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->outcome().function_error, "Unhandled");
  EXPECT_EQ(
      call->payload(),
      R"({"errorMessage":"card declined","errorType":"PaymentError","requestId":"req-1","stackTrace":[]})");
  EXPECT_THAT(call->outcome().log_tail, HasSubstr("[ERROR] PaymentError: card declined"));
  EXPECT_THAT(world.log.text, HasSubstr("START RequestId: req-1 Version: 6"));
  EXPECT_THAT(world.log.text, HasSubstr("REPORT RequestId: req-1"));
  EXPECT_THAT(world.log.text, Not(HasSubstr("Status:"))) << "an error of the function is not the platform's";
  ASSERT_EQ(world.kept.records.size(), 1u);
  EXPECT_EQ(world.kept.records[0].end, InvocationEnd::FunctionError);

  const auto next = world.invoke(version, R"({"a":2})");
  world.pass(100ms);
  ASSERT_TRUE(next->done());
  EXPECT_EQ(next->payload(), R"({"a":2})");
  EXPECT_EQ(world.host.processes_started, 1) << "the process went on living";
}

TEST(Faults, ManyErrorsInARowNeedOneEnvironmentAndNoStack) {
  FaultyWorld world;
  world.faults.fault.kind = Fault::Kind::Error;
  world.faults.left = 500;
  const auto version = world.version("6");
  std::vector<World::CallPtr> calls;
  for (int i = 0; i < 500; ++i) calls.push_back(world.invoke(version));
  world.pass(10s);
  for (const auto& call : calls) {
    ASSERT_TRUE(call->done());
    EXPECT_EQ(call->outcome().function_error, "Unhandled");
  }
}

TEST(Faults, LatencyIsPartOfTheDuration) {
  FaultyWorld world;
  world.faults.fault.latency = 700ms;
  const auto call = world.invoke(world.version("6"), "5");
  world.pass(699ms);
  EXPECT_FALSE(call->done());
  world.pass(2ms);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->payload(), "5");
  EXPECT_EQ(call->outcome().duration, 700ms);
}

TEST(Faults, LatencyThatNobodyWaitsForIsCountedAllTheSame) {
  FaultyWorld world;
  world.faults.fault.latency = 700ms;
  world.faults.fault.pace = 0;
  const auto version = world.version("6");
  const auto call = world.invoke(version, "5");
  world.pass(1ms);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->outcome().duration, 700ms);
  EXPECT_THAT(world.log.text, HasSubstr("Duration: 700.00 ms"));
  const auto next = world.invoke(version, "6");
  world.pass(1ms);
  ASSERT_TRUE(next->done());
  EXPECT_EQ(next->outcome().duration, 0ms);
}

TEST(Faults, MoreLatencyThanTheTimeoutIsATimeout) {
  for (const double pace : {1.0, 0.1, 0.0}) {
    FaultyWorld world;
    world.faults.fault.latency = 1h;
    world.faults.fault.pace = pace;
    const auto call = world.invoke(world.version("6"), "5");
    world.pass(std::chrono::nanoseconds(static_cast<std::int64_t>(3e9 * pace)) + 1ms);
    ASSERT_TRUE(call->done()) << pace;
    EXPECT_THAT(call->payload(), HasSubstr("Task timed out after 3.00 seconds"));
    EXPECT_EQ(call->outcome().duration, 3s);
    EXPECT_EQ(world.kept.records.at(0).end, InvocationEnd::Timeout);
  }
}

TEST(Faults, ATimeoutEndsTheProcess) {
  FaultyWorld world;
  world.faults.fault.kind = Fault::Kind::Timeout;
  const auto version = world.version("6");
  const auto call = world.invoke(version, "5");
  world.pass(2999ms);
  EXPECT_FALSE(call->done());
  world.pass(2ms);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->outcome().function_error, "Unhandled");
  EXPECT_THAT(call->payload(), HasSubstr(R"("errorType":"Sandbox.Timedout")"));
  EXPECT_THAT(world.log.text, HasSubstr("Status: timeout"));
  const auto next = world.invoke(version, "6");
  world.pass(1s);
  ASSERT_TRUE(next->done());
  EXPECT_EQ(next->payload(), "6");
  EXPECT_EQ(world.host.processes_started, 2);
}

TEST(Faults, ACrashEndsTheProcessAndSaysOfWhat) {
  FaultyWorld world;
  world.faults.fault.kind = Fault::Kind::Crash;
  world.faults.fault.exit = {0, SIGSEGV};
  const auto version = world.version("6");
  const auto call = world.invoke(version, "5");
  world.pass(10ms);
  ASSERT_TRUE(call->done());
  EXPECT_THAT(call->payload(), HasSubstr("Runtime exited with error: signal: segmentation fault"));
  EXPECT_THAT(call->payload(), HasSubstr("Runtime.ExitError"));
  EXPECT_THAT(world.log.text, HasSubstr("Status: error\tError Type: Runtime.ExitError"));
  EXPECT_EQ(world.kept.records.at(0).end, InvocationEnd::Failure);
  const auto next = world.invoke(version, "6");
  world.pass(1s);
  ASSERT_TRUE(next->done());
  EXPECT_EQ(next->payload(), "6");
  EXPECT_EQ(world.host.processes_started, 2);
}

TEST(Faults, OutOfMemoryIsReportedWithAllOfIt) {
  FaultyWorld world;
  world.faults.fault.kind = Fault::Kind::OutOfMemory;
  const auto call = world.invoke(world.version("6"), "5");
  world.pass(10ms);
  ASSERT_TRUE(call->done());
  EXPECT_THAT(call->payload(), HasSubstr(R"("errorType":"Runtime.OutOfMemory")"));
  EXPECT_THAT(world.log.text, HasSubstr("Max Memory Used: 128 MB"));
}

TEST(Faults, AThrottledInvocationNeverRuns) {
  FaultyWorld world;
  world.faults.fault.kind = Fault::Kind::Throttle;
  const auto call = world.invoke(world.version("6"), "5");
  world.pass(10ms);
  ASSERT_TRUE(call->done());
  ASSERT_FALSE(*call->result);
  EXPECT_EQ(call->error().shape->code, "TooManyRequestsException");
  EXPECT_EQ(world.kept.records.at(0).end, InvocationEnd::Throttled);
  EXPECT_EQ(world.host.processes_started, 0);
  EXPECT_EQ(world.runner->in_flight(), 0u);
}

TEST(Faults, AColdStartTakesLongerAndAWarmOneDoesNot) {
  for (const double pace : {1.0, 0.0}) {
    FaultyWorld world;
    world.faults.fault.cold_start = 2s;
    world.faults.fault.pace = pace;
    world.faults.left = 2;
    const auto version = world.version("6");
    const auto call = world.invoke(version, "5");
    world.pass(pace > 0 ? 2001ms : 1ms);
    ASSERT_TRUE(call->done()) << pace;
    EXPECT_TRUE(call->outcome().cold);
    EXPECT_EQ(call->outcome().init_duration, 2s);
    EXPECT_EQ(call->outcome().duration, 0s);
    const auto warm = world.invoke(version, "6");
    world.pass(1ms);
    ASSERT_TRUE(warm->done());
    EXPECT_EQ(warm->outcome().init_duration, 0s);
  }
}

TEST(Faults, AnInitThatIsTooLongIsDoneOnceMoreInsideTheInvocation) {
  FaultyWorld world;
  world.faults.fault.cold_start = 11s;  // Lambda's limit is 10 s
  world.faults.fault.pace = 0;
  const auto call = world.invoke(world.version("6"), "5");
  world.pass(1s);
  ASSERT_TRUE(call->done());
  EXPECT_THAT(world.log.text,
              HasSubstr("INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout"));
  EXPECT_THAT(call->payload(), HasSubstr("Sandbox.Timedout"))
      << "the second init takes longer than the time-out";
}

TEST(Faults, AResetAndAShutdownEndWhatIsHeldBack) {
  FaultyWorld world;
  world.faults.fault.latency = 2s;
  world.faults.left = 2;
  const auto call = world.invoke(world.version("6"), "5");
  world.pass(10ms);
  world.tasks.spawn("reset", world.runner->reset());
  world.settle();
  ASSERT_TRUE(call->done());
  EXPECT_FALSE(*call->result);
  const auto other = world.invoke(world.version("7"), "5");
  world.pass(10ms);
  EXPECT_FALSE(other->done()) << "the world's own end is what ends it";
}

}  // namespace
}  // namespace aviary::testing
