#include <algorithm>

#include "services/iam/api/iam_service.hpp"
#include "services/iam/api/principal_kind.hpp"

namespace aviary::iam {
namespace {

std::string_view name_in_arn(std::string_view arn) { return arn.substr(arn.rfind('/') + 1); }

}  // namespace

Result<Reply> IamService::put_inline(Call& call) {
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  const std::string document = iam_text(call.input, "PolicyDocument");
  if (const Result<> valid = check_policy_document(document); !valid) return valid.error();
  (**found)["_inline"][iam_text(call.input, "PolicyName")] = document;
  save_principal(call);
  return Reply{};
}

Result<Reply> IamService::get_inline(Call& call) {
  const PrincipalKind& kind = kind_of(call.operation->name);
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  const std::string name = iam_text(call.input, "PolicyName");
  const Json policies = (*found)->value("_inline", Json::object());
  if (!policies.contains(name))
    return no_such_entity(fmt::format("The {} policy with name {} cannot be found.", kind.kind, name));
  Reply reply;
  reply.output = {{kind.name, call.input[kind.name]},
                  {"PolicyName", name},
                  {"PolicyDocument", encoded_document(policies[name].get<std::string>())}};
  return reply;
}

Result<Reply> IamService::list_inline(Call& call) {
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  Reply reply;
  reply.output = {{"PolicyNames", Json::array()}, {"IsTruncated", false}};
  const Json inline_policies = (*found)->value("_inline", Json::object());
  for (const auto& [name, document] : inline_policies.items()) reply.output["PolicyNames"].push_back(name);
  return reply;
}

Result<Reply> IamService::delete_inline(Call& call) {
  const PrincipalKind& kind = kind_of(call.operation->name);
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  const std::string name = iam_text(call.input, "PolicyName");
  if (!(*found)->value("_inline", Json::object()).contains(name))
    return no_such_entity(fmt::format("The {} policy with name {} cannot be found.", kind.kind, name));
  (**found)["_inline"].erase(name);
  save_principal(call);
  return Reply{};
}

Result<Reply> IamService::attach(Call& call) {
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  const std::string arn = iam_text(call.input, "PolicyArn");
  if (!is_aws_managed(arn) && directory_.find(call.account, "policy", arn) == nullptr)
    return no_such_policy(arn);
  Json& attached = (**found)["_attached"];
  if (!attached.is_array()) attached = Json::array();
  if (std::ranges::find(attached, Json(arn)) == attached.end()) attached.push_back(arn);
  save_principal(call);
  return Reply{};
}

Result<Reply> IamService::detach(Call& call) {
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  const std::string arn = iam_text(call.input, "PolicyArn");
  Json kept = Json::array();
  const Json attached = (*found)->value("_attached", Json::array());
  for (const Json& each : attached)
    if (each != Json(arn)) kept.push_back(each);
  if (kept.size() == attached.size()) return no_such_entity(fmt::format("Policy {} was not found.", arn));
  (**found)["_attached"] = std::move(kept);
  save_principal(call);
  return Reply{};
}

Result<Reply> IamService::list_attached(Call& call) {
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  Reply reply;
  reply.output = {{"AttachedPolicies", Json::array()}, {"IsTruncated", false}};
  for (const Json& each : (*found)->value("_attached", Json::array())) {
    const std::string arn = each.get<std::string>();
    reply.output["AttachedPolicies"].push_back({{"PolicyName", name_in_arn(arn)}, {"PolicyArn", arn}});
  }
  return reply;
}

Result<Json*> IamService::policy_of(const Call& call) {
  const std::string arn = iam_text(call.input, "PolicyArn");
  Json* found = directory_.find(call.account, "policy", arn);
  if (found == nullptr) return no_such_entity(fmt::format("Policy {} was not found.", arn));
  return found;
}

Result<Reply> IamService::create_policy(Call& call) {
  const std::string name = iam_text(call.input, "PolicyName");
  const std::string path = call.input.value("Path", "/");
  const std::string arn = fmt::format("arn:aws:iam::{}:policy{}{}", call.account, path, name);
  const std::string document = iam_text(call.input, "PolicyDocument");
  if (const Result<> valid = check_policy_document(document); !valid) return valid.error();
  if (directory_.find(call.account, "policy", arn) != nullptr)
    return AwsError(models::iam::errors::EntityAlreadyExistsException,
                    fmt::format("A policy called {} already exists. Duplicate names are not allowed.", name));
  Json policy{{"PolicyName", name},
              {"PolicyId", new_id("ANPA")},
              {"Arn", arn},
              {"Path", path},
              {"DefaultVersionId", "v1"},
              {"AttachmentCount", 0},
              {"IsAttachable", true},
              {"CreateDate", whole_epoch_seconds(call.now)},
              {"UpdateDate", whole_epoch_seconds(call.now)}};
  for (const char* member : {"Description", "Tags"})
    if (call.input.contains(member)) policy[member] = call.input[member];
  policy["_versions"]["v1"] = {{"Document", document}, {"CreateDate", whole_epoch_seconds(call.now)}};
  policy["_last"] = 1;
  Reply reply;
  reply.output["Policy"] = sent(policy);
  directory_.put(call.account, "policy", arn, std::move(policy));
  return reply;
}

Result<Reply> IamService::get_policy(Call& call) {
  const Result<Json*> found = policy_of(call);
  if (!found) return found.error();
  Reply reply;
  reply.output["Policy"] = sent(**found);
  count_attachments(call.account, reply.output["Policy"]);
  return reply;
}

Result<Reply> IamService::list_policies(Call& call) {
  const std::string prefix = call.input.value("PathPrefix", "/");
  const std::string marker = iam_text(call.input, "Marker");
  const auto limit = static_cast<std::size_t>(call.input.value("MaxItems", 100));
  Reply reply;
  Json& rows = reply.output["Policies"] = Json::array();
  reply.output["IsTruncated"] = false;
  if (iam_text(call.input, "Scope") == "AWS") return reply;
  for (const auto& [arn, policy] : directory_.all(call.account, "policy")) {
    if (arn <= marker || !policy.value("Path", "/").starts_with(prefix)) continue;
    if (rows.size() == limit) {
      reply.output["IsTruncated"] = true;
      reply.output["Marker"] = rows.back()["Arn"];
      break;
    }
    rows.push_back(sent(policy));
    count_attachments(call.account, rows.back());
    rows.back().erase("Tags");
  }
  return reply;
}

Result<Reply> IamService::delete_policy(Call& call) {
  const Result<Json*> found = policy_of(call);
  if (!found) return found.error();
  const std::string arn = iam_text(call.input, "PolicyArn");
  for (const char* kind : {"role", "user", "group"})
    for (const auto& [name, entity] : directory_.all(call.account, kind)) {
      const Json attached = entity.value("_attached", Json::array());
      if (std::ranges::find(attached, Json(arn)) != attached.end())
        return AwsError(models::iam::errors::DeleteConflictException,
                        "Cannot delete a policy attached to entities.");
    }
  directory_.erase(call.account, "policy", arn);
  return Reply{};
}

Result<Reply> IamService::create_policy_version(Call& call) {
  const Result<Json*> found = policy_of(call);
  if (!found) return found.error();
  const std::string document = iam_text(call.input, "PolicyDocument");
  if (const Result<> valid = check_policy_document(document); !valid) return valid.error();
  Json& policy = **found;
  if (policy["_versions"].size() >= 5)
    return AwsError(
        models::iam::errors::LimitExceededException,
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete "
        "an existing version.");
  const int number = policy.value("_last", 1) + 1;
  const std::string id = fmt::format("v{}", number);
  policy["_last"] = number;
  policy["_versions"][id] = {{"Document", document}, {"CreateDate", whole_epoch_seconds(call.now)}};
  const bool is_default = call.input.value("SetAsDefault", false);
  if (is_default) policy["DefaultVersionId"] = id;
  policy["UpdateDate"] = whole_epoch_seconds(call.now);
  directory_.save(call.account, "policy", iam_text(call.input, "PolicyArn"));
  Reply reply;
  reply.output["PolicyVersion"] = {
      {"VersionId", id}, {"IsDefaultVersion", is_default}, {"CreateDate", whole_epoch_seconds(call.now)}};
  return reply;
}

Result<Reply> IamService::get_policy_version(Call& call) {
  const Result<Json*> found = policy_of(call);
  if (!found) return found.error();
  const std::string id = iam_text(call.input, "VersionId");
  const Json& versions = (**found)["_versions"];
  if (!versions.contains(id))
    return no_such_entity(fmt::format("Policy {} version {} does not exist or is not attachable.",
                                      iam_text(call.input, "PolicyArn"), id));
  Reply reply;
  reply.output["PolicyVersion"] = {
      {"Document", encoded_document(versions[id]["Document"].get<std::string>())},
      {"VersionId", id},
      {"IsDefaultVersion", (**found)["DefaultVersionId"] == Json(id)},
      {"CreateDate", versions[id]["CreateDate"]}};
  return reply;
}

Result<Reply> IamService::list_policy_versions(Call& call) {
  const Result<Json*> found = policy_of(call);
  if (!found) return found.error();
  Reply reply;
  reply.output = {{"Versions", Json::array()}, {"IsTruncated", false}};
  for (const auto& [id, version] : (**found)["_versions"].items())
    reply.output["Versions"].push_back({{"VersionId", id},
                                        {"IsDefaultVersion", (**found)["DefaultVersionId"] == Json(id)},
                                        {"CreateDate", version["CreateDate"]}});
  return reply;
}

Result<Reply> IamService::delete_policy_version(Call& call) {
  const Result<Json*> found = policy_of(call);
  if (!found) return found.error();
  const std::string id = iam_text(call.input, "VersionId");
  if (!(**found)["_versions"].contains(id))
    return no_such_entity(fmt::format("Policy {} version {} does not exist or is not attachable.",
                                      iam_text(call.input, "PolicyArn"), id));
  if ((**found)["DefaultVersionId"] == Json(id))
    return AwsError(models::iam::errors::DeleteConflictException,
                    "Cannot delete the default version of a policy.");
  (**found)["_versions"].erase(id);
  directory_.save(call.account, "policy", iam_text(call.input, "PolicyArn"));
  return Reply{};
}

Result<Reply> IamService::set_default_policy_version(Call& call) {
  const Result<Json*> found = policy_of(call);
  if (!found) return found.error();
  const std::string id = iam_text(call.input, "VersionId");
  if (!(**found)["_versions"].contains(id))
    return no_such_entity(fmt::format("Policy {} version {} does not exist or is not attachable.",
                                      iam_text(call.input, "PolicyArn"), id));
  (**found)["DefaultVersionId"] = id;
  directory_.save(call.account, "policy", iam_text(call.input, "PolicyArn"));
  return Reply{};
}

}  // namespace aviary::iam
