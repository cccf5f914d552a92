#pragma once

#include <string>

#include "base/json.hpp"

namespace aviary::iam {

/// What IAM says of a document whose statements could not be evaluated, in its words; empty if they can.
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
std::string policy_problem(const Json& document);

}  // namespace aviary::iam
