#include <fmt/format.h>
#include <fmt/ranges.h>

#include "models/cloudwatch.hpp"
#include "services/cloudwatch/core/alarm_judgement.hpp"
#include "services/cloudwatch/core/alarms.hpp"

namespace aviary::cloudwatch {
namespace {

namespace rows = models::cloudwatch::errors;

/// `Friday 22 July, 2022 15:57:45 UTC`
std::string long_time(Instant at) {
  const std::string http = http_date(at);  // Mon, 15 Jan 2024 10:30:00 GMT
  static constexpr std::pair<std::string_view, std::string_view> days[] = {
      {"Mon", "Monday"}, {"Tue", "Tuesday"},  {"Wed", "Wednesday"}, {"Thu", "Thursday"},
      {"Fri", "Friday"}, {"Sat", "Saturday"}, {"Sun", "Sunday"}};
  static constexpr std::pair<std::string_view, std::string_view> months[] = {
      {"Jan", "January"},   {"Feb", "February"}, {"Mar", "March"},    {"Apr", "April"},
      {"May", "May"},       {"Jun", "June"},     {"Jul", "July"},     {"Aug", "August"},
      {"Sep", "September"}, {"Oct", "October"},  {"Nov", "November"}, {"Dec", "December"}};
  const auto full = [](std::string_view abbreviation, const auto& names) {
    for (const auto& [first, whole] : names)
      if (first == abbreviation) return whole;
    return abbreviation;
  };
  return fmt::format("{} {} {}, {} {} UTC", full(http.substr(0, 3), days), http.substr(5, 2),
                     full(http.substr(8, 3), months), http.substr(12, 4), http.substr(17, 8));
}

Duration seconds_of(const Alarm& alarm, const char* member) {
  const auto found = alarm.settings.find(member);
  return found == alarm.settings.end() || found->is_null() ? Duration(0)
                                                           : std::chrono::seconds(found->get<std::int64_t>());
}

}  // namespace

Result<> Alarms::put_composite_alarm(const Scope& scope, Json settings, Instant now) {
  const std::string name = settings.at("AlarmName");
  std::optional<AlarmRule> rule = AlarmRule::parse(settings.at("AlarmRule").get<std::string>());
  if (!rule) return AwsError(rows::ValidationError, "AlarmRule must be a valid rule expression");
  std::vector<std::string> unknown;
  for (const std::string& child : rule->alarms())
    if (child != name && !find(scope, child)) unknown.push_back(child);
  if (!unknown.empty())
    return AwsError(
        rows::ValidationError,
        fmt::format("Could not save the composite alarm as alarms [{}] in the alarm rule do not exist",
                    fmt::join(unknown, ", ")));
  if (settings.contains("ActionsSuppressor") && settings["ActionsSuppressor"].is_string())
    for (const char* required : {"ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"})
      if (!settings.contains(required) || settings[required].is_null())
        return AwsError(rows::ValidationError,
                        fmt::format("{} must be specified when ActionsSuppressor is specified", required));
  Alarm* alarm = find_own(scope, name);
  if (alarm && !alarm->composite)
    return AwsError(rows::ValidationError,
                    fmt::format("A metric alarm with the name {} already exists.", name));
  const bool is_new = !alarm;
  if (is_new) alarm = &add(scope, name, settings, now);
  settings.erase("Tags");
  alarm->composite = true;
  alarm->settings = std::move(settings);
  alarm->configured = now;
  alarm->rule = std::move(*rule);
  alarm->suppression = Suppression::None;
  alarm->suppression_ends.reset();
  alarm->actions_owed = false;
  save(*alarm);
  write_configuration(*alarm, is_new ? "Create" : "Update", is_new ? "created" : "updated", now);
  evaluate_composite(*alarm, nullptr, is_new ? "created" : "updated", now);
  return {};
}

/// `cause` is the alarm whose change made this necessary; null when the composite itself was put.
void Alarms::evaluate_composite(Alarm& alarm, const Alarm* cause, std::string_view verb, Instant now) {
  const auto state_of_child = [this, &alarm](const std::string& name) { return state_of(alarm.scope, name); };
  const AlarmState state = alarm.rule.holds(state_of_child) ? AlarmState::Alarm : AlarmState::Ok;
  if (state == alarm.said.state) return;
  const auto triggering = [](const Alarm& child) {
    OrderedJson entry;
    entry["arn"] = child.arn();
    entry["state"]["value"] = std::string(name_of(child.said.state));
    entry["state"]["timestamp"] = json_time(child.said.since);
    return entry;
  };
  OrderedJson data;
  data["triggeringAlarms"] = OrderedJson::array();
  std::string reason;
  if (cause) {
    reason =
        fmt::format("{} transitioned to {} at {}", cause->arn(), name_of(cause->said.state), long_time(now));
    data["triggeringAlarms"].push_back(triggering(*cause));
  } else {
    reason = fmt::format("{} was {} and its alarm rule evaluates to {}", alarm.arn(), verb, name_of(state));
    for (const std::string& name : alarm.rule.alarms())
      if (const Alarm* child = find(alarm.scope, name))
        data["triggeringAlarms"].push_back(triggering(*child));
  }
  transition(alarm, state, std::move(reason), data.dump(), now);
}

void Alarms::update_composites(const Alarm& changed, Instant now) {
  if (depth_ > 50) return;  // alarms that set each other off for ever stop here
  ++depth_;
  const std::string name = changed.name;
  const AlarmState state = changed.said.state;
  for (auto& [other, alarm] : scopes_[changed.scope]) {
    if (!alarm->composite) continue;
    if (alarm_name_of(alarm->text("ActionsSuppressor")) == name) suppressor_changed(*alarm, state, now);
    const auto& children = alarm->rule.alarms();
    if (std::find(children.begin(), children.end(), name) != children.end())
      evaluate_composite(*alarm, &changed, {}, now);
  }
  --depth_;
}

/// Actions of an alarm with a suppressor: held back while that is in ALARM, and for a while before, in case
/// it is only slow ("Alarm suppression", user guide).
void Alarms::act_or_hold(Alarm& alarm, const AlarmChange& change, Instant now) {
  const std::optional<AlarmState> suppressor =
      state_of(alarm.scope, alarm_name_of(alarm.text("ActionsSuppressor")));
  if (!alarm.actions_owed) alarm.owed_from = change.from.state;
  if (suppressor == AlarmState::Alarm) {
    alarm.suppression = Suppression::Alarm;
    alarm.suppression_ends.reset();
    alarm.actions_owed = true;
    return;
  }
  if (alarm.suppression == Suppression::ExtensionPeriod) {
    alarm.actions_owed = true;
    return;
  }
  const Duration wait = seconds_of(alarm, "ActionsSuppressorWaitPeriod");
  if (wait <= Duration(0)) {
    perform(alarm, change);
    return;
  }
  alarm.suppression = Suppression::WaitPeriod;
  alarm.suppression_ends = now + wait;
  alarm.actions_owed = true;
  if (schedule_changed_) schedule_changed_();
}

void Alarms::suppressor_changed(Alarm& alarm, AlarmState suppressor, Instant now) {
  if (suppressor == AlarmState::Alarm) {
    if (alarm.suppression == Suppression::None) return;
    alarm.suppression = Suppression::Alarm;
    alarm.suppression_ends.reset();
    return;
  }
  if (alarm.suppression != Suppression::Alarm) return;
  alarm.suppression = Suppression::ExtensionPeriod;
  alarm.suppression_ends = now + seconds_of(alarm, "ActionsSuppressorExtensionPeriod");
  if (schedule_changed_) schedule_changed_();
}

void Alarms::end_suppression(Alarm& alarm, Instant) {
  alarm.suppression = Suppression::None;
  alarm.suppression_ends.reset();
  if (!std::exchange(alarm.actions_owed, false) || alarm.owed_from == alarm.said.state) return;
  AlarmChange change{.from = alarm.said, .to = alarm.said};
  change.from.state = alarm.owed_from;
  perform(alarm, change);
}

/// The HistoryData of a change of configuration: the alarm with names as that document has them.
void Alarms::write_configuration(const Alarm& alarm, std::string_view type, std::string_view verb,
                                 Instant now) {
  OrderedJson settings;
  settings["alarmName"] = alarm.name;
  if (alarm.settings.contains("AlarmDescription"))
    settings["alarmDescription"] = alarm.text("AlarmDescription");
  settings["alarmArn"] = alarm.arn();
  settings["alarmConfigurationUpdatedTimestamp"] = json_time(alarm.configured);
  static constexpr const char* members[] = {"Namespace",
                                            "MetricName",
                                            "Statistic",
                                            "ExtendedStatistic",
                                            "Dimensions",
                                            "Period",
                                            "Unit",
                                            "Threshold",
                                            "ComparisonOperator",
                                            "EvaluationPeriods",
                                            "DatapointsToAlarm",
                                            "TreatMissingData",
                                            "EvaluateLowSampleCountPercentile",
                                            "Metrics",
                                            "AlarmRule"};
  for (const char* member : members) {
    const auto found = alarm.settings.find(member);
    if (found == alarm.settings.end() || found->is_null()) continue;
    std::string name = member;
    name[0] = static_cast<char>(name[0] + 32);
    settings[name] = OrderedJson::parse(found->dump());
  }
  settings["stateValue"] = std::string(name_of(alarm.said.state));
  settings["stateUpdatedTimestamp"] = json_time(alarm.said.since);
  settings["actionsEnabled"] = alarm.actions_enabled();
  settings["alarmActions"] = alarm.actions_for(AlarmState::Alarm);
  settings["insufficientDataActions"] = alarm.actions_for(AlarmState::InsufficientData);
  settings["okactions"] = alarm.actions_for(AlarmState::Ok);
  OrderedJson data;
  data["version"] = "1.0";
  data["type"] = std::string(type);
  data[fmt::format("{}Alarm", verb)] = std::move(settings);
  write(alarm, now, "ConfigurationUpdate", fmt::format("Alarm \"{}\" {}", alarm.name, verb), data.dump());
}

}  // namespace aviary::cloudwatch
