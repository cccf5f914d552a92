#include "execution/tracer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "execution/concurrency_gate.hpp"
#include "ports/simulated_time.hpp"
#include "support/run_task.hpp"
#include "support/scripted_runner.hpp"

/// Tracing: headers, what is sampled, the segments.
namespace aviary::testing {
namespace {

using namespace std::chrono_literals;
using execution::TraceHeader;
using execution::TraceSampler;
using ::testing::MatchesRegex;

const std::string root = "1-67891233-abcdef012345678912345678";

TEST(TraceHeaders, AreReadAndWritten) {
  const TraceHeader header =
      TraceHeader::parse("Root=" + root + ";Parent=53995c3f42cd8ad8; Sampled=1;Lineage=a:1;x=y");
  EXPECT_EQ(header.root, root);
  EXPECT_EQ(header.parent, "53995c3f42cd8ad8");
  EXPECT_EQ(header.sampled, true);
  EXPECT_EQ(header.rest, "Lineage=a:1;x=y");
  EXPECT_EQ(header.text(), "Root=" + root + ";Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:1;x=y");
  EXPECT_EQ(TraceHeader::parse("Root=" + root + ";Sampled=0").sampled, false);
  EXPECT_EQ(TraceHeader::parse("Root=" + root + ";Sampled=?").sampled, std::nullopt);
  EXPECT_EQ(TraceHeader::parse(";;;").text(), "Root=");
  EXPECT_TRUE(execution::good_root(root));
  for (const char* bad :
       {"", "1-2-3", "2-67891233-abcdef012345678912345678", "1-6789123G-abcdef012345678912345678"})
    EXPECT_FALSE(execution::good_root(bad)) << bad;
}

TEST(TraceSampling, TakesTheFirstOfASecondAndAShareOfTheRest) {
  TraceSampler sampler;
  const Instant now{1000s};
  EXPECT_TRUE(sampler.sample("f", now, 0.9));
  EXPECT_FALSE(sampler.sample("f", now + 999ms, 0.9));
  EXPECT_TRUE(sampler.sample("f", now + 999ms, 0.04));
  EXPECT_TRUE(sampler.sample("g", now, 0.9)) << "each function for itself";
  EXPECT_TRUE(sampler.sample("f", now + 1s, 0.9));
}

class KeptTraces final : public execution::TraceSink {
 public:
  void on_trace(execution::Trace trace) override { all.push_back(std::move(trace)); }
  std::vector<execution::Trace> all;
};

class Tracing : public ::testing::Test {
 protected:
  Tracing() { tracer.add_sink(kept); }
  Result<lambda::Outcome> invoke(std::string mode, std::string header) {
    auto configuration = std::make_shared<lambda::Configuration>();
    configuration->tracing_mode = std::move(mode);
    auto version = std::make_shared<lambda::Version>();
    version->scope = {"123456789012", "us-east-1"};
    version->function_name = "fun";
    version->number = "7";
    version->configuration = std::move(configuration);
    lambda::Invocation invocation;
    invocation.request_id = "req-1";
    invocation.invoked_arn = version->function_arn() + ":prod";
    invocation.version = std::move(version);
    invocation.trace_id = std::move(header);
    return run_task(loop, tracer.run(std::move(invocation)));
  }
  std::string given() const { return runner.runs.back().trace_id; }

  boost::asio::io_context loop;
  SimulatedClock clock;
  SimulatedStopwatch stopwatch;
  SeededRandom ids{1, "traces"};
  ScriptedRunner runner;
  KeptTraces kept;
  execution::Tracer tracer{runner, {.clock = clock, .stopwatch = stopwatch, .ids = ids}};
};

TEST_F(Tracing, PassThroughPassesOn) {
  EXPECT_TRUE(invoke("PassThrough", "Root=" + root + ";Parent=53995c3f42cd8ad8;Sampled=1"));
  EXPECT_EQ(given(), "Root=" + root + ";Parent=53995c3f42cd8ad8;Sampled=1");
  EXPECT_TRUE(invoke("PassThrough", "Root=" + root + ";Parent=53995c3f42cd8ad8;Lineage=a:1"));
  EXPECT_EQ(given(), "Root=" + root + ";Parent=53995c3f42cd8ad8;Sampled=0;Lineage=a:1");
  EXPECT_TRUE(kept.all.empty());
}

TEST_F(Tracing, ActiveMakesSegments) {
  stopwatch.advance(1s, [] {});
  runner.answer = [this](const lambda::Invocation&) {
    lambda::Outcome outcome{.payload = "{}", .duration = 20ms, .init_duration = 100ms, .cold = true};
    outcome.started = stopwatch.elapsed() - 25ms;
    return outcome;
  };
  EXPECT_TRUE(invoke("Active", "Root=" + root + ";Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:1"));
  ASSERT_EQ(kept.all.size(), 1U);
  const Json& service = kept.all[0].service;
  const Json& function = kept.all[0].function;
  EXPECT_EQ(service["parent_id"], "53995c3f42cd8ad8");
  EXPECT_EQ(service["trace_id"], root);
  EXPECT_EQ(service["origin"], "AWS::Lambda");
  EXPECT_EQ(service["http"]["response"]["status"], 200);
  EXPECT_EQ(function["origin"], "AWS::Lambda::Function");
  EXPECT_EQ(function["parent_id"], service["id"]);
  EXPECT_EQ(given(),
            "Root=" + root + ";Parent=" + function["id"].get<std::string>() + ";Sampled=1;Lineage=a:1");
  std::vector<std::string> names;
  std::vector<double> lasted;
  for (const Json& part : function["subsegments"]) {
    names.push_back(part["name"]);
    lasted.push_back(part["end_time"].get<double>() - part["start_time"].get<double>());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"Initialization", "Invocation", "Overhead"}));
  EXPECT_NEAR(lasted[0], 0.1, 1e-5);
  EXPECT_NEAR(lasted[1], 0.02, 1e-5);
  EXPECT_NEAR(lasted[2], 0.005, 1e-5);
  EXPECT_LE(service["start_time"].get<double>(), function["subsegments"][0]["start_time"].get<double>());
}

TEST_F(Tracing, ActiveRespectsWhatTheCallerDecided) {
  EXPECT_TRUE(invoke("Active", "Root=" + root + ";Parent=53995c3f42cd8ad8;Sampled=0"));
  EXPECT_EQ(given(), "Root=" + root + ";Parent=53995c3f42cd8ad8;Sampled=0");
  EXPECT_TRUE(kept.all.empty());
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(invoke("Active", "Root=" + root));
  EXPECT_GE(kept.all.size(), 1U) << "the first of the second";
  EXPECT_LE(kept.all.size(), 20U);
  EXPECT_FALSE(kept.all[0].service.contains("parent_id"));
}

TEST_F(Tracing, AHeaderThatIsNoneIsLeftAlone) {
  EXPECT_TRUE(invoke("Active", "Root=1-2-3;Sampled=1"));
  EXPECT_EQ(given(), "Root=1-2-3;Sampled=1");
  EXPECT_TRUE(kept.all.empty());
}

TEST_F(Tracing, NothingTheCallerSaysGrowsOrBreaksATrace) {
  runner.answer = [](const lambda::Invocation&) {
    return lambda::Outcome{.payload = R"({"errorMessage":")" + std::string(100'000, 'x') + "\"}",
                           .function_error = "Unhandled"};
  };
  EXPECT_TRUE(invoke("Active", "Root=" + root + ";Parent=not hex;Sampled=1"));
  EXPECT_FALSE(kept.all.back().service.contains("parent_id"));
  EXPECT_EQ(kept.all.back().function["cause"]["exceptions"][0]["message"].get<std::string>().size(), 1024U);
  runner.answer = [](const lambda::Invocation&) {
    return lambda::Outcome{.payload = std::string(1 << 20, '['), .function_error = "Unhandled"};
  };
  EXPECT_TRUE(invoke("Active", "Root=" + root + ";Sampled=1"));
  EXPECT_EQ(kept.all.back().function["error"], true);
}

TEST_F(Tracing, FailuresAreInTheSegments) {
  const auto answering = [this](std::string type) {
    runner.answer = [type](const lambda::Invocation&) {
      return lambda::Outcome{.payload = R"({"errorMessage":"no luck","errorType":")" + type + "\"}",
                             .function_error = "Unhandled"};
    };
    EXPECT_TRUE(invoke("Active", "Root=" + root + ";Sampled=1"));
    return kept.all.back();
  };
  const execution::Trace error = answering("ValueError");
  EXPECT_EQ(error.function["error"], true);
  EXPECT_EQ(error.function["cause"]["exceptions"][0]["message"], "no luck");
  EXPECT_EQ(error.function["cause"]["exceptions"][0]["type"], "ValueError");
  EXPECT_EQ(error.service["error"], true);
  EXPECT_EQ(answering("Sandbox.Timedout").function["fault"], true);

  runner.answer = [](const lambda::Invocation&) -> Result<lambda::Outcome> {
    return execution::rate_exceeded("ConcurrentInvocationLimitExceeded");
  };
  EXPECT_FALSE(invoke("Active", "Root=" + root + ";Sampled=1"));
  EXPECT_EQ(kept.all.back().service["throttle"], true);
  EXPECT_EQ(kept.all.back().service["http"]["response"]["status"], 429);
  EXPECT_TRUE(kept.all.back().function.is_null());
}

}  // namespace
}  // namespace aviary::testing
