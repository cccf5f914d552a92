#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

/// A function's log: the platform's lines, the function's own, the tail. Facts: the execution contract, "Log
/// lines".
namespace aviary::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Prints what the event says (a JSON string's content is printed as it is), takes 3.01 ms, answers.
Task<> printer(std::shared_ptr<FakeProcess> process) {
  process->print("init output\n");
  auto initialising = process->sleep(110100us);
  co_await std::move(initialising);
  for (;;) {
    auto asking = process->next();
    const FakeEvent event = co_await std::move(asking);
    process->print(event.answer.body);
    auto working = process->sleep(3010us);
    co_await std::move(working);
    auto answering = process->respond(event.request_id, "1");
    co_await std::move(answering);
  }
}

class Log : public ::testing::Test {
 protected:
  Log() {
    world.host.program = printer;
    world.runner->add_sink(log);
  }
  ~Log() override { world.runner->remove_sink(log); }
  /// The lines since the last call.
  std::string lines() { return std::exchange(log.text, {}); }
  World::CallPtr invoke(lambda::VersionHandle version, std::string text, bool tail = false) {
    const auto call = world.invoke(std::move(version), std::move(text), tail);
    world.pass(200ms);
    return call;
  }
  World world;
  KeptLog log;
};

TEST_F(Log, LinesOfAColdAndOfAWarmInvocation) {
  const auto version = world.version();
  invoke(version, "hello\n");
  const std::string cold = lines();
  const std::string arn = cold.substr(0, cold.find('\n') + 1);
  EXPECT_THAT(arn, StartsWith("INIT_START Runtime Version: python:3.13.v"));
  EXPECT_EQ(cold.substr(arn.size()),
            "init output\n"
            "START RequestId: req-1 Version: $LATEST\n"
            "hello\n"
            "END RequestId: req-1\n"
            "REPORT RequestId: req-1\tDuration: 3.01 ms\tBilled Duration: 114 ms\tMemory Size: 128 MB\tMax "
            "Memory Used: 36 "
            "MB\tInit Duration: 110.10 ms\t\n");
  invoke(version, "hello\n");
  EXPECT_EQ(lines(),
            "START RequestId: req-2 Version: $LATEST\n"
            "hello\n"
            "END RequestId: req-2\n"
            "REPORT RequestId: req-2\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax "
            "Memory Used: 36 "
            "MB\t\n");
}

TEST_F(Log, TheTailStartsWithStart) {
  const auto call = invoke(world.version(), "hello\n", true);
  EXPECT_EQ(call->outcome().log_tail,
            "START RequestId: req-1 Version: $LATEST\n"
            "hello\n"
            "END RequestId: req-1\n"
            "REPORT RequestId: req-1\tDuration: 3.01 ms\tBilled Duration: 114 ms\tMemory Size: 128 MB\tMax "
            "Memory Used: 36 "
            "MB\tInit Duration: 110.10 ms\t\n");
}

TEST_F(Log, TheTailIsTheLastFourKilobytes) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "line " + std::to_string(i) + "\n";
  const auto call = invoke(world.version(), text, true);
  EXPECT_EQ(call->outcome().log_tail.size(), 4096U);
  EXPECT_THAT(call->outcome().log_tail, HasSubstr("line 1999\nEND RequestId: req-1\n"));
}

TEST_F(Log, NoTailUnlessAsked) { EXPECT_EQ(invoke(world.version(), "hello\n")->outcome().log_tail, ""); }

TEST_F(Log, OutputThatArrivesJustAfterTheAnswerIsStillInTheTail) {
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    for (;;) {
      auto asking = process->next();
      const FakeEvent event = co_await std::move(asking);
      auto answering = process->respond(event.request_id, "1");
      co_await std::move(answering);
      process->print("written before, read after\n");
    }
  };
  const auto version = world.version();
  for (int i = 1; i <= 3; ++i) {
    const auto call = invoke(version, "{}", true);
    EXPECT_THAT(call->outcome().log_tail,
                HasSubstr("written before, read after\nEND RequestId: req-" + std::to_string(i)));
  }
}

TEST_F(Log, LinesAreCutAtNewlinesOnly) {
  const auto version = world.version();
  invoke(version, "a\rb\n\nunfinished");
  EXPECT_THAT(lines(), HasSubstr("\na\rb\n\nunfinished\nEND RequestId"));
}

/// What a runtime client frames is one event, whatever is in it.
TEST_F(Log, ARecordWithSeveralLinesStaysTogether) {
  const std::string record = "[ERROR] Exception: no\nTraceback:\n";
  std::string frame("\xa5\x5a\0\x03\0\0\0", 7);
  frame += static_cast<char>(record.size());
  frame += "12345678" + record;
  const auto call = invoke(world.version(), "printed " + frame + "after\n", true);
  EXPECT_THAT(call->outcome().log_tail,
              HasSubstr("$LATEST\nprinted \n[ERROR] Exception: no\nTraceback:\nafter\nEND RequestId"));
}

TEST_F(Log, AnEndlessLineIsCut) {
  invoke(world.version(), std::string(600 * 1024, 'x') + "\n");
  const std::string text = lines();
  std::size_t longest = 0;
  std::size_t total = 0;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t newline = text.find('\n', from);
    longest = std::max(longest, newline + 1 - from);
    from = newline + 1;
  }
  for (const char c : text) total += c == 'x' ? 1U : 0U;
  EXPECT_EQ(longest, 256U * 1024);
  EXPECT_GE(total, 600U * 1024);
}

// Order as seen in logs of 2023 and later: the line, END, REPORT.
TEST_F(Log, ATimeOutIsNamed) {
  world.configuration.timeout_seconds = 1;
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto asking = process->next();
    co_await std::move(asking);
    auto sleeping = process->sleep(1h);
    co_await std::move(sleeping);
  };
  const auto call = world.invoke(world.version(), "{}", true);
  world.pass(1s);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->outcome().log_tail,
            "START RequestId: req-1 Version: $LATEST\n"
            "2024-01-15T10:30:00.000Z req-1 Task timed out after 1.00 seconds\n"
            "\n"
            "END RequestId: req-1\n"
            "REPORT RequestId: req-1\tDuration: 1000.00 ms\tBilled Duration: 1000 ms\tMemory Size: 128 "
            "MB\tMax Memory "
            "Used: 36 MB\tStatus: timeout\t\n");
}

TEST_F(Log, AnExitIsNamed) {
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto asking = process->next();
    co_await std::move(asking);
    process->print("last words");
    process->exit(1);
  };
  const auto call = world.invoke(world.version(), "{}", true);
  EXPECT_THAT(call->outcome().log_tail,
              HasSubstr("last words\n"
                        "RequestId: req-1 Error: Runtime exited with error: exit status 1\n"
                        "Runtime.ExitError\n"
                        "END RequestId: req-1\n"));
  EXPECT_THAT(call->outcome().log_tail, HasSubstr("\tStatus: error\tError Type: Runtime.ExitError\t\n"));
}

TEST_F(Log, JsonFormat) {
  world.configuration.log_format = "JSON";
  const auto call = invoke(world.version(), "plain\n", true);
  EXPECT_EQ(
      call->outcome().log_tail,
      R"({"time":"2024-01-15T10:30:00.000Z","type":"platform.start","record":{"requestId":"req-1","functionArn":"arn:aws:lambda:us-east-1:123456789012:function:fun","version":"$LATEST"}})"
      "\nplain\n"
      R"({"time":"2024-01-15T10:30:00.000Z","type":"platform.report","record":{"requestId":"req-1","metrics":{"durationMs":3.01,"billedDurationMs":114,"memorySizeMB":128,"maxMemoryUsedMB":36,"initDurationMs":110.1},"status":"success"}})"
      "\n");
  EXPECT_THAT(lines(), StartsWith(R"({"time":"2024-01-15T10:30:00.000Z","type":"platform.initStart")"));
}

TEST_F(Log, JsonLevelsFilterThePlatformsLinesAndTheFunctions) {
  world.configuration.log_format = "JSON";
  world.configuration.system_log_level = "WARN";
  world.configuration.application_log_level = "ERROR";
  const auto call =
      invoke(world.version(),
             "plain\n{\"level\":\"INFO\",\"message\":\"a\"}\n{\"level\":\"ERROR\",\"message\":\"b\"}\n"
             "{\"message\":\"no level is INFO\"}\n",
             true);
  EXPECT_EQ(call->outcome().log_tail, "plain\n{\"level\":\"ERROR\",\"message\":\"b\"}\n");
  world.configuration.system_log_level = "DEBUG";
  world.configuration.application_log_level = "TRACE";
  const auto verbose = invoke(world.version(), "{\"level\":\"DEBUG\"}\n", true);
  EXPECT_THAT(verbose->outcome().log_tail, HasSubstr("platform.runtimeDone"));
  EXPECT_THAT(verbose->outcome().log_tail, HasSubstr("{\"level\":\"DEBUG\"}\n"));
}

TEST_F(Log, AnOwnLogGroupNamesTheFunctionInItsStreams) {
  world.configuration.log_group = "/shared";
  invoke(world.version("3"), "{}");
  const auto& process = *world.host.processes.front();
  EXPECT_EQ(process.variable("AWS_LAMBDA_LOG_GROUP_NAME"), "/shared");
  EXPECT_THAT(process.variable("AWS_LAMBDA_LOG_STREAM_NAME"), StartsWith("2024/01/15/fun[3]"));
}

}  // namespace
}  // namespace aviary::testing
