#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/cloudwatch/core/metric_store.hpp"
#include "services/cloudwatch/core/statistic.hpp"

namespace aviary::cloudwatch {

/// One value for each period that has one, in order of time.
struct TimeSeries {
  struct Point {
    EpochSeconds at;  ///< where its period starts
    double value;
    double samples = 0;  ///< how many it was made of; 0 when it was computed
  };
  std::string id{};  ///< the query it came from
  std::string label{};
  EpochSeconds period = 60;
  std::vector<Point> points{};
};

/// What to read of one metric.
struct MetricStat {
  MetricId metric;
  EpochSeconds period = 60;  ///< 1, 5, 10, 20, 30 or a multiple of 60
  std::string stat = "Average";
  Statistic statistic{Statistic::Kind::Average};
  std::optional<std::string_view> unit{};  ///< nothing: any
  std::string key{};                       ///< the metric's, if it was made already
};

struct Fetched {
  TimeSeries series;
  /// All units that had data, in order of name, when there was more than one and none was asked for. The
  /// series is the first one's, as AWS has it.
  std::vector<std::string_view> units{};
};

/// Periods begin at `start` and are whole: the last one may end after `end`, but starts before it.
Fetched fetch(const MetricStore& store, const Scope& scope, const MetricStat& what, EpochSeconds start,
              EpochSeconds end);

/// The samples of each period in one unit; `visit(EpochSeconds start, const Aggregate&)` for those with data.
template <class Visit>
void for_each_period(const Series& series, EpochSeconds period, EpochSeconds start, EpochSeconds end,
                     bool want_distribution, Visit visit) {
  if (end <= start) return;
  const EpochSeconds until = start + (end - start + period - 1) / period * period;
  EpochSeconds open = start;
  Aggregate samples;
  series.read(start, until, want_distribution, [&](const Bucket& bucket) {
    const EpochSeconds mine = start + (bucket.start - start) / period * period;
    if (mine != open) {
      if (!samples.empty()) visit(open, samples);
      samples = Aggregate();
      open = mine;
    }
    samples.merge(bucket.samples);
  });
  if (!samples.empty()) visit(open, samples);
}

}  // namespace aviary::cloudwatch
