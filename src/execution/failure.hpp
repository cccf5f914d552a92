#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "execution/observers.hpp"
#include "ports/sandbox.hpp"

namespace aviary::execution {

/// Lambda's largest buffered response, in bytes: 6 MiB and 100.
inline constexpr std::size_t response_limit = 6291556;

/// Why an invocation or an init did not go well, in Lambda's words.
struct Failure {
  InvocationEnd end = InvocationEnd::Failure;
  std::string type;     ///< `Runtime.ExitError`; goes into the payload and the log
  std::string message;  ///< without the `RequestId: … Error: ` that payload and log put in front
  /// What the caller gets, where it is not made from type and message: an error that the runtime posted.
  std::string posted_payload{};
  bool posted = false;
};

Failure timed_out(std::chrono::seconds limit);
Failure exited(const ExitStatus& status);
/// An external extension has ended, which fails its environment, whatever its exit status.
Failure extension_exited(const ExitStatus& status);
/// One could not be started.
Failure extension_not_started(std::string_view name, int error_number);
/// No bootstrap in the places where Lambda looks.
Failure no_bootstrap();
/// `exec` of `path` was refused.
/// A working directory that is not there, or cannot be entered.
Failure no_working_directory(std::string_view path, int error_number);
Failure not_executable(std::string_view path, int error_number);

/// The payload for the caller: `{"errorType":…,"errorMessage":"RequestId: … Error: …"}`, or the posted one.
std::string failure_payload(const Failure& failure, std::string_view request_id);
std::string response_too_large_payload();

/// `killed`, `segmentation fault`: what Go calls a signal, as Lambda's messages do.
std::string signal_name(int signal);

/// A type that a runtime reports, as Lambda counts it: anything outside `Runtime.*` and `Function.*` is
/// unknown.
std::string accepted_error_type(std::string_view reported);

}  // namespace aviary::execution
