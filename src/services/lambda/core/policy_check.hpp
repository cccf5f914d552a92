#pragma once

#include <string>
#include <string_view>

#include "services/lambda/core/function.hpp"

namespace aviary::lambda {

/// Who wants to run a function, as a resource policy sees it.
struct Caller {
  std::string account{};        ///< of a caller of the API or of a signed URL; empty: anonymous, or a service
  std::string service{};        ///< `sns.amazonaws.com`; empty: no service
  std::string source_arn{};     ///< what the service acts for
  std::string url_auth_type{};  ///< through a function URL: NONE or AWS_IAM
};

/// Whether a statement of the policy lets the caller perform `action` (`lambda:InvokeFunction`).
bool policy_allows(const Policy& policy, const Caller& caller, std::string_view action);

}  // namespace aviary::lambda
