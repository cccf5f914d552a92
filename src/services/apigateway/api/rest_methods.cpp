#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/document.hpp"
#include "services/apigateway/api/rest_service.hpp"
#include "services/apigateway/core/mapping_template.hpp"
#include "services/apigateway/core/routing.hpp"
#include "wire/pattern.hpp"

/// Methods of resources, integrations, and the responses of both: parts of one document, told apart by the
/// operation's name.
namespace aviary::apigateway {
namespace {

constexpr std::array<std::string_view, 8> rest_verbs{"GET",   "PUT",     "POST", "DELETE",
                                                     "PATCH", "OPTIONS", "HEAD", "ANY"};

constexpr PatchRule method_rules[] = {{"/authorizationType"},
                                      {"/authorizerId"},
                                      {"/apiKeyRequired", PatchKind::Flag},
                                      {"/requestValidatorId"},
                                      {"/operationName"},
                                      {"/requestParameters/*", PatchKind::Flag},
                                      {"/requestModels/*"},
                                      {"/authorizationScopes/*", PatchKind::List}};
constexpr PatchRule integration_rules[] = {{"/httpMethod"},
                                           {"/uri"},
                                           {"/type"},
                                           {"/credentials"},
                                           {"/passthroughBehavior"},
                                           {"/contentHandling"},
                                           {"/cacheNamespace"},
                                           {"/connectionType"},
                                           {"/connectionId"},
                                           {"/timeoutInMillis", PatchKind::Integer},
                                           {"/cacheKeyParameters/*", PatchKind::List},
                                           {"/requestParameters/*"},
                                           {"/requestTemplates/*"},
                                           {"/tlsConfig/insecureSkipVerification", PatchKind::Flag}};
constexpr PatchRule method_response_rules[] = {{"/responseParameters/*", PatchKind::Flag},
                                               {"/responseModels/*"}};
constexpr PatchRule integration_response_rules[] = {
    {"/selectionPattern"}, {"/contentHandling"}, {"/responseParameters/*"}, {"/responseTemplates/*"}};

enum class Part { Method, Integration, MethodResponse, IntegrationResponse };

Part part_in(std::string_view operation) {
  const bool integration = operation.find("Integration") != std::string_view::npos;
  if (operation.ends_with("Response")) return integration ? Part::IntegrationResponse : Part::MethodResponse;
  return integration ? Part::Integration : Part::Method;
}

std::span<const PatchRule> rules_of(Part part) {
  switch (part) {
    case Part::Method:
      return method_rules;
    case Part::Integration:
      return integration_rules;
    case Part::MethodResponse:
      return method_response_rules;
    case Part::IntegrationResponse:
      return integration_response_rules;
  }
  return {};
}

/// The part that a call means in its resource; null, with the error to answer, if it is not there.
struct FoundPart {
  Json* part = nullptr;
  Json* owner = nullptr;  ///< whose member it is
  std::string name{};
  std::string problem{};
};

FoundPart find_part(Json& resource, const Call& call, Part which) {
  const auto inside = [](Json* owner, const char* name) {
    if (owner == nullptr || !owner->is_object()) return static_cast<Json*>(nullptr);
    const auto found = owner->find(name);
    return found == owner->end() ? nullptr : &*found;
  };
  FoundPart found;
  Json* methods = inside(&resource, "resourceMethods");
  found.name = text_of(call.input, "httpMethod");
  found.owner = methods;
  found.part = inside(methods, found.name.c_str());
  if (found.part == nullptr) {
    found.problem = "Invalid Method identifier specified";
    return found;
  }
  if (which == Part::Method) return found;
  if (which == Part::MethodResponse) {
    found.owner = inside(found.part, "methodResponses");
  } else {
    found.owner = found.part;
    found.name = "methodIntegration";
    found.part = inside(found.owner, "methodIntegration");
    if (found.part == nullptr) found.problem = "Invalid Integration identifier specified";
    if (which == Part::Integration || found.part == nullptr) return found;
    found.owner = inside(found.part, "integrationResponses");
  }
  found.name = text_of(call.input, "statusCode");
  found.part = inside(found.owner, found.name.c_str());
  if (found.part == nullptr) found.problem = "Invalid Response status code specified";
  return found;
}

Result<> check_part(Part part, Json& document) {
  if (part == Part::Integration) return rest_check_integration(document);
  if (part != Part::IntegrationResponse) return {};
  return rest_check_response(document);
}

}  // namespace

Result<> rest_check_templates(const Json& document, const char* member) {
  const Json* templates = find_member(document, member);
  if (templates == nullptr || !templates->is_object()) return {};
  for (const auto& [type, text] : templates->items())
    if (text.is_string())
      if (std::string problem = template_problem(text.get_ref<const std::string&>()); !problem.empty())
        return rest_bad_request(fmt::format("Invalid mapping template for {}: {}", type, problem));
  return {};
}

Result<> rest_check_response(const Json& response) {
  const std::string& pattern = text_of(response, "selectionPattern");
  if (!pattern.empty() && !wire::matches_foreign_pattern(pattern, ""))
    return rest_bad_request(fmt::format("Invalid selection pattern specified: {}", pattern));
  return rest_check_templates(response, "responseTemplates");
}

bool rest_is_status(std::string_view text) {
  return text.size() == 3 && text[0] >= '1' && text[0] <= '5' &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Result<> rest_check_integration(Json& integration) {
  if (const Result<> fine = rest_check_templates(integration, "requestTemplates"); !fine) return fine;
  const std::string& type = text_of(integration, "type");
  const std::string& uri = text_of(integration, "uri");
  if (type != "MOCK" && text_of(integration, "httpMethod").empty())
    return rest_bad_request("Enumeration value for HttpMethod must be non-empty");
  if (text_of(integration, "connectionType") == "VPC_LINK") {
    if (type != "HTTP" && type != "HTTP_PROXY")
      return rest_bad_request(
          "Connection type VPC_LINK is only valid for integrations of type HTTP and HTTP_PROXY");
    if (text_of(integration, "connectionId").empty())
      return rest_bad_request("Connection id must be set for connection type VPC_LINK");
  }
  if (text_of(integration, "responseTransferMode") == "STREAM") return rest_not_there("streamed responses");
  if (type == "AWS" || type == "AWS_PROXY") {
    if (!uri.starts_with("arn:")) return rest_bad_request("Invalid ARN specified in the request");
    if (uri.find(":path/") == std::string::npos && uri.find(":action/") == std::string::npos)
      return rest_bad_request("AWS ARN for integration must contain path or action");
    // An alias may come from a stage variable, so may all of the function's ARN.
    if (uri.find(":lambda:path/") == std::string::npos)
      return rest_not_there("integrations with AWS services other than Lambda");
    if (function_in_uri(uri).empty() && uri.find("${stageVariables.") == std::string::npos)
      return rest_bad_request("Invalid ARN specified in the request");
  } else if (type == "HTTP" || type == "HTTP_PROXY") {
    if (!uri.starts_with("http://") && !uri.starts_with("https://") && !uri.starts_with("${"))
      return rest_bad_request("Invalid HTTP endpoint specified for URI");
  } else if (type != "MOCK") {
    return rest_bad_request(fmt::format("Invalid integration type specified: {}", type));
  }
  rest_fill(integration, {{"timeoutInMillis", 29000},
                          {"passthroughBehavior", "WHEN_NO_MATCH"},
                          {"cacheKeyParameters", Json::array()}});
  const Json timeout = integration["timeoutInMillis"];
  if (timeout < 50 || timeout > 300'000)
    return rest_bad_request("Timeout should be between 50 ms and 29000 ms");
  const std::string& behavior = text_of(integration, "passthroughBehavior");
  if (behavior != "WHEN_NO_MATCH" && behavior != "WHEN_NO_TEMPLATES" && behavior != "NEVER")
    return rest_bad_request(
        "Invalid passthrough behavior specified. Valid options are NEVER, WHEN_NO_MATCH, WHEN_NO_TEMPLATES");
  return {};
}

Result<> RestApiService::check_method(const std::string& api, const Json& method) const {
  const std::string& type = text_of(method, "authorizationType");
  if (type == "COGNITO_USER_POOLS") return rest_not_there("Cognito authorizers");
  if (type != "NONE" && type != "AWS_IAM" && type != "CUSTOM")
    return rest_bad_request(
        "Invalid authorization type specified. Valid options are NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS");
  if (type == "CUSTOM" && !entities_.find(member_key(api, "authorizers", text_of(method, "authorizerId"))))
    return rest_bad_request(
        "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS "
        "requires "
        "a valid authorizer.");
  const std::string& validator = text_of(method, "requestValidatorId");
  if (!validator.empty() && !entities_.find(member_key(api, "validators", validator)))
    return rest_bad_request("Invalid Request Validator identifier specified");
  if (const Json* models = find_member(method, "requestModels"))
    for (const auto& [content, name] : models->items())
      if (name.is_string() && !entities_.find(member_key(api, "models", name.get<std::string>())))
        return rest_bad_request(
            fmt::format("Invalid model identifier specified: {}", name.get<std::string>()));
  if (const Json* parameters = find_member(method, "requestParameters"))
    for (const auto& [name, required] : parameters->items())
      if (!name.starts_with("method.request.path.") && !name.starts_with("method.request.querystring.") &&
          !name.starts_with("method.request.header.") && !name.starts_with("method.request.multivalue"))
        return rest_bad_request(
            fmt::format("Invalid mapping expression specified: Validation Result: warnings : [], errors : "
                        "[Invalid mapping "
                        "expression specified: {}]",
                        name));
  return {};
}

Result<Reply> RestApiService::put_method(Call& call) {
  Result<Json> resource = resource_of(call);
  if (!resource) return resource.error();
  const std::string verb = text_of(call.input, "httpMethod");
  if (std::ranges::find(rest_verbs, verb) == rest_verbs.end())
    return rest_bad_request(
        "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY");
  if (resource->contains("resourceMethods") && (*resource)["resourceMethods"].contains(verb))
    return rest_conflict("Method already exists for this resource");
  const std::string api = text_of(call.input, "restApiId");
  Json method = call.input;
  method.erase("restApiId");
  method.erase("resourceId");
  rest_fill(method, {{"apiKeyRequired", false}});
  if (const Result<> fine = check_method(api, method); !fine) return fine.error();
  (*resource)["resourceMethods"][verb] = method;
  save_resource(api, std::move(*resource));
  return Reply{.output = std::move(method)};
}

Result<Reply> RestApiService::put_integration(Call& call) {
  Result<Json> resource = resource_of(call);
  if (!resource) return resource.error();
  FoundPart method = find_part(*resource, call, Part::Method);
  if (method.part == nullptr) return rest_not_found(method.problem);
  Json integration = call.input;
  for (const char* name : {"restApiId", "resourceId", "httpMethod", "integrationHttpMethod"})
    integration.erase(name);
  if (call.input.contains("integrationHttpMethod"))
    integration["httpMethod"] = call.input["integrationHttpMethod"];
  rest_fill(integration, {{"cacheNamespace", text_of(*resource, "id")}});
  if (const Result<> fine = check_part(Part::Integration, integration); !fine) return fine.error();
  if (const Result<> fine = check_link(call, integration); !fine) return fine.error();
  if (const Json* before = find_member(*method.part, "methodIntegration");
      before != nullptr && before->contains("integrationResponses"))
    integration["integrationResponses"] = (*before)["integrationResponses"];
  (*method.part)["methodIntegration"] = integration;
  save_resource(text_of(call.input, "restApiId"), std::move(*resource));
  return Reply{.output = std::move(integration)};
}

Result<Reply> RestApiService::put_method_response(Call& call) {
  Result<Json> resource = resource_of(call);
  if (!resource) return resource.error();
  FoundPart method = find_part(*resource, call, Part::Method);
  if (method.part == nullptr) return rest_not_found(method.problem);
  const std::string status = text_of(call.input, "statusCode");
  if (!rest_is_status(status)) return rest_bad_request("Invalid status code specified: it is three digits");
  Json& responses = (*method.part)["methodResponses"];
  if (responses.is_object() && responses.contains(status))
    return rest_conflict("Response already exists for this resource");
  Json response = call.input;
  for (const char* name : {"restApiId", "resourceId", "httpMethod"}) response.erase(name);
  responses[status] = response;
  save_resource(text_of(call.input, "restApiId"), std::move(*resource));
  return Reply{.output = std::move(response)};
}

Result<Reply> RestApiService::put_integration_response(Call& call) {
  Result<Json> resource = resource_of(call);
  if (!resource) return resource.error();
  FoundPart integration = find_part(*resource, call, Part::Integration);
  if (integration.part == nullptr) return rest_not_found(integration.problem);
  const std::string status = text_of(call.input, "statusCode");
  if (!rest_is_status(status)) return rest_bad_request("Invalid status code specified: it is three digits");
  Json response = call.input;
  for (const char* name : {"restApiId", "resourceId", "httpMethod"}) response.erase(name);
  if (const Result<> fine = check_part(Part::IntegrationResponse, response); !fine) return fine.error();
  const auto declared = integration.owner->find("methodResponses");
  if (declared == integration.owner->end() || !declared->contains(status))
    return rest_not_found("Invalid Response status code specified");
  const Json parameters = response.value("responseParameters", Json::object());
  const Json* known = find_member((*declared)[status], "responseParameters");
  for (const auto& [name, value] : parameters.items())
    if (known == nullptr || !known->contains(name))
      return rest_bad_request(fmt::format("Invalid mapping expression parameter specified: {}", name));
  (*integration.part)["integrationResponses"][status] = response;
  save_resource(text_of(call.input, "restApiId"), std::move(*resource));
  return Reply{.output = std::move(response)};
}

Result<Reply> RestApiService::get_method_part(Call& call) {
  Result<Json> resource = resource_of(call);
  if (!resource) return resource.error();
  const FoundPart found = find_part(*resource, call, part_in(call.operation->name));
  if (found.part == nullptr) return rest_not_found(found.problem);
  return Reply{.output = std::move(*found.part)};
}

Result<Reply> RestApiService::update_method_part(Call& call) {
  Result<Json> resource = resource_of(call);
  if (!resource) return resource.error();
  const Part part = part_in(call.operation->name);
  const FoundPart found = find_part(*resource, call, part);
  if (found.part == nullptr) return rest_not_found(found.problem);
  Result<Json> changed = rest_patched(call, *found.part, rules_of(part));
  if (!changed) return changed.error();
  const std::string api = text_of(call.input, "restApiId");
  if (const Result<> fine = check_part(part, *changed); !fine) return fine.error();
  if (part == Part::Integration)
    if (const Result<> fine = check_link(call, *changed); !fine) return fine.error();
  if (part == Part::Method)
    if (const Result<> fine = check_method(api, *changed); !fine) return fine.error();
  *found.part = *changed;
  save_resource(api, std::move(*resource));
  return Reply{.output = std::move(*changed)};
}

Result<Reply> RestApiService::delete_method_part(Call& call) {
  Result<Json> resource = resource_of(call);
  if (!resource) return resource.error();
  const FoundPart found = find_part(*resource, call, part_in(call.operation->name));
  if (found.part == nullptr) return rest_not_found(found.problem);
  found.owner->erase(found.name);
  save_resource(text_of(call.input, "restApiId"), std::move(*resource));
  return Reply{};
}

}  // namespace aviary::apigateway
