#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "ports/task.hpp"
#include "services/lambda/core/snap_start.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::wire {
class BodyStream;  // passed through, never looked into
}

namespace aviary::lambda {

/// One invocation, resolved: what runs is decided, it only has to run.
struct Invocation {
  std::string request_id;
  VersionHandle version;
  std::string invoked_arn;       ///< qualified exactly as the caller qualified it
  std::string payload;           ///< the event, as the caller sent it (empty became `{}`)
  std::string client_context{};  ///< JSON, already decoded; empty if none
  std::string cognito_identity{};
  std::string trace_id{};   ///< X-Amzn-Trace-Id header value
  std::string tenant_id{};  ///< of a function that isolates its tenants; else empty
  bool tail_log = false;    ///< whether `Outcome::log_tail` is wanted
  /// Set: a response that the runtime streams is written here while it comes, and `Outcome::payload` stays
  /// empty. A runtime that answers in one piece has its answer in the outcome all the same.
  std::shared_ptr<wire::BodyStream> stream{};
  /// Called before the first piece, with what the runtime calls its content type.
  std::function<void(std::string_view content_type)> stream_begins{};
  /// Of a durable function: the name that makes starting it idempotent; empty: a new one.
  std::string durable_name{};
  /// The ARN of a durable execution that was started already: it is waited for, nothing else counts.
  std::string durable_execution{};
};

/// What became of it. A function that fails is a successful invoke that carries an outcome.
struct Outcome {
  std::string payload;
  std::string function_error{};  ///< empty, or `Unhandled` / `Handled`: goes out as X-Amz-Function-Error
  std::string log_tail{};        ///< the last 4 KB of this invocation's log, raw
  std::chrono::nanoseconds duration{};          ///< of the handler, as REPORT says
  std::chrono::nanoseconds init_duration{};     ///< zero on a warm start
  std::chrono::nanoseconds restore_duration{};  ///< of an environment that starts from a snapshot
  std::chrono::nanoseconds started{};           ///< when the handler began, by the stopwatch; zero: not known
  bool cold = false;
  bool streamed = false;            ///< the response went into `Invocation::stream`
  std::string durable_execution{};  ///< the ARN, if it was one
};

/// How far provisioning has come.
struct Provisioned {
  std::size_t allocated = 0;  ///< environments that exist
  std::size_t available = 0;  ///< of these, the initialised ones
  std::string failure{};  ///< why no more are coming, e.g. `FUNCTION_ERROR_INIT_FAILURE`; empty if they are
};

/// How many environments a version on a capacity provider has.
struct ScalingBounds {
  std::size_t least = 0;  ///< kept ready
  std::size_t most = std::numeric_limits<std::size_t>::max();
};

/// Runs function code. The lambda service states what it needs; `src/execution` does it.
class FunctionRunner {
 public:
  virtual ~FunctionRunner() = default;
  /// Errors are those of the service itself (429 TooManyRequestsException with its Reason, 502 for what
  /// cannot run at all); a handler's failure is an `Outcome`.
  virtual Task<Result<Outcome>> run(Invocation invocation) = 0;
  /// No new invocation goes to environments of this version; what runs finishes, what idles ends. For a
  /// `$LATEST` that was updated and for what was deleted.
  virtual void retire(const Version& version) = 0;

  /// `most` invocations of the function at once, and none of anybody else's in their place; nothing: it
  /// shares what is left of the account.
  virtual void reserve(const Scope& scope, const std::string& function, std::optional<std::size_t> most) = 0;
  /// Keeps `count` environments of this version initialised and waiting; 0: none beyond what invocations
  /// need.
  virtual void provision(VersionHandle version, std::size_t count) = 0;
  virtual Provisioned provisioned(const Version& version) const = 0;
  /// Initialises an environment of a version that starts from snapshots, and keeps one ready from then on.
  virtual Task<SnapshotOutcome> snapshot(VersionHandle version) = 0;
  /// Of a version on a capacity provider. `most` of 0 ends all that it has, and refuses its invocations.
  virtual void scale(VersionHandle version, ScalingBounds bounds) = 0;
};

/// Passes everything on to the runner behind it: the base of those that stand in front of one and look at its
/// invocations.
class ForwardingRunner : public FunctionRunner {
 public:
  explicit ForwardingRunner(FunctionRunner& inner) : inner_(inner) {}

  void retire(const Version& version) override { inner_.retire(version); }
  void reserve(const Scope& scope, const std::string& function, std::optional<std::size_t> most) override {
    inner_.reserve(scope, function, most);
  }
  void provision(VersionHandle version, std::size_t count) override {
    inner_.provision(std::move(version), count);
  }
  Provisioned provisioned(const Version& version) const override { return inner_.provisioned(version); }
  Task<SnapshotOutcome> snapshot(VersionHandle version) override {
    return inner_.snapshot(std::move(version));
  }
  void scale(VersionHandle version, ScalingBounds bounds) override {
    inner_.scale(std::move(version), bounds);
  }

 protected:
  FunctionRunner& inner_;
};

}  // namespace aviary::lambda
