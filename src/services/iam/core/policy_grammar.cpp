#include "services/iam/core/policy_grammar.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "services/iam/core/policy_conditions.hpp"

namespace aviary::iam {
namespace {

constexpr const char* syntax_errors = "Syntax errors in policy.";

/// A text, or a list of them.
bool is_listed(const Json& value) {
  return value.is_string() ||
         (value.is_array() && std::ranges::all_of(value, [](const Json& each) { return each.is_string(); }));
}

std::string action_problem(const std::string& action) {
  const auto colons = std::ranges::count(action, ':');
  if (colons == 0 && action != "*")
    return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
  return colons > 1 ? "Actions/Condition can contain only one colon." : "";
}

std::string statement_problem(const Json& statement) {
  if (!statement.is_object()) return syntax_errors;
  const auto effect = statement.find("Effect");
  if (effect == statement.end() || (*effect != "Allow" && *effect != "Deny")) return syntax_errors;
  for (const auto& [one, other] : {std::pair{"Action", "NotAction"}, std::pair{"Resource", "NotResource"}}) {
    if (statement.contains(one) && statement.contains(other)) return syntax_errors;
    for (const char* member : {one, other})
      if (statement.contains(member) && !is_listed(statement[member])) return syntax_errors;
  }
  if (!statement.contains("Action") && !statement.contains("NotAction"))
    return "Policy statement must contain actions.";
  for (const char* member : {"Action", "NotAction"}) {
    if (!statement.contains(member)) continue;
    const Json& actions = statement[member];
    if (actions.is_string()) {
      if (std::string problem = action_problem(actions.get<std::string>()); !problem.empty()) return problem;
      continue;
    }
    for (const Json& each : actions)
      if (std::string problem = action_problem(each.get<std::string>()); !problem.empty()) return problem;
  }
  const bool of_a_resource = statement.contains("Principal") || statement.contains("NotPrincipal");
  if (!of_a_resource && !statement.contains("Resource") && !statement.contains("NotResource"))
    return "Policy statement must contain resources.";
  const auto conditions = statement.find("Condition");
  if (conditions == statement.end()) return {};
  if (!conditions->is_object()) return syntax_errors;
  for (const auto& [name, keys] : conditions->items()) {
    if (!is_condition_operator(name)) return fmt::format("Invalid Condition type : {}.", name);
    if (!keys.is_object()) return syntax_errors;
  }
  return {};
}

}  // namespace

std::string policy_problem(const Json& document) {
  const auto statements = document.find("Statement");
  if (statements == document.end()) return "Missing required field Statement";
  if (statements->is_object()) return statement_problem(*statements);
  if (!statements->is_array()) return syntax_errors;
  for (const Json& statement : *statements)
    if (std::string problem = statement_problem(statement); !problem.empty()) return problem;
  return {};
}

}  // namespace aviary::iam
