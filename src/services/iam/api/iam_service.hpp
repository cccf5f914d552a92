#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "services/iam/core/directory.hpp"

namespace aviary::iam {

struct IamDependencies {
  Random& ids;
  Journal& journal;
};

/// AWS IAM as the gateway sees it: roles, users, groups and policies are recorded and read back. What they
/// let callers do is decided where requests come in, if it is decided at all (`--enforce-iam`).
class IamService final : public TableService<IamService> {
 public:
  explicit IamService(IamDependencies dependencies);

  static OperationTable<IamService> operations();
  void restore() override { directory_.restore(); }
  void reset() override { directory_.clear(); }
  Json counts() const override { return {{"entities", directory_.size()}}; }
  /// For those who decide what callers may do.
  Directory& directory() { return directory_; }

 private:
  // principals.cpp: roles, users and groups, told apart by the operation's name
  Result<Reply> create_principal(Call& call);
  Result<Reply> get_principal(Call& call);
  Result<Reply> list_principals(Call& call);
  Result<Reply> update_role(Call& call);
  Result<Reply> update_assume_role_policy(Call& call);
  Result<Reply> delete_principal(Call& call);
  Result<Reply> create_access_key(Call& call);
  Result<Reply> list_access_keys(Call& call);
  Result<Reply> delete_access_key(Call& call);
  // groups.cpp
  Result<Reply> get_group(Call& call);
  Result<Reply> update_group(Call& call);
  Result<Reply> add_user_to_group(Call& call);
  Result<Reply> remove_user_from_group(Call& call);
  Result<Reply> list_groups_for_user(Call& call);
  bool is_in_group(const std::string& account, const std::string& user);
  // principal_changes.cpp
  Result<Reply> update_user(Call& call);
  Result<Reply> update_role_description(Call& call);
  Result<Reply> update_access_key(Call& call);
  Result<Reply> put_permissions_boundary(Call& call);
  Result<Reply> delete_permissions_boundary(Call& call);
  Result<Reply> list_entities_for_policy(Call& call);
  void count_attachments(const std::string& account, Json& policy);
  // instance_profiles.cpp
  Result<Reply> create_instance_profile(Call& call);
  Result<Reply> get_instance_profile(Call& call);
  Result<Reply> list_instance_profiles(Call& call);
  Result<Reply> delete_instance_profile(Call& call);
  Result<Reply> add_role_to_instance_profile(Call& call);
  Result<Reply> remove_role_from_instance_profile(Call& call);
  Result<Json*> profile_of(const Call& call);
  Json sent_profile(const std::string& account, const Json& profile);
  bool is_in_profile(const std::string& account, const std::string& role);
  // providers.cpp: who else says who somebody is
  Result<Reply> create_oidc_provider(Call& call);
  Result<Reply> get_oidc_provider(Call& call);
  Result<Reply> list_oidc_providers(Call& call);
  Result<Reply> change_oidc_provider(Call& call);
  Result<Reply> delete_oidc_provider(Call& call);
  Result<Reply> create_saml_provider(Call& call);
  Result<Reply> get_saml_provider(Call& call);
  Result<Reply> list_saml_providers(Call& call);
  Result<Reply> update_saml_provider(Call& call);
  Result<Reply> delete_saml_provider(Call& call);
  Result<Json*> oidc_provider_of(const Call& call);
  Result<Json*> saml_provider_of(const Call& call);
  // service_linked_roles.cpp
  Result<Reply> create_service_linked_role(Call& call);
  Result<Reply> delete_service_linked_role(Call& call);
  Result<Reply> get_service_linked_role_deletion_status(Call& call);
  // server_certificates.cpp
  Result<Reply> upload_server_certificate(Call& call);
  Result<Reply> get_server_certificate(Call& call);
  Result<Reply> list_server_certificates(Call& call);
  Result<Reply> update_server_certificate(Call& call);
  Result<Reply> delete_server_certificate(Call& call);
  Result<Json*> certificate_of(const Call& call);
  // mfa_devices.cpp
  Result<Reply> create_virtual_mfa_device(Call& call);
  Result<Reply> enable_mfa_device(Call& call);
  Result<Reply> resync_mfa_device(Call& call);
  Result<Reply> deactivate_mfa_device(Call& call);
  Result<Reply> get_mfa_device(Call& call);
  Result<Reply> list_mfa_devices(Call& call);
  Result<Reply> list_virtual_mfa_devices(Call& call);
  Result<Reply> delete_virtual_mfa_device(Call& call);
  Result<Json*> mfa_device_of(const Call& call);
  Result<Json*> mfa_device_of_user(const Call& call);
  bool has_mfa_device(const std::string& account, const std::string& user);
  // entity_tags.cpp
  Result<Reply> tag_entity(Call& call);
  Result<Reply> untag_entity(Call& call);
  Result<Reply> list_entity_tags(Call& call);
  Result<Json*> tagged_entity_of(const Call& call);
  void save_tagged(const Call& call);
  // policies.cpp
  Result<Reply> put_inline(Call& call);
  Result<Reply> get_inline(Call& call);
  Result<Reply> list_inline(Call& call);
  Result<Reply> delete_inline(Call& call);
  Result<Reply> attach(Call& call);
  Result<Reply> detach(Call& call);
  Result<Reply> list_attached(Call& call);
  Result<Reply> create_policy(Call& call);
  Result<Reply> get_policy(Call& call);
  Result<Reply> list_policies(Call& call);
  Result<Reply> delete_policy(Call& call);
  Result<Reply> create_policy_version(Call& call);
  Result<Reply> get_policy_version(Call& call);
  Result<Reply> list_policy_versions(Call& call);
  Result<Reply> delete_policy_version(Call& call);
  Result<Reply> set_default_policy_version(Call& call);

  // simulation.cpp
  Result<Reply> simulate_custom_policy(Call& call);
  Result<Reply> simulate_principal_policy(Call& call);

  Result<Json*> principal_of(const Call& call);
  Result<Json*> policy_of(const Call& call);
  void save_principal(const Call& call);
  /// A user who names none means itself.
  static void name_caller(Call& call);
  std::string new_id(std::string_view prefix);

  Random& ids_;
  Directory directory_;
};

}  // namespace aviary::iam
