#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "services/cloudformation/core/sam_api.hpp"

/// Events of type Api: an operation of a REST API, and the permission to run the function.
namespace aviary::cloudformation {
namespace {

/// `method.request.header.A` or `{"method.request.header.A": {"Required": true, "Caching": true}}`
std::string add_request_parameters(Json& operation, const Json& list) {
  for (const Json& each : list) {
    const bool plain = each.is_string();
    if (!plain && (!each.is_object() || each.size() != 1))
      return "Invalid value for 'RequestParameters' property. Property must be either a string or an object";
    const std::string name = plain ? each.get<std::string>() : each.begin().key();
    const Json settings = plain ? Json::object() : *each.begin();
    std::string in;
    for (const auto& [prefix, place] :
         {std::pair{"method.request.querystring.", "query"}, std::pair{"method.request.path.", "path"},
          std::pair{"method.request.header.", "header"}})
      if (name.starts_with(prefix)) in = place;
    if (in.empty())
      return "Invalid value for 'RequestParameters' property. Keys must be in the format "
             "'method.request.[querystring|path|header].{value}', e.g 'method.request.header.Authorization'.";
    Json required = sam_member(settings, "Required");
    if (required.is_null()) required = false;
    operation["parameters"].push_back({{"in", in},
                                       {"name", name.substr(name.find('.', 15) + 1)},
                                       {"required", required},
                                       {"type", "string"}});
    if (sam_truth(sam_member(settings, "Caching")))
      operation[integration_key]["cacheKeyParameters"].push_back(name);
  }
  return {};
}

std::string add_request_model(Json& body, Json& operation, const Json& said, const Json& models,
                              const std::string& where, bool third) {
  const Json model = sam_member(said, "Model");
  if (!sam_truth(model)) return {};
  const std::string asked = model.is_string() ? model.get<std::string>() : model.dump();
  if (!sam_truth(models))
    return fmt::format(
        "Unable to set RequestModel [{}] on {} because the related API does not define any Models.", asked,
        where);
  if (sam_member(models, asked.c_str()).is_null())
    return fmt::format("Unable to set RequestModel [{}] on {} because it wasn't defined in the API's Models.",
                       asked, where);
  std::string name = asked;
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  const Json required = sam_member(said, "Required");
  if (third) {
    operation["requestBody"] = {
        {"content", {{"application/json", {{"schema", {{"$ref", "#/components/schemas/" + name}}}}}}}};
    if (!required.is_null()) operation["requestBody"]["required"] = required;
  } else {
    Json parameter{{"in", "body"}, {"name", name}, {"schema", {{"$ref", "#/definitions/" + name}}}};
    if (!required.is_null()) parameter["required"] = required;
    operation["parameters"].push_back(std::move(parameter));
  }
  const Json of_body = sam_member(said, "ValidateBody");
  const Json of_parameters = sam_member(said, "ValidateParameters");
  if (of_body.is_null() && of_parameters.is_null()) return {};
  if ((!of_body.is_null() && !of_body.is_boolean()) ||
      (!of_parameters.is_null() && !of_parameters.is_boolean()))
    return fmt::format(
        "Unable to set Validator to RequestModel [{}] on {} ValidateBody and ValidateParameters must be a "
        "boolean type, strings or intrinsics are not supported.",
        asked, where);
  const bool checks_body = sam_truth(of_body);
  const bool checks_parameters = sam_truth(of_parameters);
  const char* validator = checks_body ? (checks_parameters ? "body-and-params" : "body-only")
                                      : (checks_parameters ? "params-only" : "no-validation");
  body["x-amazon-apigateway-request-validators"][validator] = {
      {"validateRequestBody", checks_body}, {"validateRequestParameters", checks_parameters}};
  operation["x-amazon-apigateway-request-validator"] = validator;
  return {};
}

/// With a signature the function is run as the caller, unless a role is named.
void add_credentials(Json& integration, const Json& auth, const Json& api_auth) {
  const bool signs = sam_member(auth, "Authorizer") == Json("AWS_IAM") ||
                     (sam_member(api_auth, "DefaultAuthorizer") == Json("AWS_IAM") && !sam_truth(auth));
  if (!signs) return;
  Json role = "CALLER_CREDENTIALS";
  for (const Json* each : {&api_auth, &auth})
    if (each->is_object() && each->contains("InvokeRole"))
      role = sam_truth((*each)["InvokeRole"]) ? (*each)["InvokeRole"] : Json("NONE");
  if (role == Json("NONE")) return;
  integration["credentials"] = role == Json("CALLER_CREDENTIALS") ? Json("arn:aws:iam::*:user/*") : role;
}

std::string auth_problem(const Json& auth, const Json& api_auth, const std::string& where) {
  const Json name = sam_member(auth, "Authorizer");
  const Json authorizers = sam_member(api_auth, "Authorizers");
  if (sam_truth(name) && name != Json("AWS_IAM")) {
    const std::string text = name.is_string() ? name.get<std::string>() : name.dump();
    if (text == "NONE") {
      if (!sam_truth(sam_member(api_auth, "DefaultAuthorizer")))
        return fmt::format(
            "Unable to set Authorizer on {} because 'NONE' is only a valid value when a "
            "DefaultAuthorizer on the API is specified.",
            where);
    } else if (!sam_truth(authorizers)) {
      return fmt::format(
          "Unable to set Authorizer [{}] on {} because the related API does not define any Authorizers.",
          text, where);
    } else if (sam_member(authorizers, text.c_str()).is_null()) {
      return fmt::format(
          "Unable to set Authorizer [{}] on {} because it wasn't defined in the API's Authorizers.", text,
          where);
    }
  }
  const Json key = sam_member(auth, "ApiKeyRequired");
  if (!key.is_null() && !sam_truth(key) && !sam_truth(sam_member(api_auth, "ApiKeyRequired")))
    return fmt::format(
        "Unable to set ApiKeyRequired [False] on {} because the related API does not specify any "
        "ApiKeyRequired.",
        where);
  return {};
}

}  // namespace

void expand_rest_api_event(SamDraft& draft, const SamTarget& target, const std::string& name,
                           const Json& properties) {
  const auto refuse = [&](const std::string& text) {
    draft.refuse(target.function, fmt::format("Event with id [{}] is invalid. {}", name, text));
  };
  const std::string path = properties.value("Path", std::string());
  std::string method = properties.value("Method", std::string());
  if (path.empty() || method.empty())
    return refuse(fmt::format("Event is missing the following required property: '{}'.",
                              path.empty() ? "Path" : "Method"));
  if (properties.contains("ResponseTransferMode"))
    return refuse("Aviary does not have streamed responses of REST APIs yet.");
  std::ranges::transform(method, method.begin(), [](unsigned char c) { return std::tolower(c); });

  const Json given = properties.contains("RestApiId") ? properties["RestApiId"] : sam_ref(implicit_rest_api);
  const std::string api_id = given.is_string() ? given.get<std::string>()
                             : given.contains("Ref") && given["Ref"].is_string()
                                 ? given["Ref"].get<std::string>()
                                 : std::string();
  if (api_id.empty()) return refuse("Property 'RestApiId' should be a string.");
  if (!properties.contains("RestApiId") && !draft.rest_apis.contains(api_id)) {
    SamApi made;
    made.properties = draft.api_globals;
    made.properties["StageName"] = "Prod";
    draft.rest_apis[api_id] = begin_rest_api(std::move(made));
  }
  std::string suffix;
  const auto api = draft.rest_apis.find(api_id);
  if (api != draft.rest_apis.end()) {
    const Json stage = sam_member(api->second.properties, "StageName");
    suffix = stage.is_string() ? stage.get<std::string>() : "Stage";
  } else if (draft.resources.contains(api_id)) {
    suffix = "Stage";
  } else {
    return refuse("RestApiId property of Api event must reference a valid resource in the same template.");
  }
  std::string verb = method == "any" ? std::string("*") : method;
  std::ranges::transform(verb, verb.begin(), [](unsigned char c) { return std::toupper(c); });
  const std::string permission = target.function + name + "Permission";
  draft.resources[is_alphanumeric(suffix) ? permission + suffix : sam_id(permission, Json(suffix))] =
      conditional_permission(target,
                             api_permission(sam_ref(target.invoked), "aws",
                                            "${__ApiId__}/${__Stage__}/" + verb + path_with_stars(path),
                                            {{"__ApiId__", given}, {"__Stage__", "*"}}));
  if (api == draft.rest_apis.end() || !api->second.managed) return;

  Json& body = api->second.body;
  const std::string key = method_key(method);
  const std::string where = fmt::format("API method [{}] for path [{}]", method, path);
  if (body["paths"].contains(path) && body["paths"][path].contains(key))
    return refuse(fmt::format("API method \"{}\" defined multiple times for path \"{}\".", method, path));
  const Json auth = sam_member(properties, "Auth");
  const Json api_auth = sam_member(api->second.properties, "Auth");
  if (sam_truth(sam_member(auth, "ResourcePolicy")))
    return refuse("Aviary does not have ResourcePolicy of APIs yet.");
  if (std::string problem = auth_problem(auth, api_auth, where); !problem.empty()) return refuse(problem);
  const bool third = body.contains("openapi");
  Json operation{{integration_key,
                  {{"type", "aws_proxy"}, {"httpMethod", "POST"}, {"uri", integration_uri(target, "aws")}}},
                 {"responses", Json::object()}};
  add_credentials(operation[integration_key], auth, api_auth);
  if (sam_truth(auth)) add_method_security(body, operation, auth, api_auth);
  if (const Json timeout = sam_member(properties, "TimeoutInMillis"); sam_truth(timeout))
    operation[integration_key]["timeoutInMillis"] = timeout;
  std::string problem = add_request_model(body, operation, sam_member(properties, "RequestModel"),
                                          sam_member(api->second.properties, "Models"), where, third);
  if (problem.empty())
    problem = add_request_parameters(operation, properties.value("RequestParameters", Json::array()));
  if (!problem.empty()) return refuse(problem);
  body["paths"][path][key] = std::move(operation);
  api->second.conditions[path][key] = target.condition;
}

}  // namespace aviary::cloudformation
