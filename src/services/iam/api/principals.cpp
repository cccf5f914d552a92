#include <algorithm>

#include "base/encoding.hpp"
#include "gateway/authorizer.hpp"
#include "services/iam/api/iam_service.hpp"
#include "services/iam/api/principal_kind.hpp"

namespace aviary::iam {

std::string encoded_document(const std::string& text) { return percent_encode(text); }

Json sent(const Json& entity) {
  Json out = entity;
  for (auto member = out.begin(); member != out.end();)
    member = member.key().starts_with('_') ? out.erase(member) : std::next(member);
  if (out.contains("AssumeRolePolicyDocument"))
    out["AssumeRolePolicyDocument"] = encoded_document(out["AssumeRolePolicyDocument"].get<std::string>());
  return out;
}

std::string IamService::new_id(std::string_view prefix) {
  static constexpr std::string_view characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string id(prefix);
  while (id.size() < 21) id += characters[ids_.next() & 31];
  return id;
}

Result<Json*> IamService::principal_of(const Call& call) {
  const PrincipalKind& kind = kind_of(call.operation->name);
  const std::string name = iam_text(call.input, kind.name);
  Json* found = directory_.find(call.account, kind.kind, name);
  if (found == nullptr)
    return no_such_entity(fmt::format("The {} with name {} cannot be found.", kind.kind, name));
  return found;
}

void IamService::name_caller(Call& call) {
  const std::string_view caller = call.caller != nullptr ? std::string_view(call.caller->arn) : "";
  if (std::string_view(kind_of(call.operation->name).kind) == "user" && !call.input.contains("UserName") &&
      caller.find(":user/") != std::string_view::npos)
    call.input["UserName"] = caller.substr(caller.rfind('/') + 1);
}

void IamService::save_principal(const Call& call) {
  const PrincipalKind& kind = kind_of(call.operation->name);
  directory_.save(call.account, kind.kind, iam_text(call.input, kind.name));
}

Result<Reply> IamService::create_principal(Call& call) {
  const PrincipalKind& kind = kind_of(call.operation->name);
  const std::string name = iam_text(call.input, kind.name);
  if (call.input.contains("AssumeRolePolicyDocument"))
    if (const Result<> valid = check_policy_document(iam_text(call.input, "AssumeRolePolicyDocument"));
        !valid)
      return valid.error();
  if (directory_.find(call.account, kind.kind, name) != nullptr)
    return AwsError(models::iam::errors::EntityAlreadyExistsException,
                    fmt::format("{} with name {} already exists.", kind.entity, name));
  const std::string path = call.input.value("Path", "/");
  Json entity{{"Path", path},
              {kind.name, name},
              {kind.id, new_id(kind.mark)},
              {"Arn", fmt::format("arn:aws:iam::{}:{}{}{}", call.account, kind.kind, path, name)},
              {"CreateDate", whole_epoch_seconds(call.now)}};
  for (const char* member : {"AssumeRolePolicyDocument", "Description", "MaxSessionDuration", "Tags"})
    if (call.input.contains(member)) entity[member] = call.input[member];
  if (std::string_view(kind.kind) == "role" && !entity.contains("MaxSessionDuration"))
    entity["MaxSessionDuration"] = 3600;
  if (const std::string boundary = iam_text(call.input, "PermissionsBoundary"); !boundary.empty())
    entity["PermissionsBoundary"] = {{"PermissionsBoundaryType", "Policy"},
                                     {"PermissionsBoundaryArn", boundary}};
  Reply reply;
  reply.output[kind.entity] = sent(entity);
  directory_.put(call.account, kind.kind, name, std::move(entity));
  return reply;
}

Result<Reply> IamService::get_principal(Call& call) {
  const PrincipalKind& kind = kind_of(call.operation->name);
  Reply reply;
  // GetUser without a name asks who the caller is: the account's root, unless it is known better.
  name_caller(call);
  if (std::string_view(kind.kind) == "user" && !call.input.contains("UserName")) {
    reply.output["User"] = {{"Path", "/"},
                            {"UserName", "root"},
                            {"UserId", call.account},
                            {"Arn", fmt::format("arn:aws:iam::{}:root", call.account)},
                            {"CreateDate", 0.0}};
    return reply;
  }
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  reply.output[kind.entity] = sent(**found);
  if (std::string_view(kind.kind) == "role") reply.output["Role"]["RoleLastUsed"] = Json::object();
  return reply;
}

Result<Reply> IamService::list_principals(Call& call) {
  const PrincipalKind& kind = kind_of(call.operation->name);
  const std::string prefix = call.input.value("PathPrefix", "/");
  const std::string marker = iam_text(call.input, "Marker");
  const auto limit = static_cast<std::size_t>(call.input.value("MaxItems", 100));
  Reply reply;
  Json& rows = reply.output[kind.list] = Json::array();
  reply.output["IsTruncated"] = false;
  for (const auto& [name, entity] : directory_.all(call.account, kind.kind)) {
    if (name <= marker || !entity.value("Path", "/").starts_with(prefix)) continue;
    if (rows.size() == limit) {
      reply.output["IsTruncated"] = true;
      reply.output["Marker"] = rows.back()[kind.name];
      break;
    }
    Json row = sent(entity);
    row.erase("Tags");
    row.erase("PermissionsBoundary");
    rows.push_back(std::move(row));
  }
  return reply;
}

Result<Reply> IamService::update_role(Call& call) {
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  for (const char* member : {"Description", "MaxSessionDuration"})
    if (call.input.contains(member)) (**found)[member] = call.input[member];
  save_principal(call);
  return Reply{};
}

Result<Reply> IamService::update_assume_role_policy(Call& call) {
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  const std::string document = iam_text(call.input, "PolicyDocument");
  if (const Result<> valid = check_policy_document(document); !valid) return valid.error();
  (**found)["AssumeRolePolicyDocument"] = document;
  save_principal(call);
  return Reply{};
}

Result<Reply> IamService::delete_principal(Call& call) {
  const PrincipalKind& kind = kind_of(call.operation->name);
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  const Json& entity = **found;
  if (entity.value("Path", "/").starts_with("/aws-service-role/"))
    return AwsError(models::iam::errors::UnmodifiableEntityException,
                    fmt::format("Cannot perform the operation on the protected role '{}' - this role is only "
                                "modifiable by AWS",
                                iam_text(call.input, kind.name)));
  const auto conflict = [](std::string_view text) {
    return AwsError(models::iam::errors::DeleteConflictException,
                    fmt::format("Cannot delete entity, must {} first.", text));
  };
  if (!entity.value("_attached", Json::array()).empty()) return conflict("detach all policies");
  if (!entity.value("_inline", Json::object()).empty()) return conflict("delete policies");
  if (!entity.value("_keys", Json::array()).empty()) return conflict("delete access keys");
  if (!entity.value("_users", Json::array()).empty()) return conflict("remove users from group");
  const std::string name = iam_text(call.input, kind.name);
  if (std::string_view(kind.kind) == "role" && is_in_profile(call.account, name))
    return conflict("remove roles from instance profile");
  if (std::string_view(kind.kind) == "user" && is_in_group(call.account, name))
    return conflict("remove users from group");
  if (std::string_view(kind.kind) == "user" && has_mfa_device(call.account, name))
    return conflict("delete MFA device");
  directory_.erase(call.account, kind.kind, name);
  return Reply{};
}

Result<Reply> IamService::create_access_key(Call& call) {
  name_caller(call);
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  Json key{{"UserName", iam_text(call.input, "UserName")},
           {"AccessKeyId", new_id("AKIA").substr(0, 20)},
           {"Status", "Active"},
           {"CreateDate", whole_epoch_seconds(call.now)}};
  const std::string secret = ids_.hex(40);
  (**found)["_keys"].push_back(key);
  (**found)["_keys"].back()["_Secret"] = secret;
  save_principal(call);
  key["SecretAccessKey"] = secret;
  Reply reply;
  reply.output["AccessKey"] = std::move(key);
  return reply;
}

Result<Reply> IamService::list_access_keys(Call& call) {
  name_caller(call);
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  Reply reply;
  reply.output = {{"AccessKeyMetadata", Json::array()}, {"IsTruncated", false}};
  for (const Json& key : (*found)->value("_keys", Json::array()))
    reply.output["AccessKeyMetadata"].push_back(sent(key));
  return reply;
}

Result<Reply> IamService::delete_access_key(Call& call) {
  name_caller(call);
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  Json kept = Json::array();
  const Json keys = (*found)->value("_keys", Json::array());
  for (const Json& key : keys)
    if (key["AccessKeyId"] != call.input["AccessKeyId"]) kept.push_back(key);
  if (kept.size() == keys.size())
    return no_such_entity(
        fmt::format("The Access Key with id {} cannot be found.", iam_text(call.input, "AccessKeyId")));
  (**found)["_keys"] = std::move(kept);
  save_principal(call);
  return Reply{};
}

}  // namespace aviary::iam
