#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ports/task.hpp"
#include "services/lambda/core/version.hpp"

/// What event source mappings want of the rest of the emulator, as narrow as they want it. The composition
/// root ties them together.
namespace aviary::lambda {

struct EventSourceMapping;

/// A queue's message, received: it is the poller's until its visibility timeout ends.
struct QueueRecord {
  std::string message_id;
  std::string receipt_handle;
  /// As the function gets it: `messageId`, `receiptHandle`, `body`, `attributes`, …
  OrderedJson event;
};

struct QueueFacts {
  bool fifo = false;
  int visibility_timeout = 30;  ///< seconds
  std::size_t waiting = 0;      ///< messages that nobody has received
};

/// Queues, by their ARN. Lives on the loop's thread.
class QueueSource {
 public:
  virtual ~QueueSource() = default;
  /// What is known of the queue; of one that is elsewhere, since the last look.
  virtual std::optional<QueueFacts> find(std::string_view arn) = 0;
  /// Brings what is known up to date.
  virtual Task<> look(std::string) { co_return; }
  /// Completes when the queue may have something to receive, or at `until`. False: no queue will ever have
  /// anything again, everything ends.
  virtual Task<bool> wait(std::string arn, Instant until) = 0;
  /// What is there now, up to `count`.
  virtual Task<std::vector<QueueRecord>> receive(std::string arn, std::size_t count) = 0;
  virtual Task<> remove(std::string arn, std::vector<std::string> receipt_handles) = 0;
  /// To be received again at once.
  virtual Task<> release(std::string arn, std::vector<std::string> receipt_handles) = 0;
};

/// How a batch fared.
struct BatchOutcome {
  enum class Kind {
    Done,       ///< the function answered; `payload` is its answer
    Failed,     ///< it failed, or ran out of time
    Throttled,  ///< it was not run: later
    Refused,    ///< it cannot be run: no such function, …
  };
  Kind kind = Kind::Done;
  std::string payload{};
  std::string problem{};  ///< for humans
  std::string version{};  ///< that ran
  std::string request_id{};
  std::string function_error{};  ///< `Unhandled`, …
};

/// Runs functions for mappings.
class BatchInvoker {
 public:
  virtual ~BatchInvoker() = default;
  /// `function`: an ARN, with or without a qualifier.
  virtual Task<BatchOutcome> run_batch(Scope caller, std::string function, std::string payload) = 0;
  /// ARN of the role that the function runs as; empty if there is no such function.
  virtual std::string role_of(const Scope&, std::string_view /*function*/, std::string_view /*qualifier*/) {
    return {};
  }
};

}  // namespace aviary::lambda
