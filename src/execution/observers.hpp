#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "execution/concurrency_gate.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::execution {

/// Which environment something is about. Fixed for the environment's life.
struct EnvironmentIdentity {
  std::uint64_t id = 0;  ///< unique in the process
  lambda::VersionHandle version;
  std::string log_group;     ///< `/aws/lambda/<name>`, or the function's own
  std::string log_stream;    ///< `YYYY/MM/DD/[version]<32 hex>`
  std::string tenant_id;     ///< whose it is alone; empty: the function does not isolate tenants
  bool provisioned = false;  ///< made ahead for provisioned concurrency, and kept
  /// As AWS_LAMBDA_INITIALIZATION_TYPE says it.
  std::string_view initialization_type = "on-demand";
  /// How many invocations it takes at once, of a version on a capacity provider; 0: one after the other.
  std::size_t side_by_side = 0;
};

/// Receives every line of every function's log: what the function wrote and what the platform adds.
class LogSink {
 public:
  virtual ~LogSink() = default;
  /// `line` is one event as CloudWatch Logs keeps it: with its final newline (two of them after a time-out).
  /// Called on the loop; must not block and must not come back into the runner.
  virtual void on_line(const EnvironmentIdentity& environment, Instant time, std::string_view line) = 0;
};

enum class InvocationEnd : std::uint8_t {
  Success,
  FunctionError,  ///< the runtime posted an error
  Failure,        ///< the process ended, could not start, or answered what cannot be passed on
  Timeout,
  Throttled,  ///< 429, nothing ran
  Refused,    ///< nothing ran: no interpreter, no code, shutting down
};

/// What became of one invocation; what metrics are made of.
struct InvocationRecord {
  lambda::VersionHandle version;
  std::string_view request_id;
  std::string_view invoked_arn;  ///< qualified exactly as the caller qualified it
  InvocationEnd end = InvocationEnd::Success;
  std::string_view error_type{};  ///< as Lambda classes it, e.g. `Runtime.ExitError`; empty when it went well
  std::chrono::nanoseconds duration{};
  std::chrono::nanoseconds init_duration{};
  /// Part of the duration: how long extensions worked on after the runtime.
  std::optional<std::chrono::nanoseconds> after_runtime{};
  std::uint64_t billed_ms = 0;
  std::uint64_t max_memory_bytes = 0;  ///< 0 when unknown
  bool cold = false;
  bool provisioned = false;     ///< ran in an environment of the version's provisioned concurrency
  bool spilled = false;         ///< the version has provisioned concurrency, and all of it was busy
  std::optional<Instant> at{};  ///< when it was over; nothing: just now
};

/// An invocation that counts as running, from when it was let in until it is answered.
struct PlaceNotice {
  const lambda::VersionHandle& version;
  std::string_view invoked_arn;  ///< qualified exactly as the caller qualified it
  Charge charge = Charge::Unreserved;
  std::size_t provisioned = 0;  ///< how many environments the version has provisioned
  std::optional<Instant> at{};  ///< when; nothing: just now
};

class InvocationObserver {
 public:
  virtual ~InvocationObserver() = default;
  /// Called on the loop, in pairs; the same rules as for `on_invocation`.
  virtual void on_place_taken(const PlaceNotice&) {}
  virtual void on_place_left(const PlaceNotice&) {}
  /// Called on the loop, once for each invocation; must not block and must not come back into the runner.
  virtual void on_invocation(const InvocationRecord& record) = 0;
};

/// One row of `/_aviary/environments`.
struct EnvironmentInfo {
  std::uint64_t id = 0;
  std::string account;
  std::string region;
  std::string function_name;
  std::string version;
  std::string state;  ///< starting, initialising, idle, frozen, invoking, responded, resetting, snapshotted,
                      ///< restoring, stopped
  std::chrono::nanoseconds age{};   ///< since it was created
  std::chrono::nanoseconds idle{};  ///< since it last became free; zero when busy
  std::uint64_t invocations = 0;
  std::uint64_t memory_bytes = 0;  ///< peak of the running process; 0 when unknown
  std::optional<int> pid;          ///< of the runtime process, as the host counts
  std::string log_stream;
  std::string tenant_id;  ///< as in its identity
  std::string_view initialization_type;
  bool provisioned = false;
  bool attached = false;  ///< not an environment: an address for a process that a developer starts
};

/// What the identity alone says of it.
EnvironmentInfo info_of(const EnvironmentIdentity& identity);

}  // namespace aviary::execution
