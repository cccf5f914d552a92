#pragma once

#include <string>
#include <string_view>

#include "base/time.hpp"
#include "services/lambda/core/version.hpp"

/// What a runtime posts and prints when a handler raises an error, for an error that no handler raised. The
/// forms are those of the runtimes' own clients (src/runtimes).
namespace aviary::execution {

struct InjectedError {
  std::string payload;  ///< what the runtime would post
  std::string output;   ///< what it would print, final newline included; empty for custom runtimes
};

InjectedError injected_error(const lambda::Version& version, std::string_view request_id, Instant now,
                             std::string_view type, std::string_view message);

}  // namespace aviary::execution
