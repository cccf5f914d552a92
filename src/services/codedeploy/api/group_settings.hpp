#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "services/codedeploy/core/applications.hpp"
#include "services/codedeploy/core/configs.hpp"

namespace aviary::codedeploy {

/// `AlarmConfiguration` as it is kept; InvalidAlarmConfigException, AlarmsLimitExceededException.
Result<Json> checked_alarms(const Json& alarms);
/// `AutoRollbackConfiguration` as it is kept; InvalidAutoRollbackConfigException.
Result<Json> checked_auto_rollback(const Json& configuration);

/// Puts what an input of CreateDeploymentGroup or UpdateDeploymentGroup says into a group; members that are
/// not there leave the group as it is. Refuses what only the other platforms have.
Result<> apply_group_settings(const Json& input, const Scope& scope, const Configs& configs, Group& group);

}  // namespace aviary::codedeploy
