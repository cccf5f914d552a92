#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "services/cloudformation/core/sam_function.hpp"

/// DeploymentPreference: what CodeDeploy needs.
namespace aviary::cloudformation {
namespace {

constexpr const char* application_id = "ServerlessDeploymentApplication";
constexpr const char* service_role_id = "CodeDeployServiceRole";

constexpr std::array known_configurations{
    "Canary10Percent5Minutes",      "Canary10Percent10Minutes",      "Canary10Percent15Minutes",
    "Canary10Percent30Minutes",     "Linear10PercentEvery1Minute",   "Linear10PercentEvery2Minutes",
    "Linear10PercentEvery3Minutes", "Linear10PercentEvery10Minutes", "AllAtOnce"};

/// A known name becomes CodeDeploy's own; others are configurations of the account.
Json configuration_name(const Json& value, bool in_sub = false) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& each : value) out.push_back(configuration_name(each));
    return out;
  }
  if (value.is_object() && value.size() == 1) {
    const std::string key = value.begin().key();
    return {{key, configuration_name(*value.begin(), key == "Fn::Sub")}};
  }
  if (!value.is_string() ||
      std::ranges::find(known_configurations, value.get<std::string>()) == known_configurations.end())
    return value;
  const Json sub = Json::array({"CodeDeployDefault.Lambda${ConfigName}", {{"ConfigName", value}}});
  return in_sub ? sub : Json{{"Fn::Sub", sub}};
}

Json alarm_list(SamDraft& draft, const std::string& function, const Json& alarms) {
  if (!alarms.is_array()) {
    draft.refuse(function, "Alarms must be a list");
    return Json::object();
  }
  if (alarms.empty() || alarms[0] == Json{{"Ref", "AWS::NoValue"}}) return Json::object();
  Json list = Json::array();
  // An alarm by its name, or spelled as CodeDeploy has it.
  for (const Json& alarm : alarms)
    list.push_back(alarm.is_object() && alarm.size() == 1 && alarm.contains("Name") ? alarm
                                                                                    : Json{{"Name", alarm}});
  return {{"Enabled", true}, {"Alarms", std::move(list)}};
}

Json alarm_configuration(SamDraft& draft, const std::string& function, const Json& alarms) {
  if (alarms.is_object() && alarms.contains("Fn::If") && alarms["Fn::If"].is_array() &&
      alarms["Fn::If"].size() == 3) {
    Json out = alarms;
    for (const std::size_t i : {std::size_t{1}, std::size_t{2}})
      out["Fn::If"][i] = alarm_list(draft, function, alarms["Fn::If"][i]);
    return out;
  }
  return alarm_list(draft, function, alarms);
}

}  // namespace

Json update_policy_of(const std::string& function, const Json& preference) {
  Json update{{"ApplicationName", sam_ref(application_id)},
              {"DeploymentGroupName", sam_ref(function + "DeploymentGroup")}};
  const Json hooks = preference.value("Hooks", Json::object());
  if (hooks.is_object()) {
    // SAM's names, and AppSpec's.
    for (const auto& [from, to] : {std::pair{"BeforeAllowTraffic", "BeforeAllowTrafficHook"},
                                   std::pair{"AfterAllowTraffic", "AfterAllowTrafficHook"},
                                   std::pair{"PreTraffic", "BeforeAllowTrafficHook"},
                                   std::pair{"PostTraffic", "AfterAllowTrafficHook"}})
      if (hooks.contains(from)) update[to] = hooks[from];
  }
  return {{"CodeDeployLambdaAliasUpdate", std::move(update)}};
}

void expand_preferences(SamDraft& draft) {
  if (draft.preferences.empty()) return;
  // All that is shared is there if any function is.
  std::set<std::string> conditions;
  bool all = true;
  bool needs_role = false;
  for (const SamDraft::Preference& each : draft.preferences) {
    if (each.conditional && !each.condition.empty()) {
      conditions.insert(each.condition);
    } else {
      all = false;
    }
    needs_role = needs_role || !each.preference.contains("Role");
  }
  const std::string shared = all && conditions.size() == 1 ? *conditions.begin() : std::string();
  Json application{{"Type", "AWS::CodeDeploy::Application"}, {"Properties", {{"ComputePlatform", "Lambda"}}}};
  if (!shared.empty()) application["Condition"] = shared;
  draft.resources[application_id] = std::move(application);
  if (needs_role) {
    Json role{
        {"Type", "AWS::IAM::Role"},
        {"Properties",
         {{"AssumeRolePolicyDocument",
           {{"Version", "2012-10-17"},
            {"Statement",
             Json::array({{{"Action", Json::array({"sts:AssumeRole"})},
                           {"Effect", "Allow"},
                           {"Principal", {{"Service", Json::array({"codedeploy.amazonaws.com"})}}}}})}}},
          {"ManagedPolicyArns",
           Json::array({"arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda"})}}}};
    if (!shared.empty()) role["Condition"] = shared;
    draft.resources[service_role_id] = std::move(role);
  }
  const std::vector<SamDraft::Preference> preferences = draft.preferences;
  for (const SamDraft::Preference& each : preferences) {
    const Json& preference = each.preference;
    Json group{
        {"ApplicationName", sam_ref(application_id)},
        {"AutoRollbackConfiguration",
         {{"Enabled", true},
          {"Events", {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"}}}},
        {"DeploymentConfigName", configuration_name(preference["Type"])},
        {"DeploymentStyle", {{"DeploymentType", "BLUE_GREEN"}, {"DeploymentOption", "WITH_TRAFFIC_CONTROL"}}},
        {"ServiceRoleArn",
         preference.contains("Role") ? preference["Role"] : sam_att(service_role_id, "Arn")}};
    const Json alarms = preference.value("Alarms", Json());
    if (!alarms.is_null() && alarms != Json::array() && alarms != Json{{"Ref", "AWS::NoValue"}})
      group["AlarmConfiguration"] = alarm_configuration(draft, each.function, alarms);
    if (preference.contains("TriggerConfigurations"))
      group["TriggerConfigurations"] = preference["TriggerConfigurations"];
    Json made{{"Type", "AWS::CodeDeploy::DeploymentGroup"}, {"Properties", std::move(group)}};
    if (each.conditional && !each.condition.empty()) made["Condition"] = each.condition;
    draft.resources[each.function + "DeploymentGroup"] = std::move(made);
  }
}

}  // namespace aviary::cloudformation
