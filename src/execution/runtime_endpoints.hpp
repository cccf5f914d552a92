#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "execution/telemetry_subscription.hpp"
#include "ports/task.hpp"
#include "wire/message.hpp"

namespace aviary::execution {

/// Answers one Runtime API request of one environment.
using RuntimeHandler = std::function<Task<wire::Response>(wire::Request)>;
/// Asked when the head of a chunked request is there: where its body goes as it comes. Null: into the
/// request.
using RuntimeReceiver = std::function<std::shared_ptr<wire::BodyStream>(const wire::Request&)>;

/// A listener of one environment's own. Destroying it closes it and every connection, without waiting.
class RuntimeListener {
 public:
  virtual ~RuntimeListener() = default;
  /// `127.0.0.1:41234`: what the function sees as AWS_LAMBDA_RUNTIME_API.
  virtual std::string address() const = 0;
  /// Whether the peer of this connection (`wire::Request::connection`) is still there.
  virtual bool connected(std::uint64_t connection) const = 0;
  /// So many runtimes will wait for events at once, each on a connection of its own.
  virtual void expect_runtimes(std::size_t) {}
};

/// Gives each environment a Runtime API address of its own, so that no function can reach another's
/// invocations by knowing a path. Implemented over the HTTP server by the composition root; tests call the
/// handlers directly.
///
/// The HTTP layer must not time out a waiting `next`, should pass trailers of a request as headers, and
/// should accept headers up to 1 MiB (Lambda-Runtime-Function-XRay-Error-Cause) and bodies well over Lambda's
/// response limit, so that a large response is refused in Lambda's words.
class RuntimeEndpoints {
 public:
  virtual ~RuntimeEndpoints() = default;
  /// Null when no listener could be opened; `problem` then says why.
  virtual std::unique_ptr<RuntimeListener> open(RuntimeHandler handler, RuntimeReceiver receiver,
                                                std::string& problem) = 0;
  /// Sends a batch of telemetry to where a process of a sandbox listens; false if it did not arrive within a
  /// bounded time.
  virtual Task<bool> deliver(TelemetryDestination to, std::string batch) = 0;
};

}  // namespace aviary::execution
