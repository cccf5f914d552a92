#include "services/cloudformation/api/cloudformation_service.hpp"

#include "models/cloudformation.hpp"

namespace aviary::cloudformation {

/// Which member answers which operation.
OperationTable<CloudFormationService> CloudFormationService::operations() {
  using S = CloudFormationService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"CancelUpdateStack", &S::cancel_update_stack},
      {"ContinueUpdateRollback", &S::continue_update_rollback},
      {"CreateChangeSet", &S::create_change_set},
      {"CreateStack", &S::create_stack},
      {"DeleteChangeSet", &S::delete_change_set},
      {"DeleteStack", &S::delete_stack},
      {"DescribeChangeSet", &S::describe_change_set},
      {"DescribeStackDriftDetectionStatus", &S::describe_stack_drift_detection_status},
      {"DescribeStackEvents", &S::describe_stack_events},
      {"DescribeStackResource", &S::describe_stack_resource},
      {"DescribeStackResourceDrifts", &S::describe_stack_resource_drifts},
      {"DescribeStackResources", &S::describe_stack_resources},
      {"DescribeStacks", &S::describe_stacks},
      {"DetectStackDrift", &S::detect_stack_drift},
      {"DetectStackResourceDrift", &S::detect_stack_resource_drift},
      {"ExecuteChangeSet", &S::execute_change_set},
      {"GetStackPolicy", &S::get_stack_policy},
      {"GetTemplate", &S::get_template},
      {"GetTemplateSummary", &S::get_template_summary},
      {"ListChangeSets", &S::list_change_sets},
      {"ListExports", &S::list_exports},
      {"ListImports", &S::list_imports},
      {"ListStackResources", &S::list_stack_resources},
      {"ListStacks", &S::list_stacks},
      {"RollbackStack", &S::rollback_stack},
      {"SetStackPolicy", &S::set_stack_policy},
      {"UpdateStack", &S::update_stack},
      {"UpdateTerminationProtection", &S::update_termination_protection},
      {"ValidateTemplate", &S::validate_template},
  };
  return {models::cloudformation::service, "CloudFormation", entries};
}

CloudFormationService::CloudFormationService(CloudFormationDependencies d)
    : clock_(d.clock),
      ids_(d.ids),
      cloud_(d.cloud),
      store_(d.journal, d.ids),
      deployer_({.store = store_,
                 .cloud = d.cloud,
                 .clock = d.clock,
                 .ids = d.ids,
                 .responses_url = std::move(d.responses_url),
                 .records_unknown = d.records_unknown,
                 .settling = d.settling,
                 .executor = d.executor}) {}

CloudFormationService::~CloudFormationService() = default;

void CloudFormationService::restore() { store_.restore(clock_.now()); }

/// Work that is under way finds its stack gone and ends.
void CloudFormationService::reset() {
  store_.clear();
  deployer_.forget();
}

Task<> CloudFormationService::stop() { co_await deployer_.stop(); }

Json CloudFormationService::counts() const { return {{"stacks", store_.all().size()}}; }

}  // namespace aviary::cloudformation
