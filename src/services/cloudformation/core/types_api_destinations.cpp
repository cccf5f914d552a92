#include "services/cloudformation/core/resource_type.hpp"

/// AWS::Events::Connection and ApiDestination.
namespace aviary::cloudformation {
namespace {

Step connection_call(const char* operation, Json input, bool absent_is_fine = false) {
  return {.service = "events",
          .operation = operation,
          .input = std::move(input),
          .absent_is_fine = absent_is_fine};
}

Steps create_connection(const Context& context, const Json& properties) {
  Json input = properties;
  input["Name"] = context.name(properties, "Name");
  return {connection_call("CreateConnection", std::move(input)),
          {.service = "events",
           .operation = "DescribeConnection",
           .input = {{"Name", context.name(properties, "Name")}}}};
}
Made made_connection(const Context&, const Json&, const std::vector<Json>& outputs) {
  const Json& made = outputs[1];
  return {made.value("Name", ""),
          {{"Arn", made.value("ConnectionArn", "")}, {"SecretArn", made.value("SecretArn", "")}}};
}
Steps update_connection(const Context&, const Existing& existing, const Json& wanted) {
  Json input = wanted;
  input["Name"] = existing.physical_id;
  return {connection_call("UpdateConnection", std::move(input))};
}
Steps remove_connection(const Context&, const Existing& existing) {
  return {connection_call("DeleteConnection", {{"Name", existing.physical_id}}, true)};
}

Steps create_destination(const Context& context, const Json& properties) {
  Json input = properties;
  input["Name"] = context.name(properties, "Name");
  return {connection_call("CreateApiDestination", std::move(input))};
}
Made made_destination(const Context& context, const Json& properties, const std::vector<Json>& outputs) {
  const std::string arn = outputs[0].value("ApiDestinationArn", "");
  // For policies: without the last part, which is another each time it is made.
  return {context.name(properties, "Name"), {{"Arn", arn}, {"ArnForPolicy", arn.substr(0, arn.rfind('/'))}}};
}
Steps update_destination(const Context&, const Existing& existing, const Json& wanted) {
  Json input = wanted;
  input["Name"] = existing.physical_id;
  return {connection_call("UpdateApiDestination", std::move(input))};
}
Steps remove_destination(const Context&, const Existing& existing) {
  return {connection_call("DeleteApiDestination", {{"Name", existing.physical_id}}, true)};
}

}  // namespace

std::span<const ResourceType> api_destination_types() {
  static const ResourceType types[] = {
      {"AWS::Events::ApiDestination",
       {"Name"},
       create_destination,
       made_destination,
       update_destination,
       remove_destination},
      {"AWS::Events::Connection",
       {"Name"},
       create_connection,
       made_connection,
       update_connection,
       remove_connection},
  };
  return types;
}

}  // namespace aviary::cloudformation
