#include <fmt/format.h>

#include <cmath>
#include <map>

#include "services/cloudwatch/api/cloudwatch_service.hpp"
#include "services/cloudwatch/api/input.hpp"
#include "services/cloudwatch/core/alarm_watch.hpp"

namespace aviary::cloudwatch {
namespace {

constexpr std::size_t most_data = 1000;
constexpr std::size_t most_values = 150;
constexpr double largest = 0x1p360;

/// One MetricDatum, understood.
struct Datum {
  MetricId metric;
  std::string_view unit;
  Width width = Width::Minute;
  EpochSeconds at = 0;
  std::vector<std::pair<double, double>> values;  ///< value and count
  struct Set {
    double count, sum, min, max;
  };
  std::optional<Set> set;
};

bool in_range(double value) { return std::isfinite(value) && std::fabs(value) <= largest; }

bool has_control(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  return false;
}

AwsError exclusive(const std::string& where, std::string_view one, std::string_view other) {
  return invalid_combination(
      fmt::format("The parameters {0}.{1} and {0}.{2} are mutually exclusive and you have specified both.",
                  where, one, other));
}

Result<> read_values(const Json& datum, const std::string& where, Datum& read) {
  const Json* value = find_member(datum, "Value");
  const Json* values = find_member(datum, "Values");
  const Json* counts = find_member(datum, "Counts");
  const Json* set = find_member(datum, "StatisticValues");
  if (value && values) return exclusive(where, "Value", "Values");
  if (value && set) return exclusive(where, "Value", "StatisticValues");
  if (values && set) return exclusive(where, "Values", "StatisticValues");
  if (counts && counts->size() != (values ? values->size() : 0))
    return invalid_value(
        fmt::format("The parameters {0}.Values and {0}.Counts must be of the same size.", where));
  if (set) {
    Datum::Set s{set->at("SampleCount"), set->at("Sum"), set->at("Minimum"), set->at("Maximum")};
    for (const double part : {s.count, s.sum, s.min, s.max})
      if (!in_range(part))
        return invalid_value(
            fmt::format("The value {} for parameter {}.StatisticValues is invalid.", part, where));
    if (s.max < s.min)
      return invalid_value(fmt::format(
          "The parameter {}.StatisticValues.Maximum must be greater than or equal to its Minimum.", where));
    if (s.count <= 0)
      return invalid_value(
          fmt::format("The parameter {}.StatisticValues.SampleCount must be greater than 0.", where));
    read.set = s;
    return {};
  }
  if (value) {
    read.values.emplace_back(value->get<double>(), 1);
  } else if (values) {
    if (values->size() > most_values)
      return invalid_value(
          fmt::format("The parameter {}.Values must not have more than {} elements.", where, most_values));
    for (std::size_t i = 0; i < values->size(); ++i)
      read.values.emplace_back((*values)[i].get<double>(), counts ? (*counts)[i].get<double>() : 1.0);
  } else {
    return missing_parameter(
        fmt::format("At least one of the parameters must be specified: {0}.Value, "
                    "{0}.Values or {0}.StatisticValues.",
                    where));
  }
  for (const auto& [number, count] : read.values) {
    if (!in_range(number))
      return invalid_value(fmt::format("The value {} for parameter {}.Value is invalid.", number, where));
    if (!std::isfinite(count) || count < 0)
      return invalid_value(fmt::format("The value {} for parameter {}.Counts is invalid.", count, where));
  }
  return {};
}

Result<Datum> read_datum(const Json& datum, const std::string& metric_namespace, const std::string& where,
                         Instant now) {
  Datum read;
  read.metric = metric_id_of(datum);
  read.metric.metric_namespace = metric_namespace;
  if (has_control(read.metric.name))
    return invalid_value(
        fmt::format("The value for parameter {}.MetricName contains control characters.", where));
  for (const auto& [name, value] : read.metric.dimensions)
    if (has_control(name) || has_control(value))
      return invalid_value(fmt::format("The parameter {}.Dimensions contains control characters.", where));
  read.unit = standard_unit(text_of(datum, "Unit")).value_or("None");
  if (const Json* resolution = find_member(datum, "StorageResolution")) {
    if (*resolution != 1 && *resolution != 60)
      return invalid_value(fmt::format("The parameter {}.StorageResolution must be 1 or 60.", where));
    if (*resolution == 1) read.width = Width::Second;
  }
  const EpochSeconds present = to_seconds(now);
  read.at = seconds_of(datum, "Timestamp").value_or(present);
  // "up to two weeks in the past, and up to two hours into the future"
  if (read.at > present + 2 * 3600 || read.at < present - 14 * 86400)
    return invalid_value(
        fmt::format("The value {} for parameter {}.Timestamp must be within the last two weeks and "
                    "at most two hours in the future.",
                    iso8601(to_instant(read.at), 0), where));
  if (Result<> values = read_values(datum, where, read); !values) return values.error();
  return read;
}

}  // namespace

Result<Reply> CloudWatchService::put_metric_data(Call& call) {
  const std::string& metric_namespace = text_of(call.input, "Namespace");
  if (metric_namespace.starts_with("AWS/"))
    return invalid_value("The value AWS/ for parameter Namespace is invalid.");
  if (has_control(metric_namespace))
    return invalid_value("The parameter Namespace contains control characters.");
  std::vector<Datum> data;
  const auto read_all = [&](const Json* list, const std::string& where) -> Result<> {
    if (!list) return {};
    std::size_t number = 0;
    for (const Json& datum : *list) {
      Result<Datum> read =
          read_datum(datum, metric_namespace, fmt::format("{}.member.{}", where, ++number), call.now);
      if (!read) return read.error();
      data.push_back(std::move(*read));
    }
    return {};
  };
  if (Result<> read = read_all(find_member(call.input, "MetricData"), "MetricData"); !read)
    return read.error();
  if (const Json* entities = find_member(call.input, "EntityMetricData"))
    for (const Json& entity : *entities)
      if (Result<> read = read_all(find_member(entity, "MetricData"), "EntityMetricData.member.MetricData");
          !read)
        return read.error();
  if (data.empty()) return missing_parameter("The parameter MetricData is required.");
  if (data.size() > most_data)
    return invalid_value(
        fmt::format("The collection MetricData must not have a size greater than {}.", most_data));
  const Scope scope = scope_of(call);
  const EpochSeconds now = to_seconds(call.now);
  std::map<std::string, EpochSeconds> earliest;
  for (const Datum& datum : data) {
    for (const auto& [value, count] : datum.values)
      if (count > 0)
        metrics_.put(scope, datum.metric, datum.unit, datum.width,
                     {.at = datum.at, .value = value, .count = count}, now);
    if (datum.set)
      metrics_.put_set(scope, datum.metric, datum.unit, datum.width, datum.at, datum.set->count,
                       datum.set->sum, datum.set->min, datum.set->max, now);
    const auto [known, is_new] = earliest.emplace(datum.metric.key(), datum.at);
    if (!is_new) known->second = std::min(known->second, datum.at);
  }
  for (const auto& [metric, at] : earliest) alarms_.on_data(scope, metric, at, call.now);
  return Reply{};
}

}  // namespace aviary::cloudwatch
