#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/cloudwatch/core/alarm_rule.hpp"
#include "services/cloudwatch/core/alarm_watch.hpp"

namespace aviary::cloudwatch {

/// Why a composite alarm's actions are held back at the moment.
enum class Suppression : std::uint8_t { None, WaitPeriod, Alarm, ExtensionPeriod };

/// One alarm: what was asked for, what it says, and what deciding needs to remember.
struct Alarm {
  struct Said {
    AlarmState state = AlarmState::InsufficientData;
    std::string reason;
    std::string reason_data;  ///< JSON, or empty
    Instant since{};          ///< StateUpdatedTimestamp
  };

  Scope scope;
  std::string name;
  bool composite = false;
  /// The members of PutMetricAlarm or PutCompositeAlarm as they were given, without the tags.
  Json settings;
  Instant configured{};
  Said said;
  Instant transitioned{};
  std::map<std::string, std::string> tags;

  AlarmWatch watch;  ///< of a metric alarm
  AlarmRule rule;    ///< of a composite alarm

  /// The next moment a metric alarm is to be evaluated, and the last one it was (nothing: not yet).
  EpochSeconds due = 0;
  std::optional<EpochSeconds> evaluated{};
  /// For alarms whose state may depend on their state: what they said when, within the evaluation range, so
  /// that data that comes late gives what it would have given in time.
  struct Mark {
    EpochSeconds at;
    AlarmState state;
    bool by_hand;  ///< SetAlarmState
  };
  std::vector<Mark> marks;
  /// When its state was last set by hand: that stands until the next evaluation, whatever late data says.
  std::optional<EpochSeconds> set_by_hand{};

  // Of a composite alarm with an ActionsSuppressor.
  Suppression suppression = Suppression::None;
  std::optional<Instant> suppression_ends{};
  bool actions_owed = false;
  AlarmState owed_from = AlarmState::InsufficientData;

  std::string arn() const;
  bool actions_enabled() const;
  /// The actions for a state, in order.
  std::vector<std::string> actions_for(AlarmState state) const;
  std::string text(const char* member) const;
};

std::string alarm_arn(const Scope& scope, std::string_view name);
/// The name in an alarm's ARN; the text itself if it is none.
std::string alarm_name_of(std::string_view name_or_arn);

/// `Alarm updated from OK to ALARM`: what an action is told.
struct AlarmChange {
  Alarm::Said from;
  Alarm::Said to;
};

/// The message that goes to an SNS topic, and its subject.
std::string notification_text(const Alarm& alarm, const AlarmChange& change);
std::string notification_subject(const Alarm& alarm, const AlarmChange& change);
/// The event that a Lambda function gets.
Json lambda_event(const Alarm& alarm, const AlarmChange& change, std::string_view metric_query_id);
/// "CloudWatch Alarm State Change" for EventBridge, its `detail`.
Json event_detail(const Alarm& alarm, const AlarmChange& change, std::string_view metric_query_id);

}  // namespace aviary::cloudwatch
