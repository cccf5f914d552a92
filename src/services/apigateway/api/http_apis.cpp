#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "base/document.hpp"
#include "models/apigatewayv2.hpp"
#include "services/apigateway/api/http_service.hpp"
#include "services/apigateway/core/identifiers.hpp"
#include "services/apigateway/core/routing.hpp"
#include "wire/protocol.hpp"

/// HTTP APIs themselves, their tags, and OpenAPI documents that make one.
namespace aviary::apigateway {
namespace {

namespace errors = models::apigatewayv2::errors;

AwsError bad_api(std::string text) { return {errors::BadRequestException, std::move(text)}; }

/// `x-amazon-apigateway-cors` has the members of the model with a small first letter.
Json cors_of_document(const Json& cors) {
  Json out = Json::object();
  for (const auto& [from, to] :
       {std::pair{"allowOrigins", "AllowOrigins"}, std::pair{"allowMethods", "AllowMethods"},
        std::pair{"allowHeaders", "AllowHeaders"}, std::pair{"exposeHeaders", "ExposeHeaders"},
        std::pair{"maxAge", "MaxAge"}, std::pair{"allowCredentials", "AllowCredentials"}})
    if (cors.contains(from)) {
      const Json& value = cors[from];
      const bool list = std::string_view(to) != "MaxAge" && std::string_view(to) != "AllowCredentials";
      out[to] = list && value.is_string() ? Json::array({value}) : value;
    }
  return out;
}

/// `x-amazon-apigateway-integration` in the words of the model. Answers' mappings are `responseParameters` by
/// status there too.
Json integration_of_document(const Json& said) {
  Json out = Json::object();
  for (const auto& [from, to] :
       {std::pair{"type", "IntegrationType"}, std::pair{"uri", "IntegrationUri"},
        std::pair{"httpMethod", "IntegrationMethod"},
        std::pair{"payloadFormatVersion", "PayloadFormatVersion"},
        std::pair{"timeoutInMillis", "TimeoutInMillis"}, std::pair{"connectionType", "ConnectionType"},
        std::pair{"connectionId", "ConnectionId"}, std::pair{"credentials", "CredentialsArn"},
        std::pair{"description", "Description"}, std::pair{"requestParameters", "RequestParameters"},
        std::pair{"responseParameters", "ResponseParameters"}})
    if (const Json* value = find_member(said, from)) out[to] = *value;
  if (out.contains("IntegrationType") && out["IntegrationType"].is_string())
    for (char& c : out["IntegrationType"].get_ref<std::string&>())
      c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  Json& format = out["PayloadFormatVersion"];
  if (format.is_null()) format = "1.0";
  // As it is written without quotes.
  if (format.is_number()) format = fmt::format("{:.1f}", format.get<double>());
  return out;
}

/// The path's operations, methods in capitals.
template <class Visit>
void each_operation(const Json& body, Visit visit) {
  const Json* paths = find_member(body, "paths");
  if (paths == nullptr || !paths->is_object()) return;
  for (const auto& [path, methods] : paths->items()) {
    if (!methods.is_object()) continue;
    for (const auto& [method, operation] : methods.items()) {
      if (method == "parameters" || !operation.is_object()) continue;
      std::string name = method == "x-amazon-apigateway-any-method" ? "ANY" : method;
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
      visit((path == "/$default" || path == "$default") && name == "ANY" ? std::string("$default")
                                                                         : name + ' ' + path,
            operation);
    }
  }
}

/// The first authorizer that an operation, or the document, asks for.
std::string security_of(const Json& body, const Json& operation) {
  for (const Json* owner : {&operation, &body}) {
    const Json* security = find_member(*owner, "security");
    if (security == nullptr || !security->is_array()) continue;
    for (const Json& each : *security)
      if (each.is_object() && !each.empty()) return each.begin().key();
    return {};
  }
  return {};
}

}  // namespace

Result<Json> HttpApiService::api_of(const Call& call) const {
  const std::string& id = text_of(call.input, "ApiId");
  const Json* api = entities_.find(api_key(id));
  if (api == nullptr || text_of(*api, "_account") != call.account || text_of(*api, "_region") != call.region)
    return AwsError(errors::NotFoundException,
                    fmt::format("Invalid API identifier specified {}:{}", call.account, id));
  return *api;
}

Json HttpApiService::new_api(const Call& call) const {
  const std::string id = new_id(ids_, 10);
  return {{"ApiId", id},
          {"ApiEndpoint", fmt::format("http://{}.execute-api.{}.localhost:{}", id, call.region, port_)},
          {"ApiKeySelectionExpression", "$request.header.x-api-key"},
          {"RouteSelectionExpression", "$request.method $request.path"},
          {"ProtocolType", "HTTP"},
          {"DisableExecuteApiEndpoint", false},
          {"CreatedDate", seconds_of(call)},
          {"Tags", Json::object()},
          {"_account", call.account},
          {"_region", call.region}};
}

Result<Reply> HttpApiService::create_api(Call& call) {
  if (text_of(call.input, "ProtocolType") == "WEBSOCKET")
    return AwsError(wire::errors::NotImplemented, "Aviary does not have WebSocket APIs yet.");
  const std::string target = text_of(call.input, "Target");
  const bool proxied = is_http_address(target);
  if (!target.empty() && !proxied && function_in_uri(target).empty())
    return bad_api("Invalid target specified");
  if (target.empty() && call.input.contains("RouteKey"))
    return bad_api("RouteKey can be specified only with Target");
  Json api = new_api(call);
  for (const auto& [name, value] : call.input.items())
    if (name != "Target" && name != "RouteKey" && name != "CredentialsArn") api[name] = value;
  const std::string id = text_of(api, "ApiId");
  entities_.put(api_key(id), api);
  if (!target.empty()) {
    // Quick create: one integration, one route, and a stage that deploys by itself.
    const std::string integration = new_id(ids_, 7);
    entities_.put(member_key(id, "integrations", integration),
                  {{"IntegrationId", integration},
                   {"ApiGatewayManaged", true},
                   {"ConnectionType", "INTERNET"},
                   {"IntegrationMethod", proxied ? "ANY" : "POST"},
                   {"IntegrationType", proxied ? "HTTP_PROXY" : "AWS_PROXY"},
                   {"IntegrationUri", target},
                   {"PayloadFormatVersion", proxied ? "1.0" : "2.0"},
                   {"TimeoutInMillis", 30000}});
    const std::string route = new_id(ids_, 7);
    const std::string& key = text_of(call.input, "RouteKey");
    entities_.put(member_key(id, "routes", route), {{"RouteId", route},
                                                    {"ApiGatewayManaged", true},
                                                    {"ApiKeyRequired", false},
                                                    {"AuthorizationType", "NONE"},
                                                    {"RouteKey", key.empty() ? "$default" : key},
                                                    {"Target", "integrations/" + integration}});
    entities_.put(member_key(id, "stages", "$default"),
                  {{"StageName", "$default"},
                   {"ApiGatewayManaged", true},
                   {"AutoDeploy", true},
                   {"CreatedDate", seconds_of(call)},
                   {"DefaultRouteSettings", {{"DetailedMetricsEnabled", false}}},
                   {"RouteSettings", Json::object()},
                   {"StageVariables", Json::object()},
                   {"Tags", Json::object()}});
    deploy_stages(call, id);
  }
  return Reply{.output = without_kept(api)};
}

Result<> HttpApiService::check_import(const Call& call, const Json& body) const {
  if (!body.is_object() || !text_of(body, "openapi").starts_with("3."))
    return bad_api("Unable to parse the OpenAPI document: an OpenAPI 3 document is expected");
  const Json components = body.value("components", Json::object());
  std::string problem;
  std::optional<AwsError> refusal;
  each_operation(body, [&](const std::string& key, const Json& operation) {
    const Json* integration = find_member(operation, "x-amazon-apigateway-integration");
    if (integration == nullptr) return;
    Json made = integration_of_document(*integration);
    const std::string& type = text_of(made, "IntegrationType");
    if (type != "AWS_PROXY" && type != "HTTP_PROXY") {
      problem = fmt::format("integration type {} at {}", text_of(*integration, "type"), key);
    } else if (type == "AWS_PROXY" && function_in_uri(text_of(made, "IntegrationUri")).empty()) {
      problem = fmt::format("the integration's uri at {}", key);
    } else if (const Result<> fine = check_http_member("Integration", made); !fine && !refusal) {
      refusal = fine.error();
    } else if (text_of(made, "ConnectionType") == "VPC_LINK" && !refusal) {
      if (const Result<Json> link = link_of(call, text_of(made, "ConnectionId")); !link)
        refusal = link.error();
    }
    const std::string scheme = security_of(body, operation);
    const Json* schemes = find_member(components, "securitySchemes");
    const Json* authorizer = schemes && schemes->contains(scheme)
                                 ? find_member((*schemes)[scheme], "x-amazon-apigateway-authorizer")
                                 : nullptr;
    if (authorizer != nullptr && text_of(*authorizer, "type") == "jwt") problem = "JWT authorizers";
  });
  if (!problem.empty())
    return AwsError(wire::errors::NotImplemented,
                    fmt::format("Aviary does not take {} in an OpenAPI document of an HTTP API.", problem));
  if (refusal) return std::move(*refusal);
  return {};
}

void HttpApiService::import_body(const Call& call, const std::string& api, const Json& body) {
  for (const char* folder : {"routes", "integrations", "authorizers"})
    entities_.erase_below(folder_key(api, folder));
  std::map<std::string, std::string> authorizers;
  const Json components = body.value("components", Json::object());
  if (const Json* schemes = find_member(components, "securitySchemes"); schemes && schemes->is_object())
    for (const auto& [name, scheme] : schemes->items()) {
      const Json* said = scheme.is_object() ? find_member(scheme, "x-amazon-apigateway-authorizer") : nullptr;
      if (said == nullptr || text_of(*said, "type") != "request") continue;
      Json sources = Json::array();
      if (const Json* list = find_member(*said, "identitySource"); list != nullptr && list->is_array())
        sources = *list;
      std::string_view rest = text_of(*said, "identitySource");
      while (!rest.empty()) {
        const std::size_t comma = rest.find(',');
        std::string_view one = rest.substr(0, comma);
        while (one.starts_with(' ')) one.remove_prefix(1);
        sources.push_back(std::string(one));
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
      }
      const std::string id = new_id(ids_, 6);
      authorizers[name] = id;
      Json made{
          {"AuthorizerId", id},
          {"Name", name},
          {"AuthorizerType", "REQUEST"},
          {"AuthorizerUri", text_of(*said, "authorizerUri")},
          {"AuthorizerPayloadFormatVersion", said->value("authorizerPayloadFormatVersion", Json("1.0"))},
          {"EnableSimpleResponses", flag_of(*said, "enableSimpleResponses")},
          {"IdentitySource", std::move(sources)}};
      if (said->contains("authorizerResultTtlInSeconds"))
        made["AuthorizerResultTtlInSeconds"] = (*said)["authorizerResultTtlInSeconds"];
      entities_.put(member_key(api, "authorizers", id), std::move(made));
    }
  each_operation(body, [&](const std::string& key, const Json& operation) {
    Json route{{"RouteId", new_id(ids_, 7)},
               {"RouteKey", key},
               {"ApiKeyRequired", false},
               {"AuthorizationType", "NONE"}};
    if (operation.contains("operationId")) route["OperationName"] = operation["operationId"];
    if (const auto authorizer = authorizers.find(security_of(body, operation));
        authorizer != authorizers.end()) {
      route["AuthorizationType"] = "CUSTOM";
      route["AuthorizerId"] = authorizer->second;
    }
    if (const Json* said = find_member(operation, "x-amazon-apigateway-integration")) {
      const std::string id = new_id(ids_, 7);
      Json made = integration_of_document(*said);
      // Checked before anything was changed.
      if (!check_http_member("Integration", made)) return;
      made["IntegrationId"] = id;
      entities_.put(member_key(api, "integrations", id), std::move(made));
      route["Target"] = "integrations/" + id;
    }
    entities_.put(member_key(api, "routes", text_of(route, "RouteId")), route);
  });
  deploy_stages(call, api);
}

/// ImportApi makes one, ReimportApi replaces what one has.
Result<Reply> HttpApiService::import_api(Call& call) {
  const Json body = parse_bounded<Json>(text_of(call.input, "Body"));
  const Result<> fine = check_import(call, body);
  if (!fine) return fine.error();
  Json api = new_api(call);
  if (call.input.contains("ApiId")) {
    Result<Json> before = api_of(call);
    if (!before) return before.error();
    api = std::move(*before);
  }
  const Json info = body.value("info", Json::object());
  api["Name"] = info.value("title", Json("API"));
  for (const auto& [from, to] : {std::pair{"version", "Version"}, std::pair{"description", "Description"}})
    if (info.contains(from)) api[to] = info[from];
  if (const Json* cors = find_member(body, "x-amazon-apigateway-cors"); cors && cors->is_object())
    api["CorsConfiguration"] = cors_of_document(*cors);
  if (const Json* tags = find_member(body, "tags"); tags && tags->is_array())
    for (const Json& tag : *tags)
      if (tag.is_object() && tag.contains("x-amazon-apigateway-tag-value"))
        api["Tags"][text_of(tag, "name")] = tag["x-amazon-apigateway-tag-value"];
  const std::string id = text_of(api, "ApiId");
  entities_.put(api_key(id), api);
  import_body(call, id, body);
  return Reply{.output = without_kept(api)};
}

Result<Reply> HttpApiService::get_api(Call& call) {
  const Result<Json> api = api_of(call);
  if (!api) return api.error();
  return Reply{.output = without_kept(*api)};
}

Result<Reply> HttpApiService::get_apis(Call& call) {
  Json items = Json::array();
  for (const auto& [key, api] : entities_.below("apis/"))
    if (text_of(*api, "_account") == call.account && text_of(*api, "_region") == call.region)
      items.push_back(without_kept(*api));
  return Reply{.output = {{"Items", std::move(items)}}};
}

Result<Reply> HttpApiService::update_api(Call& call) {
  Result<Json> api = api_of(call);
  if (!api) return api.error();
  for (const char* name : {"Target", "RouteKey"})
    if (call.input.contains(name))
      return AwsError(
          wire::errors::NotImplemented,
          fmt::format("Aviary does not change an API's {} yet: change its route or integration.", name));
  for (const auto& [name, value] : call.input.items())
    if (!value.is_null()) (*api)[name] = value;
  entities_.put(api_key(text_of(*api, "ApiId")), *api);
  return Reply{.output = without_kept(*api)};
}

Result<Reply> HttpApiService::delete_api(Call& call) {
  const Result<Json> api = api_of(call);
  if (!api) return api.error();
  const std::string id = text_of(*api, "ApiId");
  if (domains_.is_mapped(id))
    return bad_api(fmt::format(
        "Deleting API {} failed. Please remove all API mappings related to the API in your domains", id));
  entities_.erase_below("in/" + id + '/');
  entities_.erase(api_key(id));
  return Reply{};
}

Result<Reply> HttpApiService::delete_cors(Call& call) {
  Result<Json> api = api_of(call);
  if (!api) return api.error();
  api->erase("CorsConfiguration");
  entities_.put(api_key(text_of(*api, "ApiId")), *api);
  return Reply{};
}

/// The key of what `arn:aws:apigateway:REGION::/apis/ID[/stages/NAME]` or `/vpclinks/ID` names; empty if
/// there is none.
std::string HttpApiService::stage_in_arn(const std::string& arn, std::string& api) const {
  if (const std::size_t link = arn.find("::/vpclinks/"); link != std::string::npos) {
    for (const auto& [key, document] : entities_.below("vpc-links/"))
      if (key.ends_with('/' + arn.substr(link + 12))) return std::string(key);
    return {};
  }
  const std::size_t start = arn.find("::/apis/");
  if (start == std::string::npos) return {};
  const std::string rest = arn.substr(start + 8);
  api = rest.substr(0, rest.find('/'));
  const std::size_t stage = rest.find("/stages/");
  const std::string key =
      stage == std::string::npos ? api_key(api) : member_key(api, "stages", rest.substr(stage + 8));
  return entities_.find(key) ? key : std::string();
}

Result<Reply> HttpApiService::get_tags(Call& call) {
  if (const Json* record = domains_.in_arn(text_of(call.input, "ResourceArn")))
    return Reply{.output = {{"Tags", record->value("tags", Json::object())}}};
  std::string api;
  const std::string key = stage_in_arn(text_of(call.input, "ResourceArn"), api);
  if (key.empty()) return AwsError(errors::NotFoundException, "Invalid resource identifier specified");
  return Reply{.output = {{"Tags", entities_.find(key)->value("Tags", Json::object())}}};
}

Result<Reply> HttpApiService::tag(Call& call) {
  if (domains_.retag(text_of(call.input, "ResourceArn"), call.input.value("Tags", Json::object()), {}))
    return Reply{};
  std::string api;
  const std::string key = stage_in_arn(text_of(call.input, "ResourceArn"), api);
  if (key.empty()) return AwsError(errors::NotFoundException, "Invalid resource identifier specified");
  Json document = *entities_.find(key);
  const Json tags = call.input.value("Tags", Json::object());
  for (const auto& [name, value] : tags.items()) document["Tags"][name] = value;
  entities_.put(key, std::move(document));
  return Reply{};
}

Result<Reply> HttpApiService::untag(Call& call) {
  if (domains_.retag(text_of(call.input, "ResourceArn"), Json::object(), texts_of(call.input, "TagKeys")))
    return Reply{};
  std::string api;
  const std::string key = stage_in_arn(text_of(call.input, "ResourceArn"), api);
  if (key.empty()) return AwsError(errors::NotFoundException, "Invalid resource identifier specified");
  Json document = *entities_.find(key);
  for (const std::string& name : texts_of(call.input, "TagKeys")) document["Tags"].erase(name);
  entities_.put(key, std::move(document));
  return Reply{};
}

}  // namespace aviary::apigateway
