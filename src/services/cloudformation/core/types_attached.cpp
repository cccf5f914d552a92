#include <fmt/format.h>

#include "services/cloudformation/core/lambda_steps.hpp"

/// What hangs on resources of other types: policies of their own, keys, consumers, signing configurations.
namespace aviary::cloudformation {
namespace {

Step attached_call(const char* service, const char* operation, Json input, bool removes = false) {
  return {.service = service, .operation = operation, .input = std::move(input), .absent_is_fine = removes};
}

Json signing_input(const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, {"AllowedPublishers", "CodeSigningPolicies", "Description"});
  return input;
}
Steps create_signing(const Context&, const Json& properties) {
  Json input = signing_input(properties);
  if (properties.contains("Tags")) input["Tags"] = tag_map(properties["Tags"]);
  return {lambda_call("CreateCodeSigningConfig", std::move(input))};
}
Made made_signing(const Context&, const Json&, const std::vector<Json>& outputs) {
  const Json made = outputs[0].value("CodeSigningConfig", Json::object());
  const std::string arn = made.value("CodeSigningConfigArn", "");
  return {arn,
          {{"CodeSigningConfigArn", arn}, {"CodeSigningConfigId", made.value("CodeSigningConfigId", "")}}};
}
Steps update_signing(const Context&, const Existing& existing, const Json& wanted) {
  Json input = signing_input(wanted);
  input["CodeSigningConfigArn"] = existing.physical_id;
  return {lambda_call("UpdateCodeSigningConfig", std::move(input))};
}
Steps remove_signing(const Context&, const Existing& existing) {
  return {lambda_removal("DeleteCodeSigningConfig", {{"CodeSigningConfigArn", existing.physical_id}})};
}

/// It is there when it is `Active`.
Step await_capacity_provider(Json name) {
  Step step = lambda_call("GetCapacityProvider", {{"CapacityProviderName", std::move(name)}});
  step.until = [](const Json& output, std::string& reason) {
    const std::string state = output.value("CapacityProvider", Json::object()).value("State", "");
    if (state == "Failed") reason = "The capacity provider has failed";
    return state == "Active" ? Progress::Done : state == "Failed" ? Progress::Failed : Progress::Waiting;
  };
  return step;
}
Steps create_capacity_provider(const Context& context, const Json& properties) {
  const std::string name = context.name(properties, "CapacityProviderName", 140);
  Json input{{"CapacityProviderName", name}};
  copy_properties(properties, input,
                  {"VpcConfig", "PermissionsConfig", "InstanceRequirements", "CapacityProviderScalingConfig",
                   "KmsKeyArn"});
  if (properties.contains("Tags")) input["Tags"] = tag_map(properties["Tags"]);
  return {lambda_call("CreateCapacityProvider", std::move(input)), await_capacity_provider(name)};
}
Made made_capacity_provider(const Context& context, const Json& properties,
                            const std::vector<Json>& outputs) {
  const Json made = outputs.back().value("CapacityProvider", Json::object());
  return {context.name(properties, "CapacityProviderName", 140),
          {{"Arn", made.value("CapacityProviderArn", "")}, {"State", made.value("State", "")}}};
}
Steps update_capacity_provider(const Context&, const Existing& existing, const Json& wanted) {
  Json input{{"CapacityProviderName", existing.physical_id}};
  copy_properties(wanted, input, {"CapacityProviderScalingConfig"});
  return {lambda_call("UpdateCapacityProvider", std::move(input)),
          await_capacity_provider(existing.physical_id)};
}
Steps remove_capacity_provider(const Context&, const Existing& existing) {
  return {lambda_removal("DeleteCapacityProvider", {{"CapacityProviderName", existing.physical_id}})};
}

Steps create_consumer(const Context&, const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, {"ConsumerName", "StreamARN"});
  return {attached_call("kinesis", "RegisterStreamConsumer", std::move(input))};
}
Made made_consumer(const Context&, const Json& properties, const std::vector<Json>& outputs) {
  const Json made = outputs[0].value("Consumer", Json::object());
  const std::string arn = made.value("ConsumerARN", "");
  return {arn,
          {{"ConsumerARN", arn},
           {"ConsumerName", made.value("ConsumerName", "")},
           {"ConsumerStatus", made.value("ConsumerStatus", "")},
           {"StreamARN", property_text(properties, "StreamARN")}}};
}
Steps remove_consumer(const Context&, const Existing& existing) {
  return {
      attached_call("kinesis", "DeregisterStreamConsumer", {{"ConsumerARN", existing.physical_id}}, true)};
}

Steps create_stream_policy(const Context&, const Json& properties) {
  return {attached_call("kinesis", "PutResourcePolicy",
                        {{"ResourceARN", properties.value("ResourceArn", Json())},
                         {"Policy", document_text(properties.value("ResourcePolicy", Json::object()))}})};
}
Made made_stream_policy(const Context&, const Json& properties, const std::vector<Json>&) {
  return {property_text(properties, "ResourceArn"), Json::object()};
}
Steps update_stream_policy(const Context& context, const Existing&, const Json& wanted) {
  return create_stream_policy(context, wanted);
}
Steps remove_stream_policy(const Context&, const Existing& existing) {
  return {attached_call("kinesis", "DeleteResourcePolicy", {{"ResourceARN", existing.physical_id}}, true)};
}

/// Inline policies of a role or a user, as resources of their own.
template <bool of_role>
Json named_policy(const Json& properties) {
  const char* const whose = of_role ? "RoleName" : "UserName";
  return {{"PolicyName", properties.value("PolicyName", Json())}, {whose, properties.value(whose, Json())}};
}
template <bool of_role>
Steps create_inline_policy(const Context&, const Json& properties) {
  Json input = named_policy<of_role>(properties);
  input["PolicyDocument"] = document_text(properties.value("PolicyDocument", Json::object()));
  return {attached_call("iam", of_role ? "PutRolePolicy" : "PutUserPolicy", std::move(input))};
}
template <bool of_role>
Made made_inline_policy(const Context&, const Json& properties, const std::vector<Json>&) {
  return {fmt::format("{}|{}", property_text(properties, "PolicyName"),
                      property_text(properties, of_role ? "RoleName" : "UserName")),
          Json::object()};
}
template <bool of_role>
Steps update_inline_policy(const Context& context, const Existing&, const Json& wanted) {
  return create_inline_policy<of_role>(context, wanted);
}
template <bool of_role>
Steps remove_inline_policy(const Context&, const Existing& existing) {
  return {attached_call("iam", of_role ? "DeleteRolePolicy" : "DeleteUserPolicy",
                        named_policy<of_role>(existing.properties), true)};
}

Steps create_access_key(const Context&, const Json& properties) {
  Steps steps{attached_call("iam", "CreateAccessKey", {{"UserName", properties.value("UserName", Json())}})};
  if (property_text(properties, "Status") == "Inactive") {
    steps.push_back(
        attached_call("iam", "UpdateAccessKey",
                      {{"UserName", properties.value("UserName", Json())}, {"Status", "Inactive"}}));
    steps.back().fill = [](Json& input, const std::vector<Json>& outputs) {
      input["AccessKeyId"] = outputs[0].at("AccessKey").at("AccessKeyId");
    };
  }
  return steps;
}
Made made_access_key(const Context&, const Json&, const std::vector<Json>& outputs) {
  const Json key = outputs[0].value("AccessKey", Json::object());
  return {key.value("AccessKeyId", ""), {{"SecretAccessKey", key.value("SecretAccessKey", "")}}};
}
Steps remove_access_key(const Context&, const Existing& existing) {
  return {attached_call(
      "iam", "DeleteAccessKey",
      {{"UserName", existing.properties.value("UserName", Json())}, {"AccessKeyId", existing.physical_id}},
      true)};
}

Step queue_policy_step(const Json& properties, const std::string& policy, bool removes) {
  return attached_call(
      "sqs", "SetQueueAttributes",
      {{"QueueUrl", properties.value("Queue", Json())}, {"Attributes", {{"Policy", policy}}}}, removes);
}
Steps create_queue_inline(const Context&, const Json& properties) {
  return {queue_policy_step(properties, document_text(properties.value("PolicyDocument", Json::object())),
                            false)};
}
Made made_queue_inline(const Context&, const Json& properties, const std::vector<Json>&) {
  return {property_text(properties, "Queue"), Json::object()};
}
Steps update_queue_inline(const Context& context, const Existing&, const Json& wanted) {
  return create_queue_inline(context, wanted);
}
Steps remove_queue_inline(const Context&, const Existing& existing) {
  return {queue_policy_step(existing.properties, "", true)};
}

}  // namespace

std::span<const ResourceType> attached_types() {
  static const ResourceType types[] = {
      {"AWS::Lambda::CodeSigningConfig", {}, create_signing, made_signing, update_signing, remove_signing},
      {"AWS::Lambda::CapacityProvider",
       {"CapacityProviderName", "VpcConfig", "PermissionsConfig", "InstanceRequirements", "KmsKeyArn"},
       create_capacity_provider,
       made_capacity_provider,
       update_capacity_provider,
       remove_capacity_provider},
      {"AWS::Kinesis::StreamConsumer", {}, create_consumer, made_consumer, nullptr, remove_consumer},
      {"AWS::Kinesis::ResourcePolicy",
       {"ResourceArn"},
       create_stream_policy,
       made_stream_policy,
       update_stream_policy,
       remove_stream_policy},
      {"AWS::IAM::RolePolicy",
       {"PolicyName", "RoleName"},
       create_inline_policy<true>,
       made_inline_policy<true>,
       update_inline_policy<true>,
       remove_inline_policy<true>},
      {"AWS::IAM::UserPolicy",
       {"PolicyName", "UserName"},
       create_inline_policy<false>,
       made_inline_policy<false>,
       update_inline_policy<false>,
       remove_inline_policy<false>},
      {"AWS::IAM::AccessKey", {}, create_access_key, made_access_key, nullptr, remove_access_key},
      {"AWS::SQS::QueueInlinePolicy",
       {"Queue"},
       create_queue_inline,
       made_queue_inline,
       update_queue_inline,
       remove_queue_inline},
  };
  return types;
}

}  // namespace aviary::cloudformation
