#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/clock.hpp"
#include "ports/flush_timer.hpp"
#include "ports/journal.hpp"
#include "services/cloudwatch/core/alarms.hpp"
#include "services/cloudwatch/core/dashboards.hpp"
#include "services/cloudwatch/core/metric_store.hpp"
#include "services/cloudwatch/jobs/alarm_timer.hpp"

namespace aviary::cloudwatch {

/// Everything that the service takes from outside; all of it outlives the service.
struct CloudWatchDependencies {
  Clock& clock;
  Journal& journal;
  Stopwatch* stopwatch = nullptr;   ///< metric data is written each second of it; null: at the end only
  AlarmActions* actions = nullptr;  ///< null: alarms change their states and do nothing else
  /// Has whoever gathers what was measured before handing it over do that now: called before anything is
  /// read or changed, from outside of all reading. Empty: nobody does.
  std::function<void()> settle{};
  MetricStore::Options metrics{};
};

/// Amazon CloudWatch as the gateway sees it: metrics, alarms, dashboards. Owns all state of the service;
/// lives on the loop's thread.
class CloudWatchService final : public TableService<CloudWatchService> {
 public:
  explicit CloudWatchService(CloudWatchDependencies dependencies);
  ~CloudWatchService() override;

  static OperationTable<CloudWatchService> operations();

  /// Reads state back from the journal; once, before the first call.
  Task<Result<Reply>> call(Call call) override;
  void restore() override;
  /// Forgets everything. Whoever resets the emulator clears the journal.
  void reset() override;
  /// No alarm is evaluated any more.
  Task<> stop() override;
  /// Everything has come to its end, also what outlasted `stop`: what was to be written later is written now.
  void write_down();

  // For the rest of the emulator.
  /// Metrics of other services go in here; see `MetricStore::resolve` for a hot path.
  MetricStore& metrics() noexcept { return metrics_; }
  /// One sample of any moment, as PutMetricData takes it: alarms hear of it. For metric filters and embedded
  /// metrics of logs.
  void put_metric(const Scope& scope, const MetricId& metric, std::string_view unit, bool high_resolution,
                  const Sample& sample);
  /// State and changes of alarms: `state_of`, `subscribe`.
  Alarms& alarms() noexcept { return alarms_; }
  /// What there is: `{"metrics", "metric_bytes", "alarms"}`.
  Json counts() const override;

 private:
  void settle() const {
    if (settle_) settle_();
  }

  // put_metric_data.cpp
  Result<Reply> put_metric_data(Call& call);
  // metrics.cpp
  Result<Reply> get_metric_data(Call& call);
  Result<Reply> get_metric_statistics(Call& call);
  Result<Reply> list_metrics(Call& call);
  // metric_widget.cpp
  Result<Reply> get_metric_widget_image(Call& call);
  // alarm_operations.cpp
  Result<Reply> put_metric_alarm(Call& call);
  Result<Reply> put_composite_alarm(Call& call);
  Result<Reply> delete_alarms(Call& call);
  Result<Reply> set_alarm_state(Call& call);
  Result<Reply> enable_alarm_actions(Call& call);
  Result<Reply> disable_alarm_actions(Call& call);
  // describe_alarms.cpp
  Result<Reply> describe_alarms(Call& call);
  Result<Reply> describe_alarms_for_metric(Call& call);
  Result<Reply> describe_alarm_history(Call& call);
  // dashboards.cpp
  Result<Reply> put_dashboard(Call& call);
  Result<Reply> get_dashboard(Call& call);
  Result<Reply> list_dashboards(Call& call);
  Result<Reply> delete_dashboards(Call& call);
  // tags.cpp
  Result<Reply> tag_resource(Call& call);
  Result<Reply> untag_resource(Call& call);
  Result<Reply> list_tags_for_resource(Call& call);

  Clock& clock_;
  std::function<void()> settle_;
  MetricLog log_;
  MetricStore metrics_;
  Alarms alarms_;
  Dashboards dashboards_;
  AlarmTimer timer_;
  FlushTimer log_timer_;
};

}  // namespace aviary::cloudwatch
