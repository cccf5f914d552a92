#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/clock.hpp"
#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "services/ssm/core/collection.hpp"
#include "services/ssm/core/parameters.hpp"
#include "services/ssm/jobs/window_runs.hpp"

namespace aviary::ssm {

struct SsmDependencies {
  Journal& journal;
  Random& ids;
  Clock& clock;
  TaskFunctions& functions;  ///< which maintenance windows run
  boost::asio::any_io_executor executor;
};

/// AWS Systems Manager as the gateway sees it: the parameter store, and what is said about a fleet of which
/// there is none here. A SecureString is kept as it is given, there being no KMS; without decryption only an
/// opaque text is shown.
class SsmService final : public TableService<SsmService> {
 public:
  explicit SsmService(SsmDependencies dependencies);

  static OperationTable<SsmService> operations();
  void restore() override;
  void reset() override;
  Task<> stop() override { return window_runs_.stop(); }
  Json counts() const override;

 private:
  // put_parameter.cpp
  Result<Reply> put_parameter(Call& call);
  Result<Reply> delete_parameter(Call& call);
  Result<Reply> delete_parameters(Call& call);
  // get_parameters.cpp
  Result<Reply> get_parameter(Call& call);
  Result<Reply> get_parameters(Call& call);
  Result<Reply> get_parameters_by_path(Call& call);
  Result<Reply> get_parameter_history(Call& call);
  Result<Reply> describe_parameters(Call& call);
  // labels.cpp
  Result<Reply> label_parameter_version(Call& call);
  Result<Reply> unlabel_parameter_version(Call& call);
  // tags.cpp
  Result<Reply> add_tags(Call& call);
  Result<Reply> remove_tags(Call& call);
  Result<Reply> list_tags(Call& call);
  // documents.cpp
  Result<Reply> create_document(Call& call);
  Result<Reply> update_document(Call& call);
  Result<Reply> update_document_default_version(Call& call);
  Result<Reply> delete_document(Call& call);
  // document_reads.cpp
  Result<Reply> get_document(Call& call);
  Result<Reply> describe_document_of(Call& call);
  Result<Reply> list_documents(Call& call);
  Result<Reply> list_document_versions(Call& call);
  // document_permissions.cpp
  Result<Reply> modify_document_permission(Call& call);
  Result<Reply> describe_document_permission(Call& call);

  // patch_baselines.cpp
  Result<Reply> create_patch_baseline(Call& call);
  Result<Reply> get_patch_baseline(Call& call);
  Result<Reply> update_patch_baseline(Call& call);
  Result<Reply> delete_patch_baseline(Call& call);
  Result<Reply> describe_patch_baselines(Call& call);
  Result<Reply> register_default_patch_baseline(Call& call);
  Result<Reply> get_default_patch_baseline(Call& call);
  Result<Reply> register_patch_group(Call& call);
  Result<Reply> deregister_patch_group(Call& call);
  Result<Reply> describe_patch_groups(Call& call);
  Result<Reply> get_patch_baseline_for_group(Call& call);
  // windows.cpp
  Result<Reply> create_maintenance_window(Call& call);
  Result<Reply> get_maintenance_window(Call& call);
  Result<Reply> update_maintenance_window(Call& call);
  Result<Reply> delete_maintenance_window(Call& call);
  Result<Reply> describe_maintenance_windows(Call& call);
  Result<Reply> describe_maintenance_windows_for_target(Call& call);
  Result<Reply> describe_maintenance_window_schedule(Call& call);
  // window_members.cpp
  Result<Reply> register_window_target(Call& call);
  Result<Reply> update_window_target(Call& call);
  Result<Reply> deregister_window_target(Call& call);
  Result<Reply> describe_window_targets(Call& call);
  Result<Reply> register_window_task(Call& call);
  Result<Reply> get_window_task(Call& call);
  Result<Reply> update_window_task(Call& call);
  Result<Reply> deregister_window_task(Call& call);
  Result<Reply> describe_window_tasks(Call& call);
  // window_executions.cpp
  Result<Reply> describe_window_executions(Call& call);
  Result<Reply> get_window_execution(Call& call);
  Result<Reply> describe_window_execution_tasks(Call& call);
  Result<Reply> get_window_execution_task(Call& call);
  Result<Reply> describe_window_execution_invocations(Call& call);
  Result<Reply> get_window_execution_invocation(Call& call);
  Result<Reply> cancel_window_execution(Call& call);
  // associations.cpp
  Result<Reply> create_association(Call& call);
  Result<Reply> create_association_batch(Call& call);
  Result<Reply> describe_association_of(Call& call);
  Result<Reply> update_association(Call& call);
  Result<Reply> delete_association(Call& call);
  Result<Reply> list_associations(Call& call);
  Result<Reply> list_association_versions(Call& call);
  Result<Reply> describe_association_executions(Call& call);
  // data_syncs.cpp
  Result<Reply> create_resource_data_sync(Call& call);
  Result<Reply> update_resource_data_sync(Call& call);
  Result<Reply> delete_resource_data_sync(Call& call);
  Result<Reply> list_resource_data_sync(Call& call);
  // resource_policies.cpp
  Result<Reply> put_resource_policy(Call& call);
  Result<Reply> get_resource_policies(Call& call);
  Result<Reply> delete_resource_policy(Call& call);

  /// By name or ARN; a version or a label in it is not looked at.
  Result<Parameter*> parameter_of(const Call& call);
  /// The document that Name says, of the caller's own.
  Result<Json*> own_document(const Call& call);
  /// The same, or by its ARN one that is shared with the caller.
  Result<Json*> readable_document(const Call& call);
  Result<Json*> document_named(const Call& call, const std::string& name);
  Result<Json*> version_wanted(const Call& call, Json& document);
  Result<Json*> baseline_of(const Call& call);
  bool is_default_baseline(const Scope& scope, const Json& baseline);
  /// By its id, or by document and instance.
  Result<Json*> association_of(const Call& call);
  Result<> check_association(const Call& call, const Json& said);
  /// Makes one; answers its description.
  Result<Json> associate(const Call& call, const Json& said);
  Result<Json*> sync_of(const Call& call);
  Result<Json*> window_of(const Call& call);
  Json shown_window(const Json& window, Instant now);
  /// The id of what was made with the same ClientToken.
  std::optional<std::string> made_before(Collection& collection, const Call& call, const char* id);
  bool runs_functions(const Scope& scope, const std::string& window);
  /// A target or a task of the window that the call names.
  Result<Json*> window_member(Collection& collection, const Call& call, const char* id_member);
  Result<Json*> execution_of(const Call& call);
  Result<Json*> execution_task_of(const Call& call);
  /// Where the parameter of that name is read: another account's if it is shared with the caller.
  Scope reading_scope(const Call& call, const std::string& name);
  /// The ARN of the parameter whose policies are meant.
  Result<std::string> policy_holder(const Call& call);
  /// Null for parameters, and for what is not here.
  Collection* tagged_collection(std::string_view type);
  Result<Json> tags_of(const Call& call);
  void put_tags(const Call& call, Json tags);
  std::vector<Collection*> collections();

  Random& ids_;
  Parameters parameters_;
  Collection documents_;
  Collection baselines_;
  Collection patch_defaults_;  ///< by operating system
  Collection patch_groups_;    ///< by operating system and group
  Collection associations_;
  Collection syncs_;
  Collection resource_policies_;
  Collection windows_;
  Collection window_targets_;
  Collection window_tasks_;
  Collection window_executions_;
  WindowRuns window_runs_;
};

Scope scope_of(const Call& call);
std::string ssm_text(const Json& input, const char* name);
/// AWS sends this one without a text.
AwsError parameter_not_found();
/// Where a page starts, from its token: after this name.
Result<std::string> start_of_page(const Json& input);
std::string page_token(std::string_view last);
/// The rows that MaxResults and NextToken ask for.
Result<Reply> page_of(const Json& input, Json rows, const char* member, std::size_t most = 50);
/// `Tags` of an input as a map, and a map as rows.
Json tag_map(const Json& input);
Json tag_rows(const Json& map);

// windows.cpp, window_members.cpp
AwsError no_such_in_windows(std::string_view what, const std::string& id);
AwsError zone_not_known();

// documents.cpp
/// Whether a document's name is one of AWS's own, which are not here but may be named.
bool is_of_aws(std::string_view name);
AwsError invalid_document();
AwsError invalid_document_version();
/// By `$LATEST`, `$DEFAULT`, a number or a version's name; of neither the default one. Null if there is none.
Json* find_version(Json& document, const std::string& selector, const std::string& name);
Json describe_document(const Json& document, const Json& version, std::string_view status);

}  // namespace aviary::ssm
