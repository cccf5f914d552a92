#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "models/codedeploy.hpp"
#include "services/codedeploy/api/codedeploy_service.hpp"
#include "services/codedeploy/api/input.hpp"
#include "services/codedeploy/core/errors.hpp"

namespace aviary::codedeploy {
namespace {

namespace rows = models::codedeploy::errors;

Json render_overview(const Deployment& deployment) {
  Json overview{{"Pending", 0}, {"InProgress", 0}, {"Succeeded", 0},
                {"Failed", 0},  {"Skipped", 0},    {"Ready", 0}};
  switch (deployment.status) {
    case Status::Created:
    case Status::Queued:
      overview["Pending"] = 1;
      break;
    case Status::InProgress:
      overview["InProgress"] = 1;
      break;
    case Status::Succeeded:
      overview["Succeeded"] = 1;
      break;
    case Status::Failed:
    case Status::Stopped:
      overview["Failed"] = 1;
  }
  return overview;
}

Json render_rollback(const Deployment& deployment) {
  Json info = Json::object();
  if (!deployment.rollback_id.empty()) info["rollbackDeploymentId"] = deployment.rollback_id;
  if (!deployment.rollback_trigger_id.empty())
    info["rollbackTriggeringDeploymentId"] = deployment.rollback_trigger_id;
  if (!deployment.rollback_message.empty()) info["rollbackMessage"] = deployment.rollback_message;
  return info;
}

Json render_deployment(const Deployment& deployment) {
  Json info{
      {"applicationName", deployment.application},
      {"deploymentGroupName", deployment.group},
      {"deploymentConfigName", deployment.config},
      {"deploymentId", deployment.id},
      {"revision", deployment.revision},
      {"status", std::string(name_of(deployment.status))},
      {"createTime", epoch_seconds(deployment.created)},
      {"deploymentOverview", render_overview(deployment)},
      {"creator", deployment.creator},
      {"ignoreApplicationStopFailures", false},
      {"autoRollbackConfiguration",
       deployment.auto_rollback.is_null() ? Json{{"enabled", false}} : deployment.auto_rollback},
      {"updateOutdatedInstancesOnly", false},
      {"rollbackInfo", render_rollback(deployment)},
      {"deploymentStyle", {{"deploymentType", "BLUE_GREEN"}, {"deploymentOption", "WITH_TRAFFIC_CONTROL"}}},
      {"instanceTerminationWaitTimeStarted", false},
      {"fileExistsBehavior", "DISALLOW"},
      {"deploymentStatusMessages", Json::array()},
      {"computePlatform", "Lambda"}};
  if (deployment.started) info["startTime"] = epoch_seconds(*deployment.started);
  if (deployment.completed) info["completeTime"] = epoch_seconds(*deployment.completed);
  if (!deployment.description.empty()) info["description"] = deployment.description;
  if (!deployment.previous_revision.is_null()) info["previousRevision"] = deployment.previous_revision;
  if (!deployment.external_id.empty()) info["externalId"] = deployment.external_id;
  if (deployment.override_alarms) info["overrideAlarmConfiguration"] = deployment.alarms;
  if (!deployment.error_code.empty())
    info["errorInformation"] = {{"code", deployment.error_code}, {"message", deployment.error_message}};
  return info;
}

bool is_status(const std::string& status) {
  static constexpr std::array<std::string_view, 8> statuses{"Created",   "Queued", "InProgress", "Baking",
                                                            "Succeeded", "Failed", "Stopped",    "Ready"};
  return std::ranges::find(statuses, status) != statuses.end();
}

/// Which deployments ListDeployments is asked for.
struct DeploymentFilter {
  std::string application;
  const Group* group = nullptr;
  std::string external_id;
  std::vector<std::string> statuses;
  std::optional<double> from;
  std::optional<double> until;

  bool passes(const Deployment& deployment) const {
    if (group && (deployment.application != application || deployment.group != group->name ||
                  deployment.order < group->first_order))
      return false;
    if (!external_id.empty() && deployment.external_id != external_id) return false;
    if (!statuses.empty() && std::ranges::find(statuses, name_of(deployment.status)) == statuses.end())
      return false;
    const double created = epoch_seconds(deployment.created);
    return (!from || created >= *from) && (!until || created <= *until);
  }
};

Result<> read_time_range(const Json& input, DeploymentFilter& filter) {
  const Json* range = find_member(input, "createTimeRange");
  if (!range) return {};
  if (const Json* start = find_member(*range, "start")) filter.from = start->get<double>();
  if (const Json* end = find_member(*range, "end")) filter.until = end->get<double>();
  if (filter.from && filter.until && *filter.from > *filter.until)
    return AwsError(rows::InvalidTimeRangeException, "The start of the time range is after its end");
  return {};
}

}  // namespace

Result<const Deployment*> CodeDeployService::deployment_of(const Call& call) const {
  const std::string& id = text_of(call.input, "deploymentId");
  if (auto valid = check_deployment_id(id); !valid) return valid.error();
  const Deployment* deployment = deployments_.find(scope_of(call), id);
  if (!deployment) return deployment_not_found(id);
  return deployment;
}

Result<Reply> CodeDeployService::get_deployment(Call& call) {
  const Result<const Deployment*> deployment = deployment_of(call);
  if (!deployment) return deployment.error();
  return Reply{.output = {{"deploymentInfo", render_deployment(**deployment)}}};
}

/// Those that do not exist are left out: the operation's model has no error for that.
Result<Reply> CodeDeployService::batch_get_deployments(Call& call) {
  const std::vector<std::string> ids = texts_of(call.input, "deploymentIds");
  if (ids.empty()) return check_deployment_id("").error();
  if (auto few = check_batch(ids); !few) return few.error();
  for (const std::string& id : ids)
    if (auto valid = check_deployment_id(id); !valid) return valid.error();
  Reply reply;
  Json& list = reply.output["deploymentsInfo"] = Json::array();
  for (const std::string& id : ids)
    if (const Deployment* deployment = deployments_.find(scope_of(call), id))
      list.push_back(render_deployment(*deployment));
  return reply;
}

Result<Reply> CodeDeployService::list_deployments(Call& call) {
  DeploymentFilter filter{.application = text_of(call.input, "applicationName"),
                          .external_id = text_of(call.input, "externalId"),
                          .statuses = texts_of(call.input, "includeOnlyStatuses"),
                          .from = {},
                          .until = {}};
  const std::string& group = text_of(call.input, "deploymentGroupName");
  // API reference: both or neither.
  if (!filter.application.empty() || !group.empty()) {
    if (auto valid = check_application_name(filter.application); !valid) return valid.error();
    if (auto valid = check_group_name(group); !valid) return valid.error();
    if (!applications_.find(scope_of(call), filter.application))
      return application_not_found(filter.application);
    filter.group = applications_.find_group(scope_of(call), filter.application, group);
    if (!filter.group) return group_not_found(group);
  }
  for (const std::string& status : filter.statuses)
    if (!is_status(status))
      return AwsError(rows::InvalidDeploymentStatusException,
                      fmt::format("The deployment status {} is not valid", status));
  if (auto read = read_time_range(call.input, filter); !read) return read.error();
  std::vector<std::string> ids;
  for (const Deployment* deployment : deployments_.in(scope_of(call)))
    if (filter.passes(*deployment)) ids.push_back(deployment->id);
  return page_of(ids, text_of(call.input, "nextToken"), "deployments", false);
}

Result<Reply> CodeDeployService::stop_deployment(Call& call) {
  const Result<const Deployment*> deployment = deployment_of(call);
  if (!deployment) return deployment.error();
  std::optional<bool> roll_back;
  if (find_member(call.input, "autoRollbackEnabled")) roll_back = flag_of(call.input, "autoRollbackEnabled");
  const Result<> stopped = deployments_.stop(scope_of(call), (*deployment)->id, roll_back, call.now);
  if (!stopped) return stopped.error();
  return Reply{.output = {{"status", "Succeeded"},
                          {"statusMessage",
                           "No more commands will be scheduled for execution in the deployment instances"}}};
}

Result<Reply> CodeDeployService::put_lifecycle_event_hook_execution_status(Call& call) {
  const std::string& status = text_of(call.input, "status");
  const std::string& execution = text_of(call.input, "lifecycleEventHookExecutionId");
  const Result<const Deployment*> deployment = deployment_of(call);
  if (!deployment) return deployment.error();
  if (status != "Succeeded" && status != "Failed")
    return AwsError(rows::InvalidLifecycleEventHookExecutionStatusException,
                    fmt::format("The status '{}' is not valid: a hook reports Succeeded or Failed", status));
  const Result<> answered =
      deployments_.answer_hook(scope_of(call), (*deployment)->id, execution, status == "Succeeded", call.now);
  if (!answered) return answered.error();
  Reply reply;
  reply.output["lifecycleEventHookExecutionId"] = execution;
  return reply;
}

/// ContinueDeployment, SkipWaitTimeForInstanceTermination: a Lambda deployment has nothing that they could
/// end the wait for.
Result<Reply> CodeDeployService::refuse_wait(Call& call) {
  const Result<const Deployment*> deployment = deployment_of(call);
  if (!deployment) return deployment.error();
  return AwsError(rows::UnsupportedActionForDeploymentTypeException,
                  fmt::format("{} is not supported for the Lambda deployment {}", call.operation->name,
                              (*deployment)->id));
}

/// On-premises instances, revisions on GitHub, and what a stack's deployment to servers has left behind.
Result<Reply> CodeDeployService::refuse_servers(Call& call) {
  return AwsError(rows::OperationNotSupportedException,
                  fmt::format("{} concerns deployments to servers. Aviary deploys Lambda functions only.",
                              call.operation->name));
}

}  // namespace aviary::codedeploy
