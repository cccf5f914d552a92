#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/iam/core/access_request.hpp"

namespace aviary::iam {

/// A text of a policy, ready to be compared: which characters are wildcards and which are themselves, once
/// the policy variables have been replaced. What a variable stood for is never a wildcard.
struct PolicyPattern {
  static constexpr char16_t any_number = 0x100;
  static constexpr char16_t any_one = 0x101;
  std::u16string symbols;

  bool matches(std::string_view text, bool any_case = false) const;
  /// As it reads, wildcards as they are written.
  std::string text() const;
};

/// Whether `${…}` means anything: in documents of the version 2012-10-17.
enum class Variables : bool { Literal, Replaced };

/// Nothing if a variable has no value in this request and no default: then what it stands in does not apply.
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
std::optional<PolicyPattern> read_pattern(std::string_view written, Variables variables,
                                          const ContextKeys& context);

/// Whether an ARN fits, field by field: a wildcard does not reach over a colon, except in the last of the
/// six. `completed`: fields that are not there stand for any, as in a policy's `Resource`.
bool matches_arn(const PolicyPattern& pattern, std::string_view arn, bool completed);

}  // namespace aviary::iam
