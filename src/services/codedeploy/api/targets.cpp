// What a deployment deploys to: the one alias of its AppSpec file. The older operations call it an instance.
#include <fmt/format.h>

#include <algorithm>

#include "models/codedeploy.hpp"
#include "services/codedeploy/api/codedeploy_service.hpp"
#include "services/codedeploy/api/input.hpp"

namespace aviary::codedeploy {
namespace {

namespace rows = models::codedeploy::errors;

std::string target_id(const Deployment& deployment) {
  return fmt::format("{}:{}", deployment.spec.function, deployment.spec.alias);
}

std::string target_arn(const Deployment& deployment) {
  if (deployment.spec.function.starts_with("arn:")) return target_id(deployment);
  return fmt::format("arn:aws:lambda:{}:{}:function:{}", deployment.scope.region, deployment.scope.account,
                     target_id(deployment));
}

std::string target_status(const Deployment& deployment) {
  switch (deployment.status) {
    case Status::Created:
    case Status::Queued:
      return "Pending";
    case Status::InProgress:
      return "InProgress";
    case Status::Succeeded:
      return "Succeeded";
    case Status::Failed:
    case Status::Stopped:
      return "Failed";
  }
  return "Unknown";
}

Json render_events(const Deployment& deployment) {
  Json list = Json::array();
  for (const Step step : {Step::BeforeAllowTraffic, Step::AllowTraffic, Step::AfterAllowTraffic}) {
    const LifecycleEvent& event = deployment.event(step);
    Json rendered{{"lifecycleEventName", std::string(name_of(step))},
                  {"status", std::string(name_of(event.status))}};
    if (event.start) rendered["startTime"] = epoch_seconds(*event.start);
    if (event.end) rendered["endTime"] = epoch_seconds(*event.end);
    if (event.status == EventStatus::Succeeded)
      rendered["diagnostics"] = {
          {"errorCode", "Success"}, {"scriptName", deployment.hook(step)}, {"message", ""}, {"logTail", ""}};
    if (event.status == EventStatus::Failed)
      rendered["diagnostics"] = {{"errorCode", event.problem_code},
                                 {"scriptName", deployment.hook(step)},
                                 {"message", event.problem},
                                 {"logTail", ""}};
    list.push_back(std::move(rendered));
  }
  return list;
}

Json render_target(const Deployment& deployment) {
  const AppSpec& spec = deployment.spec;
  return {{"deploymentTargetType", "LambdaTarget"},
          {"lambdaTarget",
           {{"deploymentId", deployment.id},
            {"targetId", target_id(deployment)},
            {"targetArn", target_arn(deployment)},
            {"status", target_status(deployment)},
            {"lastUpdatedAt", epoch_seconds(deployment.updated)},
            {"lifecycleEvents", render_events(deployment)},
            {"lambdaFunctionInfo",
             {{"functionName", spec.function},
              {"functionAlias", spec.alias},
              {"currentVersion", spec.current_version},
              {"targetVersion", spec.target_version},
              {"targetVersionWeight", deployment.percent / 100.0}}}}}};
}

Json render_instance(const Deployment& deployment) {
  return {{"deploymentId", deployment.id},
          {"instanceId", target_id(deployment)},
          {"status", target_status(deployment)},
          {"lastUpdatedAt", epoch_seconds(deployment.updated)},
          {"lifecycleEvents", render_events(deployment)}};
}

AwsError target_not_found(const Deployment& deployment, const std::string& id) {
  return AwsError(rows::DeploymentTargetDoesNotExistException,
                  fmt::format("The deployment {} has no target {}", deployment.id, id));
}

}  // namespace

Result<Reply> CodeDeployService::get_deployment_target(Call& call) {
  const Result<const Deployment*> deployment = deployment_of(call);
  if (!deployment) return deployment.error();
  const std::string& id = text_of(call.input, "targetId");
  if (id.empty()) return AwsError(rows::DeploymentTargetIdRequiredException, "Target ID is missing");
  if (id != target_id(**deployment)) return target_not_found(**deployment, id);
  return Reply{.output = {{"deploymentTarget", render_target(**deployment)}}};
}

Result<Reply> CodeDeployService::batch_get_deployment_targets(Call& call) {
  const Result<const Deployment*> deployment = deployment_of(call);
  if (!deployment) return deployment.error();
  const std::vector<std::string> ids = texts_of(call.input, "targetIds");
  if (ids.empty()) return AwsError(rows::DeploymentTargetIdRequiredException, "Target ID is missing");
  if (ids.size() > 1)  // API reference: exactly one for these platforms
    return AwsError(rows::DeploymentTargetListSizeExceededException,
                    "A Lambda deployment has exactly one target");
  if (ids.front() != target_id(**deployment)) return target_not_found(**deployment, ids.front());
  Reply reply;
  reply.output["deploymentTargets"] = Json::array({render_target(**deployment)});
  return reply;
}

Result<Reply> CodeDeployService::list_deployment_targets(Call& call) {
  const Result<const Deployment*> deployment = deployment_of(call);
  if (!deployment) return deployment.error();
  bool passes = true;
  if (const Json* filters = find_member(call.input, "targetFilters"))
    for (const auto& [name, values] : filters->items()) {
      if (name != "TargetStatus")
        return AwsError(rows::InvalidTargetFilterNameException,
                        fmt::format("The target filter {} is not valid", name));
      passes = passes &&
               std::find(values.begin(), values.end(), Json(target_status(**deployment))) != values.end();
    }
  std::vector<std::string> ids;
  if (passes) ids.push_back(target_id(**deployment));
  return page_of(ids, text_of(call.input, "nextToken"), "targetIds", true);
}

Result<Reply> CodeDeployService::get_deployment_instance(Call& call) {
  const Result<const Deployment*> deployment = deployment_of(call);
  if (!deployment) return deployment.error();
  const std::string& id = text_of(call.input, "instanceId");
  if (id.empty()) return AwsError(rows::InstanceIdRequiredException, "Instance ID is missing");
  if (id != target_id(**deployment))
    return AwsError(rows::InstanceDoesNotExistException,
                    fmt::format("The deployment {} has no instance {}", (*deployment)->id, id));
  return Reply{.output = {{"instanceSummary", render_instance(**deployment)}}};
}

Result<Reply> CodeDeployService::batch_get_deployment_instances(Call& call) {
  const Result<const Deployment*> deployment = deployment_of(call);
  if (!deployment) return deployment.error();
  const std::vector<std::string> ids = texts_of(call.input, "instanceIds");
  if (ids.empty()) return AwsError(rows::InstanceIdRequiredException, "Instance ID is missing");
  if (auto few = check_batch(ids); !few) return few.error();
  Reply reply;
  Json& list = reply.output["instancesSummary"] = Json::array();
  for (const std::string& id : ids) {
    if (id == target_id(**deployment))
      list.push_back(render_instance(**deployment));
    else
      reply.output["errorMessage"] =
          fmt::format("The deployment {} has no instance {}", (*deployment)->id, id);
  }
  return reply;
}

Result<Reply> CodeDeployService::list_deployment_instances(Call& call) {
  const Result<const Deployment*> deployment = deployment_of(call);
  if (!deployment) return deployment.error();
  if (find_member(call.input, "instanceTypeFilter"))
    return AwsError(rows::InvalidDeploymentInstanceTypeException,
                    "Instance types are supported for blue/green deployments to instances only");
  const std::vector<std::string> statuses = texts_of(call.input, "instanceStatusFilter");
  std::vector<std::string> ids;
  if (statuses.empty() || std::ranges::find(statuses, target_status(**deployment)) != statuses.end())
    ids.push_back(target_id(**deployment));
  return page_of(ids, text_of(call.input, "nextToken"), "instancesList", true);
}

}  // namespace aviary::codedeploy
