#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "services/cloudformation/core/sam_api.hpp"

/// Who may call a REST API: `security` of its methods, `securityDefinitions` of the document.
namespace aviary::cloudformation {
namespace {

Json api_key_scheme() { return {{"type", "apiKey"}, {"name", "x-api-key"}, {"in", "header"}}; }
Json iam_scheme() {
  return {{"x-amazon-apigateway-authtype", "awsSigv4"},
          {"type", "apiKey"},
          {"name", "Authorization"},
          {"in", "header"}};
}

void define(Json& body, const char* name, Json scheme) {
  Json& all = body["securityDefinitions"];
  if (!all.contains(name)) all[name] = std::move(scheme);
}

std::string identity_text(const Json& identity) {
  std::string text;
  for (const auto& [member, prefix] :
       {std::pair{"Headers", "method.request.header."},
        std::pair{"QueryStrings", "method.request.querystring."},
        std::pair{"StageVariables", "stageVariables."}, std::pair{"Context", "context."}}) {
    const Json values = sam_member(identity, member);
    if (!values.is_array()) continue;
    for (const Json& value : values)
      if (value.is_string())
        text += (text.empty() ? "" : ", ") + std::string(prefix) + value.get<std::string>();
  }
  return text;
}

Json authorizer_scheme(const Json& said) {
  const Json identity = sam_member(said, "Identity");
  const bool cognito = sam_truth(sam_member(said, "UserPoolArn"));
  const bool by_request = sam_member(said, "FunctionPayloadType") == Json("REQUEST");
  const Json header = sam_member(identity, "Header");
  Json scheme{{"type", "apiKey"},
              {"name", by_request && !cognito ? Json("Unused")
                       : sam_truth(header)    ? header
                                              : Json("Authorization")},
              {"in", "header"},
              {"x-amazon-apigateway-authtype", cognito ? "cognito_user_pools" : "custom"}};
  Json& authorizer = scheme["x-amazon-apigateway-authorizer"];
  if (cognito) {
    const Json pools = sam_member(said, "UserPoolArn");
    authorizer = {{"type", "cognito_user_pools"},
                  {"providerARNs", pools.is_array() ? pools : Json::array({pools})}};
  } else {
    authorizer = {
        {"type", by_request ? "request" : "token"},
        {"authorizerUri",
         {{"Fn::Sub", Json::array({"arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
                                   "${__FunctionArn__}/invocations",
                                   {{"__FunctionArn__", sam_member(said, "FunctionArn")}}})}}}};
    if (const Json ttl = sam_member(identity, "ReauthorizeEvery"); !ttl.is_null())
      authorizer["authorizerResultTtlInSeconds"] = ttl;
    const Json role = sam_member(said, "FunctionInvokeRole");
    if (sam_truth(role) && role != Json("NONE")) authorizer["authorizerCredentials"] = role;
    if (const std::string source = identity_text(identity); by_request && !source.empty())
      authorizer["identitySource"] = source;
  }
  const Json expression = sam_member(identity, "ValidationExpression");
  if ((cognito || !by_request) && sam_truth(expression))
    authorizer["identityValidationExpression"] = expression;
  return scheme;
}

bool names_any(const Json& security, const std::vector<std::string>& names) {
  return std::ranges::any_of(names, [&](const std::string& name) { return security.contains(name); });
}

/// Methods with an integration, with their names.
template <class Visit>
void each_method(Json& body, Visit visit) {
  for (auto& path : body["paths"])
    if (path.is_object())
      for (auto& [name, method] : path.items())
        if (method.is_object() && method.contains(integration_key)) visit(name, method);
}

void set_default_authorizer(Json& body, const Json& authorizers, const std::string& name, bool preflight) {
  std::vector<std::string> names{"AWS_IAM"};
  for (const auto& [each, said] : authorizers.items()) names.push_back(each);
  bool iam = false;
  each_method(body, [&](const std::string& verb, Json& method) {
    if (!preflight && verb == "options") return;
    Json others = Json::array();
    Json own = Json::array();
    bool none = false;
    for (const Json& each : method.value("security", Json::array())) {
      if (each.contains("NONE"))
        none = true;
      else if (names_any(each, names))
        own.push_back(each);
      else
        others.push_back(each);
    }
    if (!none) {
      if (own.empty()) {
        const Json scopes = sam_member(sam_member(authorizers, name.c_str()), "AuthorizationScopes");
        own.push_back({{name, scopes.is_array() ? scopes : Json::array()}});
      }
      for (Json& each : own) others.push_back(std::move(each));
    }
    // As the translator: an empty list leaves what was there.
    if (others.empty()) return;
    iam = iam || others[0].contains("AWS_IAM");
    method["security"] = std::move(others);
  });
  if (iam) define(body, "AWS_IAM", iam_scheme());
}

void set_default_key(Json& body, bool preflight) {
  each_method(body, [&](const std::string& verb, Json& method) {
    const Json before = method.value("security", Json::array());
    Json wanted = Json::array();
    bool refused = false;
    for (const Json& each : before) {
      refused = refused || each.contains("api_key_false");
      if (!each.contains("api_key") && !each.contains("api_key_false")) wanted.push_back(each);
    }
    if (!refused && (verb != "options" || preflight)) wanted.push_back({{"api_key", Json::array()}});
    if (wanted != before) method["security"] = std::move(wanted);
  });
}

}  // namespace

void add_method_security(Json& body, Json& operation, const Json& auth, const Json& api_auth) {
  Json security = operation.value("security", Json::array());
  if (const Json name = sam_member(auth, "Authorizer"); name.is_string() && sam_truth(name)) {
    Json scopes = sam_member(sam_member(sam_member(api_auth, "Authorizers"), name.get<std::string>().c_str()),
                             "AuthorizationScopes");
    if (const Json own = sam_member(auth, "AuthorizationScopes"); !own.is_null()) scopes = own;
    const bool known =
        !sam_member(sam_member(api_auth, "Authorizers"), name.get<std::string>().c_str()).is_null();
    security.push_back({{name.get<std::string>(), known && scopes.is_array() ? scopes : Json::array()}});
    if (security[0].contains("AWS_IAM")) define(body, "AWS_IAM", iam_scheme());
  }
  if (const Json key = sam_member(auth, "ApiKeyRequired"); !key.is_null()) {
    if (sam_truth(key)) define(body, "api_key", api_key_scheme());
    security.push_back({{sam_truth(key) ? "api_key" : "api_key_false", Json::array()}});
  }
  if (!security.empty()) operation["security"] = std::move(security);
}

void add_api_security(SamDraft& draft, const std::string& api, const Json& auth, Json& body) {
  const Json authorizers = sam_member(auth, "Authorizers");
  const Json usual = sam_member(auth, "DefaultAuthorizer");
  if (usual == Json("AWS_IAM")) define(body, "AWS_IAM", iam_scheme());
  if (authorizers.is_object())
    for (const auto& [name, said] : authorizers.items()) {
      const Json type = sam_member(said, "FunctionPayloadType");
      if (!type.is_null() && type != Json("TOKEN") && type != Json("REQUEST")) {
        draft.refuse(api, fmt::format("{} Authorizer has invalid 'FunctionPayloadType': {}.", name,
                                      type.is_string() ? type.get<std::string>() : type.dump()));
        return;
      }
      body["securityDefinitions"][name] = authorizer_scheme(said);
    }
  if (sam_truth(usual)) {
    if (!usual.is_string()) {
      draft.refuse(api, "DefaultAuthorizer is not a string.");
      return;
    }
    const std::string name = usual.get<std::string>();
    if (name != "AWS_IAM" && sam_member(authorizers, name.c_str()).is_null()) {
      draft.refuse(
          api, "Unable to set DefaultAuthorizer because '" + name + "' was not defined in 'Authorizers'.");
      return;
    }
    const Json preflight = sam_member(auth, "AddDefaultAuthorizerToCorsPreflight");
    set_default_authorizer(body, authorizers.is_object() ? authorizers : Json::object(), name,
                           preflight.is_null() || sam_truth(preflight));
  }
  if (sam_truth(sam_member(auth, "ApiKeyRequired"))) {
    define(body, "api_key", api_key_scheme());
    const Json preflight = sam_member(auth, "AddApiKeyRequiredToCorsPreflight");
    set_default_key(body, preflight.is_null() || sam_truth(preflight));
  }
}

void add_authorizer_permissions(SamDraft& draft, const std::string& api, const SamApi& given) {
  const Json authorizers = sam_member(sam_member(given.properties, "Auth"), "Authorizers");
  if (!authorizers.is_object()) return;
  for (const auto& [name, said] : authorizers.items()) {
    const Json function = sam_member(said, "FunctionArn");
    if (!sam_truth(function)) continue;
    // REST APIs give it unless they shall not, HTTP APIs if they shall.
    if (given.http ? !sam_truth(sam_member(said, "EnableFunctionDefaultPermissions"))
                   : sam_truth(sam_member(said, "DisableFunctionDefaultPermissions")))
      continue;
    Json permission = api_permission(function, given.http ? "${AWS::Partition}" : "aws",
                                     "${__ApiId__}/authorizers/*", {{"__ApiId__", sam_ref(api)}});
    pass_on_attributes(given.resource, permission);
    draft.resources[api + name + "AuthorizerPermission"] = std::move(permission);
  }
}

}  // namespace aviary::cloudformation
