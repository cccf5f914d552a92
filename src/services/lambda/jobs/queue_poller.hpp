#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "services/lambda/jobs/mapping_poller.hpp"

namespace aviary::lambda {

/// Polls one queue for one mapping: gathers batches, drops what no filter wants, runs the function, deletes
/// what it has done. What failed stays in flight until its visibility timeout ends, and so comes again or
/// goes to the dead-letter queue, as the queue says.
///
class QueuePoller final : public MappingPoller, public std::enable_shared_from_this<QueuePoller> {
 public:
  QueuePoller(Clock& clock, TaskGroup& tasks, QueueSource& queues, BatchInvoker& functions,
              EventSourceMapping mapping);

  void start() override;
  /// The batch that is being gathered goes back; what runs ends as ever.
  void stop() override;
  void update(EventSourceMapping mapping) override;
  void describe(Json& row, Instant now) const override;

 private:
  using Self = std::shared_ptr<QueuePoller>;
  using Batch = std::vector<QueueRecord>;

  static Task<> run(Self self);
  static Task<> process(Self self, Batch batch, Instant received);
  Task<bool> gather(Batch& batch);
  Task<> wait_for_room();
  /// Takes what passes the filters; the rest is consumed.
  Task<> take(Batch& batch, std::size_t count);
  /// Answers which are done with.
  std::vector<std::string> settle(const Batch& batch, const BatchOutcome& outcome);
  std::size_t most_at_once() const;
  void give_room();

  Clock& clock_;
  TaskGroup& tasks_;
  QueueSource& queues_;
  BatchInvoker& functions_;
  EventSourceMapping mapping_;
  std::vector<EventPattern> patterns_;
  std::optional<OneShot<bool>> room_;
  std::optional<Instant> busy_since_;
  bool throttled_ = false;
  bool running_ = false;
  bool stopped_ = false;
};

}  // namespace aviary::lambda
