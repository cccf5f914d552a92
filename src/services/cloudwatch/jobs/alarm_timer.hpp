#pragma once

#include <functional>
#include <optional>

#include "ports/clock.hpp"
#include "services/cloudwatch/core/alarms.hpp"

namespace aviary::cloudwatch {

/// Lets alarms see the time: one timer, at the earliest moment that any of them waits for. Owned by the
/// service; `alarms` and `clock` outlive it.
class AlarmTimer {
 public:
  /// `before` is called before alarms look, if it is not empty: what was measured by then shall be there.
  AlarmTimer(Clock& clock, Alarms& alarms, std::function<void()> before = {});
  ~AlarmTimer();
  AlarmTimer(const AlarmTimer&) = delete;
  AlarmTimer& operator=(const AlarmTimer&) = delete;

  /// Sets the timer anew if what is due first has changed.
  void arm();
  /// No evaluation any more.
  void stop();

 private:
  void run();

  Clock& clock_;
  Alarms& alarms_;
  std::function<void()> before_;
  TimerId timer_ = 0;
  std::optional<Instant> armed_for_;
  bool running_ = false;
  bool stopped_ = false;
};

}  // namespace aviary::cloudwatch
