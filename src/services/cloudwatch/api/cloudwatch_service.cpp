#include "services/cloudwatch/api/cloudwatch_service.hpp"

#include <fmt/format.h>

#include "models/cloudwatch.hpp"
#include "wire/protocol.hpp"

namespace aviary::cloudwatch {

/// Which member answers which operation.
OperationTable<CloudWatchService> CloudWatchService::operations() {
  using S = CloudWatchService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"DeleteAlarms", &S::delete_alarms},
      {"DeleteDashboards", &S::delete_dashboards},
      {"DescribeAlarmHistory", &S::describe_alarm_history},
      {"DescribeAlarms", &S::describe_alarms},
      {"DescribeAlarmsForMetric", &S::describe_alarms_for_metric},
      {"DisableAlarmActions", &S::disable_alarm_actions},
      {"EnableAlarmActions", &S::enable_alarm_actions},
      {"GetDashboard", &S::get_dashboard},
      {"GetMetricData", &S::get_metric_data},
      {"GetMetricStatistics", &S::get_metric_statistics},
      {"GetMetricWidgetImage", &S::get_metric_widget_image},
      {"ListDashboards", &S::list_dashboards},
      {"ListMetrics", &S::list_metrics},
      {"ListTagsForResource", &S::list_tags_for_resource},
      {"PutCompositeAlarm", &S::put_composite_alarm},
      {"PutDashboard", &S::put_dashboard},
      {"PutMetricAlarm", &S::put_metric_alarm},
      {"PutMetricData", &S::put_metric_data},
      {"SetAlarmState", &S::set_alarm_state},
      {"TagResource", &S::tag_resource},
      {"UntagResource", &S::untag_resource},
  };
  return {models::cloudwatch::service, "CloudWatch", entries};
}

CloudWatchService::CloudWatchService(CloudWatchDependencies d)
    : clock_(d.clock),
      settle_(std::move(d.settle)),
      log_(d.journal),
      metrics_(d.metrics),
      alarms_(metrics_, d.journal, d.actions),
      dashboards_(d.journal),
      timer_(d.clock, alarms_, [this] { settle(); }),
      log_timer_(d.stopwatch, [this] { log_.flush(); }) {
  log_.on_pending([this] { log_timer_.arm(); });
}

CloudWatchService::~CloudWatchService() = default;

Task<Result<Reply>> CloudWatchService::call(Call call) {
  settle();
  return TableService::call(std::move(call));
}

void CloudWatchService::restore() {
  metrics_.restore(log_);
  alarms_.restore(clock_.now());
  dashboards_.restore();
}

void CloudWatchService::reset() {
  settle();
  alarms_.clear();
  dashboards_.clear();
  metrics_.clear();
}

Task<> CloudWatchService::stop() {
  timer_.stop();
  co_return;
}

void CloudWatchService::write_down() {
  settle();
  log_timer_.stop();
  metrics_.tell_open();
  log_.flush();
}

void CloudWatchService::put_metric(const Scope& scope, const MetricId& metric, std::string_view unit,
                                   bool high_resolution, const Sample& sample) {
  const Instant now = clock_.now();
  metrics_.put(scope, metric, unit, high_resolution ? Width::Second : Width::Minute, sample, to_seconds(now));
  alarms_.on_data(scope, metric.key(), sample.at, now);
}

Json CloudWatchService::counts() const {
  return {{"metrics", metrics_.size()}, {"metric_bytes", metrics_.bytes()}, {"alarms", alarms_.size()}};
}

}  // namespace aviary::cloudwatch
