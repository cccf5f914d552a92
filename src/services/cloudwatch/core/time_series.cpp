#include "services/cloudwatch/core/time_series.hpp"

#include <algorithm>

namespace aviary::cloudwatch {

Fetched fetch(const MetricStore& store, const Scope& scope, const MetricStat& what, EpochSeconds start,
              EpochSeconds end) {
  Fetched fetched;
  fetched.series.period = what.period;
  const MetricStore::Metric* metric =
      what.key.empty() ? store.find(scope, what.metric) : store.find(scope, what.key);
  if (!metric) return fetched;
  const bool distribution = what.statistic.wants_distribution();
  for (const auto& unit : metric->units) {
    if (what.unit && unit->unit != *what.unit) continue;
    std::vector<TimeSeries::Point> points;
    bool any = false;
    for_each_period(unit->series, what.period, start, end, distribution,
                    [&](EpochSeconds at, const Aggregate& samples) {
                      any = true;
                      if (const std::optional<double> value = what.statistic.of(samples))
                        points.push_back({at, *value, samples.count()});
                    });
    if (!any) continue;
    if (fetched.units.empty() || unit->unit < *std::ranges::min_element(fetched.units))
      fetched.series.points = std::move(points);
    fetched.units.push_back(unit->unit);
  }
  std::ranges::sort(fetched.units);
  if (fetched.units.size() < 2) fetched.units.clear();
  return fetched;
}

}  // namespace aviary::cloudwatch
