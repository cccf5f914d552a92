#include <fmt/format.h>

#include "services/cloudformation/core/resource_type.hpp"

/// AWS::SSM::*, AWS::SecretsManager::*
namespace aviary::cloudformation {
namespace {

Step parameter_call(std::string service, std::string operation, Json input, bool removes = false) {
  return {.service = std::move(service),
          .operation = std::move(operation),
          .input = std::move(input),
          .absent_is_fine = removes};
}

/// Tags that a stack gives, with its own added; a map as well as a list is a template's way to write them.
Json tags_of(const Context& context, const Json& properties) {
  Json tags = tag_map(properties.value("Tags", Json::array()));
  const Json of_stack = tag_map(context.stack_tags);
  for (const auto& [key, value] : of_stack.items())
    if (!tags.contains(key)) tags[key] = value;
  Json list = Json::array();
  for (const auto& [key, value] : tags.items()) list.push_back({{"Key", key}, {"Value", value}});
  return list;
}

std::string parameter_name(const Context& context, const Json& properties) {
  return context.name(properties, "Name", 1011);
}

Json put_parameter_input(const std::string& name, const Json& properties) {
  Json input = properties;
  input.erase("Tags");
  input["Name"] = name;
  return input;
}

Json parameter_attributes(const Context&, const Existing&, const Json& properties) {
  return {{"Type", property_text(properties, "Type")}, {"Value", property_text(properties, "Value")}};
}

Steps create_parameter(const Context& context, const Json& properties) {
  Json input = put_parameter_input(parameter_name(context, properties), properties);
  if (const Json tags = tags_of(context, properties); !tags.empty()) input["Tags"] = tags;
  return {parameter_call("ssm", "PutParameter", std::move(input))};
}
Made made_parameter(const Context& context, const Json& properties, const std::vector<Json>&) {
  return {parameter_name(context, properties), parameter_attributes(context, {}, properties)};
}
Steps update_parameter(const Context& context, const Existing& existing, const Json& wanted) {
  const std::string& name = existing.physical_id;
  Json input = put_parameter_input(name, wanted);
  input["Overwrite"] = true;
  // What is no longer said is taken back.
  for (const char* member : {"Description", "AllowedPattern"})
    if (existing.properties.contains(member) && !wanted.contains(member)) input[member] = "";
  Steps steps{parameter_call("ssm", "PutParameter", std::move(input))};
  const Json about{{"ResourceType", "Parameter"}, {"ResourceId", name}};
  if (const Json gone = tags_gone(existing.properties, wanted); !gone.empty()) {
    steps.push_back(parameter_call("ssm", "RemoveTagsFromResource", about));
    steps.back().input["TagKeys"] = gone;
  }
  if (const Json tags = tags_of(context, wanted);
      !tags.empty() && differs(existing.properties, wanted, "Tags")) {
    steps.push_back(parameter_call("ssm", "AddTagsToResource", about));
    steps.back().input["Tags"] = tags;
  }
  return steps;
}
Steps remove_parameter(const Context&, const Existing& existing) {
  return {parameter_call("ssm", "DeleteParameter", {{"Name", existing.physical_id}}, true)};
}

/// Asks for a password and puts it where the template wants it, in the step after.
Steps with_generated(const Json& rules, Step target) {
  Json input = rules;
  const std::string key = property_text(rules, "GenerateStringKey");
  const std::string text = property_text(rules, "SecretStringTemplate");
  // What is no JSON ends here, before anything is made.
  const Json document = text.empty() ? Json::object() : Json::parse(text);
  // One without the other, or no object to put the key into, is passed on, and so refused.
  if (key.empty() == text.empty() && document.is_object()) {
    input.erase("GenerateStringKey");
    input.erase("SecretStringTemplate");
  }
  target.fill = [key, document](Json& wanted, const std::vector<Json>& outputs) {
    const std::string password = outputs.back().value("RandomPassword", "");
    Json whole = document;
    if (!key.empty()) whole[key] = password;
    wanted["SecretString"] = key.empty() ? password : whole.dump();
  };
  Steps steps{parameter_call("secretsmanager", "GetRandomPassword", std::move(input))};
  steps.push_back(std::move(target));
  return steps;
}

Steps create_secret(const Context& context, const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, {"Description", "KmsKeyId", "SecretString"});
  if (properties.contains("ReplicaRegions")) input["AddReplicaRegions"] = properties["ReplicaRegions"];
  std::string name = property_text(properties, "Name");
  if (name.empty()) name = fmt::format("{}-{}", context.logical_id, context.suffix);
  input["Name"] = name;
  if (const Json tags = tags_of(context, properties); !tags.empty()) input["Tags"] = tags;
  Step create = parameter_call("secretsmanager", "CreateSecret", std::move(input));
  if (!properties.contains("GenerateSecretString")) return {std::move(create)};
  return with_generated(properties["GenerateSecretString"], std::move(create));
}
Made made_secret(const Context&, const Json& properties, const std::vector<Json>& outputs) {
  // The password alone is nothing yet.
  const bool generated = properties.contains("GenerateSecretString");
  if (generated && outputs.size() < 2) return {};
  const std::string arn = outputs[generated ? 1 : 0].value("ARN", "");
  return {arn, {{"Id", arn}}};
}
Steps update_secret(const Context& context, const Existing& existing, const Json& wanted) {
  const std::string& arn = existing.physical_id;
  Json input{{"SecretId", arn}};
  for (const char* member : {"Description", "KmsKeyId"})
    if (differs(existing.properties, wanted, member)) input[member] = wanted.value(member, Json(""));
  if (property_text(input, "KmsKeyId").empty()) input.erase("KmsKeyId");
  if (wanted.contains("SecretString") && differs(existing.properties, wanted, "SecretString"))
    input["SecretString"] = wanted["SecretString"];
  const bool generates =
      wanted.contains("GenerateSecretString") && differs(existing.properties, wanted, "GenerateSecretString");
  Step update = parameter_call("secretsmanager", "UpdateSecret", std::move(input));
  Steps steps;
  if (generates) {
    steps = with_generated(wanted["GenerateSecretString"], std::move(update));
  } else {
    steps.push_back(std::move(update));
  }
  if (const Json gone = tags_gone(existing.properties, wanted); !gone.empty())
    steps.push_back(
        parameter_call("secretsmanager", "UntagResource", {{"SecretId", arn}, {"TagKeys", gone}}));
  if (const Json tags = tags_of(context, wanted);
      !tags.empty() && differs(existing.properties, wanted, "Tags"))
    steps.push_back(parameter_call("secretsmanager", "TagResource", {{"SecretId", arn}, {"Tags", tags}}));
  return steps;
}
/// As CloudFormation's own handler does: without a recovery window.
Steps remove_secret(const Context&, const Existing& existing) {
  return {parameter_call("secretsmanager", "DeleteSecret",
                         {{"SecretId", existing.physical_id}, {"ForceDeleteWithoutRecovery", true}}, true)};
}

Steps put_secret_policy(const Context&, const Json& properties) {
  Json input{{"SecretId", properties.value("SecretId", Json())},
             {"ResourcePolicy", document_text(properties.value("ResourcePolicy", Json::object()))}};
  copy_properties(properties, input, {"BlockPublicPolicy"});
  return {parameter_call("secretsmanager", "PutResourcePolicy", std::move(input))};
}
Made made_secret_policy(const Context&, const Json& properties, const std::vector<Json>&) {
  const std::string id = property_text(properties, "SecretId");
  return {id, {{"Id", id}}};
}
Steps update_secret_policy(const Context& context, const Existing&, const Json& wanted) {
  return put_secret_policy(context, wanted);
}
Steps remove_secret_policy(const Context&, const Existing& existing) {
  return {
      parameter_call("secretsmanager", "DeleteResourcePolicy", {{"SecretId", existing.physical_id}}, true)};
}

Steps rotate_secret(const Context&, const Json& properties) {
  Json input = properties;
  input.erase("RotateImmediatelyOnUpdate");
  if (properties.contains("RotateImmediatelyOnUpdate"))
    input["RotateImmediately"] = properties["RotateImmediatelyOnUpdate"];
  return {parameter_call("secretsmanager", "RotateSecret", std::move(input))};
}
Made made_rotation(const Context&, const Json& properties, const std::vector<Json>&) {
  const std::string id = property_text(properties, "SecretId");
  return {id, {{"Id", id}}};
}
Steps update_rotation(const Context& context, const Existing&, const Json& wanted) {
  return rotate_secret(context, wanted);
}
Steps remove_rotation(const Context&, const Existing& existing) {
  return {parameter_call("secretsmanager", "CancelRotateSecret", {{"SecretId", existing.physical_id}}, true)};
}

}  // namespace

std::span<const ResourceType> parameter_types() {
  static const ResourceType types[] = {
      {"AWS::SSM::Parameter",
       {"Name"},
       create_parameter,
       made_parameter,
       update_parameter,
       remove_parameter,
       parameter_attributes},
      {"AWS::SecretsManager::ResourcePolicy",
       {"SecretId"},
       put_secret_policy,
       made_secret_policy,
       update_secret_policy,
       remove_secret_policy},
      {"AWS::SecretsManager::RotationSchedule",
       {"SecretId"},
       rotate_secret,
       made_rotation,
       update_rotation,
       remove_rotation},
      {"AWS::SecretsManager::Secret", {"Name"}, create_secret, made_secret, update_secret, remove_secret},
  };
  return types;
}

}  // namespace aviary::cloudformation
