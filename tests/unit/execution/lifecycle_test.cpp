#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "world.hpp"

/// How environments live: init, reuse, reset, freezing, reaping, ends. Facts: the execution contract,
/// "Lifecycle".
namespace aviary::testing {
namespace {

using execution::InvocationEnd;
using execution::Options;
using ::testing::HasSubstr;

/// Does what the event says: "sleep", "exit 3", "kill", "oom", "fail", anything else is echoed. Counts its
/// invocations in its memory and in /tmp.
Task<> obedient(std::shared_ptr<FakeProcess> process) {
  int in_memory = 0;
  for (;;) {
    auto asking = process->next();
    const FakeEvent event = co_await std::move(asking);
    const std::string& body = event.answer.body;
    ++in_memory;
    const int in_tmp = std::stoi("0" + (*process->tmp)["count"]) + 1;
    (*process->tmp)["count"] = std::to_string(in_tmp);
    if (body == "sleep") {
      auto sleeping = process->sleep(1h);
      co_await std::move(sleeping);
    } else if (body.starts_with("nap ")) {
      auto sleeping = process->sleep(std::chrono::milliseconds(std::stoi(body.substr(4))));
      co_await std::move(sleeping);
    } else if (body.starts_with("exit ")) {
      process->exit(std::stoi(body.substr(5)));
      co_return;
    } else if (body.starts_with("signal ")) {
      process->crash(std::stoi(body.substr(7)));
      co_return;
    } else if (body == "oom") {
      process->crash(SIGKILL, true);
      co_return;
    } else if (body == "fail and exit") {
      auto failing = process->fail(event.request_id, R"({"errorType":"Error"})");
      co_await std::move(failing);
      process->exit(128);
      co_return;
    } else if (body == "count") {
      auto answering =
          process->respond(event.request_id, std::to_string(in_memory) + " " + std::to_string(in_tmp));
      co_await std::move(answering);
      continue;
    }
    auto answering = process->respond(event.request_id, body);
    co_await std::move(answering);
  }
}

TEST(Lifecycle, TheFirstInvocationIsColdAndTheSecondIsNot) {
  World world;
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto sleeping = process->sleep(110ms);
    co_await std::move(sleeping);
    auto running = obedient(process);
    co_await std::move(running);
  };
  const auto version = world.version();
  const auto first = world.invoke(version, "nap 20");
  world.pass(200ms);
  ASSERT_TRUE(first->done());
  EXPECT_TRUE(first->outcome().cold);
  EXPECT_EQ(first->outcome().init_duration, 110ms);
  EXPECT_EQ(first->outcome().duration, 20ms) << "init is not part of it";
  const auto second = world.invoke(version, "nap 30");
  world.pass(200ms);
  EXPECT_FALSE(second->outcome().cold);
  EXPECT_EQ(second->outcome().init_duration, 0ms);
  EXPECT_EQ(second->outcome().duration, 30ms);
  EXPECT_EQ(world.host.processes_started, 1);
}

// test_lambda_invoke_timed_out_environment_reuse, recorded 2024-04-08.
TEST(Lifecycle, AfterATimeOutTmpSurvivesAndGlobalsAreGone) {
  World world;
  world.host.program = obedient;
  const auto version = world.version();
  EXPECT_EQ(world.invoke(version, "count")->payload(), "1 1");
  const auto late = world.invoke(version, "sleep");
  world.pass(2999ms);
  EXPECT_FALSE(late->done());
  world.pass(1ms);
  ASSERT_TRUE(late->done());
  EXPECT_EQ(
      late->payload(),
      R"({"errorType":"Sandbox.Timedout","errorMessage":"RequestId: req-2 Error: Task timed out after 3.00 seconds"})");
  EXPECT_EQ(late->outcome().function_error, "Unhandled");
  EXPECT_EQ(late->outcome().duration, 3s);
  const auto next = world.invoke(version, "count");
  EXPECT_EQ(next->payload(), "1 3");
  EXPECT_TRUE(next->outcome().cold);
  EXPECT_EQ(next->outcome().init_duration, 0ms) << "an init inside the invocation is part of its duration";
  EXPECT_EQ(world.host.sandboxes_made, 1);
  EXPECT_EQ(world.host.processes_started, 2);
}

struct Ending {
  std::string event;
  std::string type;
  std::string message;
};
class ProcessEnds : public ::testing::TestWithParam<Ending> {};

TEST_P(ProcessEnds, TheCallerLearnsHowAndTheNextInvocationWorks) {
  World world;
  world.host.program = obedient;
  const auto version = world.version();
  const auto call = world.invoke(version, GetParam().event);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->payload(), "{\"errorType\":\"" + GetParam().type +
                                 "\",\"errorMessage\":\"RequestId: req-1 Error: " + GetParam().message +
                                 "\"}");
  EXPECT_EQ(call->outcome().function_error, "Unhandled");
  EXPECT_EQ(world.invoke(version, "count")->payload(), "1 2");
  EXPECT_EQ(world.host.sandboxes_made, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Contract, ProcessEnds,
    ::testing::Values(Ending{"exit 0", "Runtime.ExitError", "Runtime exited without providing a reason"},
                      Ending{"exit 3", "Runtime.ExitError", "Runtime exited with error: exit status 3"},
                      Ending{"signal 11", "Runtime.ExitError",
                             "Runtime exited with error: signal: segmentation fault"},
                      Ending{"signal 6", "Runtime.ExitError", "Runtime exited with error: signal: aborted"},
                      Ending{"oom", "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"}));

TEST(Lifecycle, AnErrorThatWasPostedCountsEvenWhenTheProcessEndsRightAfter) {
  World world;
  world.host.program = obedient;
  const auto version = world.version();
  const auto call = world.invoke(version, "fail and exit");
  EXPECT_EQ(call->payload(), R"({"errorType":"Error"})");
  EXPECT_EQ(call->answers, 1);
  EXPECT_EQ(world.invoke(version, "count")->payload(), "1 2");
}

TEST(Lifecycle, AFailedInitIsDoneOnceMoreInsideTheInvocation) {
  World world;
  KeptLog log;
  world.runner->add_sink(log);
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    process->print("importing\n");
    auto sleeping = process->sleep(200ms);
    co_await std::move(sleeping);
    auto failing = process->fail_init(
        R"({"errorMessage":"Unable to import module 'm'","errorType":"Runtime.ImportModuleError","requestId":"","stackTrace":[]})",
        "Runtime.ImportModuleError");
    co_await std::move(failing);
    process->exit(1);
  };
  const auto version = world.version();
  const auto call = world.invoke(version, "{}", true);
  world.pass(1s);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(
      call->payload(),
      R"({"errorMessage":"Unable to import module 'm'","errorType":"Runtime.ImportModuleError","requestId":"","stackTrace":[]})");
  EXPECT_EQ(call->outcome().function_error, "Unhandled");
  EXPECT_EQ(world.host.processes_started, 2);
  EXPECT_EQ(world.host.sandboxes_made, 1);
  const std::string arn = log.text.substr(0, log.text.find('\n') + 1);
  EXPECT_THAT(arn, HasSubstr("INIT_START Runtime Version: python:3.13.v1\tRuntime Version ARN: "
                             "arn:aws:lambda:us-east-1::runtime:"));
  EXPECT_EQ(log.text.substr(arn.size()),
            "importing\n"
            "INIT_REPORT Init Duration: 200.00 ms\tPhase: init\tStatus: error\tError Type: "
            "Runtime.ImportModuleError\n"
            "importing\n"
            "INIT_REPORT Init Duration: 200.00 ms\tPhase: invoke\tStatus: error\tError Type: "
            "Runtime.ImportModuleError\n"
            "START RequestId: req-1 Version: $LATEST\n"
            "END RequestId: req-1\n"
            "REPORT RequestId: req-1\tDuration: 200.00 ms\tBilled Duration: 200 ms\tMemory Size: 128 MB\tMax "
            "Memory Used: "
            "36 MB\tStatus: error\tError Type: Runtime.ImportModuleError\t\n");
  world.runner->remove_sink(log);
}

TEST(Lifecycle, AnInitThatCrashesOnceIsForgiven) {
  World world;
  auto first = std::make_shared<bool>(true);
  world.host.program = [first](std::shared_ptr<FakeProcess> process) -> Task<> {
    if (std::exchange(*first, false)) {
      process->exit(1);
      co_return;
    }
    auto sleeping = process->sleep(500ms);
    co_await std::move(sleeping);
    auto running = obedient(process);
    co_await std::move(running);
  };
  const auto call = world.invoke(world.version(), "nap 100");
  world.pass(1s);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->payload(), "nap 100");
  EXPECT_EQ(call->outcome().duration, 600ms);
}

TEST(Lifecycle, AnInitOverTenSecondsRunsAgainUnderTheFunctionsTimeOut) {
  World world;
  KeptLog log;
  world.runner->add_sink(log);
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto sleeping = process->sleep(1h);
    co_await std::move(sleeping);
  };
  const auto call = world.invoke(world.version());
  world.pass(12999ms);
  EXPECT_FALSE(call->done());
  world.pass(10ms);
  ASSERT_TRUE(call->done());
  EXPECT_THAT(call->payload(), HasSubstr("Task timed out after 3.00 seconds"));
  EXPECT_THAT(log.text, HasSubstr("INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout\n"
                                  "INIT_REPORT Init Duration: 3000.00 ms\tPhase: invoke\tStatus: timeout\n"
                                  "START RequestId: req-1 Version: $LATEST\n"));
  world.runner->remove_sink(log);
}

TEST(Lifecycle, ASlowInitWithinTenSecondsDoesNotCountAgainstTheTimeOut) {
  World world;
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto sleeping = process->sleep(9s);
    co_await std::move(sleeping);
    auto running = obedient(process);
    co_await std::move(running);
  };
  const auto call = world.invoke(world.version(), "nap 2000");
  world.pass(12s);
  EXPECT_EQ(call->payload(), "nap 2000");
  EXPECT_EQ(call->outcome().init_duration, 9s);
}

TEST(Lifecycle, ARuntimeThatDoesNotComeBackIsResetWithoutHarmToTheCaller) {
  World world;
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto asking = process->next();
    const FakeEvent event = co_await std::move(asking);
    auto answering = process->respond(event.request_id, "1");
    co_await std::move(answering);
    auto sleeping = process->sleep(1h);
    co_await std::move(sleeping);
  };
  const auto version = world.version();
  const auto call = world.invoke(version);
  EXPECT_EQ(call->payload(), "1");
  world.pass(4s);
  EXPECT_FALSE(world.host.processes.front()->alive());
  EXPECT_EQ(world.invoke(version)->payload(), "1");
  EXPECT_EQ(world.host.sandboxes_made, 1);
}

TEST(Lifecycle, InvokingAgainAtOnceMeetsTheSameEnvironment) {
  // The runtime posts its answer, and comes back for the next event a moment later: as any real one does.
  World world;
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    for (;;) {
      auto asking = process->next();
      const FakeEvent event = co_await std::move(asking);
      auto answering = process->respond(event.request_id, "1");
      co_await std::move(answering);
      auto sleeping = process->sleep(1ms);
      co_await std::move(sleeping);
    }
  };
  const auto version = world.version();
  for (int i = 0; i < 20; ++i) {
    const auto call = world.invoke(version);
    if (!call->done()) world.pass(2ms);
    ASSERT_TRUE(call->done());
  }
  EXPECT_EQ(world.host.processes_started, 1);
}

TEST(Lifecycle, AnEnvironmentThatStaysAwayIsNotWaitedFor) {
  World world;
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    for (;;) {
      auto asking = process->next();
      const FakeEvent event = co_await std::move(asking);
      auto answering = process->respond(event.request_id, "1");
      co_await std::move(answering);
      auto sleeping = process->sleep(1s);
      co_await std::move(sleeping);
    }
  };
  const auto version = world.version();
  world.invoke(version);
  const auto second = world.invoke(version);
  EXPECT_FALSE(second->done());
  world.pass(20ms);
  EXPECT_TRUE(second->done());
  EXPECT_EQ(world.host.processes_started, 2);
}

TEST(Lifecycle, WhatABurstNeededCanBeGivenBackOnceItRests) {
  int rested = 0;
  Options options;
  options.freeze_after = 200ms;
  options.rested = [&rested] { ++rested; };
  World world(options);
  world.host.program = obedient;
  const auto version = world.version();
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(rested, 0);
    world.invoke(version);
    world.pass(300ms);
  }
  EXPECT_EQ(rested, 1) << "not for every environment that comes to rest";
}

TEST(Lifecycle, IdleProcessesAreFrozenThenReaped) {
  Options options;
  options.freeze_after = 200ms;
  options.idle_timeout = 10min;
  World world(options);
  world.host.program = obedient;
  const auto version = world.version();
  world.invoke(version);
  world.pass(100ms);
  EXPECT_EQ(world.host.freezes, 0) << "a warm path must not pay for freezing";
  world.invoke(version);
  world.pass(300ms);
  EXPECT_EQ(world.host.freezes, 1);
  EXPECT_EQ(world.runner->environments().at(0).state, "frozen");
  world.invoke(version);
  EXPECT_EQ(world.host.thaws, 1);
  EXPECT_EQ(world.host.processes_started, 1);
  world.pass(9min);
  EXPECT_EQ(world.host.sandboxes, 1);
  world.pass(2min);
  EXPECT_EQ(world.host.sandboxes, 0);
  EXPECT_TRUE(world.runner->environments().empty());
  EXPECT_EQ(world.stopwatch.pending(), 0U) << "nothing ticks when nothing is there";
}

TEST(Lifecycle, FreezingCanBeOff) {
  Options options;
  options.freeze_after.reset();
  World world(options);
  world.host.program = obedient;
  world.invoke(world.version());
  world.pass(5min);
  EXPECT_EQ(world.host.freezes, 0);
  EXPECT_EQ(world.host.sandboxes, 1);
}

TEST(Lifecycle, RetiringEndsWhatIdlesAndLetsFinishWhatRuns) {
  World world;
  world.host.program = obedient;
  const auto version = world.version();
  const auto running = world.invoke(version, "nap 100");
  const auto idle_soon = world.invoke(version);
  EXPECT_EQ(world.host.sandboxes, 2);
  world.runner->retire(*version);
  world.settle();
  EXPECT_EQ(world.host.sandboxes, 1);
  world.pass(200ms);
  EXPECT_EQ(running->payload(), "nap 100") << "on the old code";
  EXPECT_EQ(world.host.sandboxes, 0);
  EXPECT_TRUE(idle_soon->done());
}

TEST(Lifecycle, WhatWasAcceptedBeforeRetiringStillRuns) {
  World world;
  world.host.start_delay = 50ms;
  world.host.program = obedient;
  const auto version = world.version();
  const auto call = world.invoke(version);
  world.runner->retire(*version);
  world.pass(100ms);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->payload(), "{}");
  EXPECT_EQ(world.host.sandboxes, 0);
}

TEST(Lifecycle, ACrashWhileIdleCostsTheNextInvocationAnInit) {
  World world;
  world.host.program = obedient;
  const auto version = world.version();
  world.invoke(version);
  world.host.processes.front()->leave(ExitStatus{1});
  world.settle();
  EXPECT_EQ(world.runner->environments().at(0).state, "stopped");
  EXPECT_EQ(world.invoke(version, "count")->payload(), "1 2");
}

Task<> reset(execution::Runner& runner) {
  auto resetting = runner.reset();
  co_await std::move(resetting);
}

TEST(Lifecycle, ResetAnswersEverythingOnceAndLeavesNothing) {
  Options options;
  options.concurrent_starts = 1;
  World world(options);
  KeptRecords records;
  world.runner->add_observer(records);
  world.host.program = obedient;
  const auto version = world.version();
  world.invoke(version);
  const auto running = world.invoke(version, "sleep");
  world.host.start_delay = 50ms;
  const auto starting = world.invoke(version);
  const auto queued = world.invoke(version);
  world.tasks.spawn("reset", reset(*world.runner));
  world.settle();
  for (const auto& call : {running, starting, queued}) {
    ASSERT_TRUE(call->done());
    EXPECT_EQ(call->answers, 1);
    EXPECT_EQ(call->error().shape->status, 500);
  }
  world.pass(1s);
  EXPECT_EQ(world.host.sandboxes, 0);
  EXPECT_EQ(world.host.endpoints.handlers.size(), 0U);
  EXPECT_EQ(world.runner->in_flight(), 0U);
  EXPECT_EQ(records.records.size(), 4U);
  world.host.start_delay = 0ms;
  EXPECT_EQ(world.invoke(version, "again")->payload(), "again");
  world.runner->remove_observer(records);
}

Task<> shut_down(execution::Runner& runner, std::chrono::nanoseconds grace, bool& done) {
  auto ending = runner.shutdown(grace);
  co_await std::move(ending);
  done = true;
}

TEST(Lifecycle, ShutdownLetsFinishWhatRunsWithinTheGrace) {
  World world;
  world.host.program = obedient;
  const auto version = world.version();
  const auto running = world.invoke(version, "nap 100");
  bool done = false;
  world.tasks.spawn("shut down", shut_down(*world.runner, 1s, done));
  world.settle();
  const auto refused = world.invoke(version);
  ASSERT_TRUE(refused->done());
  EXPECT_EQ(refused->error().shape->code, "ServiceException");
  EXPECT_FALSE(done);
  world.pass(100ms);
  EXPECT_TRUE(done);
  EXPECT_EQ(running->payload(), "nap 100");
  EXPECT_EQ(world.host.sandboxes, 0);
}

TEST(Lifecycle, ShutdownEndsWhatTakesLonger) {
  World world;
  world.host.program = obedient;
  const auto running = world.invoke(world.version(), "sleep");
  bool done = false;
  world.tasks.spawn("shut down", shut_down(*world.runner, 1s, done));
  world.pass(1s);
  EXPECT_TRUE(done);
  EXPECT_EQ(running->error().shape->status, 500);
  EXPECT_EQ(world.host.sandboxes, 0);
}

TEST(Lifecycle, OneRecordForEachInvocation) {
  World world;
  KeptRecords kept;
  world.runner->add_observer(kept);
  world.host.program = obedient;
  const auto version = world.version();
  world.invoke(version, "nap 10");
  world.pass(20ms);
  world.invoke(version, "exit 1");
  world.invoke(version, "fail and exit");
  world.invoke(version, "sleep");
  world.pass(3s);
  ASSERT_EQ(kept.records.size(), 4U);
  EXPECT_EQ(kept.records[0].end, InvocationEnd::Success);
  EXPECT_EQ(kept.records[0].billed_ms, 10U);
  EXPECT_TRUE(kept.records[0].cold);
  EXPECT_EQ(kept.records[1].end, InvocationEnd::Failure);
  EXPECT_EQ(kept.records[1].error_type, "Runtime.ExitError");
  EXPECT_EQ(kept.records[2].end, InvocationEnd::FunctionError);
  EXPECT_EQ(kept.records[3].end, InvocationEnd::Timeout);
  EXPECT_EQ(kept.records[3].billed_ms, 3000U);
  world.runner->remove_observer(kept);
}

TEST(Lifecycle, EnvironmentsCanBeSeen) {
  World world;
  world.host.program = obedient;
  const auto version = world.version("7");
  world.invoke(version);
  world.invoke(version, "sleep");
  world.pass(50ms);
  const auto infos = world.runner->environments();
  ASSERT_EQ(infos.size(), 1U);
  EXPECT_EQ(infos[0].function_name, "fun");
  EXPECT_EQ(infos[0].version, "7");
  EXPECT_EQ(infos[0].state, "invoking");
  EXPECT_EQ(infos[0].invocations, 2U);
  EXPECT_EQ(infos[0].age, 50ms);
  EXPECT_EQ(infos[0].pid, 4242);
  EXPECT_EQ(infos[0].memory_bytes, 36U << 20);
  EXPECT_THAT(infos[0].log_stream, ::testing::MatchesRegex("2024/01/15/\\[7\\][0-9a-f]+"));
  EXPECT_EQ(infos[0].log_stream.size(), std::string("2024/01/15/[7]").size() + 32);
}

}  // namespace
}  // namespace aviary::testing
