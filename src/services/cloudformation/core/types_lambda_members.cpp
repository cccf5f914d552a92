#include <fmt/format.h>

#include "services/cloudformation/core/lambda_steps.hpp"
#include "services/cloudformation/core/resource_type.hpp"

/// AWS::Lambda::*: what belongs to functions, and layers
namespace aviary::cloudformation {
namespace {

Steps create_permission(const Context& context, const Json& properties) {
  Json input = properties;
  input["StatementId"] = context.name(Json::object(), "Id", 100);
  return {lambda_call("AddPermission", std::move(input))};
}
Made made_permission(const Context& context, const Json&, const std::vector<Json>&) {
  const std::string id = context.name(Json::object(), "Id", 100);
  return {id, {{"Id", id}}};
}
Steps remove_permission(const Context&, const Existing& existing) {
  return {
      lambda_removal("RemovePermission", {{"FunctionName", existing.properties.value("FunctionName", Json())},
                                          {"StatementId", existing.physical_id}})};
}

Steps create_layer(const Context& context, const Json& properties) {
  Json input = properties;
  input["LayerName"] = property_text(properties, "LayerName").empty()
                           ? context.logical_id
                           : property_text(properties, "LayerName");
  return {lambda_call("PublishLayerVersion", std::move(input))};
}
Made made_layer(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string arn = outputs[0].value("LayerVersionArn", "");
  return {arn, {{"LayerVersionArn", arn}}};
}
Steps remove_layer(const Context&, const Existing& existing) {
  const std::size_t colon = existing.physical_id.rfind(':');
  return {lambda_removal("DeleteLayerVersion", {{"LayerName", existing.physical_id.substr(0, colon)},
                                                {"VersionNumber", existing.physical_id.substr(colon + 1)}})};
}

/// A mapping takes no further change before the last one is through.
Step until_mapping_settled(Json input) {
  Step step = lambda_call("GetEventSourceMapping", std::move(input));
  step.until = [](const Json& output, std::string&) {
    return output.value("State", "").ends_with("ing") ? Progress::Waiting : Progress::Done;
  };
  return step;
}

Steps create_mapping(const Context&, const Json& properties) {
  Steps steps{lambda_call("CreateEventSourceMapping", properties), until_mapping_settled(Json::object())};
  steps.back().fill = [](Json& input, const std::vector<Json>& outputs) {
    input["UUID"] = outputs[0].value("UUID", "");
  };
  return steps;
}
Made made_mapping(const Context& context, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value("UUID", "");
  return {id, {{"Id", id}, {"EventSourceMappingArn", context.arn("lambda", "event-source-mapping:" + id)}}};
}
Steps update_mapping(const Context&, const Existing& existing, const Json& wanted) {
  Json input = wanted;
  for (const char* fixed : {"EventSourceArn", "StartingPosition", "StartingPositionTimestamp", "Queues",
                            "Topics", "Tags", "SelfManagedEventSource"})
    input.erase(fixed);
  input["UUID"] = existing.physical_id;
  return {lambda_call("UpdateEventSourceMapping", std::move(input)),
          until_mapping_settled({{"UUID", existing.physical_id}})};
}
Steps remove_mapping(const Context&, const Existing& existing) {
  return {lambda_removal("DeleteEventSourceMapping", {{"UUID", existing.physical_id}})};
}

Json url_input(const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, {"AuthType", "Cors", "InvokeMode", "Qualifier"});
  input["FunctionName"] = properties.value("TargetFunctionArn", Json());
  return input;
}
Steps create_url(const Context&, const Json& properties) {
  return {lambda_call("CreateFunctionUrlConfig", url_input(properties))};
}
Made made_url(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string arn = outputs[0].value("FunctionArn", "");
  return {arn, {{"FunctionArn", arn}, {"FunctionUrl", outputs[0].value("FunctionUrl", "")}}};
}
Steps update_url(const Context&, const Existing&, const Json& wanted) {
  return {lambda_call("UpdateFunctionUrlConfig", url_input(wanted))};
}
Steps remove_url(const Context&, const Existing& existing) {
  Json input{{"FunctionName", existing.properties.value("TargetFunctionArn", Json())}};
  copy_properties(existing.properties, input, {"Qualifier"});
  return {lambda_removal("DeleteFunctionUrlConfig", std::move(input))};
}

Steps create_event_config(const Context&, const Json& properties) {
  return {lambda_call("PutFunctionEventInvokeConfig", properties)};
}
Made made_event_config(const Context& context, const Json& properties, const std::vector<Json>&) {
  return {fmt::format("{}|{}|{}", context.account, property_text(properties, "FunctionName"),
                      property_text(properties, "Qualifier"))};
}
Steps update_event_config(const Context&, const Existing&, const Json& wanted) {
  return {lambda_call("PutFunctionEventInvokeConfig", wanted)};
}
Steps remove_event_config(const Context&, const Existing& existing) {
  Json input = Json::object();
  copy_properties(existing.properties, input, {"FunctionName", "Qualifier"});
  return {lambda_removal("DeleteFunctionEventInvokeConfig", std::move(input))};
}

Steps create_layer_permission(const Context& context, const Json& properties) {
  const std::string arn = property_text(properties, "LayerVersionArn");
  const std::size_t colon = arn.rfind(':');
  Json input{{"LayerName", arn.substr(0, colon)},
             {"VersionNumber", arn.substr(colon + 1)},
             {"StatementId", context.name(Json::object(), "Id", 100)}};
  copy_properties(properties, input, {"Action", "Principal", "OrganizationId"});
  return {lambda_call("AddLayerVersionPermission", std::move(input))};
}
Made made_layer_permission(const Context& context, const Json&, const std::vector<Json>&) {
  return {context.name(Json::object(), "Id", 100)};
}
Steps remove_layer_permission(const Context&, const Existing& existing) {
  const std::string arn = property_text(existing.properties, "LayerVersionArn");
  const std::size_t colon = arn.rfind(':');
  return {lambda_removal("RemoveLayerVersionPermission", {{"LayerName", arn.substr(0, colon)},
                                                          {"VersionNumber", arn.substr(colon + 1)},
                                                          {"StatementId", existing.physical_id}})};
}

}  // namespace

std::span<const ResourceType> lambda_member_types() {
  static const ResourceType types[] = {
      {"AWS::Lambda::Permission", {}, create_permission, made_permission, nullptr, remove_permission},
      {"AWS::Lambda::LayerVersion", {}, create_layer, made_layer, nullptr, remove_layer},
      {"AWS::Lambda::LayerVersionPermission",
       {},
       create_layer_permission,
       made_layer_permission,
       nullptr,
       remove_layer_permission},
      {"AWS::Lambda::EventSourceMapping",
       {"EventSourceArn", "StartingPosition", "StartingPositionTimestamp"},
       create_mapping,
       made_mapping,
       update_mapping,
       remove_mapping},
      {"AWS::Lambda::Url", {"TargetFunctionArn", "Qualifier"}, create_url, made_url, update_url, remove_url},
      {"AWS::Lambda::EventInvokeConfig",
       {"FunctionName", "Qualifier"},
       create_event_config,
       made_event_config,
       update_event_config,
       remove_event_config},
  };
  return types;
}

}  // namespace aviary::cloudformation
