#include <fmt/format.h>

#include "services/cloudformation/core/rest_api_properties.hpp"

/// What REST APIs have beside their parts: client certificates, documentation, VPC links.
namespace aviary::cloudformation {
namespace {

/// `clientcertificates/abc` gets the tags that a template wants now, and loses those that it had.
void append_tag_steps(const Context& context, const std::string& resource, const Json& before,
                      const Json& wanted, Steps& steps) {
  if (!differs(before, wanted, "Tags")) return;
  const std::string arn = fmt::format("arn:aws:apigateway:{}::/{}", context.region, resource);
  const Json after = tag_map(wanted.value("Tags", Json::array()));
  const Json gone = tags_gone(before, wanted);
  if (!gone.empty()) steps.push_back(rest_call("UntagResource", {{"resourceArn", arn}, {"tagKeys", gone}}));
  if (!after.empty()) steps.push_back(rest_call("TagResource", {{"resourceArn", arn}, {"tags", after}}));
}

Json with_tags(Json input, const Json& properties) {
  if (properties.contains("Tags")) input["tags"] = tag_map(properties["Tags"]);
  return input;
}

Json patch_of(const Json& wanted, std::initializer_list<const char*> names) {
  Json patches = Json::array();
  for (const char* name : names)
    patches.push_back(rest_patch("replace", "/" + with_small_letter(name), property_text(wanted, name)));
  return patches;
}

Steps create_certificate(const Context&, const Json& properties) {
  return {rest_call("GenerateClientCertificate",
                    with_tags(small_properties(properties, {"Description"}), properties))};
}
Made made_certificate(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value("clientCertificateId", "");
  return {id, {{"ClientCertificateId", id}}};
}
Steps update_certificate(const Context& context, const Existing& existing, const Json& wanted) {
  Steps steps;
  if (differs(existing.properties, wanted, "Description"))
    steps.push_back(
        rest_call("UpdateClientCertificate", {{"clientCertificateId", existing.physical_id},
                                              {"patchOperations", patch_of(wanted, {"Description"})}}));
  append_tag_steps(context, "clientcertificates/" + existing.physical_id, existing.properties, wanted, steps);
  return steps;
}
Steps remove_certificate(const Context&, const Existing& existing) {
  return {rest_call("DeleteClientCertificate", {{"clientCertificateId", existing.physical_id}}, true)};
}

std::string api_in(const Json& properties) { return property_text(properties, "RestApiId"); }

Steps create_part(const Context&, const Json& properties) {
  return {rest_call("CreateDocumentationPart",
                    {{"restApiId", api_in(properties)},
                     {"location", with_small_letters(properties.value("Location", Json::object()))},
                     {"properties", document_text(properties.value("Properties", Json("")))}})};
}
Made made_part(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value("id", "");
  return {id, {{"DocumentationPartId", id}}};
}
Steps update_part(const Context&, const Existing& existing, const Json& wanted) {
  return {rest_call(
      "UpdateDocumentationPart",
      {{"restApiId", api_in(wanted)},
       {"documentationPartId", existing.physical_id},
       {"patchOperations", Json::array({rest_patch("replace", "/properties",
                                                   document_text(wanted.value("Properties", Json(""))))})}})};
}
Steps remove_part(const Context&, const Existing& existing) {
  return {rest_call(
      "DeleteDocumentationPart",
      {{"restApiId", api_in(existing.properties)}, {"documentationPartId", existing.physical_id}}, true)};
}

Steps create_documentation(const Context&, const Json& properties) {
  return {rest_call("CreateDocumentationVersion",
                    small_properties(properties, {"RestApiId", "DocumentationVersion", "Description"}))};
}
Made made_documentation(const Context&, const Json&, const std::vector<Json>& outputs) {
  return {outputs[0].value("version", ""), Json::object()};
}
Steps update_documentation(const Context&, const Existing& existing, const Json& wanted) {
  return {rest_call("UpdateDocumentationVersion", {{"restApiId", api_in(wanted)},
                                                   {"documentationVersion", existing.physical_id},
                                                   {"patchOperations", patch_of(wanted, {"Description"})}})};
}
Steps remove_documentation(const Context&, const Existing& existing) {
  return {rest_call(
      "DeleteDocumentationVersion",
      {{"restApiId", api_in(existing.properties)}, {"documentationVersion", existing.physical_id}}, true)};
}

Steps create_link(const Context&, const Json& properties) {
  return {
      rest_call("CreateVpcLink",
                with_tags(small_properties(properties, {"Name", "Description", "TargetArns"}), properties))};
}
Made made_link(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value("id", "");
  return {id, {{"VpcLinkId", id}}};
}
Steps update_link(const Context& context, const Existing& existing, const Json& wanted) {
  Steps steps{rest_call("UpdateVpcLink", {{"vpcLinkId", existing.physical_id},
                                          {"patchOperations", patch_of(wanted, {"Name", "Description"})}})};
  append_tag_steps(context, "vpclinks/" + existing.physical_id, existing.properties, wanted, steps);
  return steps;
}
Steps remove_link(const Context&, const Existing& existing) {
  return {rest_call("DeleteVpcLink", {{"vpcLinkId", existing.physical_id}}, true)};
}

}  // namespace

std::span<const ResourceType> rest_extra_types() {
  static const ResourceType types[] = {
      {"AWS::ApiGateway::ClientCertificate",
       {},
       create_certificate,
       made_certificate,
       update_certificate,
       remove_certificate},
      {"AWS::ApiGateway::DocumentationPart",
       {"RestApiId", "Location"},
       create_part,
       made_part,
       update_part,
       remove_part},
      {"AWS::ApiGateway::DocumentationVersion",
       {"RestApiId", "DocumentationVersion"},
       create_documentation,
       made_documentation,
       update_documentation,
       remove_documentation},
      {"AWS::ApiGateway::VpcLink", {"TargetArns"}, create_link, made_link, update_link, remove_link},
  };
  return types;
}

}  // namespace aviary::cloudformation
