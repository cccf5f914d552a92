#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "execution/observers.hpp"
#include "ports/clock.hpp"
#include "services/cloudwatch/core/metric_store.hpp"

namespace aviary::app {

/// What Lambda publishes about invocations, in namespace AWS/Lambda: Invocations, Errors, Throttles,
/// Duration, and the account's ConcurrentExecutions. In the dimension sets that AWS has: none; FunctionName;
/// FunctionName and Resource
/// (`payment:prod`, `payment:6`, `payment`); and, through an alias, those and ExecutedVersion, which tells
/// the two versions of a weighted alias apart.
///
/// Errors is published as 0 for an invocation that went well, so that an average is a rate, as on AWS.
class LambdaMetrics final : public execution::InvocationObserver {
 public:
  /// `in_flight`: invocations of all functions that have no answer yet.
  LambdaMetrics(cloudwatch::MetricStore& store, Clock& clock, std::function<std::size_t()> in_flight)
      : store_(store), clock_(clock), in_flight_(std::move(in_flight)) {}

  void on_invocation(const execution::InvocationRecord& record) override;

 private:
  using Handle = cloudwatch::MetricStore::Handle;
  /// The series of one metric in each dimension set.
  using Series = std::vector<Handle>;
  struct Resource {
    Series invocations, errors, throttles, duration;
    Handle concurrency;
  };
  Resource& resource_of(const execution::InvocationRecord& record);
  void record(const Series& series, cloudwatch::EpochSeconds now, double value);

  cloudwatch::MetricStore& store_;
  Clock& clock_;
  std::function<std::size_t()> in_flight_;
  /// By the version's serial and the qualifier that was invoked, so that an invoke costs one look-up.
  std::unordered_map<std::string, Resource> resources_;
  std::uint64_t generation_ = 0;
};

}  // namespace aviary::app
