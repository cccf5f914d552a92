#include "services/codedeploy/api/codedeploy_service.hpp"

#include "models/codedeploy.hpp"
#include "services/codedeploy/core/trigger_messages.hpp"

namespace aviary::codedeploy {

/// Which member answers which operation.
struct Operations {
  using S = CodeDeployService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"AddTagsToOnPremisesInstances", &S::refuse_servers},
      {"BatchGetApplicationRevisions", &S::batch_get_application_revisions},
      {"BatchGetApplications", &S::batch_get_applications},
      {"BatchGetDeploymentGroups", &S::batch_get_deployment_groups},
      {"BatchGetDeploymentInstances", &S::batch_get_deployment_instances},
      {"BatchGetDeploymentTargets", &S::batch_get_deployment_targets},
      {"BatchGetDeployments", &S::batch_get_deployments},
      {"BatchGetOnPremisesInstances", &S::refuse_servers},
      {"ContinueDeployment", &S::refuse_wait},
      {"CreateApplication", &S::create_application},
      {"CreateDeployment", &S::create_deployment},
      {"CreateDeploymentConfig", &S::create_deployment_config},
      {"CreateDeploymentGroup", &S::create_deployment_group},
      {"DeleteApplication", &S::delete_application},
      {"DeleteDeploymentConfig", &S::delete_deployment_config},
      {"DeleteDeploymentGroup", &S::delete_deployment_group},
      {"DeleteGitHubAccountToken", &S::refuse_servers},
      {"DeleteResourcesByExternalId", &S::refuse_servers},
      {"DeregisterOnPremisesInstance", &S::refuse_servers},
      {"GetApplication", &S::get_application},
      {"GetApplicationRevision", &S::get_application_revision},
      {"GetDeployment", &S::get_deployment},
      {"GetDeploymentConfig", &S::get_deployment_config},
      {"GetDeploymentGroup", &S::get_deployment_group},
      {"GetDeploymentInstance", &S::get_deployment_instance},
      {"GetDeploymentTarget", &S::get_deployment_target},
      {"GetOnPremisesInstance", &S::refuse_servers},
      {"ListApplicationRevisions", &S::list_application_revisions},
      {"ListApplications", &S::list_applications},
      {"ListDeploymentConfigs", &S::list_deployment_configs},
      {"ListDeploymentGroups", &S::list_deployment_groups},
      {"ListDeploymentInstances", &S::list_deployment_instances},
      {"ListDeploymentTargets", &S::list_deployment_targets},
      {"ListDeployments", &S::list_deployments},
      {"ListGitHubAccountTokenNames", &S::refuse_servers},
      {"ListOnPremisesInstances", &S::refuse_servers},
      {"ListTagsForResource", &S::list_tags_for_resource},
      {"PutLifecycleEventHookExecutionStatus", &S::put_lifecycle_event_hook_execution_status},
      {"RegisterApplicationRevision", &S::register_application_revision},
      {"RegisterOnPremisesInstance", &S::refuse_servers},
      {"RemoveTagsFromOnPremisesInstances", &S::refuse_servers},
      {"SkipWaitTimeForInstanceTermination", &S::refuse_wait},
      {"StopDeployment", &S::stop_deployment},
      {"TagResource", &S::tag_resource},
      {"UntagResource", &S::untag_resource},
      {"UpdateApplication", &S::update_application},
      {"UpdateDeploymentGroup", &S::update_deployment_group},
  };
  /// Whether it is there for servers alone.
  static bool is_refused(std::string_view operation) {
    for (const OperationTable<S>::Entry& entry : entries)
      if (entry.operation == operation) return entry.now == &S::refuse_servers;
    return false;
  }
};

OperationTable<CodeDeployService> CodeDeployService::operations() {
  return {models::codedeploy::service, "CodeDeploy", Operations::entries};
}

CodeDeployService::CodeDeployService(CodeDeployDependencies d)
    : clock_(d.clock),
      ids_(d.ids),
      triggers_(d.triggers),
      revisions_(d.revisions),
      applications_(d.journal),
      configs_(d.journal),
      deployments_({.aliases = d.aliases,
                    .hooks = d.hooks,
                    .alarms = d.alarms,
                    .now = [&clock = d.clock] { return clock.now(); }},
                   d.ids, d.journal),
      timer_(d.clock, deployments_) {
  deployments_.on_status_change([this](const Deployment& deployment) { on_status(deployment); });
  deployments_.on_progress([this](const Deployment& deployment) { wake(deployment.id, true); });
}

CodeDeployService::~CodeDeployService() = default;

std::vector<std::string_view> CodeDeployService::implemented_operations() {
  std::vector<std::string_view> names = operations().names();
  std::erase_if(names, Operations::is_refused);
  return names;
}

std::vector<std::string_view> CodeDeployService::refused_operations() {
  std::vector<std::string_view> names = operations().names();
  std::erase_if(names, [](std::string_view name) { return !Operations::is_refused(name); });
  return names;
}

void CodeDeployService::restore() {
  configs_.restore();
  applications_.restore();
  deployments_.restore();
}

void CodeDeployService::reset() {
  deployments_.clear();
  applications_.clear();
  configs_.clear();
  wake({}, false);
}

Task<> CodeDeployService::stop() {
  deployments_.let_go_of_hooks();
  timer_.stop();
  wake({}, false);
  co_return;
}

Json CodeDeployService::counts() const {
  return {{"applications", applications_.size()},
          {"deployment_groups", applications_.groups()},
          {"deployments", deployments_.size()},
          {"active_deployments", deployments_.active()}};
}

std::uint64_t CodeDeployService::subscribe(Deployments::Listener listener) {
  listeners_.emplace(next_token_, std::move(listener));
  return next_token_++;
}

OneShot<bool> CodeDeployService::next_progress(const std::string& id) {
  // Those whose waiter has given up meanwhile.
  std::erase_if(waiting_, [](const auto& entry) { return entry.second.is_set(); });
  return waiting_.emplace(id, OneShot<bool>())->second;
}

/// Those that wait for one deployment, or (no id) all. They are resumed by the loop, later.
void CodeDeployService::wake(const std::string& id, bool progress) {
  const auto [first, last] =
      id.empty() ? std::pair(waiting_.begin(), waiting_.end()) : waiting_.equal_range(id);
  for (auto entry = first; entry != last; ++entry) entry->second.set(progress);
  waiting_.erase(first, last);
}

void CodeDeployService::on_status(const Deployment& deployment) {
  const Scope& scope = deployment.scope;
  if (const Group* found = applications_.find_group(scope, deployment.application, deployment.group);
      found && found->first_order <= deployment.order) {
    Group group = *found;
    if (deployment.status == Status::Created) {
      group.last_attempted = deployment.id;
      group.target_revision = deployment.revision;
    }
    if (deployment.status == Status::Succeeded) group.last_successful = deployment.id;
    if (triggers_)
      for (TriggerMessage& message : trigger_messages(group, deployment))
        triggers_->publish(std::move(message));
    applications_.put_group(scope, deployment.application, std::move(group));
  }
  // A listener may end itself or another one.
  std::vector<std::uint64_t> tokens;
  for (const auto& [token, listener] : listeners_) tokens.push_back(token);
  for (const std::uint64_t token : tokens)
    if (const auto listener = listeners_.find(token); listener != listeners_.end()) {
      const Deployments::Listener call = listener->second;
      call(deployment);
    }
}

}  // namespace aviary::codedeploy
