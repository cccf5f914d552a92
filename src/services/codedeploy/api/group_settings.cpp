// What a deployment group may say, on the Lambda platform. Texts marked so were measured at AWS.
#include "services/codedeploy/api/group_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "models/codedeploy.hpp"
#include "services/codedeploy/api/input.hpp"
#include "services/codedeploy/core/errors.hpp"

namespace aviary::codedeploy {
namespace {

namespace rows = models::codedeploy::errors;

constexpr std::size_t most_alarms = 10;
constexpr std::size_t most_triggers = 10;

bool is_given(const Json& input, const char* name) {
  const Json* member = find_member(input, name);
  return member && !((member->is_array() || member->is_object()) && member->empty());
}

Result<> refuse_other_platforms(const Json& input) {
  struct Refusal {
    const char* member;
    const ErrorShape* error;
    const char* platform;  ///< as the sentence spells it (measured)
  };
  static constexpr Refusal refusals[] = {
      {"ec2TagFilters", &rows::InvalidEC2TagException, "LAMBDA"},
      {"ec2TagSet", &rows::InvalidEC2TagException, "LAMBDA"},
      {"onPremisesInstanceTagFilters", &rows::InvalidTagException, "LAMBDA"},
      {"onPremisesTagSet", &rows::InvalidTagException, "LAMBDA"},
      {"autoScalingGroups", &rows::InvalidAutoScalingGroupException, "LAMBDA"},
      {"ecsServices", &rows::InvalidECSServiceException, "LAMBDA"},
      {"loadBalancerInfo", &rows::InvalidLoadBalancerInfoException, "LAMBDA"},
      {"blueGreenDeploymentConfiguration", &rows::InvalidBlueGreenDeploymentConfigurationException, "Lambda"},
  };
  for (const Refusal& refusal : refusals)
    if (is_given(input, refusal.member))
      return AwsError(*refusal.error, fmt::format("For {} deployment group, {} can not be specified",
                                                  refusal.platform, refusal.member));
  if (flag_of(input, "terminationHookEnabled"))
    return AwsError(rows::InvalidInputException,
                    "For LAMBDA deployment group, terminationHookEnabled can not be specified");
  return {};
}

Result<> check_style(const Json& input) {
  const Json* style = find_member(input, "deploymentStyle");
  if (!style) return {};
  if (text_of(*style, "deploymentType") == "BLUE_GREEN" &&
      text_of(*style, "deploymentOption") == "WITH_TRAFFIC_CONTROL")
    return {};
  return AwsError(
      rows::InvalidDeploymentStyleException,  // measured
      "For LAMBDA deployment, the deployment type must be BLUE_GREEN, and deployment option must be "
      "WITH_TRAFFIC_CONTROL.");
}

bool is_trigger_event(const std::string& event) {
  static constexpr std::array<std::string_view, 10> events{
      "DeploymentStart", "DeploymentSuccess", "DeploymentFailure", "DeploymentStop",  "DeploymentRollback",
      "DeploymentReady", "InstanceStart",     "InstanceSuccess",   "InstanceFailure", "InstanceReady"};
  return std::ranges::find(events, event) != events.end();
}

/// An ARN of a topic in the group's own region (measured).
bool is_topic(const std::string& arn, const Scope& scope) {
  const std::string prefix = fmt::format(":sns:{}:", scope.region);
  return arn.starts_with("arn:") && arn.find(prefix) != std::string::npos && !arn.ends_with(':');
}

Result<Json> checked_triggers(const Json& triggers, const Scope& scope) {
  const auto invalid = [](std::string text) {
    return AwsError(rows::InvalidTriggerConfigException, std::move(text));
  };
  if (triggers.size() > most_triggers)  // measured
    return AwsError(rows::TriggerTargetsLimitExceededException,
                    "Deployment Groups cannot contain more than 10 TriggerTargets.");
  Json kept = Json::array();
  std::set<std::string> names;
  std::set<std::string> topics;
  for (const Json& trigger : triggers) {
    const std::string& name = text_of(trigger, "triggerName");
    const std::string& topic = text_of(trigger, "triggerTargetArn");
    const std::vector<std::string> events = texts_of(trigger, "triggerEvents");
    if (name.empty() || name.size() > 100)
      return invalid(fmt::format("Trigger name '{}' is not valid", name));
    if (!is_topic(topic, scope)) return invalid(fmt::format("Topic ARN {} is not valid", topic));  // measured
    if (!names.insert(name).second) return invalid("Duplicate Trigger target name detected");      // measured
    if (!topics.insert(topic).second) return invalid("Duplicate Trigger target arn detected");     // measured
    if (events.empty()) return invalid(fmt::format("Trigger {} has no trigger events", name));
    for (const std::string& event : events)
      if (!is_trigger_event(event)) return invalid(fmt::format("Trigger event {} is not valid", event));
    kept.push_back({{"triggerName", name}, {"triggerTargetArn", topic}, {"triggerEvents", events}});
  }
  return kept;
}

Result<> check_role(const std::string& role) {
  if (role.empty()) return AwsError(rows::RoleRequiredException, "Service Role ARN is missing");
  if (role.starts_with("arn:") && role.find(":iam::") != std::string::npos &&
      role.find(":role/") != std::string::npos)
    return {};
  return AwsError(rows::InvalidRoleException, "Cannot assume role provided.");  // seen at AWS
}

Result<> check_config_of_group(const std::string& name, const Scope& scope, const Configs& configs) {
  if (auto valid = check_config_name(name); !valid) return valid;
  if (is_for_other_platform(name))  // measured
    return AwsError(rows::InvalidDeploymentConfigNameException,
                    fmt::format("Compute platform of deployment config {} does not match expected compute "
                                "platform, correct compute platform should be Lambda.",
                                name));
  if (!configs.find(scope, name)) return config_not_found(name);
  return {};
}

}  // namespace

Result<Json> checked_alarms(const Json& alarms) {
  const auto invalid = [](std::string text) {
    return AwsError(rows::InvalidAlarmConfigException, std::move(text));
  };
  Json kept{{"enabled", flag_of(alarms, "enabled")},
            {"ignorePollAlarmFailure", flag_of(alarms, "ignorePollAlarmFailure")},
            {"alarms", Json::array()}};
  std::set<std::string> names;
  if (const Json* list = find_member(alarms, "alarms")) {
    if (list->size() > most_alarms)
      return AwsError(rows::AlarmsLimitExceededException,
                      "Deployment Groups cannot contain more than 10 alarms.");
    for (const Json& alarm : *list) {
      const std::string& name = text_of(alarm, "name");
      if (name.empty() || name.size() > 255)
        return invalid(fmt::format("Alarm name '{}' is not valid", name));
      if (!names.insert(name).second) return invalid(fmt::format("Duplicate alarm {} detected", name));
      kept["alarms"].push_back({{"name", name}});
    }
  }
  if (kept["enabled"].get<bool>() && names.empty())  // measured
    return invalid("Deployment Groups need to have at least one alarms attached if they are monitored.");
  return kept;
}

Result<Json> checked_auto_rollback(const Json& configuration) {
  const auto invalid = [](std::string text) {
    return AwsError(rows::InvalidAutoRollbackConfigException, std::move(text));
  };
  static constexpr std::array<std::string_view, 3> known{"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM",
                                                         "DEPLOYMENT_STOP_ON_REQUEST"};
  const std::vector<std::string> events = texts_of(configuration, "events");
  for (const std::string& event : events)
    if (std::ranges::find(known, event) == known.end())
      return invalid(fmt::format("Auto rollback event {} is not valid", event));
  const bool enabled = flag_of(configuration, "enabled");
  if (enabled && events.empty())  // measured
    return invalid(
        "Deployment Groups need to have at least one event specified when auto rollback is enabled");
  return Json{{"enabled", enabled}, {"events", events}};
}

Result<> apply_group_settings(const Json& input, const Scope& scope, const Configs& configs, Group& group) {
  if (auto allowed = refuse_other_platforms(input); !allowed) return allowed;
  if (auto allowed = check_style(input); !allowed) return allowed;
  if (find_member(input, "serviceRoleArn")) group.role = text_of(input, "serviceRoleArn");
  if (auto valid = check_role(group.role); !valid) return valid;
  if (find_member(input, "deploymentConfigName")) group.config = text_of(input, "deploymentConfigName");
  if (auto valid = check_config_of_group(group.config, scope, configs); !valid) return valid;
  if (const Json* triggers = find_member(input, "triggerConfigurations")) {
    Result<Json> checked = checked_triggers(*triggers, scope);
    if (!checked) return checked.error();
    group.triggers = std::move(*checked);
  }
  if (const Json* alarms = find_member(input, "alarmConfiguration")) {
    Result<Json> checked = checked_alarms(*alarms);
    if (!checked) return checked.error();
    group.alarms = std::move(*checked);
  }
  if (const Json* configuration = find_member(input, "autoRollbackConfiguration")) {
    Result<Json> checked = checked_auto_rollback(*configuration);
    if (!checked) return checked.error();
    group.auto_rollback = std::move(*checked);
  }
  if (find_member(input, "outdatedInstancesStrategy")) {
    const std::string& strategy = text_of(input, "outdatedInstancesStrategy");
    if (strategy != "UPDATE" && strategy != "IGNORE")
      return AwsError(rows::InvalidInputException,
                      fmt::format("The outdatedInstancesStrategy {} is not valid", strategy));
    group.outdated_strategy = strategy;
  }
  return {};
}

}  // namespace aviary::codedeploy
