#include <fmt/format.h>

#include <algorithm>

#include "services/cloudformation/core/identity_steps.hpp"

/// AWS::IAM::Role, Policy, ManagedPolicy and User.
namespace aviary::cloudformation {
namespace {

Steps create_role(const Context& context, const Json& properties) {
  const std::string name = context.name(properties, "RoleName");
  Json input{{"RoleName", name}};
  copy_properties(properties, input,
                  {"Path", "Description", "MaxSessionDuration", "PermissionsBoundary", "Tags"});
  input["AssumeRolePolicyDocument"] =
      document_text(properties.value("AssumeRolePolicyDocument", Json::object()));
  Steps steps{iam_call("CreateRole", std::move(input))};
  append_steps(steps, policy_steps("Role", name, Json::object(), properties));
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
  append_steps(steps, policy_steps("Role", name, existing.properties, wanted));
  return steps;
}
Steps remove_role(const Context&, const Existing& existing) {
  Steps steps = policy_steps("Role", existing.physical_id, existing.properties, Json::object());
  steps.push_back(iam_removal("DeleteRole", {{"RoleName", existing.physical_id}}));
  return steps;
}

/// The kinds of principals that a policy can list: the property, and what they are called.
constexpr std::pair<const char*, const char*> listed_kinds[] = {
    {"Roles", "Role"}, {"Users", "User"}, {"Groups", "Group"}};

/// The same policy put into or taken out of each role, user and group that it names.
Steps inline_policy(const std::string& name, const Json& properties, bool puts) {
  Steps steps;
  for (const auto& [list, kind] : listed_kinds)
    for (const Json& principal : list_of(properties, list)) {
      Json input{{std::string(kind) + "Name", principal}, {"PolicyName", name}};
      if (puts) {
        input["PolicyDocument"] = document_text(properties.value("PolicyDocument", Json::object()));
        steps.push_back(iam_call(fmt::format("Put{}Policy", kind), std::move(input)));
      } else {
        steps.push_back(iam_removal(fmt::format("Delete{}Policy", kind), std::move(input)));
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
/// What of the lists is in `from` and not in `other`.
Json only_in(const Json& from, const Json& other) {
  Json out = from;
  for (const auto& [list, kind] : listed_kinds) {
    Json left = Json::array();
    const Json kept = list_of(other, list);
    for (const Json& each : list_of(from, list))
      if (std::ranges::find(kept, each) == kept.end()) left.push_back(each);
    out[list] = std::move(left);
  }
  return out;
}
Steps update_inline(const Context&, const Existing& existing, const Json& wanted) {
  Steps steps = inline_policy(existing.physical_id, only_in(existing.properties, wanted), false);
  append_steps(steps, inline_policy(existing.physical_id, wanted, true));
  return steps;
}
Steps remove_inline(const Context&, const Existing& existing) {
  return inline_policy(existing.physical_id, existing.properties, false);
}

Steps attachments(const Json& properties, const Json& arn, bool attaches) {
  Steps steps;
  for (const auto& [list, kind] : listed_kinds)
    for (const Json& principal : list_of(properties, list)) {
      Json input{{std::string(kind) + "Name", principal}, {"PolicyArn", arn}};
      steps.push_back(attaches ? iam_call(fmt::format("Attach{}Policy", kind), std::move(input))
                               : iam_removal(fmt::format("Detach{}Policy", kind), std::move(input)));
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
/// Another document is another version; the one that was in force goes, for a policy has five at the most.
Steps update_managed(const Context&, const Existing& existing, const Json& wanted) {
  const std::string& arn = existing.physical_id;
  Steps steps;
  if (differs(existing.properties, wanted, "PolicyDocument")) {
    steps.push_back(iam_call("GetPolicy", {{"PolicyArn", arn}}));
    steps.push_back(
        iam_call("CreatePolicyVersion",
                 {{"PolicyArn", arn},
                  {"PolicyDocument", document_text(wanted.value("PolicyDocument", Json::object()))},
                  {"SetAsDefault", true}}));
    Step gone = iam_removal("DeletePolicyVersion", {{"PolicyArn", arn}});
    gone.fill = [](Json& input, const std::vector<Json>& outputs) {
      input["VersionId"] = outputs[0].value("Policy", Json::object()).value("DefaultVersionId", "");
    };
    steps.push_back(std::move(gone));
  }
  append_steps(steps, attachments(only_in(existing.properties, wanted), arn, false));
  append_steps(steps, attachments(only_in(wanted, existing.properties), arn, true));
  return steps;
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
  append_steps(steps, policy_steps("User", name, Json::object(), properties));
  append_steps(steps, group_steps(name, Json::array(), list_of(properties, "Groups")));
  return steps;
}
Made made_user(const Context&, const Json&, const std::vector<Json>& outputs) {
  const Json user = outputs[0].value("User", Json::object());
  return {user.value("UserName", ""), {{"Arn", user.value("Arn", "")}}};
}
Steps update_user(const Context&, const Existing& existing, const Json& wanted) {
  const std::string& name = existing.physical_id;
  Steps steps = policy_steps("User", name, existing.properties, wanted);
  append_steps(steps, group_steps(name, list_of(existing.properties, "Groups"), list_of(wanted, "Groups")));
  const Json tags = tag_map(list_of(wanted, "Tags"));
  Json gone = Json::array();
  const Json had = tag_map(list_of(existing.properties, "Tags"));
  for (const auto& [key, value] : had.items())
    if (!tags.contains(key)) gone.push_back(key);
  if (!gone.empty()) steps.push_back(iam_call("UntagUser", {{"UserName", name}, {"TagKeys", gone}}));
  if (!tags.empty())
    steps.push_back(iam_call("TagUser", {{"UserName", name}, {"Tags", list_of(wanted, "Tags")}}));
  return steps;
}
Steps remove_user(const Context&, const Existing& existing) {
  const std::string& name = existing.physical_id;
  Steps steps = policy_steps("User", name, existing.properties, Json::object());
  append_steps(steps, group_steps(name, list_of(existing.properties, "Groups"), Json::array()));
  steps.push_back(iam_removal("DeleteUser", {{"UserName", name}}));
  return steps;
}

}  // namespace

std::span<const ResourceType> identity_types() {
  static const ResourceType types[] = {
      {"AWS::IAM::Role", {"RoleName", "Path"}, create_role, made_role, update_role, remove_role},
      {"AWS::IAM::Policy", {"PolicyName"}, create_inline, made_inline, update_inline, remove_inline},
      {"AWS::IAM::ManagedPolicy",
       {"ManagedPolicyName", "Path", "Description"},
       create_managed,
       made_managed,
       update_managed,
       remove_managed},
      {"AWS::IAM::User",
       {"UserName", "Path", "PermissionsBoundary"},
       create_user,
       made_user,
       update_user,
       remove_user},
  };
  return types;
}

}  // namespace aviary::cloudformation
