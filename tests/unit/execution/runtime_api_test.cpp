#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "world.hpp"

/// The Runtime API as a runtime meets it. Expected answers: AWS's runtime interface emulator (rapi/rendering,
/// rapi/handler, rapi/middleware).
namespace aviary::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* accepted = "{\"status\":\"OK\"}\n";

struct Seen {
  std::vector<FakeEvent> events;
  std::vector<wire::Response> answers;
};

TEST(RuntimeApi, NextCarriesEverythingThatIsThere) {
  World world;
  auto seen = std::make_shared<Seen>();
  world.host.program = [seen](std::shared_ptr<FakeProcess> process) -> Task<> {
    for (;;) {
      auto asking = process->next();
      FakeEvent event = co_await std::move(asking);
      seen->events.push_back(event);
      auto answering = process->respond(event.request_id, "1");
      co_await std::move(answering);
    }
  };
  lambda::Invocation invocation;
  invocation.request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
  invocation.version = world.version();
  invocation.invoked_arn = "arn:aws:lambda:us-east-1:123456789012:function:fun:live";
  invocation.payload = " {\"a\": 1} ";
  invocation.client_context = R"({"custom":{}})";
  invocation.cognito_identity = R"({"cognitoIdentityId":"a","cognitoIdentityPoolId":"b"})";
  invocation.trace_id = "Root=1-2-3";
  const auto version = invocation.version;
  const auto call = world.invoke(invocation);
  ASSERT_TRUE(call->done());
  ASSERT_EQ(seen->events.size(), 1U);
  const FakeEvent& event = seen->events[0];
  EXPECT_EQ(event.answer.status, 200);
  EXPECT_EQ(event.answer.body, " {\"a\": 1} ") << "byte for byte";
  EXPECT_EQ(event.header("Content-Type"), "application/json");
  EXPECT_EQ(event.header("Lambda-Runtime-Aws-Request-Id"), "8476a536-e9f4-11e8-9739-2dfe598c3fcd");
  EXPECT_EQ(event.header("Lambda-Runtime-Invoked-Function-Arn"), invocation.invoked_arn);
  EXPECT_EQ(event.header("Lambda-Runtime-Client-Context"), invocation.client_context);
  EXPECT_EQ(event.header("Lambda-Runtime-Cognito-Identity"), invocation.cognito_identity);
  EXPECT_EQ(event.header("Lambda-Runtime-Trace-Id"), "Root=1-2-3");
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(world.clock.now().time_since_epoch());
  EXPECT_EQ(event.header("Lambda-Runtime-Deadline-Ms"), std::to_string(now.count() + 3000));

  world.invoke(version);
  ASSERT_EQ(seen->events.size(), 2U);
  EXPECT_EQ(seen->events[1].answer.headers.size(), 4U) << "empty ones are left out";
}

/// One invocation during which the program makes calls of its own, and keeps the answers.
class RuntimeApiCalls : public ::testing::Test {
 protected:
  using Steps = std::function<Task<>(std::shared_ptr<FakeProcess>, std::string, std::shared_ptr<Seen>)>;

  World::CallPtr during(Steps steps) {
    auto kept = seen;
    world.host.program = [kept, steps](std::shared_ptr<FakeProcess> process) -> Task<> {
      for (;;) {
        auto asking = process->next();
        FakeEvent event = co_await std::move(asking);
        kept->events.push_back(event);
        auto running = steps(process, event.request_id, kept);
        co_await std::move(running);
      }
    };
    version = world.version();
    return world.invoke(version);
  }

  World world;
  std::shared_ptr<Seen> seen = std::make_shared<Seen>();
  lambda::VersionHandle version;
};

#define KEEP(expression)                                 \
  {                                                      \
    auto calling = expression;                           \
    wire::Response answer = co_await std::move(calling); \
    seen->answers.push_back(answer);                     \
  }

TEST_F(RuntimeApiCalls, AnAnswerIsAccepted) {
  const auto call =
      during([](auto process, auto id, auto seen) -> Task<> { KEEP(process->respond(id, "[1]")); });
  ASSERT_TRUE(call->done());
  EXPECT_EQ(seen->answers.at(0).status, 202);
  EXPECT_EQ(seen->answers.at(0).body, accepted);
  EXPECT_EQ(call->payload(), "[1]");
  EXPECT_EQ(call->outcome().function_error, "");
}

TEST_F(RuntimeApiCalls, AWrongIdIsRefusedAndHarmsNothing) {
  const auto call = during([](auto process, auto id, auto seen) -> Task<> {
    KEEP(process->respond("not-" + id, "1"));
    KEEP(process->fail("", "1"));
    KEEP(process->respond(id, "2"));
  });
  for (const int i : {0, 1}) {
    EXPECT_EQ(seen->answers.at(i).status, 400);
    EXPECT_EQ(seen->answers.at(i).body,
              "{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}\n");
  }
  EXPECT_EQ(call->payload(), "2");
}

TEST_F(RuntimeApiCalls, TheIdOfAFinishedInvocationIsWrong) {
  during([](auto process, auto id, auto seen) -> Task<> {
    if (seen->events.size() == 2) KEEP(process->respond(seen->events[0].request_id, "late"));
    KEEP(process->respond(id, "\"" + id + "\""));
  });
  const auto second = world.invoke(version);
  EXPECT_EQ(seen->answers.at(1).status, 400);
  EXPECT_EQ(second->payload(), "\"req-2\"");
}

TEST_F(RuntimeApiCalls, ASecondAnswerIsRefused) {
  const auto call = during([](auto process, auto id, auto seen) -> Task<> {
    KEEP(process->respond(id, "1"));
    KEEP(process->respond(id, "2"));
    KEEP(process->fail(id, "3"));
  });
  EXPECT_EQ(seen->answers.at(1).status, 403);
  EXPECT_EQ(seen->answers.at(1).body,
            "{\"errorMessage\":\"State transition from RuntimeResponseSentState to InvocationResponse failed "
            "for runtime. "
            "Error: State transition is not allowed\",\"errorType\":\"InvalidStateTransition\"}\n");
  EXPECT_THAT(seen->answers.at(2).body, HasSubstr("to InvocationErrorResponse failed"));
  EXPECT_EQ(call->payload(), "1");
  EXPECT_EQ(call->answers, 1);
}

TEST_F(RuntimeApiCalls, InitErrorAfterNextIsRefused) {
  const auto call = during([](auto process, auto id, auto seen) -> Task<> {
    KEEP(process->fail_init("{}", "Runtime.Late"));
    KEEP(process->respond(id, "1"));
  });
  EXPECT_EQ(seen->answers.at(0).status, 403);
  EXPECT_THAT(seen->answers.at(0).body,
              HasSubstr("State transition from Running to InitError failed for runtime."));
  EXPECT_EQ(call->payload(), "1");
}

TEST_F(RuntimeApiCalls, AResponseThatIsTooLargeEndsTheInvocationButNotTheEnvironment) {
  const auto call = during([](auto process, auto id, auto seen) -> Task<> {
    KEEP(process->respond(id, std::string(seen->events.size() == 1 ? 6291557 : 6291556, 'x')));
  });
  EXPECT_EQ(seen->answers.at(0).status, 413);
  EXPECT_EQ(seen->answers.at(0).body,
            "{\"errorMessage\":\"Exceeded maximum allowed payload size (6291556 bytes).\",\"errorType\":"
            "\"RequestEntityTooLarge\"}\n");
  EXPECT_EQ(call->outcome().function_error, "Unhandled");
  EXPECT_EQ(
      call->payload(),
      "{\"errorMessage\":\"Response payload size exceeded maximum allowed payload size (6291556 bytes).\","
      "\"errorType\":\"Function.ResponseSizeTooLarge\"}");
  const auto next = world.invoke(version);
  EXPECT_EQ(next->payload().size(), 6291556U);
  EXPECT_EQ(world.host.processes_started, 1);
}

TEST_F(RuntimeApiCalls, AHandlersErrorIsPassedOnUntouched) {
  const auto call = during([](auto process, auto id, auto seen) -> Task<> {
    Headers headers{{"Lambda-Runtime-Function-Error-Type", "Exception"},
                    {"Content-Type", "application/json"}};
    KEEP(process->fail(id, "{\"errorMessage\": \"msg\",  \"errorType\": \"Exception\"}", headers));
  });
  EXPECT_EQ(seen->answers.at(0).body, accepted);
  EXPECT_EQ(call->payload(), "{\"errorMessage\": \"msg\",  \"errorType\": \"Exception\"}");
  EXPECT_EQ(call->outcome().function_error, "Unhandled");
  world.invoke(version);
  EXPECT_EQ(world.host.processes_started, 1) << "globals survive a handler's error";
}

TEST_F(RuntimeApiCalls, AnEmbeddedErrorCauseIsNotShownToTheCaller) {
  const auto call = during([](auto process, auto id, auto seen) -> Task<> {
    Headers headers{{"Content-Type", "application/vnd.aws.lambda.error.cause+json"}};
    if (seen->events.size() == 1)
      KEEP(process->fail(
          id, R"({"errorCause":{"x":1},"errorType":"T","errorMessage":"m","stackTrace":["a"]})", headers))
    else
      KEEP(process->fail(id, "not json", headers));
  });
  EXPECT_EQ(call->payload(), R"({"errorMessage":"m","errorType":"T","stackTrace":["a"]})");
  EXPECT_EQ(world.invoke(version)->payload(), "\"Invalid error body\"");
}

TEST_F(RuntimeApiCalls, AnUnknownResponseModeFailsTheInvocation) {
  const auto call = during([](auto process, auto id, auto seen) -> Task<> {
    Headers headers{{"Lambda-Runtime-Function-Response-Mode", "buffered"}};
    KEEP(process->respond(id, "1", headers));
  });
  EXPECT_EQ(seen->answers.at(0).status, 400);
  EXPECT_THAT(seen->answers.at(0).body, HasSubstr("\"errorType\":\"InvalidFunctionResponseMode\""));
  EXPECT_THAT(call->payload(), HasSubstr("Runtime.InvalidResponseModeHeader"));
}

TEST_F(RuntimeApiCalls, ATruncatedBodyFailsTheInvocation) {
  const auto call = during([](auto process, auto id, auto seen) -> Task<> {
    Headers headers{{"Content-Length", "10"}};
    KEEP(process->respond(id, "12345", headers));
  });
  EXPECT_EQ(seen->answers.at(0).status, 400);
  EXPECT_EQ(
      seen->answers.at(0).body,
      "{\"errorMessage\":\"HTTP request detected as truncated\",\"errorType\":\"TruncatedHTTPRequest\"}\n");
  EXPECT_THAT(call->payload(), HasSubstr("Runtime.TruncatedResponse"));
}

TEST_F(RuntimeApiCalls, AStreamedResponseIsCollectedPreludeAndAll) {
  const std::string body("{\"statusCode\":200}\0\0\0\0\0\0\0\0hello", 31);
  const auto call = during([body](auto process, auto id, auto seen) -> Task<> {
    Headers headers{{"Lambda-Runtime-Function-Response-Mode", "streaming"},
                    {"Content-Type", "application/vnd.awslambda.http-integration-response"}};
    KEEP(process->respond(id, body, headers));
  });
  EXPECT_EQ(call->payload(), body);
  EXPECT_EQ(call->outcome().function_error, "");
}

TEST_F(RuntimeApiCalls, AnErrorInTheTrailersIsTheOutcomeOfABufferedInvoke) {
  const auto call = during([](auto process, auto id, auto seen) -> Task<> {
    Headers headers{{"Lambda-Runtime-Function-Response-Mode", "streaming"}};
    process->trailers = {{"Lambda-Runtime-Function-Error-Type", "Error"},
                         {"lambda-runtime-function-error-body", base64_encode(R"({"errorType":"Error"})")}};
    KEEP(process->respond(id, "half", headers));
  });
  EXPECT_EQ(call->payload(), R"({"errorType":"Error"})");
  EXPECT_EQ(call->outcome().function_error, "Unhandled");
}

TEST_F(RuntimeApiCalls, NextWhileRunningGivesTheSameEventAgain) {
  const auto call = during([](auto process, auto id, auto seen) -> Task<> {
    auto asking = process->next();
    FakeEvent again = co_await std::move(asking);
    seen->events.push_back(again);
    KEEP(process->respond(id, again.answer.body));
  });
  ASSERT_EQ(seen->events.size(), 2U);
  EXPECT_EQ(seen->events[1].request_id, seen->events[0].request_id);
  EXPECT_EQ(call->payload(), "{}");
}

TEST_F(RuntimeApiCalls, OtherPathsAndMethods) {
  during([](auto process, auto id, auto seen) -> Task<> {
    KEEP(process->call("GET", "/2018-06-01/ping"));
    KEEP(process->call("GET", "/2018-06-01/runtime/nothing"));
    KEEP(process->call("POST", "/2018-06-01/runtime/invocation/next"));
    KEEP(process->call("GET", "/2018-06-01/runtime/invocation/" + id + "/response"));
    KEEP(process->call("GET", "/somewhere"));
    KEEP(process->respond(id, "1"));
  });
  EXPECT_EQ(seen->answers.at(0).status, 200);
  EXPECT_EQ(seen->answers.at(0).body, "pong");
  EXPECT_EQ(seen->answers.at(1).status, 404);
  EXPECT_EQ(seen->answers.at(2).status, 405);
  EXPECT_EQ(seen->answers.at(3).status, 405);
  EXPECT_EQ(seen->answers.at(4).status, 404);
}

TEST_F(RuntimeApiCalls, AnotherEnvironmentsProcessGetsNothing) {
  world.host.foreign_connections = true;
  const auto call = during([](auto process, auto, auto) -> Task<> {
    auto sleeping = process->sleep(1s);
    co_await std::move(sleeping);
  });
  EXPECT_FALSE(call->done());
  ASSERT_GE(seen->events.size(), 1U);
  EXPECT_EQ(seen->events[0].answer.status, 403);
  EXPECT_EQ(seen->events[0].request_id, "");
  world.pass(30s);
}

TEST(RuntimeApi, WhoseAConnectionIsIsAskedOnce) {
  World world;
  world.host.program = echo;
  const auto version = world.version();
  for (int i = 0; i < 5; ++i) world.invoke(version);
  EXPECT_EQ(world.host.ownership_checks, 1);
}

TEST(RuntimeApi, AConnectionWithoutANameIsAskedAboutEachTime) {
  World world;
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    process->connection = 0;
    auto running = echo(process);
    co_await std::move(running);
  };
  world.invoke(world.version());
  EXPECT_EQ(world.host.ownership_checks, 3) << "next, response, next";
}

TEST(RuntimeApi, TheSameBeforeAnyEvent) {
  World world;
  auto seen = std::make_shared<Seen>();
  world.host.program = [seen](std::shared_ptr<FakeProcess> process) -> Task<> {
    KEEP(process->respond("req-1", "too early"));
    auto running = echo(process);
    co_await std::move(running);
  };
  const auto call = world.invoke(world.version(), "7");
  EXPECT_EQ(seen->answers.at(0).status, 400);
  EXPECT_EQ(call->payload(), "7");
}

TEST(RuntimeApi, ALargeEventIsMovedNotKept) {
  World world;
  world.host.program = echo;
  const auto call = world.invoke(world.version(), std::string(6 << 20, 'x'));
  EXPECT_EQ(call->payload().size(), 6U << 20);
}

}  // namespace
}  // namespace aviary::testing
