#include "services/cloudwatch/jobs/metric_log_timer.hpp"

namespace aviary::cloudwatch {

MetricLogTimer::MetricLogTimer(Stopwatch* stopwatch, MetricLog& log) : stopwatch_(stopwatch), log_(log) {
  if (stopwatch_) log_.on_pending([this] { arm(); });
}

MetricLogTimer::~MetricLogTimer() { stop(); }

void MetricLogTimer::arm() {
  if (timer_ != 0) return;
  timer_ = stopwatch_->call_after(std::chrono::seconds(1), [this] {
    timer_ = 0;
    log_.flush();
  });
}

void MetricLogTimer::stop() {
  if (timer_ != 0) stopwatch_->cancel(timer_);
  timer_ = 0;
  log_.on_pending({});
}

}  // namespace aviary::cloudwatch
