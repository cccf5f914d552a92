#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "ports/sandbox.hpp"
#include "services/lambda/core/function_runner.hpp"

namespace aviary::execution {

/// What goes wrong with one invocation on purpose. It happens in the invocation's own environment, so that
/// answer, log, metrics and the environments' lives are those of the real thing: a crash ends the process,
/// the next invocation starts a new one.
struct Fault {
  enum class Kind : std::uint8_t {
    None,         ///< only slower
    Throttle,     ///< 429, nothing runs
    Error,        ///< as if the handler had raised an error
    Crash,        ///< the process ends with `exit`
    OutOfMemory,  ///< the process is killed for its memory
    Timeout,      ///< the event never reaches the code
  };
  Kind kind = Kind::None;
  std::chrono::nanoseconds latency{};     ///< before the code gets the event, and part of the duration
  std::chrono::nanoseconds cold_start{};  ///< by which the init takes longer, if a process has to be started
  /// How much of these times, and of a time-out, really passes: 1 all of it, 0 none. What does not pass is
  /// counted all the same: in durations, in the log, against the function's time-out.
  double pace = 1;
  std::string error_type{};
  std::string error_message{};
  ExitStatus exit{1};
};

class FaultSource {
 public:
  virtual ~FaultSource() = default;
  /// What goes wrong with this invocation; null: nothing. Called once for each that may run, on the loop.
  virtual std::unique_ptr<Fault> draw(const lambda::Invocation& invocation) = 0;
};

}  // namespace aviary::execution
