#include <fmt/format.h>

#include "models/codedeploy.hpp"
#include "services/codedeploy/api/codedeploy_service.hpp"
#include "services/codedeploy/api/group_settings.hpp"
#include "services/codedeploy/api/input.hpp"
#include "services/codedeploy/core/errors.hpp"

namespace aviary::codedeploy {
namespace {

namespace rows = models::codedeploy::errors;

AwsError group_exists(const std::string& name) {
  return AwsError(rows::DeploymentGroupAlreadyExistsException,
                  fmt::format("Deployment Group already exists with name: {}", name));
}

Json last_deployment(const Deployment& deployment) {
  Json info{{"deploymentId", deployment.id},
            {"status", std::string(name_of(deployment.status))},
            {"createTime", epoch_seconds(deployment.created)}};
  if (deployment.completed) info["endTime"] = epoch_seconds(*deployment.completed);
  return info;
}

/// The application and the names of an input that has both, checked.
Result<> check_both(const Json& input, const char* group_member) {
  if (auto valid = check_application_name(text_of(input, "applicationName")); !valid) return valid;
  return check_group_name(text_of(input, group_member));
}

}  // namespace

Json CodeDeployService::render_group(const Application& application, const Group& group) const {
  Json info{
      {"applicationName", application.name},
      {"deploymentGroupId", group.id},
      {"deploymentGroupName", group.name},
      {"deploymentConfigName", group.config},
      {"ec2TagFilters", Json::array()},
      {"onPremisesInstanceTagFilters", Json::array()},
      {"autoScalingGroups", Json::array()},
      {"ecsServices", Json::array()},
      {"serviceRoleArn", group.role},
      {"triggerConfigurations", group.triggers},
      {"deploymentStyle", {{"deploymentType", "BLUE_GREEN"}, {"deploymentOption", "WITH_TRAFFIC_CONTROL"}}},
      {"outdatedInstancesStrategy", group.outdated_strategy},
      {"computePlatform", "Lambda"},
      {"terminationHookEnabled", false}};
  if (!group.alarms.is_null()) info["alarmConfiguration"] = group.alarms;
  info["autoRollbackConfiguration"] =
      group.auto_rollback.is_null() ? Json{{"enabled", false}} : group.auto_rollback;
  if (!group.target_revision.is_null()) info["targetRevision"] = group.target_revision;
  if (const Deployment* last = deployments_.find(application.scope, group.last_attempted))
    info["lastAttemptedDeployment"] = last_deployment(*last);
  if (const Deployment* last = deployments_.find(application.scope, group.last_successful))
    info["lastSuccessfulDeployment"] = last_deployment(*last);
  return info;
}

Result<Reply> CodeDeployService::create_deployment_group(Call& call) {
  if (auto valid = check_both(call.input, "deploymentGroupName"); !valid) return valid.error();
  const std::string& application = text_of(call.input, "applicationName");
  const std::string& name = text_of(call.input, "deploymentGroupName");
  const Scope scope = scope_of(call);
  const Application* owner = applications_.find(scope, application);
  if (!owner) return application_not_found(application);
  if (owner->groups.contains(name)) return group_exists(name);
  Group group{.id = {},
              .name = name,
              .config = std::string(default_config_name),
              .role = {},
              .alarms = nullptr,
              .auto_rollback = nullptr,
              .outdated_strategy = "UPDATE",
              .target_revision = nullptr,
              .last_attempted = {},
              .last_successful = {},
              .first_order = deployments_.next_order()};
  if (auto applied = apply_group_settings(call.input, scope, configs_, group); !applied)
    return applied.error();
  Result<Tags> tags = tags_of(find_member(call.input, "tags"));
  if (!tags) return tags.error();
  group.tags = std::move(*tags);
  group.id = ids_.uuid();
  Reply reply;
  reply.output["deploymentGroupId"] = group.id;
  applications_.put_group(scope, application, std::move(group));
  return reply;
}

Result<Reply> CodeDeployService::update_deployment_group(Call& call) {
  if (auto valid = check_both(call.input, "currentDeploymentGroupName"); !valid) return valid.error();
  const std::string& application = text_of(call.input, "applicationName");
  const std::string& name = text_of(call.input, "currentDeploymentGroupName");
  const std::string& new_name = text_of(call.input, "newDeploymentGroupName");
  const Scope scope = scope_of(call);
  const Application* owner = applications_.find(scope, application);
  if (!owner) return application_not_found(application);
  const Group* found = applications_.find_group(scope, application, name);
  if (!found) return group_not_found(name);
  const bool renames = !new_name.empty() && new_name != name;
  if (renames) {
    if (auto valid = check_group_name(new_name); !valid) return valid.error();
    if (owner->groups.contains(new_name)) return group_exists(new_name);
  }
  Group group = *found;
  if (auto applied = apply_group_settings(call.input, scope, configs_, group); !applied)
    return applied.error();
  applications_.put_group(scope, application, std::move(group));
  if (renames) {
    applications_.rename_group(scope, application, name, new_name);
    deployments_.rename(scope, application, name, new_name);
  }
  return Reply{.output = {{"hooksNotCleanedUp", Json::array()}}};
}

Result<Reply> CodeDeployService::get_deployment_group(Call& call) {
  if (auto valid = check_both(call.input, "deploymentGroupName"); !valid) return valid.error();
  const std::string& application = text_of(call.input, "applicationName");
  const std::string& name = text_of(call.input, "deploymentGroupName");
  const Application* owner = applications_.find(scope_of(call), application);
  if (!owner) return application_not_found(application);
  const Group* group = applications_.find_group(scope_of(call), application, name);
  if (!group) return group_not_found(name);
  return Reply{.output = {{"deploymentGroupInfo", render_group(*owner, *group)}}};
}

/// Groups that do not exist are told of in `errorMessage`, beside those that do.
Result<Reply> CodeDeployService::batch_get_deployment_groups(Call& call) {
  const std::string& application = text_of(call.input, "applicationName");
  if (auto valid = check_application_name(application); !valid) return valid.error();
  const std::vector<std::string> names = texts_of(call.input, "deploymentGroupNames");
  if (names.empty()) return check_group_name("").error();
  if (auto few = check_batch(names); !few) return few.error();
  const Application* owner = applications_.find(scope_of(call), application);
  if (!owner) return application_not_found(application);
  Reply reply;
  Json& list = reply.output["deploymentGroupsInfo"] = Json::array();
  std::string missing;
  for (const std::string& name : names) {
    const auto group = owner->groups.find(name);
    if (group == owner->groups.end()) {
      missing += fmt::format("{}{}", missing.empty() ? "" : "; ", group_not_found(name).message);
    } else {
      list.push_back(render_group(*owner, group->second));
    }
  }
  if (!missing.empty()) reply.output["errorMessage"] = missing;
  return reply;
}

Result<Reply> CodeDeployService::list_deployment_groups(Call& call) {
  const std::string& application = text_of(call.input, "applicationName");
  if (auto valid = check_application_name(application); !valid) return valid.error();
  const Application* owner = applications_.find(scope_of(call), application);
  if (!owner) return application_not_found(application);
  std::vector<std::string> names;
  for (const auto& [name, group] : owner->groups) names.push_back(name);
  Result<Reply> reply = page_of(names, text_of(call.input, "nextToken"), "deploymentGroups", true);
  if (reply) reply->output["applicationName"] = application;
  return reply;
}

/// What does not exist is deleted as well: the operation's model has no error for that.
Result<Reply> CodeDeployService::delete_deployment_group(Call& call) {
  if (auto valid = check_both(call.input, "deploymentGroupName"); !valid) return valid.error();
  const std::string& application = text_of(call.input, "applicationName");
  const std::string& name = text_of(call.input, "deploymentGroupName");
  const Scope scope = scope_of(call);
  if (applications_.find_group(scope, application, name)) {
    deployments_.abandon(scope, application, name, false, call.now);
    applications_.erase_group(scope, application, name);
  }
  return Reply{.output = {{"hooksNotCleanedUp", Json::array()}}};
}

}  // namespace aviary::codedeploy
