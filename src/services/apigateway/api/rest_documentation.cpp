#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bounded_json.hpp"
#include "base/document.hpp"
#include "services/apigateway/api/rest_service.hpp"
#include "services/apigateway/core/identifiers.hpp"
#include "services/apigateway/core/openapi.hpp"

/// Documentation of REST APIs: its parts, each about one place of the API, and versions of all of them.
namespace aviary::apigateway {
namespace {

constexpr PatchRule part_rules[] = {{"/properties"}};
constexpr PatchRule version_rules[] = {{"/description"}};

/// What a part of a type may say of its place
/// (https://docs.aws.amazon.com/apigateway/latest/api/API_DocumentationPartLocation.html).
struct PartType {
  std::string_view name;
  bool path = false;
  bool method = false;
  bool status = false;
  bool named = false;  ///< and has to be
};
constexpr std::array part_types{
    PartType{"API"},
    PartType{.name = "AUTHORIZER", .named = true},
    PartType{.name = "MODEL", .named = true},
    PartType{.name = "RESOURCE", .path = true},
    PartType{.name = "METHOD", .path = true, .method = true},
    PartType{.name = "PATH_PARAMETER", .path = true, .method = true, .named = true},
    PartType{.name = "QUERY_PARAMETER", .path = true, .method = true, .named = true},
    PartType{.name = "REQUEST_HEADER", .path = true, .method = true, .named = true},
    PartType{.name = "REQUEST_BODY", .path = true, .method = true},
    PartType{.name = "RESPONSE", .path = true, .method = true, .status = true},
    PartType{.name = "RESPONSE_HEADER", .path = true, .method = true, .status = true, .named = true},
    PartType{.name = "RESPONSE_BODY", .path = true, .method = true, .status = true}};

/// With what it leaves out: everywhere below the root, all methods, all statuses.
Json whole_location(const Json& location) {
  Json whole{{"type", text_of(location, "type")}};
  const auto* type = std::ranges::find(part_types, text_of(location, "type"), &PartType::name);
  if (type == part_types.end()) return whole;
  const auto take = [&](bool may, const char* member, const char* usual) {
    if (may) whole[member] = text_of(location, member).empty() ? usual : text_of(location, member);
  };
  take(type->path, "path", "/");
  take(type->method, "method", "*");
  take(type->status, "statusCode", "*");
  take(type->named, "name", "");
  return whole;
}

std::string told_location(const Json& whole) {
  std::string text = fmt::format("type '{}'", text_of(whole, "type"));
  for (const auto& [member, called] : {std::pair{"path", "path"}, std::pair{"method", "method"},
                                       std::pair{"statusCode", "status code"}, std::pair{"name", "name"}})
    if (whole.contains(member)) text += fmt::format(", {} '{}'", called, text_of(whole, member));
  return text;
}

Result<> check_location(const Json& location) {
  const std::string& name = text_of(location, "type");
  const auto* type = std::ranges::find(part_types, name, &PartType::name);
  if (type == part_types.end())
    return rest_bad_request(fmt::format("Invalid documentation part type specified: {}", name));
  const auto refuse = [&](bool may, const char* member) {
    return !may && !text_of(location, member).empty();
  };
  for (const auto& [may, member] : {std::pair{type->path, "path"}, std::pair{type->method, "method"},
                                    std::pair{type->status, "statusCode"}, std::pair{type->named, "name"}})
    if (refuse(may, member))
      return rest_bad_request(
          fmt::format("Location field '{}' is not valid for documentation part type '{}'", member, name));
  if (type->named && text_of(location, "name").empty())
    return rest_bad_request(
        fmt::format("Location field 'name' is required for documentation part type '{}'", name));
  const std::string& path = text_of(location, "path");
  if (!path.empty() && !path.starts_with('/'))
    return rest_bad_request(fmt::format("Invalid path specified: {}", path));
  const std::string& status = text_of(location, "statusCode");
  if (!status.empty() && status != "*" && !rest_is_status(status))
    return rest_bad_request(fmt::format("Invalid status code specified: {}", status));
  return {};
}

Result<> check_part_properties(const std::string& text) {
  if (text.empty()) return rest_bad_request("Documentation part properties must be non-empty");
  if (!parse_bounded<Json>(text).is_object())
    return rest_bad_request("Documentation part properties must be a valid JSON object");
  return {};
}

}  // namespace

Result<> rest_check_part(const Json& part) {
  if (const Result<> fine = check_location(part.value("location", Json::object())); !fine) return fine;
  return check_part_properties(text_of(part, "properties"));
}

Result<Reply> RestApiService::create_part(Call& call) {
  const Result<Json> owner = api_of(call);
  if (!owner) return owner.error();
  const std::string api = text_of(*owner, "id");
  if (const Result<> fine = rest_check_part(call.input); !fine) return fine.error();
  const Json location = call.input.value("location", Json::object());
  const std::string properties = text_of(call.input, "properties");
  const Json whole = whole_location(location);
  for (const auto& [key, other] : entities_.below(folder_key(api, "documentation")))
    if (whole_location(other->value("location", Json::object())) == whole)
      return rest_conflict(fmt::format("Documentation part already exists for the specified location: {}.",
                                       told_location(whole)));
  Json part{{"id", new_id(ids_, 6)}, {"location", location}, {"properties", properties}};
  save_member(api, "documentation", text_of(part, "id"), part);
  return Reply{.output = std::move(part)};
}

Result<Reply> RestApiService::get_part(Call& call) {
  const Result<Json> found =
      member_of(call, "documentation", "documentationPartId", "Documentation part identifier");
  if (!found) return found.error();
  return Reply{.output = *found};
}

Result<Reply> RestApiService::get_parts(Call& call) {
  const Result<Json> owner = api_of(call);
  if (!owner) return owner.error();
  if (text_of(call.input, "locationStatus") == "UNDOCUMENTED")
    return rest_not_there("the list of what is not documented");
  Json items = Json::array();
  for (const auto& [key, part] : entities_.below(folder_key(text_of(*owner, "id"), "documentation"))) {
    const Json whole = whole_location((*part)["location"]);
    const auto wanted = [&](const char* asked, const char* member) {
      return !call.input.contains(asked) || text_of(whole, member) == text_of(call.input, asked);
    };
    if (wanted("type", "type") && wanted("path", "path") &&
        text_of(whole, "name").find(text_of(call.input, "nameQuery")) != std::string::npos)
      items.push_back(*part);
  }
  return rest_page(call, std::move(items));
}

Result<Reply> RestApiService::update_part(Call& call) {
  Result<Json> found =
      member_of(call, "documentation", "documentationPartId", "Documentation part identifier");
  if (!found) return found.error();
  Result<Json> changed = rest_patched(call, std::move(*found), part_rules);
  if (!changed) return changed.error();
  if (const Result<> fine = check_part_properties(text_of(*changed, "properties")); !fine)
    return fine.error();
  save_member(text_of(call.input, "restApiId"), "documentation", text_of(*changed, "id"), *changed);
  return Reply{.output = std::move(*changed)};
}

Result<Reply> RestApiService::delete_part(Call& call) {
  const Result<Json> found =
      member_of(call, "documentation", "documentationPartId", "Documentation part identifier");
  if (!found) return found.error();
  entities_.erase(member_key(text_of(call.input, "restApiId"), "documentation", text_of(*found, "id")));
  return Reply{};
}

/// A part of a place that has one is merged into it, member by member, or takes its place.
std::vector<std::string> RestApiService::take_parts(const std::string& api, const Json& parts,
                                                    bool overwrites) {
  std::vector<std::string> ids;
  for (const Json& said : parts) {
    Json part{
        {"id", std::string()}, {"location", said.at("location")}, {"properties", said.at("properties")}};
    const Json whole = whole_location(said.at("location"));
    for (const auto& [key, other] : entities_.below(folder_key(api, "documentation")))
      if (whole_location(other->value("location", Json::object())) == whole) {
        part["id"] = text_of(*other, "id");
        if (overwrites) break;
        Json merged = parse_bounded<Json>(text_of(*other, "properties"));
        merged.update(parse_bounded<Json>(text_of(said, "properties")));
        part["properties"] = merged.dump();
        break;
      }
    if (text_of(part, "id").empty()) part["id"] = new_id(ids_, 6);
    ids.push_back(text_of(part, "id"));
    save_member(api, "documentation", ids.back(), std::move(part));
  }
  return ids;
}

Result<Reply> RestApiService::import_parts(Call& call) {
  const Result<Json> owner = api_of(call);
  if (!owner) return owner.error();
  const Result<ImportedApi> imported = imported_of(call);
  if (!imported) return imported.error();
  const bool overwrites = text_of(call.input, "mode") == "overwrite";
  return Reply{.output = {{"ids", take_parts(text_of(*owner, "id"), imported->documentation, overwrites)},
                          {"warnings", Json::array()}}};
}

/// What there is of parts now goes into it and stays.
Result<Reply> RestApiService::create_documentation(Call& call) {
  const Result<Json> owner = api_of(call);
  if (!owner) return owner.error();
  const std::string api = text_of(*owner, "id");
  const std::string version = text_of(call.input, "documentationVersion");
  if (version.empty()) return rest_bad_request("Documentation version cannot be empty");
  if (entities_.find(member_key(api, "documented", version)))
    return rest_conflict("Documentation version already exists");
  const std::string stage_name = text_of(call.input, "stageName");
  const Json* stage = stage_name.empty() ? nullptr : entities_.find(member_key(api, "stages", stage_name));
  if (!stage_name.empty() && stage == nullptr) return rest_not_found("Invalid stage identifier specified");
  Json parts = Json::array();
  for (const auto& [key, part] : entities_.below(folder_key(api, "documentation"))) parts.push_back(*part);
  Json made{{"version", version}, {"createdDate", rest_seconds(call)}, {"_parts", std::move(parts)}};
  if (call.input.contains("description")) made["description"] = call.input["description"];
  if (stage != nullptr) {
    Json changed = *stage;
    changed["documentationVersion"] = version;
    save_member(api, "stages", stage_name, std::move(changed));
  }
  save_member(api, "documented", version, made);
  return Reply{.output = rest_sent(made)};
}

Result<Reply> RestApiService::get_documentation(Call& call) {
  const Result<Json> found = member_of(call, "documented", "documentationVersion", "Documentation version");
  if (!found) return found.error();
  return Reply{.output = rest_sent(*found)};
}

Result<Reply> RestApiService::get_documentations(Call& call) {
  const Result<Json> owner = api_of(call);
  if (!owner) return owner.error();
  Json items = Json::array();
  for (const auto& [key, version] : entities_.below(folder_key(text_of(*owner, "id"), "documented")))
    items.push_back(rest_sent(*version));
  return rest_page(call, std::move(items), "version");
}

Result<Reply> RestApiService::update_documentation(Call& call) {
  Result<Json> found = member_of(call, "documented", "documentationVersion", "Documentation version");
  if (!found) return found.error();
  Result<Json> changed = rest_patched(call, std::move(*found), version_rules);
  if (!changed) return changed.error();
  save_member(text_of(call.input, "restApiId"), "documented", text_of(*changed, "version"), *changed);
  return Reply{.output = rest_sent(*changed)};
}

Result<Reply> RestApiService::delete_documentation(Call& call) {
  const Result<Json> found = member_of(call, "documented", "documentationVersion", "Documentation version");
  if (!found) return found.error();
  const std::string api = text_of(call.input, "restApiId");
  const std::string version = text_of(*found, "version");
  for (const auto& [key, stage] : entities_.below(folder_key(api, "stages")))
    if (text_of(*stage, "documentationVersion") == version)
      return rest_conflict(
          fmt::format("Cannot delete documentation version '{}', is referenced by stage '{}'", version,
                      text_of(*stage, "stageName")));
  entities_.erase(member_key(api, "documented", version));
  return Reply{};
}

}  // namespace aviary::apigateway
