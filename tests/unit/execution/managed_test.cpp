#include <gtest/gtest.h>

#include "extensions_world.hpp"
#include "world.hpp"

/// Versions on a capacity provider: several invocations side by side in an environment.
namespace aviary::testing {
namespace {

using execution::Options;

/// What the runtimes of all environments do, in the test's hands.
struct Workers {
  std::vector<FakeEvent> events;         ///< that were handed out
  std::vector<wire::Response> refusals;  ///< answers to `next` that are none
};

/// One runtime of several: takes an event, and leaves it to the test to answer; `again`: asks for the next
/// one at once.
Task<> one_of_many(std::shared_ptr<FakeProcess> process, std::shared_ptr<Workers> workers, bool again) {
  try {
    do {
      auto asking = process->next();
      FakeEvent event = co_await std::move(asking);
      if (event.answer.status != 200) {
        workers->refusals.push_back(std::move(event.answer));
        co_return;
      }
      workers->events.push_back(std::move(event));
    } while (again);
  } catch (const ProcessKilled&) {
  }
}

Task<> keep(std::shared_ptr<FakeProcess> process) {
  for (;;) {
    auto resting = process->sleep(1h);
    co_await std::move(resting);
  }
}

/// An extension that waits for an event.
Task<> waiting_extension(std::shared_ptr<FakeProcess> process, std::string id) {
  try {
    auto asking = next_event(process, std::move(id));
    co_await std::move(asking);
  } catch (const ProcessKilled&) {
  }
}

/// Registers an extension, for INVOKE and for nothing, then does as the runtimes do.
Task<> registering(std::shared_ptr<FakeProcess> process, TaskGroup& tasks,
                   std::vector<wire::Response>& answers, Program runtimes) {
  for (const char* events : {R"({"events":["INVOKE"]})", R"({"events":[]})"}) {
    Headers headers{{"Lambda-Extension-Name", "ext"}};
    auto calling = process->call("POST", "/2020-01-01/extension/register", events, std::move(headers));
    answers.push_back(co_await std::move(calling));
  }
  tasks.spawn("extension",
              waiting_extension(process, header_of(answers.back(), "Lambda-Extension-Identifier")));
  auto running = runtimes(process);
  co_await std::move(running);
}

Task<> asking_for_invocations(std::shared_ptr<FakeProcess> process, wire::Response& answer) {
  Headers headers{{"Lambda-Extension-Name", "ext"}};
  auto calling =
      process->call("POST", "/2020-01-01/extension/register", R"({"events":["INVOKE"]})", std::move(headers));
  answer = co_await std::move(calling);
}

class Managed : public ::testing::Test {
 protected:
  void make(std::size_t concurrency = 3, std::size_t asking = 3, Options options = {}) {
    world = std::make_unique<ExtensionWorld>(std::move(options));
    workers = std::make_shared<Workers>();
    world->configuration.timeout_seconds = 5;
    world->configuration.log_format = "JSON";
    world->configuration.application_log_level = "INFO";
    world->configuration.system_log_level = "DEBUG";
    world->configuration.recorded["CapacityProviderConfig"] = {
        {"LambdaManagedInstancesCapacityProviderConfig",
         {{"CapacityProviderArn", "arn:aws:lambda:us-east-1:123456789012:capacity-provider:cap"},
          {"PerExecutionEnvironmentMaxConcurrency", concurrency}}}};
    version = world->version("1");
    world->host.program = [this, asking](std::shared_ptr<FakeProcess> process) -> Task<> {
      for (std::size_t i = 0; i < asking; ++i)
        world->host.tasks.spawn("worker", one_of_many(process, workers, again));
      return keep(process);
    };
  }
  void TearDown() override { world.reset(); }

  World::CallPtr invoke(bool tail = false) { return world->invoke(version, "{}", tail); }
  /// Posts about an invocation, as the process that runs it.
  wire::Response post(const std::string& id, const std::string& action, std::string body = "\"done\"",
                      std::size_t process = 0, Headers headers = {}) {
    auto answer = std::make_shared<wire::Response>();
    world->tasks.spawn("post", posting(world->host.processes.at(process), answer, id + "/" + action,
                                       std::move(body), std::move(headers)));
    world->settle();
    return std::move(*answer);
  }
  static Task<> posting(std::shared_ptr<FakeProcess> process, std::shared_ptr<wire::Response> answer,
                        std::string path, std::string body, Headers headers) {
    auto calling =
        process->call("POST", "/2018-06-01/runtime/invocation/" + path, std::move(body), std::move(headers));
    try {
      *answer = co_await std::move(calling);
    } catch (const ProcessKilled&) {
      answer->status = 0;
    }
  }
  /// The version with a layer, which may bring extensions.
  void add_layer() {
    auto made = std::make_shared<lambda::Version>(*version);
    made->layers.push_back(std::make_shared<CodeBlob>(CodeBlob{"layer", 1, 1}));
    version = std::move(made);
  }
  /// A runtime asks for its next event.
  void ask(std::size_t process = 0) {
    world->host.tasks.spawn("worker", one_of_many(world->host.processes.at(process), workers, again));
    world->settle();
  }

  std::unique_ptr<ExtensionWorld> world;
  std::shared_ptr<Workers> workers;
  lambda::VersionHandle version;
  bool again = false;
};

TEST_F(Managed, InvocationsRunSideBySideInOneEnvironment) {
  make();
  const auto a = invoke();
  const auto b = invoke();
  const auto c = invoke();
  world->settle();
  EXPECT_EQ(world->host.sandboxes_made, 1);
  EXPECT_EQ(world->host.processes_started, 1);
  ASSERT_EQ(workers->events.size(), 3U);
  EXPECT_EQ(workers->events[0].request_id, "req-1");
  EXPECT_EQ(workers->events[2].request_id, "req-3");
  const auto environments = world->runner->environments();
  ASSERT_EQ(environments.size(), 1U);
  EXPECT_EQ(environments[0].state, "invoking");
  EXPECT_EQ(environments[0].initialization_type, "lambda-managed-instances");

  EXPECT_EQ(post("req-3", "response", "\"three\"").status, 202);
  EXPECT_EQ(post("req-1", "error", R"({"errorMessage":"no"})").status, 202);
  EXPECT_EQ(c->payload(), "\"three\"");
  EXPECT_EQ(a->payload(), R"({"errorMessage":"no"})");
  EXPECT_EQ(a->outcome().function_error, "Unhandled");
  EXPECT_FALSE(b->done());
  EXPECT_EQ(post("req-2", "response", "\"two\"").status, 202);
  EXPECT_EQ(b->payload(), "\"two\"");
  EXPECT_FALSE(b->outcome().cold) << "no invocation waits for an init";
}

TEST_F(Managed, ItsEnvironmentSaysSo) {
  make(7, 1);
  invoke();
  const auto& process = world->host.processes.at(0);
  EXPECT_EQ(process->variable("AWS_LAMBDA_MAX_CONCURRENCY"), "7");
  EXPECT_EQ(process->variable("AWS_LAMBDA_INITIALIZATION_TYPE"), "lambda-managed-instances");
  EXPECT_EQ(process->variable("_LAMBDA_TELEMETRY_LOG_FD"), "");
}

TEST_F(Managed, UnpublishedCodeRunsAsEver) {
  make();
  version = world->version("$LATEST");
  world->host.program = echo;
  EXPECT_TRUE(invoke()->done());
  EXPECT_EQ(world->host.processes.at(0)->variable("AWS_LAMBDA_MAX_CONCURRENCY"), "");
}

TEST_F(Managed, OneMoreThanFitStartsAnEnvironment) {
  make(2, 2);
  invoke();
  invoke();
  world->settle();
  invoke();
  world->settle();
  EXPECT_EQ(world->host.sandboxes_made, 2);
  EXPECT_EQ(workers->events.size(), 3U);
}

TEST_F(Managed, ARuntimeThatAnsweredIsWaitedForABit) {
  make(1, 1);
  invoke();
  post("req-1", "response");
  const auto next = invoke();
  EXPECT_EQ(world->host.sandboxes_made, 1);
  ask();
  EXPECT_EQ(workers->events.back().request_id, "req-2");
  post("req-2", "response");
  EXPECT_TRUE(next->done());
  EXPECT_EQ(world->host.sandboxes_made, 1);
}

TEST_F(Managed, FewerRuntimesTakeFewerInvocations) {
  make(3, 1);
  const auto a = invoke();
  const auto b = invoke();
  world->settle();
  EXPECT_EQ(world->host.sandboxes_made, 1);
  EXPECT_EQ(workers->events.size(), 1U);
  world->pass(2s);
  EXPECT_EQ(world->host.sandboxes_made, 2) << "nobody came for the second one";
  EXPECT_EQ(workers->events.size(), 2U);
}

TEST_F(Managed, MoreRuntimesThanMayRunAreRefused) {
  make(2, 3);
  invoke();
  ask();
  ask();
  ASSERT_EQ(workers->refusals.size(), 2U) << "one at the start, one now";
  EXPECT_EQ(workers->refusals[0].status, 500);
  EXPECT_EQ(workers->refusals[0].body,
            "{\"errorMessage\":\"Internal Server Error\",\"errorType\":\"InternalServerError\"}\n");
}

TEST_F(Managed, ATimeOutEndsOneInvocationOnly) {
  make();
  const auto slow = invoke();
  world->pass(3s);
  const auto other = invoke();
  world->pass(2s);
  ASSERT_TRUE(slow->done());
  EXPECT_EQ(slow->payload(),
            R"({"errorType":"Sandbox.Timedout","errorMessage":"RequestId: req-1 Error: Task timed out after )"
            R"(5.00 seconds"})");
  EXPECT_FALSE(other->done());
  EXPECT_TRUE(world->host.processes.at(0)->alive());

  const wire::Response late = post("req-1", "response");
  EXPECT_EQ(late.status, 410);
  EXPECT_EQ(late.body, "{\"errorMessage\":\"Invoke timeout\",\"errorType\":\"InvokeTimeout\"}\n");
  EXPECT_EQ(post("req-1", "response").status, 400);
  EXPECT_EQ(slow->answers, 1);
  EXPECT_EQ(post("req-2", "response", "\"in time\"").status, 202);
  EXPECT_EQ(other->payload(), "\"in time\"");
  EXPECT_EQ(world->host.processes_started, 1);
}

TEST_F(Managed, WhatIsPostedTwiceIsRefused) {
  make();
  const auto call = invoke();
  invoke();
  const std::string invalid =
      "{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}\n";
  EXPECT_EQ(post("other", "response").body, invalid);
  EXPECT_EQ(post("req-1", "response", "1").status, 202);
  EXPECT_EQ(post("req-1", "response", "2").body, invalid);
  EXPECT_EQ(post("req-1", "error", "{}").body, invalid);
  EXPECT_EQ(call->payload(), "1");
  EXPECT_EQ(call->answers, 1);
}

TEST_F(Managed, OversizedAndTruncatedResponsesFailTheirOwn) {
  make();
  const auto big = invoke();
  const auto cut = invoke();
  const auto odd = invoke();
  EXPECT_EQ(post("req-1", "response", std::string(6291557, 'x')).status, 413);
  EXPECT_EQ(post("req-2", "response", "{", 0, {{"Content-Length", "10"}}).status, 400);
  EXPECT_EQ(post("req-3", "response", "1", 0, {{"Lambda-Runtime-Function-Response-Mode", "odd"}}).status,
            400);
  EXPECT_NE(big->payload().find("Function.ResponseSizeTooLarge"), std::string::npos);
  EXPECT_NE(cut->payload().find("Runtime.TruncatedResponse"), std::string::npos);
  EXPECT_NE(odd->payload().find("Runtime.InvalidResponseModeHeader"), std::string::npos);
  EXPECT_TRUE(world->host.processes.at(0)->alive());
}

TEST_F(Managed, AProcessThatEndsFailsAllThatItRan) {
  make();
  const auto a = invoke();
  const auto b = invoke();
  world->settle();
  world->host.processes.at(0)->exit(3);
  world->settle();
  for (const auto& call : {a, b})
    EXPECT_NE(call->payload().find("Runtime exited with error: exit status 3"), std::string::npos);
  EXPECT_EQ(world->host.sandboxes, 0);
  invoke();
  world->settle();
  EXPECT_EQ(world->host.sandboxes_made, 2);
  EXPECT_EQ(workers->events.back().request_id, "req-3");
}

TEST_F(Managed, WhoseInitFailsIsToldAndNobodyTriesForEver) {
  make();
  world->host.start_delay = 10ms;
  world->host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto failing = process->fail_init(R"({"errorMessage":"no module"})", "Runtime.ImportModuleError");
    co_await std::move(failing);
    process->exit(1);
  };
  const auto a = invoke();
  const auto b = invoke();
  world->pass(1s);
  EXPECT_EQ(a->payload(), R"({"errorMessage":"no module"})");
  EXPECT_EQ(b->payload(), R"({"errorMessage":"no module"})");
  EXPECT_EQ(world->host.processes_started, 1);
  EXPECT_EQ(world->host.sandboxes, 0);
}

TEST_F(Managed, TheInitMayTakeLong) {
  make(2, 0);
  const auto call = invoke();
  world->pass(100s);
  EXPECT_FALSE(call->done());
  ask();
  post("req-1", "response");
  EXPECT_TRUE(call->done());
}

TEST_F(Managed, ItIsNeverFrozenAndAgesWhenItRunsNothing) {
  Options options;
  options.idle_timeout = 60s;
  make(2, 2, options);
  world->configuration.timeout_seconds = 900;
  version = world->version("1");
  invoke();
  world->pass(100s);
  EXPECT_EQ(world->host.freezes, 0);
  EXPECT_EQ(world->host.sandboxes, 1) << "busy";
  post("req-1", "response");
  world->pass(59s);
  EXPECT_EQ(world->host.sandboxes, 1);
  world->pass(2s);
  EXPECT_EQ(world->host.sandboxes, 0);
  EXPECT_EQ(world->host.freezes, 0);
}

TEST_F(Managed, ARetiredVersionFinishesWhatItRuns) {
  make(2, 2);
  const auto call = invoke();
  world->settle();
  world->runner->retire(*version);
  world->settle();
  EXPECT_EQ(world->host.sandboxes, 1);
  post("req-1", "response");
  EXPECT_TRUE(call->done());
  world->settle();
  EXPECT_EQ(world->host.sandboxes, 0);
}

TEST_F(Managed, AResetAnswersEverybody) {
  make(2, 2);
  const auto a = invoke();
  const auto b = invoke();
  const auto c = invoke();
  world->settle();
  world->tasks.spawn("reset", world->runner->reset());
  world->settle();
  for (const auto& call : {a, b, c}) {
    ASSERT_TRUE(call->done());
    EXPECT_EQ(call->error().shape->status, 500);
  }
  EXPECT_EQ(world->host.sandboxes, 0);
}

TEST_F(Managed, ScalingSaysHowManyThereAre) {
  make(1, 1);
  world->runner->scale(version, {.least = 2, .most = 2});
  world->settle();
  EXPECT_EQ(world->host.sandboxes, 2) << "before the first invocation";
  const auto a = invoke();
  const auto b = invoke();
  const auto c = invoke();
  ASSERT_TRUE(c->done());
  EXPECT_EQ(c->error().shape->status, 429);
  EXPECT_EQ(world->host.sandboxes_made, 2);
  world->runner->scale(version, {.least = 1, .most = 3});
  const auto d = invoke();
  EXPECT_FALSE(d->done());
  world->settle();
  EXPECT_EQ(world->host.sandboxes, 3);
  world->runner->scale(version, {.least = 0, .most = 0});
  for (const std::string id : {"req-1", "req-2", "req-4"})
    for (std::size_t process = 0; process < 3; ++process) post(id, "response", "1", process);
  world->settle();
  EXPECT_TRUE(a->done() && b->done() && d->done());
  EXPECT_EQ(world->host.sandboxes, 0);
  EXPECT_EQ(invoke()->error().shape->status, 429);
}

TEST_F(Managed, WhatIsKeptIsMadeAgainUnlessItsInitFails) {
  Options options;
  options.idle_timeout = 10s;
  make(1, 1, options);
  world->runner->scale(version, {.least = 1, .most = 2});
  world->pass(60s);
  EXPECT_EQ(world->host.sandboxes, 1) << "it does not age";
  world->host.processes.at(0)->exit(1);
  world->settle();
  EXPECT_EQ(world->host.sandboxes, 1);
  EXPECT_EQ(world->host.sandboxes_made, 2);
  world->host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    process->exit(1);
    co_return;
  };
  world->host.processes.at(1)->exit(1);
  world->pass(10s);
  EXPECT_EQ(world->host.sandboxes, 0);
  EXPECT_EQ(world->host.sandboxes_made, 3);
}

TEST_F(Managed, ARuntimeThatEndedIsPassedOver) {
  make(2, 2);
  invoke();
  world->settle();
  // The second runtime's connection is the process's, as the first one's was.
  world->host.endpoints.gone.insert(world->host.processes.at(0)->connection);
  invoke();
  world->settle();
  EXPECT_EQ(world->host.sandboxes_made, 2);
}

TEST_F(Managed, ExtensionsAreNotToldOfInvocations) {
  make(2, 2);
  std::vector<wire::Response> answers;
  const Program runtimes = world->host.program;
  world->host.program = [&](std::shared_ptr<FakeProcess> process) -> Task<> {
    return registering(process, world->host.tasks, answers, runtimes);
  };
  const auto call = invoke();
  world->settle();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].status, 403);
  EXPECT_EQ(answers[0].body,
            "{\"errorMessage\":\"No events allowed for internal "
            "extensions\",\"errorType\":\"Extension.InvalidEventType\"}\n");
  EXPECT_EQ(answers[1].status, 200);
  post("req-1", "response");
  EXPECT_TRUE(call->done());
}

TEST_F(Managed, ExtensionsAreToldOfTheEnd) {
  make(2, 2);
  add_layer();
  const auto seen = world->add({.name = "ext", .events = R"(["SHUTDOWN"])", .after_registering = 1s});
  const auto first = invoke();
  const auto second = invoke();
  world->pass(900ms);
  EXPECT_TRUE(workers->events.empty()) << "init ends when the extension is ready too";
  world->pass(200ms);
  EXPECT_EQ(workers->events.size(), 2U);
  const std::size_t process = world->host.processes.size() - 1;
  post("req-1", "response", "1", process);
  post("req-2", "response", "2", process);
  EXPECT_TRUE(first->done() && second->done());
  EXPECT_TRUE(seen->events.empty());
  world->end_all();
  ASSERT_EQ(seen->events.size(), 1U);
  EXPECT_NE(seen->events[0].find("SHUTDOWN"), std::string::npos);
}

TEST_F(Managed, AnExtensionCannotAskForInvocations) {
  make(2, 2);
  add_layer();
  wire::Response answer;
  world->host.extensions["ext"] = [&answer](std::shared_ptr<FakeProcess> process) {
    return asking_for_invocations(process, answer);
  };
  const auto call = invoke();
  world->pass(3s);
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body,
            "{\"errorMessage\":\"INVOKE: InvalidEventType\",\"errorType\":\"Extension.InvalidEventType\"}\n");
  ASSERT_TRUE(call->done()) << "it left, and so the init failed";
  EXPECT_EQ(call->outcome().function_error, "Unhandled");
}

TEST_F(Managed, AnExtensionThatEndsFailsAllThatRuns) {
  make(2, 2);
  add_layer();
  world->add({.name = "ext", .events = R"(["SHUTDOWN"])"});
  const auto a = invoke();
  const auto b = invoke();
  world->settle();
  world->host.extension_processes.at(0)->exit(1);
  world->pass(3s);
  for (const auto& call : {a, b}) {
    ASSERT_TRUE(call->done());
    EXPECT_NE(call->payload().find("Extension.Crash"), std::string::npos) << call->payload();
  }
  EXPECT_EQ(world->host.sandboxes, 0);
}

TEST_F(Managed, TelemetryTellsOfEachInvocation) {
  make(2, 2);
  add_layer();
  world->add({.name = "ext",
              .events = R"(["SHUTDOWN"])",
              .subscription =
                  R"({"schemaVersion":"2022-12-13","types":["platform"],"buffering":{"timeoutMs":25},)"
                  R"("destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:8080"}})"});
  invoke();
  invoke();
  world->settle();
  post("req-2", "response");
  post("req-1", "error", "{}");
  world->pass(1s);
  std::vector<std::string> told;
  for (const auto& [port, batch] : world->host.endpoints.batches)
    for (const OrderedJson& event : OrderedJson::parse(batch))
      if (event["record"].contains("requestId"))
        told.push_back(event["type"].get<std::string>() + ' ' +
                       event["record"]["requestId"].get<std::string>());
  EXPECT_EQ(told, (std::vector<std::string>{"platform.start req-1", "platform.start req-2",
                                            "platform.runtimeDone req-2", "platform.report req-2",
                                            "platform.runtimeDone req-1", "platform.report req-1"}));
}

// What is written while others write too is told apart by the request id that stands in it.
TEST_F(Managed, TheEndOfItsLogIsAnInvocationsOwn) {
  make();
  KeptLog log;
  world->runner->add_sink(log);
  const auto a = invoke(true);
  const auto b = invoke(true);
  world->settle();
  const auto& process = world->host.processes.at(0);
  process->print("{\"level\":\"INFO\",\"requestId\":\"req-2\",\"message\":\"of b\"}\n");
  process->print("{\"level\":\"INFO\",\"requestId\":\"req-1\",\"message\":\"of a\"}\nplain\n");
  post("req-1", "response");
  post("req-2", "response");
  const std::string& tail = a->outcome().log_tail;
  EXPECT_NE(tail.find("of a"), std::string::npos);
  EXPECT_EQ(tail.find("of b"), std::string::npos);
  EXPECT_EQ(tail.find("plain"), std::string::npos);
  EXPECT_NE(tail.find("platform.start"), std::string::npos);
  EXPECT_NE(tail.find("platform.report"), std::string::npos);
  EXPECT_NE(b->outcome().log_tail.find("of b"), std::string::npos);
  EXPECT_NE(log.text.find("plain"), std::string::npos) << "the log has it";
  EXPECT_NE(log.text.find(R"("initializationType":"lambda-managed-instances")"), std::string::npos);
  EXPECT_NE(log.text.find("platform.initReport"), std::string::npos);
  world->runner->remove_sink(log);
}

TEST_F(Managed, EachInvocationIsCounted) {
  make();
  KeptRecords kept;
  world->runner->add_observer(kept);
  invoke();
  invoke();
  world->settle();
  post("req-1", "response");
  world->pass(5s);
  ASSERT_EQ(kept.records.size(), 2U);
  EXPECT_EQ(kept.records[0].end, execution::InvocationEnd::Success);
  EXPECT_EQ(kept.records[1].error_type, "Sandbox.Timedout");
  world->runner->remove_observer(kept);
}

// A runtime that asks for more while it works, as Node's worker threads do.
TEST_F(Managed, ARuntimeMayTakeSeveral) {
  again = true;
  make(3, 1);
  for (int i = 0; i < 4; ++i) invoke();
  world->settle();
  EXPECT_EQ(world->host.sandboxes_made, 2) << "three in one, the fourth in another";
  EXPECT_EQ(workers->events.size(), 4U);
}

}  // namespace
}  // namespace aviary::testing
