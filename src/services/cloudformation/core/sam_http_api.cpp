#include <fmt/format.h>

#include <algorithm>

#include "services/cloudformation/core/sam_function.hpp"

/// Events of type HttpApi, and the API that SAM makes for those that name none.
namespace aviary::cloudformation {
namespace {

constexpr const char* implicit_http_api = "ServerlessHttpApi";
constexpr std::string_view any_method = "x-amazon-apigateway-any-method";

/// `/items/{id}` → `/items/*`
std::string with_stars(const std::string& path) {
  std::string out;
  for (std::size_t at = 0; at < path.size(); ++at) {
    const std::size_t end = path[at] == '{' ? path.find('}', at) : std::string::npos;
    if (end == std::string::npos) {
      out += path[at];
    } else {
      out += '*';
      at = end;
    }
  }
  return out;
}

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

}  // namespace

void expand_http_api_event(SamDraft& draft, const SamTarget& target, const std::string& name,
                           const Json& properties) {
  const auto refuse = [&](const std::string& text) {
    draft.refuse(target.function, fmt::format("Event with id [{}] is invalid. {}", name, text));
  };
  for (const char* later : {"ApiId", "Auth", "RouteSettings"})
    if (properties.contains(later)) {
      refuse(fmt::format("Aviary does not have {} of HttpApi events yet.", later));
      return;
    }
  if (!target.condition.empty()) {
    refuse("Aviary does not have HttpApi events of functions with a Condition yet.");
    return;
  }
  std::string path = properties.value("Path", std::string());
  std::string method = properties.value("Method", std::string());
  if (path.empty() != method.empty()) {
    refuse(fmt::format("Event is missing the Property '{}'.", path.empty() ? "Path" : "Method"));
    return;
  }
  if (path.empty()) {
    path = "$default";
    method = any_method;
  }
  std::ranges::transform(method, method.begin(), [](unsigned char c) { return std::tolower(c); });
  if (method == "any" || method == "*") method = any_method;
  if (draft.http_paths.contains(path) && draft.http_paths[path].contains(method)) {
    refuse(fmt::format("API method \"{}\" defined multiple times for path \"{}\".", method, path));
    return;
  }
  const std::string function = target.invoked == target.function ? target.function + ".Arn" : target.invoked;
  Json integration{
      {"httpMethod", "POST"},
      {"type", "aws_proxy"},
      {"uri",
       {{"Fn::Sub", "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${" +
                        function + "}/invocations"}}},
      {"payloadFormatVersion", properties.value("PayloadFormatVersion", Json("2.0"))}};
  if (properties.contains("TimeoutInMillis")) integration["timeoutInMillis"] = properties["TimeoutInMillis"];
  Json operation{{"x-amazon-apigateway-integration", std::move(integration)}, {"responses", Json::object()}};
  if (path == "$default") operation["isDefaultRoute"] = true;
  if (Json parameters = path_parameters(path); !parameters.empty())
    operation["parameters"] = std::move(parameters);
  draft.http_paths[path][method] = std::move(operation);

  const std::string allowed =
      (method == any_method ? std::string("*") : [&] {
        std::string capitals = method;
        std::ranges::transform(capitals, capitals.begin(), [](unsigned char c) { return std::toupper(c); });
        return capitals;
      }()) + (path == "$default" ? std::string() : with_stars(path));
  draft.resources[target.function + name + "Permission"] = {
      {"Type", "AWS::Lambda::Permission"},
      {"Properties",
       {{"Action", "lambda:InvokeFunction"},
        {"FunctionName", sam_ref(target.invoked)},
        {"Principal", "apigateway.amazonaws.com"},
        {"SourceArn",
         {{"Fn::Sub",
           Json::array({"arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/"
                        "${__Stage__}/" +
                            allowed,
                        {{"__ApiId__", sam_ref(implicit_http_api)}, {"__Stage__", "*"}}})}}}}}};
}

void expand_http_api(SamDraft& draft) {
  if (draft.http_paths.empty()) return;
  const std::string stage = std::string(implicit_http_api) + "ApiGatewayDefaultStage";
  draft.resources[implicit_http_api] = {
      {"Type", "AWS::ApiGatewayV2::Api"},
      {"Properties",
       {{"Body",
         {{"openapi", "3.0.1"},
          {"info", {{"version", "1.0"}, {"title", sam_ref("AWS::StackName")}}},
          {"paths", draft.http_paths},
          {"tags",
           Json::array({{{"name", "httpapi:createdBy"}, {"x-amazon-apigateway-tag-value", "SAM"}}})}}}}}};
  draft.resources[stage] = {{"Type", "AWS::ApiGatewayV2::Stage"},
                            {"Properties",
                             {{"ApiId", sam_ref(implicit_http_api)},
                              {"StageName", "$default"},
                              {"Tags", {{"httpapi:createdBy", "SAM"}}},
                              {"AutoDeploy", true}}}};
  draft.referable[std::string(implicit_http_api) + ".Stage"] = stage;
}

}  // namespace aviary::cloudformation
