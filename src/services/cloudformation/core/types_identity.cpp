#include <fmt/format.h>

#include <algorithm>

#include "services/cloudformation/core/resource_type.hpp"

/// AWS::IAM::*
namespace aviary::cloudformation {
namespace {

Step iam_call(std::string operation, Json input) {
  return {.service = "iam", .operation = std::move(operation), .input = std::move(input)};
}
Step iam_removal(std::string operation, Json input) {
  Step step = iam_call(std::move(operation), std::move(input));
  step.absent_is_fine = true;
  return step;
}

Json list_of(const Json& properties, const char* name) { return properties.value(name, Json::array()); }

Steps create_role(const Context& context, const Json& properties) {
  const std::string name = context.name(properties, "RoleName");
  Json input{{"RoleName", name}};
  copy_properties(properties, input,
                  {"Path", "Description", "MaxSessionDuration", "PermissionsBoundary", "Tags"});
  input["AssumeRolePolicyDocument"] =
      document_text(properties.value("AssumeRolePolicyDocument", Json::object()));
  Steps steps{iam_call("CreateRole", std::move(input))};
  for (const Json& policy : list_of(properties, "Policies"))
    steps.push_back(
        iam_call("PutRolePolicy",
                 {{"RoleName", name},
                  {"PolicyName", policy.value("PolicyName", Json())},
                  {"PolicyDocument", document_text(policy.value("PolicyDocument", Json::object()))}}));
  for (const Json& arn : list_of(properties, "ManagedPolicyArns"))
    steps.push_back(iam_call("AttachRolePolicy", {{"RoleName", name}, {"PolicyArn", arn}}));
  return steps;
}
Made made_role(const Context&, const Json&, const std::vector<Json>& outputs) {
  const Json role = outputs[0].value("Role", Json::object());
  return {role.value("RoleName", ""), {{"Arn", role.value("Arn", "")}, {"RoleId", role.value("RoleId", "")}}};
}
Steps update_role(const Context&, const Existing& existing, const Json& wanted) {
  const std::string& name = existing.physical_id;
  Steps steps;
  if (differs(existing.properties, wanted, "AssumeRolePolicyDocument"))
    steps.push_back(iam_call(
        "UpdateAssumeRolePolicy",
        {{"RoleName", name},
         {"PolicyDocument", document_text(wanted.value("AssumeRolePolicyDocument", Json::object()))}}));
  Json input{{"RoleName", name}};
  copy_properties(wanted, input, {"Description", "MaxSessionDuration"});
  if (input.size() > 1) steps.push_back(iam_call("UpdateRole", std::move(input)));
  const Json before = list_of(existing.properties, "Policies");
  const Json after = list_of(wanted, "Policies");
  const auto has = [](const Json& policies, const Json& name_wanted) {
    return std::ranges::any_of(
        policies, [&](const Json& each) { return each.value("PolicyName", Json()) == name_wanted; });
  };
  for (const Json& policy : before)
    if (!has(after, policy.value("PolicyName", Json())))
      steps.push_back(iam_removal("DeleteRolePolicy",
                                  {{"RoleName", name}, {"PolicyName", policy.value("PolicyName", Json())}}));
  for (const Json& policy : after)
    steps.push_back(
        iam_call("PutRolePolicy",
                 {{"RoleName", name},
                  {"PolicyName", policy.value("PolicyName", Json())},
                  {"PolicyDocument", document_text(policy.value("PolicyDocument", Json::object()))}}));
  const Json old_arns = list_of(existing.properties, "ManagedPolicyArns");
  const Json new_arns = list_of(wanted, "ManagedPolicyArns");
  for (const Json& arn : old_arns)
    if (std::ranges::find(new_arns, arn) == new_arns.end())
      steps.push_back(iam_removal("DetachRolePolicy", {{"RoleName", name}, {"PolicyArn", arn}}));
  for (const Json& arn : new_arns)
    if (std::ranges::find(old_arns, arn) == old_arns.end())
      steps.push_back(iam_call("AttachRolePolicy", {{"RoleName", name}, {"PolicyArn", arn}}));
  return steps;
}
Steps remove_role(const Context&, const Existing& existing) {
  const std::string& name = existing.physical_id;
  Steps steps;
  for (const Json& policy : list_of(existing.properties, "Policies"))
    steps.push_back(iam_removal("DeleteRolePolicy",
                                {{"RoleName", name}, {"PolicyName", policy.value("PolicyName", Json())}}));
  for (const Json& arn : list_of(existing.properties, "ManagedPolicyArns"))
    steps.push_back(iam_removal("DetachRolePolicy", {{"RoleName", name}, {"PolicyArn", arn}}));
  steps.push_back(iam_removal("DeleteRole", {{"RoleName", name}}));
  return steps;
}

/// The same policy put into or taken out of each role and user that it names.
Steps inline_policy(const std::string& name, const Json& properties, bool puts) {
  Steps steps;
  for (const auto& [list, member, put, remove] :
       {std::tuple{"Roles", "RoleName", "PutRolePolicy", "DeleteRolePolicy"},
        std::tuple{"Users", "UserName", "PutUserPolicy", "DeleteUserPolicy"}})
    for (const Json& principal : list_of(properties, list)) {
      Json input{{member, principal}, {"PolicyName", name}};
      if (puts) {
        input["PolicyDocument"] = document_text(properties.value("PolicyDocument", Json::object()));
        steps.push_back(iam_call(put, std::move(input)));
      } else {
        steps.push_back(iam_removal(remove, std::move(input)));
      }
    }
  return steps;
}
Steps create_inline(const Context& context, const Json& properties) {
  return inline_policy(context.name(properties, "PolicyName", 128), properties, true);
}
Made made_inline(const Context& context, const Json& properties, const std::vector<Json>&) {
  const std::string name = context.name(properties, "PolicyName", 128);
  return {name, {{"Id", name}}};
}
Steps update_inline(const Context&, const Existing& existing, const Json& wanted) {
  Json gone = existing.properties;
  for (const char* list : {"Roles", "Users"}) {
    Json left = Json::array();
    const Json kept = list_of(wanted, list);
    for (const Json& each : list_of(existing.properties, list))
      if (std::ranges::find(kept, each) == kept.end()) left.push_back(each);
    gone[list] = std::move(left);
  }
  Steps steps = inline_policy(existing.physical_id, gone, false);
  for (Step& step : inline_policy(existing.physical_id, wanted, true)) steps.push_back(std::move(step));
  return steps;
}
Steps remove_inline(const Context&, const Existing& existing) {
  return inline_policy(existing.physical_id, existing.properties, false);
}

Steps attachments(const Json& properties, const Json& arn, bool attaches) {
  Steps steps;
  for (const auto& [list, member, attach, detach] :
       {std::tuple{"Roles", "RoleName", "AttachRolePolicy", "DetachRolePolicy"},
        std::tuple{"Users", "UserName", "AttachUserPolicy", "DetachUserPolicy"}})
    for (const Json& principal : list_of(properties, list)) {
      Json input{{member, principal}, {"PolicyArn", arn}};
      steps.push_back(attaches ? iam_call(attach, std::move(input)) : iam_removal(detach, std::move(input)));
    }
  return steps;
}
Steps create_managed(const Context& context, const Json& properties) {
  Json input{{"PolicyName", context.name(properties, "ManagedPolicyName", 128)},
             {"PolicyDocument", document_text(properties.value("PolicyDocument", Json::object()))}};
  copy_properties(properties, input, {"Path", "Description"});
  Steps steps{iam_call("CreatePolicy", std::move(input))};
  for (Step& step : attachments(properties, "", true)) {
    step.fill = [](Json& attached, const std::vector<Json>& outputs) {
      attached["PolicyArn"] = outputs[0].value("Policy", Json::object()).value("Arn", "");
    };
    steps.push_back(std::move(step));
  }
  return steps;
}
Made made_managed(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string arn = outputs[0].value("Policy", Json::object()).value("Arn", "");
  return {arn, {{"PolicyArn", arn}}};
}
Steps remove_managed(const Context&, const Existing& existing) {
  Steps steps = attachments(existing.properties, existing.physical_id, false);
  steps.push_back(iam_removal("DeletePolicy", {{"PolicyArn", existing.physical_id}}));
  return steps;
}

Steps create_user(const Context& context, const Json& properties) {
  const std::string name = context.name(properties, "UserName");
  Json input{{"UserName", name}};
  copy_properties(properties, input, {"Path", "PermissionsBoundary", "Tags"});
  Steps steps{iam_call("CreateUser", std::move(input))};
  for (const Json& policy : list_of(properties, "Policies"))
    steps.push_back(
        iam_call("PutUserPolicy",
                 {{"UserName", name},
                  {"PolicyName", policy.value("PolicyName", Json())},
                  {"PolicyDocument", document_text(policy.value("PolicyDocument", Json::object()))}}));
  for (const Json& arn : list_of(properties, "ManagedPolicyArns"))
    steps.push_back(iam_call("AttachUserPolicy", {{"UserName", name}, {"PolicyArn", arn}}));
  return steps;
}
Made made_user(const Context&, const Json&, const std::vector<Json>& outputs) {
  const Json user = outputs[0].value("User", Json::object());
  return {user.value("UserName", ""), {{"Arn", user.value("Arn", "")}}};
}
Steps remove_user(const Context&, const Existing& existing) {
  const std::string& name = existing.physical_id;
  Steps steps;
  for (const Json& policy : list_of(existing.properties, "Policies"))
    steps.push_back(iam_removal("DeleteUserPolicy",
                                {{"UserName", name}, {"PolicyName", policy.value("PolicyName", Json())}}));
  for (const Json& arn : list_of(existing.properties, "ManagedPolicyArns"))
    steps.push_back(iam_removal("DetachUserPolicy", {{"UserName", name}, {"PolicyArn", arn}}));
  steps.push_back(iam_removal("DeleteUser", {{"UserName", name}}));
  return steps;
}

}  // namespace

std::span<const ResourceType> identity_types() {
  static const ResourceType types[] = {
      {"AWS::IAM::Role", {"RoleName", "Path"}, create_role, made_role, update_role, remove_role},
      {"AWS::IAM::Policy", {"PolicyName"}, create_inline, made_inline, update_inline, remove_inline},
      {"AWS::IAM::ManagedPolicy", {}, create_managed, made_managed, nullptr, remove_managed},
      {"AWS::IAM::User", {}, create_user, made_user, nullptr, remove_user},
  };
  return types;
}

}  // namespace aviary::cloudformation
