#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aviary::cloudwatch {

/// A metric's name, whole: `AWS/Lambda`, `Errors`, `FunctionName=order-processor`, `Resource=…`. Dimensions
/// are in order of their names: two metrics with the same dimensions are the same metric.
struct MetricId {
  std::string metric_namespace;
  std::string name;
  std::vector<std::pair<std::string, std::string>> dimensions{};

  bool operator==(const MetricId&) const = default;
  /// One text for the whole id: parts separated by bytes that no part may contain (control characters are
  /// refused in all of them), so that metrics of one namespace, and of one name, lie next to each other.
  std::string key() const;
  static MetricId from_key(std::string_view key);
  /// Puts the dimensions in order; call after filling them from a caller's list.
  void sort();
  const std::string* dimension(std::string_view dimension_name) const;
};

}  // namespace aviary::cloudwatch
