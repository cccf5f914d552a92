#include "services/cloudwatch/jobs/alarm_timer.hpp"

#include <utility>

namespace aviary::cloudwatch {

AlarmTimer::AlarmTimer(Clock& clock, Alarms& alarms, std::function<void()> before)
    : clock_(clock), alarms_(alarms), before_(std::move(before)) {
  alarms_.on_schedule_change([this] { arm(); });
}

AlarmTimer::~AlarmTimer() { stop(); }

void AlarmTimer::arm() {
  if (running_ || stopped_) return;  // a run arms by itself when it is through
  const std::optional<Instant> due = alarms_.next_due();
  if (due == armed_for_) return;
  if (armed_for_) clock_.cancel(timer_);
  armed_for_ = due;
  if (due) timer_ = clock_.call_at(*due, [this] { run(); });
}

void AlarmTimer::run() {
  armed_for_.reset();
  running_ = true;
  if (before_) before_();
  alarms_.run_due(clock_.now());
  running_ = false;
  arm();
}

void AlarmTimer::stop() {
  if (stopped_) return;
  stopped_ = true;
  if (armed_for_) clock_.cancel(timer_);
  armed_for_.reset();
  alarms_.on_schedule_change({});
}

}  // namespace aviary::cloudwatch
