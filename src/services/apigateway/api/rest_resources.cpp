#include <fmt/format.h>

#include <algorithm>

#include "base/document.hpp"
#include "services/apigateway/api/rest_service.hpp"
#include "services/apigateway/core/identifiers.hpp"
#include "services/apigateway/core/routing.hpp"

/// Resources: the tree of paths.
namespace aviary::apigateway {
namespace {

AwsError bad_path_part() {
  return rest_bad_request(
      "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the "
      "beginning and the end.");
}

/// Methods only by their names, unless more was asked for.
Json sent_resource(const Call& call, const Json& resource) {
  Json sent = rest_sent(resource);
  const std::vector<std::string> embed = texts_of(call.input, "embed");
  if (const auto methods = sent.find("resourceMethods"); methods != sent.end()) {
    if (methods->empty())
      sent.erase(methods);
    else if (std::ranges::find(embed, "methods") == embed.end())
      for (Json& method : *methods) method = Json::object();
  }
  return sent;
}

std::string joined_path(const Json& parent, const std::string& part) {
  const std::string& path = text_of(parent, "path");
  return (path == "/" ? std::string() : path) + '/' + part;
}

}  // namespace

Result<Json> RestApiService::resource_of(const Call& call) const {
  return member_of(call, "resources", "resourceId", "Resource identifier");
}

Result<Reply> RestApiService::create_resource(Call& call) {
  Result<Json> parent = member_of(call, "resources", "parentId", "Resource identifier");
  if (!parent) return parent.error();
  const std::string api = text_of(call.input, "restApiId");
  const std::string part = text_of(call.input, "pathPart");
  if (!is_path_part(part)) return bad_path_part();
  if (text_of(*parent, "pathPart").ends_with("+}"))
    return rest_bad_request(fmt::format("Cannot create a child of a resource with a greedy path variable: {}",
                                        text_of(*parent, "path")));
  const std::string parent_id = text_of(*parent, "id");
  const bool variable = part.front() == '{';
  for (const auto& [key, sibling] : entities_.below(folder_key(api, "resources"))) {
    if (text_of(*sibling, "parentId") != parent_id) continue;
    const std::string& other = text_of(*sibling, "pathPart");
    if (other == part)
      return rest_conflict(
          fmt::format("Another resource with the same parent already has this name: {}", part));
    if (variable && other.starts_with('{') && part.ends_with("+}") == other.ends_with("+}"))
      return rest_bad_request(fmt::format(
          "A sibling ({}) of this resource already has a variable path part -- only one is allowed", other));
  }
  const std::string id = new_id(ids_, 6);
  const Json resource{
      {"id", id}, {"parentId", parent_id}, {"pathPart", part}, {"path", joined_path(*parent, part)}};
  save_member(api, "resources", id, resource);
  return Reply{.output = resource};
}

Result<Reply> RestApiService::get_resource(Call& call) {
  const Result<Json> resource = resource_of(call);
  if (!resource) return resource.error();
  return Reply{.output = sent_resource(call, *resource)};
}

Result<Reply> RestApiService::get_resources(Call& call) {
  const Result<Json> api = api_of(call);
  if (!api) return api.error();
  Json items = Json::array();
  for (const auto& [key, resource] : entities_.below(folder_key(text_of(*api, "id"), "resources")))
    items.push_back(sent_resource(call, *resource));
  return rest_page(call, std::move(items));
}

Result<Reply> RestApiService::update_resource(Call& call) {
  static constexpr PatchRule rules[] = {{"/pathPart"}, {"/parentId"}};
  Result<Json> resource = resource_of(call);
  if (!resource) return resource.error();
  const std::string api = text_of(call.input, "restApiId");
  const std::string before = text_of(*resource, "path");
  if (text_of(*resource, "parentId").empty()) return rest_bad_request("Root resource cannot be updated.");
  Result<Json> changed = rest_patched(call, std::move(*resource), rules);
  if (!changed) return changed.error();
  const std::string id = text_of(*changed, "id");
  const Json* parent = entities_.find(member_key(api, "resources", text_of(*changed, "parentId")));
  if (parent == nullptr) return rest_not_found("Invalid Resource identifier specified");
  const std::string& below = text_of(*parent, "path");
  if (below == before || below.starts_with(before + '/'))
    return rest_bad_request("Resource cannot be moved below itself");
  const std::string part = text_of(*changed, "pathPart");
  if (!is_path_part(part)) return bad_path_part();
  const std::string path = joined_path(*parent, part);
  std::vector<Json> moved;
  for (const auto& [key, other] : entities_.below(folder_key(api, "resources"))) {
    const std::string& other_path = text_of(*other, "path");
    if (text_of(*other, "id") != id && other_path == path)
      return rest_conflict(
          fmt::format("Another resource with the same parent already has this name: {}", part));
    if (!other_path.starts_with(before + '/')) continue;
    Json child = *other;
    child["path"] = path + other_path.substr(before.size());
    moved.push_back(std::move(child));
  }
  (*changed)["path"] = path;
  for (Json& child : moved) {
    const std::string child_id = text_of(child, "id");
    save_member(api, "resources", child_id, std::move(child));
  }
  save_member(api, "resources", id, *changed);
  return Reply{.output = sent_resource(call, *changed)};
}

Result<Reply> RestApiService::delete_resource(Call& call) {
  const Result<Json> resource = resource_of(call);
  if (!resource) return resource.error();
  if (text_of(*resource, "parentId").empty()) return rest_bad_request("Root resource cannot be deleted.");
  const std::string api = text_of(call.input, "restApiId");
  const std::string path = text_of(*resource, "path");
  std::vector<std::string> gone;
  for (const auto& [key, other] : entities_.below(folder_key(api, "resources")))
    if (text_of(*other, "path") == path || text_of(*other, "path").starts_with(path + '/'))
      gone.emplace_back(key);
  for (const std::string& key : gone) entities_.erase(key);
  return Reply{};
}

}  // namespace aviary::apigateway
