#pragma once

#include <map>
#include <utility>

#include "ports/clock.hpp"

namespace aviary::testing {

/// A clock that stands still until the test moves it.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start = Instant(std::chrono::seconds(1'705'314'600)))
      : now_(start) {}  // 2024-01-15 10:30

  Instant now() const override { return now_; }
  TimerId call_at(Instant when, std::function<void()> what) override {
    const TimerId id = ++last_;
    timers_.emplace(std::pair(std::max(when, now_), id), std::move(what));
    return id;
  }
  bool cancel(TimerId timer) override {
    return std::erase_if(timers_, [timer](const auto& entry) { return entry.first.second == timer; }) > 0;
  }

  /// Moves time forward; runs what falls due on the way, each at its own moment.
  void advance(Duration by) {
    const Instant until = now_ + by;
    while (!timers_.empty() && timers_.begin()->first.first <= until) {
      auto due = timers_.extract(timers_.begin());
      now_ = due.key().first;
      due.mapped()();
    }
    now_ = until;
  }
  std::size_t timers() const { return timers_.size(); }

 private:
  Instant now_;
  TimerId last_ = 0;
  std::map<std::pair<Instant, TimerId>, std::function<void()>> timers_;
};

}  // namespace aviary::testing
