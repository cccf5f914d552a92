#include "services/cloudformation/core/identity_steps.hpp"

/// AWS::IAM::Group, GroupPolicy and UserToGroupAddition.
namespace aviary::cloudformation {
namespace {

Steps create_iam_group(const Context& context, const Json& properties) {
  const std::string name = context.name(properties, "GroupName", 128);
  Json input{{"GroupName", name}};
  copy_properties(properties, input, {"Path"});
  Steps steps{iam_call("CreateGroup", std::move(input))};
  append_steps(steps, policy_steps("Group", name, Json::object(), properties));
  return steps;
}
Made made_iam_group(const Context&, const Json&, const std::vector<Json>& outputs) {
  const Json group = outputs[0].value("Group", Json::object());
  return {group.value("GroupName", ""), {{"Arn", group.value("Arn", "")}}};
}
Steps update_iam_group(const Context&, const Existing& existing, const Json& wanted) {
  Steps steps;
  if (differs(existing.properties, wanted, "Path"))
    steps.push_back(iam_call(
        "UpdateGroup", {{"GroupName", existing.physical_id}, {"NewPath", wanted.value("Path", Json("/"))}}));
  append_steps(steps, policy_steps("Group", existing.physical_id, existing.properties, wanted));
  return steps;
}
Steps remove_iam_group(const Context&, const Existing& existing) {
  Steps steps = policy_steps("Group", existing.physical_id, existing.properties, Json::object());
  steps.push_back(iam_removal("DeleteGroup", {{"GroupName", existing.physical_id}}));
  return steps;
}
/// Its ARN has the path.
Json iam_group_attributes(const Context& context, const Existing& existing, const Json& wanted) {
  std::string path = property_text(wanted, "Path");
  if (path.empty()) path = "/";
  return {{"Arn", "arn:aws:iam::" + context.account + ":group" + path + existing.physical_id}};
}

Json named_group_policy(const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, {"GroupName", "PolicyName"});
  return input;
}
Steps create_group_policy(const Context&, const Json& properties) {
  Json input = named_group_policy(properties);
  input["PolicyDocument"] = document_text(properties.value("PolicyDocument", Json::object()));
  return {iam_call("PutGroupPolicy", std::move(input))};
}
Made made_group_policy(const Context&, const Json& properties, const std::vector<Json>&) {
  return {property_text(properties, "PolicyName") + "|" + property_text(properties, "GroupName"),
          Json::object()};
}
Steps update_group_policy(const Context& context, const Existing&, const Json& wanted) {
  return create_group_policy(context, wanted);
}
Steps remove_group_policy(const Context&, const Existing& existing) {
  return {iam_removal("DeleteGroupPolicy", named_group_policy(existing.properties))};
}

/// The group's users from one list to another.
Steps membership(const Json& group, const Json& before, const Json& after) {
  Steps steps;
  for (const Json& user : before)
    if (std::ranges::find(after, user) == after.end())
      steps.push_back(iam_removal("RemoveUserFromGroup", {{"GroupName", group}, {"UserName", user}}));
  for (const Json& user : after)
    if (std::ranges::find(before, user) == before.end())
      steps.push_back(iam_call("AddUserToGroup", {{"GroupName", group}, {"UserName", user}}));
  return steps;
}
Steps create_addition(const Context&, const Json& properties) {
  return membership(properties.value("GroupName", Json()), Json::array(), list_of(properties, "Users"));
}
Made made_addition(const Context& context, const Json&, const std::vector<Json>&) {
  const std::string name = context.name(Json::object(), "Id", 128);
  return {name, {{"Id", name}}};
}
Steps update_addition(const Context&, const Existing& existing, const Json& wanted) {
  const Json group = wanted.value("GroupName", Json());
  if (!differs(existing.properties, wanted, "GroupName"))
    return membership(group, list_of(existing.properties, "Users"), list_of(wanted, "Users"));
  Steps steps = membership(existing.properties.value("GroupName", Json()),
                           list_of(existing.properties, "Users"), Json::array());
  append_steps(steps, membership(group, Json::array(), list_of(wanted, "Users")));
  return steps;
}
Steps remove_addition(const Context&, const Existing& existing) {
  return membership(existing.properties.value("GroupName", Json()), list_of(existing.properties, "Users"),
                    Json::array());
}

}  // namespace

std::span<const ResourceType> group_types() {
  static const ResourceType types[] = {
      {"AWS::IAM::Group",
       {"GroupName"},
       create_iam_group,
       made_iam_group,
       update_iam_group,
       remove_iam_group,
       iam_group_attributes},
      {"AWS::IAM::GroupPolicy",
       {"PolicyName", "GroupName"},
       create_group_policy,
       made_group_policy,
       update_group_policy,
       remove_group_policy},
      {"AWS::IAM::UserToGroupAddition", {}, create_addition, made_addition, update_addition, remove_addition},
  };
  return types;
}

}  // namespace aviary::cloudformation
