#include <algorithm>
#include <charconv>

#include "models/cloudwatch.hpp"
#include "services/cloudwatch/api/cloudwatch_service.hpp"
#include "services/cloudwatch/api/input.hpp"

namespace aviary::cloudwatch {
namespace {

Json render(const Alarm& alarm) {
  Json out = alarm.settings;
  out["AlarmArn"] = alarm.arn();
  out["AlarmConfigurationUpdatedTimestamp"] = epoch_seconds(alarm.configured);
  out["ActionsEnabled"] = alarm.actions_enabled();
  for (const char* list : {"OKActions", "AlarmActions", "InsufficientDataActions"})
    if (!find_member(out, list)) out[list] = Json::array();
  // Alarms on math have neither a metric nor dimensions of their own (seen at AWS: an empty list).
  if (!alarm.composite && !find_member(out, "Dimensions")) out["Dimensions"] = Json::array();
  out["StateValue"] = std::string(name_of(alarm.said.state));
  out["StateReason"] = alarm.said.reason;
  if (!alarm.said.reason_data.empty()) out["StateReasonData"] = alarm.said.reason_data;
  out["StateUpdatedTimestamp"] = epoch_seconds(alarm.said.since);
  out["StateTransitionedTimestamp"] = epoch_seconds(alarm.transitioned);
  static constexpr const char* by[] = {"", "WaitPeriod", "Alarm", "ExtensionPeriod"};
  if (alarm.suppression != Suppression::None) {
    const std::string what = by[static_cast<int>(alarm.suppression)];
    out["ActionsSuppressedBy"] = what;
    out["ActionsSuppressedReason"] = "Actions suppressed by " + what;
  }
  return out;
}

std::size_t page_size(const Json& input) {
  const Json* most = find_member(input, "MaxRecords");
  return most ? most->get<std::size_t>() : 100;
}

bool wants(const Json& input, bool composite) {
  const std::vector<std::string> types = texts_of(input, "AlarmTypes");
  if (types.empty()) return !composite;
  return std::ranges::find(types, composite ? "CompositeAlarm" : "MetricAlarm") != types.end();
}

/// Which alarms one call is about.
class Selection {
 public:
  explicit Selection(const Call& call, const Alarms& alarms)
      : input_(call.input),
        names_(texts_of(call.input, "AlarmNames")),
        prefix_(text_of(call.input, "AlarmNamePrefix")),
        state_(text_of(call.input, "StateValue")),
        action_(text_of(call.input, "ActionPrefix")),
        parents_of_(alarm_name_of(text_of(call.input, "ParentsOfAlarmName"))) {
    const std::string children_of = alarm_name_of(text_of(call.input, "ChildrenOfAlarmName"));
    if (children_of.empty()) return;
    const Alarm* parent = alarms.find(scope_of(call), children_of);
    children_ = parent ? parent->rule.alarms() : std::vector<std::string>();
  }

  bool has(const Alarm& alarm) const {
    const auto among = [&alarm](const std::vector<std::string>& list) {
      return std::ranges::find(list, alarm.name) != list.end();
    };
    if (children_) return among(*children_);
    if (!parents_of_.empty()) {
      const auto& children = alarm.rule.alarms();
      return std::ranges::find(children, parents_of_) != children.end();
    }
    if (!wants(input_, alarm.composite)) return false;
    if (!names_.empty() && !among(names_)) return false;
    if (!alarm.name.starts_with(prefix_)) return false;
    if (!state_.empty() && state_ != name_of(alarm.said.state)) return false;
    if (action_.empty()) return true;
    for (const AlarmState state : {AlarmState::Ok, AlarmState::Alarm, AlarmState::InsufficientData})
      for (const std::string& action : alarm.actions_for(state))
        if (action.starts_with(action_)) return true;
    return false;
  }
  /// Relatives are named, not told all about.
  bool short_form() const { return children_ || !parents_of_.empty(); }

 private:
  const Json& input_;
  std::vector<std::string> names_;
  std::string prefix_;
  std::string state_;
  std::string action_;
  std::string parents_of_;
  std::optional<std::vector<std::string>> children_;
};

}  // namespace

Result<Reply> CloudWatchService::describe_alarms(Call& call) {
  if (find_member(call.input, "AlarmNames") && find_member(call.input, "AlarmNamePrefix"))
    return validation_error("You cannot specify both AlarmNames and AlarmNamePrefix");
  std::string after;
  if (const std::string& token = text_of(call.input, "NextToken"); !token.empty()) {
    std::optional<std::string> text = from_token(token);
    if (!text) return invalid_token();
    after = std::move(*text);
  }
  const Selection selection(call, alarms_);
  const Alarms::ByName& all = alarms_.in(scope_of(call));
  const std::size_t size = page_size(call.input);
  Reply reply;
  Json& metric_alarms = reply.output["MetricAlarms"] = Json::array();
  Json& composite_alarms = reply.output["CompositeAlarms"] = Json::array();
  std::size_t count = 0;
  std::string last;
  for (auto entry = after.empty() ? all.begin() : all.upper_bound(after); entry != all.end(); ++entry) {
    const Alarm& alarm = *entry->second;
    if (!selection.has(alarm)) continue;
    if (count++ == size) {
      reply.output["NextToken"] = token_for(last);
      break;
    }
    last = entry->first;
    Json rendered = selection.short_form() ? Json{{"AlarmName", alarm.name},
                                                  {"AlarmArn", alarm.arn()},
                                                  {"StateValue", std::string(name_of(alarm.said.state))}}
                                           : render(alarm);
    (alarm.composite ? composite_alarms : metric_alarms).push_back(std::move(rendered));
  }
  return reply;
}

Result<Reply> CloudWatchService::describe_alarms_for_metric(Call& call) {
  const MetricId metric = metric_id_of(call.input);
  const std::string& statistic = find_member(call.input, "Statistic")
                                     ? text_of(call.input, "Statistic")
                                     : text_of(call.input, "ExtendedStatistic");
  const std::optional<EpochSeconds> period = seconds_of(call.input, "Period");
  const std::string& unit = text_of(call.input, "Unit");
  Reply reply;
  Json& list = reply.output["MetricAlarms"] = Json::array();
  for (const auto& [name, alarm] : alarms_.in(scope_of(call))) {
    if (alarm->composite || alarm->watch.is_math) continue;
    const MetricStat& stat = *alarm->watch.queries.queries().front().stat;
    if (stat.metric != metric || (!statistic.empty() && stat.stat != statistic)) continue;
    if ((period && *period != stat.period) || (!unit.empty() && unit != stat.unit.value_or(""))) continue;
    list.push_back(render(*alarm));
  }
  return reply;
}

Result<Reply> CloudWatchService::describe_alarm_history(Call& call) {
  const std::string& name = text_of(call.input, "AlarmName");
  const std::string& type = text_of(call.input, "HistoryItemType");
  const Json* start = find_member(call.input, "StartDate");
  const Json* end = find_member(call.input, "EndDate");
  std::size_t from = 0;
  if (const std::string& token = text_of(call.input, "NextToken"); !token.empty()) {
    const std::optional<std::string> text = from_token(token);
    if (!text || std::from_chars(text->data(), text->data() + text->size(), from).ec != std::errc())
      return invalid_token();
  }
  const auto& items = alarms_.history().of(scope_of(call));
  std::vector<const HistoryItem*> selected;
  for (const HistoryItem& item : items) {
    if (!wants(call.input, item.composite) && name.empty()) continue;
    if ((!name.empty() && item.alarm_name != name) || (!type.empty() && item.type != type)) continue;
    if (start && epoch_seconds(item.at) < start->get<double>()) continue;
    if (end && epoch_seconds(item.at) > end->get<double>()) continue;
    selected.push_back(&item);
  }
  if (text_of(call.input, "ScanBy") != "TimestampAscending") std::ranges::reverse(selected);
  const std::size_t until = std::min(selected.size(), from + page_size(call.input));
  Reply reply;
  Json& list = reply.output["AlarmHistoryItems"] = Json::array();
  for (std::size_t i = from; i < until; ++i) {
    const HistoryItem& item = *selected[i];
    list.push_back({{"AlarmName", item.alarm_name},
                    {"AlarmType", item.composite ? "CompositeAlarm" : "MetricAlarm"},
                    {"Timestamp", epoch_seconds(item.at)},
                    {"HistoryItemType", item.type},
                    {"HistorySummary", item.summary},
                    {"HistoryData", item.data}});
  }
  if (until < selected.size()) reply.output["NextToken"] = token_for(std::to_string(until));
  return reply;
}

}  // namespace aviary::cloudwatch
