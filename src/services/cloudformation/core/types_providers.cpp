#include "services/cloudformation/core/identity_steps.hpp"

/// AWS::IAM::InstanceProfile, ServiceLinkedRole, OIDCProvider and SAMLProvider.
namespace aviary::cloudformation {
namespace {

/// From one list of tags to another.
Steps tag_steps(const char* what, const char* key, const std::string& id, const Existing& existing,
                const Json& wanted) {
  Steps steps;
  if (!differs(existing.properties, wanted, "Tags")) return steps;
  Json gone = Json::array();
  const Json after = list_of(wanted, "Tags");
  for (const Json& tag : list_of(existing.properties, "Tags"))
    if (std::ranges::none_of(after, [&](const Json& each) { return each["Key"] == tag["Key"]; }))
      gone.push_back(tag["Key"]);
  if (!gone.empty()) steps.push_back(iam_call(std::string("Untag") + what, {{key, id}, {"TagKeys", gone}}));
  if (!after.empty()) steps.push_back(iam_call(std::string("Tag") + what, {{key, id}, {"Tags", after}}));
  return steps;
}

Steps profile_roles(const std::string& name, const Json& before, const Json& after) {
  Steps steps;
  for (const Json& role : before)
    if (std::ranges::find(after, role) == after.end())
      steps.push_back(
          iam_removal("RemoveRoleFromInstanceProfile", {{"InstanceProfileName", name}, {"RoleName", role}}));
  for (const Json& role : after)
    if (std::ranges::find(before, role) == before.end())
      steps.push_back(
          iam_call("AddRoleToInstanceProfile", {{"InstanceProfileName", name}, {"RoleName", role}}));
  return steps;
}
Steps create_profile(const Context& context, const Json& properties) {
  const std::string name = context.name(properties, "InstanceProfileName", 128);
  Json input{{"InstanceProfileName", name}};
  copy_properties(properties, input, {"Path"});
  Steps steps{iam_call("CreateInstanceProfile", std::move(input))};
  append_steps(steps, profile_roles(name, Json::array(), list_of(properties, "Roles")));
  return steps;
}
Made made_profile(const Context&, const Json&, const std::vector<Json>& outputs) {
  const Json profile = outputs[0].value("InstanceProfile", Json::object());
  return {profile.value("InstanceProfileName", ""), {{"Arn", profile.value("Arn", "")}}};
}
Steps update_profile(const Context&, const Existing& existing, const Json& wanted) {
  return profile_roles(existing.physical_id, list_of(existing.properties, "Roles"), list_of(wanted, "Roles"));
}
Steps remove_profile(const Context&, const Existing& existing) {
  Steps steps = profile_roles(existing.physical_id, list_of(existing.properties, "Roles"), Json::array());
  steps.push_back(iam_removal("DeleteInstanceProfile", {{"InstanceProfileName", existing.physical_id}}));
  return steps;
}

Steps create_linked_role(const Context&, const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, {"AWSServiceName", "CustomSuffix", "Description"});
  return {iam_call("CreateServiceLinkedRole", std::move(input))};
}
Made made_linked_role(const Context&, const Json&, const std::vector<Json>& outputs) {
  const Json role = outputs[0].value("Role", Json::object());
  return {role.value("RoleName", ""), {{"RoleName", role.value("RoleName", "")}}};
}
Steps update_linked_role(const Context&, const Existing& existing, const Json& wanted) {
  return {iam_call("UpdateRole", {{"RoleName", existing.physical_id},
                                  {"Description", property_text(wanted, "Description")}})};
}
Steps remove_linked_role(const Context&, const Existing& existing) {
  return {iam_removal("DeleteServiceLinkedRole", {{"RoleName", existing.physical_id}})};
}

constexpr const char* oidc_key = "OpenIDConnectProviderArn";

Steps create_oidc(const Context&, const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, {"Url", "ThumbprintList", "Tags"});
  if (properties.contains("ClientIdList")) input["ClientIDList"] = properties["ClientIdList"];
  return {iam_call("CreateOpenIDConnectProvider", std::move(input))};
}
Made made_oidc(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string arn = outputs[0].value(oidc_key, "");
  return {arn, {{"Arn", arn}}};
}
Steps update_oidc(const Context&, const Existing& existing, const Json& wanted) {
  const std::string& arn = existing.physical_id;
  Steps steps;
  const Json before = list_of(existing.properties, "ClientIdList");
  const Json after = list_of(wanted, "ClientIdList");
  for (const Json& client : before)
    if (std::ranges::find(after, client) == after.end())
      steps.push_back(
          iam_call("RemoveClientIDFromOpenIDConnectProvider", {{oidc_key, arn}, {"ClientID", client}}));
  for (const Json& client : after)
    if (std::ranges::find(before, client) == before.end())
      steps.push_back(
          iam_call("AddClientIDToOpenIDConnectProvider", {{oidc_key, arn}, {"ClientID", client}}));
  if (differs(existing.properties, wanted, "ThumbprintList"))
    steps.push_back(iam_call("UpdateOpenIDConnectProviderThumbprint",
                             {{oidc_key, arn}, {"ThumbprintList", list_of(wanted, "ThumbprintList")}}));
  append_steps(steps, tag_steps("OpenIDConnectProvider", oidc_key, arn, existing, wanted));
  return steps;
}
Steps remove_oidc(const Context&, const Existing& existing) {
  return {iam_removal("DeleteOpenIDConnectProvider", {{oidc_key, existing.physical_id}})};
}

constexpr const char* saml_key = "SAMLProviderArn";

Steps create_saml(const Context& context, const Json& properties) {
  Json input{{"Name", context.name(properties, "Name", 128)},
             {"SAMLMetadataDocument", property_text(properties, "SamlMetadataDocument")}};
  copy_properties(properties, input, {"Tags", "AssertionEncryptionMode"});
  return {iam_call("CreateSAMLProvider", std::move(input))};
}
Made made_saml(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string arn = outputs[0].value(saml_key, "");
  return {arn, {{"Arn", arn}}};
}
Steps update_saml(const Context&, const Existing& existing, const Json& wanted) {
  Steps steps;
  if (differs(existing.properties, wanted, "SamlMetadataDocument"))
    steps.push_back(iam_call("UpdateSAMLProvider",
                             {{saml_key, existing.physical_id},
                              {"SAMLMetadataDocument", property_text(wanted, "SamlMetadataDocument")}}));
  append_steps(steps, tag_steps("SAMLProvider", saml_key, existing.physical_id, existing, wanted));
  return steps;
}
Steps remove_saml(const Context&, const Existing& existing) {
  return {iam_removal("DeleteSAMLProvider", {{saml_key, existing.physical_id}})};
}

}  // namespace

std::span<const ResourceType> provider_types() {
  static const ResourceType types[] = {
      {"AWS::IAM::InstanceProfile",
       {"InstanceProfileName", "Path"},
       create_profile,
       made_profile,
       update_profile,
       remove_profile},
      {"AWS::IAM::OIDCProvider", {"Url"}, create_oidc, made_oidc, update_oidc, remove_oidc},
      {"AWS::IAM::SAMLProvider", {"Name"}, create_saml, made_saml, update_saml, remove_saml},
      {"AWS::IAM::ServiceLinkedRole",
       {"AWSServiceName", "CustomSuffix"},
       create_linked_role,
       made_linked_role,
       update_linked_role,
       remove_linked_role},
  };
  return types;
}

}  // namespace aviary::cloudformation
