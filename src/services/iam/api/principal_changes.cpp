#include <algorithm>

#include "services/iam/api/iam_service.hpp"
#include "services/iam/api/principal_kind.hpp"

/// What changes of users, roles and their keys once they are made.
namespace aviary::iam {

/// Another name or another path; its ARN is another then, and its groups know it by the new name.
Result<Reply> IamService::update_user(Call& call) {
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  const std::string name = iam_text(call.input, "UserName");
  const std::string wanted = iam_text(call.input, "NewUserName");
  const bool renames = !wanted.empty() && wanted != name;
  if (renames && directory_.find(call.account, "user", wanted) != nullptr)
    return AwsError(models::iam::errors::EntityAlreadyExistsException,
                    fmt::format("User with name {} already exists.", wanted));
  const std::string now = renames ? wanted : name;
  Json user = **found;
  if (call.input.contains("NewPath")) user["Path"] = call.input["NewPath"];
  user["UserName"] = now;
  user["Arn"] = fmt::format("arn:aws:iam::{}:user{}{}", call.account, user.value("Path", "/"), now);
  if (user.contains("_keys"))
    for (Json& key : user["_keys"]) key["UserName"] = now;
  if (renames) {
    directory_.erase(call.account, "user", name);
    for (auto& [group_name, group] : directory_.all(call.account, "group")) {
      if (!group.contains("_users")) continue;
      Json& users = group["_users"];
      const auto member = std::ranges::find(users, Json(name));
      if (member == users.end()) continue;
      *member = now;
      std::sort(users.begin(), users.end());
      directory_.save(call.account, "group", group_name);
    }
  }
  if (renames)
    for (auto& [serial, device] : directory_.all(call.account, "mfa-device")) {
      if (device.value("_user", std::string()) != name) continue;
      device["_user"] = now;
      directory_.save(call.account, "mfa-device", serial);
    }
  directory_.put(call.account, "user", now, std::move(user));
  return Reply{};
}

Result<Reply> IamService::update_role_description(Call& call) {
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  (**found)["Description"] = call.input["Description"];
  save_principal(call);
  Reply reply;
  reply.output["Role"] = sent(**found);
  return reply;
}

/// "If a username is not specified, the service determines the username implicitly".
Result<Reply> IamService::update_access_key(Call& call) {
  const Json id_given = call.input["AccessKeyId"];
  if (!call.input.contains("UserName"))
    for (const auto& [name, user] : directory_.all(call.account, "user"))
      for (const Json& key : user.value("_keys", Json::array()))
        if (key["AccessKeyId"] == id_given) call.input["UserName"] = name;
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  if ((*found)->contains("_keys"))
    for (Json& key : (**found)["_keys"])
      if (key["AccessKeyId"] == id_given) {
        key["Status"] = call.input["Status"];
        save_principal(call);
        return Reply{};
      }
  return no_such_entity(
      fmt::format("The Access Key with id {} cannot be found.", iam_text(call.input, "AccessKeyId")));
}

Result<Reply> IamService::put_permissions_boundary(Call& call) {
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  const std::string arn = iam_text(call.input, "PermissionsBoundary");
  if (!is_aws_managed(arn) && directory_.find(call.account, "policy", arn) == nullptr)
    return no_such_policy(arn);
  (**found)["PermissionsBoundary"] = {{"PermissionsBoundaryType", "Policy"}, {"PermissionsBoundaryArn", arn}};
  save_principal(call);
  return Reply{};
}

Result<Reply> IamService::delete_permissions_boundary(Call& call) {
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  (*found)->erase("PermissionsBoundary");
  save_principal(call);
  return Reply{};
}

/// Who has a managed policy attached, or, when that is asked for, as a boundary.
Result<Reply> IamService::list_entities_for_policy(Call& call) {
  const std::string arn = iam_text(call.input, "PolicyArn");
  if (!is_aws_managed(arn) && directory_.find(call.account, "policy", arn) == nullptr)
    return no_such_policy(arn);
  const std::string only = iam_text(call.input, "EntityFilter");
  const std::string usage = iam_text(call.input, "PolicyUsageFilter");
  const std::string prefix = call.input.value("PathPrefix", "/");
  Reply reply;
  reply.output["IsTruncated"] = false;
  for (const char* kind : {"Role", "User", "Group"}) {
    Json& rows = reply.output[fmt::format("Policy{}s", kind)] = Json::array();
    if (!only.empty() && only != kind) continue;
    std::string small(kind);
    small[0] = static_cast<char>(small[0] + ('a' - 'A'));
    for (const auto& [name, entity] : directory_.all(call.account, small)) {
      const Json attached = entity.value("_attached", Json::array());
      const bool permits =
          usage != "PermissionsBoundary" && std::ranges::find(attached, Json(arn)) != attached.end();
      const bool bounds =
          usage != "PermissionsPolicy" &&
          entity.value("PermissionsBoundary", Json::object()).value("PermissionsBoundaryArn", "") == arn;
      if (!(permits || bounds) || !entity.value("Path", "/").starts_with(prefix)) continue;
      const std::string id = std::string(kind) + "Id";
      rows.push_back({{std::string(kind) + "Name", name}, {id, entity[id]}});
    }
  }
  return reply;
}

/// How many have it attached, and how many as their boundary.
void IamService::count_attachments(const std::string& account, Json& policy) {
  const std::string arn = iam_text(policy, "Arn");
  std::int64_t attachments = 0;
  std::int64_t boundaries = 0;
  for (const char* kind : {"role", "user", "group"})
    for (const auto& [name, entity] : directory_.all(account, kind)) {
      const Json attached = entity.value("_attached", Json::array());
      attachments += std::ranges::count(attached, Json(arn));
      boundaries +=
          entity.value("PermissionsBoundary", Json::object()).value("PermissionsBoundaryArn", "") == arn;
    }
  policy["AttachmentCount"] = attachments;
  policy["PermissionsBoundaryUsageCount"] = boundaries;
}

}  // namespace aviary::iam
