#pragma once

#include "ports/clock.hpp"
#include "services/cloudwatch/core/metric_log.hpp"

namespace aviary::cloudwatch {

/// Writes metric data down, once a second at most, and not at all while none comes. A real second: it is
/// about what a crash may cost. Owned by the service; both outlive it.
class MetricLogTimer {
 public:
  /// Without a stopwatch nothing is written before the end.
  MetricLogTimer(Stopwatch* stopwatch, MetricLog& log);
  ~MetricLogTimer();
  MetricLogTimer(const MetricLogTimer&) = delete;
  MetricLogTimer& operator=(const MetricLogTimer&) = delete;

  void stop();

 private:
  void arm();

  Stopwatch* stopwatch_;
  MetricLog& log_;
  TimerId timer_ = 0;
};

}  // namespace aviary::cloudwatch
