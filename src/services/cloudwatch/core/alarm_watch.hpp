#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "services/cloudwatch/core/alarm_state.hpp"
#include "services/cloudwatch/core/metric_query.hpp"

namespace aviary::cloudwatch {

enum class Comparison : std::uint8_t { Greater, GreaterOrEqual, Less, LessOrEqual };
enum class MissingData : std::uint8_t { Missing, Ignore, Breaching, NotBreaching };

/// What a metric alarm watches and when it fires: PutMetricAlarm's members, understood.
struct AlarmWatch {
  QuerySet queries;  ///< one metric, or the math that ends in `watched`
  std::string watched;
  bool is_math = false;
  EpochSeconds period = 60;
  std::size_t evaluation_periods = 1;       ///< N
  std::optional<std::size_t> datapoints{};  ///< M, when it was given
  double threshold = 0;
  Comparison comparison = Comparison::Greater;
  MissingData missing = MissingData::Missing;
  double least_samples = 0;  ///< of a percentile whose low sample counts are to be ignored

  std::size_t datapoints_to_alarm() const { return datapoints.value_or(evaluation_periods); }
  /// How many periods are looked at, so that data which is missing can be made up for by older data. The user
  /// guide shows 5 for 3 and leaves the rest open; an alarm seen at AWS (8 periods of 15 minutes, missing
  /// data breaching) fired 10 periods after its last data.
  std::size_t evaluation_range() const { return evaluation_periods + 2; }
  /// How often it is evaluated: every minute, whatever the period; every ten seconds below a minute; every
  /// hour if it looks back for more than a day (user guide, "Alarm evaluation"). Periods end at that moment.
  EpochSeconds step() const {
    if (period < 60) return 10;
    return static_cast<EpochSeconds>(evaluation_periods) * period > 86'400 ? 3600 : 60;
  }
  /// Whether what it says may depend on what it said before.
  bool keeps_state() const { return missing == MissingData::Ignore || least_samples > 0; }
  bool breaches(double value) const;
  bool watches(std::string_view metric_key) const;
};

/// Reads and checks the members of PutMetricAlarm. Refusals are ValidationErrors and the like, in AWS's words
/// where those are known.
Result<AlarmWatch> parse_watch(const Json& settings);
/// Reads one MetricDataQuery. `where` is its name in texts: `MetricDataQueries.member.1`.
Result<MetricQuery> parse_metric_query(const Json& query, const std::string& where);
/// Reads `Namespace`, `MetricName` and `Dimensions`.
MetricId metric_id_of(const Json& metric);
/// 1, 5, 10, 20, 30 or a multiple of 60.
bool is_valid_period(EpochSeconds period);

}  // namespace aviary::cloudwatch
