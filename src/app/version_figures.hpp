#pragma once

#include <map>
#include <optional>
#include <string>

#include "rehearsal/facts.hpp"
#include "services/cloudwatch/core/aggregate.hpp"
#include "services/cloudwatch/core/metric_store.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::app {

/// What Lambda's metrics tell of single versions: every way to a version counts (by number, through any
/// alias), or one alias alone. A span counts by whole minutes, as the metrics do: the minute in which it
/// begins belongs to it.
class VersionFigures {
 public:
  VersionFigures(const cloudwatch::MetricStore& metrics, lambda::Scope scope, std::string function,
                 rehearsal::Span span = {})
      : metrics_(metrics), scope_(std::move(scope)), function_(std::move(function)), span_(span) {}

  /// `metric`: Invocations, Errors, Throttles, Duration. `alias` empty: every way.
  cloudwatch::Aggregate total(std::string_view metric, std::string_view version,
                              std::string_view alias = {}) const;
  rehearsal::CountFacts counts(std::string_view version, std::string_view alias = {}) const;
  /// Milliseconds, by CloudWatch's name of the statistic; nothing if it never ran.
  std::optional<double> duration(std::string_view version, std::string_view statistic,
                                 std::string_view alias = {}) const;
  /// Invokes of each version that ran through the alias.
  std::map<std::string, double> through(std::string_view alias) const;

 private:
  void add(const cloudwatch::MetricStore::Metric& metric, cloudwatch::Aggregate& sum) const;

  const cloudwatch::MetricStore& metrics_;
  lambda::Scope scope_;
  std::string function_;
  rehearsal::Span span_;
};

}  // namespace aviary::app
