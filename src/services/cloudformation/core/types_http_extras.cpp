#include <fmt/format.h>

#include "services/cloudformation/core/resource_type.hpp"

/// What belongs to HTTP APIs' domain names and networks, and what WebSocket APIs have beside routes.
namespace aviary::cloudformation {
namespace {

Step extra_call(std::string operation, Json input, bool removes = false) {
  return {.service = "apigatewayv2",
          .operation = std::move(operation),
          .input = std::move(input),
          .absent_is_fine = removes};
}

/// Properties are the operations' own members.
struct ApiExtra {
  const char* entity;  ///< `RouteResponse`
  const char* id;      ///< `RouteResponseId`
  const char* owner;   ///< `RouteId`; empty: the API itself
};
constexpr ApiExtra api_model{"Model", "ModelId", ""};
constexpr ApiExtra route_response{"RouteResponse", "RouteResponseId", "RouteId"};
constexpr ApiExtra integration_response{"IntegrationResponse", "IntegrationResponseId", "IntegrationId"};

Json extra_input(Json properties) {
  if (properties.contains("Schema")) properties["Schema"] = document_text(properties["Schema"]);
  return properties;
}
template <const ApiExtra& extra>
Steps create_api_extra(const Context&, const Json& properties) {
  return {extra_call(std::string("Create") + extra.entity, extra_input(properties))};
}
template <const ApiExtra& extra>
Made made_api_extra(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value(extra.id, "");
  return {id, {{extra.id, id}}};
}
template <const ApiExtra& extra>
Steps update_api_extra(const Context&, const Existing& existing, const Json& wanted) {
  Json input = extra_input(wanted);
  input[extra.id] = existing.physical_id;
  return {extra_call(std::string("Update") + extra.entity, std::move(input))};
}
template <const ApiExtra& extra>
Steps remove_api_extra(const Context&, const Existing& existing) {
  Json input{{"ApiId", property_text(existing.properties, "ApiId")}, {extra.id, existing.physical_id}};
  if (*extra.owner != '\0') input[extra.owner] = property_text(existing.properties, extra.owner);
  return {extra_call(std::string("Delete") + extra.entity, std::move(input), true)};
}
template <const ApiExtra& extra>
ResourceType api_extra_type(std::string_view name, std::vector<std::string_view> replacing) {
  return {name,
          std::move(replacing),
          create_api_extra<extra>,
          made_api_extra<extra>,
          update_api_extra<extra>,
          remove_api_extra<extra>};
}

Steps create_http_link(const Context&, const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, {"Name", "SubnetIds", "SecurityGroupIds", "Tags"});
  return {extra_call("CreateVpcLink", std::move(input))};
}
Made made_http_link(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value("VpcLinkId", "");
  return {id, {{"VpcLinkId", id}}};
}
Steps update_http_link(const Context& context, const Existing& existing, const Json& wanted) {
  Steps steps{extra_call("UpdateVpcLink",
                         {{"VpcLinkId", existing.physical_id}, {"Name", property_text(wanted, "Name")}})};
  if (!differs(existing.properties, wanted, "Tags")) return steps;
  const std::string arn =
      fmt::format("arn:aws:apigateway:{}::/vpclinks/{}", context.region, existing.physical_id);
  const Json after = wanted.value("Tags", Json::object());
  const Json before = existing.properties.value("Tags", Json::object());
  Json gone = Json::array();
  for (const auto& [key, value] : before.items())
    if (!after.contains(key)) gone.push_back(key);
  if (!gone.empty()) steps.push_back(extra_call("UntagResource", {{"ResourceArn", arn}, {"TagKeys", gone}}));
  if (!after.empty()) steps.push_back(extra_call("TagResource", {{"ResourceArn", arn}, {"Tags", after}}));
  return steps;
}
Steps remove_http_link(const Context&, const Existing& existing) {
  return {extra_call("DeleteVpcLink", {{"VpcLinkId", existing.physical_id}}, true)};
}

/// `arn:aws:apigateway:REGION::/domainnames/NAME` → NAME
std::string domain_in(const Json& properties) {
  const std::string arn = property_text(properties, "DomainNameArn");
  const std::size_t slash = arn.rfind('/');
  return slash == std::string::npos ? arn : arn.substr(slash + 1);
}
Json rule_input(const Json& properties) {
  Json input{{"DomainName", domain_in(properties)}};
  copy_properties(properties, input, {"Actions", "Conditions", "Priority"});
  return input;
}
/// A rule is called by its ARN, which ends with its id.
std::string rule_in_arn(const std::string& arn) { return arn.substr(arn.rfind('/') + 1); }

Steps create_rule(const Context&, const Json& properties) {
  return {extra_call("CreateRoutingRule", rule_input(properties))};
}
Made made_rule(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string arn = outputs[0].value("RoutingRuleArn", "");
  return {arn, {{"RoutingRuleArn", arn}, {"RoutingRuleId", outputs[0].value("RoutingRuleId", "")}}};
}
Steps update_rule(const Context&, const Existing& existing, const Json& wanted) {
  Json input = rule_input(wanted);
  input["RoutingRuleId"] = rule_in_arn(existing.physical_id);
  return {extra_call("PutRoutingRule", std::move(input))};
}
Steps remove_rule(const Context&, const Existing& existing) {
  return {extra_call(
      "DeleteRoutingRule",
      {{"DomainName", domain_in(existing.properties)}, {"RoutingRuleId", rule_in_arn(existing.physical_id)}},
      true)};
}

}  // namespace

std::span<const ResourceType> http_extra_types() {
  static const ResourceType types[] = {
      api_extra_type<api_model>("AWS::ApiGatewayV2::Model", {"ApiId"}),
      api_extra_type<route_response>("AWS::ApiGatewayV2::RouteResponse", {"ApiId", "RouteId"}),
      api_extra_type<integration_response>("AWS::ApiGatewayV2::IntegrationResponse",
                                           {"ApiId", "IntegrationId"}),
      {"AWS::ApiGatewayV2::VpcLink",
       {"SubnetIds", "SecurityGroupIds"},
       create_http_link,
       made_http_link,
       update_http_link,
       remove_http_link},
      {"AWS::ApiGatewayV2::RoutingRule", {"DomainNameArn"}, create_rule, made_rule, update_rule, remove_rule},
  };
  return types;
}

}  // namespace aviary::cloudformation
