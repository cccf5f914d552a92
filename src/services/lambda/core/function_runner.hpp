#pragma once

#include <chrono>
#include <string>

#include "base/result.hpp"
#include "ports/task.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::lambda {

/// One invocation, resolved: what runs is decided, it only has to run.
struct Invocation {
  std::string request_id;
  VersionHandle version;
  std::string invoked_arn;       ///< qualified exactly as the caller qualified it
  std::string payload;           ///< the event, as the caller sent it (empty became `{}`)
  std::string client_context{};  ///< JSON, already decoded; empty if none
  std::string cognito_identity{};
  std::string trace_id{};  ///< X-Amzn-Trace-Id header value
  bool tail_log = false;   ///< whether `Outcome::log_tail` is wanted
};

/// What became of it. A function that fails is a successful invoke that carries an outcome.
struct Outcome {
  std::string payload;
  std::string function_error{};  ///< empty, or `Unhandled` / `Handled`: goes out as X-Amz-Function-Error
  std::string log_tail{};        ///< the last 4 KB of this invocation's log, raw
  std::chrono::nanoseconds duration{};       ///< of the handler, as REPORT says
  std::chrono::nanoseconds init_duration{};  ///< zero on a warm start
  bool cold = false;
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
};

}  // namespace aviary::lambda
