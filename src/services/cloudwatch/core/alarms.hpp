#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ports/records.hpp"
#include "services/cloudwatch/core/alarm.hpp"
#include "services/cloudwatch/core/alarm_actions.hpp"
#include "services/cloudwatch/core/alarm_history.hpp"
#include "services/cloudwatch/core/metric_store.hpp"

namespace aviary::cloudwatch {

/// An alarm that changed its state, as others want to hear of it.
struct AlarmEvent {
  Scope scope;
  std::string name;
  AlarmState from;
  AlarmState to;
  Instant at;
  Json detail;  ///< of EventBridge's "CloudWatch Alarm State Change"
};

/// All alarms: a state machine that is told the time and what data has come. It has no timer of its own;
/// whoever drives it calls `run_due` at `next_due` (jobs/alarm_timer.hpp).
///
/// What an alarm says is a function of its settings and of the data, not of when the data came: an evaluation
/// that late data touches is done again, in order, from there on.
class Alarms {
 public:
  Alarms(MetricStore& metrics, Journal& journal, AlarmActions* actions);

  using ByName = std::map<std::string, std::unique_ptr<Alarm>, std::less<>>;

  Result<> put_metric_alarm(const Scope& scope, Json settings, Instant now);
  Result<> put_composite_alarm(const Scope& scope, Json settings, Instant now);
  /// All of them or, if one does not exist, none.
  Result<> erase(const Scope& scope, const std::vector<std::string>& names, Instant now);
  Result<> set_state(const Scope& scope, std::string_view name, AlarmState state, std::string reason,
                     std::string reason_data, Instant now);
  void enable_actions(const Scope& scope, const std::vector<std::string>& names, bool enable, Instant now);
  bool tag(const Scope& scope, std::string_view name, const std::map<std::string, std::string>& tags);
  bool untag(const Scope& scope, std::string_view name, const std::vector<std::string>& keys);

  const ByName& in(const Scope& scope) const;
  const Alarm* find(const Scope& scope, std::string_view name) const;
  const AlarmHistory& history() const noexcept { return history_; }

  /// When something is to be done next; nothing when there is nothing to wait for.
  std::optional<Instant> next_due() const;
  /// Evaluates what is due by now, moment by moment, in order of names.
  void run_due(Instant now);
  /// Data of `at` has come for a metric. Does nothing unless an evaluation of the past has to be done again.
  void on_data(const Scope& scope, std::string_view metric_key, EpochSeconds at, Instant now);

  /// What CodeDeploy asks: the state of an alarm, by name.
  std::optional<AlarmState> state_of(const Scope& scope, std::string_view name) const;
  using Listener = std::function<void(const AlarmEvent&)>;
  /// Called at every change of state, after it was made. The token ends it.
  std::uint64_t subscribe(Listener listener);
  void unsubscribe(std::uint64_t token);
  /// Called when `next_due` may have become earlier.
  void on_schedule_change(std::function<void()> callback) { schedule_changed_ = std::move(callback); }

  void restore(Instant now);
  void clear();
  std::size_t size() const;

 private:
  Alarm* find_own(const Scope& scope, std::string_view name);
  /// With the tags of its settings: "If you are using this operation to update an existing alarm, any tags …
  /// are ignored".
  Alarm& add(const Scope& scope, const std::string& name, const Json& settings, Instant now);
  void save(const Alarm& alarm);
  void schedule(Alarm& alarm, Instant now);
  void evaluate(Alarm& alarm, EpochSeconds at, Instant now);
  AlarmState replay(Alarm& alarm, EpochSeconds from);
  void remember(Alarm& alarm, EpochSeconds at, AlarmState state, bool by_hand);
  void transition(Alarm& alarm, AlarmState state, std::string reason, std::string reason_data, Instant now,
                  bool notify = true);
  void update_composites(const Alarm& changed, Instant now);
  void evaluate_composite(Alarm& alarm, const Alarm* cause, std::string_view verb, Instant now);
  void act(Alarm& alarm, const AlarmChange& change, Instant now);
  void perform(const Alarm& alarm, const AlarmChange& change);
  void act_or_hold(Alarm& alarm, const AlarmChange& change, Instant now);
  void suppressor_changed(Alarm& alarm, AlarmState suppressor, Instant now);
  void end_suppression(Alarm& alarm, Instant now);
  void write(const Alarm& alarm, Instant at, std::string type, std::string summary, std::string data);
  void write_configuration(const Alarm& alarm, std::string_view type, std::string_view verb, Instant now);

  MetricStore& metrics_;
  AlarmActions* actions_;
  std::map<Scope, ByName> scopes_;
  AlarmHistory history_;
  Records<Json> records_;
  std::map<std::uint64_t, Listener> listeners_;
  std::uint64_t next_token_ = 1;
  std::function<void()> schedule_changed_;
  int depth_ = 0;  ///< of composite alarms that set each other off
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< for answers of actions
};

}  // namespace aviary::cloudwatch
