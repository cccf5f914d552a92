#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "execution/extensions.hpp"
#include "extensions_world.hpp"

/// Extensions: how they hold up init and invocations, what ends them, and what they end. Facts: the execution
/// contract, "Extensions API" and "Lifecycle".
namespace aviary::testing {
namespace {

using execution::ExtensionCall;
using execution::ExtensionState;
using execution::InvocationEnd;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ExtensionStates, RefuseWhatTheyDoNotName) {
  EXPECT_EQ(after(ExtensionState::Started, ExtensionCall::Register), ExtensionState::Registered);
  EXPECT_EQ(after(ExtensionState::Registered, ExtensionCall::Register), std::nullopt);
  EXPECT_EQ(after(ExtensionState::Registered, ExtensionCall::Next), ExtensionState::Ready);
  EXPECT_EQ(after(ExtensionState::Running, ExtensionCall::InitError), std::nullopt);
  EXPECT_EQ(after(ExtensionState::Running, ExtensionCall::ExitError), ExtensionState::ExitError);
  EXPECT_EQ(after(ExtensionState::Exited, ExtensionCall::Next), std::nullopt);
}

TEST(Extensions, InitWaitsForThemAndTheLogNamesThem) {
  ExtensionWorld world;
  KeptLog log;
  world.runner->add_sink(log);
  world.host.program = echo;
  const auto seen = world.add({.name = "slow.sh", .before_registering = 100ms, .after_registering = 200ms});
  world.add({.name = "quick", .events = "[]"});
  const auto call = world.invoke(world.layered(), "1");
  world.pass(50ms);
  EXPECT_EQ(world.host.processes_started, 0) << "the runtime starts when all have registered";
  world.pass(150ms);
  EXPECT_EQ(world.host.processes_started, 1);
  EXPECT_FALSE(call->done());
  world.pass(200ms);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->payload(), "1");
  EXPECT_EQ(call->outcome().init_duration, 300ms);
  EXPECT_THAT(log.text, HasSubstr("EXTENSION\tName: slow.sh\tState: Ready\tEvents: [INVOKE, SHUTDOWN]\n"));
  EXPECT_THAT(log.text, HasSubstr("EXTENSION\tName: quick\tState: Ready\tEvents: []\n"));
  ASSERT_EQ(seen->events.size(), 1U);
  const OrderedJson event = OrderedJson::parse(seen->events[0]);
  EXPECT_EQ(event["eventType"], "INVOKE");
  EXPECT_EQ(event["requestId"], "req-1");
  EXPECT_TRUE(event["deadlineMs"].is_number_integer());
  EXPECT_EQ(event["invokedFunctionArn"], "arn:aws:lambda:us-east-1:123456789012:function:fun");
  EXPECT_EQ(event["tracing"]["type"], "X-Amzn-Trace-Id");
  world.end_all();
  world.runner->remove_sink(log);
}

TEST(Extensions, HaveTheirPartOfTheEnvironmentVariables) {
  ExtensionWorld world;
  world.host.program = echo;
  world.configuration.environment = std::map<std::string, std::string>{{"OWN", "value"}};
  world.add({});
  world.invoke(world.layered());
  ASSERT_EQ(world.host.extension_processes.size(), 1U);
  const FakeProcess& process = *world.host.extension_processes[0];
  EXPECT_THAT(process.spec.argv, ElementsAre("/opt/extensions/ext"));
  EXPECT_EQ(process.variable("OWN"), "value");
  EXPECT_EQ(process.variable("AWS_LAMBDA_FUNCTION_NAME"), "fun");
  EXPECT_NE(process.variable("AWS_LAMBDA_RUNTIME_API"), "");
  for (const char* without :
       {"_HANDLER", "LAMBDA_TASK_ROOT", "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_XRAY_CONTEXT_MISSING", "_LAMBDA_TELEMETRY_LOG_FD", "PYTHONPATH"})
    EXPECT_EQ(process.variable(without), "") << without;
  world.end_all();
}

TEST(Extensions, AnInvocationEndsWhenTheyAreThrough) {
  ExtensionWorld world;
  KeptLog log;
  world.runner->add_sink(log);
  world.host.program = echo;
  const auto seen = world.add({.work = 40ms});
  const auto version = world.layered();
  const auto first = world.invoke(version, "1");
  EXPECT_TRUE(first->done()) << "the caller does not wait for them";
  EXPECT_THAT(log.text, Not(HasSubstr("REPORT")));
  const auto second = world.invoke(version, "2");
  world.pass(5ms);
  EXPECT_FALSE(second->done()) << "but the next invocation does";
  world.pass(100ms);
  ASSERT_TRUE(second->done());
  EXPECT_EQ(seen->events.size(), 2U);
  EXPECT_EQ(world.host.sandboxes_made, 2) << "patience ends after some milliseconds";
  EXPECT_THAT(log.text, HasSubstr("REPORT RequestId: req-1\tDuration: 40.00 ms\tBilled Duration: 40 ms"));
  world.end_all();
  world.runner->remove_sink(log);
}

TEST(Extensions, WhoAsksForTheLogGetsAllOfIt) {
  ExtensionWorld world;
  world.host.program = echo;
  world.add({.work = 40ms});
  const auto call = world.invoke(world.layered(), "1", true);
  world.pass(20ms);
  EXPECT_FALSE(call->done());
  world.pass(40ms);
  ASSERT_TRUE(call->done());
  EXPECT_THAT(call->outcome().log_tail, HasSubstr("Duration: 40.00 ms"));
  world.end_all();
}

TEST(Extensions, AreToldWhenTheEnvironmentEnds) {
  ExtensionWorld world;
  world.host.program = echo;
  const auto seen = world.add({.last_work = 500ms});
  world.invoke(world.layered());
  world.end_all();
  ASSERT_EQ(seen->events.size(), 2U);
  const OrderedJson event = OrderedJson::parse(seen->events[1]);
  EXPECT_EQ(event["eventType"], "SHUTDOWN");
  EXPECT_EQ(event["shutdownReason"], "spindown");
  EXPECT_EQ(world.host.sandboxes, 0);
}

TEST(Extensions, HaveTwoSecondsToEnd) {
  ExtensionWorld world;
  world.host.program = echo;
  world.add({.last_work = 1h});
  world.invoke(world.layered());
  auto resetting = world.runner->reset();
  world.tasks.spawn("reset", std::move(resetting));
  world.pass(1900ms);
  EXPECT_EQ(world.host.sandboxes, 1);
  world.pass(200ms);
  EXPECT_EQ(world.host.sandboxes, 0);
}

TEST(Extensions, ATimeOutShutsThemDownAndTheNextInvocationStartsThemAnew) {
  ExtensionWorld world;
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    for (;;) {
      auto asking = process->next();
      const FakeEvent event = co_await std::move(asking);
      if (event.answer.body == "sleep") {
        auto sleeping = process->sleep(1h);
        co_await std::move(sleeping);
      }
      auto answering = process->respond(event.request_id, event.answer.body);
      co_await std::move(answering);
    }
  };
  const auto seen = world.add({.last_work = 100ms});
  const auto version = world.layered();
  const auto call = world.invoke(version, "sleep");
  world.pass(4s);
  ASSERT_TRUE(call->done());
  EXPECT_THAT(call->payload(), HasSubstr("Task timed out after 3.00 seconds"));
  ASSERT_EQ(seen->events.size(), 2U);
  EXPECT_EQ(OrderedJson::parse(seen->events[1])["shutdownReason"], "timeout");
  const auto again = world.invoke(version, "2");
  world.pass(10ms);
  ASSERT_TRUE(again->done());
  EXPECT_EQ(again->payload(), "2");
  EXPECT_EQ(world.host.extension_processes.size(), 2U);
  EXPECT_EQ(world.host.sandboxes_made, 1) << "in the same environment";
  world.end_all();
}

TEST(Extensions, TheTimeOutCoversThemToo) {
  ExtensionWorld world;
  KeptLog log;
  world.runner->add_sink(log);
  world.host.program = echo;
  world.add({.work = 1h});
  const auto call = world.invoke(world.layered(), "1");
  ASSERT_TRUE(call->done());
  world.pass(6s);
  EXPECT_THAT(log.text, HasSubstr("Task timed out after 3.00 seconds"));
  EXPECT_THAT(log.text, HasSubstr("Duration: 3000.00 ms"));
  EXPECT_THAT(log.text, HasSubstr("Status: timeout"));
  world.end_all();
  world.runner->remove_sink(log);
}

TEST(Extensions, ARuntimeThatCrashesShutsThemDown) {
  ExtensionWorld world;
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto asking = process->next();
    const FakeEvent event = co_await std::move(asking);
    process->exit(3);
  };
  const auto seen = world.add({.last_work = 10ms});
  const auto call = world.invoke(world.layered(), "1");
  world.pass(50ms);
  ASSERT_TRUE(call->done());
  EXPECT_THAT(call->payload(), HasSubstr("exit status 3"));
  ASSERT_EQ(seen->events.size(), 2U);
  EXPECT_EQ(OrderedJson::parse(seen->events[1])["shutdownReason"], "failure");
  world.end_all();
}

TEST(Extensions, OneThatExitsFailsInit) {
  ExtensionWorld world;
  KeptLog log;
  world.runner->add_sink(log);
  world.host.program = echo;
  world.host.extensions["bad"] = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    process->print("cannot\n");
    process->exit(0);
    co_return;
  };
  const auto call = world.invoke(world.layered(), "1");
  world.pass(10ms);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->payload(),
            R"({"errorType":"Extension.Crash","errorMessage":"RequestId: req-1 Error: exit code 0"})");
  EXPECT_EQ(world.host.processes_started, 0);
  EXPECT_THAT(log.text, HasSubstr("cannot\n"));
  EXPECT_THAT(log.text, HasSubstr("Phase: init\tStatus: error\tError Type: Extension.Crash\n"));
  EXPECT_THAT(log.text, HasSubstr("Phase: invoke\tStatus: error\tError Type: Extension.Crash\n"));
  world.end_all();
  world.runner->remove_sink(log);
}

TEST(Extensions, OneThatCannotStartFailsInit) {
  ExtensionWorld world;
  world.host.program = echo;
  world.add({.name = "fine"});
  world.add({.name = "script"});
  world.host.refuse_exec.emplace("/opt/extensions/script", LaunchProblem{EACCES, "exec"});
  const auto call = world.invoke(world.layered(), "1");
  world.pass(5s);
  ASSERT_TRUE(call->done());
  EXPECT_THAT(call->payload(), HasSubstr("Extension.LaunchError"));
  EXPECT_THAT(call->payload(), HasSubstr("fork/exec /opt/extensions/script: permission denied"));
  world.end_all();
}

TEST(Extensions, OneThatNeverRegistersRunsIntoTheInitLimit) {
  ExtensionWorld world;
  world.host.program = echo;
  world.host.extensions["mute"] = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto sleeping = process->sleep(1h);
    co_await std::move(sleeping);
  };
  const auto call = world.invoke(world.layered(), "1");
  world.pass(20s);
  ASSERT_TRUE(call->done());
  EXPECT_THAT(call->payload(), HasSubstr("Sandbox.Timedout"));
  world.end_all();
}

TEST(Extensions, OneThatExitsFailsTheInvocation) {
  ExtensionWorld world;
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    for (;;) {
      auto asking = process->next();
      const FakeEvent event = co_await std::move(asking);
      auto sleeping = process->sleep(50ms);
      co_await std::move(sleeping);
      auto answering = process->respond(event.request_id, event.answer.body);
      co_await std::move(answering);
    }
  };
  world.host.extensions["ext"] = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto enrolling = enrol(process, "ext", R"(["INVOKE"])");
    const std::string id = co_await std::move(enrolling);
    auto asking = next_event(process, id);
    co_await std::move(asking);
    process->exit(7);
  };
  const auto version = world.layered();
  const auto call = world.invoke(version, "1");
  world.pass(10ms);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->payload(),
            R"({"errorType":"Extension.Crash","errorMessage":"RequestId: req-1 Error: exit status 7"})");
  world.add({});
  const auto again = world.invoke(version, "2");
  world.pass(100ms);
  ASSERT_TRUE(again->done());
  EXPECT_EQ(again->payload(), "2") << "the next one works";
  world.end_all();
}

TEST(Extensions, TheyMayReportWhatTheyFailOf) {
  for (const bool init : {true, false}) {
    ExtensionWorld world;
    world.host.program = echo;
    world.host.extensions["ext"] = [init](std::shared_ptr<FakeProcess> process) -> Task<> {
      auto enrolling = enrol(process, "ext", R"(["INVOKE"])");
      const std::string id = co_await std::move(enrolling);
      if (!init) {
        auto asking = next_event(process, id);
        co_await std::move(asking);
      }
      auto failing = call_as(process, id, "POST",
                             init ? "/2020-01-01/extension/init/error" : "/2020-01-01/extension/exit/error");
      const wire::Response answer = co_await std::move(failing);
      EXPECT_EQ(answer.status, 202);
    };
    world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
      auto asking = process->next();
      co_await std::move(asking);
      auto sleeping = process->sleep(1h);
      co_await std::move(sleeping);
    };
    const auto call = world.invoke(world.layered(), "1");
    world.pass(100ms);
    ASSERT_TRUE(call->done());
    EXPECT_THAT(call->payload(), HasSubstr(init ? "Extension.InitError" : "Extension.ExitError"));
    EXPECT_THAT(call->payload(), HasSubstr("Own.Type"));
    world.end_all();
  }
}

Task<> watch_events(std::shared_ptr<FakeProcess> process, std::string id, std::shared_ptr<Seen> seen) {
  try {
    for (;;) {
      auto asking = next_event(process, id);
      seen->events.push_back((co_await std::move(asking)).dump());
    }
  } catch (const ProcessKilled&) {
  }
}

TEST(Extensions, InternalOnesComeFromTheRuntime) {
  ExtensionWorld world;
  const auto seen = std::make_shared<Seen>();
  FakeHost& host = world.host;
  world.host.program = [seen, &host](std::shared_ptr<FakeProcess> process) -> Task<> {
    const auto enrolling = [process](std::string name, std::string events, std::string feature) {
      return process->call("POST", "/2020-01-01/extension/register", "{\"events\":" + events + "}",
                           Headers{{"Lambda-Extension-Name", std::move(name)},
                                   {"Lambda-Extension-Accept-Feature", std::move(feature)}});
    };
    auto first = enrolling("inner", R"(["INVOKE"])", "accountId");
    seen->answers.push_back(co_await std::move(first));
    auto refused = enrolling("other", R"(["SHUTDOWN"])", "");
    seen->answers.push_back(co_await std::move(refused));
    auto twice = enrolling("inner", "[]", "");
    seen->answers.push_back(co_await std::move(twice));
    const std::string id = header_of(seen->answers[0], "Lambda-Extension-Identifier");
    host.tasks.spawn("internal extension", watch_events(process, id, seen));
    auto running = echo(process);
    co_await std::move(running);
  };
  const auto call = world.invoke(world.version(), "1");
  ASSERT_TRUE(call->done());
  ASSERT_EQ(seen->answers.size(), 3U);
  EXPECT_EQ(
      seen->answers[0].body,
      R"({"functionName":"fun","functionVersion":"$LATEST","handler":"app.handler","accountId":"123456789012"})"
      "\n");
  EXPECT_EQ(seen->answers[1].status, 403);
  EXPECT_EQ(seen->answers[1].body,
            R"({"errorMessage":"SHUTDOWN: ShutdownEventNotSupportedForInternalExtension",)"
            R"("errorType":"Extension.InvalidEventType"})"
            "\n");
  EXPECT_THAT(seen->answers[2].body, HasSubstr("Extension with this name already registered"));
  ASSERT_EQ(seen->events.size(), 1U);
  EXPECT_THAT(seen->events[0], HasSubstr("INVOKE"));
  world.end_all();
}

/// Calls of an external extension, before it takes part.
class ExtensionCalls : public ::testing::Test {
 protected:
  wire::Response answer_to(std::string method, std::string target, std::string body, Headers headers) {
    world.host.program = echo;
    auto answers = std::make_shared<std::vector<wire::Response>>();
    world.host.extensions["ext"] = [=](std::shared_ptr<FakeProcess> process) -> Task<> {
      auto calling = process->call(method, target, body, headers);
      answers->push_back(co_await std::move(calling));
      auto sleeping = process->sleep(1h);
      co_await std::move(sleeping);
    };
    world.invoke(world.layered());
    world.end_all();
    return answers->empty() ? wire::Response{} : answers->front();
  }
  void expect_refused(const wire::Response& answer, std::string_view type, std::string_view message) {
    EXPECT_EQ(answer.status, 403);
    const OrderedJson body = OrderedJson::parse(answer.body, nullptr, false);
    EXPECT_EQ(body.value("errorType", ""), type);
    EXPECT_EQ(body.value("errorMessage", ""), message);
  }
  ExtensionWorld world;
};

constexpr const char* register_path = "/2020-01-01/extension/register";
constexpr const char* next_path = "/2020-01-01/extension/event/next";

TEST_F(ExtensionCalls, NeedAName) {
  expect_refused(answer_to("POST", register_path, "{}", {}), "Extension.InvalidExtensionName",
                 "Empty extension name");
}
TEST_F(ExtensionCalls, NeedJson) {
  expect_refused(answer_to("POST", register_path, "", {{"Lambda-Extension-Name", "ext"}}),
                 "InvalidRequestFormat", "unexpected end of JSON input");
}
TEST_F(ExtensionCalls, KnowTwoEvents) {
  expect_refused(
      answer_to("POST", register_path, R"({"events":["OTHER"]})", {{"Lambda-Extension-Name", "ext"}}),
      "Extension.InvalidEventType", "OTHER: InvalidEventType");
}
TEST_F(ExtensionCalls, NeedAnIdentifier) {
  expect_refused(answer_to("GET", next_path, "", {}), "Extension.MissingExtensionIdentifier",
                 "Missing Lambda-Extension-Identifier header");
}
TEST_F(ExtensionCalls, NeedAValidIdentifier) {
  expect_refused(answer_to("GET", next_path, "", {{"Lambda-Extension-Identifier", "x"}}),
                 "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier");
}
TEST_F(ExtensionCalls, NeedAKnownIdentifier) {
  const char* id = "6f5902ac-237a-4024-bd1b-5e5b0a4d1b2c";
  expect_refused(answer_to("GET", next_path, "", {{"Lambda-Extension-Identifier", id}}),
                 "Extension.UnknownExtensionIdentifier", std::string("Unknown extension ") + id);
}
TEST_F(ExtensionCalls, HavePathsAndMethods) {
  EXPECT_EQ(answer_to("GET", register_path, "", {}).status, 405);
  EXPECT_EQ(answer_to("POST", "/2020-01-01/extension/other", "", {}).status, 404);
}

TEST(Extensions, AreTenAtTheMost) {
  ExtensionWorld world;
  world.host.program = echo;
  for (int i = 0; i < 11; ++i) world.add({.name = "ext" + std::to_string(i)});
  const auto call = world.invoke(world.layered());
  world.pass(10ms);
  ASSERT_TRUE(call->done());
  EXPECT_THAT(call->payload(), HasSubstr("Extension.TooManyExtensions"));
  world.end_all();
}

}  // namespace
}  // namespace aviary::testing
