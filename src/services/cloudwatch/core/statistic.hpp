#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/cloudwatch/core/aggregate.hpp"

namespace aviary::cloudwatch {

/// A statistic as callers name it: `Sum`, `p99.9`, `tm95`, `TM(10%:90%)`, `PR(100:2000)`, `IQM`, …
/// The syntax and the meaning are those of "CloudWatch statistics definitions" of the user guide.
struct Statistic {
  enum class Kind {
    SampleCount,
    Average,
    Sum,
    Minimum,
    Maximum,
    Percentile,
    TrimmedMean,
    TrimmedCount,
    TrimmedSum,
    WinsorizedMean,
    PercentileRank,
  };
  Kind kind;
  /// Percentile: `high` in per cent. Trimmed ones and the rank: what lies between, in per cent or in the
  /// metric's own values; a bound that is not there is open.
  std::optional<double> low{};
  std::optional<double> high{};
  bool bounds_are_values = false;

  /// Nothing if the text is no statistic.
  static std::optional<Statistic> parse(std::string_view text);
  bool wants_distribution() const { return kind >= Kind::Percentile; }
  /// Nothing when the data cannot tell (a percentile of statistic sets).
  std::optional<double> of(const Aggregate& samples) const;
  /// For percentiles: how many samples "a good statistical assessment" takes
  /// (EvaluateLowSampleCountPercentile).
  double least_samples() const;
};

}  // namespace aviary::cloudwatch
