#include "services/ssm/api/ssm_service.hpp"

#include <charconv>

#include "base/encoding.hpp"
#include "models/ssm.hpp"

namespace aviary::ssm {

/// Which member answers which operation.
OperationTable<SsmService> SsmService::operations() {
  using S = SsmService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"AddTagsToResource", &S::add_tags},
      {"CancelMaintenanceWindowExecution", &S::cancel_window_execution},
      {"CreateAssociation", &S::create_association},
      {"CreateAssociationBatch", &S::create_association_batch},
      {"CreateDocument", &S::create_document},
      {"CreateMaintenanceWindow", &S::create_maintenance_window},
      {"CreatePatchBaseline", &S::create_patch_baseline},
      {"CreateResourceDataSync", &S::create_resource_data_sync},
      {"DeleteAssociation", &S::delete_association},
      {"DeleteDocument", &S::delete_document},
      {"DeleteMaintenanceWindow", &S::delete_maintenance_window},
      {"DeleteParameter", &S::delete_parameter},
      {"DeleteParameters", &S::delete_parameters},
      {"DeletePatchBaseline", &S::delete_patch_baseline},
      {"DeleteResourceDataSync", &S::delete_resource_data_sync},
      {"DeleteResourcePolicy", &S::delete_resource_policy},
      {"DeregisterPatchBaselineForPatchGroup", &S::deregister_patch_group},
      {"DeregisterTargetFromMaintenanceWindow", &S::deregister_window_target},
      {"DeregisterTaskFromMaintenanceWindow", &S::deregister_window_task},
      {"DescribeAssociation", &S::describe_association_of},
      {"DescribeAssociationExecutions", &S::describe_association_executions},
      {"DescribeDocument", &S::describe_document_of},
      {"DescribeDocumentPermission", &S::describe_document_permission},
      {"DescribeMaintenanceWindowExecutionTaskInvocations", &S::describe_window_execution_invocations},
      {"DescribeMaintenanceWindowExecutionTasks", &S::describe_window_execution_tasks},
      {"DescribeMaintenanceWindowExecutions", &S::describe_window_executions},
      {"DescribeMaintenanceWindowSchedule", &S::describe_maintenance_window_schedule},
      {"DescribeMaintenanceWindowTargets", &S::describe_window_targets},
      {"DescribeMaintenanceWindowTasks", &S::describe_window_tasks},
      {"DescribeMaintenanceWindows", &S::describe_maintenance_windows},
      {"DescribeMaintenanceWindowsForTarget", &S::describe_maintenance_windows_for_target},
      {"DescribeParameters", &S::describe_parameters},
      {"DescribePatchBaselines", &S::describe_patch_baselines},
      {"DescribePatchGroups", &S::describe_patch_groups},
      {"GetDefaultPatchBaseline", &S::get_default_patch_baseline},
      {"GetDocument", &S::get_document},
      {"GetMaintenanceWindow", &S::get_maintenance_window},
      {"GetMaintenanceWindowExecution", &S::get_window_execution},
      {"GetMaintenanceWindowExecutionTask", &S::get_window_execution_task},
      {"GetMaintenanceWindowExecutionTaskInvocation", &S::get_window_execution_invocation},
      {"GetMaintenanceWindowTask", &S::get_window_task},
      {"GetParameter", &S::get_parameter},
      {"GetParameterHistory", &S::get_parameter_history},
      {"GetParameters", &S::get_parameters},
      {"GetParametersByPath", &S::get_parameters_by_path},
      {"GetPatchBaseline", &S::get_patch_baseline},
      {"GetPatchBaselineForPatchGroup", &S::get_patch_baseline_for_group},
      {"GetResourcePolicies", &S::get_resource_policies},
      {"LabelParameterVersion", &S::label_parameter_version},
      {"ListAssociationVersions", &S::list_association_versions},
      {"ListAssociations", &S::list_associations},
      {"ListDocumentVersions", &S::list_document_versions},
      {"ListDocuments", &S::list_documents},
      {"ListResourceDataSync", &S::list_resource_data_sync},
      {"ListTagsForResource", &S::list_tags},
      {"ModifyDocumentPermission", &S::modify_document_permission},
      {"PutParameter", &S::put_parameter},
      {"PutResourcePolicy", &S::put_resource_policy},
      {"RegisterDefaultPatchBaseline", &S::register_default_patch_baseline},
      {"RegisterPatchBaselineForPatchGroup", &S::register_patch_group},
      {"RegisterTargetWithMaintenanceWindow", &S::register_window_target},
      {"RegisterTaskWithMaintenanceWindow", &S::register_window_task},
      {"RemoveTagsFromResource", &S::remove_tags},
      {"UnlabelParameterVersion", &S::unlabel_parameter_version},
      {"UpdateAssociation", &S::update_association},
      {"UpdateDocument", &S::update_document},
      {"UpdateDocumentDefaultVersion", &S::update_document_default_version},
      {"UpdateMaintenanceWindow", &S::update_maintenance_window},
      {"UpdateMaintenanceWindowTarget", &S::update_window_target},
      {"UpdateMaintenanceWindowTask", &S::update_window_task},
      {"UpdatePatchBaseline", &S::update_patch_baseline},
      {"UpdateResourceDataSync", &S::update_resource_data_sync},
  };
  return {models::ssm::service, "Systems Manager", entries};
}

SsmService::SsmService(SsmDependencies d)
    : ids_(d.ids),
      parameters_(d.journal),
      documents_(d.journal, "ssm_documents"),
      baselines_(d.journal, "ssm_patch_baselines"),
      patch_defaults_(d.journal, "ssm_patch_defaults"),
      patch_groups_(d.journal, "ssm_patch_groups"),
      associations_(d.journal, "ssm_associations"),
      syncs_(d.journal, "ssm_resource_data_syncs"),
      resource_policies_(d.journal, "ssm_resource_policies"),
      windows_(d.journal, "ssm_windows"),
      window_targets_(d.journal, "ssm_window_targets"),
      window_tasks_(d.journal, "ssm_window_tasks"),
      window_executions_(d.journal, "ssm_window_executions"),
      window_runs_({windows_, window_tasks_, window_executions_, d.functions, d.clock, d.ids, d.executor}) {}

std::vector<Collection*> SsmService::collections() {
  return {&documents_,         &baselines_, &patch_defaults_, &patch_groups_, &associations_,     &syncs_,
          &resource_policies_, &windows_,   &window_targets_, &window_tasks_, &window_executions_};
}

void SsmService::restore() {
  parameters_.restore();
  for (Collection* each : collections()) each->restore();
  window_runs_.restore();
}

void SsmService::reset() {
  parameters_.clear();
  for (Collection* each : collections()) each->clear();
  window_runs_.arm();
}

Json SsmService::counts() const {
  return {{"parameters", parameters_.size()},
          {"documents", documents_.size()},
          {"patchBaselines", baselines_.size()},
          {"maintenanceWindows", windows_.size()},
          {"associations", associations_.size()}};
}

Scope scope_of(const Call& call) { return {.account = call.account, .region = call.region}; }

std::string ssm_text(const Json& input, const char* name) { return input.value(name, std::string()); }

AwsError parameter_not_found() {
  AwsError error(models::ssm::errors::ParameterNotFound, "");
  error.omit_message = true;
  return error;
}

Result<std::string> start_of_page(const Json& input) {
  const std::string token = ssm_text(input, "NextToken");
  std::optional<std::string> name = base64_decode(token);
  if (!name) return AwsError(models::ssm::errors::InvalidNextToken, "The specified token is not valid.");
  return std::move(*name);
}

std::string page_token(std::string_view last) { return base64_encode(last); }

Result<Reply> page_of(const Json& input, Json rows, const char* member, std::size_t most) {
  const Result<std::string> start = start_of_page(input);
  if (!start) return start.error();
  std::size_t first = 0;
  const auto [end, problem] = std::from_chars(start->data(), start->data() + start->size(), first);
  if (!start->empty() && (problem != std::errc() || end != start->data() + start->size()))
    return AwsError(models::ssm::errors::InvalidNextToken, "The specified token is not valid.");
  const std::size_t limit = input.value("MaxResults", most);
  Reply reply;
  Json& out = reply.output[member] = Json::array();
  for (std::size_t i = first; i < rows.size() && out.size() < limit; ++i) out.push_back(std::move(rows[i]));
  if (first + out.size() < rows.size())
    reply.output["NextToken"] = page_token(std::to_string(first + out.size()));
  return reply;
}

Result<Parameter*> SsmService::parameter_of(const Call& call) {
  const Scope scope = scope_of(call);
  Parameter* found = parameters_.find(scope, parse_reference(ssm_text(call.input, "Name"), scope));
  if (found == nullptr) return parameter_not_found();
  return found;
}

}  // namespace aviary::ssm
