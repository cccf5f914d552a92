#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ports/clock.hpp"
#include "ports/one_shot.hpp"
#include "ports/task_group.hpp"
#include "services/lambda/core/event_source_mapping.hpp"
#include "services/lambda/core/event_sources.hpp"

namespace aviary::lambda {

/// What became of a mapping's records so far.
struct PollerCounts {
  std::uint64_t batches = 0;
  std::uint64_t records = 0;   ///< that the function was given, each time counted
  std::uint64_t filtered = 0;  ///< consumed without the function
  std::uint64_t failed = 0;    ///< batches that failed, in part or as a whole
  std::uint64_t throttled = 0;
  std::size_t batches_in_flight = 0;
  std::size_t records_in_flight = 0;
  std::optional<Instant> last_at{};  ///< when the last batch ended
  std::size_t last_size = 0;
  std::string last_version{};
  std::string last_error{};  ///< stays until the next
  std::string last_result = "No records processed";
};

/// Polls one queue for one mapping: gathers batches, drops what no filter wants, runs the function, deletes
/// what it has done. What failed stays in flight until its visibility timeout ends, and so comes again or
/// goes to the dead-letter queue, as the queue says.
///
/// Held by the engine and by its own tasks; `stop` lets what runs finish and takes nothing new.
class QueuePoller : public std::enable_shared_from_this<QueuePoller> {
 public:
  QueuePoller(Clock& clock, TaskGroup& tasks, QueueSource& queues, BatchInvoker& functions,
              EventSourceMapping mapping);

  void start();
  /// The batch that is being gathered goes back; what runs ends as ever.
  void stop();
  /// New settings hold from the next batch on.
  void update(EventSourceMapping mapping);
  const PollerCounts& counts() const noexcept { return counts_; }

 private:
  using Self = std::shared_ptr<QueuePoller>;
  using Batch = std::vector<QueueRecord>;

  static Task<> run(Self self);
  static Task<> process(Self self, Batch batch, Instant received);
  Task<bool> gather(Batch& batch);
  Task<> wait_for_room();
  /// Takes what passes the filters; the rest is consumed.
  void take(Batch& batch, std::size_t count);
  void settle(const Batch& batch, const BatchOutcome& outcome);
  std::size_t most_at_once() const;
  void give_room();

  Clock& clock_;
  TaskGroup& tasks_;
  QueueSource& queues_;
  BatchInvoker& functions_;
  EventSourceMapping mapping_;
  std::vector<EventPattern> patterns_;
  PollerCounts counts_;
  std::optional<OneShot<bool>> room_;
  std::optional<Instant> busy_since_;
  bool throttled_ = false;
  bool stopped_ = false;
};

}  // namespace aviary::lambda
