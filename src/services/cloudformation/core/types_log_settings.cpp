#include "services/cloudformation/core/resource_type.hpp"

/// AWS::Logs::QueryDefinition and ResourcePolicy.
namespace aviary::cloudformation {
namespace {

Step logs_call(const char* operation, Json input, bool absent_is_fine = false) {
  return {
      .service = "logs", .operation = operation, .input = std::move(input), .absent_is_fine = absent_is_fine};
}

Json query_definition(const Json& properties) {
  Json input = with_small_letters(properties);
  input.erase("tags");
  return input;
}
Steps create_query_definition(const Context&, const Json& properties) {
  return {logs_call("PutQueryDefinition", query_definition(properties))};
}
Made made_query_definition(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value("queryDefinitionId", "");
  return {id, {{"QueryDefinitionId", id}}};
}
Steps update_query_definition(const Context&, const Existing& existing, const Json& wanted) {
  Json input = query_definition(wanted);
  input["queryDefinitionId"] = existing.physical_id;
  return {logs_call("PutQueryDefinition", std::move(input))};
}
Steps remove_query_definition(const Context&, const Existing& existing) {
  return {logs_call("DeleteQueryDefinition", {{"queryDefinitionId", existing.physical_id}}, true)};
}

Steps create_log_policy(const Context&, const Json& properties) {
  return {logs_call("PutResourcePolicy",
                    {{"policyName", properties.value("PolicyName", Json())},
                     {"policyDocument", document_text(properties.value("PolicyDocument", Json::object()))}})};
}
Made made_log_policy(const Context&, const Json& properties, const std::vector<Json>&) {
  return {property_text(properties, "PolicyName")};
}
Steps update_log_policy(const Context& context, const Existing&, const Json& wanted) {
  return create_log_policy(context, wanted);
}
Steps remove_log_policy(const Context&, const Existing& existing) {
  return {logs_call("DeleteResourcePolicy", {{"policyName", existing.physical_id}}, true)};
}

}  // namespace

std::span<const ResourceType> log_setting_types() {
  static const ResourceType types[] = {
      {"AWS::Logs::QueryDefinition",
       {},
       create_query_definition,
       made_query_definition,
       update_query_definition,
       remove_query_definition},
      {"AWS::Logs::ResourcePolicy",
       {"PolicyName"},
       create_log_policy,
       made_log_policy,
       update_log_policy,
       remove_log_policy},
  };
  return types;
}

}  // namespace aviary::cloudformation
