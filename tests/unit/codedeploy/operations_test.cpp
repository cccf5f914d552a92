// Applications, groups, configurations, revisions, tags: what is kept, and what is refused in which words.
#include <gmock/gmock.h>

#include "service_fixture.hpp"

namespace aviary::codedeploy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(CodeDeploy, AnApplicationLivesAndIsRenamed) {
  const std::string id =
      ok("CreateApplication", {{"applicationName", "orders"}, {"computePlatform", "Lambda"}})
          .at("applicationId");
  const Json application = ok("GetApplication", {{"applicationName", "orders"}}).at("application");
  EXPECT_EQ(application.at("applicationId"), id);
  EXPECT_EQ(application.at("computePlatform"), "Lambda");
  EXPECT_EQ(error("CreateApplication", {{"applicationName", "orders"}, {"computePlatform", "Lambda"}}),
            "ApplicationAlreadyExistsException: Application already exists with name: orders");
  ok("UpdateApplication", {{"applicationName", "orders"}, {"newApplicationName", "shop"}});
  EXPECT_EQ(error("GetApplication", {{"applicationName", "orders"}}),
            "ApplicationDoesNotExistException: No application found for name: orders");
  EXPECT_EQ(ok("ListApplications", Json::object()).at("applications"), Json({"shop"}));
  EXPECT_EQ(ok("BatchGetApplications", {{"applicationNames", {"shop"}}}).at("applicationsInfo").size(), 1U);
  ok("DeleteApplication", {{"applicationName", "shop"}});
  ok("DeleteApplication", {{"applicationName", "shop"}});
  EXPECT_EQ(ok("ListApplications", Json::object()).at("applications"), Json::array());
}

TEST_F(CodeDeploy, OtherPlatformsAreRefusedAsSuch) {
  const auto refused = [this](Json platform) {
    return error("CreateApplication", {{"applicationName", "a"}, {"computePlatform", std::move(platform)}});
  };
  EXPECT_THAT(refused("ECS"),
              HasSubstr("InvalidComputePlatformException: The computePlatform ECS is not part"));
  EXPECT_THAT(refused("Server"), HasSubstr("Lambda functions only"));
  EXPECT_THAT(refused(nullptr), HasSubstr("which means Server"));
  EXPECT_EQ(refused("Moon"),
            "InvalidComputePlatformException: ComputePlatform 'Moon' is not valid. Valid values are [Server, "
            "Lambda, "
            "ECS, Kubernetes]");
  EXPECT_EQ(error("CreateApplication", {{"computePlatform", "Lambda"}}),
            "ApplicationNameRequiredException: Application name is missing");
  EXPECT_THAT(error("CreateApplication", {{"applicationName", "a b"}, {"computePlatform", "Lambda"}}),
              StartsWith("InvalidApplicationNameException"));
  EXPECT_THAT(error("CreateDeploymentConfig", {{"deploymentConfigName", "c"}, {"computePlatform", "ECS"}}),
              StartsWith("InvalidComputePlatformException"));
  EXPECT_THAT(error("RegisterOnPremisesInstance", {{"instanceName", "i"}}),
              StartsWith("OperationNotSupportedException: RegisterOnPremisesInstance concerns deployments to "
                         "servers."));
  for (const std::string_view operation : CodeDeployService::refused_operations())
    EXPECT_THAT(error(std::string(operation), Json::object()), StartsWith("OperationNotSupportedException"));
  EXPECT_EQ(CodeDeployService::refused_operations().size(), 10U);
}

TEST_F(CodeDeploy, AGroupIsKeptAndChanged) {
  create_group(
      {{"alarmConfiguration", {{"enabled", true}, {"alarms", {{{"name", "errors"}}}}}},
       {"autoRollbackConfiguration", {{"enabled", true}, {"events", {"DEPLOYMENT_STOP_ON_ALARM"}}}}});
  const auto group = [this](const std::string& name) {
    return ok("GetDeploymentGroup", {{"applicationName", "orders"}, {"deploymentGroupName", name}})
        .at("deploymentGroupInfo");
  };
  EXPECT_EQ(group("orders-prod").at("deploymentConfigName"),
            "CodeDeployDefault.LambdaCanary10Percent5Minutes");
  EXPECT_EQ(group("orders-prod").at("alarmConfiguration").at("alarms")[0].at("name"), "errors");
  EXPECT_EQ(group("orders-prod").at("deploymentStyle").at("deploymentType"), "BLUE_GREEN");
  ok("UpdateDeploymentGroup", {{"applicationName", "orders"},
                               {"currentDeploymentGroupName", "orders-prod"},
                               {"newDeploymentGroupName", "live"},
                               {"alarmConfiguration", {{"enabled", false}, {"alarms", Json::array()}}}});
  EXPECT_EQ(group("live").at("alarmConfiguration").at("enabled"), false);
  EXPECT_EQ(group("live").at("autoRollbackConfiguration").at("enabled"), true);
  EXPECT_EQ(ok("ListDeploymentGroups", {{"applicationName", "orders"}}).at("deploymentGroups"),
            Json({"live"}));
  const Json batch = ok("BatchGetDeploymentGroups",
                        {{"applicationName", "orders"}, {"deploymentGroupNames", {"live", "gone"}}});
  EXPECT_EQ(batch.at("deploymentGroupsInfo").size(), 1U);
  EXPECT_EQ(batch.at("errorMessage"), "No Deployment Group found for name: gone");
  ok("DeleteDeploymentGroup", {{"applicationName", "orders"}, {"deploymentGroupName", "live"}});
  EXPECT_EQ(error("GetDeploymentGroup", {{"applicationName", "orders"}, {"deploymentGroupName", "live"}}),
            "DeploymentGroupDoesNotExistException: No Deployment Group found for name: live");
}

/// Sentences measured at AWS by the rules of badmintoncryer/cdk-preflight, or seen in issues.
TEST_F(CodeDeploy, AGroupThatCannotBeIsRefusedInTheServicesWords) {
  create_group();
  const auto refused = [this](Json change) {
    change["deploymentGroupName"] = "other";
    return error("CreateDeploymentGroup", group_settings(std::move(change)));
  };
  EXPECT_EQ(refused({{"ec2TagFilters", {{{"Key", "a"}, {"Type", "KEY_ONLY"}}}}}),
            "InvalidEC2TagException: For LAMBDA deployment group, ec2TagFilters can not be specified");
  EXPECT_EQ(refused({{"blueGreenDeploymentConfiguration",
                      {{"deploymentReadyOption", {{"waitTimeInMinutes", 1}}}}}}),
            "InvalidBlueGreenDeploymentConfigurationException: For Lambda deployment group, "
            "blueGreenDeploymentConfiguration can not be specified");
  EXPECT_EQ(
      refused({{"deploymentStyle", {{"deploymentType", "IN_PLACE"}}}}),
      "InvalidDeploymentStyleException: For LAMBDA deployment, the deployment type must be BLUE_GREEN, and "
      "deployment option must be WITH_TRAFFIC_CONTROL.");
  EXPECT_EQ(
      refused({{"alarmConfiguration", {{"enabled", true}}}}),
      "InvalidAlarmConfigException: Deployment Groups need to have at least one alarms attached if they are "
      "monitored.");
  EXPECT_EQ(
      refused({{"autoRollbackConfiguration", {{"enabled", true}}}}),
      "InvalidAutoRollbackConfigException: Deployment Groups need to have at least one event specified when "
      "auto rollback is enabled");
  EXPECT_EQ(refused({{"deploymentConfigName", "CodeDeployDefault.OneAtATime"}}),
            "InvalidDeploymentConfigNameException: Compute platform of deployment config "
            "CodeDeployDefault.OneAtATime "
            "does not match expected compute platform, correct compute platform should be Lambda.");
  EXPECT_EQ(refused({{"deploymentConfigName", "mine"}}),
            "DeploymentConfigDoesNotExistException: No Deployment Configuration found for name: mine");
  EXPECT_EQ(refused({{"serviceRoleArn", nullptr}}), "RoleRequiredException: Service Role ARN is missing");
  EXPECT_EQ(refused({{"serviceRoleArn", "me"}}), "InvalidRoleException: Cannot assume role provided.");
  const Json trigger{{"triggerName", "t"},
                     {"triggerTargetArn", "arn:aws:sns:us-east-1:123456789012:t"},
                     {"triggerEvents", {"DeploymentStart"}}};
  Json elsewhere = trigger;
  elsewhere["triggerTargetArn"] = "arn:aws:sns:eu-west-1:123456789012:t";
  Json other_name = trigger;
  other_name["triggerName"] = "u";
  const auto with_triggers = [&refused](Json triggers) {
    return refused({{"triggerConfigurations", std::move(triggers)}});
  };
  EXPECT_THAT(with_triggers(Json::array({elsewhere})), HasSubstr("is not valid"));
  EXPECT_THAT(with_triggers(Json::array({trigger, trigger})),
              HasSubstr("Duplicate Trigger target name detected"));
  EXPECT_THAT(with_triggers(Json::array({trigger, other_name})),
              HasSubstr("Duplicate Trigger target arn detected"));
  EXPECT_EQ(
      with_triggers(Json(std::vector<Json>(11, trigger))),
      "TriggerTargetsLimitExceededException: Deployment Groups cannot contain more than 10 TriggerTargets.");
  EXPECT_EQ(ok("ListDeploymentGroups", {{"applicationName", "orders"}}).at("deploymentGroups"),
            Json({"orders-prod"}));
}

TEST_F(CodeDeploy, ConfigurationsPredefinedAndOwn) {
  const Json names = ok("ListDeploymentConfigs", Json::object()).at("deploymentConfigsList");
  EXPECT_EQ(names.size(), predefined_configs().size());
  const Json routing = ok("GetDeploymentConfig",
                          {{"deploymentConfigName", "CodeDeployDefault.LambdaLinear10PercentEvery3Minutes"}})
                           .at("deploymentConfigInfo")
                           .at("trafficRoutingConfig");
  EXPECT_EQ(routing.at("timeBasedLinear"), Json({{"linearPercentage", 10}, {"linearInterval", 3}}));
  const auto create = [this](Json traffic, const std::string& name = "mine") {
    return error("CreateDeploymentConfig", {{"deploymentConfigName", name},
                                            {"computePlatform", "Lambda"},
                                            {"trafficRoutingConfig", std::move(traffic)}});
  };
  const auto canary = [](int percentage, int interval) {
    return Json{{"type", "TimeBasedCanary"},
                {"timeBasedCanary", {{"canaryPercentage", percentage}, {"canaryInterval", interval}}}};
  };
  const auto linear = [](int percentage, int interval) {
    return Json{{"type", "TimeBasedLinear"},
                {"timeBasedLinear", {{"linearPercentage", percentage}, {"linearInterval", interval}}}};
  };
  const std::string kind = "InvalidTrafficRoutingConfigurationException: ";
  EXPECT_EQ(create(nullptr), kind +
                                 "Traffic routing configuration cannot be null nor empty for deployment "
                                 "configurations on this platform.");
  EXPECT_EQ(create(canary(100, 5)), kind + "Valid traffic routing percentage is from 1 to 99");
  EXPECT_EQ(create(canary(10, 2881)), kind + "Canary interval must be between 1 and 2880 minutes (2 days)");
  const std::string too_long =
      kind + "Total Traffic shifting intervals must be positive integers up to 2880 minutes (2 days)";
  // Measured: 1440 at 50, 288 at 10 and 28 at 1 percent are the longest.
  EXPECT_EQ(create(linear(50, 1440), "a"), "none");
  EXPECT_EQ(create(linear(50, 1441)), too_long);
  EXPECT_EQ(create(linear(10, 288), "b"), "none");
  EXPECT_EQ(create(linear(10, 289)), too_long);
  EXPECT_EQ(create(linear(1, 28), "c"), "none");
  EXPECT_EQ(create(linear(1, 29)), too_long);
  EXPECT_EQ(create({{"type", "TimeBasedCanary"}}),
            kind + "TimeBasedCanaryConfiguration should not be null for TimeBasedCanary type");
  Json both = canary(10, 5);
  both["timeBasedLinear"] = linear(10, 5)["timeBasedLinear"];
  EXPECT_EQ(create(both), kind + "TimeBasedLinearConfiguration should be null for TimeBasedCanary type");
  EXPECT_EQ(create(canary(10, 5), "CodeDeployDefault.Mine"),
            "InvalidDeploymentConfigNameException: The prefix CodeDeployDefault. is reserved for predefined "
            "configuration names");
  EXPECT_EQ(create(canary(25, 7)), "none");
  EXPECT_THAT(create(canary(25, 7)), StartsWith("DeploymentConfigAlreadyExistsException"));
  create_group({{"deploymentConfigName", "mine"}});
  EXPECT_THAT(error("DeleteDeploymentConfig", {{"deploymentConfigName", "mine"}}),
              StartsWith("DeploymentConfigInUseException"));
  EXPECT_THAT(
      error("DeleteDeploymentConfig", {{"deploymentConfigName", "CodeDeployDefault.LambdaAllAtOnce"}}),
      StartsWith("InvalidOperationException"));
  ok("DeleteDeploymentConfig", {{"deploymentConfigName", "a"}});
  EXPECT_THAT(error("GetDeploymentConfig", {{"deploymentConfigName", "a"}}),
              StartsWith("DeploymentConfigDoesNotExistException"));
}

TEST_F(CodeDeploy, RevisionsAreRegisteredAndFound) {
  create_group();
  const Json location{{"revisionType", "String"}, {"string", {{"content", app_spec()}}}};
  ok("RegisterApplicationRevision",
     {{"applicationName", "orders"}, {"revision", location}, {"description", "first"}});
  const Json found = ok("GetApplicationRevision", {{"applicationName", "orders"}, {"revision", location}});
  EXPECT_EQ(found.at("revisionInfo").at("description"), "first");
  const std::string digest = found.at("revision").at("string").at("sha256");
  EXPECT_EQ(digest.size(), 64U);
  // By its digest alone, also to deploy it.
  const Json by_digest{{"revisionType", "String"}, {"string", {{"sha256", digest}}}};
  ok("GetApplicationRevision", {{"applicationName", "orders"}, {"revision", by_digest}});
  const std::string id =
      deploy({{"revision",
               {{"revisionType", "String"}, {"string", {{"sha256", digest}}}, {"appSpecContent", nullptr}}}});
  EXPECT_EQ(status(id), "InProgress");
  const Json used = ok("GetApplicationRevision", {{"applicationName", "orders"}, {"revision", location}});
  EXPECT_EQ(used.at("revisionInfo").at("deploymentGroups"), Json({"orders-prod"}));
  EXPECT_EQ(ok("ListApplicationRevisions", {{"applicationName", "orders"}, {"deployed", "include"}})
                .at("revisions")
                .size(),
            1U);
  const Json batch =
      ok("BatchGetApplicationRevisions",
         {{"applicationName", "orders"},
          {"revisions", {location, {{"revisionType", "String"}, {"string", {{"sha256", "ab"}}}}}}});
  EXPECT_EQ(batch.at("revisions").size(), 1U);
  EXPECT_THAT(batch.at("errorMessage").get<std::string>(), HasSubstr("no such revision"));
}

TEST_F(CodeDeploy, RevisionsThatCannotBeAreRefused) {
  create_group();
  const auto refused = [this](Json revision) {
    Json input = deployment_input();
    input["revision"] = std::move(revision);
    return error("CreateDeployment", std::move(input));
  };
  EXPECT_EQ(refused(nullptr), "RevisionRequiredException: Revision is missing");
  EXPECT_EQ(
      refused({{"revisionType", "GitHub"}}),
      "InvalidRevisionException: Revision type: GitHub is not supported under compute platform: LAMBDA");
  EXPECT_THAT(refused({{"revisionType", "String"}, {"string", {{"content", "x"}, {"sha256", "00"}}}}),
              HasSubstr("sha256"));
  EXPECT_THAT(refused({{"revisionType", "S3"}, {"s3Location", {{"bucket", "b"}, {"key", "k"}}}}),
              StartsWith("RevisionDoesNotExistException: s3://b/k cannot be read"));
  EXPECT_THAT(refused({{"revisionType", "S3"},
                       {"s3Location", {{"bucket", "b"}, {"key", "k"}, {"bundleType", "zip"}}}}),
              HasSubstr("YAML or JSON"));
  EXPECT_THAT(refused({{"revisionType", "String"},
                       {"string",
                        {{"content",
                          "Resources: [{f: {Type: AWS::Lambda::Function, "
                          "Properties: {Name: !Ref F}}}]"}}}}),
              HasSubstr("was not resolved"));
  objects["b/k"] = app_spec();
  EXPECT_EQ(refused({{"revisionType", "S3"},
                     {"s3Location", {{"bucket", "b"}, {"key", "k"}, {"bundleType", "YAML"}}}}),
            "none");
}

TEST_F(CodeDeploy, Tags) {
  ok("CreateApplication", {{"applicationName", "orders"},
                           {"computePlatform", "Lambda"},
                           {"tags", {{{"Key", "a"}, {"Value", "1"}}}}});
  create_group();
  const std::string arn = "arn:aws:codedeploy:us-east-1:123456789012:";
  const auto tags = [&](const std::string& rest) {
    return ok("ListTagsForResource", {{"ResourceArn", arn + rest}}).at("Tags");
  };
  EXPECT_EQ(tags("application:orders").size(), 1U);
  const std::string group = "deploymentgroup:orders/orders-prod";
  ok("TagResource", {{"ResourceArn", arn + group}, {"Tags", {{{"Key", "b"}, {"Value", "2"}}}}});
  EXPECT_EQ(tags(group)[0].at("Value"), "2");
  ok("UntagResource", {{"ResourceArn", arn + group}, {"TagKeys", {"b"}}});
  EXPECT_EQ(tags(group), Json::array());
  EXPECT_THAT(error("TagResource", {{"ResourceArn", "nonsense"}, {"Tags", {{{"Key", "b"}}}}}),
              StartsWith("InvalidArnException"));
  EXPECT_THAT(error("TagResource", {{"ResourceArn", arn + "application:no"}, {"Tags", {{{"Key", "b"}}}}}),
              StartsWith("ApplicationDoesNotExistException"));
  EXPECT_THAT(error("TagResource", {{"ResourceArn", arn + "instance:i"}, {"Tags", {{{"Key", "b"}}}}}),
              StartsWith("ArnNotSupportedException"));
  EXPECT_THAT(error("TagResource", {{"ResourceArn", arn + group}}), StartsWith("TagRequiredException"));
}

TEST_F(CodeDeploy, ListsComeInPages) {
  for (int i = 0; i < 130; ++i)
    ok("CreateApplication",
       {{"applicationName", "a" + std::to_string(1000 + i)}, {"computePlatform", "Lambda"}});
  const Json first = ok("ListApplications", Json::object());
  EXPECT_EQ(first.at("applications").size(), 100U);
  const Json second = ok("ListApplications", {{"nextToken", first.at("nextToken")}});
  EXPECT_EQ(second.at("applications").size(), 30U);
  EXPECT_EQ(second.at("applications")[0], "a1100");
  EXPECT_FALSE(second.contains("nextToken"));
  EXPECT_THAT(error("ListApplications", {{"nextToken", "x"}}), StartsWith("InvalidNextTokenException"));
  EXPECT_THAT(error("BatchGetApplications", {{"applicationNames", std::vector<std::string>(101, "a1000")}}),
              StartsWith("BatchLimitExceededException"));
}

}  // namespace
}  // namespace aviary::codedeploy
