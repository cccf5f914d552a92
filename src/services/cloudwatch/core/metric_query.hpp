#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/cloudwatch/core/math_value.hpp"

namespace aviary::cloudwatch {

/// One of the queries of a request or of an alarm: a metric, or an expression over the others.
struct MetricQuery {
  std::string id;
  std::optional<MetricStat> stat{};
  std::string expression{};  ///< if `stat` is not there
  std::optional<std::string> label{};
  bool return_data = true;
  std::optional<EpochSeconds> period{};  ///< of the expression; nothing: the longest of the metrics
};

struct QueryResult {
  TimeSeries series;
  std::vector<std::pair<std::string, std::string>> messages{};  ///< code and text
};

/// Queries that belong together, their expressions parsed.
class QuerySet {
 public:
  /// What is wrong with them, if anything: ids that are not unique or not known, texts that cannot be parsed.
  std::string prepare(std::vector<MetricQuery> queries);
  const std::vector<MetricQuery>& queries() const noexcept { return queries_; }
  bool empty() const noexcept { return queries_.empty(); }

  /// Of every query that returns data, in order; arrays of series give one result for each. What has no value
  /// gives an empty series with a message that says why.
  std::vector<QueryResult> run(const MetricStore& store, const Scope& scope, EpochSeconds start,
                               EpochSeconds end) const;
  /// The one series that an alarm watches. Throws `math::MathError`.
  TimeSeries run_one(const std::string& id, const MetricStore& store, const Scope& scope, EpochSeconds start,
                     EpochSeconds end) const;
  /// The longest period of the metrics; 60 if there are none.
  EpochSeconds longest_period() const;

 private:
  struct Run;
  std::vector<MetricQuery> queries_;
  std::vector<math::NodePtr> trees_;
};

}  // namespace aviary::cloudwatch
