#include <algorithm>
#include <set>

#include "services/iam/api/iam_service.hpp"
#include "services/iam/api/principal_kind.hpp"

/// Who is in a group; what groups have in common with roles and users is in principals.cpp and policies.cpp.
namespace aviary::iam {
namespace {

Json members_of(const Json& group) { return group.value("_users", Json::array()); }

bool has_member(const Json& group, const std::string& user) {
  const Json users = members_of(group);
  return std::ranges::find(users, Json(user)) != users.end();
}

}  // namespace

bool IamService::is_in_group(const std::string& account, const std::string& user) {
  return std::ranges::any_of(directory_.all(account, "group"),
                             [&](const auto& each) { return has_member(each.second, user); });
}

Result<Reply> IamService::get_group(Call& call) {
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  const std::string marker = iam_text(call.input, "Marker");
  const auto limit = static_cast<std::size_t>(call.input.value("MaxItems", 100));
  Reply reply;
  reply.output = {{"Group", sent(**found)}, {"Users", Json::array()}, {"IsTruncated", false}};
  Json& rows = reply.output["Users"];
  for (const Json& member : members_of(**found)) {
    const std::string name = member.get<std::string>();
    const Json* user = directory_.find(call.account, "user", name);
    if (user == nullptr || name <= marker) continue;
    if (rows.size() == limit) {
      reply.output["IsTruncated"] = true;
      reply.output["Marker"] = rows.back()["UserName"];
      break;
    }
    Json row = sent(*user);
    row.erase("Tags");
    row.erase("PermissionsBoundary");
    rows.push_back(std::move(row));
  }
  return reply;
}

/// Another name or another path; its ARN is another then.
Result<Reply> IamService::update_group(Call& call) {
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  const std::string name = iam_text(call.input, "GroupName");
  const std::string wanted = iam_text(call.input, "NewGroupName");
  Json group = **found;
  const bool renames = !wanted.empty() && wanted != name;
  if (renames && directory_.find(call.account, "group", wanted) != nullptr)
    return AwsError(models::iam::errors::EntityAlreadyExistsException,
                    fmt::format("Group with name {} already exists.", wanted));
  if (call.input.contains("NewPath")) group["Path"] = call.input["NewPath"];
  if (renames) group["GroupName"] = wanted;
  const std::string now = renames ? wanted : name;
  group["Arn"] = fmt::format("arn:aws:iam::{}:group{}{}", call.account, group.value("Path", "/"), now);
  if (renames) directory_.erase(call.account, "group", name);
  directory_.put(call.account, "group", now, std::move(group));
  return Reply{};
}

Result<Reply> IamService::add_user_to_group(Call& call) {
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  const std::string user = iam_text(call.input, "UserName");
  if (directory_.find(call.account, "user", user) == nullptr)
    return no_such_entity(fmt::format("The user with name {} cannot be found.", user));
  if (!has_member(**found, user)) {
    auto users = members_of(**found).get<std::set<std::string>>();
    users.insert(user);
    (**found)["_users"] = users;
    save_principal(call);
  }
  return Reply{};
}

Result<Reply> IamService::remove_user_from_group(Call& call) {
  const Result<Json*> found = principal_of(call);
  if (!found) return found.error();
  const std::string user = iam_text(call.input, "UserName");
  if (!has_member(**found, user))
    return no_such_entity(fmt::format("The user with name {} cannot be found.", user));
  Json kept = Json::array();
  for (const Json& each : members_of(**found))
    if (each != Json(user)) kept.push_back(each);
  (**found)["_users"] = std::move(kept);
  save_principal(call);
  return Reply{};
}

Result<Reply> IamService::list_groups_for_user(Call& call) {
  const std::string user = iam_text(call.input, "UserName");
  if (directory_.find(call.account, "user", user) == nullptr)
    return no_such_entity(fmt::format("The user with name {} cannot be found.", user));
  Reply reply;
  reply.output = {{"Groups", Json::array()}, {"IsTruncated", false}};
  for (const auto& [name, group] : directory_.all(call.account, "group"))
    if (has_member(group, user)) reply.output["Groups"].push_back(sent(group));
  return reply;
}

}  // namespace aviary::iam
