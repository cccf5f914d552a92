#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "services/cloudformation/core/resource_type.hpp"

/// What roles, users and groups have in common: policies of their own, and managed ones that are attached.
namespace aviary::cloudformation {

inline Step iam_call(std::string operation, Json input) {
  return {.service = "iam", .operation = std::move(operation), .input = std::move(input)};
}
/// What is gone already is fine.
inline Step iam_removal(std::string operation, Json input) {
  Step step = iam_call(std::move(operation), std::move(input));
  step.absent_is_fine = true;
  return step;
}

inline Json list_of(const Json& properties, const char* name) {
  return properties.value(name, Json::array());
}

/// From one list of `Policies` and `ManagedPolicyArns` to another; `kind` is `Role`, `User` or `Group`. From
/// or to nothing when they are made or removed.
inline Steps policy_steps(const std::string& kind, const std::string& name, const Json& before,
                          const Json& after) {
  Steps steps;
  const std::string member = kind + "Name";
  const auto has = [](const Json& policies, const Json& wanted) {
    return std::ranges::any_of(policies,
                               [&](const Json& each) { return each.value("PolicyName", Json()) == wanted; });
  };
  const Json wanted = list_of(after, "Policies");
  // What is no text was never attached.
  for (const Json& policy : list_of(before, "Policies"))
    if (policy.value("PolicyName", Json()).is_string() && !has(wanted, policy.value("PolicyName", Json())))
      steps.push_back(iam_removal("Delete" + kind + "Policy",
                                  {{member, name}, {"PolicyName", policy.value("PolicyName", Json())}}));
  for (const Json& policy : wanted)
    steps.push_back(
        iam_call("Put" + kind + "Policy",
                 {{member, name},
                  {"PolicyName", policy.value("PolicyName", Json())},
                  {"PolicyDocument", document_text(policy.value("PolicyDocument", Json::object()))}}));
  const Json old_arns = list_of(before, "ManagedPolicyArns");
  const Json new_arns = list_of(after, "ManagedPolicyArns");
  for (const Json& arn : old_arns)
    if (arn.is_string() && std::ranges::find(new_arns, arn) == new_arns.end())
      steps.push_back(iam_removal("Detach" + kind + "Policy", {{member, name}, {"PolicyArn", arn}}));
  for (const Json& arn : new_arns)
    if (std::ranges::find(old_arns, arn) == old_arns.end())
      steps.push_back(iam_call("Attach" + kind + "Policy", {{member, name}, {"PolicyArn", arn}}));
  return steps;
}

/// Which groups a user is in.
inline Steps group_steps(const std::string& user, const Json& before, const Json& after) {
  Steps steps;
  for (const Json& group : before)
    if (std::ranges::find(after, group) == after.end())
      steps.push_back(iam_removal("RemoveUserFromGroup", {{"GroupName", group}, {"UserName", user}}));
  for (const Json& group : after)
    if (std::ranges::find(before, group) == before.end())
      steps.push_back(iam_call("AddUserToGroup", {{"GroupName", group}, {"UserName", user}}));
  return steps;
}

inline void append_steps(Steps& steps, Steps more) {
  for (Step& step : more) steps.push_back(std::move(step));
}

}  // namespace aviary::cloudformation
