// A thousand lives of a deployment on the real alias, the real router and real alarms: people who stop it,
// move the alias by hand or set an alarm, functions that fail, hooks that say yes, no, nothing or cannot run,
// and servers that are restarted.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "base/time.hpp"
#include "simulation/deployments/cloud.hpp"

namespace aviary::simulation {
namespace {

using codedeploy::Deployment;
using codedeploy::Status;

constexpr const char* role = "arn:aws:iam::123456789012:role/any";

/// Six versions of the function, the alias at 5, two hooks, the alarm of the article, a group.
void prepare(Cloud& cloud, const Json& settings) {
  Service& lambda = *cloud.lambda;
  for (const char* name : {"order-processor", "pre", "post"})
    cloud.ok(lambda, "CreateFunction",
             {{"FunctionName", name},
              {"Role", role},
              {"Runtime", "python3.12"},
              {"Handler", "index.handler"},
              {"Code", {{"ZipFile", "PK"}}}});
  for (int version = 1; version <= 6; ++version) {
    cloud.ok(lambda, "UpdateFunctionConfiguration",
             {{"FunctionName", "order-processor"}, {"Description", fmt::format("v{}", version)}});
    cloud.ok(lambda, "PublishVersion", {{"FunctionName", "order-processor"}});
  }
  cloud.ok(lambda, "CreateAlias",
           {{"FunctionName", "order-processor"}, {"Name", "prod"}, {"FunctionVersion", "5"}});
  cloud.ok(*cloud.cloudwatch, "PutMetricAlarm",
           {{"AlarmName", "errors"},
            {"Namespace", "AWS/Lambda"},
            {"MetricName", "Errors"},
            {"Dimensions", {{{"Name", "FunctionName"}, {"Value", "order-processor"}}}},
            {"Statistic", "Sum"},
            {"Period", 60},
            {"EvaluationPeriods", 2},
            {"Threshold", 5},
            {"ComparisonOperator", "GreaterThanThreshold"}});
  cloud.ok(*cloud.codedeploy, "CreateApplication",
           {{"applicationName", "orders"}, {"computePlatform", "Lambda"}});
  Json group{{"applicationName", "orders"}, {"deploymentGroupName", "prod"}, {"serviceRoleArn", role}};
  group.merge_patch(settings);
  cloud.ok(*cloud.codedeploy, "CreateDeploymentGroup", group);
}

Json some_group(SeededRandom& plan) {
  const auto& configs = codedeploy::predefined_configs();
  Json group{{"deploymentConfigName", std::string(configs[plan.next() % configs.size()].name)},
             {"alarmConfiguration", {{"enabled", true}, {"alarms", {{{"name", "errors"}}}}}}};
  Json events = Json::array();
  for (const char* event : {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"})
    if (plan.next() % 2) events.push_back(event);
  if (!events.empty()) group["autoRollbackConfiguration"] = {{"enabled", true}, {"events", events}};
  return group;
}

std::string create(Cloud& cloud, const std::string& spec) {
  return cloud
      .ok(*cloud.codedeploy, "CreateDeployment",
          {{"applicationName", "orders"},
           {"deploymentGroupName", "prod"},
           {"revision", {{"revisionType", "AppSpecContent"}, {"appSpecContent", {{"content", spec}}}}}})
      .at("deploymentId");
}

std::string app_spec(bool before, bool after) {
  Json hooks = Json::array();
  if (before) hooks.push_back({{"BeforeAllowTraffic", "pre"}});
  if (after) hooks.push_back({{"AfterAllowTraffic", "post"}});
  const Json properties{
      {"Name", "order-processor"}, {"Alias", "prod"}, {"CurrentVersion", "5"}, {"TargetVersion", "6"}};
  return Json{{"version", 0.0},
              {"Resources", {{{"f", {{"Type", "AWS::Lambda::Function"}, {"Properties", properties}}}}}},
              {"Hooks", hooks}}
      .dump();
}

void move_by_hand(Cloud& cloud, SeededRandom& plan) {
  Json change{{"FunctionName", "order-processor"}, {"Name", "prod"}, {"FunctionVersion", "5"}};
  switch (plan.next() % 3) {
    case 0:
      change["RoutingConfig"] = {{"AdditionalVersionWeights", {{"6", 0.33}}}};
      break;
    case 1:
      change["FunctionVersion"] = "6";
      break;
    default:
      break;
  }
  (void)cloud.call(*cloud.lambda, "UpdateAlias", std::move(change));
}

/// Another fault of version 6, in place of the one before.
void break_version_6(Cloud& cloud, SeededRandom& plan) {
  static constexpr const char* kinds[] = {"error", "crash", "out_of_memory", "timeout", "throttle"};
  Json fault{{"id", "fault"}, {"function", "order-processor:6"}, {"after", plan.next() % 20}};
  fault[kinds[plan.next() % std::size(kinds)]] = plan.uniform();
  if (plan.next() % 4 == 0) fault["count"] = 1 + plan.next() % 50;
  if (plan.next() % 4 == 0) fault["for"] = fmt::format("{}s", 30 + plan.next() % 600);
  ASSERT_TRUE(cloud.faults->add(fault)) << fault;
}

struct Life {
  std::string trace;
  std::string problem;  ///< empty: all that must hold held
  Status status = Status::Created;
  std::string reason;
  bool rolled_back = false;
};

/// What must hold of a deployment that is over.
std::string problem_of_end(Cloud& cloud, const Deployment& deployment) {
  const std::string share = cloud.share();
  if (share != "5" && share != "6") return "the alias ends at " + share;
  if (deployment.status == Status::Succeeded)
    return share == "6" ? "" : "succeeded, but the alias is at " + share;
  if (deployment.error_code.empty() || deployment.error_message.empty()) return "no reason";
  if (deployment.rollback_id.empty()) return {};
  const Deployment& back = cloud.deployment(deployment.rollback_id);
  if (back.status != Status::Succeeded || share != "5") return "rolled back to " + share;
  if (back.rollback_trigger_id != deployment.id || back.rollback_message.empty())
    return "a rollback without reason";
  return {};
}

Life live(std::uint64_t seed) {
  Life life;
  SeededRandom plan(seed, "plan");
  Cloud cloud(seed);
  prepare(cloud, some_group(plan));
  // Half of the hooks say yes; the others no, nothing, or cannot run.
  const std::uint64_t temper = plan.next() % 8;
  cloud.hook = [&](const Json& event) -> std::optional<std::string> {
    const std::string execution = event.at("LifecycleEventHookExecutionId");
    const std::uint64_t mood = temper < 4 ? 0 : cloud.chance.next() % 4;
    if (mood == 3) return "the machine is full";
    if (mood < 2)
      (void)cloud.codedeploy->deployments().answer_hook({"123456789012", "us-east-1"},
                                                        event.at("DeploymentId").get<std::string>(),
                                                        execution, mood == 0, cloud.clock.now());
    return std::nullopt;
  };
  if (plan.next() % 2) break_version_6(cloud, plan);
  const bool before = plan.next() % 2;
  const std::string id = create(cloud, app_spec(before, plan.next() % 2));
  const int minutes = std::max(1, cloud.deployment(id).routing.interval_minutes);
  const auto note = [&](std::string_view what) {
    life.trace += fmt::format("{} {} {} {}\n", iso8601(cloud.clock.now(), 6), cloud.share(),
                              name_of(cloud.deployment(id).status), what);
  };
  note("created " + id);
  for (int turn = 0; turn < 400 && cloud.codedeploy->deployments().active() > 0; ++turn) {
    const int invokes = static_cast<int>(plan.next() % 30);
    std::string ran;
    for (int i = 0; i < invokes; ++i) {
      const std::string version = cloud.invoke_alias();
      if (version != "5" && version != "6" && !version.empty())
        life.problem = "an invoke ran version " + version;
      ran += version.empty() ? "-" : version;
    }
    if (!ran.empty()) note("ran " + ran);
    switch (plan.next() % 50) {
      case 0:
        (void)cloud.call(*cloud.codedeploy, "StopDeployment", {{"deploymentId", id}});
        note("stop");
        break;
      case 1:
        move_by_hand(cloud, plan);
        note("by hand");
        break;
      case 2:
      case 3:
        cloud.restart();
        note("restart");
        break;
      case 4:
        cloud.ok(*cloud.cloudwatch, "SetAlarmState",
                 {{"AlarmName", "errors"}, {"StateValue", "ALARM"}, {"StateReason", "by hand"}});
        note("alarm");
        break;
      case 5:
        break_version_6(cloud, plan);
        note("fault");
        break;
      default:
        break;
    }
    if (cloud.codedeploy->deployments().active() == 0)
      break;  // what happens to the alias later is not its doing
    cloud.pass(std::chrono::seconds(1 + plan.next() % (static_cast<std::uint64_t>(minutes) * 30)));
    note("");
  }
  const Deployment& deployment = cloud.deployment(id);
  life.status = deployment.status;
  life.reason = deployment.error_code;
  life.rolled_back = !deployment.rollback_id.empty();
  if (cloud.codedeploy->deployments().active() > 0) life.problem = "it never ends";
  if (life.problem.empty()) life.problem = problem_of_end(cloud, deployment);
  for (const Deployment* each : cloud.codedeploy->deployments().all())
    life.trace += fmt::format("{} {} {} {}\n", each->id, name_of(each->status), each->error_message,
                              each->rollback_message);
  life.trace += cloud.faults->describe().dump();
  return life;
}

/// The alias, minute by minute, against the documented schedules (user guide, "Predefined deployment
/// configurations for an AWS Lambda compute platform"): a canary "shifts 10 percent of traffic in the first
/// increment, the remaining 90 percent is deployed five minutes later", a linear one "shifts 10 percent of
/// traffic every minute until all traffic is shifted".
TEST(Deployments, EveryPredefinedConfigurationMovesTheAliasAsDocumented) {
  struct Documented {
    const char* name;
    std::vector<std::pair<int, int>> steps;  ///< from this minute on, this percentage
  };
  const auto linear = [](int minutes) {
    std::vector<std::pair<int, int>> steps;
    for (int step = 0; step < 10; ++step) steps.emplace_back(step * minutes, 10 * (step + 1));
    return steps;
  };
  const std::vector<Documented> documented{{"AllAtOnce", {{0, 100}}},
                                           {"Canary10Percent5Minutes", {{0, 10}, {5, 100}}},
                                           {"Canary10Percent10Minutes", {{0, 10}, {10, 100}}},
                                           {"Canary10Percent15Minutes", {{0, 10}, {15, 100}}},
                                           {"Canary10Percent30Minutes", {{0, 10}, {30, 100}}},
                                           {"Linear10PercentEvery1Minute", linear(1)},
                                           {"Linear10PercentEvery2Minutes", linear(2)},
                                           {"Linear10PercentEvery3Minutes", linear(3)},
                                           {"Linear10PercentEvery10Minutes", linear(10)}};
  ASSERT_EQ(documented.size(), codedeploy::predefined_configs().size());
  for (const Documented& config : documented) {
    SCOPED_TRACE(config.name);
    Cloud cloud(1);
    prepare(cloud, {{"deploymentConfigName", fmt::format("CodeDeployDefault.Lambda{}", config.name)}});
    const std::string id = create(cloud, app_spec(false, false));
    for (int minute = 0; minute <= 100; ++minute) {
      int percent = 0;
      for (const auto& [from, share] : config.steps)
        if (minute >= from) percent = share;
      ASSERT_EQ(cloud.share(), percent == 100 ? "6" : fmt::format("5+6@{}", percent)) << "minute " << minute;
      ASSERT_EQ(name_of(cloud.deployment(id).status), percent == 100 ? "Succeeded" : "InProgress");
      cloud.pass(std::chrono::seconds(30));
      ASSERT_EQ(cloud.share(), percent == 100 ? "6" : fmt::format("5+6@{}", percent)) << "minute " << minute;
      cloud.pass(std::chrono::seconds(30));
    }
  }
}

TEST(Deployments, AThousandLivesEndAtOneVersionEachForAReasonTwiceTheSame) {
  std::map<std::string, int> ends;
  int rolled_back = 0;
  std::size_t characters = 0;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const Life life = live(seed);
    ASSERT_EQ(life.problem, "") << "seed " << seed << "\n" << life.trace;
    ASSERT_EQ(life.trace, live(seed).trace) << "seed " << seed;
    ++ends[fmt::format("{} {}", name_of(life.status), life.reason)];
    rolled_back += life.rolled_back ? 1 : 0;
    characters += life.trace.size();
  }
  // Every way to end has happened, often.
  for (const char* end : {"Succeeded ", "Stopped ALARM_ACTIVE", "Stopped MANUAL_STOP",
                          "Failed HOOK_EXECUTION_FAILURE", "Failed INVALID_LAMBDA_CONFIGURATION"})
    EXPECT_GT(ends[end], 10) << end;
  EXPECT_GT(rolled_back, 100);
  EXPECT_GT(characters, 500'000U);
}

}  // namespace
}  // namespace aviary::simulation
