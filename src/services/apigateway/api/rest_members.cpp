#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bounded_json.hpp"
#include "base/document.hpp"
#include "models/apigateway.hpp"
#include "services/apigateway/api/rest_service.hpp"
#include "services/apigateway/core/gateway_responses.hpp"
#include "services/apigateway/core/identifiers.hpp"
#include "services/apigateway/core/routing.hpp"
#include "wire/pattern.hpp"

/// Authorizers, models, request validators and gateway responses: told apart by the operation's name.
namespace aviary::apigateway {

struct RestKind {
  std::string_view entity;  ///< `Authorizer`
  const char* folder;       ///< `authorizers`
  const char* id;           ///< the operation's member that names one: `authorizerId`
  const char* own_id;       ///< the document's: `id`
  std::string_view called;  ///< in errors
  std::span<const PatchRule> rules;
};

namespace {

constexpr PatchRule authorizer_rules[] = {{"/name"},
                                          {"/type"},
                                          {"/authType"},
                                          {"/authorizerUri"},
                                          {"/authorizerCredentials"},
                                          {"/identitySource"},
                                          {"/identityValidationExpression"},
                                          {"/authorizerResultTtlInSeconds", PatchKind::Integer}};
constexpr PatchRule model_rules[] = {{"/description"}, {"/schema"}};
constexpr PatchRule validator_rules[] = {
    {"/name"}, {"/validateRequestBody", PatchKind::Flag}, {"/validateRequestParameters", PatchKind::Flag}};
constexpr PatchRule gateway_response_rules[] = {
    {"/statusCode"}, {"/responseParameters/*"}, {"/responseTemplates/*"}};

const std::array rest_kinds{
    RestKind{"Authorizer", "authorizers", "authorizerId", "id", "Authorizer identifier", authorizer_rules},
    RestKind{"Model", "models", "modelName", "name", "model name", model_rules},
    RestKind{"RequestValidator", "validators", "requestValidatorId", "id", "Request Validator identifier",
             validator_rules},
    RestKind{"GatewayResponse", "responses", "responseType", "responseType", "gateway response type",
             gateway_response_rules}};

const RestKind& rest_kind(std::string_view operation) {
  return *std::ranges::find_if(rest_kinds, [&](const RestKind& kind) {
    return operation.find(kind.entity) != std::string_view::npos;
  });
}

Result<> check_model(const Json& model) {
  const std::string& name = text_of(model, "name");
  if (name.empty() || !std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0; }))
    return rest_bad_request("Model name must be alphanumeric: " + name);
  const std::string& schema = text_of(model, "schema");
  if (!schema.empty() && parse_bounded<Json>(schema).is_discarded())
    return rest_bad_request(
        "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model "
        "schema specified]");
  return {};
}

}  // namespace

Result<> RestApiService::check_authorizer(const Json& authorizer) const {
  const std::string& type = text_of(authorizer, "type");
  if (type == "COGNITO_USER_POOLS") return rest_not_there("Cognito authorizers");
  if (text_of(authorizer, "name").empty()) return rest_bad_request("Authorizer name cannot be empty");
  const std::string& uri = text_of(authorizer, "authorizerUri");
  if (function_in_uri(uri).empty() && uri.find("${stageVariables.") == std::string::npos)
    return rest_bad_request("Invalid Authorizer URI: it must be the invocation ARN of a Lambda function");
  const Json ttl = authorizer.value("authorizerResultTtlInSeconds", Json(300));
  if (ttl < 0 || ttl > 3600)
    return rest_bad_request("Authorizer result TTL must be between 0 and 3600 seconds");
  const std::string& source = text_of(authorizer, "identitySource");
  if (source.empty() && (type == "TOKEN" || ttl > 0))
    return rest_bad_request(type == "TOKEN" ? "TOKEN authorizers need an identity source"
                                            : "Identity source is required when caching is on");
  for (const std::string& one : identity_sources(source)) {
    const bool header = one.starts_with("method.request.header.");
    if (!header && (type == "TOKEN" || (!one.starts_with("method.request.querystring.") &&
                                        !one.starts_with("stageVariables.") && !one.starts_with("context."))))
      return rest_bad_request(fmt::format("Invalid identity source specified: {}", one));
  }
  const std::string& expression = text_of(authorizer, "identityValidationExpression");
  if (!expression.empty() && !wire::matches_foreign_pattern(expression, ""))
    return rest_bad_request("Invalid identity validation expression specified");
  return {};
}

Result<Reply> RestApiService::create_member(Call& call) {
  const Result<Json> owner = api_of(call);
  if (!owner) return owner.error();
  const RestKind& kind = rest_kind(call.operation->name);
  const std::string api = text_of(call.input, "restApiId");
  Json made = call.input;
  made.erase("restApiId");
  if (kind.entity == "Authorizer") {
    rest_fill(made, {{"authType", "custom"}, {"authorizerResultTtlInSeconds", 300}});
    for (const auto& [key, other] : entities_.below(folder_key(api, "authorizers")))
      if (text_of(*other, "name") == text_of(made, "name"))
        return rest_bad_request("Authorizer name must be unique. Authorizer " + text_of(made, "name") +
                                " already exists in this RestApi.");
    if (const Result<> fine = check_authorizer(made); !fine) return fine.error();
  } else if (kind.entity == "Model") {
    if (const Result<> fine = check_model(made); !fine) return fine.error();
    if (entities_.find(member_key(api, "models", text_of(made, "name"))))
      return rest_conflict(fmt::format("Model name already exists for this REST API"));
  } else {
    rest_fill(made, {{"validateRequestBody", false}, {"validateRequestParameters", false}});
  }
  made["id"] = new_id(ids_, 6);
  const std::string id = text_of(made, kind.own_id);
  save_member(api, kind.folder, id, made);
  return Reply{.output = std::move(made)};
}

Result<Reply> RestApiService::get_member(Call& call) {
  const RestKind& kind = rest_kind(call.operation->name);
  const Result<Json> found = member_of(call, kind.folder, kind.id, kind.called);
  if (found) return Reply{.output = rest_sent(*found)};
  const std::string type = text_of(call.input, "responseType");
  if (kind.entity == "GatewayResponse" && api_of(call) && find_gateway_response(type))
    return Reply{.output = default_gateway_response(type)};
  return found.error();
}

Result<Reply> RestApiService::list_members(Call& call) {
  const Result<Json> owner = api_of(call);
  if (!owner) return owner.error();
  Json items = Json::array();
  for (const auto& [key, document] :
       entities_.below(folder_key(text_of(*owner, "id"), rest_kind(call.operation->name).folder)))
    items.push_back(rest_sent(*document));
  return rest_page(call, std::move(items));
}

Result<Reply> RestApiService::update_member(Call& call) {
  const RestKind& kind = rest_kind(call.operation->name);
  Result<Json> before = member_of(call, kind.folder, kind.id, kind.called);
  const std::string type = text_of(call.input, "responseType");
  if (!before && kind.entity == "GatewayResponse" && api_of(call) && find_gateway_response(type))
    before = default_gateway_response(type);
  if (!before) return before.error();
  Result<Json> changed = rest_patched(call, std::move(*before), kind.rules);
  if (!changed) return changed.error();
  if (kind.entity == "Authorizer")
    if (const Result<> fine = check_authorizer(*changed); !fine) return fine.error();
  if (kind.entity == "Model")
    if (const Result<> fine = check_model(*changed); !fine) return fine.error();
  if (kind.entity == "GatewayResponse") (*changed)["defaultResponse"] = false;
  save_member(text_of(call.input, "restApiId"), kind.folder, text_of(*changed, kind.own_id), *changed);
  return Reply{.output = std::move(*changed)};
}

Result<Reply> RestApiService::delete_member(Call& call) {
  const RestKind& kind = rest_kind(call.operation->name);
  const Result<Json> found = member_of(call, kind.folder, kind.id, kind.called);
  if (!found) return found.error();
  const std::string api = text_of(call.input, "restApiId");
  const std::string id = text_of(call.input, kind.id);
  for (const auto& [key, resource] : entities_.below(folder_key(api, "resources"))) {
    const Json methods = resource->value("resourceMethods", Json::object());
    for (const auto& [verb, method] : methods.items())
      if (!id.empty() && ((kind.entity == "Authorizer" && text_of(method, "authorizerId") == id) ||
                          (kind.entity == "RequestValidator" && text_of(method, "requestValidatorId") == id)))
        return rest_conflict(fmt::format("Cannot delete {} '{}', is referenced in method {} of resource {}",
                                         kind.entity, id, verb, text_of(*resource, "path")));
  }
  entities_.erase(member_key(api, kind.folder, id));
  return Reply{};
}

Result<Reply> RestApiService::put_gateway_response(Call& call) {
  const Result<Json> owner = api_of(call);
  if (!owner) return owner.error();
  Json made = call.input;
  made.erase("restApiId");
  const std::string type = text_of(made, "responseType");
  if (made.contains("statusCode") && !rest_is_status(text_of(made, "statusCode")))
    return rest_bad_request("Invalid status code specified: it is three digits");
  if (const Result<> fine = rest_check_templates(made, "responseTemplates"); !fine) return fine.error();
  Json whole = default_gateway_response(type);
  if (!made.contains("statusCode") && whole.contains("statusCode")) made["statusCode"] = whole["statusCode"];
  rest_fill(made, {{"responseParameters", Json::object()},
                   {"responseTemplates", whole["responseTemplates"]},
                   {"defaultResponse", false}});
  save_member(text_of(*owner, "id"), "responses", type, made);
  return Reply{.output = std::move(made)};
}

Result<Reply> RestApiService::list_gateway_responses(Call& call) {
  const Result<Json> owner = api_of(call);
  if (!owner) return owner.error();
  Json items = Json::array();
  for (const GatewayResponseType& type : gateway_response_types()) {
    const Json* own = entities_.find(member_key(text_of(*owner, "id"), "responses", type.name));
    items.push_back(own != nullptr ? rest_sent(*own) : default_gateway_response(type.name));
  }
  return Reply{.output = {{"items", std::move(items)}}};
}

}  // namespace aviary::apigateway
