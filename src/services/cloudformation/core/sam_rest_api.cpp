#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "services/cloudformation/core/sam_api.hpp"

/// AWS::Serverless::Api: the API with its document, its deployment, its stage, and what its Auth asks for.
namespace aviary::cloudformation {
namespace {

bool is_third(const SamApi& api) {
  const Json version = sam_member(api.properties, "OpenApiVersion");
  return version.is_string() && version.get<std::string>().starts_with("3");
}

/// What Swagger has elsewhere than OpenAPI 3. The translator does this several times over, and each time puts
/// the headers of preflights one level deeper.
void to_third(const SamApi& api, Json& body) {
  if (body.contains("swagger") || (!body.contains("openapi") && !is_third(api))) return;
  for (const auto& [from, to] :
       {std::pair{"securityDefinitions", "securitySchemes"}, std::pair{"definitions", "schemas"}})
    if (sam_truth(sam_member(body, from))) {
      body["components"][to] = body[from];
      body.erase(from);
    }
  for (Json& path : body["paths"]) {
    if (!path.is_object() || !path.contains("options") || !path["options"].is_object()) continue;
    Json& options = path["options"];
    options.erase("produces");
    options.erase("consumes");
    if (!sam_member(sam_member(sam_member(options, "responses"), "200"), "headers").is_object()) continue;
    for (Json& header : options["responses"]["200"]["headers"]) header = {{"schema", header}};
  }
}

Json preflight_method(const Json& path, const Json& origin, const Json& cors) {
  Json methods = sam_member(cors, "AllowMethods");
  if (!sam_truth(methods)) {
    std::vector<std::string> verbs{"OPTIONS"};
    if (path.contains(any_method_key))
      verbs = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"};
    else
      for (const auto& [name, method] : path.items()) {
        std::string verb = name;
        std::ranges::transform(verb, verb.begin(), [](unsigned char c) { return std::toupper(c); });
        if (std::ranges::find(verbs, verb) == verbs.end()) verbs.push_back(verb);
      }
    std::ranges::sort(verbs);
    methods = fmt::format("'{}'", fmt::join(verbs, ","));
  }
  Json parameters = Json::object();
  Json headers = Json::object();
  const auto add = [&](const char* name, const Json& value, const char* type) {
    parameters[std::string("method.response.header.") + name] = value;
    headers[name] = {{"type", type}};
  };
  add("Access-Control-Allow-Origin", origin, "string");
  if (const Json allowed = sam_member(cors, "AllowHeaders"); sam_truth(allowed))
    add("Access-Control-Allow-Headers", allowed, "string");
  add("Access-Control-Allow-Methods", methods, "string");
  if (const Json age = sam_member(cors, "MaxAge"); !age.is_null())
    add("Access-Control-Max-Age", age, "integer");
  if (sam_member(cors, "AllowCredentials") == Json(true))
    add("Access-Control-Allow-Credentials", "'true'", "string");
  return {
      {"summary", "CORS support"},
      {"consumes", Json::array({"application/json"})},
      {"produces", Json::array({"application/json"})},
      {integration_key,
       {{"type", "mock"},
        {"requestTemplates", {{"application/json", "{\n  \"statusCode\" : 200\n}\n"}}},
        {"responses",
         {{"default",
           {{"statusCode", "200"},
            {"responseParameters", parameters},
            {"responseTemplates", {{"application/json", "{}\n"}}}}}}}}},
      {"responses", {{"200", {{"description", "Default response for CORS method"}, {"headers", headers}}}}}};
}

void add_preflights(SamDraft& draft, const std::string& name, const Json& cors, Json& body) {
  if (!sam_truth(cors)) return;
  const bool intrinsic = cors.is_object() && cors.size() == 1 &&
                         (cors.begin().key() == "Ref" || cors.begin().key().starts_with("Fn::"));
  Json origin = "'*'";
  if (cors.is_string() || intrinsic)
    origin = cors;
  else if (cors.is_object()) {
    for (const auto& [key, value] : cors.items())
      if (key != "AllowMethods" && key != "AllowHeaders" && key != "AllowOrigin" && key != "MaxAge" &&
          key != "AllowCredentials") {
        draft.refuse(name, fmt::format("Invalid key '{}' for 'Cors' property.", key));
        return;
      }
    if (cors.contains("AllowOrigin")) origin = cors["AllowOrigin"];
  } else {
    draft.refuse(name, "Invalid value for 'Cors' property");
    return;
  }
  if (sam_member(cors, "AllowCredentials") == Json(true) && origin == Json("'*'")) {
    draft.refuse(name,
                 "Unable to add Cors configuration because 'AllowCredentials' can not be true when "
                 "'AllowOrigin' is \"'*'\" or not set");
    return;
  }
  for (Json& path : body["paths"])
    if (path.is_object() && !path.contains("options"))
      path["options"] =
          preflight_method(path, origin, cors.is_object() && !intrinsic ? cors : Json::object());
}

Json gateway_responses(const Json& given) {
  Json out = Json::object();
  for (const auto& [type, said] : given.items()) {
    Json parameters = Json::object();
    for (const auto& [group, prefix] : {std::pair{"Headers", "header."}, std::pair{"Paths", "path."},
                                        std::pair{"QueryStrings", "querystring."}}) {
      const Json values = sam_member(sam_member(said, "ResponseParameters"), group);
      if (!values.is_object()) continue;
      for (const auto& [name, value] : values.items())
        parameters[std::string("gatewayresponse.") + prefix + name] = value;
    }
    Json templates = sam_member(said, "ResponseTemplates");
    Json one{{"responseParameters", std::move(parameters)},
             {"responseTemplates", templates.is_null() ? Json::object() : std::move(templates)}};
    if (const Json status = sam_member(said, "StatusCode"); !status.is_null())
      one["statusCode"] = status.is_string() ? status : Json(status.dump());
    out[type] = std::move(one);
  }
  return out;
}

/// Everything that the API's own properties add to its document.
void finish_document(SamDraft& draft, const std::string& name, SamApi& api) {
  Json& body = api.body;
  const Json& properties = api.properties;
  add_preflights(draft, name, sam_member(properties, "Cors"), body);
  if (const Json auth = sam_member(properties, "Auth"); sam_truth(auth)) {
    add_api_security(draft, name, auth, body);
    to_third(api, body);
  }
  if (const Json responses = sam_member(properties, "GatewayResponses"); sam_truth(responses))
    body["x-amazon-apigateway-gateway-responses"].update(gateway_responses(responses));
  if (const Json types = sam_member(properties, "BinaryMediaTypes"); sam_truth(types)) {
    Json clean = types;
    for (Json& type : clean)
      if (type.is_string()) {
        std::string text = type.get<std::string>();
        for (std::size_t at = text.find("~1"); at != std::string::npos; at = text.find("~1", at))
          text.replace(at, 2, "/");
        type = text;
      }
    body["x-amazon-apigateway-binary-media-types"] = std::move(clean);
  }
  if (const Json models = sam_member(properties, "Models"); sam_truth(models)) {
    for (const auto& [model, schema] : models.items()) {
      std::string small = model;
      std::ranges::transform(small, small.begin(), [](unsigned char c) { return std::tolower(c); });
      body["definitions"][small] = schema;
    }
    to_third(api, body);
  }
  if (const Json disabled = sam_member(properties, "DisableExecuteApiEndpoint"); !disabled.is_null())
    body["x-amazon-apigateway-endpoint-configuration"]["disableExecuteApiEndpoint"] = disabled;
  to_third(api, body);
}

void add_endpoints(const Json& given, Json& out) {
  if (!sam_truth(given)) return;
  if (given.is_object() && sam_truth(sam_member(given, "Type"))) {
    out["Parameters"] = {{"endpointConfigurationTypes", given["Type"]}};
    out["EndpointConfiguration"] = {{"Types", Json::array({given["Type"]})}};
    for (const char* ids : {"VPCEndpointIds", "VpcEndpointIds"})
      if (given.contains(ids)) out["EndpointConfiguration"]["VpcEndpointIds"] = given[ids];
    if (given.contains("IpAddressType"))
      out["EndpointConfiguration"]["IpAddressType"] = given["IpAddressType"];
  } else {
    out["Parameters"] = {{"endpointConfigurationTypes", given}};
    out["EndpointConfiguration"] = {{"Types", Json::array({given})}};
  }
}

Json document_place(const Json& uri) {
  if (!uri.is_string()) return uri;
  std::string text = uri.get<std::string>();
  if (!text.starts_with("s3://")) return nullptr;
  text = text.substr(5);
  Json place = Json::object();
  if (const std::size_t mark = text.find("?versionId="); mark != std::string::npos) {
    place["Version"] = text.substr(mark + 11);
    text = text.substr(0, mark);
  }
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return nullptr;
  place["Bucket"] = text.substr(0, slash);
  place["Key"] = text.substr(slash + 1);
  return place;
}

void add_usage_plan(SamDraft& draft, const std::string& name, const SamApi& api, const std::string& stage) {
  const Json said = sam_member(sam_member(api.properties, "Auth"), "UsagePlan");
  if (said.is_null()) return;
  const Json how = sam_member(said, "CreateUsagePlan");
  if (how != Json("SHARED") && how != Json("PER_API") && how != Json("NONE")) {
    draft.refuse(name, how.is_null() ? "'CreateUsagePlan' is a required field for UsagePlan."
                                     : "'CreateUsagePlan' accepts one of ['SHARED', 'PER_API', 'NONE'].");
    return;
  }
  if (how == Json("NONE")) return;
  const std::string prefix = how == Json("SHARED") ? "Serverless" : name;
  const auto begin = [&](const std::string& id, const char* type, const std::string& after) -> Json& {
    Json& made = draft.resources[id];
    if (made.is_null()) {
      made = {{"Type", type}, {"DependsOn", Json::array()}, {"Properties", Json::object()}};
      if (prefix == name) pass_on_attributes(api.resource, made);
    }
    Json& depends = made["DependsOn"];
    if (std::ranges::find(depends, Json(after)) == depends.end()) depends.push_back(after);
    return made["Properties"];
  };
  Json& plan = begin(prefix + "UsagePlan", "AWS::ApiGateway::UsagePlan", name);
  plan["ApiStages"].push_back({{"ApiId", sam_ref(name)}, {"Stage", sam_ref(stage)}});
  for (const char* member : {"UsagePlanName", "Description", "Quota", "Tags", "Throttle"})
    if (sam_truth(sam_member(said, member))) plan[member] = said[member];
  Json& key = begin(prefix + "ApiKey", "AWS::ApiGateway::ApiKey", prefix + "UsagePlan");
  key["Enabled"] = true;
  key["StageKeys"].push_back({{"RestApiId", sam_ref(name)}, {"StageName", sam_ref(stage)}});
  Json& link = begin(prefix + "UsagePlanKey", "AWS::ApiGateway::UsagePlanKey", prefix + "ApiKey");
  link = {{"KeyId", sam_ref(prefix + "ApiKey")},
          {"KeyType", "API_KEY"},
          {"UsagePlanId", sam_ref(prefix + "UsagePlan")}};
  draft.referable[name + ".UsagePlan"] = prefix + "UsagePlan";
  draft.referable[name + ".ApiKey"] = prefix + "ApiKey";
  draft.referable[name + ".UsagePlanKey"] = prefix + "UsagePlanKey";
}

void expand_rest_api(SamDraft& draft, const std::string& name, SamApi& api) {
  const Json& properties = api.properties;
  for (const char* later : {"MergeDefinitions", "AlwaysDeploy", "PropagateTags"})
    if (sam_truth(sam_member(properties, later))) {
      draft.refuse(name, fmt::format("Aviary does not have {} of Serverless::Api yet.", later));
      return;
    }
  if (sam_truth(sam_member(sam_member(properties, "Auth"), "ResourcePolicy"))) {
    draft.refuse(name, "Aviary does not have ResourcePolicy of APIs yet.");
    return;
  }
  const Json stage_name = sam_member(properties, "StageName");
  if (stage_name.is_null()) {
    draft.refuse(name, "Missing required property 'StageName'.");
    return;
  }
  if (properties.contains("DefinitionUri") && properties.contains("DefinitionBody")) {
    draft.refuse(name, "Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.");
    return;
  }
  Json rest = Json::object();
  for (const char* member :
       {"BinaryMediaTypes", "MinimumCompressionSize", "FailOnWarnings", "Name", "Description", "Mode",
        "ApiKeySourceType", "Policy", "SecurityPolicy", "EndpointAccessMode"})
    if (!sam_member(properties, member).is_null()) rest[member] = properties[member];
  add_endpoints(sam_member(properties, "EndpointConfiguration"), rest);
  Json deployed;
  if (properties.contains("DefinitionUri")) {
    deployed = document_place(properties["DefinitionUri"]);
    if (deployed.is_null()) {
      draft.refuse(
          name,
          "'DefinitionUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId "
          "query parameter.");
      return;
    }
    rest["BodyS3Location"] = deployed;
  } else {
    finish_document(draft, name, api);
    apply_conditions(draft, name, implicit_rest_api, api);
    rest["Body"] = api.body;
    deployed = api.body;
  }
  Json made{{"Type", "AWS::ApiGateway::RestApi"}, {"Properties", std::move(rest)}};
  for (const char* attribute :
       {"Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"})
    if (api.resource.contains(attribute)) made[attribute] = api.resource[attribute];
  draft.resources[name] = std::move(made);

  // The digits are those of what is deployed; not the translator's, which come of Python 2's way to write it.
  const std::string hash = sam_hash(deployed);
  const std::string deployment = name + "Deployment" + hash.substr(0, 10);
  Json deploys{
      {"Type", "AWS::ApiGateway::Deployment"},
      {"Properties", {{"RestApiId", sam_ref(name)}, {"Description", "RestApi deployment id: " + hash}}}};
  if (!sam_truth(sam_member(properties, "OpenApiVersion"))) deploys["Properties"]["StageName"] = "Stage";
  pass_on_attributes(api.resource, deploys);
  draft.resources[deployment] = std::move(deploys);

  const std::string stage_text = stage_name.is_string() ? stage_name.get<std::string>() : std::string();
  const std::string stage = stage_text.empty()            ? name + "Stage"
                            : is_alphanumeric(stage_text) ? name + stage_text + "Stage"
                                                          : sam_id(name + "Stage", Json(stage_text));
  Json serves{{"RestApiId", sam_ref(name)}, {"DeploymentId", sam_ref(deployment)}, {"StageName", stage_name}};
  for (const char* member : {"CacheClusterEnabled", "CacheClusterSize", "Variables", "MethodSettings",
                             "AccessLogSetting", "CanarySetting", "TracingEnabled"})
    if (!sam_member(properties, member).is_null()) serves[member] = properties[member];
  if (const Json tags = sam_member(properties, "Tags"); tags.is_object()) {
    serves["Tags"] = Json::array();
    for (const auto& [key, value] : tags.items()) serves["Tags"].push_back({{"Key", key}, {"Value", value}});
  }
  Json staged{{"Type", "AWS::ApiGateway::Stage"}, {"Properties", std::move(serves)}};
  pass_on_attributes(api.resource, staged);
  draft.resources[stage] = std::move(staged);
  draft.referable[name + ".Stage"] = stage;
  draft.referable[name + ".Deployment"] = deployment;
  add_authorizer_permissions(draft, name, api);
  add_usage_plan(draft, name, api, stage);
  add_api_domain(draft, name, api);
}

}  // namespace

SamApi begin_rest_api(SamApi api) {
  const Json given = sam_member(api.properties, "DefinitionBody");
  if (given.is_object()) {
    api.body = given;
  } else if (!api.properties.contains("DefinitionUri")) {
    api.managed = true;
    api.body = {{"info", {{"version", "1.0"}, {"title", sam_ref("AWS::StackName")}}},
                {"paths", Json::object()}};
    if (is_third(api))
      api.body["openapi"] = api.properties["OpenApiVersion"];
    else
      api.body["swagger"] = "2.0";
  }
  return api;
}

void expand_rest_apis(SamDraft& draft) {
  for (auto& [name, api] : draft.rest_apis) expand_rest_api(draft, name, api);
}

}  // namespace aviary::cloudformation
