#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "base/time.hpp"
#include "ports/task.hpp"

namespace aviary {

/// Names a pending timer; 0 names none.
using TimerId = std::uint64_t;

/// Time as AWS would tell it. Everything that waits in the emulated cloud (retries, alarm periods, retention,
/// deployment steps) waits here, so that time can be scaled, stopped and driven. Timestamps in answers come
/// from it.
///
/// All members are called on the loop's thread. Callbacks run on the loop, in order of their due time and,
/// within one moment, in the order they were made.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual TimerId call_at(Instant when, std::function<void()> what) = 0;
  /// False if it has already run or never was.
  virtual bool cancel(TimerId timer) = 0;
};

/// Real elapsed time: how long function code ran, function time-outs, socket deadlines, graces at shutdown.
/// It is a port of its own because driving the emulated clock must not change how fast real code runs.
class Stopwatch {
 public:
  virtual ~Stopwatch() = default;
  /// Since an arbitrary origin; never goes back.
  virtual std::chrono::nanoseconds elapsed() const = 0;
  virtual TimerId call_after(std::chrono::nanoseconds delay, std::function<void()> what) = 0;
  virtual bool cancel(TimerId timer) = 0;
};

/// Suspends until the moment has come. Ends early, with an exception of `operation_aborted`, only when the
/// coroutine is cancelled (shutdown).
Task<> sleep_until(Clock& clock, Instant when);
Task<> sleep_for(Stopwatch& stopwatch, std::chrono::nanoseconds delay);

}  // namespace aviary
