#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/document.hpp"
#include "models/apigatewayv2.hpp"
#include "services/apigateway/api/http_service.hpp"
#include "services/apigateway/core/identifiers.hpp"
#include "services/apigateway/core/parameter_changes.hpp"
#include "services/apigateway/core/routing.hpp"
#include "wire/protocol.hpp"

/// Routes, integrations, authorizers, deployments and stages: told apart by the operation's name.
namespace aviary::apigateway {

struct HttpKind {
  std::string_view entity;  ///< `Route`
  const char* folder;       ///< `routes`
  const char* id;           ///< `RouteId`
  std::size_t id_length;
};

namespace {

namespace errors = models::apigatewayv2::errors;

constexpr std::array http_kinds{
    HttpKind{"Route", "routes", "RouteId", 7}, HttpKind{"Integration", "integrations", "IntegrationId", 7},
    HttpKind{"Authorizer", "authorizers", "AuthorizerId", 6},
    HttpKind{"Deployment", "deployments", "DeploymentId", 6}, HttpKind{"Stage", "stages", "StageName", 0}};

/// `GetRoutes` → routes
const HttpKind& kind_in(std::string_view operation) {
  return *std::ranges::find_if(http_kinds, [&](const HttpKind& kind) {
    return operation.find(kind.entity) != std::string_view::npos;
  });
}

AwsError no_member(const HttpKind& kind, std::string_view id) {
  return {errors::NotFoundException, fmt::format("Unable to find {} by key {}", kind.entity, id)};
}
AwsError bad_member(std::string text) { return {errors::BadRequestException, std::move(text)}; }
AwsError not_there(std::string_view what) {
  return {wire::errors::NotImplemented, fmt::format("Aviary does not have {} of HTTP APIs yet.", what)};
}

void fill(Json& document, std::initializer_list<std::pair<const char*, Json>> defaults) {
  for (const auto& [name, value] : defaults)
    if (find_member(document, name) == nullptr) document[name] = value;
}

/// `GET /items/{id}`, `ANY /{proxy+}`, `$default`
bool is_route_key(std::string_view key) {
  if (key == "$default") return true;
  const std::size_t space = key.find(' ');
  if (space == std::string_view::npos || !key.substr(space + 1).starts_with('/')) return false;
  constexpr std::array<std::string_view, 8> methods{"ANY",     "DELETE", "GET",  "HEAD",
                                                    "OPTIONS", "PATCH",  "POST", "PUT"};
  return std::ranges::find(methods, key.substr(0, space)) != methods.end() &&
         std::ranges::count(key, '{') == std::ranges::count(key, '}');
}

/// Mappings of the request, and of answers by their status.
Result<> check_changes(const Json& integration) {
  for (const char* name : {"RequestParameters", "ResponseParameters"})
    if (const Json* said = find_member(integration, name); said != nullptr && !said->is_object())
      return bad_member(fmt::format("Invalid {} specified", name));
  std::string problem;
  if (const Json* mappings = find_member(integration, "RequestParameters"))
    problem = changes_problem(*mappings, false);
  if (const Json* answers = find_member(integration, "ResponseParameters"))
    for (const auto& [status, mappings] : answers->items()) {
      if (!problem.empty()) break;
      const bool known = status.size() == 3 && status >= "200" && status <= "599" &&
                         std::ranges::all_of(status, [](char c) { return c >= '0' && c <= '9'; });
      problem = known && mappings.is_object()
                    ? changes_problem(mappings, true)
                    : fmt::format("Invalid status code {}: response parameters are for 200 to 599", status);
    }
  if (!problem.empty()) return bad_member(std::move(problem));
  return {};
}

/// Of updates: what a call says is added to what there is, and what is empty in it goes away.
void merge_changes(const Json& before, Json& wanted) {
  for (const char* name : {"RequestParameters", "ResponseParameters"}) {
    const Json* said = find_member(wanted, name);
    if (said == nullptr || !said->is_object()) continue;
    Json merged = before.value(name, Json::object());
    for (const auto& [key, value] : said->items()) {
      if (value.empty() || value == "")
        merged.erase(key);
      else
        merged[key] = value;
    }
    wanted[name] = std::move(merged);
  }
}

Result<> check_http_integration(Json& integration) {
  constexpr std::array<std::string_view, 8> methods{"ANY",     "DELETE", "GET",  "HEAD",
                                                    "OPTIONS", "PATCH",  "POST", "PUT"};
  if (std::ranges::find(methods, text_of(integration, "IntegrationMethod")) == methods.end())
    return bad_member("Integration method must be one of ANY, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
  fill(integration, {{"PayloadFormatVersion", "1.0"}});
  if (text_of(integration, "PayloadFormatVersion") != "1.0")
    return bad_member("PayloadFormatVersion must be 1.0 for HTTP_PROXY integrations");
  const std::string& uri = text_of(integration, "IntegrationUri");
  const bool linked = text_of(integration, "ConnectionType") == "VPC_LINK";
  if (linked && text_of(integration, "ConnectionId").empty())
    return bad_member("ConnectionId is required for VPC_LINK connections");
  if (linked && !uri.starts_with("arn:"))
    return bad_member(
        "Integration URI of a VPC_LINK connection must be the ARN of a listener or a Cloud Map service");
  if (!linked && !is_http_address(uri)) return bad_member("Invalid HTTP endpoint specified for URI");
  return {};
}

Result<> check_integration(Json& integration) {
  const std::string& type = text_of(integration, "IntegrationType");
  if (type != "AWS_PROXY" && type != "HTTP_PROXY")
    return bad_member(
        "Currently, an API with a protocol type of HTTP may only be associated with proxy integrations "
        "(AWS_PROXY, HTTP_PROXY)");
  if (!text_of(integration, "IntegrationSubtype").empty()) return not_there("integrations with AWS services");
  if (const Result<> fine = check_changes(integration); !fine) return fine;
  fill(integration, {{"ConnectionType", "INTERNET"}, {"TimeoutInMillis", 30000}});
  const Json& timeout = integration["TimeoutInMillis"];
  if (!timeout.is_number_integer() || timeout < 50 || timeout > 30'000)
    return bad_member("Timeout should be between 50 ms and 30000 ms");
  if (text_of(integration, "IntegrationUri").empty())
    return bad_member("Integration URI is a required parameter for integration");
  if (type == "HTTP_PROXY") return check_http_integration(integration);
  if (text_of(integration, "ConnectionType") == "VPC_LINK")
    return bad_member("VPC_LINK connections are supported for HTTP_PROXY integrations only");
  const std::string& format = text_of(integration, "PayloadFormatVersion");
  if (format.empty()) return bad_member("PayloadFormatVersion is a required parameter for integration");
  if (format != "1.0" && format != "2.0") return bad_member("PayloadFormatVersion must be one of [1.0, 2.0]");
  if (function_in_uri(text_of(integration, "IntegrationUri")).empty())
    return bad_member("Integration URI must be a valid ARN of a Lambda function");
  fill(integration, {{"IntegrationMethod", "POST"}});
  return {};
}

Result<> check_authorizer(Json& authorizer) {
  const std::string& type = text_of(authorizer, "AuthorizerType");
  if (type == "JWT") return not_there("JWT authorizers");
  if (function_in_uri(text_of(authorizer, "AuthorizerUri")).empty())
    return bad_member("Invalid Authorizer URI specified");
  const std::string& format = text_of(authorizer, "AuthorizerPayloadFormatVersion");
  if (format != "1.0" && format != "2.0")
    return bad_member("AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer");
  if (format == "1.0" && flag_of(authorizer, "EnableSimpleResponses"))
    return bad_member("EnableSimpleResponses flag is not supported for AuthorizerPayloadFormatVersion 1.0");
  for (const std::string& source : texts_of(authorizer, "IdentitySource"))
    if (!source.starts_with("$request.header.") && !source.starts_with("$request.querystring.") &&
        !source.starts_with("$context.") && !source.starts_with("$stageVariables."))
      return bad_member(fmt::format("Invalid identity source specified: {}", source));
  fill(authorizer, {{"EnableSimpleResponses", false}});
  return {};
}

}  // namespace

Result<> check_http_member(std::string_view entity, Json& document) {
  return entity == "Integration" ? check_integration(document) : check_authorizer(document);
}

Json HttpApiService::snapshot(const std::string& api) const {
  Json all = Json::object();
  for (const char* folder : {"routes", "integrations", "authorizers"}) {
    all[folder] = Json::object();
    for (const auto& [key, document] : entities_.below(folder_key(api, folder)))
      all[folder][std::string(key.substr(key.rfind('/') + 1))] = *document;
  }
  return all;
}

Json HttpApiService::new_deployment(const Call& call, const std::string& api, bool automatic) {
  Json deployment{{"DeploymentId", new_id(ids_, 6)},
                  {"AutoDeployed", automatic},
                  {"CreatedDate", seconds_of(call)},
                  {"DeploymentStatus", "DEPLOYED"}};
  if (automatic)
    deployment["Description"] = "Automatic deployment triggered by changes to the Api configuration";
  if (!automatic) deployment["_snapshot"] = snapshot(api);
  return deployment;
}

void HttpApiService::deploy_stages(const Call& call, const std::string& api) {
  for (const auto& [key, document] : entities_.below(folder_key(api, "stages"))) {
    if (!flag_of(*document, "AutoDeploy")) continue;
    Json stage = *document;
    const std::string name = text_of(stage, "StageName");
    const Json* before = entities_.find(member_key(api, "deployments", text_of(stage, "DeploymentId")));
    if (before && flag_of(*before, "AutoDeployed"))
      entities_.erase(member_key(api, "deployments", text_of(stage, "DeploymentId")));
    Json deployment = new_deployment(call, api, true);
    stage["DeploymentId"] = deployment["DeploymentId"];
    stage["LastDeploymentStatusMessage"] = fmt::format("Successfully deployed stage with deployment ID '{}'",
                                                       text_of(deployment, "DeploymentId"));
    stage["LastUpdatedDate"] = seconds_of(call);
    entities_.put(member_key(api, "deployments", text_of(deployment, "DeploymentId")), deployment);
    entities_.put(member_key(api, "stages", name), std::move(stage));
  }
}

/// The document as it is to be kept, or why not. `id` is empty for a new one.
Result<Json> HttpApiService::checked_member(const Call& call, const HttpKind& kind, Json document,
                                            std::string_view id) {
  const std::string api = text_of(call.input, "ApiId");
  if (kind.entity == "Route") {
    const std::string key = text_of(document, "RouteKey");
    if (!is_route_key(key)) return bad_member("The provided route key is not formatted properly");
    for (const auto& [at, other] : entities_.below(folder_key(api, "routes")))
      if (text_of(*other, "RouteKey") == key && text_of(*other, "RouteId") != id)
        return AwsError(errors::ConflictException,
                        fmt::format("Route with key {} already exists for this API", key));
    const std::string target = text_of(document, "Target");
    if (!target.empty() && (!target.starts_with("integrations/") ||
                            !entities_.find(member_key(api, "integrations", target.substr(13)))))
      return bad_member(
          fmt::format("Unable to find Integration by key {} within the provided target", target));
    const std::string type = text_of(document, "AuthorizationType");
    if (type == "JWT") return not_there("JWT authorizers");
    if (type == "CUSTOM" &&
        !entities_.find(member_key(api, "authorizers", text_of(document, "AuthorizerId"))))
      return bad_member("Invalid authorizer ID specified");
    if (const Json* mapping = find_member(document, "RequestParameters"); mapping && !mapping->empty())
      return not_there("request parameters");
    fill(document, {{"ApiKeyRequired", false}, {"AuthorizationType", "NONE"}});
  } else if (kind.entity == "Integration") {
    const Result<> fine = check_integration(document);
    if (!fine) return fine.error();
    if (text_of(document, "ConnectionType") == "VPC_LINK")
      if (const Result<Json> link = link_of(call, text_of(document, "ConnectionId")); !link)
        return link.error();
  } else if (kind.entity == "Authorizer") {
    const Result<> fine = check_authorizer(document);
    if (!fine) return fine.error();
  } else if (kind.entity == "Stage") {
    const std::string name = text_of(document, "StageName");
    if (name != "$default" && !std::ranges::all_of(name, [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                 c == '_';
        }))
      return bad_member("Stage name only allows alphanumeric characters, hyphens, and underscores");
    const std::string deployment = text_of(document, "DeploymentId");
    if (!deployment.empty() && !entities_.find(member_key(api, "deployments", deployment)))
      return AwsError(errors::NotFoundException, "Invalid deployment identifier specified");
    fill(document, {{"AutoDeploy", false},
                    {"DefaultRouteSettings", {{"DetailedMetricsEnabled", false}}},
                    {"RouteSettings", Json::object()},
                    {"StageVariables", Json::object()},
                    {"Tags", Json::object()},
                    {"CreatedDate", seconds_of(call)}});
    document["LastUpdatedDate"] = seconds_of(call);
  }
  return document;
}

/// What a call means: a kind, and the one of that kind that it names.
struct HttpApiService::Meant {
  const HttpKind& kind;
  std::string api;
  std::string id;
  std::string key;
  Json document;  ///< as it is now; null: the call names none
};

Result<HttpApiService::Meant> HttpApiService::meant_by(const Call& call, bool one) const {
  const Result<Json> owner = api_of(call);
  if (!owner) return owner.error();
  Meant meant{.kind = kind_in(call.operation->name),
              .api = text_of(call.input, "ApiId"),
              .id = {},
              .key = {},
              .document = {}};
  if (!one) return meant;
  meant.id = text_of(call.input, meant.kind.id);
  meant.key = member_key(meant.api, meant.kind.folder, meant.id);
  const Json* found = entities_.find(meant.key);
  if (found == nullptr) return no_member(meant.kind, meant.id);
  meant.document = *found;
  return meant;
}

/// After a change: the answer shows what is there now.
Reply HttpApiService::put_member(const Call& call, const std::string& api, const std::string& key,
                                 Json document) {
  entities_.put(key, std::move(document));
  deploy_stages(call, api);
  return Reply{.output = without_kept(*entities_.find(key))};
}

Result<Reply> HttpApiService::create_http_deployment(const Call& call, const std::string& api) {
  const std::string stage_name = text_of(call.input, "StageName");
  const Json* stage = entities_.find(member_key(api, "stages", stage_name));
  if (!stage_name.empty() && stage == nullptr)
    return AwsError(errors::NotFoundException, "Invalid stage identifier specified");
  if (stage != nullptr && flag_of(*stage, "AutoDeploy"))
    return bad_member("Deployment ID cannot be set on a stage with AutoDeploy enabled: it deploys by itself");
  Json deployment = new_deployment(call, api, false);
  if (call.input.contains("Description")) deployment["Description"] = call.input["Description"];
  if (stage != nullptr) {
    Json changed = *stage;
    changed["DeploymentId"] = deployment["DeploymentId"];
    changed["LastUpdatedDate"] = seconds_of(call);
    entities_.put(member_key(api, "stages", stage_name), std::move(changed));
  }
  entities_.put(member_key(api, "deployments", text_of(deployment, "DeploymentId")), deployment);
  return Reply{.output = without_kept(deployment)};
}

Result<Reply> HttpApiService::create_member(Call& call) {
  const Result<Meant> meant = meant_by(call, false);
  if (!meant) return meant.error();
  const HttpKind& kind = meant->kind;
  if (kind.entity == "Deployment") return create_http_deployment(call, meant->api);
  Json wanted = call.input;
  wanted.erase("ApiId");
  if (kind.entity == "Stage" &&
      entities_.find(member_key(meant->api, "stages", text_of(wanted, "StageName"))))
    return AwsError(errors::ConflictException, "Stage already exists");
  Result<Json> made = checked_member(call, kind, std::move(wanted), {});
  if (!made) return made.error();
  if (kind.id_length != 0) (*made)[kind.id] = new_id(ids_, kind.id_length);
  const std::string key = member_key(meant->api, kind.folder, text_of(*made, kind.id));
  return put_member(call, meant->api, key, std::move(*made));
}

Result<Reply> HttpApiService::get_member(Call& call) {
  const Result<Meant> meant = meant_by(call, true);
  if (!meant) return meant.error();
  return Reply{.output = without_kept(meant->document)};
}

Result<Reply> HttpApiService::list_members(Call& call) {
  const Result<Meant> meant = meant_by(call, false);
  if (!meant) return meant.error();
  Json items = Json::array();
  for (const auto& [key, document] : entities_.below(folder_key(meant->api, meant->kind.folder)))
    items.push_back(without_kept(*document));
  return Reply{.output = {{"Items", std::move(items)}}};
}

Result<Reply> HttpApiService::update_member(Call& call) {
  const Result<Meant> meant = meant_by(call, true);
  if (!meant) return meant.error();
  Json wanted = meant->document;
  for (const auto& [name, value] : call.input.items())
    if (name != "ApiId" && !value.is_null()) wanted[name] = value;
  if (meant->kind.entity == "Integration") merge_changes(meant->document, wanted);
  if (meant->kind.entity == "Stage" && flag_of(wanted, "AutoDeploy") && call.input.contains("DeploymentId"))
    return bad_member("Deployment ID cannot be set on stage with AutoDeploy enabled");
  Result<Json> made = checked_member(call, meant->kind, std::move(wanted), meant->id);
  if (!made) return made.error();
  return put_member(call, meant->api, meant->key, std::move(*made));
}

Result<Reply> HttpApiService::delete_member(Call& call) {
  const Result<Meant> meant = meant_by(call, true);
  if (!meant) return meant.error();
  const std::string& id = meant->id;
  if (meant->kind.entity == "Integration")
    for (const auto& [at, route] : entities_.below(folder_key(meant->api, "routes")))
      if (text_of(*route, "Target") == "integrations/" + id)
        return AwsError(errors::ConflictException,
                        fmt::format("Cannot delete Integration '{}'. Integration is in use by Route '{}'.",
                                    id, text_of(*route, "RouteId")));
  if (meant->kind.entity == "Deployment")
    for (const auto& [at, stage] : entities_.below(folder_key(meant->api, "stages")))
      if (text_of(*stage, "DeploymentId") == id)
        return bad_member("Active stages pointing to this deployment must be moved or deleted");
  entities_.erase(meant->key);
  deploy_stages(call, meant->api);
  return Reply{};
}

}  // namespace aviary::apigateway
