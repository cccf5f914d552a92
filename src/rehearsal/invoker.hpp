#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "ports/task.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::rehearsal {

/// What an invoke of the rehearsal's own came to.
struct Answer {
  enum class Kind : std::uint8_t {
    Ran,        ///< the function ran, however it ended
    Throttled,  ///< 429
    Refused,    ///< no such function, nothing that can run
  };
  Kind kind = Kind::Ran;
  std::string version{};  ///< that ran
  std::string payload{};
  std::string function_error{};
  std::chrono::nanoseconds duration{};
  std::string problem{};  ///< why nothing ran
};

/// Runs a function as any caller would. `function` is a name or an ARN, with or without a qualifier; through
/// an alias its weights decide.
using Invoke = std::function<Task<Answer>(lambda::Scope caller, std::string function, std::string payload)>;

/// While what it answers lives, a clock that is being driven stands still: the invoke belongs to this moment.
using HoldClock = std::function<std::shared_ptr<void>()>;

}  // namespace aviary::rehearsal
