#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "ports/clock.hpp"

namespace aviary::execution {

/// A deadline that is set and cleared for every invocation and almost never met. Setting a later one leaves
/// the pending timer alone: it looks again when it fires. So a busy environment arms a timer once in a
/// time-out's length, not once an invocation.
class LazyDeadline {
 public:
  LazyDeadline(Stopwatch& stopwatch, std::function<void()> expired)
      : stopwatch_(stopwatch), expired_(std::move(expired)) {}
  ~LazyDeadline() { disarm(); }
  LazyDeadline(const LazyDeadline&) = delete;
  LazyDeadline& operator=(const LazyDeadline&) = delete;

  /// `at` on the stopwatch's scale.
  void set(std::chrono::nanoseconds at) {
    deadline_ = at;
    if (timer_ != 0 && armed_for_ <= at) return;
    disarm();
    arm(at);
  }
  void clear() { deadline_.reset(); }
  void bring_forward(std::chrono::nanoseconds by) {
    if (deadline_) set(*deadline_ - by);
  }
  /// Clears it and lets go of the timer: before its owner goes.
  void disarm() {
    if (timer_ != 0) stopwatch_.cancel(std::exchange(timer_, 0));
  }

 private:
  void arm(std::chrono::nanoseconds at) {
    armed_for_ = at;
    timer_ = stopwatch_.call_after(at - stopwatch_.elapsed(), [this] { fired(); });
  }
  void fired() {
    timer_ = 0;
    if (!deadline_) return;
    if (stopwatch_.elapsed() < *deadline_) {
      arm(*deadline_);
      return;
    }
    deadline_.reset();
    expired_();
  }

  Stopwatch& stopwatch_;
  std::function<void()> expired_;
  std::optional<std::chrono::nanoseconds> deadline_;
  std::chrono::nanoseconds armed_for_{};
  TimerId timer_ = 0;
};

}  // namespace aviary::execution
