#include "services/cloudformation/core/resource_type.hpp"

/// AWS::Events::Endpoint.
namespace aviary::cloudformation {
namespace {

Step endpoint_call(const char* operation, Json input, bool absent_is_fine = false) {
  return {.service = "events",
          .operation = operation,
          .input = std::move(input),
          .absent_is_fine = absent_is_fine};
}

Json endpoint_input(const std::string& name, const Json& properties) {
  Json input{{"Name", name}};
  copy_properties(properties, input,
                  {"Description", "EventBuses", "ReplicationConfig", "RoleArn", "RoutingConfig"});
  return input;
}
Steps create_endpoint(const Context& context, const Json& properties) {
  const std::string name = context.name(properties, "Name");
  return {endpoint_call("CreateEndpoint", endpoint_input(name, properties)),
          endpoint_call("DescribeEndpoint", {{"Name", name}})};
}
Made made_endpoint(const Context&, const Json&, const std::vector<Json>& outputs) {
  const Json& made = outputs[1];
  Json attributes = Json::object();
  for (const char* name : {"Arn", "EndpointId", "EndpointUrl", "State"})
    attributes[name] = made.value(name, "");
  return {made.value("Name", ""), std::move(attributes)};
}
Steps update_endpoint(const Context&, const Existing& existing, const Json& wanted) {
  return {endpoint_call("UpdateEndpoint", endpoint_input(existing.physical_id, wanted))};
}
Steps remove_endpoint(const Context&, const Existing& existing) {
  return {endpoint_call("DeleteEndpoint", {{"Name", existing.physical_id}}, true)};
}

}  // namespace

std::span<const ResourceType> event_endpoint_types() {
  static const ResourceType types[] = {
      {"AWS::Events::Endpoint", {"Name"}, create_endpoint, made_endpoint, update_endpoint, remove_endpoint},
  };
  return types;
}

}  // namespace aviary::cloudformation
