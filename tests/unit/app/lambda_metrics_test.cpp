#include "app/lambda_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "support/manual_clock.hpp"

namespace aviary::app {
namespace {

using namespace std::chrono_literals;

constexpr cloudwatch::EpochSeconds far_future = 4'000'000'000;
using ::testing::Contains;
using ::testing::Key;
using ::testing::UnorderedElementsAre;

class LambdaMetricsTest : public ::testing::Test {
 protected:
  /// What `qualifier` (empty: none) was asked for and `number` ran.
  lambda::VersionHandle version(std::string number, std::string function = "payment") {
    auto made = std::make_shared<lambda::Version>();
    made->serial = ++serials_;
    made->scope = scope_;
    made->function_name = std::move(function);
    made->number = std::move(number);
    return made;
  }
  static std::string arn(const lambda::VersionHandle& of, const std::string& qualifier) {
    return "arn:aws:lambda:us-east-1:123456789012:function:" + of->function_name +
           (qualifier.empty() ? "" : ":" + qualifier);
  }
  void enter(const lambda::VersionHandle& of, const std::string& qualifier,
             execution::Charge charge = execution::Charge::Unreserved, std::size_t provisioned = 0) {
    metrics_.on_place_taken({of, arn(of, qualifier), charge, provisioned});
  }
  void leave(const lambda::VersionHandle& of, const std::string& qualifier,
             execution::Charge charge = execution::Charge::Unreserved, std::size_t provisioned = 0) {
    metrics_.on_place_left({of, arn(of, qualifier), charge, provisioned});
  }
  void invoked(const lambda::VersionHandle& of, const std::string& qualifier,
               execution::InvocationEnd end = execution::InvocationEnd::Success) {
    const std::string invoked_arn = arn(of, qualifier);
    execution::InvocationRecord record{of, "id", invoked_arn, end};
    record.duration = 20ms;
    metrics_.on_invocation(record);
  }
  void happened(lambda::EventHappening what, const std::string& qualifier = "", Duration age = 0s) {
    metrics_.on_event({what, scope_, "payment", qualifier, age});
  }
  /// Values of a metric by its dimensions: `FunctionName=payment,Resource=payment:prod`. Everything is in one
  /// minute; `sum` or the largest.
  std::map<std::string, double> values(const std::string& metric, bool sum = true) {
    std::map<std::string, double> found;
    for (const auto& [key, held] : store_.metrics({scope_.account, scope_.region})) {
      const cloudwatch::MetricId id = cloudwatch::MetricId::from_key(key);
      if (id.metric_namespace != "AWS/Lambda" || id.name != metric) continue;
      std::string name;
      for (const auto& [dimension, value] : id.dimensions)
        name += (name.empty() ? "" : ",") + dimension + "=" + value;
      for (const auto& series : held->units)
        series->series.read(0, far_future, false, [&](const cloudwatch::Bucket& bucket) {
          double& at = found[name];
          at = sum ? at + bucket.samples.sum() : std::max(at, bucket.samples.max());
        });
    }
    return found;
  }
  std::map<std::string, double> peaks(const std::string& metric) { return values(metric, false); }

  lambda::Scope scope_{"123456789012", "us-east-1"};
  testing::ManualClock clock_;
  cloudwatch::MetricStore store_;
  LambdaMetrics metrics_{store_, clock_};
  std::uint64_t serials_ = 0;
};

TEST_F(LambdaMetricsTest, AnInvokeThroughAnAliasCountsInFourDimensionSets) {
  const auto five = version("5");
  const auto six = version("6");
  invoked(five, "prod");
  invoked(six, "prod", execution::InvocationEnd::FunctionError);
  invoked(six, "6");
  invoked(version("$LATEST"), "");
  EXPECT_THAT(
      values("Invocations"),
      UnorderedElementsAre(std::pair("", 4), std::pair("FunctionName=payment", 4),
                           std::pair("FunctionName=payment,Resource=payment:prod", 2),
                           std::pair("FunctionName=payment,Resource=payment:6", 1),
                           std::pair("FunctionName=payment,Resource=payment", 1),
                           std::pair("ExecutedVersion=5,FunctionName=payment,Resource=payment:prod", 1),
                           std::pair("ExecutedVersion=6,FunctionName=payment,Resource=payment:prod", 1)));
  EXPECT_EQ(values("Errors")["ExecutedVersion=6,FunctionName=payment,Resource=payment:prod"], 1);
  EXPECT_EQ(values("Errors")["ExecutedVersion=5,FunctionName=payment,Resource=payment:prod"], 0);
  EXPECT_EQ(values("Duration")["FunctionName=payment,Resource=payment:6"], 20);
}

TEST_F(LambdaMetricsTest, AnAliasMayBeNamedAsItsFunction) {
  invoked(version("1", "prod"), "prod");
  EXPECT_THAT(values("Invocations"), Contains(Key("FunctionName=prod,Resource=prod:prod")));
  EXPECT_THAT(values("Invocations"), Contains(Key("ExecutedVersion=1,FunctionName=prod,Resource=prod:prod")));
}

TEST_F(LambdaMetricsTest, WhatIsThrottledIsNoInvocation) {
  invoked(version("1"), "1", execution::InvocationEnd::Throttled);
  EXPECT_EQ(values("Throttles")["FunctionName=payment"], 1);
  EXPECT_TRUE(values("Invocations").empty());
  invoked(version("1"), "1", execution::InvocationEnd::Refused);
  EXPECT_EQ(values("Throttles")["FunctionName=payment"], 1);
}

TEST_F(LambdaMetricsTest, WhatRunsAtOnceIsCountedWhereItRuns) {
  const auto one = version("1");
  const auto other = version("1", "other");
  enter(one, "prod");
  enter(one, "prod");
  enter(one, "1");
  leave(one, "prod");
  enter(other, "", execution::Charge::Reserved);
  leave(one, "prod");
  leave(one, "1");
  leave(other, "", execution::Charge::Reserved);
  auto peak = peaks("ConcurrentExecutions");
  EXPECT_EQ(peak[""], 3);
  EXPECT_EQ(peak["FunctionName=payment"], 3);
  EXPECT_EQ(peak["FunctionName=payment,Resource=payment:prod"], 2);
  EXPECT_EQ(peak["ExecutedVersion=1,FunctionName=payment,Resource=payment:prod"], 2);
  EXPECT_EQ(peak["FunctionName=payment,Resource=payment:1"], 1);
  EXPECT_EQ(peak["FunctionName=other"], 1);
  // Of the account only, and without what has concurrency of its own.
  EXPECT_THAT(peaks("UnreservedConcurrentExecutions"), UnorderedElementsAre(std::pair("", 3)));
}

TEST_F(LambdaMetricsTest, WhatOnlyEndsInAMinuteWasThereInIt) {
  const auto one = version("1");
  enter(one, "1");
  enter(one, "1");
  clock_.advance(1min);
  leave(one, "1");
  leave(one, "1");
  clock_.advance(1min);
  enter(one, "1");
  std::vector<double> by_minute;
  const cloudwatch::MetricId id{"AWS/Lambda", "ConcurrentExecutions", {}};
  store_.find({scope_.account, scope_.region}, id)
      ->units.front()
      ->series.read(0, far_future, false,
                    [&](const cloudwatch::Bucket& bucket) { by_minute.push_back(bucket.samples.max()); });
  EXPECT_THAT(by_minute, ::testing::ElementsAre(2, 2, 1));
}

TEST_F(LambdaMetricsTest, ProvisionedConcurrencyHasMetricsOfItsOwn) {
  const auto one = version("1");
  enter(one, "prod", execution::Charge::Provisioned, 4);
  enter(one, "prod", execution::Charge::Provisioned, 4);
  enter(one, "prod", execution::Charge::Provisioned, 4);
  enter(one, "prod", execution::Charge::Unreserved, 4);
  const std::string resource = "FunctionName=payment,Resource=payment:prod";
  EXPECT_EQ(peaks("ProvisionedConcurrentExecutions")[resource], 3);
  EXPECT_EQ(peaks("ProvisionedConcurrencyUtilization")[resource], 0.75);
  EXPECT_EQ(peaks("ProvisionedConcurrencyUtilization")["ExecutedVersion=1," + resource], 0.75);
  EXPECT_EQ(peaks("ConcurrentExecutions")[resource], 4);
  EXPECT_EQ(peaks("UnreservedConcurrentExecutions")[""], 1);
  const std::string invoked_arn = arn(one, "prod");
  execution::InvocationRecord record{one, "id", invoked_arn};
  record.provisioned = true;
  metrics_.on_invocation(record);
  record.provisioned = false;
  record.spilled = true;
  metrics_.on_invocation(record);
  metrics_.on_invocation(record);
  EXPECT_EQ(values("ProvisionedConcurrencyInvocations")[resource], 1);
  EXPECT_EQ(values("ProvisionedConcurrencySpilloverInvocations")["ExecutedVersion=1," + resource], 2);
  EXPECT_EQ(values("Invocations")[resource], 3);
}

TEST_F(LambdaMetricsTest, WhatExtensionsTakeAfterTheRuntimeIsAMetric) {
  const auto one = version("1");
  execution::InvocationRecord record{one, "id", one->function_arn()};
  metrics_.on_invocation(record);
  EXPECT_TRUE(values("PostRuntimeExtensionsDuration").empty());
  record.after_runtime = 40ms;
  metrics_.on_invocation(record);
  EXPECT_EQ(values("PostRuntimeExtensionsDuration")["FunctionName=payment"], 40);
}

TEST_F(LambdaMetricsTest, AsynchronousEventsCountFromTheirArrivalToTheirEnd) {
  using enum lambda::EventHappening;
  happened(Received, "prod");
  happened(Started, "prod", 1500ms);
  happened(Dropped, "prod");
  happened(RecursionDropped, "prod");
  happened(DeadLetterFailed, "prod");
  happened(DestinationFailed, "prod");
  happened(Received);
  EXPECT_THAT(values("AsyncEventsReceived"),
              UnorderedElementsAre(std::pair("", 2), std::pair("FunctionName=payment", 2),
                                   std::pair("FunctionName=payment,Resource=payment:prod", 1),
                                   std::pair("FunctionName=payment,Resource=payment", 1)));
  EXPECT_EQ(values("AsyncEventAge")["FunctionName=payment"], 1500);
  for (const char* metric : {"AsyncEventsDropped", "RecursiveInvocationsDropped", "DeadLetterErrors",
                             "DestinationDeliveryFailures"})
    EXPECT_EQ(values(metric)["FunctionName=payment,Resource=payment:prod"], 1) << metric;
}

TEST_F(LambdaMetricsTest, TheAgeOfAStreamIsThatOfABatch) {
  metrics_.on_stream_batch({scope_, "payment", "prod", 90s});
  EXPECT_EQ(peaks("IteratorAge")["FunctionName=payment"], 90'000);
  EXPECT_EQ(peaks("IteratorAge")["FunctionName=payment,Resource=payment:prod"], 90'000);
}

TEST_F(LambdaMetricsTest, AResetForgetsValuesAndNotWhatRuns) {
  const auto one = version("1");
  enter(one, "1");
  store_.clear();
  enter(one, "1");
  EXPECT_EQ(peaks("ConcurrentExecutions")["FunctionName=payment"], 2);
  leave(one, "1");
  leave(one, "1");
  store_.clear();
  enter(one, "1");
  EXPECT_EQ(peaks("ConcurrentExecutions")["FunctionName=payment"], 1);
}

TEST_F(LambdaMetricsTest, ManyVersionsAreForgottenAndWhatRunsIsNot) {
  const auto running = version("1");
  enter(running, "1");
  for (int i = 0; i < 60'000; ++i) {
    // One function, so that the store's own memory is not what this is about.
    const auto one = version("7");
    enter(one, "7");
    leave(one, "7");
  }
  enter(running, "1");
  EXPECT_EQ(peaks("ConcurrentExecutions")["FunctionName=payment,Resource=payment:1"], 2);
}

}  // namespace
}  // namespace aviary::app
