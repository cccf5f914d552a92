#include <algorithm>

#include "services/cloudformation/core/resource_type.hpp"
#include "services/cloudformation/core/rest_api_properties.hpp"
#include "services/cloudformation/core/template_text.hpp"

/// AWS::ApiGateway::RestApi and what stands by itself; what belongs to an API is in types_rest_members.cpp.
namespace aviary::cloudformation {
namespace {

constexpr std::string_view own_names[] = {"Name",
                                          "Description",
                                          "Policy",
                                          "ApiKeySourceType",
                                          "SecurityPolicy",
                                          "DisableExecuteApiEndpoint",
                                          "MinimumCompressionSize"};

/// Patches that make an API what the template says beside its document.
Json api_patches(const Json& before, const Json& wanted) {
  Json patches = Json::array();
  for (const std::string_view name : own_names) {
    const std::string property(name);
    const std::string path = name == "ApiKeySourceType" ? "/apiKeySource" : "/" + with_small_letter(property);
    if (wanted.contains(property)) {
      patches.push_back(rest_patch("replace", path, document_text(wanted[property])));
    } else if (before.contains(property) && property != "Name" && property != "ApiKeySourceType") {
      patches.push_back(rest_patch("remove", path, ""));
    }
  }
  const Json types = wanted.value("BinaryMediaTypes", Json::array());
  for (const Json& each : before.value("BinaryMediaTypes", Json::array()))
    if (std::find(types.begin(), types.end(), each) == types.end())
      patches.push_back(rest_patch("remove", "/binaryMediaTypes/" + patch_segment(document_text(each)), ""));
  for (const Json& each : types)
    patches.push_back(rest_patch("add", "/binaryMediaTypes/" + patch_segment(document_text(each)), ""));
  return patches;
}

/// The OpenAPI document, if the template has or names one: from a bucket it is fetched first.
void append_document(const Json& properties, std::size_t before, Json put, Steps& steps) {
  put["mode"] = property_text(properties, "Mode") == "merge" ? "merge" : "overwrite";
  if (properties.contains("Body")) put["body"] = document_text(properties["Body"]);
  Step step = rest_call("PutRestApi", std::move(put));
  std::size_t fetched = before;
  if (!properties.contains("Body")) {
    const Json place = properties["BodyS3Location"];
    Step fetch{.service = "s3", .operation = "GetObject"};
    fetch.input = {{"Bucket", property_text(place, "Bucket")}, {"Key", property_text(place, "Key")}};
    if (place.contains("Version")) fetch.input["VersionId"] = place["Version"];
    steps.push_back(std::move(fetch));
  }
  const bool from_bucket = !properties.contains("Body");
  step.fill = [fetched, from_bucket](Json& input, const std::vector<Json>& outputs) {
    if (!input.contains("restApiId")) input["restApiId"] = outputs[0].value("id", "");
    if (!from_bucket) return;
    const std::string text = outputs[fetched].value("Body", "");
    const Result<Json> document = parse_template(text);
    input["body"] = document ? document_text(*document) : text;
  };
  steps.push_back(std::move(step));
}

bool has_document(const Json& properties) {
  return properties.contains("Body") || properties.contains("BodyS3Location");
}

Steps create_rest_api(const Context& context, const Json& properties) {
  Json input{{"name", context.name(properties, "Name", 200)}};
  if (properties.contains("EndpointConfiguration"))
    input["endpointConfiguration"] = with_small_letters(properties["EndpointConfiguration"]);
  if (properties.contains("Tags")) input["tags"] = tag_map(properties["Tags"]);
  if (properties.contains("CloneFrom")) input["cloneFrom"] = properties["CloneFrom"];
  Steps steps{rest_call("CreateRestApi", std::move(input))};
  if (has_document(properties)) append_document(properties, 1, Json::object(), steps);
  if (Json patches = api_patches(Json::object(), properties); !patches.empty()) {
    Step update = rest_call("UpdateRestApi", {{"patchOperations", std::move(patches)}});
    update.fill = [](Json& input, const std::vector<Json>& outputs) {
      input["restApiId"] = outputs[0].value("id", "");
    };
    steps.push_back(std::move(update));
  }
  return steps;
}
Made made_rest_api(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value("id", "");
  return {id, {{"RestApiId", id}, {"RootResourceId", outputs[0].value("rootResourceId", "")}}};
}
Steps update_rest_api(const Context&, const Existing& existing, const Json& wanted) {
  Steps steps;
  if (has_document(wanted)) append_document(wanted, 0, {{"restApiId", existing.physical_id}}, steps);
  steps.push_back(rest_call(
      "UpdateRestApi",
      {{"restApiId", existing.physical_id}, {"patchOperations", api_patches(existing.properties, wanted)}}));
  if (wanted.contains("Tags"))
    steps.push_back(rest_call("TagResource",
                              {{"resourceArn", "arn:aws:apigateway:any::/restapis/" + existing.physical_id},
                               {"tags", tag_map(wanted["Tags"])}}));
  return steps;
}
Steps remove_rest_api(const Context&, const Existing& existing) {
  return {rest_call("DeleteRestApi", {{"restApiId", existing.physical_id}}, true)};
}

Steps create_api_key(const Context& context, const Json& properties) {
  Json input = small_properties(
      properties, {"Name", "Description", "CustomerId", "Enabled", "GenerateDistinctId", "Value"});
  input["name"] = context.name(properties, "Name");
  if (properties.contains("StageKeys")) input["stageKeys"] = with_small_letters(properties["StageKeys"]);
  if (properties.contains("Tags")) input["tags"] = tag_map(properties["Tags"]);
  return {rest_call("CreateApiKey", std::move(input))};
}
Made made_api_key(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value("id", "");
  return {id, {{"APIKeyId", id}}};
}
Steps update_api_key(const Context&, const Existing& existing, const Json& wanted) {
  Json patches = Json::array();
  for (const char* name : {"Description", "CustomerId", "Enabled"})
    if (wanted.contains(name))
      patches.push_back(rest_patch("replace", "/" + with_small_letter(name), document_text(wanted[name])));
  return {
      rest_call("UpdateApiKey", {{"apiKey", existing.physical_id}, {"patchOperations", std::move(patches)}})};
}
Steps remove_api_key(const Context&, const Existing& existing) {
  return {rest_call("DeleteApiKey", {{"apiKey", existing.physical_id}}, true)};
}

Steps create_usage_plan(const Context& context, const Json& properties) {
  Json input{{"name", context.name(properties, "UsagePlanName")}};
  if (properties.contains("Description")) input["description"] = properties["Description"];
  for (const char* name : {"ApiStages", "Quota", "Throttle"})
    if (properties.contains(name)) input[with_small_letter(name)] = with_small_letters(properties[name]);
  if (properties.contains("Tags")) input["tags"] = tag_map(properties["Tags"]);
  return {rest_call("CreateUsagePlan", std::move(input))};
}
Made made_usage_plan(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value("id", "");
  return {id, {{"Id", id}}};
}
std::string stage_of_plan(const Json& stage) {
  return property_text(stage, "ApiId") + ":" + property_text(stage, "Stage");
}
Json stage_patches(const Json& properties, const char* op) {
  Json patches = Json::array();
  for (const Json& stage : properties.value("ApiStages", Json::array()))
    patches.push_back(rest_patch(op, "/apiStages", stage_of_plan(stage)));
  return patches;
}
Steps update_usage_plan(const Context&, const Existing& existing, const Json& wanted) {
  Json patches = stage_patches(existing.properties, "remove");
  for (Json& each : stage_patches(wanted, "add")) patches.push_back(std::move(each));
  for (const auto& [property, path] :
       {std::pair{"Description", "/description"}, std::pair{"UsagePlanName", "/name"}})
    if (wanted.contains(property))
      patches.push_back(rest_patch("replace", path, document_text(wanted[property])));
  for (const char* group : {"Quota", "Throttle"}) {
    const Json settings = wanted.value(group, Json::object());
    for (const auto& [name, value] : settings.items())
      patches.push_back(rest_patch("replace", "/" + with_small_letter(group) + "/" + with_small_letter(name),
                                   document_text(value)));
  }
  return {rest_call("UpdateUsagePlan",
                    {{"usagePlanId", existing.physical_id}, {"patchOperations", std::move(patches)}})};
}
Steps remove_usage_plan(const Context&, const Existing& existing) {
  return {rest_call("UpdateUsagePlan",
                    {{"usagePlanId", existing.physical_id},
                     {"patchOperations", stage_patches(existing.properties, "remove")}},
                    true),
          rest_call("DeleteUsagePlan", {{"usagePlanId", existing.physical_id}}, true)};
}

Steps create_usage_plan_key(const Context&, const Json& properties) {
  return {rest_call("CreateUsagePlanKey", small_properties(properties, {"UsagePlanId", "KeyId", "KeyType"}))};
}
Made made_usage_plan_key(const Context&, const Json& properties, const std::vector<Json>&) {
  const std::string id = property_text(properties, "KeyId") + ":" + property_text(properties, "UsagePlanId");
  return {id, {{"Id", id}}};
}
Steps remove_usage_plan_key(const Context&, const Existing& existing) {
  return {
      rest_call("DeleteUsagePlanKey", small_properties(existing.properties, {"UsagePlanId", "KeyId"}), true)};
}

Steps put_account(const Context&, const Json& properties) {
  return {rest_call(
      "UpdateAccount",
      {{"patchOperations", Json::array({rest_patch("replace", "/cloudwatchRoleArn",
                                                   property_text(properties, "CloudWatchRoleArn"))})}})};
}
Made made_account(const Context& context, const Json&, const std::vector<Json>&) {
  const std::string id = context.stack_name + "-" + context.logical_id + "-" + context.suffix;
  return {id, {{"Id", id}}};
}
Steps update_account(const Context& context, const Existing&, const Json& wanted) {
  return put_account(context, wanted);
}
/// The account keeps its role, as at AWS.
Steps remove_account(const Context&, const Existing&) { return {}; }

}  // namespace

std::span<const ResourceType> rest_api_types() {
  static const ResourceType types[] = {
      {"AWS::ApiGateway::RestApi",
       {"EndpointConfiguration", "CloneFrom"},
       create_rest_api,
       made_rest_api,
       update_rest_api,
       remove_rest_api},
      {"AWS::ApiGateway::ApiKey",
       {"Name", "Value", "GenerateDistinctId"},
       create_api_key,
       made_api_key,
       update_api_key,
       remove_api_key},
      {"AWS::ApiGateway::UsagePlan",
       {},
       create_usage_plan,
       made_usage_plan,
       update_usage_plan,
       remove_usage_plan},
      {"AWS::ApiGateway::UsagePlanKey",
       {},
       create_usage_plan_key,
       made_usage_plan_key,
       nullptr,
       remove_usage_plan_key},
      {"AWS::ApiGateway::Account", {}, put_account, made_account, update_account, remove_account},
  };
  return types;
}

}  // namespace aviary::cloudformation
