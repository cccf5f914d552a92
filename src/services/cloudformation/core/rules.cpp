#include "services/cloudformation/core/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "services/cloudformation/core/template_text.hpp"

namespace aviary::cloudformation {
namespace {

AwsError rules_error(std::string_view text) {
  return validation_error(fmt::format("Template format error: {}", text));
}

bool same(const Json& a, const Json& b) {
  const auto text = [](const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  return a == b || (a.is_primitive() && b.is_primitive() && text(a) == text(b));
}

bool has(const Json& list, const Json& value) {
  return std::ranges::any_of(list, [&](const Json& each) { return same(each, value); });
}

/// One argument of a function that compares: its value.
Result<Json> operand(const Json& expression, const Lookups& lookups) {
  if (expression.is_object() && expression.size() == 1)
    for (const char* asking : {"Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"})
      if (expression.contains(asking))
        return validation_error(fmt::format("Aviary has no {} in rules yet.", asking));
  return evaluate(expression, lookups);
}

Result<bool> holds(const Json& expression, const Lookups& lookups);

Result<bool> combined(const std::string& function, const Json& argument, const Lookups& lookups) {
  const bool negates = function == "Fn::Not";
  if (!argument.is_array() || argument.empty() || (negates && argument.size() != 1))
    return rules_error(fmt::format("every {} object requires a list of conditions", function));
  bool all = true;
  bool any = false;
  for (const Json& each : argument) {
    const Result<bool> held = holds(each, lookups);
    if (!held) return held;
    all = all && *held;
    any = any || *held;
  }
  return negates ? !any : function == "Fn::And" ? all : any;
}

Result<bool> compared(const std::string& function, const Json& argument, const Lookups& lookups) {
  if (!argument.is_array() || argument.size() != 2)
    return rules_error(fmt::format("every {} object requires two arguments", function));
  const Result<Json> left = operand(argument[0], lookups);
  if (!left) return left.error();
  const Result<Json> right = operand(argument[1], lookups);
  if (!right) return right.error();
  if (function == "Fn::Equals") return same(*left, *right);
  if (!left->is_array()) return rules_error(fmt::format("{} requires a list of strings", function));
  if (function == "Fn::Contains") return has(*left, *right);
  if (function == "Fn::EachMemberEquals")
    return std::ranges::all_of(*left, [&](const Json& each) { return same(each, *right); });
  if (!right->is_array()) return rules_error(fmt::format("{} requires two lists of strings", function));
  return std::ranges::all_of(*left, [&](const Json& each) { return has(*right, each); });
}

Result<bool> holds(const Json& expression, const Lookups& lookups) {
  if (expression.is_boolean()) return expression.get<bool>();
  if (expression.is_object() && expression.size() == 1) {
    const std::string& function = expression.begin().key();
    const Json& argument = *expression.begin();
    if (function == "Fn::And" || function == "Fn::Or" || function == "Fn::Not")
      return combined(function, argument, lookups);
    if (function == "Fn::Equals" || function == "Fn::Contains" || function == "Fn::EachMemberEquals" ||
        function == "Fn::EachMemberIn")
      return compared(function, argument, lookups);
    return rules_error(fmt::format("{} cannot be used in the Rules block", function));
  }
  return rules_error("every condition of a rule must be a rule-specific function");
}

}  // namespace

Result<> check_rules(const Json& document, const Lookups& lookups) {
  const Json rules = document.value("Rules", Json::object());
  if (!rules.is_object()) return rules_error("[/Rules] 'Rules' must be an object");
  for (const auto& [name, rule] : rules.items()) {
    const auto assertions = rule.is_object() ? rule.find("Assertions") : rule.end();
    if (assertions == rule.end() || !assertions->is_array())
      return rules_error(
          fmt::format("[/Rules/{}] Every Rules member must contain an Assertions list.", name));
    if (rule.contains("RuleCondition")) {
      const Result<bool> applies = holds(rule["RuleCondition"], lookups);
      if (!applies) return applies.error();
      if (!*applies) continue;
    }
    for (const Json& assertion : *assertions) {
      if (!assertion.is_object() || !assertion.contains("Assert"))
        return rules_error(fmt::format("[/Rules/{}] Every assertion must contain an Assert.", name));
      const Result<bool> held = holds(assertion["Assert"], lookups);
      if (!held) return held.error();
      if (*held) continue;
      const Json description = assertion.value("AssertDescription", Json(""));
      return validation_error(
          fmt::format("Template validation error: Rule {} failed: {}", name,
                      description.is_string() && !description.get_ref<const std::string&>().empty()
                          ? description.get<std::string>()
                          : "an assertion does not hold"));
    }
  }
  return {};
}

}  // namespace aviary::cloudformation
