#include "services/cloudwatch/core/alarm_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/document.hpp"
#include "models/cloudwatch.hpp"

namespace aviary::cloudwatch {
namespace {

namespace rows = models::cloudwatch::errors;

AwsError refused(std::string text) { return {rows::ValidationError, std::move(text)}; }

std::optional<Comparison> comparison_named(std::string_view name) {
  if (name == "GreaterThanThreshold") return Comparison::Greater;
  if (name == "GreaterThanOrEqualToThreshold") return Comparison::GreaterOrEqual;
  if (name == "LessThanThreshold") return Comparison::Less;
  if (name == "LessThanOrEqualToThreshold") return Comparison::LessOrEqual;
  return std::nullopt;
}

std::optional<MissingData> missing_data_named(std::string_view name) {
  if (name.empty() || name == "missing") return MissingData::Missing;
  if (name == "ignore") return MissingData::Ignore;
  if (name == "breaching") return MissingData::Breaching;
  if (name == "notBreaching") return MissingData::NotBreaching;
  return std::nullopt;
}

Result<MetricStat> parse_metric_stat(const Json& of, const std::string& where) {
  MetricStat stat;
  stat.metric = metric_id_of(of.at("Metric"));
  stat.key = stat.metric.key();
  stat.period = of.at("Period").get<EpochSeconds>();
  stat.stat = of.at("Stat").get<std::string>();
  if (!is_valid_period(stat.period))
    return refused(fmt::format(
        "The parameter {}.MetricStat.Period must be 1, 5, 10, 20, 30 or a multiple of 60.", where));
  const std::optional<Statistic> statistic = Statistic::parse(stat.stat);
  if (!statistic)
    return refused(
        fmt::format("The value {} for parameter {}.MetricStat.Stat is not supported.", stat.stat, where));
  stat.statistic = *statistic;
  if (const std::string unit = text_of(of, "Unit"); !unit.empty()) stat.unit = standard_unit(unit);
  return stat;
}

/// The single metric of an alarm without `Metrics`.
Result<MetricStat> parse_own_metric(const Json& settings) {
  for (const char* required : {"MetricName", "Namespace", "Period"})
    if (!find_member(settings, required))
      return AwsError(rows::MissingRequiredParameterException,
                      fmt::format("The parameter {} is required.", required));
  const std::string plain = text_of(settings, "Statistic");
  const std::string extended = text_of(settings, "ExtendedStatistic");
  if (plain.empty() == extended.empty())
    return refused("Exactly one of Statistic or ExtendedStatistic must be specified");
  MetricStat stat;
  stat.metric = metric_id_of(settings);
  stat.key = stat.metric.key();
  stat.period = settings.at("Period").get<EpochSeconds>();
  stat.stat = plain.empty() ? extended : plain;
  const std::optional<Statistic> statistic = Statistic::parse(stat.stat);
  if (!statistic)
    return refused(fmt::format("The value {} for parameter ExtendedStatistic is not supported.", stat.stat));
  stat.statistic = *statistic;
  if (const std::string unit = text_of(settings, "Unit"); !unit.empty()) stat.unit = standard_unit(unit);
  return stat;
}

Result<> parse_metrics(const Json& metrics, const Json& settings, AlarmWatch& watch) {
  for (const char* excluded :
       {"MetricName", "Namespace", "Period", "Statistic", "ExtendedStatistic", "Unit"}) {
    if (find_member(settings, excluded))
      return refused(fmt::format(
          "The parameters Metrics and {} are mutually exclusive and you have specified both.", excluded));
  }
  std::vector<MetricQuery> queries;
  std::vector<std::string> returned;
  std::size_t count = 0;
  for (const Json& query : metrics) {
    Result<MetricQuery> parsed = parse_metric_query(query, fmt::format("Metrics.member.{}", ++count));
    if (!parsed) return parsed.error();
    // In an alarm the one expression that returns data is watched; without an expression the one metric is.
    if (parsed->return_data) returned.push_back(parsed->id);
    queries.push_back(std::move(*parsed));
  }
  if (returned.size() != 1) return refused("Exactly one element of the metrics list should return data.");
  if (std::string problem = watch.queries.prepare(std::move(queries)); !problem.empty())
    return refused(std::move(problem));
  for (const MetricQuery& query : watch.queries.queries()) {
    if (query.stat) continue;
    const math::Parsed parsed = math::parse(query.expression);
    for (const char* function : {"SEARCH", "ANOMALY_DETECTION_BAND"})
      if (math::calls(*parsed.tree, function))
        return refused(fmt::format("{} is not supported in the expressions of an alarm.", function));
  }
  watch.watched = returned.front();
  watch.is_math = true;
  watch.period = watch.queries.longest_period();
  for (const MetricQuery& query : watch.queries.queries())
    if (query.stat && query.stat->period != watch.period)
      return refused("Period must be consistent across all metrics");
  return {};
}

Result<> check_times(const AlarmWatch& watch) {
  if (watch.period != 10 && watch.period != 20 && watch.period != 30 && watch.period % 60 != 0)
    return refused("Period must be 10, 20, 30 or a multiple of 60");
  const auto total = static_cast<EpochSeconds>(watch.evaluation_periods) * watch.period;
  if (watch.period < 3600 && total > 86'400)
    return refused(
        "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).");
  if (total > 604'800)
    return refused(
        "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800).");
  if (watch.datapoints && *watch.datapoints > watch.evaluation_periods)
    return refused("DatapointsToAlarm must be less than or equal to EvaluationPeriods.");
  return {};
}

}  // namespace

bool is_valid_period(EpochSeconds period) {
  return period == 1 || period == 5 || period == 10 || period == 20 || period == 30 ||
         (period > 0 && period % 60 == 0);
}

MetricId metric_id_of(const Json& metric) {
  MetricId id{.metric_namespace = text_of(metric, "Namespace"), .name = text_of(metric, "MetricName")};
  if (const Json* dimensions = find_member(metric, "Dimensions"))
    for (const Json& dimension : *dimensions)
      id.dimensions.emplace_back(text_of(dimension, "Name"), text_of(dimension, "Value"));
  id.sort();
  return id;
}

Result<MetricQuery> parse_metric_query(const Json& query, const std::string& where) {
  MetricQuery parsed;
  parsed.id = text_of(query, "Id");
  if (parsed.id.empty() || parsed.id[0] < 'a' || parsed.id[0] > 'z' ||
      parsed.id.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") !=
          std::string::npos)
    return refused(fmt::format(
        "The value {} for parameter {}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
        parsed.id, where));
  const Json* stat = find_member(query, "MetricStat");
  parsed.expression = text_of(query, "Expression");
  if (stat && !parsed.expression.empty())
    return refused(
        fmt::format("The parameters {0}.Expression and {0}.MetricStat are mutually exclusive and you have "
                    "specified both.",
                    where));
  if (!stat && parsed.expression.empty())
    return refused(
        fmt::format("One of the parameters {0}.Expression or {0}.MetricStat must be specified.", where));
  if (const Json* period = find_member(query, "Period")) {
    if (stat)
      return refused(fmt::format(
          "The parameters {0}.Period and {0}.MetricStat are mutually exclusive and you have specified both.",
          where));
    parsed.period = period->get<EpochSeconds>();
    if (!is_valid_period(*parsed.period))
      return refused(
          fmt::format("The parameter {}.Period must be 1, 5, 10, 20, 30 or a multiple of 60.", where));
  }
  if (stat) {
    Result<MetricStat> read = parse_metric_stat(*stat, where);
    if (!read) return read.error();
    parsed.stat = std::move(*read);
  }
  if (find_member(query, "Label")) parsed.label = text_of(query, "Label");
  if (const Json* returns = find_member(query, "ReturnData")) parsed.return_data = returns->get<bool>();
  return parsed;
}

Result<AlarmWatch> parse_watch(const Json& settings) {
  if (find_member(settings, "EvaluationCriteria") || find_member(settings, "EvaluationInterval"))
    return refused("Alarms on PromQL queries are not supported.");
  AlarmWatch watch;
  if (const Json* metrics = find_member(settings, "Metrics"); metrics && !metrics->empty()) {
    if (Result<> parsed = parse_metrics(*metrics, settings, watch); !parsed) return parsed.error();
  } else {
    Result<MetricStat> stat = parse_own_metric(settings);
    if (!stat) return stat.error();
    watch.period = stat->period;
    watch.watched = "m1";
    if (text_of(settings, "EvaluateLowSampleCountPercentile") == "ignore")
      watch.least_samples = stat->statistic.least_samples();
    MetricQuery query;
    query.id = "m1";
    query.stat = std::move(*stat);
    std::vector<MetricQuery> queries;
    queries.push_back(std::move(query));
    watch.queries.prepare(std::move(queries));
  }
  if (const std::string low = text_of(settings, "EvaluateLowSampleCountPercentile");
      !low.empty() && low != "evaluate" && low != "ignore")
    return refused(
        fmt::format("Option {} is not supported. Supported options for parameter "
                    "EvaluateLowSampleCountPercentile are evaluate and ignore.",
                    low));
  if (!find_member(settings, "EvaluationPeriods"))
    return AwsError(rows::MissingRequiredParameterException, "The parameter EvaluationPeriods is required.");
  watch.evaluation_periods = settings.at("EvaluationPeriods").get<std::size_t>();
  if (const Json* datapoints = find_member(settings, "DatapointsToAlarm"))
    watch.datapoints = datapoints->get<std::size_t>();
  const std::string comparison = text_of(settings, "ComparisonOperator");
  if (comparison.empty())
    return AwsError(rows::MissingRequiredParameterException, "The parameter ComparisonOperator is required.");
  const std::optional<Comparison> known = comparison_named(comparison);
  if (!known || find_member(settings, "ThresholdMetricId"))
    return refused("Alarms on anomaly detection bands are not supported.");
  watch.comparison = *known;
  const Json* threshold = find_member(settings, "Threshold");
  if (!threshold)
    return AwsError(rows::MissingRequiredParameterException, "The parameter Threshold is required.");
  watch.threshold = threshold->get<double>();
  const std::string missing = text_of(settings, "TreatMissingData");
  const std::optional<MissingData> treatment = missing_data_named(missing);
  if (!treatment)
    return refused(
        fmt::format("Option {} is not supported. Supported options for parameter TreatMissingData "
                    "are breaching, notBreaching, ignore and missing.",
                    missing));
  watch.missing = *treatment;
  // "Alarms that evaluate metrics in the AWS/DynamoDB namespace always ignore missing data"
  for (const MetricQuery& query : watch.queries.queries())
    if (query.stat && query.stat->metric.metric_namespace == "AWS/DynamoDB")
      watch.missing = MissingData::Ignore;
  if (Result<> times = check_times(watch); !times) return times.error();
  return watch;
}

bool AlarmWatch::breaches(double value) const {
  switch (comparison) {
    case Comparison::Greater:
      return value > threshold;
    case Comparison::GreaterOrEqual:
      return value >= threshold;
    case Comparison::Less:
      return value < threshold;
    case Comparison::LessOrEqual:
      return value <= threshold;
  }
  return false;
}

bool AlarmWatch::watches(std::string_view metric_key) const {
  return std::ranges::any_of(queries.queries(), [metric_key](const MetricQuery& query) {
    return query.stat && query.stat->key == metric_key;
  });
}

}  // namespace aviary::cloudwatch
