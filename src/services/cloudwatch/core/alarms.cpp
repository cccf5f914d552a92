#include "services/cloudwatch/core/alarms.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "models/cloudwatch.hpp"
#include "services/cloudwatch/core/alarm_judgement.hpp"

namespace aviary::cloudwatch {
namespace {

namespace rows = models::cloudwatch::errors;

std::string record_key(const Scope& scope, std::string_view name) {
  return fmt::format("{}/{}/{}", scope.account, scope.region, name);
}

/// Boundaries that were never seen (the clock was set forward) are not made up for beyond this many.
constexpr EpochSeconds most_missed = 2000;

}  // namespace

Alarms::Alarms(MetricStore& metrics, Journal& journal, AlarmActions* actions)
    : metrics_(metrics), actions_(actions), history_(journal), records_(journal, "cloudwatch.alarms") {}

const Alarms::ByName& Alarms::in(const Scope& scope) const {
  static const ByName none;
  const auto found = scopes_.find(scope);
  return found == scopes_.end() ? none : found->second;
}

const Alarm* Alarms::find(const Scope& scope, std::string_view name) const {
  const ByName& alarms = in(scope);
  const auto found = alarms.find(name);
  return found == alarms.end() ? nullptr : found->second.get();
}

Alarm* Alarms::find_own(const Scope& scope, std::string_view name) {
  return const_cast<Alarm*>(std::as_const(*this).find(scope, name));
}

std::size_t Alarms::size() const {
  std::size_t count = 0;
  for (const auto& [scope, alarms] : scopes_) count += alarms.size();
  return count;
}

std::optional<AlarmState> Alarms::state_of(const Scope& scope, std::string_view name) const {
  const Alarm* alarm = find(scope, name);
  if (!alarm) return std::nullopt;
  return alarm->said.state;
}

void Alarms::schedule(Alarm& alarm, Instant now) {
  if (alarm.composite) return;
  alarm.due = floor_to(to_seconds(now), alarm.watch.step()) + alarm.watch.step();
  if (schedule_changed_) schedule_changed_();
}

Alarm& Alarms::add(const Scope& scope, const std::string& name, const Json& settings, Instant now) {
  auto made = std::make_unique<Alarm>();
  made->scope = scope;
  made->name = name;
  if (const auto tags = settings.find("Tags"); tags != settings.end() && tags->is_array())
    for (const Json& tag : *tags) made->tags[tag.at("Key")] = tag.at("Value");
  made->said = {.state = AlarmState::InsufficientData,
                .reason = "Unchecked: Initial alarm creation",
                .reason_data = {},
                .since = now};
  made->transitioned = now;
  return *scopes_[scope].emplace(name, std::move(made)).first->second;
}

Result<> Alarms::put_metric_alarm(const Scope& scope, Json settings, Instant now) {
  Result<AlarmWatch> watch = parse_watch(settings);
  if (!watch) return watch.error();
  const std::string name = settings.at("AlarmName");
  Alarm* alarm = find_own(scope, name);
  if (alarm && alarm->composite)
    return AwsError(rows::ValidationError,
                    fmt::format("A composite alarm with the name {} already exists.", name));
  const bool is_new = !alarm;
  if (is_new) alarm = &add(scope, name, settings, now);
  settings.erase("Tags");
  alarm->settings = std::move(settings);
  alarm->configured = now;
  alarm->watch = std::move(*watch);
  alarm->evaluated.reset();
  alarm->marks.clear();
  if (alarm->watch.keeps_state()) remember(*alarm, to_seconds(now), alarm->said.state, true);
  save(*alarm);
  write_configuration(*alarm, is_new ? "Create" : "Update", is_new ? "created" : "updated", now);
  schedule(*alarm, now);
  return {};
}

Result<> Alarms::erase(const Scope& scope, const std::vector<std::string>& names, Instant now) {
  for (const std::string& name : names)
    if (!find(scope, name)) return AwsError(rows::ResourceNotFound, "");
  for (const std::string& name : names) {
    const Alarm* alarm = find(scope, name);
    if (!alarm) continue;  // named twice
    write_configuration(*alarm, "Delete", "deleted", now);
    records_.erase(record_key(scope, name));
    scopes_[scope].erase(name);
  }
  return {};
}

Result<> Alarms::set_state(const Scope& scope, std::string_view name, AlarmState state, std::string reason,
                           std::string reason_data, Instant now) {
  Alarm* alarm = find_own(scope, name);
  if (!alarm) return AwsError(rows::ResourceNotFound, "");
  if (!reason_data.empty() && !Json::accept(reason_data))
    return AwsError(rows::InvalidFormatFault, "StateReasonData was not properly formatted JSON");
  alarm->set_by_hand = to_seconds(now);
  if (alarm->watch.keeps_state()) remember(*alarm, to_seconds(now), state, true);
  transition(*alarm, state, std::move(reason), std::move(reason_data), now);
  return {};
}

void Alarms::enable_actions(const Scope& scope, const std::vector<std::string>& names, bool enable,
                            Instant now) {
  for (const std::string& name : names) {
    Alarm* alarm = find_own(scope, name);
    if (!alarm || alarm->actions_enabled() == enable) continue;
    alarm->settings["ActionsEnabled"] = enable;
    alarm->configured = now;
    save(*alarm);
    write_configuration(*alarm, "Update", "updated", now);
  }
}

bool Alarms::tag(const Scope& scope, std::string_view name, const std::map<std::string, std::string>& tags) {
  Alarm* alarm = find_own(scope, name);
  if (!alarm) return false;
  for (const auto& [key, value] : tags) alarm->tags[key] = value;
  save(*alarm);
  return true;
}

bool Alarms::untag(const Scope& scope, std::string_view name, const std::vector<std::string>& keys) {
  Alarm* alarm = find_own(scope, name);
  if (!alarm) return false;
  for (const std::string& key : keys) alarm->tags.erase(key);
  save(*alarm);
  return true;
}

std::optional<Instant> Alarms::next_due() const {
  std::optional<Instant> earliest;
  const auto consider = [&earliest](Instant at) {
    if (!earliest || at < *earliest) earliest = at;
  };
  for (const auto& [scope, alarms] : scopes_) {
    for (const auto& [name, alarm] : alarms) {
      if (!alarm->composite) consider(to_instant(alarm->due));
      if (alarm->suppression_ends) consider(*alarm->suppression_ends);
    }
  }
  return earliest;
}

void Alarms::run_due(Instant now) {
  for (std::optional<Instant> due = next_due(); due && *due <= now; due = next_due()) {
    const EpochSeconds at = to_seconds(*due);
    for (auto& [scope, alarms] : scopes_) {
      for (auto& [name, alarm] : alarms) {
        if (alarm->suppression_ends && *alarm->suppression_ends <= *due) end_suppression(*alarm, *due);
        if (alarm->composite || alarm->due > at) continue;
        const EpochSeconds step = alarm->watch.step();
        const EpochSeconds latest = floor_to(to_seconds(now), step);
        const EpochSeconds boundary = std::max(alarm->due, latest - most_missed * step);
        alarm->due = boundary + step;
        // A moment that was missed is told as it would have been.
        evaluate(*alarm, boundary, alarm->due > to_seconds(now) ? now : to_instant(boundary));
      }
    }
  }
}

/// What the alarm says at a boundary, by the data as it is.
void Alarms::evaluate(Alarm& alarm, EpochSeconds at, Instant now) {
  const std::vector<Datapoint> range = read_range(alarm.watch, metrics_, alarm.scope, at);
  const Judgement judgement = judge(alarm.watch, range);
  alarm.evaluated = at;
  const AlarmState state = judgement.state.value_or(alarm.said.state);
  if (alarm.watch.keeps_state()) remember(alarm, at, state, false);
  if (state == alarm.said.state) return;
  transition(alarm, state, reason_of(alarm.watch, judgement), reason_data_of(alarm.watch, judgement, now),
             now);
}

void Alarms::on_data(const Scope& scope, std::string_view metric_key, EpochSeconds at, Instant now) {
  const auto found = scopes_.find(scope);
  if (found == scopes_.end()) return;
  for (auto& [name, alarm] : found->second) {
    if (alarm->composite || !alarm->evaluated) continue;
    const AlarmWatch& watch = alarm->watch;
    const EpochSeconds step = watch.step();
    const EpochSeconds first = floor_to(at, step) + step;  // the first evaluation that could have seen it
    if (first > *alarm->evaluated) continue;
    const auto reach = static_cast<EpochSeconds>(watch.evaluation_range()) * watch.period;
    if (at < *alarm->evaluated - reach || !watch.watches(metric_key)) continue;
    const EpochSeconds latest = *alarm->evaluated;
    if (!watch.keeps_state()) {
      if (!alarm->set_by_hand || *alarm->set_by_hand < latest) evaluate(*alarm, latest, now);
      continue;
    }
    const AlarmState state = replay(*alarm, first);
    if (state == alarm->said.state) continue;
    const Judgement judgement = judge(watch, read_range(watch, metrics_, scope, latest));
    std::string reason = judgement.state ? reason_of(watch, judgement)
                                         : "Data that arrived late changed an earlier evaluation.";
    transition(*alarm, state, std::move(reason), reason_data_of(watch, judgement, now), now);
  }
}

/// Does the evaluations from `from` to the latest again, and the settings by hand in between as they were.
AlarmState Alarms::replay(Alarm& alarm, EpochSeconds from) {
  const EpochSeconds step = alarm.watch.step();
  std::vector<Alarm::Mark> by_hand;
  for (const Alarm::Mark& mark : alarm.marks)
    if (mark.by_hand && mark.at >= from) by_hand.push_back(mark);
  std::erase_if(alarm.marks, [from](const Alarm::Mark& mark) { return mark.at >= from; });
  AlarmState state = alarm.marks.empty() ? AlarmState::InsufficientData : alarm.marks.back().state;
  // Before its first evaluation an alarm was only ever set by hand: that is its first mark.
  if (alarm.marks.empty() && !by_hand.empty()) {
    state = by_hand.front().state;
    from = std::max(from, floor_to(by_hand.front().at, step) + step);
  }
  auto next = by_hand.begin();
  const auto apply_until = [&](EpochSeconds at) {
    for (; next != by_hand.end() && next->at < at; ++next) {
      state = next->state;
      alarm.marks.push_back(*next);
    }
  };
  for (EpochSeconds at = from; at <= *alarm.evaluated; at += step) {
    apply_until(at);
    const Judgement judgement = judge(alarm.watch, read_range(alarm.watch, metrics_, alarm.scope, at));
    state = judgement.state.value_or(state);
    if (alarm.marks.empty() || alarm.marks.back().state != state)
      alarm.marks.push_back({.at = at, .state = state, .by_hand = false});
  }
  apply_until(std::numeric_limits<EpochSeconds>::max());
  return state;
}

void Alarms::remember(Alarm& alarm, EpochSeconds at, AlarmState state, bool by_hand) {
  if (by_hand || alarm.marks.empty() || alarm.marks.back().state != state)
    alarm.marks.push_back({.at = at, .state = state, .by_hand = by_hand});
  // The last one before the evaluation range says what the state was at its beginning.
  const EpochSeconds horizon =
      at - static_cast<EpochSeconds>(alarm.watch.evaluation_range()) * alarm.watch.period -
      alarm.watch.step();
  std::size_t old = 0;
  while (old + 1 < alarm.marks.size() && alarm.marks[old + 1].at < horizon) ++old;
  alarm.marks.erase(alarm.marks.begin(), alarm.marks.begin() + static_cast<std::ptrdiff_t>(old));
}

void Alarms::transition(Alarm& alarm, AlarmState state, std::string reason, std::string reason_data,
                        Instant now, bool notify) {
  AlarmChange change{
      .from = alarm.said,
      .to = {
          .state = state, .reason = std::move(reason), .reason_data = std::move(reason_data), .since = now}};
  const bool changed = change.from.state != state;
  alarm.said = change.to;
  if (changed) alarm.transitioned = now;
  save(alarm);
  if (!changed) return;
  const auto state_entry = [](const Alarm::Said& said) {
    OrderedJson entry;
    entry["stateValue"] = std::string(name_of(said.state));
    entry["stateReason"] = said.reason;
    if (!said.reason_data.empty()) entry["stateReasonData"] = parse_bounded<OrderedJson>(said.reason_data);
    return entry;
  };
  OrderedJson data;
  data["version"] = "1.0";
  data["oldState"] = state_entry(change.from);
  data["newState"] = state_entry(change.to);
  write(alarm, now, "StateUpdate",
        fmt::format("Alarm updated from {} to {}", name_of(change.from.state), name_of(state)), data.dump());
  if (notify) act(alarm, change, now);
  const AlarmEvent event{.scope = alarm.scope,
                         .name = alarm.name,
                         .from = change.from.state,
                         .to = state,
                         .at = now,
                         .detail = event_detail(alarm, change, "m1")};
  const std::map<std::uint64_t, Listener> listeners = listeners_;  // one may end itself
  for (const auto& [token, listener] : listeners) listener(event);
  update_composites(alarm, now);
}

void Alarms::act(Alarm& alarm, const AlarmChange& change, Instant now) {
  if (alarm.composite && !alarm.text("ActionsSuppressor").empty()) {
    act_or_hold(alarm, change, now);
  } else {
    perform(alarm, change);
  }
}

void Alarms::perform(const Alarm& alarm, const AlarmChange& change) {
  if (!alarm.actions_enabled() || !actions_) return;
  for (const std::string& target : alarm.actions_for(change.to.state)) {
    AlarmAction action{.scope = alarm.scope,
                       .alarm_name = alarm.name,
                       .alarm_arn = alarm.arn(),
                       .state = change.to.state,
                       .target = target,
                       .subject = notification_subject(alarm, change),
                       .message = notification_text(alarm, change),
                       .event = lambda_event(alarm, change, "m1")};
    const auto done = [this, alive = std::weak_ptr<bool>(alive_), scope = alarm.scope, name = alarm.name,
                       composite = alarm.composite, target, at = change.to.since,
                       message = action.message](const std::optional<std::string>& problem) {
      if (alive.expired()) return;
      OrderedJson data;
      data["actionState"] = problem ? "Failed" : "Succeeded";
      data["stateUpdateTimestamp"] = at.time_since_epoch().count() / 1000;
      data["notificationResource"] = target;
      if (problem)
        data["error"] = *problem;
      else
        data["publishedMessage"] = message;
      history_.append(scope,
                      {.alarm_name = name,
                       .composite = composite,
                       .at = at,
                       .type = "Action",
                       .summary = problem ? fmt::format("Failed to execute action {}. Received error: \"{}\"",
                                                        target, *problem)
                                          : fmt::format("Successfully executed action {}", target),
                       .data = data.dump()});
    };
    actions_->perform(std::move(action), done);
  }
}

std::uint64_t Alarms::subscribe(Listener listener) {
  listeners_.emplace(next_token_, std::move(listener));
  return next_token_++;
}

void Alarms::unsubscribe(std::uint64_t token) { listeners_.erase(token); }

void Alarms::write(const Alarm& alarm, Instant at, std::string type, std::string summary, std::string data) {
  history_.append(alarm.scope, {.alarm_name = alarm.name,
                                .composite = alarm.composite,
                                .at = at,
                                .type = std::move(type),
                                .summary = std::move(summary),
                                .data = std::move(data)});
}

void Alarms::save(const Alarm& alarm) {
  records_.save(record_key(alarm.scope, alarm.name),
                Json{{"account", alarm.scope.account},
                     {"region", alarm.scope.region},
                     {"name", alarm.name},
                     {"composite", alarm.composite},
                     {"settings", alarm.settings},
                     {"tags", alarm.tags},
                     {"configured", alarm.configured.time_since_epoch().count()},
                     {"state", std::string(name_of(alarm.said.state))},
                     {"reason", alarm.said.reason},
                     {"reason_data", alarm.said.reason_data},
                     {"since", alarm.said.since.time_since_epoch().count()},
                     {"transitioned", alarm.transitioned.time_since_epoch().count()}});
}

void Alarms::restore(Instant now) {
  const auto instant = [](const Json& record, const char* name) {
    return Instant(Duration(record.at(name).get<std::int64_t>()));
  };
  records_.load([&](std::string_view, const Json& record) {
    auto alarm = std::make_unique<Alarm>();
    alarm->scope = {record.at("account"), record.at("region")};
    alarm->name = record.at("name");
    alarm->composite = record.at("composite");
    alarm->settings = record.at("settings");
    alarm->tags = record.at("tags").get<std::map<std::string, std::string>>();
    alarm->configured = instant(record, "configured");
    alarm->said = {
        .state =
            alarm_state_named(record.at("state").get<std::string>()).value_or(AlarmState::InsufficientData),
        .reason = record.at("reason"),
        .reason_data = record.at("reason_data"),
        .since = instant(record, "since")};
    alarm->transitioned = instant(record, "transitioned");
    if (alarm->composite) {
      alarm->rule = AlarmRule::parse(alarm->text("AlarmRule")).value_or(AlarmRule());
    } else {
      Result<AlarmWatch> watch = parse_watch(alarm->settings);
      if (!watch) return;
      alarm->watch = std::move(*watch);
      if (alarm->watch.keeps_state()) remember(*alarm, to_seconds(now), alarm->said.state, true);
      alarm->due = floor_to(to_seconds(now), alarm->watch.step()) + alarm->watch.step();
    }
    std::string name = alarm->name;
    scopes_[alarm->scope].emplace(std::move(name), std::move(alarm));
  });
  history_.restore();
  if (schedule_changed_) schedule_changed_();
}

void Alarms::clear() {
  scopes_.clear();
  history_.clear();
  *alive_ = false;
  alive_ = std::make_shared<bool>(true);
  if (schedule_changed_) schedule_changed_();
}

}  // namespace aviary::cloudwatch
