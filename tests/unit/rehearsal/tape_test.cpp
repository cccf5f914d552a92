#include "rehearsal/tape.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "ports/simulated_time.hpp"

namespace aviary::rehearsal {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// Version 5 answers with the event; version 6 does too, but fails for `{"bad":true}` and adds a time stamp.
class TwoVersions final : public lambda::FunctionRunner {
 public:
  Task<Result<lambda::Outcome>> run(lambda::Invocation invocation) override {
    ++runs;
    lambda::Outcome outcome;
    outcome.payload = invocation.payload;
    outcome.duration = 10ms;
    if (invocation.version->number == "6") {
      outcome.duration = 30ms;
      if (invocation.payload == R"({"bad":true})") {
        outcome.payload = R"({"errorType":"KeyError","errorMessage":"x"})";
        outcome.function_error = "Unhandled";
      } else if (Json document = Json::parse(invocation.payload); document.is_object()) {
        document["at"] = ++clock;
        outcome.payload = document.dump();
      }
    }
    co_return outcome;
  }
  void retire(const lambda::Version&) override { ++retired; }
  void reserve(const lambda::Scope&, const std::string&, std::optional<std::size_t>) override {}
  void provision(lambda::VersionHandle, std::size_t) override {}
  void scale(lambda::VersionHandle, lambda::ScalingBounds) override {}
  lambda::Provisioned provisioned(const lambda::Version&) const override { return {}; }
  Task<lambda::SnapshotOutcome> snapshot(lambda::VersionHandle) override {
    co_return lambda::SnapshotOutcome{};
  }
  int runs = 0;
  int retired = 0;
  int clock = 0;
};

struct TapeTest : ::testing::Test {
  TapeTest() {
    tape.set_invoke([this](lambda::Scope, std::string function, std::string payload) {
      return answer(*this, std::move(function), std::move(payload));
    });
  }
  ~TapeTest() override {
    TaskGroup group(loop.get_executor());
    group.spawn("stop", tape.stop());
    settle();
    settle();
  }
  static lambda::Invocation invocation_of(const std::string& number, std::string payload,
                                          const std::string& qualifier) {
    auto version = std::make_shared<lambda::Version>();
    version->scope = {"123456789012", "us-east-1"};
    version->function_name = "orders";
    version->number = number;
    lambda::Invocation invocation;
    invocation.request_id = "r-" + payload;
    invocation.invoked_arn = "arn:aws:lambda:us-east-1:123456789012:function:orders:" + qualifier;
    invocation.payload = std::move(payload);
    invocation.version = std::move(version);
    return invocation;
  }
  static Task<Answer> answer(TapeTest& test, std::string function, std::string payload) {
    const std::string number = function.substr(function.find(':') + 1);
    Answer made;
    if (number != "5" && number != "6") {
      made.kind = Answer::Kind::Refused;
      made.problem = "no such version";
      co_return made;
    }
    lambda::Invocation marked = invocation_of(number, std::move(payload), number);
    marked.trace_id = fmt::format("Root=1-0-0{}", Tape::own_mark);
    auto running = test.tape.run(std::move(marked));
    const auto outcome = co_await std::move(running);
    made.version = number;
    made.payload = outcome->payload;
    made.function_error = outcome->function_error;
    made.duration = outcome->duration;
    co_return made;
  }
  static Task<> run(TapeTest& test, std::string number, std::string payload, std::string qualifier) {
    auto running = test.tape.run(invocation_of(number, std::move(payload), qualifier));
    co_await std::move(running);
  }
  static Task<> play(TapeTest& test, std::string id, Json how, std::optional<Checked<Json>>& report) {
    auto playing = test.tape.replay(std::move(id), std::move(how));
    report.emplace(co_await std::move(playing));
  }
  void settle() {
    loop.restart();
    loop.poll();
  }
  void invoke(const std::string& number, const std::string& payload, const std::string& qualifier = "prod") {
    tasks.spawn("invoke", run(*this, number, payload, qualifier));
    settle();
    settle();
  }
  Checked<Json> replay(const std::string& id, const char* how) {
    std::optional<Checked<Json>> report;
    tasks.spawn("replay", play(*this, id, Json::parse(how), report));
    settle();
    settle();
    return *report;
  }

  boost::asio::io_context loop;
  SimulatedClock clock;
  TwoVersions inner;
  TaskGroup tasks{loop.get_executor()};
  Tape tape{inner, loop.get_executor(), clock};
};

TEST_F(TapeTest, KeepsTheLatestOfWhatItIsAskedFor) {
  ASSERT_TRUE(tape.start_recording(Json::parse(R"({"id": "r", "function": "orders:5", "limit": 2})")));
  for (const char* payload : {"1", "2", "3"}) invoke("5", payload);
  invoke("6", "4");
  const Json told = tape.recording("r");
  EXPECT_EQ(told["seen"], 3);
  EXPECT_EQ(told["kept"], 2);
  EXPECT_EQ(told["entries"][0]["event"], 2);
  EXPECT_EQ(told["entries"][1]["payload"], 3);
  EXPECT_EQ(told["entries"][1]["duration_ms"], 10);
  EXPECT_EQ(*tape.events("r"), (std::vector<std::string>{"2", "3"}));
  EXPECT_EQ(tape.stop_recording("r")["state"], "stopped");
  invoke("5", "5");
  EXPECT_EQ(tape.recording("r")["seen"], 3);
  EXPECT_TRUE(tape.remove_recording("r"));
  EXPECT_FALSE(tape.remove_recording("r"));
  EXPECT_TRUE(tape.recording("r").is_null());
}

TEST_F(TapeTest, PlaysToAnotherVersionAndCompares) {
  ASSERT_TRUE(tape.start_recording(Json::parse(R"({"id": "r", "function": "orders:prod"})")));
  invoke("5", R"({"a": 1, "b": 2})");
  invoke("5", R"({"bad":true})");
  invoke("5", "7");
  const auto report = replay("r", R"({"against": 6, "ignore": ["/at"]})");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ((*report)["compared"], 3);
  EXPECT_EQ((*report)["same"], 2) << *report;
  EXPECT_EQ((*report)["errors"]["before"], 0);
  EXPECT_EQ((*report)["errors"]["after"], 1);
  EXPECT_EQ((*report)["duration_ms"]["before"]["p99"], 10);
  EXPECT_EQ((*report)["duration_ms"]["after"]["p99"], 30);
  EXPECT_EQ((*report)["differences"][0]["event"]["bad"], true);
  EXPECT_EQ((*report)["differences"][0]["after"]["function_error"], "Unhandled");
  const auto strict = replay("r", R"({"against": "orders:6"})");
  EXPECT_EQ((*strict)["same"], 1);
  EXPECT_EQ((*strict)["differences"][0]["changes"][0]["path"], "/at");
  const auto refused = replay("r", R"({"against": "7"})");
  EXPECT_EQ((*refused)["refused"], 3);
  EXPECT_EQ((*refused)["differences"][0]["problem"], "no such version");
  EXPECT_FALSE(replay("no", R"({"against": "6"})"));
  EXPECT_FALSE(replay("r", R"({"against": "6", "ignore": "at"})"));
  EXPECT_FALSE(replay("r", R"({"against": "6", "speed": 2})"));
  EXPECT_FALSE(replay("r", "{}"));
}

TEST_F(TapeTest, AShadowAnswersNobody) {
  ASSERT_TRUE(tape.start_shadow(
      Json::parse(R"({"id": "s", "function": "orders", "against": "6", "ignore": ["/at"]})")));
  invoke("5", R"({"a": 1})");
  invoke("5", R"({"bad":true})");
  invoke("6", R"({"a": 1})");  // it runs the other version already
  settle();
  const Json told = tape.shadows()[0]["report"];
  EXPECT_EQ(told["compared"], 2);
  EXPECT_EQ(told["same"], 1);
  EXPECT_EQ(told["errors"]["after"], 1);
  EXPECT_EQ(inner.runs, 5);
  EXPECT_TRUE(tape.remove_shadow("s"));
  invoke("5", "1");
  EXPECT_EQ(inner.runs, 6);
}

TEST_F(TapeTest, ShadowsOfShadowsAreNone) {
  ASSERT_TRUE(tape.start_shadow(Json::parse(R"({"id": "there", "function": "orders:5", "against": "6"})")));
  ASSERT_TRUE(tape.start_shadow(Json::parse(R"({"id": "back", "function": "orders:6", "against": "5"})")));
  invoke("5", "1", "5");
  for (int i = 0; i < 10; ++i) settle();
  EXPECT_EQ(inner.runs, 2);
  EXPECT_EQ(tape.shadows()[0]["report"]["compared"], 1);
  EXPECT_EQ(tape.shadows()[1]["report"]["compared"], 0);
}

TEST_F(TapeTest, WhatIsNestedTooDeeplyIsKeptAsText) {
  ASSERT_TRUE(tape.start_recording(Json::parse(R"({"id": "r", "function": "orders:5"})")));
  const std::string deep(100'000, '[');
  invoke("5", deep);
  EXPECT_EQ(tape.recording("r")["entries"][0]["payload"], deep);
  const auto report = replay("r", R"({"against": "5"})");
  ASSERT_TRUE(report);
  EXPECT_EQ((*report)["same"], 1);
}

TEST_F(TapeTest, AShareOfTheTraffic) {
  ASSERT_TRUE(tape.start_shadow(Json::parse(R"({"function": "orders", "against": "6", "share": 0.1})")));
  for (int i = 0; i < 50; ++i) invoke("5", "1");
  EXPECT_EQ(tape.shadows()[0]["report"]["compared"], 5);
}

TEST_F(TapeTest, MistakesAreNamed) {
  const auto recording = [&](const char* text) {
    return tape.start_recording(Json::parse(text)).has_value();
  };
  const auto shadow = [&](const char* text) { return tape.start_shadow(Json::parse(text)).has_value(); };
  for (const char* text : {"1", "{}", R"({"function": "a b"})", R"({"function": "f", "limit": 0})",
                           R"({"function": "f", "size": 1})", R"({"function": "f", "id": 5})"})
    EXPECT_FALSE(recording(text)) << text;
  for (const char* text : {"1", R"({"function": "f"})", R"({"function": "f", "against": ""})",
                           R"({"function": "f", "against": "6", "share": 0})",
                           R"({"function": "f", "against": "6", "ignore": ["x"]})"})
    EXPECT_FALSE(shadow(text)) << text;
  ASSERT_TRUE(recording(R"({"id": "r", "function": "f"})"));
  EXPECT_FALSE(recording(R"({"id": "r", "function": "f"})"));
}

}  // namespace
}  // namespace aviary::rehearsal
