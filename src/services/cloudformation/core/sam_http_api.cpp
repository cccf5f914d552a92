#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "services/cloudformation/core/sam_api.hpp"

/// Events of type HttpApi, and AWS::Serverless::HttpApi: the API with its document, and its stage.
namespace aviary::cloudformation {
namespace {

/// What is in braces, once each, as the translator names it: `{proxy+}` is `proxy+`.
Json path_parameters(const std::string& path) {
  Json parameters = Json::array();
  for (std::size_t open = path.find('{'); open != std::string::npos; open = path.find('{', open + 1)) {
    const std::size_t close = path.find('}', open);
    if (close == std::string::npos) break;
    Json parameter{{"name", path.substr(open + 1, close - open - 1)}, {"in", "path"}, {"required", true}};
    if (std::ranges::find(parameters, parameter) == parameters.end())
      parameters.push_back(std::move(parameter));
  }
  return parameters;
}

/// The authorizer of an event; a refusal if there is none of that name.
std::string event_security(const Json& auth, const Json& api_auth, const std::string& where,
                           Json& operation) {
  if (!sam_truth(auth)) return {};
  Json name = sam_member(auth, "Authorizer");
  const Json usual = sam_member(api_auth, "DefaultAuthorizer");
  if (!sam_truth(name)) name = usual;
  if (!sam_truth(name))
    return "'Auth' section requires either an explicit 'Authorizer' set or a 'DefaultAuthorizer' configured "
           "on the "
           "HttpApi.";
  if (!name.is_string()) return fmt::format("Unable to set Authorizer on {}: it must be a string.", where);
  const std::string text = name.get<std::string>();
  const Json authorizers = sam_member(api_auth, "Authorizers");
  if (text == "AWS_IAM" && sam_member(authorizers, "AWS_IAM").is_null())
    return "Aviary does not have AWS_IAM of HttpApi events yet.";
  if (text == "NONE") {
    if (!sam_truth(usual))
      return fmt::format(
          "Unable to set Authorizer on {} because 'NONE' is only a valid value when a DefaultAuthorizer "
          "on the API is specified.",
          where);
  } else if (!sam_truth(authorizers)) {
    return fmt::format(
        "Unable to set Authorizer [{}] on {} because the related API does not define any Authorizers.", text,
        where);
  } else if (sam_member(authorizers, text.c_str()).is_null()) {
    return fmt::format(
        "Unable to set Authorizer [{}] on {} because it wasn't defined in the API's Authorizers.", text,
        where);
  }
  Json scopes = sam_member(auth, "AuthorizationScopes");
  if (scopes.is_null()) scopes = sam_member(sam_member(authorizers, text.c_str()), "AuthorizationScopes");
  operation["security"] = Json::array({{{text, scopes.is_array() ? scopes : Json::array()}}});
  return {};
}

/// Whether the document's default route runs the same function: then its permission is enough.
bool default_runs(const Json& body, const Json& uri) {
  const Json route = sam_member(sam_member(sam_member(body, "paths"), "$default"), any_method_key);
  return sam_member(sam_member(route, integration_key), "uri") == uri;
}

Json http_authorizer(const Json& said) {
  if (sam_member(said, "JwtConfiguration").is_object()) {
    Json configuration = Json::object();
    for (const auto& [key, value] : said["JwtConfiguration"].items()) {
      std::string small = key;
      std::ranges::transform(small, small.begin(), [](unsigned char c) { return std::tolower(c); });
      configuration[small] = value;
    }
    return {{"type", "oauth2"},
            {"x-amazon-apigateway-authorizer",
             {{"type", "jwt"},
              {"jwtConfiguration", configuration},
              {"identitySource", sam_member(said, "IdentitySource")}}}};
  }
  Json authorizer{{"type", "request"},
                  {"authorizerUri",
                   {{"Fn::Sub", Json::array({"arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/"
                                             "functions/${__FunctionArn__}/invocations",
                                             {{"__FunctionArn__", sam_member(said, "FunctionArn")}}})}}}};
  if (const Json role = sam_member(said, "FunctionInvokeRole"); sam_truth(role) && role != Json("NONE"))
    authorizer["authorizerCredentials"] = role;
  const Json identity = sam_member(said, "Identity");
  if (const Json ttl = sam_member(identity, "ReauthorizeEvery"); !ttl.is_null())
    authorizer["authorizerResultTtlInSeconds"] = ttl;
  Json sources = Json::array();
  for (const auto& [member, prefix] :
       {std::pair{"Headers", "$request.header."}, std::pair{"QueryStrings", "$request.querystring."},
        std::pair{"StageVariables", "$stageVariables."}, std::pair{"Context", "$context."}}) {
    const Json values = sam_member(identity, member);
    if (!values.is_array()) continue;
    for (const Json& value : values)
      if (value.is_string()) sources.push_back(prefix + value.get<std::string>());
  }
  if (!sources.empty()) authorizer["identitySource"] = std::move(sources);
  authorizer["authorizerPayloadFormatVersion"] = sam_member(said, "AuthorizerPayloadFormatVersion");
  if (const Json simple = sam_member(said, "EnableSimpleResponses"); !simple.is_null())
    authorizer["enableSimpleResponses"] = simple;
  return {{"type", "apiKey"},
          {"name", "Unused"},
          {"in", "header"},
          {"x-amazon-apigateway-authorizer", std::move(authorizer)}};
}

void add_http_auth(SamDraft& draft, const std::string& name, const Json& auth, Json& body) {
  if (sam_truth(sam_member(auth, "EnableIamAuthorizer"))) {
    draft.refuse(name, "Aviary does not have EnableIamAuthorizer of HttpApi yet.");
    return;
  }
  const Json authorizers = sam_member(auth, "Authorizers");
  if (!sam_truth(authorizers)) return;
  for (const auto& [each, said] : authorizers.items()) {
    if (sam_member(said, "JwtConfiguration").is_null() && !sam_truth(sam_member(said, "FunctionArn"))) {
      draft.refuse(name, each + " Lambda Authorizer must define 'FunctionArn'.");
      return;
    }
    if (sam_member(said, "JwtConfiguration").is_null() &&
        sam_member(said, "AuthorizerPayloadFormatVersion").is_null()) {
      draft.refuse(name, each + " Lambda Authorizer must define 'AuthorizerPayloadFormatVersion'.");
      return;
    }
    body["components"]["securitySchemes"][each] = http_authorizer(said);
  }
  const Json usual = sam_member(auth, "DefaultAuthorizer");
  if (!sam_truth(usual)) return;
  const std::string text = usual.is_string() ? usual.get<std::string>() : std::string();
  if (sam_member(authorizers, text.c_str()).is_null()) {
    draft.refuse(name,
                 "Unable to set DefaultAuthorizer because '" + text + "' was not defined in 'Authorizers'.");
    return;
  }
  const Json scopes = sam_member(sam_member(authorizers, text.c_str()), "AuthorizationScopes");
  for (Json& path : body["paths"])
    for (auto& [verb, method] : path.items())
      if (method.is_object() && method.contains(integration_key) && verb != "options" &&
          !method.contains("security"))
        method["security"] = Json::array({{{text, scopes.is_array() ? scopes : Json::array()}}});
}

Json http_cors(const Json& given) {
  if (given == Json(true)) return {{"allowOrigins", Json::array({"*"})}};
  Json cors = Json::object();
  if (!given.is_object()) return cors;
  for (const auto& [name, value] : given.items()) {
    std::string small = name;
    small[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(small[0])));
    if (sam_truth(value) || (small == "maxAge" && !value.is_null())) cors[small] = value;
  }
  return cors;
}

void finish_http_document(SamDraft& draft, const std::string& name, SamApi& api) {
  Json& body = api.body;
  const Json& properties = api.properties;
  if (const Json title = sam_member(properties, "Name"); sam_truth(title)) body["info"]["title"] = title;
  if (const Json text = sam_member(properties, "Description"); sam_truth(text))
    body["info"]["description"] = text;
  if (const Json auth = sam_member(properties, "Auth"); sam_truth(auth))
    add_http_auth(draft, name, auth, body);
  if (const Json cors = sam_member(properties, "CorsConfiguration"); sam_truth(cors))
    body["x-amazon-apigateway-cors"] = http_cors(cors);
  Json& tags = body["tags"];
  if (tags.is_null()) tags = Json::array();
  if (const Json own = sam_member(properties, "Tags"); own.is_object())
    for (const auto& [key, value] : own.items())
      tags.push_back({{"name", key}, {"x-amazon-apigateway-tag-value", value}});
  tags.push_back({{"name", "httpapi:createdBy"}, {"x-amazon-apigateway-tag-value", "SAM"}});
  if (const Json disabled = sam_member(properties, "DisableExecuteApiEndpoint"); !disabled.is_null())
    body["servers"] = Json::array(
        {{{"x-amazon-apigateway-endpoint-configuration", {{"disableExecuteApiEndpoint", disabled}}}}});
}

void expand_http_api(SamDraft& draft, const std::string& name, SamApi& api) {
  const Json& properties = api.properties;
  for (const char* later : {"DefinitionUri", "PropagateTags"})
    if (sam_truth(sam_member(properties, later))) {
      draft.refuse(name, fmt::format("Aviary does not have {} of Serverless::HttpApi yet.", later));
      return;
    }
  finish_http_document(draft, name, api);
  apply_conditions(draft, name, implicit_http_api, api);
  Json made{{"Type", "AWS::ApiGatewayV2::Api"}, {"Properties", {{"Body", api.body}}}};
  if (const Json fails = sam_member(properties, "FailOnWarnings"); sam_truth(fails))
    made["Properties"]["FailOnWarnings"] = fails;
  for (const char* attribute :
       {"Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"})
    if (api.resource.contains(attribute)) made[attribute] = api.resource[attribute];
  draft.resources[name] = std::move(made);

  const Json stage_name = properties.value("StageName", Json("$default"));
  const std::string text = stage_name.is_string() ? stage_name.get<std::string>() : std::string();
  const std::string stage = text == "$default"      ? name + "ApiGatewayDefaultStage"
                            : text.empty()          ? name + "Stage"
                            : is_alphanumeric(text) ? name + text + "Stage"
                                                    : sam_id(name + "Stage", Json(text));
  Json serves{{"ApiId", sam_ref(name)}, {"StageName", stage_name}, {"AutoDeploy", true}};
  for (const char* member : {"StageVariables", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings"})
    if (!sam_member(properties, member).is_null()) serves[member] = properties[member];
  serves["Tags"] = properties.value("Tags", Json::object());
  serves["Tags"]["httpapi:createdBy"] = "SAM";
  Json staged{{"Type", "AWS::ApiGatewayV2::Stage"}, {"Properties", std::move(serves)}};
  pass_on_attributes(api.resource, staged);
  draft.resources[stage] = std::move(staged);
  draft.referable[name + ".Stage"] = stage;
  add_authorizer_permissions(draft, name, api);
  add_api_domain(draft, name, api);
}

}  // namespace

SamApi begin_http_api(SamApi api) {
  api.http = true;
  const Json given = sam_member(api.properties, "DefinitionBody");
  api.managed = !given.is_object() && !api.properties.contains("DefinitionUri");
  if (given.is_object()) api.body = given;
  if (api.managed)
    api.body = {{"openapi", "3.0.1"},
                {"info", {{"version", "1.0"}, {"title", sam_ref("AWS::StackName")}}},
                {"paths", Json::object()}};
  return api;
}

void expand_http_api_event(SamDraft& draft, const SamTarget& target, const std::string& name,
                           const Json& properties) {
  const auto refuse = [&](const std::string& text) {
    draft.refuse(target.function, fmt::format("Event with id [{}] is invalid. {}", name, text));
  };
  std::string path = properties.value("Path", std::string());
  std::string method = properties.value("Method", std::string());
  if (path.empty() != method.empty())
    return refuse(fmt::format("Event is missing the Property '{}'.", path.empty() ? "Path" : "Method"));
  if (path.empty()) {
    path = "$default";
    method = any_method_key;
  }
  method = method_key(method);
  const Json given = properties.contains("ApiId") ? properties["ApiId"] : sam_ref(implicit_http_api);
  const std::string api_id = given.is_string() ? given.get<std::string>()
                             : given.contains("Ref") && given["Ref"].is_string()
                                 ? given["Ref"].get<std::string>()
                                 : std::string();
  if (!properties.contains("ApiId") && !draft.http_apis.contains(api_id)) {
    SamApi made;
    made.properties = draft.http_globals;
    draft.http_apis[api_id] = begin_http_api(std::move(made));
  }
  const auto api = draft.http_apis.find(api_id);
  if (api == draft.http_apis.end())
    return refuse(
        "ApiId must be a valid reference to an 'AWS::Serverless::HttpApi' resource in same template.");
  Json& body = api->second.body;
  const bool managed = api->second.managed;
  // An author's own document keeps the integrations that it has, and gets those that it has not.
  Json operation = sam_member(sam_member(sam_member(body, "paths"), path.c_str()), method.c_str());
  const bool there = !sam_member(operation, integration_key).is_null();
  if (managed && there)
    return refuse(fmt::format("API method '{}' defined multiple times for path '{}'.", method, path));
  const Json uri = integration_uri(target, "${AWS::Partition}");
  if (!operation.is_object()) operation = Json::object();
  if (!there) {
    operation[integration_key] = {
        {"httpMethod", "POST"}, {"type", "aws_proxy"}, {"uri", uri}, {"payloadFormatVersion", "2.0"}};
    if (path == "$default") operation["isDefaultRoute"] = true;
    if (!operation.contains("responses")) operation["responses"] = Json::object();
  }
  if (properties.contains("PayloadFormatVersion"))
    operation[integration_key]["payloadFormatVersion"] = properties["PayloadFormatVersion"];
  if (properties.contains("TimeoutInMillis"))
    operation[integration_key]["timeoutInMillis"] = properties["TimeoutInMillis"];
  const Json parameters = path_parameters(path);
  for (const Json& parameter : parameters) {
    Json& known = operation["parameters"];
    const auto same = std::ranges::find_if(
        known, [&](const Json& each) { return sam_member(each, "name") == parameter.at("name"); });
    if (same != known.end())
      same->update(parameter);
    else
      known.push_back(parameter);
  }
  const std::string where = fmt::format("API method [{}] for path [{}]", method, path);
  std::string problem = event_security(sam_member(properties, "Auth"),
                                       sam_member(api->second.properties, "Auth"), where, operation);
  if (!problem.empty()) return refuse(problem);
  std::string verb = method == any_method_key ? "*" : method;
  std::ranges::transform(verb, verb.begin(), [](unsigned char c) { return std::toupper(c); });
  if (const Json settings = sam_member(properties, "RouteSettings"); settings.is_object()) {
    const std::string route = path == "$default" ? path : (verb == "*" ? "ANY" : verb) + ' ' + path;
    if (target.condition.empty())
      api->second.properties["RouteSettings"][route] = settings;
    else
      api->second.properties["RouteSettings"][route]["Fn::If"] =
          Json::array({target.condition, settings, sam_ref("AWS::NoValue")});
  }
  if (body.is_object() && !body.empty()) body["paths"][path][method] = std::move(operation);
  if (managed || !there) api->second.conditions[path][method] = target.condition;
  if (path != "$default" && default_runs(body, uri)) return;
  if (path == "$default")
    for (const auto& [runs, permission] : api->second.permissions)
      if (runs == uri) draft.resources.erase(permission);
  api->second.permissions.emplace_back(uri, target.function + name + "Permission");
  draft.resources[target.function + name + "Permission"] = conditional_permission(
      target,
      api_permission(sam_ref(target.invoked), "${AWS::Partition}",
                     "${__ApiId__}/${__Stage__}/" + verb + (path == "$default" ? "" : path_with_stars(path)),
                     {{"__ApiId__", given}, {"__Stage__", "*"}}));
}

void expand_http_apis(SamDraft& draft) {
  for (auto& [name, api] : draft.http_apis) expand_http_api(draft, name, api);
}

}  // namespace aviary::cloudformation
