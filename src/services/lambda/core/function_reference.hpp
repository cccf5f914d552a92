#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::lambda {

/// What a caller wrote where AWS takes a function: a name, a partial ARN or an ARN, each with or without a
/// qualifier.
struct FunctionReference {
  std::string name;
  std::string qualifier;  ///< a version number, `$LATEST` or an alias; empty if none was given
  std::string account;    ///< empty if the text does not say
  std::string region;     ///< empty if the text does not say

  bool is_plain_name() const { return qualifier.empty() && account.empty() && region.empty(); }
};

/// Takes apart what already satisfies the model's pattern; says nothing about whether it exists.
FunctionReference parse_function_reference(std::string_view text);

/// The same, with the `Qualifier` parameter beside it and the caller's region. Errors: the two qualifiers
/// differ (InvalidParameterValueException), the ARN is of another region (ResourceNotFoundException).
Result<FunctionReference> resolve_function_reference(std::string_view text,
                                                     std::string_view qualifier_parameter,
                                                     const Scope& caller);

/// `arn:aws:lambda:<region>:<account>:function:<name>[:<qualifier>]`
std::string function_arn(const Scope& scope, std::string_view name, std::string_view qualifier = {});

/// Only digits.
bool is_version_number(std::string_view qualifier);
/// What an alias may be called: letters, digits, `-`, `_`, and not a number.
bool is_alias_name(std::string_view qualifier);
inline constexpr std::string_view latest_qualifier = "$LATEST";
/// What `$LATEST` was when it was last published without a number (capacity.hpp).
inline constexpr std::string_view published_qualifier = "$LATEST.PUBLISHED";

}  // namespace aviary::lambda
