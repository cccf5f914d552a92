#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/document.hpp"
#include "services/apigateway/api/rest_service.hpp"
#include "services/apigateway/core/identifiers.hpp"

/// Deployments, which keep what there was, and stages, which serve one.
namespace aviary::apigateway {
namespace {

constexpr PatchRule deployment_rules[] = {{"/description"}};
constexpr PatchRule stage_rules[] = {{"/description"},
                                     {"/deploymentId"},
                                     {"/documentationVersion"},
                                     {"/clientCertificateId"},
                                     {"/webAclArn"},
                                     {"/cacheClusterSize"},
                                     {"/cacheClusterEnabled", PatchKind::Flag},
                                     {"/tracingEnabled", PatchKind::Flag},
                                     {"/variables/*"},
                                     {"/accessLogSettings/format"},
                                     {"/accessLogSettings/destinationArn"},
                                     {"/canarySettings/deploymentId"},
                                     {"/canarySettings/percentTraffic", PatchKind::Number},
                                     {"/canarySettings/stageVariableOverrides/*"},
                                     {"/canarySettings/useStageCache", PatchKind::Flag}};

/// `/*/*/logging/loglevel`, `/~1pets/GET/metrics/enabled`: what the last two segments are called in the
/// document.
struct MethodSetting {
  std::string_view category;
  std::string_view name;
  const char* member;
  PatchKind kind;
};
constexpr MethodSetting method_settings[] = {
    {"logging", "loglevel", "loggingLevel", PatchKind::Text},
    {"logging", "dataTrace", "dataTraceEnabled", PatchKind::Flag},
    {"metrics", "enabled", "metricsEnabled", PatchKind::Flag},
    {"throttling", "rateLimit", "throttlingRateLimit", PatchKind::Number},
    {"throttling", "burstLimit", "throttlingBurstLimit", PatchKind::Integer},
    {"caching", "enabled", "cachingEnabled", PatchKind::Flag},
    {"caching", "ttlInSeconds", "cacheTtlInSeconds", PatchKind::Integer},
    {"caching", "dataEncrypted", "cacheDataEncrypted", PatchKind::Flag},
    {"caching", "requireAuthorizationForCacheControl", "requireAuthorizationForCacheControl",
     PatchKind::Flag},
    {"caching", "unauthorizedCacheControlHeaderStrategy", "unauthorizedCacheControlHeaderStrategy",
     PatchKind::Text}};

Json usual_method_setting() {
  return {{"metricsEnabled", false},
          {"loggingLevel", "OFF"},
          {"dataTraceEnabled", false},
          {"throttlingBurstLimit", 5000},
          {"throttlingRateLimit", 10000.0},
          {"cachingEnabled", false},
          {"cacheTtlInSeconds", 300},
          {"cacheDataEncrypted", false},
          {"requireAuthorizationForCacheControl", true},
          {"unauthorizedCacheControlHeaderStrategy", "SUCCEED_WITH_RESPONSE_HEADER"}};
}

/// Takes the operations that are for settings of methods; what is left is for the rules.
std::string take_method_settings(Json& stage, Json& operations) {
  Json rest = Json::array();
  for (const Json& operation : operations) {
    const std::vector<std::string> path = patch_segments(text_of(operation, "path"));
    const auto* found = std::ranges::find_if(method_settings, [&](const MethodSetting& each) {
      return path.size() == 4 && path[2] == each.category && path[3] == each.name;
    });
    const std::string key =
        path.size() > 1 ? path[0].substr(path[0].starts_with('/') ? 1 : 0) + '/' + path[1] : std::string();
    const bool whole = path.size() == 2 && text_of(operation, "op") == "remove" &&
                       stage.value("methodSettings", Json::object()).contains(key);
    if (found == std::end(method_settings) && !whole) {
      rest.push_back(operation);
      continue;
    }
    if (whole) {
      stage["methodSettings"].erase(key);
      continue;
    }
    Json value = patch_value(found->kind, text_of(operation, "value"));
    if (value.is_null())
      return fmt::format("Invalid value '{}' for {}", text_of(operation, "value"),
                         text_of(operation, "path"));
    Json& setting = stage["methodSettings"][key];
    if (setting.is_null()) setting = usual_method_setting();
    setting[found->member] = std::move(value);
  }
  operations = std::move(rest);
  return {};
}

bool is_stage_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}

AwsError bad_stage_name() { return rest_bad_request("Stage name only allows a-zA-Z0-9_-"); }

Result<> check_variables(const Json& stage) {
  const Json variables = stage.value("variables", Json::object());
  for (const auto& [name, value] : variables.items()) {
    if (!std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '_'; }))
      return rest_bad_request(
          fmt::format("Stage variable name '{}' may only have letters, digits and _", name));
    const std::string text = value.is_string() ? value.get<std::string>() : std::string();
    if (!std::ranges::all_of(text, [](unsigned char c) {
          return std::isalnum(c) ||
                 std::string_view("-._~:/?#&=,").find(static_cast<char>(c)) != std::string_view::npos;
        }))
      return rest_bad_request(
          fmt::format("Stage variable value '{}' must match [A-Za-z0-9-._~:/?#&=,]+", text));
  }
  return {};
}

Json method_summary(const Json& snapshot) {
  Json summary = Json::object();
  const Json resources = snapshot.value("resources", Json::object());
  for (const auto& [id, resource] : resources.items()) {
    const Json methods = resource.value("resourceMethods", Json::object());
    for (const auto& [verb, method] : methods.items())
      summary[text_of(resource, "path")][verb] = {{"authorizationType", text_of(method, "authorizationType")},
                                                  {"apiKeyRequired", flag_of(method, "apiKeyRequired")}};
  }
  return summary;
}

}  // namespace

Json RestApiService::snapshot(const std::string& api) const {
  Json all{{"api", *entities_.find(api_key(api))}};
  for (const char* folder : {"resources", "authorizers", "models", "validators", "responses"}) {
    all[folder] = Json::object();
    for (const auto& [key, document] : entities_.below(folder_key(api, folder)))
      all[folder][std::string(key.substr(key.rfind('/') + 1))] = *document;
  }
  return all;
}

Result<Reply> RestApiService::create_deployment(Call& call) {
  const Result<Json> owner = api_of(call);
  if (!owner) return owner.error();
  const std::string api = text_of(*owner, "id");
  bool methods = false;
  for (const auto& [key, resource] : entities_.below(folder_key(api, "resources")))
    for (const Json& method : resource->value("resourceMethods", Json::object())) {
      methods = true;
      if (!method.contains("methodIntegration")) return rest_bad_request("No integration defined for method");
    }
  if (!methods) return rest_bad_request("The REST API doesn't contain any methods");
  const std::string name = text_of(call.input, "stageName");
  if (!name.empty() && !is_stage_name(name)) return bad_stage_name();
  if (const Result<> fine = check_variables(call.input); !fine) return fine.error();
  const std::string id = new_id(ids_, 6);
  Json deployment{{"id", id}, {"createdDate", rest_seconds(call)}, {"_snapshot", snapshot(api)}};
  if (call.input.contains("description")) deployment["description"] = call.input["description"];
  if (!name.empty()) {
    const Json* before = entities_.find(member_key(api, "stages", name));
    const Json* canary = find_member(call.input, "canarySettings");
    if (canary != nullptr && before == nullptr)
      return rest_bad_request("Deployment with canary settings needs a stage that is there");
    Json stage = before != nullptr ? *before
                                   : Json{{"stageName", name},
                                          {"createdDate", rest_seconds(call)},
                                          {"cacheClusterEnabled", false},
                                          {"cacheClusterStatus", "NOT_AVAILABLE"},
                                          {"methodSettings", Json::object()},
                                          {"tracingEnabled", false}};
    stage["lastUpdatedDate"] = rest_seconds(call);
    if (canary != nullptr) {
      stage["canarySettings"] = *canary;
      stage["canarySettings"]["deploymentId"] = id;
    } else {
      stage["deploymentId"] = id;
    }
    for (const auto& [from, to] :
         {std::pair{"stageDescription", "description"}, std::pair{"variables", "variables"},
          std::pair{"tracingEnabled", "tracingEnabled"}})
      if (const Json* value = find_member(call.input, from)) stage[to] = *value;
    save_member(api, "stages", name, std::move(stage));
  }
  save_member(api, "deployments", id, deployment);
  return Reply{.output = rest_sent(deployment)};
}

Result<Reply> RestApiService::get_deployment(Call& call) {
  const Result<Json> found = member_of(call, "deployments", "deploymentId", "Deployment identifier");
  if (!found) return found.error();
  Json sent = rest_sent(*found);
  const std::vector<std::string> embed = texts_of(call.input, "embed");
  if (std::ranges::find(embed, "apisummary") != embed.end())
    sent["apiSummary"] = method_summary(found->value("_snapshot", Json::object()));
  return Reply{.output = std::move(sent)};
}

Result<Reply> RestApiService::get_deployments(Call& call) {
  const Result<Json> owner = api_of(call);
  if (!owner) return owner.error();
  Json items = Json::array();
  for (const auto& [key, document] : entities_.below(folder_key(text_of(*owner, "id"), "deployments")))
    items.push_back(rest_sent(*document));
  return rest_page(call, std::move(items));
}

Result<Reply> RestApiService::update_deployment(Call& call) {
  Result<Json> found = member_of(call, "deployments", "deploymentId", "Deployment identifier");
  if (!found) return found.error();
  Result<Json> changed = rest_patched(call, std::move(*found), deployment_rules);
  if (!changed) return changed.error();
  save_member(text_of(call.input, "restApiId"), "deployments", text_of(*changed, "id"), *changed);
  return Reply{.output = rest_sent(*changed)};
}

Result<Reply> RestApiService::delete_deployment(Call& call) {
  const Result<Json> found = member_of(call, "deployments", "deploymentId", "Deployment identifier");
  if (!found) return found.error();
  const std::string api = text_of(call.input, "restApiId");
  const std::string id = text_of(*found, "id");
  for (const auto& [key, stage] : entities_.below(folder_key(api, "stages")))
    if (text_of(*stage, "deploymentId") == id ||
        text_of(stage->value("canarySettings", Json::object()), "deploymentId") == id)
      return rest_bad_request("Active stages pointing to this deployment must be moved or deleted");
  entities_.erase(member_key(api, "deployments", id));
  return Reply{};
}

/// The client certificate and the version of the documentation that a stage now names have to be there.
Result<> RestApiService::check_named_by_stage(const Json& api, const Json& before, const Json& stage) const {
  const auto named = [&](const char* member) {
    const std::string& now = text_of(stage, member);
    return now == text_of(before, member) ? std::string() : now;
  };
  if (const std::string version = named("documentationVersion");
      !version.empty() && !entities_.find(member_key(text_of(api, "id"), "documented", version)))
    return rest_not_found("Invalid Documentation version specified");
  if (const std::string id = named("clientCertificateId");
      !id.empty() && !entities_.find(fmt::format("certificates/{}/{}/{}", text_of(api, "_account"),
                                                 text_of(api, "_region"), id)))
    return rest_not_found("Invalid Client Certificate identifier specified");
  return {};
}

Result<Reply> RestApiService::create_stage(Call& call) {
  const Result<Json> owner = api_of(call);
  if (!owner) return owner.error();
  const std::string api = text_of(*owner, "id");
  const std::string name = text_of(call.input, "stageName");
  if (!is_stage_name(name)) return bad_stage_name();
  if (entities_.find(member_key(api, "stages", name))) return rest_conflict("Stage already exists");
  if (!entities_.find(member_key(api, "deployments", text_of(call.input, "deploymentId"))))
    return rest_not_found("Invalid Deployment identifier specified");
  if (const Result<> fine = check_variables(call.input); !fine) return fine.error();
  if (const Result<> fine = check_named_by_stage(*owner, Json::object(), call.input); !fine)
    return fine.error();
  Json stage = call.input;
  stage.erase("restApiId");
  rest_fill(stage, {{"cacheClusterEnabled", false},
                    {"cacheClusterStatus", "NOT_AVAILABLE"},
                    {"methodSettings", Json::object()},
                    {"tracingEnabled", false},
                    {"createdDate", rest_seconds(call)},
                    {"lastUpdatedDate", rest_seconds(call)}});
  save_member(api, "stages", name, stage);
  return Reply{.output = rest_sent(stage)};
}

Result<Reply> RestApiService::get_stage(Call& call) {
  const Result<Json> found = member_of(call, "stages", "stageName", "stage identifier");
  if (!found) return found.error();
  return Reply{.output = rest_sent(*found)};
}

Result<Reply> RestApiService::get_stages(Call& call) {
  const Result<Json> owner = api_of(call);
  if (!owner) return owner.error();
  const std::string deployment = text_of(call.input, "deploymentId");
  Json items = Json::array();
  for (const auto& [key, stage] : entities_.below(folder_key(text_of(*owner, "id"), "stages")))
    if (deployment.empty() || text_of(*stage, "deploymentId") == deployment)
      items.push_back(rest_sent(*stage));
  return Reply{.output = {{"item", std::move(items)}}};
}

Result<Reply> RestApiService::update_stage(Call& call) {
  Result<Json> found = member_of(call, "stages", "stageName", "stage identifier");
  if (!found) return found.error();
  const std::string api = text_of(call.input, "restApiId");
  const Json before = *found;
  Json stage = std::move(*found);
  Json operations = call.input.value("patchOperations", Json::array());
  if (std::string problem = take_method_settings(stage, operations); !problem.empty())
    return rest_bad_request(std::move(problem));
  if (std::string problem = apply_patch(stage, operations, stage_rules); !problem.empty())
    return rest_bad_request(std::move(problem));
  if (const Json* canary = find_member(stage, "canarySettings"))
    if (!entities_.find(member_key(api, "deployments", text_of(*canary, "deploymentId"))))
      return rest_bad_request("Deployment id does not exist");
  if (!entities_.find(member_key(api, "deployments", text_of(stage, "deploymentId"))))
    return rest_bad_request("Deployment id does not exist");
  if (const Result<> fine = check_variables(stage); !fine) return fine.error();
  if (const Result<> fine = check_named_by_stage(*api_of(call), before, stage); !fine) return fine.error();
  stage["lastUpdatedDate"] = rest_seconds(call);
  save_member(api, "stages", text_of(stage, "stageName"), stage);
  return Reply{.output = rest_sent(stage)};
}

Result<Reply> RestApiService::delete_stage(Call& call) {
  const Result<Json> found = member_of(call, "stages", "stageName", "stage identifier");
  if (!found) return found.error();
  entities_.erase(member_key(text_of(call.input, "restApiId"), "stages", text_of(*found, "stageName")));
  return Reply{};
}

}  // namespace aviary::apigateway
