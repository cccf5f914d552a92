// Deployments through the operations: CreateDeployment to its end, and all that asks about it.
#include <gmock/gmock.h>

#include "service_fixture.hpp"

namespace aviary::codedeploy {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

TEST_F(CodeDeploy, ACanaryFromCreateDeploymentToItsEnd) {
  create_group();
  const std::string id = deploy({{"description", "six"}});
  EXPECT_THAT(id, ::testing::MatchesRegex("d-[A-Z0-9]{9}"));
  Json now = info(id);
  EXPECT_EQ(now.at("status"), "InProgress");
  EXPECT_EQ(now.at("creator"), "user");
  EXPECT_EQ(now.at("description"), "six");
  EXPECT_EQ(now.at("computePlatform"), "Lambda");
  EXPECT_EQ(now.at("deploymentOverview").at("InProgress"), 1);
  EXPECT_EQ(target(id).at("lambdaFunctionInfo").at("targetVersionWeight"), 0.1);
  EXPECT_EQ(target(id).at("targetArn"),
            "arn:aws:lambda:us-east-1:123456789012:function:order-processor:prod");
  EXPECT_EQ(target(id).at("lifecycleEvents")[1].at("status"), "InProgress");
  EXPECT_EQ(error("CreateDeployment", deployment_input()),
            "DeploymentLimitExceededException: The Deployment Group 'orders-prod' already has an active "
            "Deployment '" +
                id + "'");
  clock.advance(5min);
  EXPECT_EQ(status(id), "Succeeded");
  EXPECT_EQ(target(id).at("status"), "Succeeded");
  EXPECT_EQ(target(id).at("lifecycleEvents")[2].at("diagnostics").at("errorCode"), "Success");
  const Json group =
      ok("GetDeploymentGroup", {{"applicationName", "orders"}, {"deploymentGroupName", "orders-prod"}})
          .at("deploymentGroupInfo");
  EXPECT_EQ(group.at("lastSuccessfulDeployment").at("deploymentId"), id);
  EXPECT_EQ(group.at("lastAttemptedDeployment").at("status"), "Succeeded");
  // The next one knows what it follows.
  const std::string next = deploy({}, app_spec("6", "5"));
  EXPECT_EQ(info(next).at("previousRevision"), info(id).at("revision"));
}

TEST_F(CodeDeploy, BothFormsOfTheAppSpecInYamlAndJson) {
  create_group({{"deploymentConfigName", "CodeDeployDefault.LambdaAllAtOnce"}});
  const std::string flat =
      "version: 0.0\nResources:\n  - id: order-processor\n    Type: AWS::Lambda::Function\n    Properties:\n"
      "      Name: order-processor\n      Alias: prod\n      CurrentVersion: 5\n      TargetVersion: 6\n";
  EXPECT_EQ(status(deploy({}, flat)), "Succeeded");
  const std::string json =
      R"({"version":0.0,"Resources":[{"f":{"Type":"AWS::Lambda::Function","Properties":{"Name":"order-processor",)"
      R"("Alias":"prod","CurrentVersion":"6","TargetVersion":"5"}}}]})";
  EXPECT_EQ(status(deploy({}, json)), "Succeeded");
  EXPECT_EQ(world.routing->version, "5");
}

TEST_F(CodeDeploy, TheAlarmOfTheGroupStopsItAndBothDeploymentsAreLinked) {
  create_group(
      {{"alarmConfiguration", {{"enabled", true}, {"alarms", {{{"name", "errors"}}}}}},
       {"autoRollbackConfiguration", {{"enabled", true}, {"events", {"DEPLOYMENT_STOP_ON_ALARM"}}}}});
  world.alarms["errors"] = false;
  const std::string id = deploy();
  clock.advance(2min);
  world.alarms["errors"] = true;
  service->deployments().on_alarm(scope, "errors", clock.now());
  const Json stopped = info(id);
  EXPECT_EQ(stopped.at("status"), "Stopped");
  EXPECT_EQ(stopped.at("errorInformation").at("code"), "ALARM_ACTIVE");
  const std::string back = stopped.at("rollbackInfo").at("rollbackDeploymentId");
  EXPECT_EQ(info(back).at("rollbackInfo").at("rollbackTriggeringDeploymentId"), id);
  EXPECT_EQ(info(back).at("creator"), "codeDeployRollback");
  EXPECT_EQ(info(back).at("status"), "Succeeded");
  EXPECT_EQ(target(id).at("lifecycleEvents")[1].at("diagnostics").at("errorCode"), "UnknownError");
  EXPECT_EQ(target(id).at("lifecycleEvents")[2].at("status"), "Skipped");
  // Another alarm for one deployment.
  const std::string other =
      deploy({{"overrideAlarmConfiguration", {{"enabled", false}, {"alarms", Json::array()}}}});
  EXPECT_EQ(status(other), "InProgress");
  EXPECT_EQ(info(other).at("overrideAlarmConfiguration").at("enabled"), false);
}

/// Subjects and texts as in messages of AWS's.
TEST_F(CodeDeploy, TriggersTellTheTopic) {
  const std::string topic = "arn:aws:sns:us-east-1:123456789012:deployments";
  create_group({{"triggerConfigurations",
                 {{{"triggerName", "tell"},
                   {"triggerTargetArn", topic},
                   {"triggerEvents",
                    {"DeploymentStart", "DeploymentSuccess", "DeploymentStop", "DeploymentRollback"}}}}}});
  const std::string id = deploy();
  ASSERT_EQ(published.size(), 1U);
  EXPECT_EQ(published[0].topic, topic);
  EXPECT_EQ(published[0].subject, "CREATED: AWS CodeDeploy " + id + " in us-east-1 to orders");
  EXPECT_EQ(
      published[0].message,
      R"({"region":"us-east-1","accountId":"123456789012","eventTriggerName":"tell","applicationName":"orders",)"
      R"("deploymentId":")" +
          id +
          R"(","deploymentGroupName":"orders-prod","createTime":"Mon Jan 15 10:30:00 UTC 2024",)"
          R"("completeTime":null,"status":"CREATED"})");
  ok("StopDeployment", {{"deploymentId", id}, {"autoRollbackEnabled", true}});
  ASSERT_EQ(published.size(), 5U);
  const Json stopped = Json::parse(published[1].message);
  EXPECT_EQ(stopped.at("status"), "ABORTED");
  EXPECT_EQ(Json::parse(stopped.at("errorInformation").get<std::string>()).at("ErrorCode"), "MANUAL_STOP");
  EXPECT_EQ(Json::parse(stopped.at("deploymentOverview").get<std::string>()).at("Failed"), 1);
  const std::string back = info(id).at("rollbackInfo").at("rollbackDeploymentId");
  EXPECT_EQ(published[2].subject, "CREATED: AWS CodeDeploy " + back + " in us-east-1 to orders");
  EXPECT_EQ(published[3].subject, "IN_PROGRESS: AWS CodeDeploy " + back + " in us-east-1 to orders");
  EXPECT_EQ(published[4].subject, "SUCCEEDED: AWS CodeDeploy " + back + " in us-east-1 to orders");
  const Json rollback =
      Json::parse(Json::parse(published[4].message).at("rollbackInformation").get<std::string>());
  EXPECT_EQ(rollback.at("RollbackTriggeringDeploymentId"), id);
  EXPECT_EQ(rollback.at("RollbackMessage"),
            "Deployment " + back + " is triggered to roll back deployment " + id + ".");
}

TEST_F(CodeDeploy, HooksAnswerByTheOperation) {
  create_group();
  const std::string id = deploy({}, app_spec("5", "6", "Hooks:\n  - BeforeAllowTraffic: pre\n"));
  const std::string execution = world.invoked.at(0).event.at("LifecycleEventHookExecutionId");
  const auto answer = [&](const std::string& status, const std::string& which) {
    return error("PutLifecycleEventHookExecutionStatus",
                 {{"deploymentId", id}, {"lifecycleEventHookExecutionId", which}, {"status", status}});
  };
  EXPECT_THAT(answer("Pending", execution), StartsWith("InvalidLifecycleEventHookExecutionStatusException"));
  EXPECT_THAT(answer("Succeeded", "other"), StartsWith("InvalidLifecycleEventHookExecutionIdException"));
  EXPECT_EQ(answer("Failed", execution), "none");
  EXPECT_THAT(answer("Failed", execution), StartsWith("LifecycleEventAlreadyCompletedException"));
  EXPECT_EQ(info(id).at("errorInformation").at("code"), "HOOK_EXECUTION_FAILURE");
  const Json event = target(id).at("lifecycleEvents")[0];
  EXPECT_EQ(event.at("diagnostics").at("errorCode"), "ScriptFailed");
  EXPECT_EQ(event.at("diagnostics").at("scriptName"), "pre");
}

TEST_F(CodeDeploy, DeploymentsAreListedByGroupStatusAndTime) {
  create_group({{"deploymentConfigName", "CodeDeployDefault.LambdaAllAtOnce"}});
  const std::string first = deploy();
  clock.advance(1h);
  const std::string second = deploy(
      {{"deploymentConfigName", "CodeDeployDefault.LambdaCanary10Percent5Minutes"}}, app_spec("6", "5"));
  const auto list = [this](Json input) { return ok("ListDeployments", std::move(input)).at("deployments"); };
  const Json group{{"applicationName", "orders"}, {"deploymentGroupName", "orders-prod"}};
  EXPECT_EQ(list(Json::object()), Json({second, first}));
  EXPECT_EQ(list(group), Json({second, first}));
  EXPECT_EQ(list({{"includeOnlyStatuses", {"Succeeded"}}}), Json({first}));
  const double hour_ago = std::chrono::duration<double>((clock.now() - 1h).time_since_epoch()).count();
  EXPECT_EQ(list({{"createTimeRange", {{"end", hour_ago}}}}), Json({first}));
  EXPECT_EQ(list({{"createTimeRange", {{"start", hour_ago + 1}}}}), Json({second}));
  EXPECT_EQ(list({{"externalId", "stack"}}), Json::array());
  EXPECT_THAT(error("ListDeployments", {{"createTimeRange", {{"start", 2}, {"end", 1}}}}),
              StartsWith("InvalidTimeRangeException"));
  EXPECT_THAT(error("ListDeployments", {{"includeOnlyStatuses", {"Great"}}}),
              StartsWith("InvalidDeploymentStatusException"));
  EXPECT_THAT(error("ListDeployments", {{"applicationName", "orders"}}),
              StartsWith("DeploymentGroupNameRequiredException"));
  EXPECT_THAT(error("ListDeployments", {{"deploymentGroupName", "orders-prod"}}),
              StartsWith("ApplicationNameRequiredException"));
  EXPECT_EQ(
      ok("BatchGetDeployments", {{"deploymentIds", {first, "d-000000000"}}}).at("deploymentsInfo").size(),
      1U);
  EXPECT_EQ(ok("ListDeploymentTargets", {{"deploymentId", second}}).at("targetIds"),
            Json({"order-processor:prod"}));
  EXPECT_EQ(ok("ListDeploymentTargets",
               {{"deploymentId", second}, {"targetFilters", {{"TargetStatus", {"Failed"}}}}})
                .at("targetIds"),
            Json::array());
  EXPECT_EQ(ok("ListDeploymentInstances", {{"deploymentId", second}}).at("instancesList"),
            Json({"order-processor:prod"}));
  EXPECT_EQ(ok("GetDeploymentInstance", {{"deploymentId", first}, {"instanceId", "order-processor:prod"}})
                .at("instanceSummary")
                .at("status"),
            "Succeeded");
}

TEST_F(CodeDeploy, WhatIsAskedOfNoDeploymentIsRefused) {
  EXPECT_EQ(error("GetDeployment", {{"deploymentId", "d-000000000"}}),
            "DeploymentDoesNotExistException: The deployment d-000000000 could not be found");
  EXPECT_THAT(error("GetDeployment", {{"deploymentId", "nonsense"}}),
              StartsWith("InvalidDeploymentIdException"));
  EXPECT_THAT(error("GetDeployment", Json::object()), StartsWith("DeploymentIdRequiredException"));
  create_group();
  const std::string id = deploy();
  EXPECT_THAT(error("GetDeploymentTarget", {{"deploymentId", id}, {"targetId", "x"}}),
              StartsWith("DeploymentTargetDoesNotExistException"));
  EXPECT_THAT(error("BatchGetDeploymentTargets", {{"deploymentId", id}, {"targetIds", {"a", "b"}}}),
              StartsWith("DeploymentTargetListSizeExceededException"));
  EXPECT_THAT(error("ContinueDeployment", {{"deploymentId", id}}),
              StartsWith("UnsupportedActionForDeploymentTypeException"));
  ok("StopDeployment", {{"deploymentId", id}});
  EXPECT_THAT(error("StopDeployment", {{"deploymentId", id}}),
              StartsWith("DeploymentAlreadyCompletedException"));
  EXPECT_EQ(
      error("CreateDeployment", deployment_input({{"fileExistsBehavior", "DISALLOW"}})),
      "InvalidFileExistsBehaviorException: For Lambda and ECS deployment, fileExistsBehavior can not be "
      "specified");
  EXPECT_THAT(error("CreateDeployment", deployment_input({{"description", std::string(257, 'x')}})),
              StartsWith("DescriptionTooLongException"));
}

TEST_F(CodeDeploy, EverythingOutlivesTheProcess) {
  create_group();
  ok("CreateDeploymentConfig", {{"deploymentConfigName", "mine"},
                                {"computePlatform", "Lambda"},
                                {"trafficRoutingConfig",
                                 {{"type", "TimeBasedCanary"},
                                  {"timeBasedCanary", {{"canaryPercentage", 30}, {"canaryInterval", 2}}}}}});
  const std::string id = deploy({{"deploymentConfigName", "mine"}});
  clock.advance(1min);
  const auto everything = [&] {
    return Json{
        info(id), target(id), ok("ListDeploymentConfigs", Json::object()),
        ok("GetDeploymentGroup", {{"applicationName", "orders"}, {"deploymentGroupName", "orders-prod"}}),
        ok("ListApplicationRevisions", {{"applicationName", "orders"}})};
  };
  const Json before = everything();
  start();
  EXPECT_EQ(everything(), before);
  EXPECT_EQ(target(id).at("lambdaFunctionInfo").at("targetVersionWeight"), 0.3);
  clock.advance(1min);
  EXPECT_EQ(status(id), "Succeeded");
}

TEST_F(CodeDeploy, DeletedGroupsAndApplicationsEndWhatRuns) {
  create_group();
  const std::string id = deploy();
  ok("DeleteDeploymentGroup", {{"applicationName", "orders"}, {"deploymentGroupName", "orders-prod"}});
  EXPECT_EQ(info(id).at("errorInformation").at("code"), "DEPLOYMENT_GROUP_MISSING");
  EXPECT_EQ(world.routing->version, "5");
  // A group of the same name has a history of its own.
  create_group();
  EXPECT_EQ(ok("ListDeployments", {{"applicationName", "orders"}, {"deploymentGroupName", "orders-prod"}})
                .at("deployments"),
            Json::array());
  const std::string other = deploy();
  ok("DeleteApplication", {{"applicationName", "orders"}});
  EXPECT_EQ(info(other).at("errorInformation").at("code"), "APPLICATION_MISSING");
}

/// What a wait hangs on: set by whatever changes, by nothing else.
TEST_F(CodeDeploy, WaitersHearOfProgress) {
  create_group();
  const std::string id = deploy();
  const OneShot<bool> progress = service->next_progress(id);
  const OneShot<bool> of_other = service->next_progress("d-other");
  clock.advance(4min);
  EXPECT_FALSE(progress.is_set());
  clock.advance(1min);
  EXPECT_TRUE(progress.is_set());
  EXPECT_FALSE(of_other.is_set());
  service->reset();
  EXPECT_TRUE(of_other.is_set());
}

}  // namespace
}  // namespace aviary::codedeploy
