#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "services/cloudwatch/core/alarm_watch.hpp"

namespace aviary::cloudwatch {

/// One period as an alarm sees it.
struct Datapoint {
  EpochSeconds at;                ///< where the period starts
  std::optional<double> value{};  ///< nothing: missing
  double samples = 0;
};

/// What an alarm's data says at one moment, and by which datapoints.
struct Judgement {
  /// Nothing: the alarm stays as it is.
  std::optional<AlarmState> state{};
  /// The periods that were decided on, newest first: the real ones, then as many missing ones as had to be
  /// filled in.
  std::vector<Datapoint> evaluated{};
  std::size_t received = 0;  ///< real ones among them
  std::size_t filled = 0;
};

/// Decides by the periods of the evaluation range, oldest first. The rules are those of the user guide,
/// "Configuring how CloudWatch alarms treat missing data", with its tables as tests:
/// - as many real datapoints as evaluation periods: the newest of them decide, nothing is filled in;
/// - fewer: missing ones are filled in by the alarm's setting;
/// - `missing` and `ignore`, and all that is there breaches: too early for an alarm, unless enough of it
///   breaches or the oldest of it is as old as DatapointsToAlarm.
Judgement judge(const AlarmWatch& watch, std::span<const Datapoint> range);

/// The periods of the evaluation range that ends at `end`, oldest first, as the metrics have them now.
std::vector<Datapoint> read_range(const AlarmWatch& watch, const MetricStore& store, const Scope& scope,
                                  EpochSeconds end);

/// `Threshold Crossed: 2 out of the last 2 datapoints [6.0 (23/11/26 10:01:00), …] were greater than …`
std::string reason_of(const AlarmWatch& watch, const Judgement& judgement);
/// StateReasonData: JSON.
std::string reason_data_of(const AlarmWatch& watch, const Judgement& judgement, Instant now);

/// `2023-01-09T14:02:00.000+0000`, the form of times in the service's JSON.
std::string json_time(Instant at);

}  // namespace aviary::cloudwatch
