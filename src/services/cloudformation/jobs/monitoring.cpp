#include <fmt/format.h>

#include <algorithm>

#include "services/cloudformation/jobs/run.hpp"

/// Alarms that take a creation or an update back, while it is under way and for some minutes after it.
/// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-rollback-triggers.html
namespace aviary::cloudformation {
namespace {

/// What a run waits for by when everything is deployed.
std::string monitoring_of(const std::string& stack_id) { return stack_id + " is monitored"; }

Json triggers_of(const Wish& wish) { return wish.rollback.value("RollbackTriggers", Json::array()); }

}  // namespace

/// "If a given CloudWatch alarm is missing, the entire stack operation fails and is rolled back."
Task<> Deployer::look_for_alarms(std::shared_ptr<Run> run) {
  const Json triggers = triggers_of(run->wish);
  for (const Json& trigger : triggers) {
    const auto arn = trigger.at("Arn").get<std::string>();
    const std::string name = arn.substr(std::min(arn.size(), arn.find(":alarm:") + 7));
    const Stack* stack = store_.by_id(run->stack_id);
    if (stack == nullptr || !run->problem.empty()) co_return;
    Cloud::Ask ask{stack->account,
                   stack->region,
                   "cloudwatch",
                   "DescribeAlarms",
                   {{"AlarmNames", {name}}, {"AlarmTypes", {"MetricAlarm", "CompositeAlarm"}}}};
    const Result<Json> answer = co_await cloud_.call(std::move(ask));
    const char* kind =
        trigger.value("Type", "") == "AWS::CloudWatch::CompositeAlarm" ? "CompositeAlarms" : "MetricAlarms";
    const Json known = answer ? answer->value(kind, Json::array()) : Json::array();
    const bool there =
        std::ranges::any_of(known, [&](const Json& each) { return each.value("AlarmArn", "") == arn; });
    if (!there && run->problem.empty()) {
      run->problem = fmt::format("The rollback trigger {} does not exist", arn);
      run->stopped = true;
    }
  }
}

void Deployer::on_alarm(std::string_view arn) {
  for (const auto& [stack_id, run] : runs_) {
    if (!run->problem.empty()) continue;
    const Json triggers = triggers_of(run->wish);
    if (std::ranges::none_of(triggers, [&](const Json& each) { return each.value("Arn", "") == arn; }))
      continue;
    run->problem = fmt::format("The alarm {} of a rollback trigger went to ALARM", arn);
    run->stopped = true;
    waiters_.wake_all();
  }
}

/// Everything is deployed: it stays so if no alarm says otherwise until the time is over. Without triggers it
/// is the time in which somebody may cancel.
Task<> Deployer::monitor(std::shared_ptr<Run> run) {
  const auto minutes = run->wish.rollback.value("MonitoringTimeInMinutes", 0);
  if (minutes == 0) co_return;
  const std::string stack_id = run->stack_id;
  const Instant end = clock_.now() + std::chrono::minutes(minutes);
  while (run->problem.empty() && !gives_up(stack_id) && clock_.now() < end) {
    std::string key = monitoring_of(stack_id);
    co_await waiters_.wait(std::move(key), end);
  }
}

}  // namespace aviary::cloudformation
