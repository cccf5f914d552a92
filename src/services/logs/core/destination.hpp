#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "services/logs/core/scope.hpp"

namespace aviary::logs {

/// The parts of `arn:partition:service:region:account:resource`; all empty if it is none.
struct ArnParts {
  std::string service;
  std::string region;
  std::string account;
  std::string resource;  ///< all that follows
};
ArnParts parse_arn(std::string_view arn);

/// The name in `arn:aws:logs:region:account:destination:name`; empty if the ARN is of something else. Such a
/// destination stands before a stream, so that other accounts may send to it.
std::string_view destination_name(std::string_view arn);

/// Whether a destination's access policy lets that account subscribe to it.
bool admits(const std::string& access_policy, std::string_view account);

}  // namespace aviary::logs
