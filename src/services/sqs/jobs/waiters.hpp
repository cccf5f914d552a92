#pragma once

#include <cstdint>
#include <list>
#include <map>

#include "ports/clock.hpp"
#include "ports/one_shot.hpp"
#include "services/sqs/core/scope.hpp"

namespace aviary::sqs {

/// Receivers that wait for something to come: long polls. A wait ends when its queue changes, when its moment
/// has come, or when everything ends. Lives on the loop's thread.
class Waiters {
 public:
  explicit Waiters(Clock& clock) : clock_(clock) {}

  /// Completes at `until` at the latest. Who waited looks again at what there is; false: everything ends.
  Task<bool> wait(QueueId queue, Instant until);
  /// The queue has something, or has gone.
  void wake(const QueueId& queue);
  /// Every wait ends, and later ones end at once.
  void stop();
  /// Every wait ends.
  void wake_all();

 private:
  Clock& clock_;
  std::map<QueueId, std::list<OneShot<bool>>> waiting_;
  std::uint64_t turn_ = 0;  ///< who goes first
  bool stopped_ = false;
};

}  // namespace aviary::sqs
