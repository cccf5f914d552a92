// The state machine of a deployment, on a clock that the test moves.
#include <gmock/gmock.h>

#include "world.hpp"

namespace aviary::codedeploy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

TEST_F(DeploymentsTest, ACanaryMovesItsPartAtOnceAndTheRestAfterTheInterval) {
  const std::string id = create(canary());
  EXPECT_EQ(status(id), "InProgress");
  EXPECT_EQ(share(), "5+6@10");
  EXPECT_THAT(events(id), ElementsAre("Succeeded", "InProgress", "Pending"));
  clock_.advance(4min + 59s);
  EXPECT_EQ(share(), "5+6@10");
  clock_.advance(1s);
  EXPECT_EQ(status(id), "Succeeded");
  EXPECT_EQ(share(), "6");
  EXPECT_THAT(events(id), ElementsAre("Succeeded", "Succeeded", "Succeeded"));
  EXPECT_EQ(at(id).completed, clock_.now());
  EXPECT_EQ(clock_.timers(), 0U);
  EXPECT_THAT(statuses_, ElementsAre(id + " Created", id + " Queued", id + " InProgress", id + " Succeeded"));
}

TEST_F(DeploymentsTest, AllAtOnceIsDoneAtOnce) {
  const std::string id = create(request({}));
  EXPECT_EQ(status(id), "Succeeded");
  EXPECT_EQ(share(), "6");
}

/// The alias over emulated time against the documented schedule of every configuration that comes with the
/// service: "Shifts 10 percent of traffic in the first increment. The remaining 90 percent is deployed five
/// minutes later." and "Shifts 10 percent of traffic every minute until all traffic is shifted." (user guide,
/// "Predefined deployment configurations for an AWS Lambda compute platform")
TEST_F(DeploymentsTest, EveryPredefinedConfigurationKeepsItsSchedule) {
  for (const PredefinedConfig& config : predefined_configs()) {
    SCOPED_TRACE(config.name);
    world_.routing = AliasRouting{.version = "5"};
    const std::string id = create(request(config.routing));
    const int interval = config.routing.interval_minutes;
    for (int minute = 0; minute <= 120; ++minute) {
      const int percent = config.name.find("AllAtOnce") != std::string_view::npos ? 100
                          : config.name.find("Canary") != std::string_view::npos
                              ? (minute < interval ? 10 : 100)
                              : std::min(100, 10 * (minute / interval + 1));
      ASSERT_EQ(share(), percent == 100 ? "6" : "5+6@" + std::to_string(percent)) << "minute " << minute;
      ASSERT_EQ(status(id), percent == 100 ? "Succeeded" : "InProgress") << "minute " << minute;
      clock_.advance(1min);
    }
  }
}

TEST_F(DeploymentsTest, AnAlarmStopsItAndRollsItBack) {
  world_.alarms["errors"] = false;
  const std::string id = create(watching(with_rollback(canary()), "errors"));
  clock_.advance(2min);
  ASSERT_EQ(share(), "5+6@10");
  world_.alarms["errors"] = true;
  deployments_->on_alarm(scope_, "errors", clock_.now());
  EXPECT_EQ(status(id), "Stopped");
  EXPECT_EQ(at(id).error_code, "ALARM_ACTIVE");
  EXPECT_EQ(at(id).error_message,
            "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, "
            "and the "
            "affected deployments have been stopped. Activated alarms: <errors>");
  EXPECT_THAT(events(id), ElementsAre("Succeeded", "Failed", "Skipped"));
  EXPECT_EQ(share(), "5");
  const std::string back = at(id).rollback_id;
  ASSERT_FALSE(back.empty());
  EXPECT_EQ(
      at(id).rollback_message,
      "Deployment " + id + " terminated. Automatic rollback is triggered with a DeploymentId " + back + ".");
  EXPECT_EQ(at(back).creator, "codeDeployRollback");
  EXPECT_EQ(at(back).rollback_trigger_id, id);
  EXPECT_EQ(at(back).rollback_message,
            "Deployment " + back + " is triggered to roll back deployment " + id + ".");
  EXPECT_EQ(at(back).config, "CodeDeployDefault.LambdaAllAtOnce");
  EXPECT_EQ(status(back), "Succeeded");  // although the alarm is still active
  EXPECT_EQ(deployments_->active(), 0U);
}

TEST_F(DeploymentsTest, AnAlarmThatIsActiveAlreadyStopsItBeforeAnythingMoves) {
  world_.alarms["errors"] = true;
  const std::string id = create(watching(with_rollback(canary()), "errors"));
  EXPECT_EQ(status(id), "Stopped");
  EXPECT_EQ(at(id).error_code, "ALARM_ACTIVE");
  EXPECT_FALSE(at(id).rollback_id.empty());  // seen at AWS
  EXPECT_EQ(world_.updates, 0);
}

TEST_F(DeploymentsTest, AlarmsOfOthersDoNotMatter) {
  world_.alarms["errors"] = false;
  const std::string id = create(watching(canary(), "errors"));
  deployments_->on_alarm(scope_, "latency", clock_.now());
  deployments_->on_alarm({"123456789012", "eu-west-1"}, "errors", clock_.now());
  EXPECT_EQ(status(id), "InProgress");
}

TEST_F(DeploymentsTest, AnAlarmThatCannotBePolledStopsItUnlessThatIsIgnored) {
  const std::string strict = create(watching(canary(), "nowhere"));
  EXPECT_EQ(status(strict), "Stopped");
  EXPECT_THAT(at(strict).error_message, HasSubstr("<nowhere>"));
  const std::string lenient = create(watching(canary(), "nowhere", true));
  EXPECT_EQ(status(lenient), "InProgress");
}

TEST_F(DeploymentsTest, WithoutAutomaticRollbackAnAlarmLeavesTheSource) {
  world_.alarms["errors"] = false;
  const std::string id = create(watching(canary(), "errors"));
  world_.alarms["errors"] = true;
  deployments_->on_alarm(scope_, "errors", clock_.now());
  EXPECT_EQ(status(id), "Stopped");
  EXPECT_EQ(share(), "5");
  EXPECT_TRUE(at(id).rollback_id.empty());
  EXPECT_EQ(deployments_->size(), 1U);
}

TEST_F(DeploymentsTest, HooksDecide) {
  Deployment wanted = canary();
  wanted.spec.before_hook = "pre";
  wanted.spec.after_hook = "post";
  const std::string id = create(wanted);
  EXPECT_THAT(events(id), ElementsAre("InProgress", "Pending", "Pending"));
  EXPECT_EQ(share(), "5");
  ASSERT_EQ(world_.invoked.size(), 1U);
  EXPECT_EQ(world_.invoked[0].function, "pre");
  EXPECT_EQ(world_.invoked[0].event.at("DeploymentId"), id);
  const std::string first = world_.invoked[0].event.at("LifecycleEventHookExecutionId");
  world_.invoked[0].done(std::nullopt);  // that the function has returned says nothing
  clock_.advance(30min);
  EXPECT_EQ(share(), "5");
  ASSERT_TRUE(deployments_->answer_hook(scope_, id, first, true, clock_.now()));
  EXPECT_EQ(share(), "5+6@10");
  const auto again = deployments_->answer_hook(scope_, id, first, true, clock_.now());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().shape->code, "LifecycleEventAlreadyCompletedException");
  clock_.advance(5min);
  EXPECT_EQ(share(), "6");
  EXPECT_EQ(status(id), "InProgress");
  ASSERT_EQ(world_.invoked.size(), 2U);
  EXPECT_EQ(world_.invoked[1].function, "post");
  const auto unknown = deployments_->answer_hook(scope_, id, "nonsense", true, clock_.now());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().shape->code, "InvalidLifecycleEventHookExecutionIdException");
  ASSERT_TRUE(deployments_->answer_hook(
      scope_, id, world_.invoked[1].event.at("LifecycleEventHookExecutionId").get<std::string>(), true,
      clock_.now()));
  EXPECT_EQ(status(id), "Succeeded");
}

TEST_F(DeploymentsTest, AHookThatReportsFailureFailsIt) {
  Deployment wanted = with_rollback(request({}));
  wanted.spec.after_hook = "post";
  const std::string id = create(wanted);
  EXPECT_EQ(share(), "6");
  ASSERT_TRUE(deployments_->answer_hook(
      scope_, id, world_.invoked[0].event.at("LifecycleEventHookExecutionId").get<std::string>(), false,
      clock_.now()));
  EXPECT_EQ(status(id), "Failed");
  EXPECT_EQ(at(id).error_code, "HOOK_EXECUTION_FAILURE");
  EXPECT_THAT(events(id), ElementsAre("Succeeded", "Succeeded", "Failed"));
  EXPECT_EQ(share(), "5");
  EXPECT_EQ(status(at(id).rollback_id), "Succeeded");
  EXPECT_EQ(world_.invoked.size(), 1U);  // a rollback runs no hooks
}

/// User guide, "AppSpec 'hooks' section": CodeDeploy assumes a failure when there is no answer within one
/// hour.
TEST_F(DeploymentsTest, AHookThatDoesNotAnswerWithinTheHourFailsIt) {
  Deployment wanted = canary();
  wanted.spec.before_hook = "pre";
  const std::string id = create(wanted);
  clock_.advance(59min + 59s);
  EXPECT_EQ(status(id), "InProgress");
  clock_.advance(1s);
  EXPECT_EQ(status(id), "Failed");
  EXPECT_EQ(at(id).error_code, "HOOK_EXECUTION_FAILURE");
  EXPECT_THAT(events(id), ElementsAre("Failed", "Skipped", "Skipped"));
  EXPECT_EQ(share(), "5");
}

TEST_F(DeploymentsTest, AHookThatCannotBeInvokedFailsIt) {
  Deployment wanted = canary();
  wanted.spec.before_hook = "pre";
  const std::string id = create(wanted);
  world_.invoked[0].done("Function not found");
  EXPECT_EQ(status(id), "Failed");
  EXPECT_THAT(at(id).event(Step::BeforeAllowTraffic).problem, HasSubstr("Function not found"));
}

TEST_F(DeploymentsTest, StopsWithAndWithoutRollback) {
  const std::string plain = create(canary());
  ASSERT_TRUE(deployments_->stop(scope_, plain, std::nullopt, clock_.now()));
  EXPECT_EQ(status(plain), "Stopped");
  EXPECT_EQ(at(plain).error_code, "MANUAL_STOP");
  EXPECT_EQ(share(), "5");
  EXPECT_TRUE(at(plain).rollback_id.empty());
  const auto again = deployments_->stop(scope_, plain, true, clock_.now());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().shape->code, "DeploymentAlreadyCompletedException");

  const std::string asked = create(canary());
  ASSERT_TRUE(deployments_->stop(scope_, asked, true, clock_.now()));
  EXPECT_EQ(status(at(asked).rollback_id), "Succeeded");
  const std::string configured = create(with_rollback(canary()));
  ASSERT_TRUE(deployments_->stop(scope_, configured, std::nullopt, clock_.now()));
  EXPECT_FALSE(at(configured).rollback_id.empty());
  const std::string declined = create(with_rollback(canary()));
  ASSERT_TRUE(deployments_->stop(scope_, declined, false, clock_.now()));
  EXPECT_TRUE(at(declined).rollback_id.empty());
  EXPECT_EQ(share(), "5");
}

/// Recorded at AWS (serverless-application-model issue 291).
TEST_F(DeploymentsTest, TheAliasMustBeAtTheCurrentVersion) {
  world_.routing = AliasRouting{.version = "4"};
  const std::string id = create(with_rollback(canary()));
  EXPECT_EQ(status(id), "Failed");
  EXPECT_EQ(at(id).error_code, "INVALID_LAMBDA_CONFIGURATION");
  EXPECT_EQ(
      at(id).error_message,
      "The deployment failed because the AppSpec file that specifies the AWS Lambda deployment configuration "
      "is "
      "missing or has an invalid configuration. The Lambda function alias version does not match the current "
      "version in AppSpec file.");
  EXPECT_TRUE(at(id).rollback_id.empty());
  EXPECT_EQ(share(), "4");
}

/// Recorded at AWS (terraform-aws-lambda issue 82): the sentence without a detail.
TEST_F(DeploymentsTest, GoingNowhereFails) {
  Deployment wanted = canary();
  wanted.spec.target_version = "5";
  const std::string id = create(wanted);
  EXPECT_EQ(at(id).error_message,
            "The deployment failed because the AppSpec file that specifies the AWS Lambda deployment "
            "configuration is "
            "missing or has an invalid configuration.");
}

TEST_F(DeploymentsTest, MissingFunctionsAliasesAndVersionsFailIt) {
  Deployment wanted = canary();
  wanted.spec.target_version = "9";
  EXPECT_EQ(at(create(wanted)).error_code, "INVALID_LAMBDA_CONFIGURATION");
  wanted = canary();
  wanted.spec.alias = "test";
  EXPECT_EQ(at(create(wanted)).error_code, "INVALID_LAMBDA_CONFIGURATION");
  wanted = canary();
  wanted.spec.function = "nobody";
  EXPECT_EQ(at(create(wanted)).error_code, "INVALID_LAMBDA_FUNCTION");
}

TEST_F(DeploymentsTest, AnAliasMovedByHandFailsItAndIsBroughtToOneVersion) {
  const std::string split = create(canary());
  world_.routing = AliasRouting{.version = "5", .additional_version = "6", .additional_weight = 0.5};
  clock_.advance(5min);
  EXPECT_EQ(status(split), "Failed");
  EXPECT_THAT(at(split).error_message, HasSubstr("was changed during the deployment"));
  EXPECT_EQ(share(), "5");

  const std::string promoted = create(canary());
  world_.routing = AliasRouting{.version = "6"};
  clock_.advance(5min);
  EXPECT_EQ(status(promoted), "Failed");
  EXPECT_EQ(share(), "6");

  world_.routing = AliasRouting{.version = "5"};
  const std::string rolled = create(with_rollback(canary()));
  world_.routing = AliasRouting{.version = "4"};
  clock_.advance(5min);
  EXPECT_EQ(status(rolled), "Failed");
  EXPECT_EQ(share(), "5");
}

TEST_F(DeploymentsTest, AFunctionDeletedInTheMiddleFailsItAndItsRollback) {
  const std::string id = create(with_rollback(canary()));
  world_.function_exists = false;
  clock_.advance(5min);
  EXPECT_EQ(status(id), "Failed");
  EXPECT_EQ(at(id).error_code, "INVALID_LAMBDA_FUNCTION");
  EXPECT_EQ(status(at(id).rollback_id), "Failed");
  EXPECT_TRUE(at(at(id).rollback_id).rollback_id.empty());
  EXPECT_EQ(deployments_->active(), 0U);
}

TEST_F(DeploymentsTest, ADeletedGroupEndsWhatRuns) {
  const std::string id = create(with_rollback(canary()));
  deployments_->abandon(scope_, "orders", "orders-prod", false, clock_.now());
  EXPECT_EQ(at(id).error_code, "DEPLOYMENT_GROUP_MISSING");
  EXPECT_EQ(share(), "5");
  EXPECT_EQ(deployments_->size(), 1U);
}

TEST_F(DeploymentsTest, AProcessThatIsKilledGoesOnInTheNextOne) {
  const std::string id = create(request({TrafficType::TimeBasedLinear, 30, 2}));
  clock_.advance(3min);
  ASSERT_EQ(share(), "5+6@60");
  restart();
  EXPECT_EQ(status(id), "InProgress");
  clock_.advance(1min);
  EXPECT_EQ(share(), "5+6@90");
  clock_.advance(2min);
  EXPECT_EQ(status(id), "Succeeded");
  restart();
  EXPECT_EQ(status(id), "Succeeded");
  EXPECT_NE(create(canary()), id);
}

TEST_F(DeploymentsTest, AHookIsAskedAgainAfterARestart) {
  Deployment wanted = canary();
  wanted.spec.before_hook = "pre";
  const std::string id = create(wanted);
  clock_.advance(10min);
  restart();
  clock_.advance(0s);
  ASSERT_EQ(world_.invoked.size(), 2U);
  EXPECT_EQ(at(id).due, at(id).event(Step::BeforeAllowTraffic).start.value() + hook_limit);
  EXPECT_EQ(world_.invoked[0].event, world_.invoked[1].event);
  world_.invoked[0].done("the process ended");  // of the one that was killed: nobody listens
  EXPECT_EQ(status(id), "InProgress");
  clock_.advance(50min);
  EXPECT_EQ(at(id).error_code, "HOOK_EXECUTION_FAILURE");
}

/// Whatever happens when: the alias ends at one version, the target or the source, and every end has its
/// reason.
TEST_F(DeploymentsTest, HoweverItEndsTheAliasIsAtOneVersion) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom chance(seed, "test");
    journal_.clear();
    deployments_->clear();
    world_.routing = AliasRouting{.version = "5"};
    world_.alarms["errors"] = false;
    world_.invoked.clear();
    Deployment wanted = request({TrafficType::TimeBasedLinear, 20, 3});
    wanted = watching(chance.next() % 2 ? with_rollback(wanted) : wanted, "errors");
    if (chance.next() % 2) wanted.spec.before_hook = "pre";
    if (chance.next() % 2) wanted.spec.after_hook = "post";
    const std::string id = create(wanted);
    for (int turn = 0; turn < 200 && deployments_->active() > 0; ++turn) {
      clock_.advance(std::chrono::seconds(chance.next() % 120));
      if (deployments_->active() == 0) break;  // what happens to the alias later is not its business
      switch (chance.next() % 40) {
        case 0:
          world_.alarms["errors"] = true;
          deployments_->on_alarm(scope_, "errors", clock_.now());
          break;
        case 1:
          (void)deployments_->stop(scope_, id, std::nullopt, clock_.now());
          break;
        case 2:
          world_.routing = AliasRouting{.version = "5", .additional_version = "6", .additional_weight = 0.33};
          break;
        case 3:
          restart();
          break;
        case 4:
        case 5:
        case 6:
          if (!world_.invoked.empty())
            (void)deployments_->answer_hook(
                scope_, id,
                world_.invoked.back().event.at("LifecycleEventHookExecutionId").get<std::string>(),
                chance.next() % 4 != 0, clock_.now());
          break;
        default:
          break;
      }
    }
    ASSERT_EQ(deployments_->active(), 0U);
    ASSERT_TRUE(share() == "5" || share() == "6") << share();
    if (status(id) == "Succeeded") {
      ASSERT_EQ(share(), "6");
    } else {
      ASSERT_FALSE(at(id).error_code.empty());
    }
    if (!at(id).rollback_id.empty()) {
      ASSERT_EQ(share(), "5");
    }
  }
}

}  // namespace
}  // namespace aviary::codedeploy
