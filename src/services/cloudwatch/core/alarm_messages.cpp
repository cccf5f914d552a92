#include <fmt/format.h>

#include <algorithm>

#include "base/document.hpp"
#include "services/cloudwatch/core/alarm.hpp"
#include "services/cloudwatch/core/alarm_judgement.hpp"

namespace aviary::cloudwatch {
namespace {

/// How notifications call regions; one that is not here is called by its code.
std::string region_name(const std::string& region) {
  static const std::map<std::string, std::string, std::less<>> names = {
      {"us-east-1", "US East (N. Virginia)"},
      {"us-east-2", "US East (Ohio)"},
      {"us-west-1", "US West (N. California)"},
      {"us-west-2", "US West (Oregon)"},
      {"eu-west-1", "EU (Ireland)"},
      {"eu-west-2", "EU (London)"},
      {"eu-west-3", "EU (Paris)"},
      {"eu-central-1", "EU (Frankfurt)"},
      {"eu-north-1", "EU (Stockholm)"},
      {"eu-south-1", "EU (Milan)"},
      {"ca-central-1", "Canada (Central)"},
      {"sa-east-1", "South America (Sao Paulo)"},
      {"ap-northeast-1", "Asia Pacific (Tokyo)"},
      {"ap-northeast-2", "Asia Pacific (Seoul)"},
      {"ap-south-1", "Asia Pacific (Mumbai)"},
      {"ap-southeast-1", "Asia Pacific (Singapore)"},
      {"ap-southeast-2", "Asia Pacific (Sydney)"},
  };
  const auto found = names.find(region);
  return found == names.end() ? region : found->second;
}

OrderedJson texts(const Json& settings, const char* name) {
  OrderedJson list = OrderedJson::array();
  if (const Json* given = find_member(settings, name))
    for (const Json& text : *given) list.push_back(text.get<std::string>());
  return list;
}

OrderedJson or_null(const Json& settings, const char* name) {
  const Json* given = find_member(settings, name);
  return given ? OrderedJson(given->get<std::string>()) : OrderedJson(nullptr);
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

/// Dimensions as notifications have them: `[{"value": …, "name": …}]`.
OrderedJson listed_dimensions(const Json& metric) {
  OrderedJson list = OrderedJson::array();
  if (const Json* dimensions = find_member(metric, "Dimensions"))
    for (const Json& dimension : *dimensions)
      list.push_back({{"value", dimension.value("Value", "")}, {"name", dimension.value("Name", "")}});
  return list;
}

OrderedJson metrics_of_trigger(const Json& metrics) {
  OrderedJson list = OrderedJson::array();
  for (const Json& query : metrics) {
    OrderedJson entry;
    if (const Json* expression = find_member(query, "Expression")) entry["Expression"] = *expression;
    entry["Id"] = query.value("Id", "");
    if (const Json* label = find_member(query, "Label")) entry["Label"] = *label;
    if (const Json* stat = find_member(query, "MetricStat")) {
      const Json& metric = stat->at("Metric");
      entry["MetricStat"] = {{"Metric",
                              {{"Dimensions", listed_dimensions(metric)},
                               {"MetricName", metric.value("MetricName", "")},
                               {"Namespace", metric.value("Namespace", "")}}},
                             {"Period", stat->value("Period", 0)},
                             {"Stat", stat->value("Stat", "")}};
    }
    entry["ReturnData"] = query.value("ReturnData", true);
    list.push_back(std::move(entry));
  }
  return list;
}

OrderedJson trigger_of(const Alarm& alarm) {
  const Json& settings = alarm.settings;
  OrderedJson trigger;
  if (!alarm.watch.is_math) {
    trigger["MetricName"] = alarm.text("MetricName");
    trigger["Namespace"] = alarm.text("Namespace");
    const bool extended = find_member(settings, "ExtendedStatistic") != nullptr;
    trigger["StatisticType"] = extended ? "ExtendedStatistic" : "Statistic";
    if (extended)
      trigger["ExtendedStatistic"] = alarm.text("ExtendedStatistic");
    else
      trigger["Statistic"] = upper(alarm.text("Statistic"));
    trigger["Unit"] = or_null(settings, "Unit");
    trigger["Dimensions"] = listed_dimensions(settings);
  }
  trigger["Period"] = alarm.watch.period;
  trigger["EvaluationPeriods"] = alarm.watch.evaluation_periods;
  if (alarm.watch.datapoints) trigger["DatapointsToAlarm"] = *alarm.watch.datapoints;
  trigger["ComparisonOperator"] = alarm.text("ComparisonOperator");
  trigger["Threshold"] = alarm.watch.threshold;
  trigger["TreatMissingData"] = alarm.text("TreatMissingData");
  trigger["EvaluateLowSampleCountPercentile"] = alarm.text("EvaluateLowSampleCountPercentile");
  if (alarm.watch.is_math) trigger["Metrics"] = metrics_of_trigger(settings.at("Metrics"));
  return trigger;
}

/// Dimensions as events have them: `{"FunctionName": "order-processor"}`.
Json mapped_dimensions(const Json& metric) {
  Json map = Json::object();
  if (const Json* dimensions = find_member(metric, "Dimensions"))
    for (const Json& dimension : *dimensions) map[dimension.value("Name", "")] = dimension.value("Value", "");
  return map;
}

Json metrics_of_event(const Alarm& alarm, std::string_view id) {
  const auto stat = [](const Json& metric, Json period, Json statistic) {
    return Json{{"metric",
                 {{"namespace", metric.value("Namespace", "")},
                  {"name", metric.value("MetricName", "")},
                  {"dimensions", mapped_dimensions(metric)}}},
                {"period", std::move(period)},
                {"stat", std::move(statistic)}};
  };
  if (!alarm.watch.is_math) {
    const std::string statistic =
        find_member(alarm.settings, "Statistic") ? alarm.text("Statistic") : alarm.text("ExtendedStatistic");
    Json entry{{"id", std::string(id)},
               {"metricStat", stat(alarm.settings, alarm.watch.period, statistic)},
               {"returnData", true}};
    if (find_member(alarm.settings, "Unit")) entry["metricStat"]["unit"] = alarm.text("Unit");
    return Json::array({std::move(entry)});
  }
  Json list = Json::array();
  for (const Json& query : alarm.settings.at("Metrics")) {
    Json entry{{"id", query.value("Id", "")}, {"returnData", query.value("ReturnData", true)}};
    if (const Json* expression = find_member(query, "Expression")) entry["expression"] = *expression;
    if (const Json* label = find_member(query, "Label")) entry["label"] = *label;
    if (const Json* given = find_member(query, "MetricStat"))
      entry["metricStat"] = stat(given->at("Metric"), given->at("Period"), given->at("Stat"));
    list.push_back(std::move(entry));
  }
  return list;
}

Json state_of_event(const Alarm::Said& said) {
  Json state{{"value", std::string(name_of(said.state))}, {"reason", said.reason}};
  if (!said.reason_data.empty()) state["reasonData"] = said.reason_data;
  state["timestamp"] = json_time(said.since);
  return state;
}

}  // namespace

std::string alarm_arn(const Scope& scope, std::string_view name) {
  return fmt::format("arn:aws:cloudwatch:{}:{}:alarm:{}", scope.region, scope.account, name);
}

std::string alarm_name_of(std::string_view name_or_arn) {
  if (name_or_arn.starts_with("arn:"))
    if (const std::size_t at = name_or_arn.find(":alarm:"); at != std::string_view::npos)
      return std::string(name_or_arn.substr(at + 7));
  return std::string(name_or_arn);
}

std::string Alarm::arn() const { return alarm_arn(scope, name); }

std::string Alarm::text(const char* name_of_member) const {
  const Json* found = find_member(settings, name_of_member);
  return found && found->is_string() ? found->get<std::string>() : std::string();
}

bool Alarm::actions_enabled() const {
  const Json* enabled = find_member(settings, "ActionsEnabled");
  return !enabled || enabled->get<bool>();
}

std::vector<std::string> Alarm::actions_for(AlarmState state) const {
  const char* list = state == AlarmState::Ok      ? "OKActions"
                     : state == AlarmState::Alarm ? "AlarmActions"
                                                  : "InsufficientDataActions";
  const Json* given = find_member(settings, list);
  return given ? given->get<std::vector<std::string>>() : std::vector<std::string>();
}

std::string notification_subject(const Alarm& alarm, const AlarmChange& change) {
  return fmt::format("{}: \"{}\" in {}", name_of(change.to.state), alarm.name,
                     region_name(alarm.scope.region));
}

std::string notification_text(const Alarm& alarm, const AlarmChange& change) {
  OrderedJson message;
  message["AlarmName"] = alarm.name;
  message["AlarmDescription"] = or_null(alarm.settings, "AlarmDescription");
  message["AWSAccountId"] = alarm.scope.account;
  message["AlarmConfigurationUpdatedTimestamp"] = json_time(alarm.configured);
  if (alarm.composite) message["AlarmRule"] = alarm.text("AlarmRule");
  message["NewStateValue"] = std::string(name_of(change.to.state));
  message["NewStateReason"] = change.to.reason;
  message["StateChangeTime"] = json_time(change.to.since);
  message["Region"] = region_name(alarm.scope.region);
  message["AlarmArn"] = alarm.arn();
  message["OldStateValue"] = std::string(name_of(change.from.state));
  message["OKActions"] = texts(alarm.settings, "OKActions");
  message["AlarmActions"] = texts(alarm.settings, "AlarmActions");
  message["InsufficientDataActions"] = texts(alarm.settings, "InsufficientDataActions");
  if (!alarm.composite) message["Trigger"] = trigger_of(alarm);
  return message.dump();
}

Json event_detail(const Alarm& alarm, const AlarmChange& change, std::string_view metric_query_id) {
  Json configuration = Json::object();
  if (find_member(alarm.settings, "AlarmDescription"))
    configuration["description"] = alarm.text("AlarmDescription");
  if (alarm.composite) {
    configuration["alarmRule"] = alarm.text("AlarmRule");
  } else {
    configuration["metrics"] = metrics_of_event(alarm, metric_query_id);
  }
  return {{"alarmName", alarm.name},
          {"state", state_of_event(change.to)},
          {"previousState", state_of_event(change.from)},
          {"configuration", std::move(configuration)}};
}

Json lambda_event(const Alarm& alarm, const AlarmChange& change, std::string_view metric_query_id) {
  return {{"source", "aws.cloudwatch"},       {"alarmArn", alarm.arn()},
          {"accountId", alarm.scope.account}, {"time", json_time(change.to.since)},
          {"region", alarm.scope.region},     {"alarmData", event_detail(alarm, change, metric_query_id)}};
}

}  // namespace aviary::cloudwatch
