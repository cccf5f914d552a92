#include <algorithm>

#include "services/iam/api/iam_service.hpp"
#include "services/iam/api/principal_kind.hpp"

/// Instance profiles: nothing starts an instance here, but templates and tools make them beside roles.
namespace aviary::iam {
namespace {

constexpr const char* profile_kind = "instance-profile";

}  // namespace

Result<Json*> IamService::profile_of(const Call& call) {
  const std::string name = iam_text(call.input, "InstanceProfileName");
  Json* found = directory_.find(call.account, profile_kind, name);
  if (found == nullptr) return no_such_entity(fmt::format("Instance Profile {} cannot be found.", name));
  return found;
}

/// With its role as that is now.
Json IamService::sent_profile(const std::string& account, const Json& profile) {
  Json out = sent(profile);
  out["Roles"] = Json::array();
  if (const std::string role = iam_text(profile, "_role"); !role.empty())
    if (const Json* found = directory_.find(account, "role", role); found != nullptr)
      out["Roles"].push_back(sent(*found));
  return out;
}

bool IamService::is_in_profile(const std::string& account, const std::string& role) {
  return std::ranges::any_of(directory_.all(account, profile_kind),
                             [&](const auto& each) { return iam_text(each.second, "_role") == role; });
}

Result<Reply> IamService::create_instance_profile(Call& call) {
  const std::string name = iam_text(call.input, "InstanceProfileName");
  if (directory_.find(call.account, profile_kind, name) != nullptr)
    return AwsError(models::iam::errors::EntityAlreadyExistsException,
                    fmt::format("Instance Profile {} already exists.", name));
  const std::string path = call.input.value("Path", "/");
  Json profile{{"Path", path},
               {"InstanceProfileName", name},
               {"InstanceProfileId", new_id("AIPA")},
               {"Arn", fmt::format("arn:aws:iam::{}:instance-profile{}{}", call.account, path, name)},
               {"CreateDate", whole_epoch_seconds(call.now)}};
  if (call.input.contains("Tags")) profile["Tags"] = call.input["Tags"];
  Reply reply;
  reply.output["InstanceProfile"] = sent_profile(call.account, profile);
  directory_.put(call.account, profile_kind, name, std::move(profile));
  return reply;
}

Result<Reply> IamService::get_instance_profile(Call& call) {
  const Result<Json*> found = profile_of(call);
  if (!found) return found.error();
  Reply reply;
  reply.output["InstanceProfile"] = sent_profile(call.account, **found);
  return reply;
}

/// ListInstanceProfiles, and ListInstanceProfilesForRole.
Result<Reply> IamService::list_instance_profiles(Call& call) {
  const std::string role = iam_text(call.input, "RoleName");
  if (!role.empty() && directory_.find(call.account, "role", role) == nullptr)
    return no_such_entity(fmt::format("The role with name {} cannot be found.", role));
  const std::string prefix = call.input.value("PathPrefix", "/");
  const std::string marker = iam_text(call.input, "Marker");
  const auto limit = static_cast<std::size_t>(call.input.value("MaxItems", 100));
  Reply reply;
  reply.output = {{"InstanceProfiles", Json::array()}, {"IsTruncated", false}};
  Json& rows = reply.output["InstanceProfiles"];
  for (const auto& [name, profile] : directory_.all(call.account, profile_kind)) {
    if (name <= marker || !profile.value("Path", "/").starts_with(prefix)) continue;
    if (!role.empty() && iam_text(profile, "_role") != role) continue;
    if (rows.size() == limit) {
      reply.output["IsTruncated"] = true;
      reply.output["Marker"] = rows.back()["InstanceProfileName"];
      break;
    }
    rows.push_back(sent_profile(call.account, profile));
    rows.back().erase("Tags");
  }
  return reply;
}

Result<Reply> IamService::delete_instance_profile(Call& call) {
  const Result<Json*> found = profile_of(call);
  if (!found) return found.error();
  if (!iam_text(**found, "_role").empty())
    return AwsError(models::iam::errors::DeleteConflictException,
                    "Cannot delete entity, must remove roles from instance profile first.");
  directory_.erase(call.account, profile_kind, iam_text(call.input, "InstanceProfileName"));
  return Reply{};
}

Result<Reply> IamService::add_role_to_instance_profile(Call& call) {
  const Result<Json*> found = profile_of(call);
  if (!found) return found.error();
  const std::string role = iam_text(call.input, "RoleName");
  if (directory_.find(call.account, "role", role) == nullptr)
    return no_such_entity(fmt::format("The role with name {} cannot be found.", role));
  // "An instance profile can contain only one role, and this quota cannot be increased."
  if (!iam_text(**found, "_role").empty())
    return AwsError(models::iam::errors::LimitExceededException,
                    "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
  (**found)["_role"] = role;
  directory_.save(call.account, profile_kind, iam_text(call.input, "InstanceProfileName"));
  return Reply{};
}

Result<Reply> IamService::remove_role_from_instance_profile(Call& call) {
  const Result<Json*> found = profile_of(call);
  if (!found) return found.error();
  const std::string role = iam_text(call.input, "RoleName");
  if (iam_text(**found, "_role") != role)
    return no_such_entity(fmt::format("The role with name {} cannot be found.", role));
  (*found)->erase("_role");
  directory_.save(call.account, profile_kind, iam_text(call.input, "InstanceProfileName"));
  return Reply{};
}

}  // namespace aviary::iam
