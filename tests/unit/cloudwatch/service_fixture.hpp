#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/cloudwatch/api/cloudwatch_service.hpp"
#include "support/service_calls.hpp"

namespace aviary::cloudwatch {

/// Remembers what alarms did, and fails what it is told to.
class RecordedActions final : public AlarmActions {
 public:
  void perform(AlarmAction action, Done done) override {
    const bool fails = action.target.find("broken") != std::string::npos;
    performed.push_back(std::move(action));
    done(fails ? std::optional<std::string>("Topic does not exist") : std::nullopt);
  }
  std::vector<AlarmAction> performed;
};

/// The service on a clock that the test moves; starts on 2024-01-15 at 10:30:00.
class CloudWatch : public testing::ServiceCalls {
 protected:
  CloudWatch() {
    region = scope.region;
    start();
  }

  void start() {
    service = std::make_unique<CloudWatchService>(
        CloudWatchDependencies{.clock = clock, .journal = journal, .actions = &actions});
    service->restore();
  }

  Service& subject() override { return *service; }
  std::pair<std::string, std::string> error(std::string_view operation, Json input) {
    const Result<Reply> reply = call(operation, std::move(input));
    if (reply) return {"", ""};
    const ErrorShape& shape = *reply.error().shape;
    return {std::string(shape.query_code.empty() ? shape.code : shape.query_code), reply.error().message};
  }

  double now() const { return std::chrono::duration<double>(clock.now().time_since_epoch()).count(); }
  void advance(int seconds) { clock.advance(std::chrono::seconds(seconds)); }
  /// One sample of `Shop/Errors`, by default of this moment.
  void put(double value, double seconds_ago = 0) {
    ok("PutMetricData",
       {{"Namespace", "Shop"},
        {"MetricData", {{{"MetricName", "Errors"}, {"Value", value}, {"Timestamp", now() - seconds_ago}}}}});
  }
  static Json alarm(Json change = Json::object()) {
    Json settings{{"AlarmName", "errors"},
                  {"Namespace", "Shop"},
                  {"MetricName", "Errors"},
                  {"Statistic", "Sum"},
                  {"Period", 60},
                  {"EvaluationPeriods", 2},
                  {"Threshold", 5},
                  {"ComparisonOperator", "GreaterThanThreshold"},
                  {"AlarmActions", {"arn:aws:sns:eu-west-1:123456789012:pager"}},
                  {"OKActions", {"arn:aws:lambda:eu-west-1:123456789012:function:calm:prod"}}};
    settings.merge_patch(change);
    return settings;
  }
  std::string state(std::string_view name = "errors") {
    return std::string(name_of(service->alarms().state_of(scope, name).value()));
  }
  std::string reason(const std::string& name = "errors") {
    const Json described =
        ok("DescribeAlarms", {{"AlarmNames", {name}}, {"AlarmTypes", {"MetricAlarm", "CompositeAlarm"}}});
    const Json& list =
        described["MetricAlarms"].empty() ? described["CompositeAlarms"] : described["MetricAlarms"];
    return list.at(0).at("StateReason");
  }

  Scope scope{"123456789012", "eu-west-1"};
  RecordedActions actions;
  std::unique_ptr<CloudWatchService> service;
};

}  // namespace aviary::cloudwatch
