#include "services/cloudwatch/core/alarm_judgement.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/time.hpp"
#include "services/cloudwatch/core/number_text.hpp"

namespace aviary::cloudwatch {
namespace {

/// The real datapoints all breach but there are fewer than it takes: is the oldest of them as old as
/// DatapointsToAlarm? Then nothing that comes later can call the alarm off.
bool is_old_enough(const AlarmWatch& watch, std::span<const Datapoint> range) {
  const auto oldest = std::ranges::find_if(range, [](const Datapoint& d) { return d.value.has_value(); });
  return static_cast<std::size_t>(range.end() - oldest) >= watch.datapoints_to_alarm();
}

std::string short_time(EpochSeconds at) {
  const std::string iso = iso8601(to_instant(at), 0);  // 2023-10-26T16:42:00Z
  return fmt::format("{}/{}/{} {}", iso.substr(8, 2), iso.substr(5, 2), iso.substr(2, 2), iso.substr(11, 8));
}

std::string_view words_of(Comparison comparison) {
  switch (comparison) {
    case Comparison::Greater:
      return "greater than";
    case Comparison::GreaterOrEqual:
      return "greater than or equal to";
    case Comparison::Less:
      return "less than";
    case Comparison::LessOrEqual:
      return "less than or equal to";
  }
  return "";
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string_view was(std::size_t count) { return count == 1 ? "was" : "were"; }

}  // namespace

std::string json_time(Instant at) {
  std::string text = iso8601(at, 3);
  text.pop_back();
  return text + "+0000";
}

Judgement judge(const AlarmWatch& watch, std::span<const Datapoint> range) {
  const std::size_t needed = watch.evaluation_periods;
  const std::size_t to_alarm = watch.datapoints_to_alarm();
  Judgement judgement;
  std::size_t breaching = 0;
  for (auto point = range.rbegin(); point != range.rend() && judgement.received < needed; ++point) {
    if (!point->value) continue;
    judgement.evaluated.push_back(*point);
    ++judgement.received;
    if (watch.breaches(*point->value)) ++breaching;
  }
  judgement.filled = needed - judgement.received;
  std::size_t left = judgement.filled;
  for (auto point = range.rbegin(); point != range.rend() && left > 0; ++point) {
    if (point->value) continue;
    judgement.evaluated.push_back(*point);
    --left;
  }
  if (watch.least_samples > 0) {
    double samples = 0;
    for (const Datapoint& point : judgement.evaluated) samples += point.samples;
    if (judgement.received > 0 && samples < watch.least_samples) return judgement;
  }
  const bool alarmed = breaching >= to_alarm;
  const AlarmState by_count = alarmed ? AlarmState::Alarm : AlarmState::Ok;
  if (judgement.filled == 0) {
    judgement.state = by_count;
    return judgement;
  }
  switch (watch.missing) {
    case MissingData::Breaching:
      judgement.state = breaching + judgement.filled >= to_alarm ? AlarmState::Alarm : AlarmState::Ok;
      return judgement;
    case MissingData::NotBreaching:
      judgement.state = by_count;
      return judgement;
    case MissingData::Missing:
    case MissingData::Ignore:
      break;
  }
  const bool keep = watch.missing == MissingData::Ignore;
  if (judgement.received > breaching || alarmed) {
    judgement.state = by_count;
  } else if (judgement.received > 0 && !keep && is_old_enough(watch, range)) {
    judgement.state = AlarmState::Alarm;
  } else if (!keep) {
    judgement.state = AlarmState::InsufficientData;
  }
  return judgement;
}

std::vector<Datapoint> read_range(const AlarmWatch& watch, const MetricStore& store, const Scope& scope,
                                  EpochSeconds end) {
  const std::size_t size = watch.evaluation_range();
  const EpochSeconds start = end - static_cast<EpochSeconds>(size) * watch.period;
  std::vector<Datapoint> range(size);
  for (std::size_t i = 0; i < size; ++i) range[i].at = start + static_cast<EpochSeconds>(i) * watch.period;
  TimeSeries series;
  if (watch.is_math) {
    try {
      series = watch.queries.run_one(watch.watched, store, scope, start, end);
    } catch (const math::MathError&) {
      return range;  // an expression without a value: everything is missing
    }
  } else {
    series = fetch(store, scope, *watch.queries.queries().front().stat, start, end).series;
  }
  for (const TimeSeries::Point& point : series.points) {
    if (point.at < start || point.at >= end) continue;
    Datapoint& datapoint = range[static_cast<std::size_t>((point.at - start) / watch.period)];
    datapoint.value = point.value;
    datapoint.samples = point.samples;
  }
  return range;
}

std::string reason_of(const AlarmWatch& watch, const Judgement& judgement) {
  if (!judgement.state) return {};
  if (*judgement.state == AlarmState::InsufficientData)
    return fmt::format("Insufficient Data: {} {} unknown.", counted(watch.evaluation_periods, "datapoint"),
                       was(watch.evaluation_periods));
  const bool alarm = *judgement.state == AlarmState::Alarm;
  // Only missing data that counts is told of.
  const bool told = judgement.filled > 0 &&
                    (watch.missing == MissingData::Breaching || watch.missing == MissingData::NotBreaching);
  const std::string treated = fmt::format(
      "{} {} treated as [{}]", counted(judgement.filled, "missing datapoint"), was(judgement.filled),
      watch.missing == MissingData::Breaching ? "Breaching" : "NonBreaching");
  if (judgement.received == 0)
    return fmt::format("Threshold Crossed: no datapoints were received for {} and {}.",
                       counted(watch.evaluation_periods, "period"), treated);
  std::string list;
  std::size_t count = 0;
  for (const Datapoint& point : judgement.evaluated) {
    if (!point.value || watch.breaches(*point.value) != alarm) continue;
    list +=
        fmt::format("{}{} ({})", list.empty() ? "" : ", ", number_text(*point.value), short_time(point.at));
    ++count;
  }
  if (count == 0)
    return fmt::format("Threshold Crossed: {} {} received for {} and {}.",
                       counted(judgement.received, "datapoint"), was(judgement.received),
                       counted(watch.evaluation_periods, "period"), treated);
  std::string text = watch.datapoints ? fmt::format("Threshold Crossed: {} out of the last {} datapoints",
                                                    count, watch.evaluation_periods)
                                      : fmt::format("Threshold Crossed: {}", counted(count, "datapoint"));
  text += fmt::format(" [{}] {}{} {} the threshold ({})", list, was(count), alarm ? "" : " not",
                      words_of(watch.comparison), number_text(watch.threshold));
  if (told) text += " and " + treated;
  if (watch.datapoints) {
    const std::size_t least =
        alarm ? watch.datapoints_to_alarm() : watch.evaluation_periods - watch.datapoints_to_alarm() + 1;
    text += fmt::format(" (minimum {} for {} transition)", counted(least, "datapoint"),
                        alarm ? "OK -> ALARM" : "ALARM -> OK");
  }
  return text + ".";
}

std::string reason_data_of(const AlarmWatch& watch, const Judgement& judgement, Instant now) {
  OrderedJson data;
  data["version"] = "1.0";
  data["queryDate"] = json_time(now);
  std::vector<const Datapoint*> received;  // oldest first
  for (auto point = judgement.evaluated.rbegin(); point != judgement.evaluated.rend(); ++point)
    if (point->value) received.push_back(&*point);
  if (!received.empty()) data["startDate"] = json_time(to_instant(received.front()->at));
  if (!watch.is_math) {
    const MetricStat& stat = *watch.queries.queries().front().stat;
    if (stat.unit) data["unit"] = std::string(*stat.unit);
    data["statistic"] = stat.stat;
  }
  data["period"] = watch.period;
  data["recentDatapoints"] = OrderedJson::array();
  for (const Datapoint* point : received) data["recentDatapoints"].push_back(*point->value);
  data["threshold"] = watch.threshold;
  data["evaluatedDatapoints"] = OrderedJson::array();
  for (const Datapoint& point : judgement.evaluated) {
    OrderedJson entry;
    entry["timestamp"] = json_time(to_instant(point.at));
    if (point.value && !watch.is_math) entry["sampleCount"] = point.samples;
    if (point.value) entry["value"] = *point.value;
    data["evaluatedDatapoints"].push_back(std::move(entry));
  }
  return data.dump();
}

}  // namespace aviary::cloudwatch
