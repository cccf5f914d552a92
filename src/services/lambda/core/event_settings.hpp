#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "services/lambda/core/function_store.hpp"

namespace aviary::lambda {

/// How asynchronous events of one function, version or alias are treated.
struct EventSettings {
  std::uint32_t retries = 2;
  Duration maximum_age = std::chrono::hours(6);
  std::string on_success;  ///< ARN; empty: none
  std::string on_failure;
  std::string dead_letter_queue;  ///< of the function's configuration
  bool switched_off = false;      ///< zero reserved concurrency
};

/// `qualifier` as the caller invoked; empty is `$LATEST`. An alias has settings of its own, not its
/// version's.
EventSettings event_settings_of(const FunctionStore& store, const Function& function,
                                std::string_view qualifier);

/// Under which qualifier a configuration is kept: `$LATEST` for none.
inline std::string_view event_qualifier(std::string_view qualifier) {
  return qualifier.empty() ? std::string_view("$LATEST") : qualifier;
}

}  // namespace aviary::lambda
