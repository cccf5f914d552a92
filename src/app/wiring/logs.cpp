#include <fmt/format.h>

#include <algorithm>

#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"
#include "base/log.hpp"
#include "ports/one_shot.hpp"

namespace aviary::app {
namespace {

/// What metric filters and embedded metrics of logs give goes into CloudWatch.
class LogMetrics final : public logs::MetricSink {
 public:
  explicit LogMetrics(cloudwatch::CloudWatchService& cloudwatch) : cloudwatch_(cloudwatch) {}

  void put(const logs::MetricSample& sample) override {
    cloudwatch::MetricId id{std::string(sample.name_space),
                            std::string(sample.name),
                            {sample.dimensions.begin(), sample.dimensions.end()}};
    // PutMetricData refuses control characters; from a log they may come.
    if (has_control(id.metric_namespace) || has_control(id.name)) return;
    for (const auto& [name, value] : id.dimensions)
      if (has_control(name) || has_control(value)) return;
    id.sort();
    const auto at = static_cast<cloudwatch::EpochSeconds>(
        std::chrono::floor<std::chrono::seconds>(logs::to_instant(sample.at)).time_since_epoch().count());
    cloudwatch_.put_metric({sample.scope.account, sample.scope.region}, id,
                           cloudwatch::standard_unit(sample.unit).value_or("None"), sample.high_resolution,
                           {.at = at, .value = sample.value});
  }

 private:
  static bool has_control(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  }

  cloudwatch::CloudWatchService& cloudwatch_;
};

/// What subscription filters match goes to whatever takes messages in: functions, for one.
class LogSubscribers final : public logs::SubscriptionTarget {
 public:
  explicit LogSubscribers(Parts& parts) : parts_(parts) {}

  Task<bool> exists(logs::Scope scope, std::string destination_arn) override {
    if (is_stream(destination_arn))
      co_return parts_.kinesis->find(kinesis::parse_stream_arn(destination_arn)) != nullptr;
    if (destination_arn.find(":lambda:") == std::string::npos)
      co_return parts_.delivery.reaches(destination_arn);
    co_return has_function({scope.account, scope.region}, destination_arn);
  }

  Task<bool> deliver(logs::Scope scope, std::string destination_arn, std::string payload,
                     std::string partition_key) override {
    if (is_stream(destination_arn)) {
      const auto placed =
          parts_.kinesis->put(kinesis::parse_stream_arn(destination_arn),
                              {.partition_key = std::move(partition_key), .data = std::move(payload)});
      if (!placed) log::warn("log events were not taken by {}: {}", destination_arn, placed.error().message);
      co_return static_cast<bool>(placed);
    }
    OneShot<bool> taken;
    const std::string to = destination_arn;
    const auto done = [taken, to](std::optional<std::string> problem) {
      if (problem) log::warn("log events were not taken by {}: {}", to, *problem);
      taken.set(!problem);
    };
    parts_.delivery.send({.account = std::move(scope.account),
                          .region = std::move(scope.region),
                          .target = std::move(destination_arn),
                          .body = std::move(payload)},
                         done);
    const bool well = co_await taken.wait();
    co_return well;
  }

 private:
  static bool is_stream(std::string_view arn) { return arn.find(":kinesis:") != std::string_view::npos; }

  bool has_function(const lambda::Scope& scope, const std::string& arn) const {
    const Result<lambda::FunctionReference> named = lambda::resolve_function_reference(arn, {}, scope);
    if (!named) return false;
    lambda::FunctionStore& store = parts_.lambda->store();
    const lambda::Moment moment{.now = parts_.clock.now(), .ids = parts_.lambda_ids};
    const lambda::Function* function = store.find(scope, named->name, moment);
    return function && store.find_qualified(*function, named->qualifier);
  }

  Parts& parts_;
};

}  // namespace

void add_logs(Parts& parts) {
  parts.log_metrics = std::make_unique<LogMetrics>(*parts.cloudwatch);
  parts.log_subscribers = std::make_unique<LogSubscribers>(parts);
  execution::Observations& observations = parts.runner->observations();
  const auto settle = [&observations] { observations.settle(); };
  parts.logs =
      std::make_unique<logs::LogsService>(logs::LogsDependencies{.clock = parts.clock,
                                                                 .stopwatch = parts.stopwatch,
                                                                 .ids = parts.log_ids,
                                                                 .journal = *parts.journal,
                                                                 .executor = parts.loop.get_executor(),
                                                                 .metrics = parts.log_metrics.get(),
                                                                 .subscribers = parts.log_subscribers.get(),
                                                                 .settle = settle,
                                                                 .options = {}});
  parts.function_logs = std::make_unique<FunctionLogs>(*parts.logs);
  if (parts.options.observe) observations.add_late(*parts.function_logs);
  parts.add(*parts.logs);
}

}  // namespace aviary::app
