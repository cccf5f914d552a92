#pragma once

#include "base/json.hpp"
#include "services/iam/core/access_request.hpp"
#include "services/iam/core/policy_pattern.hpp"

namespace aviary::iam {

/// Whether all of a statement's `Condition` holds: operators and keys are joined by AND, the values of a key
/// by OR (by NOR under a negated operator). An operator that does not exist never holds.
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
bool meets_conditions(const Json& conditions, const ContextKeys& context, Variables variables);

/// Whether there is such an operator, with its set and `IfExists`: `ForAnyValue:StringLikeIfExists`.
bool is_condition_operator(std::string_view written);

}  // namespace aviary::iam
