#include <fmt/format.h>

#include "services/cloudwatch/api/cloudwatch_service.hpp"
#include "services/cloudwatch/api/input.hpp"

namespace aviary::cloudwatch {

Result<Reply> CloudWatchService::put_metric_alarm(Call& call) {
  const std::string& name = text_of(call.input, "AlarmName");
  for (const char c : name)
    if (static_cast<unsigned char>(c) < 0x20)
      return validation_error("Alarm name contains control characters.");
  Result<> put = alarms_.put_metric_alarm(scope_of(call), std::move(call.input), call.now);
  if (!put) return put.error();
  return Reply{};
}

Result<Reply> CloudWatchService::put_composite_alarm(Call& call) {
  Result<> put = alarms_.put_composite_alarm(scope_of(call), std::move(call.input), call.now);
  if (!put) return put.error();
  return Reply{};
}

Result<Reply> CloudWatchService::delete_alarms(Call& call) {
  Result<> erased = alarms_.erase(scope_of(call), texts_of(call.input, "AlarmNames"), call.now);
  if (!erased) return erased.error();
  return Reply{};
}

Result<Reply> CloudWatchService::set_alarm_state(Call& call) {
  const AlarmState state = *alarm_state_named(text_of(call.input, "StateValue"));
  Result<> set =
      alarms_.set_state(scope_of(call), text_of(call.input, "AlarmName"), state,
                        text_of(call.input, "StateReason"), text_of(call.input, "StateReasonData"), call.now);
  if (!set) return set.error();
  return Reply{};
}

Result<Reply> CloudWatchService::enable_alarm_actions(Call& call) {
  alarms_.enable_actions(scope_of(call), texts_of(call.input, "AlarmNames"), true, call.now);
  return Reply{};
}

Result<Reply> CloudWatchService::disable_alarm_actions(Call& call) {
  alarms_.enable_actions(scope_of(call), texts_of(call.input, "AlarmNames"), false, call.now);
  return Reply{};
}

}  // namespace aviary::cloudwatch
