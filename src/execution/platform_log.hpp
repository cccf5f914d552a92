#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "execution/extensions.hpp"
#include "execution/failure.hpp"
#include "execution/telemetry_subscription.hpp"
#include "services/lambda/core/version.hpp"

/// The lines that the platform writes into a function's log, in the text and in the JSON format. Pure
/// functions: what they return is empty where the function's system log level leaves the line out.
namespace aviary::execution::platform_log {

enum class InitPhase : std::uint8_t { Init, Invoke };

struct Report {
  std::string_view request_id;
  std::chrono::nanoseconds duration{};
  std::chrono::nanoseconds init_duration{};  ///< zero: not part of the line
  std::uint64_t max_memory_bytes = 0;
  InvocationEnd end = InvocationEnd::Success;
  std::string_view error_type{};
  std::string_view tenant_id{};  ///< empty: not part of the line
  std::optional<std::chrono::nanoseconds>
      restore_duration{};    ///< the first of an environment from a snapshot
  std::string_view trace{};  ///< the header of a traced invocation
};

/// `success`, `error`, `timeout` or `failure`: how reports and telemetry name it.
std::string_view status(InvocationEnd end);

/// Whole milliseconds, rounded up, init included: what AWS bills since August 2025.
std::uint64_t billed_ms(std::chrono::nanoseconds duration, std::chrono::nanoseconds init_duration);

/// `type` as AWS_LAMBDA_INITIALIZATION_TYPE says it.
std::string init_start(const lambda::Version& version, Instant now, std::string_view type);
std::string init_report(const lambda::Version& version, Instant now, InitPhase phase,
                        std::chrono::nanoseconds duration, const Failure& failure, std::string_view type);
/// Of an init that no invocation waits for: of a snapshot, hooks included, and on a capacity provider.
std::string init_done(const lambda::Version& version, Instant now, std::chrono::nanoseconds duration,
                      std::string_view type);
std::string restore_start(const lambda::Version& version, Instant now);
std::string restore_report(const lambda::Version& version, Instant now, std::chrono::nanoseconds duration,
                           InvocationEnd end);
/// `tenant_id`: empty: not part of the line.
std::string start(const lambda::Version& version, Instant now, std::string_view request_id,
                  std::string_view arn, std::string_view tenant_id = {}, std::string_view trace = {});
/// JSON has no END; at level DEBUG it has platform.runtimeDone here.
std::string end(const lambda::Version& version, Instant now, const Report& report);
std::string report(const lambda::Version& version, Instant now, const Report& report);
/// The line that names a time-out, an exit or the like; nothing for what the runtime itself reported.
std::string failure(Instant now, std::string_view request_id, const Failure& failure);

/// How an extension came out of init; in JSON at level DEBUG, and at WARN if it failed.
std::string extension(const lambda::Version& version, Instant now, const Extensions::Extension& extension);
std::string subscription(const lambda::Version& version, Instant now,
                         const TelemetrySubscription& subscription);

/// Whether a line that the function itself wrote passes its application log level (JSON format only).
bool application_line_passes(const lambda::Configuration& configuration, std::string_view line);

}  // namespace aviary::execution::platform_log
