#pragma once

#include <functional>

#include "ports/clock.hpp"

namespace aviary {

/// Writes down what nobody waits for: a real second after the first of it came, and not at all while nothing
/// comes. A real second, because it is about what a crash may cost. Lives on the loop; `stopwatch` outlives
/// it.
class FlushTimer {
 public:
  /// Without a stopwatch nothing is written before the end.
  FlushTimer(Stopwatch* stopwatch, std::function<void()> flush);
  ~FlushTimer();
  FlushTimer(const FlushTimer&) = delete;
  FlushTimer& operator=(const FlushTimer&) = delete;

  /// There is something to write.
  void arm();
  /// No call any more.
  void stop();

 private:
  Stopwatch* stopwatch_;
  std::function<void()> flush_;
  TimerId timer_ = 0;
};

}  // namespace aviary
