#include "ports/flush_timer.hpp"

#include <utility>

namespace aviary {

FlushTimer::FlushTimer(Stopwatch* stopwatch, std::function<void()> flush)
    : stopwatch_(stopwatch), flush_(std::move(flush)) {}

FlushTimer::~FlushTimer() { stop(); }

void FlushTimer::arm() {
  if (!stopwatch_ || timer_ != 0) return;
  timer_ = stopwatch_->call_after(std::chrono::seconds(1), [this] {
    timer_ = 0;
    flush_();
  });
}

void FlushTimer::stop() {
  if (timer_ != 0) stopwatch_->cancel(timer_);
  timer_ = 0;
  stopwatch_ = nullptr;
}

}  // namespace aviary
