#include "services/iam/api/iam_service.hpp"

#include "models/iam.hpp"

namespace aviary::iam {

/// Which member answers which operation.
OperationTable<IamService> IamService::operations() {
  using S = IamService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"AddUserToGroup", &S::add_user_to_group},
      {"AttachGroupPolicy", &S::attach},
      {"AttachRolePolicy", &S::attach},
      {"AttachUserPolicy", &S::attach},
      {"CreateAccessKey", &S::create_access_key},
      {"CreateGroup", &S::create_principal},
      {"CreatePolicy", &S::create_policy},
      {"CreatePolicyVersion", &S::create_policy_version},
      {"CreateRole", &S::create_principal},
      {"CreateUser", &S::create_principal},
      {"DeleteAccessKey", &S::delete_access_key},
      {"DeleteGroup", &S::delete_principal},
      {"DeleteGroupPolicy", &S::delete_inline},
      {"DeletePolicy", &S::delete_policy},
      {"DeletePolicyVersion", &S::delete_policy_version},
      {"DeleteRole", &S::delete_principal},
      {"DeleteRolePolicy", &S::delete_inline},
      {"DeleteUser", &S::delete_principal},
      {"DeleteUserPolicy", &S::delete_inline},
      {"DetachGroupPolicy", &S::detach},
      {"DetachRolePolicy", &S::detach},
      {"DetachUserPolicy", &S::detach},
      {"GetGroup", &S::get_group},
      {"GetGroupPolicy", &S::get_inline},
      {"GetPolicy", &S::get_policy},
      {"GetPolicyVersion", &S::get_policy_version},
      {"GetRole", &S::get_principal},
      {"GetRolePolicy", &S::get_inline},
      {"GetUser", &S::get_principal},
      {"GetUserPolicy", &S::get_inline},
      {"ListAccessKeys", &S::list_access_keys},
      {"ListAttachedGroupPolicies", &S::list_attached},
      {"ListAttachedRolePolicies", &S::list_attached},
      {"ListAttachedUserPolicies", &S::list_attached},
      {"ListGroupPolicies", &S::list_inline},
      {"ListGroups", &S::list_principals},
      {"ListGroupsForUser", &S::list_groups_for_user},
      {"ListPolicies", &S::list_policies},
      {"ListPolicyVersions", &S::list_policy_versions},
      {"ListRolePolicies", &S::list_inline},
      {"ListRoleTags", &S::list_principal_tags},
      {"ListRoles", &S::list_principals},
      {"ListUserPolicies", &S::list_inline},
      {"ListUserTags", &S::list_principal_tags},
      {"ListUsers", &S::list_principals},
      {"PutGroupPolicy", &S::put_inline},
      {"PutRolePolicy", &S::put_inline},
      {"PutUserPolicy", &S::put_inline},
      {"RemoveUserFromGroup", &S::remove_user_from_group},
      {"SetDefaultPolicyVersion", &S::set_default_policy_version},
      {"SimulateCustomPolicy", &S::simulate_custom_policy},
      {"SimulatePrincipalPolicy", &S::simulate_principal_policy},
      {"TagRole", &S::tag_principal},
      {"TagUser", &S::tag_principal},
      {"UntagRole", &S::untag_principal},
      {"UntagUser", &S::untag_principal},
      {"UpdateAssumeRolePolicy", &S::update_assume_role_policy},
      {"UpdateGroup", &S::update_group},
      {"UpdateRole", &S::update_role},
  };
  return {models::iam::service, "IAM", entries};
}

IamService::IamService(IamDependencies d) : ids_(d.ids), directory_(d.journal) {}

}  // namespace aviary::iam
