#pragma once

#include <functional>
#include <optional>

#include "ports/clock.hpp"
#include "ports/timer_queue.hpp"

namespace aviary {

/// Called after every callback of a simulated clock, so that what the callback set going runs at its own
/// moment: usually `[&] { io.restart(); io.poll(); }`.
using Settle = std::function<void()>;

/// Emulated time that only a test moves. No loop, no thread.
class SimulatedClock final : public Clock {
 public:
  /// Starts at 2024-01-15T10:30:00Z unless told otherwise.
  explicit SimulatedClock(Instant start = Instant(std::chrono::seconds(1705314600)));

  Instant now() const override { return now_; }
  TimerId call_at(Instant when, std::function<void()> what) override;
  bool cancel(TimerId timer) override;

  std::optional<Instant> next_due() const;
  std::size_t pending() const noexcept { return timers_.size(); }
  /// Runs what falls due within `by`, in order, one at a time, each at its own moment; then stands at the end
  /// of it.
  void advance(Duration by, const Settle& settle = {});
  /// Moves to the next timer and runs it (only that one). False when there is none.
  bool run_next();

 private:
  Instant now_;
  TimerQueue timers_;
};

/// Elapsed time that only a test moves.
class SimulatedStopwatch final : public Stopwatch {
 public:
  std::chrono::nanoseconds elapsed() const override { return elapsed_; }
  TimerId call_after(std::chrono::nanoseconds delay, std::function<void()> what) override;
  bool cancel(TimerId timer) override;

  std::optional<std::chrono::nanoseconds> next_due() const;
  std::size_t pending() const noexcept { return timers_.size(); }
  void advance(std::chrono::nanoseconds by, const Settle& settle = {});
  bool run_next();

 private:
  std::chrono::nanoseconds elapsed_{};
  TimerQueue timers_;
};

}  // namespace aviary
