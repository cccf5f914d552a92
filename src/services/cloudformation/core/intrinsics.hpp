#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace aviary::cloudformation {

/// What intrinsic functions look things up in.
struct Lookups {
  /// Parameters by their values, pseudo-parameters, and `Ref` of resources; nothing: there is none.
  std::function<std::optional<Json>(const std::string& name)> ref;
  /// `Fn::GetAtt`.
  std::function<Result<Json>(const std::string& resource, const std::string& attribute)> attribute;
  /// `Fn::ImportValue`.
  std::function<Result<Json>(const std::string& name)> import;
  const Json* mappings = nullptr;  ///< the template's section
  const std::map<std::string, bool>* conditions = nullptr;
  std::string region;
};

/// The value that `AWS::NoValue` gives: members that have it are left out.
inline constexpr std::string_view no_value = "AWS::NoValue";

/// Evaluates everything in `expression`. Errors are ValidationErrors in CloudFormation's words.
Result<Json> evaluate(const Json& expression, const Lookups& lookups);

/// A condition: `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not`, `Condition`. `defined` holds those of the
/// template; `lookups.conditions` is not used.
Result<bool> evaluate_condition(const Json& expression, const Lookups& lookups, const Json& defined,
                                std::set<std::string>& open);

/// Names of resources that an expression refers to by `Ref`, `Fn::GetAtt` or `Fn::Sub`, whichever branch of
/// an `Fn::If` they are in; may hold names that are parameters.
void collect_references(const Json& expression, std::set<std::string>& names);

}  // namespace aviary::cloudformation
