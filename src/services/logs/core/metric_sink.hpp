#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "services/logs/core/scope.hpp"

namespace aviary::logs {

/// One value that a metric filter drew from an event, or that the event carries itself. The views live until
/// the call returns.
struct MetricSample {
  const Scope& scope;
  std::string_view name_space;
  std::string_view name;
  std::span<const std::pair<std::string, std::string>> dimensions;
  std::string_view unit;  ///< one of CloudWatch's StandardUnit; empty: None
  Millis at;
  double value;
  bool high_resolution = false;  ///< kept by the second
};

/// Where metric filters and embedded metrics publish. This service says what it needs; whoever keeps metrics
/// provides it.
class MetricSink {
 public:
  virtual ~MetricSink() = default;
  virtual void put(const MetricSample& sample) = 0;
};

}  // namespace aviary::logs
