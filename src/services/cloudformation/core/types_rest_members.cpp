#include "services/cloudformation/core/rest_api_properties.hpp"

/// What belongs to a REST API: resources, methods, deployments, stages, authorizers, models, …
namespace aviary::cloudformation {
namespace {

std::string rest_api_in(const Json& properties) { return property_text(properties, "RestApiId"); }

Steps create_rest_resource(const Context&, const Json& properties) {
  return {rest_call("CreateResource", small_properties(properties, {"RestApiId", "ParentId", "PathPart"}))};
}
Made made_rest_resource(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value("id", "");
  return {id, {{"ResourceId", id}}};
}
Steps remove_rest_resource(const Context&, const Existing& existing) {
  return {rest_call("DeleteResource",
                    {{"restApiId", rest_api_in(existing.properties)}, {"resourceId", existing.physical_id}},
                    true)};
}

Json method_place(const Json& properties) {
  return small_properties(properties, {"RestApiId", "ResourceId", "HttpMethod"});
}
Steps create_rest_method(const Context&, const Json& properties) {
  Json method = method_place(properties);
  method.update(small_properties(
      properties, {"AuthorizationType", "AuthorizerId", "ApiKeyRequired", "OperationName",
                   "RequestParameters", "RequestModels", "RequestValidatorId", "AuthorizationScopes"}));
  if (!method.contains("authorizationType")) method["authorizationType"] = "NONE";
  Steps steps{rest_call("PutMethod", std::move(method))};
  for (const Json& response : properties.value("MethodResponses", Json::array())) {
    Json input = method_place(properties);
    input.update(small_properties(response, {"StatusCode", "ResponseParameters", "ResponseModels"}));
    steps.push_back(rest_call("PutMethodResponse", std::move(input)));
  }
  if (!properties.contains("Integration")) return steps;
  const Json& said = properties["Integration"];
  Json integration = method_place(properties);
  integration.update(small_properties(
      said, {"Type", "IntegrationHttpMethod", "Uri", "Credentials", "RequestParameters", "RequestTemplates",
             "PassthroughBehavior", "ContentHandling", "CacheNamespace", "CacheKeyParameters",
             "TimeoutInMillis", "ConnectionType", "ConnectionId", "ResponseTransferMode"}));
  steps.push_back(rest_call("PutIntegration", std::move(integration)));
  for (const Json& response : said.value("IntegrationResponses", Json::array())) {
    Json input = method_place(properties);
    input.update(small_properties(response, {"StatusCode", "SelectionPattern", "ResponseParameters",
                                             "ResponseTemplates", "ContentHandling"}));
    steps.push_back(rest_call("PutIntegrationResponse", std::move(input)));
  }
  return steps;
}
Made made_rest_method(const Context& context, const Json&, const std::vector<Json>&) {
  return {context.stack_name + "-" + context.logical_id + "-" + context.suffix, {}};
}
Steps remove_rest_method(const Context&, const Existing& existing) {
  return {rest_call("DeleteMethod", method_place(existing.properties), true)};
}
/// What is deployed does not see that a method is away for a moment.
Steps update_rest_method(const Context& context, const Existing& existing, const Json& wanted) {
  Steps steps = remove_rest_method(context, existing);
  for (Step& step : create_rest_method(context, wanted)) steps.push_back(std::move(step));
  return steps;
}

Steps create_rest_deployment(const Context&, const Json& properties) {
  Json input = small_properties(properties, {"RestApiId", "Description", "StageName"});
  if (properties.contains("StageDescription")) {
    const Json& stage = properties["StageDescription"];
    if (stage.contains("Description")) input["stageDescription"] = stage["Description"];
    input.update(small_properties(stage, {"Variables", "TracingEnabled"}));
  }
  if (properties.contains("DeploymentCanarySettings"))
    input["canarySettings"] = small_properties(properties["DeploymentCanarySettings"],
                                               {"PercentTraffic", "StageVariableOverrides", "UseStageCache"});
  return {rest_call("CreateDeployment", std::move(input))};
}
Made made_rest_deployment(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value("id", "");
  return {id, {{"DeploymentId", id}}};
}
Steps update_rest_deployment(const Context&, const Existing& existing, const Json& wanted) {
  return {rest_call("UpdateDeployment",
                    {{"restApiId", rest_api_in(wanted)},
                     {"deploymentId", existing.physical_id},
                     {"patchOperations", Json::array({rest_patch("replace", "/description",
                                                                 property_text(wanted, "Description"))})}})};
}
/// A stage that the deployment made goes with it, unless another deployment has it by now.
Steps remove_rest_deployment(const Context&, const Existing& existing) {
  const std::string api = rest_api_in(existing.properties);
  Steps steps;
  if (existing.properties.contains("StageName")) {
    steps.push_back(
        rest_call("GetStages", {{"restApiId", api}, {"deploymentId", existing.physical_id}}, true));
    Step stage = rest_call("DeleteStage", {{"restApiId", api}}, true);
    stage.fill = [](Json& input, const std::vector<Json>& outputs) {
      const Json found = outputs[0].value("item", Json::array());
      input["stageName"] = found.empty() ? Json("none") : found[0].value("stageName", Json("none"));
    };
    steps.push_back(std::move(stage));
  }
  steps.push_back(
      rest_call("DeleteDeployment", {{"restApiId", api}, {"deploymentId", existing.physical_id}}, true));
  return steps;
}

/// `{"ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": "INFO"}` as patches.
void append_method_settings(const Json& setting, Json& patches) {
  struct Name {
    const char* property;
    const char* path;
  };
  static constexpr Name names[] = {{"LoggingLevel", "logging/loglevel"},
                                   {"DataTraceEnabled", "logging/dataTrace"},
                                   {"MetricsEnabled", "metrics/enabled"},
                                   {"ThrottlingRateLimit", "throttling/rateLimit"},
                                   {"ThrottlingBurstLimit", "throttling/burstLimit"},
                                   {"CachingEnabled", "caching/enabled"},
                                   {"CacheTtlInSeconds", "caching/ttlInSeconds"},
                                   {"CacheDataEncrypted", "caching/dataEncrypted"}};
  const std::string path = property_text(setting, "ResourcePath");
  const std::string where = "/" + (path == "/*" || path == "*" ? "*" : patch_segment(path)) + "/" +
                            property_text(setting, "HttpMethod") + "/";
  for (const Name& name : names)
    if (setting.contains(name.property))
      patches.push_back(rest_patch("replace", where + name.path, property_text(setting, name.property)));
}

Json stage_settings(const Json& before, const Json& wanted) {
  Json patches = Json::array();
  for (const Json& setting : wanted.value("MethodSettings", Json::array()))
    append_method_settings(setting, patches);
  if (wanted.contains("AccessLogSetting"))
    for (const char* name : {"DestinationArn", "Format"})
      if (wanted["AccessLogSetting"].contains(name))
        patches.push_back(rest_patch("replace", "/accessLogSettings/" + with_small_letter(name),
                                     property_text(wanted["AccessLogSetting"], name)));
  // CreateStage does not take it.
  if (before.is_null() && wanted.contains("ClientCertificateId"))
    patches.push_back(
        rest_patch("replace", "/clientCertificateId", property_text(wanted, "ClientCertificateId")));
  if (before.is_null()) return patches;
  for (const char* name : {"ClientCertificateId", "DocumentationVersion"})
    if (before.contains(name) && !wanted.contains(name))
      patches.push_back(rest_patch("remove", "/" + with_small_letter(name), ""));
  for (const char* name : {"DeploymentId", "Description", "TracingEnabled", "CacheClusterEnabled",
                           "CacheClusterSize", "ClientCertificateId", "DocumentationVersion"})
    if (wanted.contains(name) && differs(before, wanted, name))
      patches.push_back(rest_patch("replace", "/" + with_small_letter(name), property_text(wanted, name)));
  const Json variables = wanted.value("Variables", Json::object());
  const Json gone = before.value("Variables", Json::object());
  for (const auto& [name, value] : gone.items())
    if (!variables.contains(name)) patches.push_back(rest_patch("remove", "/variables/" + name, ""));
  for (const auto& [name, value] : variables.items())
    patches.push_back(rest_patch("replace", "/variables/" + name, property_text(variables, name.c_str())));
  const Json canary = wanted.value("CanarySetting", Json::object());
  if (canary.empty() && before.contains("CanarySetting"))
    patches.push_back(rest_patch("remove", "/canarySettings", ""));
  for (const char* name : {"DeploymentId", "PercentTraffic"})
    if (canary.contains(name))
      patches.push_back(
          rest_patch("replace", "/canarySettings/" + with_small_letter(name), property_text(canary, name)));
  return patches;
}

Steps create_rest_stage(const Context&, const Json& properties) {
  Json input = small_properties(
      properties, {"RestApiId", "StageName", "DeploymentId", "Description", "Variables", "TracingEnabled",
                   "CacheClusterEnabled", "CacheClusterSize", "DocumentationVersion"});
  if (properties.contains("CanarySetting"))
    input["canarySettings"] =
        small_properties(properties["CanarySetting"],
                         {"DeploymentId", "PercentTraffic", "StageVariableOverrides", "UseStageCache"});
  if (properties.contains("Tags")) input["tags"] = tag_map(properties["Tags"]);
  Steps steps{rest_call("CreateStage", std::move(input))};
  if (Json patches = stage_settings(nullptr, properties); !patches.empty())
    steps.push_back(rest_call("UpdateStage", {{"restApiId", rest_api_in(properties)},
                                              {"stageName", property_text(properties, "StageName")},
                                              {"patchOperations", std::move(patches)}}));
  return steps;
}
Made made_rest_stage(const Context&, const Json& properties, const std::vector<Json>&) {
  return {property_text(properties, "StageName"), {}};
}
Steps update_rest_stage(const Context&, const Existing& existing, const Json& wanted) {
  Steps steps{rest_call("UpdateStage", {{"restApiId", rest_api_in(wanted)},
                                        {"stageName", existing.physical_id},
                                        {"patchOperations", stage_settings(existing.properties, wanted)}})};
  if (wanted.contains("Tags"))
    steps.push_back(
        rest_call("TagResource", {{"resourceArn", "arn:aws:apigateway:any::/restapis/" + rest_api_in(wanted) +
                                                      "/stages/" + existing.physical_id},
                                  {"tags", tag_map(wanted["Tags"])}}));
  return steps;
}
Steps remove_rest_stage(const Context&, const Existing& existing) {
  return {rest_call("DeleteStage",
                    {{"restApiId", rest_api_in(existing.properties)}, {"stageName", existing.physical_id}},
                    true)};
}

Steps create_rest_authorizer(const Context&, const Json& properties) {
  return {rest_call(
      "CreateAuthorizer",
      small_properties(properties,
                       {"RestApiId", "Name", "Type", "AuthType", "AuthorizerUri", "AuthorizerCredentials",
                        "IdentitySource", "IdentityValidationExpression", "AuthorizerResultTtlInSeconds"}))};
}
Made made_rest_authorizer(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value("id", "");
  return {id, {{"AuthorizerId", id}}};
}
Steps update_rest_authorizer(const Context&, const Existing& existing, const Json& wanted) {
  Json patches = Json::array();
  for (const char* name : {"Name", "Type", "AuthType", "AuthorizerUri", "AuthorizerCredentials",
                           "IdentitySource", "IdentityValidationExpression", "AuthorizerResultTtlInSeconds"})
    if (wanted.contains(name))
      patches.push_back(rest_patch("replace", "/" + with_small_letter(name), property_text(wanted, name)));
  return {rest_call("UpdateAuthorizer", {{"restApiId", rest_api_in(wanted)},
                                         {"authorizerId", existing.physical_id},
                                         {"patchOperations", std::move(patches)}})};
}
Steps remove_rest_authorizer(const Context&, const Existing& existing) {
  return {rest_call("DeleteAuthorizer",
                    {{"restApiId", rest_api_in(existing.properties)}, {"authorizerId", existing.physical_id}},
                    true)};
}

Steps create_rest_model(const Context& context, const Json& properties) {
  Json input = small_properties(properties, {"RestApiId", "Description", "ContentType"});
  const std::string name = property_text(properties, "Name");
  input["name"] = name.empty() ? context.logical_id + context.suffix : name;
  if (!input.contains("contentType")) input["contentType"] = "application/json";
  input["schema"] = properties.contains("Schema") ? document_text(properties["Schema"]) : "{}";
  return {rest_call("CreateModel", std::move(input))};
}
Made made_rest_model(const Context&, const Json&, const std::vector<Json>& outputs) {
  return {outputs[0].value("name", ""), {}};
}
Steps update_rest_model(const Context&, const Existing& existing, const Json& wanted) {
  Json patches = Json::array();
  for (const char* name : {"Description", "Schema"})
    if (wanted.contains(name))
      patches.push_back(rest_patch("replace", "/" + with_small_letter(name), document_text(wanted[name])));
  return {rest_call("UpdateModel", {{"restApiId", rest_api_in(wanted)},
                                    {"modelName", existing.physical_id},
                                    {"patchOperations", std::move(patches)}})};
}
Steps remove_rest_model(const Context&, const Existing& existing) {
  return {rest_call("DeleteModel",
                    {{"restApiId", rest_api_in(existing.properties)}, {"modelName", existing.physical_id}},
                    true)};
}

Steps create_rest_validator(const Context&, const Json& properties) {
  return {rest_call("CreateRequestValidator",
                    small_properties(properties, {"RestApiId", "Name", "ValidateRequestBody",
                                                  "ValidateRequestParameters"}))};
}
Made made_rest_validator(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value("id", "");
  return {id, {{"RequestValidatorId", id}}};
}
Steps update_rest_validator(const Context&, const Existing& existing, const Json& wanted) {
  Json patches = Json::array();
  for (const char* name : {"ValidateRequestBody", "ValidateRequestParameters"}) {
    const std::string value = property_text(wanted, name);
    patches.push_back(rest_patch("replace", "/" + with_small_letter(name), value.empty() ? "false" : value));
  }
  return {rest_call("UpdateRequestValidator", {{"restApiId", rest_api_in(wanted)},
                                               {"requestValidatorId", existing.physical_id},
                                               {"patchOperations", std::move(patches)}})};
}
Steps remove_rest_validator(const Context&, const Existing& existing) {
  return {rest_call(
      "DeleteRequestValidator",
      {{"restApiId", rest_api_in(existing.properties)}, {"requestValidatorId", existing.physical_id}}, true)};
}

Steps put_gateway_response(const Context&, const Json& properties) {
  return {rest_call("PutGatewayResponse",
                    small_properties(properties, {"RestApiId", "ResponseType", "StatusCode",
                                                  "ResponseParameters", "ResponseTemplates"}))};
}
Made made_gateway_response(const Context& context, const Json&, const std::vector<Json>&) {
  const std::string id = context.stack_name + "-" + context.logical_id + "-" + context.suffix;
  return {id, {{"Id", id}}};
}
Steps update_gateway_response(const Context& context, const Existing&, const Json& wanted) {
  return put_gateway_response(context, wanted);
}
Steps remove_gateway_response(const Context&, const Existing& existing) {
  return {rest_call("DeleteGatewayResponse",
                    small_properties(existing.properties, {"RestApiId", "ResponseType"}), true)};
}

}  // namespace

std::span<const ResourceType> rest_member_types() {
  static const ResourceType types[] = {
      {"AWS::ApiGateway::Resource",
       {},
       create_rest_resource,
       made_rest_resource,
       nullptr,
       remove_rest_resource},
      {"AWS::ApiGateway::Method",
       {"RestApiId", "ResourceId", "HttpMethod"},
       create_rest_method,
       made_rest_method,
       update_rest_method,
       remove_rest_method},
      {"AWS::ApiGateway::Deployment",
       {"RestApiId", "StageName", "StageDescription", "DeploymentCanarySettings"},
       create_rest_deployment,
       made_rest_deployment,
       update_rest_deployment,
       remove_rest_deployment},
      {"AWS::ApiGateway::Stage",
       {"RestApiId", "StageName"},
       create_rest_stage,
       made_rest_stage,
       update_rest_stage,
       remove_rest_stage},
      {"AWS::ApiGateway::Authorizer",
       {"RestApiId"},
       create_rest_authorizer,
       made_rest_authorizer,
       update_rest_authorizer,
       remove_rest_authorizer},
      {"AWS::ApiGateway::Model",
       {"RestApiId", "Name", "ContentType"},
       create_rest_model,
       made_rest_model,
       update_rest_model,
       remove_rest_model},
      {"AWS::ApiGateway::RequestValidator",
       {"RestApiId", "Name"},
       create_rest_validator,
       made_rest_validator,
       update_rest_validator,
       remove_rest_validator},
      {"AWS::ApiGateway::GatewayResponse",
       {"RestApiId", "ResponseType"},
       put_gateway_response,
       made_gateway_response,
       update_gateway_response,
       remove_gateway_response},
  };
  return types;
}

}  // namespace aviary::cloudformation
