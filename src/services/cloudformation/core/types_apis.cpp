#include "services/cloudformation/core/resource_type.hpp"

/// AWS::ApiGatewayV2::*
namespace aviary::cloudformation {
namespace {

Step api_call(std::string operation, Json input, bool removes = false) {
  return {.service = "apigatewayv2",
          .operation = std::move(operation),
          .input = std::move(input),
          .absent_is_fine = removes};
}

/// An OpenAPI document makes the API, what the template says beside it comes on top.
Steps create_http_api(const Context&, const Json& properties) {
  Json own = properties;
  for (const char* name : {"Body", "BodyS3Location", "BasePath", "FailOnWarnings", "DisableSchemaValidation"})
    own.erase(name);
  if (!properties.contains("Body")) return {api_call("CreateApi", std::move(own))};
  Steps steps{api_call("ImportApi", {{"Body", document_text(properties["Body"])}})};
  own.erase("ProtocolType");
  const Json tags = own.value("Tags", Json());
  own.erase("Tags");
  if (!own.empty()) {
    Step update = api_call("UpdateApi", std::move(own));
    update.fill = [](Json& input, const std::vector<Json>& outputs) {
      input["ApiId"] = outputs[0].value("ApiId", "");
    };
    steps.push_back(std::move(update));
  }
  if (tags.is_object() && !tags.empty()) {
    Step tag = api_call("TagResource", {{"Tags", tags}});
    tag.fill = [](Json& input, const std::vector<Json>& outputs) {
      input["ResourceArn"] = "arn:aws:apigateway:any::/apis/" + outputs[0].value("ApiId", "");
    };
    steps.push_back(std::move(tag));
  }
  return steps;
}
Made made_http_api(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value("ApiId", "");
  return {id, {{"ApiId", id}, {"ApiEndpoint", outputs[0].value("ApiEndpoint", "")}}};
}
Steps update_http_api(const Context&, const Existing& existing, const Json& wanted) {
  Steps steps;
  if (wanted.contains("Body"))
    steps.push_back(
        api_call("ReimportApi", {{"ApiId", existing.physical_id}, {"Body", document_text(wanted["Body"])}}));
  Json own{{"ApiId", existing.physical_id}};
  copy_properties(wanted, own,
                  {"Name", "Description", "CorsConfiguration", "DisableExecuteApiEndpoint", "Version",
                   "RouteSelectionExpression", "ApiKeySelectionExpression"});
  steps.push_back(api_call("UpdateApi", std::move(own)));
  if (wanted.contains("Tags"))
    steps.push_back(
        api_call("TagResource", {{"ResourceArn", "arn:aws:apigateway:any::/apis/" + existing.physical_id},
                                 {"Tags", wanted["Tags"]}}));
  return steps;
}
Steps remove_http_api(const Context&, const Existing& existing) {
  return {api_call("DeleteApi", {{"ApiId", existing.physical_id}}, true)};
}

/// What belongs to an API: properties are the operations' own members.
struct ApiMember {
  const char* entity;  ///< `Route`
  const char* id;      ///< `RouteId`
};
constexpr ApiMember api_route{"Route", "RouteId"};
constexpr ApiMember api_integration{"Integration", "IntegrationId"};
constexpr ApiMember api_authorizer{"Authorizer", "AuthorizerId"};
constexpr ApiMember api_deployment{"Deployment", "DeploymentId"};
constexpr ApiMember api_stage{"Stage", "StageName"};

/// Templates say answers' mappings as `{"200": {"ResponseParameters": [{"Destination", "Source"}]}}`; calls
/// as
/// `{"200": {destination: source}}`.
Json answer_mappings(const Json& said) {
  if (!said.is_object()) return said;
  Json out = Json::object();
  for (const auto& [status, mappings] : said.items()) {
    const Json* list = &mappings;
    if (mappings.is_object() && mappings.contains("ResponseParameters"))
      list = &mappings["ResponseParameters"];
    if (!list->is_array()) {
      out[status] = mappings;
      continue;
    }
    out[status] = Json::object();
    for (const Json& each : *list)
      out[status][property_text(each, "Destination")] = property_text(each, "Source");
  }
  return out;
}

Json member_input(Json properties) {
  if (properties.contains("ResponseParameters"))
    properties["ResponseParameters"] = answer_mappings(properties["ResponseParameters"]);
  return properties;
}

/// What an update leaves out goes away: an empty value says so.
void empty_what_is_gone(const Json& before, Json& input) {
  for (const char* name : {"RequestParameters", "ResponseParameters"}) {
    const Json had = before.value(name, Json::object());
    if (!had.is_object()) continue;
    for (const auto& [key, value] : had.items())
      if (!input.contains(name) || !input[name].contains(key))
        input[name][key] = std::string_view(name) == "RequestParameters" ? Json("") : Json::object();
  }
}

template <const ApiMember& member>
Steps create_api_member(const Context&, const Json& properties) {
  return {api_call(std::string("Create") + member.entity, member_input(properties))};
}
template <const ApiMember& member>
Made made_api_member(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value(member.id, "");
  return {id, {{member.id, id}}};
}
template <const ApiMember& member>
Steps update_api_member(const Context&, const Existing& existing, const Json& wanted) {
  Json input = member_input(wanted);
  if (&member == &api_integration) empty_what_is_gone(existing.properties, input);
  input.erase("Tags");
  input.erase("StageName");
  input[member.id] = existing.physical_id;
  Steps steps{api_call(std::string("Update") + member.entity, std::move(input))};
  if (&member == &api_stage && wanted.contains("Tags"))
    steps.push_back(api_call(
        "TagResource", {{"ResourceArn", "arn:aws:apigateway:any::/apis/" + property_text(wanted, "ApiId") +
                                            "/stages/" + existing.physical_id},
                        {"Tags", wanted["Tags"]}}));
  return steps;
}
template <const ApiMember& member>
Steps remove_api_member(const Context&, const Existing& existing) {
  return {api_call(
      std::string("Delete") + member.entity,
      {{"ApiId", property_text(existing.properties, "ApiId")}, {member.id, existing.physical_id}}, true)};
}

template <const ApiMember& member>
ResourceType api_member_type(std::string_view name, std::vector<std::string_view> replacing) {
  return {name,
          std::move(replacing),
          create_api_member<member>,
          made_api_member<member>,
          update_api_member<member>,
          remove_api_member<member>};
}

}  // namespace

std::span<const ResourceType> api_types() {
  static const ResourceType types[] = {
      {"AWS::ApiGatewayV2::Api",
       {"ProtocolType"},
       create_http_api,
       made_http_api,
       update_http_api,
       remove_http_api},
      api_member_type<api_route>("AWS::ApiGatewayV2::Route", {"ApiId"}),
      api_member_type<api_integration>("AWS::ApiGatewayV2::Integration", {"ApiId", "IntegrationType"}),
      api_member_type<api_authorizer>("AWS::ApiGatewayV2::Authorizer", {"ApiId"}),
      api_member_type<api_deployment>("AWS::ApiGatewayV2::Deployment", {"ApiId", "StageName"}),
      api_member_type<api_stage>("AWS::ApiGatewayV2::Stage", {"ApiId", "StageName"}),
  };
  return types;
}

}  // namespace aviary::cloudformation
