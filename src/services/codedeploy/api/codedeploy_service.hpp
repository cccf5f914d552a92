#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/clock.hpp"
#include "ports/journal.hpp"
#include "ports/one_shot.hpp"
#include "ports/random.hpp"
#include "services/codedeploy/core/applications.hpp"
#include "services/codedeploy/core/configs.hpp"
#include "services/codedeploy/core/deployments.hpp"
#include "services/codedeploy/core/neighbours.hpp"
#include "services/codedeploy/jobs/deployment_timer.hpp"

namespace aviary::codedeploy {

/// Everything that the service takes from outside; all of it outlives the service.
struct CodeDeployDependencies {
  Clock& clock;
  Random& ids;
  Journal& journal;
  AliasControl& aliases;
  HookInvoker& hooks;
  AlarmProbe& alarms;
  TriggerSink* triggers = nullptr;      ///< null: triggers are kept and say nothing
  RevisionSource* revisions = nullptr;  ///< null: there is no S3
};

/// A deployment that is asked for: by CreateDeployment, or by another part of the emulator (a stack's update
/// of an alias).
struct StartRequest {
  Scope scope;
  std::string application;
  std::string group;
  std::string app_spec;  ///< the text
  Json revision{};       ///< its location; null: `app_spec` as an AppSpecContent
  std::string config{};  ///< empty: the group's
  std::string description{};
  Json auto_rollback{};  ///< null: the group's
  Json alarms{};         ///< overrides the group's; null: the group's
  std::string creator = "user";
  std::string external_id{};
};

/// AWS CodeDeploy as the gateway sees it, for the Lambda platform. Owns all state of the service; lives on
/// the loop's thread.
class CodeDeployService final : public TableService<CodeDeployService> {
 public:
  explicit CodeDeployService(CodeDeployDependencies dependencies);
  ~CodeDeployService() override;

  static OperationTable<CodeDeployService> operations();
  static std::vector<std::string_view> implemented_operations();
  /// Those that concern servers alone, and say so: 400 OperationNotSupportedException.
  static std::vector<std::string_view> refused_operations();
  void restore() override;
  void reset() override;
  /// Nothing moves any more; what runs goes on in the next process.
  Task<> stop() override;
  /// `{"applications", "deployment_groups", "deployments", "active_deployments"}`
  Json counts() const override;

  // For the rest of the emulator.
  Deployments& deployments() noexcept { return deployments_; }
  const Applications& applications() const noexcept { return applications_; }
  /// Begins a deployment and answers its id (create_deployment.cpp).
  Result<std::string> start(StartRequest request);
  /// Called at every change of a deployment's status, after it was made. The token ends it.
  std::uint64_t subscribe(Deployments::Listener listener);
  void unsubscribe(std::uint64_t token) { listeners_.erase(token); }
  /// Is set at the next change of a deployment, be it a step or its end: to true; to false when the service
  /// is reset or stops. Who gives up sets it.
  OneShot<bool> next_progress(const std::string& id);

 private:
  friend struct Operations;
  using Answer = Task<Result<Reply>>;

  // applications.cpp
  Result<Reply> create_application(Call& call);
  Result<Reply> get_application(Call& call);
  Result<Reply> batch_get_applications(Call& call);
  Result<Reply> list_applications(Call& call);
  Result<Reply> update_application(Call& call);
  Result<Reply> delete_application(Call& call);
  // groups.cpp
  Result<Reply> create_deployment_group(Call& call);
  Result<Reply> get_deployment_group(Call& call);
  Result<Reply> batch_get_deployment_groups(Call& call);
  Result<Reply> list_deployment_groups(Call& call);
  Result<Reply> update_deployment_group(Call& call);
  Result<Reply> delete_deployment_group(Call& call);
  Json render_group(const Application& application, const Group& group) const;
  // configs.cpp
  Result<Reply> create_deployment_config(Call& call);
  Result<Reply> get_deployment_config(Call& call);
  Result<Reply> list_deployment_configs(Call& call);
  Result<Reply> delete_deployment_config(Call& call);
  // revisions.cpp
  Result<Reply> register_application_revision(Call& call);
  Result<Reply> get_application_revision(Call& call);
  Result<Reply> batch_get_application_revisions(Call& call);
  Result<Reply> list_application_revisions(Call& call);
  // create_deployment.cpp
  Answer create_deployment(Call call);
  Task<Result<std::string>> read_revision(Scope scope, std::string application, Json revision);
  Result<> may_start(const Scope& scope, const std::string& application, const std::string& group) const;
  // deployments.cpp
  Result<Reply> get_deployment(Call& call);
  Result<Reply> batch_get_deployments(Call& call);
  Result<Reply> list_deployments(Call& call);
  Result<Reply> stop_deployment(Call& call);
  Result<Reply> put_lifecycle_event_hook_execution_status(Call& call);
  Result<Reply> refuse_wait(Call& call);
  Result<Reply> refuse_servers(Call& call);
  Result<const Deployment*> deployment_of(const Call& call) const;
  // targets.cpp
  Result<Reply> get_deployment_target(Call& call);
  Result<Reply> batch_get_deployment_targets(Call& call);
  Result<Reply> list_deployment_targets(Call& call);
  Result<Reply> get_deployment_instance(Call& call);
  Result<Reply> batch_get_deployment_instances(Call& call);
  Result<Reply> list_deployment_instances(Call& call);
  // tags.cpp
  Result<Reply> tag_resource(Call& call);
  Result<Reply> untag_resource(Call& call);
  Result<Reply> list_tags_for_resource(Call& call);

  void on_status(const Deployment& deployment);
  void wake(const std::string& id, bool progress);

  Clock& clock_;
  Random& ids_;
  TriggerSink* triggers_;
  RevisionSource* revisions_;
  Applications applications_;
  Configs configs_;
  Deployments deployments_;
  DeploymentTimer timer_;
  std::map<std::uint64_t, Deployments::Listener> listeners_;
  std::uint64_t next_token_ = 1;
  std::multimap<std::string, OneShot<bool>> waiting_;  ///< by deployment
};

}  // namespace aviary::codedeploy
