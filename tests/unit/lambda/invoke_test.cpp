#include <gmock/gmock.h>

#include <map>

#include "base/encoding.hpp"
#include "models/lambda.hpp"
#include "service_fixture.hpp"

namespace aviary::lambda {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Invokes : public ServiceFixture {
 protected:
  void canary(double weight) {
    publish("f", 2);
    answer("CreateAlias", {{"FunctionName", "f"},
                           {"Name", "prod"},
                           {"FunctionVersion", "1"},
                           {"RoutingConfig", {{"AdditionalVersionWeights", {{"2", weight}}}}}});
  }
  Result<Reply> send(std::string type, std::string payload = "{}") {
    return call("Invoke", {{"FunctionName", "f"}, {"InvocationType", std::move(type)}},
                {.payload = std::move(payload)});
  }
  static Outcome failure() { return {.payload = R"({"errorMessage":"no"})", .function_error = "Unhandled"}; }
};

TEST_F(Invokes, WhatIsDrawnIsWhatRunsAndWhatIsSaid) {
  canary(0.1);
  std::map<std::string, int> said;
  for (int i = 0; i < 1000; ++i) {
    const Result<Reply> reply = call("Invoke", {{"FunctionName", "f"}, {"Qualifier", "prod"}});
    ASSERT_TRUE(reply);
    const std::string version = reply->output["ExecutedVersion"];
    EXPECT_EQ(reply->payload, "\"" + version + "\"");
    ++said[version];
  }
  EXPECT_GT(split_p_value(static_cast<std::uint64_t>(said["2"]), 1000, 0.1), 0.001) << said["2"];
  const Json report = service_->routes("f:prod");
  EXPECT_EQ(report["aliases"][0]["versions"][1]["count"], said["2"]);
  EXPECT_EQ(report["aliases"][0]["plausible"], true);
}

TEST_F(Invokes, OneSeedGivesOneRun) {
  canary(0.5);
  const auto run = [&](bool disturbed) {
    router_ = SeededRandom(42, "router");
    std::string versions;
    for (int i = 0; i < 50; ++i) {
      // Invokes that name a version or nothing never draw, and neither does a refused one.
      if (disturbed) {
        invoke("f:1");
        invoke("f");
        refusal("Invoke", {{"FunctionName", "f:prod"}}, {.payload = "{"});
        call("Invoke", {{"FunctionName", "f:prod"}, {"InvocationType", "DryRun"}});
      }
      versions += invoke("f:prod");
    }
    return versions;
  };
  EXPECT_EQ(run(false), run(true));
}

TEST_F(Invokes, ExactSharesAndOverridesPerAlias) {
  canary(0.1);
  answer("CreateAlias", {{"FunctionName", "f"}, {"Name", "other"}, {"FunctionVersion", "2"}});
  const Scope scope{.account = "123456789012", .region = "us-east-1"};
  ASSERT_TRUE(service_->set_router(scope, "f:prod", parse_router_settings("exact")));
  EXPECT_FALSE(service_->set_router(scope, "f:nope", parse_router_settings("exact")));
  for (int round = 0; round < 3; ++round) {
    int canaries = 0;
    for (int i = 0; i < 100; ++i) {
      canaries += invoke("f:prod") == "2";
      invoke("f:other");
    }
    EXPECT_EQ(canaries, 10);
  }
}

TEST_F(Invokes, StickyCustomersMeetOneVersion) {
  start({.store = {.router = *parse_router_settings("sticky=payload:/customer/id")}});
  canary(0.5);
  std::map<std::string, std::set<std::string>> seen;
  for (int i = 0; i < 200; ++i) {
    const std::string customer = std::to_string(i % 20);
    seen[customer].insert(invoke("f:prod", {.payload = R"({"customer":{"id":)" + customer + "}}"}));
  }
  std::set<std::string> all;
  for (const auto& [customer, versions] : seen) {
    EXPECT_EQ(versions.size(), 1U) << customer;
    all.insert(versions.begin(), versions.end());
  }
  EXPECT_EQ(all.size(), 2U);

  ASSERT_TRUE(service_->set_router({"123456789012", "us-east-1"}, "f:prod",
                                   parse_router_settings("sticky=header:x-user")));
  const std::string version = invoke("f:prod", {.headers = {{"X-User", "ann"}}});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(invoke("f:prod", {.headers = {{"X-User", "ann"}}}), version);

  ASSERT_TRUE(service_->set_router({"123456789012", "us-east-1"}, "f:prod",
                                   parse_router_settings("sticky=context:/custom/id")));
  const Json input{{"FunctionName", "f:prod"},
                   {"ClientContext", base64_encode(R"({"custom":{"id":"ann"}})")}};
  const Json first = answer("Invoke", input)["ExecutedVersion"];
  for (int i = 0; i < 20; ++i) EXPECT_EQ(answer("Invoke", input)["ExecutedVersion"], first);
}

TEST_F(Invokes, AHeaderForcesAVersionOfTheAlias) {
  canary(0.1);
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(invoke("f:prod", {.headers = {{"x-aviary-force-version", "2"}}}), "2");
  EXPECT_EQ(invoke("f:prod", {.headers = {{"x-aviary-force-version", "1"}}}), "1");
  const Refusal refused =
      refusal("Invoke", {{"FunctionName", "f:prod"}}, {.headers = {{"x-aviary-force-version", "3"}}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_TRUE(service_->routes("f:prod")["aliases"].empty()) << "forced invokes say nothing about the split";
}

TEST_F(Invokes, TheRunnerGetsWhatTheCallerSent) {
  canary(0.0);
  const std::string context = R"({"client":{"installation_id":"1"}})";
  call("Invoke",
       {{"FunctionName", "f"},
        {"Qualifier", "prod"},
        {"ClientContext", base64_encode(context)},
        {"LogType", "Tail"}},
       {.payload = " {\"a\" : 1} ", .headers = {{"x-amzn-trace-id", "Root=1-2-3"}}});
  call("Invoke", {{"FunctionName", arn("f")}});
  ASSERT_EQ(runner_.runs.size(), 2U);
  EXPECT_EQ(runner_.runs[0].payload, " {\"a\" : 1} ") << "white space included";
  EXPECT_EQ(runner_.runs[0].client_context, context);
  EXPECT_THAT(runner_.runs[0].trace_id, ::testing::MatchesRegex("Root=1-2-3;Lineage=[0-9a-f]{8}:1"));
  EXPECT_TRUE(runner_.runs[0].tail_log);
  EXPECT_EQ(runner_.runs[0].invoked_arn, arn("f:prod")) << "qualified exactly as the caller qualified it";
  EXPECT_EQ(runner_.runs[1].payload, "{}");
  EXPECT_EQ(runner_.runs[1].invoked_arn, arn("f"));
  EXPECT_THAT(
      runner_.runs[1].trace_id,
      ::testing::MatchesRegex("Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Lineage=[0-9a-f]{8}:1"));
}

TEST_F(Invokes, AFailingFunctionIsASuccessfulInvoke) {
  answer("CreateFunction", new_function("f"));
  runner_.answer = [](const Invocation&) {
    Outcome outcome = failure();
    outcome.log_tail = "START\nEND\n";
    return outcome;
  };
  const Result<Reply> reply = call("Invoke", {{"FunctionName", "f"}, {"LogType", "Tail"}});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->output, (Json{{"ExecutedVersion", "$LATEST"},
                                 {"FunctionError", "Unhandled"},
                                 {"LogResult", base64_encode("START\nEND\n")}}));
  EXPECT_EQ(reply->payload, R"({"errorMessage":"no"})");
  runner_.answer = [](const Invocation&) -> Result<Outcome> {
    AwsError error(models::lambda::errors::TooManyRequestsException, "Rate Exceeded.");
    error.members.emplace_back("Reason", "ConcurrentInvocationLimitExceeded");
    return error;
  };
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}}),
            (Refusal{"TooManyRequestsException", 429, "Rate Exceeded."}));
}

TEST_F(Invokes, PayloadsAreCheckedAsRecorded) {
  answer("CreateFunction", new_function("f"));
  const auto refused = [&](std::string type, std::string payload) {
    return refusal("Invoke", {{"FunctionName", "f"}, {"InvocationType", std::move(type)}},
                   {.payload = std::move(payload)});
  };
  const Refusal unparsable = refused("RequestResponse", "hello");
  EXPECT_EQ(unparsable.code, "InvalidRequestContentException");
  EXPECT_EQ(unparsable.status, 400);
  EXPECT_THAT(unparsable.message,
              ::testing::StartsWith("Could not parse request body into json: Could not parse payload "
                                    "into json: Unrecognized token 'hello': was expecting "));
  EXPECT_EQ(refused("RequestResponse", std::string(6291457, ' ')),
            (Refusal{"RequestEntityTooLargeException", 413,
                     "Request must be smaller than 6291456 bytes for the InvokeFunction operation"}));
  EXPECT_EQ(
      refused("Event", std::string(1048577, ' ')),
      (Refusal{"RequestEntityTooLargeException", 413,
               "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"}));
  EXPECT_EQ(refused("RequestResponse", "\"" + std::string(6291454, 'x') + "\"").code, "none");
  const Json context{{"FunctionName", "f"}, {"ClientContext", "{}"}};
  EXPECT_EQ(refusal("Invoke", context).message, "Client context must be a valid Base64-encoded JSON object.");
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}, {"ClientContext", std::string(3584, 'A')}}).status,
            400);
}

TEST_F(Invokes, DryRunsRunNothing) {
  answer("CreateFunction", new_function("f"));
  const Result<Reply> reply = send("DryRun");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 204);
  EXPECT_TRUE(reply->output.empty());
  EXPECT_TRUE(runner_.runs.empty());
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f:1"}, {"InvocationType", "DryRun"}}), missing("f:1"));
}

TEST_F(Invokes, EventsAreAcceptedAndRunLater) {
  answer("CreateFunction", new_function("f"));
  const Result<Reply> reply = call("Invoke",
                                   {{"FunctionName", "f"},
                                    {"InvocationType", "Event"},
                                    {"ClientContext", base64_encode(R"({"client":{}})")}},
                                   {.payload = R"({"n":1})"});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 202);
  EXPECT_TRUE(reply->output.empty());
  settle();
  ASSERT_EQ(runner_.runs.size(), 1U);
  EXPECT_EQ(runner_.runs[0].payload, R"({"n":1})");
  EXPECT_EQ(runner_.runs[0].client_context, "") << "it goes with calls that wait only";
  EXPECT_EQ(service_->counts()["pending_events"], 0);
  call("InvokeAsync", {{"FunctionName", "f"}}, {.payload = "{}"});
  settle();
  EXPECT_EQ(runner_.runs.size(), 2U);
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "g"}, {"InvocationType", "Event"}}), missing("g:$LATEST"));
}

TEST_F(Invokes, FailedEventsAreTriedThreeTimes) {
  answer("CreateFunction", new_function("f"));
  runner_.answer = [](const Invocation&) { return failure(); };
  send("Event");
  settle();
  const auto runs_after = [&](Duration wait) {
    clock_.advance(wait);
    settle();
    return runner_.runs.size();
  };
  EXPECT_EQ(runner_.runs.size(), 1U);
  EXPECT_EQ(runs_after(59s), 1U);
  EXPECT_EQ(runs_after(1s), 2U) << "after one minute";
  answer("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", "PK two"}});
  EXPECT_EQ(runs_after(119s), 2U);
  EXPECT_EQ(runs_after(1s), 3U) << "after two more";
  EXPECT_EQ(runs_after(1h), 3U);
  EXPECT_EQ(service_->counts()["pending_events"], 0);
  EXPECT_EQ(runner_.runs[0].request_id, runner_.runs[2].request_id);
  EXPECT_NE(runner_.runs[0].version->serial, runner_.runs[2].version->serial) << "the code of now";
}

TEST_F(Invokes, ThrottledEventsWaitForTheirTurn) {
  answer("CreateFunction", new_function("f"));
  int throttled = 0;
  runner_.answer = [&](const Invocation&) -> Result<Outcome> {
    ++throttled;
    return AwsError(models::lambda::errors::TooManyRequestsException, "Rate Exceeded.");
  };
  send("Event");
  for (int i = 0; i < 7 * 60; ++i) {
    settle();
    clock_.advance(1min);
  }
  settle();
  EXPECT_GT(throttled, 60);
  EXPECT_LT(throttled, 100) << "six hours, at most five minutes apart";
  EXPECT_EQ(service_->counts()["pending_events"], 0) << "dropped after six hours";
}

TEST_F(Invokes, AcceptedEventsSurviveARestart) {
  answer("CreateFunction", new_function("f"));
  runner_.answer = [](const Invocation&) { return failure(); };
  send("Event", R"({"n":1})");
  settle();
  restart();
  ASSERT_EQ(runner_.runs.size(), 2U) << "taken up at once";
  EXPECT_EQ(runner_.runs[1].payload, R"({"n":1})");
  EXPECT_EQ(runner_.runs[1].request_id, runner_.runs[0].request_id);
  runner_.answer = [](const Invocation&) { return Outcome{.payload = "null"}; };
  clock_.advance(2min);
  settle();
  EXPECT_EQ(runner_.runs.size(), 3U);
  restart();
  EXPECT_EQ(runner_.runs.size(), 3U);
}

TEST_F(Invokes, AResetForgetsEverything) {
  canary(0.5);
  invoke("f:prod");
  runner_.answer = [](const Invocation&) { return failure(); };
  send("Event");
  settle();
  runner_.retired.clear();
  service_->reset();
  journal_.clear();
  settle();
  EXPECT_EQ(clock_.timers(), 0U);
  EXPECT_EQ(runner_.retired.size(), 3U);
  EXPECT_EQ(service_->counts(),
            (Json{{"functions", 0}, {"versions", 0}, {"aliases", 0}, {"pending_events", 0}}));
  EXPECT_TRUE(service_->routes("")["decisions"].empty());
  EXPECT_EQ(refusal("GetFunction", {{"FunctionName", "f"}}), missing("f"));
  publish("f", 1);
  EXPECT_EQ(invoke("f:1"), "1");
}

}  // namespace
}  // namespace aviary::lambda
