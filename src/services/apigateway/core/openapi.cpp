#include "services/apigateway/core/openapi.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "base/document.hpp"

namespace aviary::apigateway {
namespace {

const Json nothing = Json::object();

const Json& object_in(const Json& owner, const char* name) {
  const Json* found = owner.is_object() ? find_member(owner, name) : nullptr;
  return found != nullptr && found->is_object() ? *found : nothing;
}

/// Texts that documents write as numbers too.
std::string text_in(const Json& owner, const char* name) {
  const Json* found = owner.is_object() ? find_member(owner, name) : nullptr;
  if (found == nullptr) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string capitals(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

/// `#/definitions/Pet`, `#/components/schemas/Pet`
std::string referred(const Json& schema) {
  const std::string reference = text_in(schema, "$ref");
  const std::size_t slash = reference.rfind('/');
  return slash == std::string::npos ? std::string() : reference.substr(slash + 1);
}

/// A member is copied when it is there.
void copy_if_there(const Json& from, Json& to,
                   std::initializer_list<std::pair<const char*, const char*>> names) {
  for (const auto& [source, target] : names)
    if (const Json* found = find_member(from, source)) to[target] = *found;
}

class OpenApiReader {
 public:
  explicit OpenApiReader(const Json& document)
      : document_(document),
        third_(document.contains("openapi")),
        components_(object_in(document, "components")) {}

  ImportedApi read() {
    if (!document_.is_object() || (!third_ && !text_in(document_, "swagger").starts_with("2")) ||
        (third_ && !text_in(document_, "openapi").starts_with("3"))) {
      out_.problem = "Invalid OpenAPI input.";
      return out_;
    }
    whole_api();
    models();
    authorizers();
    for (const auto& [name, said] : object_in(document_, "x-amazon-apigateway-request-validators").items())
      out_.validators[name] = {{"name", name},
                               {"validateRequestBody", flag_of(said, "validateRequestBody")},
                               {"validateRequestParameters", flag_of(said, "validateRequestParameters")}};
    gateway_responses();
    documentation();
    for (const auto& [path, item] : object_in(document_, "paths").items()) {
      if (!path.starts_with('/'))
        out_.problem = fmt::format("Resource path must begin with a slash: {}", path);
      if (!item.is_object()) continue;
      out_.methods[path] = Json::object();
      for (const auto& [verb, operation] : item.items()) {
        static constexpr std::string_view verbs[] = {
            "get", "put", "post", "delete", "patch", "options", "head", "x-amazon-apigateway-any-method"};
        if (std::ranges::find(verbs, verb) == std::end(verbs) || !operation.is_object()) continue;
        const std::string name = verb.starts_with("x-") ? "ANY" : capitals(verb);
        out_.methods[path][name] = method(item, operation, name);
      }
    }
    return out_;
  }

 private:
  void whole_api() {
    const Json& info = object_in(document_, "info");
    out_.api["name"] = info.contains("title") ? text_in(info, "title") : "API";
    copy_if_there(info, out_.api, {{"description", "description"}});
    if (info.contains("version")) out_.api["version"] = text_in(info, "version");
    copy_if_there(document_, out_.api,
                  {{"x-amazon-apigateway-binary-media-types", "binaryMediaTypes"},
                   {"x-amazon-apigateway-minimum-compression-size", "minimumCompressionSize"},
                   {"x-amazon-apigateway-api-key-source", "apiKeySource"}});
    if (const Json* policy = find_member(document_, "x-amazon-apigateway-policy"))
      out_.api["policy"] = policy->is_string() ? *policy : Json(policy->dump());
    const Json& endpoint = object_in(document_, "x-amazon-apigateway-endpoint-configuration");
    copy_if_there(endpoint, out_.api, {{"disableExecuteApiEndpoint", "disableExecuteApiEndpoint"}});
    if (const Json* types = find_member(endpoint, "types"))
      out_.api["endpointConfiguration"] = {{"types", *types}};
  }

  void models() {
    for (const auto& [name, schema] :
         (third_ ? object_in(components_, "schemas") : object_in(document_, "definitions")).items())
      out_.models[name] = {{"name", name}, {"contentType", "application/json"}, {"schema", schema.dump()}};
  }

  const Json& schemes() const {
    return third_ ? object_in(components_, "securitySchemes") : object_in(document_, "securityDefinitions");
  }

  void authorizers() {
    for (const auto& [name, scheme] : schemes().items()) {
      const Json& said = object_in(scheme, "x-amazon-apigateway-authorizer");
      if (said.empty()) continue;
      const std::string type = capitals(text_in(said, "type"));
      Json made{
          {"name", name}, {"type", type}, {"authType", text_in(scheme, "x-amazon-apigateway-authtype")}};
      copy_if_there(said, made,
                    {{"authorizerUri", "authorizerUri"},
                     {"authorizerCredentials", "authorizerCredentials"},
                     {"identitySource", "identitySource"},
                     {"identityValidationExpression", "identityValidationExpression"},
                     {"authorizerResultTtlInSeconds", "authorizerResultTtlInSeconds"},
                     {"providerARNs", "providerARNs"}});
      if (!made.contains("authorizerResultTtlInSeconds")) made["authorizerResultTtlInSeconds"] = 300;
      if (type == "TOKEN" && !made.contains("identitySource"))
        made["identitySource"] = "method.request.header." + text_in(scheme, "name");
      out_.authorizers[name] = std::move(made);
    }
  }

  void documentation() {
    const Json* parts =
        find_member(object_in(document_, "x-amazon-apigateway-documentation"), "documentationParts");
    if (parts == nullptr || !parts->is_array()) return;
    for (const Json& said : *parts) {
      const Json* properties = find_member(said, "properties");
      out_.documentation.push_back({{"location", object_in(said, "location")},
                                    {"properties", properties == nullptr     ? std::string()
                                                   : properties->is_string() ? properties->get<std::string>()
                                                                             : properties->dump()}});
    }
  }

  void gateway_responses() {
    for (const auto& [type, said] : object_in(document_, "x-amazon-apigateway-gateway-responses").items()) {
      Json made{{"responseType", type},
                {"defaultResponse", false},
                {"responseParameters", object_in(said, "responseParameters")},
                {"responseTemplates", object_in(said, "responseTemplates")}};
      if (said.contains("statusCode")) made["statusCode"] = text_in(said, "statusCode");
      for (auto& [name, value] : made["responseParameters"].items())
        if (!value.is_string()) value = value.dump();
      out_.responses[type] = std::move(made);
    }
  }

  Json method(const Json& item, const Json& operation, const std::string& verb) {
    Json made{{"httpMethod", verb}, {"authorizationType", "NONE"}, {"apiKeyRequired", false}};
    copy_if_there(operation, made, {{"operationId", "operationName"}});
    security(operation, made);
    parameters(item, operation, made);
    for (const Json* owner : {&operation, &document_})
      if (const std::string validator = text_in(*owner, "x-amazon-apigateway-request-validator");
          !validator.empty()) {
        made["_validator"] = validator;
        break;
      }
    for (const auto& [status, response] : object_in(operation, "responses").items()) {
      if (status.size() != 3 || !response.is_object()) continue;
      made["methodResponses"][status] = method_response(status, response);
    }
    const Json& integration = object_in(operation, "x-amazon-apigateway-integration");
    if (!integration.empty()) made["methodIntegration"] = integration_of(integration);
    return made;
  }

  void security(const Json& operation, Json& made) {
    if (text_in(object_in(operation, "x-amazon-apigateway-auth"), "type") == "aws_iam" ||
        text_in(object_in(operation, "x-amazon-apigateway-auth"), "type") == "AWS_IAM")
      made["authorizationType"] = "AWS_IAM";
    const Json* wanted = find_member(operation, "security");
    if (wanted == nullptr) wanted = find_member(document_, "security");
    if (wanted == nullptr || !wanted->is_array()) return;
    for (const Json& each : *wanted) {
      if (!each.is_object()) continue;
      for (const auto& [name, scopes] : each.items()) {
        const Json& scheme = object_in(schemes(), name.c_str());
        const std::string auth = text_in(scheme, "x-amazon-apigateway-authtype");
        if (out_.authorizers.contains(name)) {
          const bool cognito = out_.authorizers[name]["type"] == "COGNITO_USER_POOLS";
          made["authorizationType"] = cognito ? "COGNITO_USER_POOLS" : "CUSTOM";
          made["_authorizer"] = name;
        } else if (auth == "awsSigv4") {
          made["authorizationType"] = "AWS_IAM";
        } else if (text_in(scheme, "type") == "apiKey") {
          made["apiKeyRequired"] = true;
        }
      }
    }
  }

  void parameters(const Json& item, const Json& operation, Json& made) {
    const std::map<std::string, std::string> places{
        {"path", "path"}, {"query", "querystring"}, {"header", "header"}};
    for (const Json* owner : {&item, &operation}) {
      const Json* list = find_member(*owner, "parameters");
      if (list == nullptr || !list->is_array()) continue;
      for (const Json& parameter : *list) {
        const std::string in = text_in(parameter, "in");
        if (const auto place = places.find(in); place != places.end())
          made["requestParameters"]["method.request." + place->second + '.' + text_in(parameter, "name")] =
              flag_of(parameter, "required");
        else if (in == "body")
          request_model(object_in(parameter, "schema"), "application/json", made);
      }
    }
    for (const auto& [type, content] : object_in(object_in(operation, "requestBody"), "content").items())
      request_model(object_in(content, "schema"), type, made);
  }

  void request_model(const Json& schema, const std::string& type, Json& made) {
    if (const std::string name = referred(schema); !name.empty()) made["requestModels"][type] = name;
  }

  Json method_response(const std::string& status, const Json& response) {
    Json made{{"statusCode", status}};
    for (const auto& [name, header] : object_in(response, "headers").items())
      made["responseParameters"]["method.response.header." + name] = false;
    if (const std::string name = referred(object_in(response, "schema")); !name.empty())
      made["responseModels"]["application/json"] = name;
    for (const auto& [type, content] : object_in(response, "content").items())
      if (const std::string name = referred(object_in(content, "schema")); !name.empty())
        made["responseModels"][type] = name;
    return made;
  }

  Json integration_of(const Json& said) {
    Json made = Json::object();
    copy_if_there(said, made,
                  {{"uri", "uri"},
                   {"httpMethod", "httpMethod"},
                   {"credentials", "credentials"},
                   {"requestParameters", "requestParameters"},
                   {"requestTemplates", "requestTemplates"},
                   {"contentHandling", "contentHandling"},
                   {"cacheNamespace", "cacheNamespace"},
                   {"cacheKeyParameters", "cacheKeyParameters"},
                   {"timeoutInMillis", "timeoutInMillis"},
                   {"connectionType", "connectionType"},
                   {"connectionId", "connectionId"},
                   {"responseTransferMode", "responseTransferMode"}});
    std::string type = capitals(text_in(said, "type"));
    std::ranges::replace(type, '-', '_');
    made["type"] = type;
    if (made.contains("httpMethod")) made["httpMethod"] = capitals(text_in(said, "httpMethod"));
    const std::string behavior = capitals(text_in(said, "passthroughBehavior"));
    if (!behavior.empty()) made["passthroughBehavior"] = behavior;
    for (const auto& [pattern, response] : object_in(said, "responses").items()) {
      if (!response.is_object()) continue;
      const std::string status = text_in(response, "statusCode");
      Json one{{"statusCode", status}};
      if (pattern != "default") one["selectionPattern"] = pattern;
      copy_if_there(response, one,
                    {{"responseParameters", "responseParameters"},
                     {"responseTemplates", "responseTemplates"},
                     {"contentHandling", "contentHandling"}});
      made["integrationResponses"][status] = std::move(one);
    }
    return made;
  }

  const Json& document_;
  bool third_;
  const Json& components_;
  ImportedApi out_;
};

}  // namespace

ImportedApi read_openapi(const Json& document) {
  if (!document.is_object()) return {.problem = "Invalid OpenAPI input."};
  // Values of a kind that nobody expects (a text where a map belongs) end here.
  try {
    return OpenApiReader(document).read();
  } catch (const Json::exception&) {
    return {.problem = "Unable to import REST API: a member is not of the kind that it must be."};
  }
}

}  // namespace aviary::apigateway
