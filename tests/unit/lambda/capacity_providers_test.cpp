#include <gmock/gmock.h>

#include "service_fixture.hpp"
#include "services/lambda/core/capacity.hpp"

namespace aviary::lambda {
namespace {

class CapacityProviders : public ServiceFixture {
 protected:
  static Json provider(const std::string& name) {
    return {{"CapacityProviderName", name},
            {"VpcConfig",
             {{"SubnetIds", Json::array({"subnet-12345678"})},
              {"SecurityGroupIds", Json::array({"sg-12345678"})}}},
            {"PermissionsConfig", {{"CapacityProviderOperatorRoleArn", "arn:aws:iam::123456789012:role/r"}}}};
  }
  static Json managed(const std::string& name, Json more = Json::object()) {
    more["CapacityProviderConfig"] = {
        {"LambdaManagedInstancesCapacityProviderConfig",
         {{"CapacityProviderArn", "arn:aws:lambda:us-east-1:123456789012:capacity-provider:cap"}}}};
    return new_function(name, std::move(more));
  }
  Json publish_unnumbered() {
    return answer("PublishVersion", {{"FunctionName", "f"}, {"PublishTo", "LATEST_PUBLISHED"}});
  }
};

TEST_F(CapacityProviders, AnAccountHasAThousand) {
  for (int i = 0; i < 1000; ++i) answer("CreateCapacityProvider", provider("p" + std::to_string(i)));
  const Refusal refused = refusal("CreateCapacityProvider", provider("more"));
  EXPECT_EQ(refused.code, "CapacityProviderLimitExceededException");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refusal("GetCapacityProvider", {{"CapacityProviderName", "more"}}).status, 404);
  EXPECT_EQ(refusal("CreateCapacityProvider", provider("p1")).code, "ResourceConflictException");
  answer("DeleteCapacityProvider", {{"CapacityProviderName", "p1"}});
  answer("CreateCapacityProvider", provider("more"));
}

TEST_F(CapacityProviders, WhatRunsIsWhatWasPublished) {
  answer("CreateCapacityProvider", provider("cap"));
  answer("CreateFunction", managed("f"));
  EXPECT_EQ(answer("GetFunctionConfiguration", {{"FunctionName", "f"}})["State"], "ActiveNonInvocable");
  const Refusal unpublished{"NoPublishedVersionException", 400,
                            "The function has no published versions available."};
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}}), unpublished);
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}, {"InvocationType", "Event"}}), unpublished);
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}, {"Qualifier", "$LATEST"}}).status, 409);
  EXPECT_EQ(answer("PublishVersion", {{"FunctionName", "f"}})["Version"], "1");
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}}), unpublished) << "a number is asked for by it";
  EXPECT_EQ(answer("Invoke", {{"FunctionName", "f"}, {"Qualifier", "1"}})["ExecutedVersion"], "1");

  const Json published = publish_unnumbered();
  EXPECT_EQ(published["Version"], "$LATEST.PUBLISHED");
  EXPECT_EQ(published["FunctionArn"], arn("f:$LATEST.PUBLISHED"));
  EXPECT_EQ(published["State"], "Active");
  EXPECT_EQ(publish_unnumbered()["RevisionId"], published["RevisionId"]) << "nothing has changed";
  EXPECT_EQ(invoke("f"), "$LATEST.PUBLISHED");
  EXPECT_EQ(answer("ListVersionsByFunction", {{"FunctionName", "f"}})["Versions"].size(), 3U);
  answer("AddPermission", {{"FunctionName", "f"},
                           {"Qualifier", "$LATEST.PUBLISHED"},
                           {"StatementId", "s"},
                           {"Action", "lambda:InvokeFunction"},
                           {"Principal", "s3.amazonaws.com"}});

  answer("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Timeout", 9}});
  EXPECT_EQ(answer("GetFunction", {{"FunctionName", "f:$LATEST.PUBLISHED"}})["Configuration"]["Timeout"], 3);
  publish_unnumbered();
  EXPECT_EQ(answer("GetFunction", {{"FunctionName", "f:$LATEST.PUBLISHED"}})["Configuration"]["Timeout"], 9);
  EXPECT_EQ(answer("PublishVersion", {{"FunctionName", "f"}})["Version"], "2");

  restart();
  EXPECT_EQ(invoke("f"), "$LATEST.PUBLISHED");
  answer("GetPolicy", {{"FunctionName", "f"}, {"Qualifier", "$LATEST.PUBLISHED"}});
  answer("CreateAlias", {{"FunctionName", "f"}, {"Name", "live"}, {"FunctionVersion", "$LATEST.PUBLISHED"}});
  EXPECT_EQ(invoke("f:live"), "$LATEST.PUBLISHED");
  EXPECT_EQ(refusal("DeleteFunction", {{"FunctionName", "f"}, {"Qualifier", "$LATEST.PUBLISHED"}}).status,
            409);
  answer("DeleteAlias", {{"FunctionName", "f"}, {"Name", "live"}});
  answer("DeleteFunction", {{"FunctionName", "f"}, {"Qualifier", "$LATEST.PUBLISHED"}});
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}}), unpublished);
  restart();
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}}), unpublished);
  EXPECT_EQ(answer("GetAccountSettings", Json::object())["AccountUsage"]["TotalCodeSize"], 3 * 6);
}

TEST_F(CapacityProviders, OtherFunctionsHaveNoVersionWithoutANumber) {
  answer("CreateFunction", new_function("f"));
  EXPECT_EQ(refusal("PublishVersion", {{"FunctionName", "f"}, {"PublishTo", "LATEST_PUBLISHED"}}),
            invalid("PublishTo is for functions with a CapacityProviderConfig only."));
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}, {"Qualifier", "$LATEST.PUBLISHED"}}),
            missing("f:$LATEST.PUBLISHED"));
  EXPECT_EQ(refusal("CreateFunction", managed("g", {{"PublishTo", "LATEST_PUBLISHED"}})),
            invalid("PublishTo says where to publish: it goes with Publish."));
  answer("CreateFunction", managed("g", {{"Publish", true}, {"PublishTo", "LATEST_PUBLISHED"}}));
  EXPECT_EQ(invoke("g"), "$LATEST.PUBLISHED");
  answer(
      "UpdateFunctionCode",
      {{"FunctionName", "g"}, {"ZipFile", "PK two"}, {"Publish", true}, {"PublishTo", "LATEST_PUBLISHED"}});
  EXPECT_EQ(answer("ListVersionsByFunction", {{"FunctionName", "g"}})["Versions"].size(), 2U);
}

TEST_F(CapacityProviders, HaveAHundredVersions) {
  const Refusal full{"FunctionVersionsPerCapacityProviderLimitExceededException", 400,
                     "The maximum number of function versions that can be associated with a single capacity "
                     "provider has been exceeded."};
  LambdaOptions options;
  options.quotas.capacity_provider_versions = 3;
  start(std::move(options));
  answer("CreateFunction", managed("f"));
  answer("PublishVersion", {{"FunctionName", "f"}});
  EXPECT_EQ(refusal("CreateFunction", managed("g", {{"Publish", true}})), full);
  EXPECT_EQ(refusal("GetFunction", {{"FunctionName", "g"}}).status, 404);
  publish_unnumbered();
  EXPECT_EQ(refusal("CreateFunction", managed("g")), full);
  answer("CreateFunction", new_function("g"));
  EXPECT_EQ(refusal("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", "PK two"}, {"Publish", true}}),
            full);
  answer("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", "PK three"}});
  EXPECT_EQ(refusal("PublishVersion", {{"FunctionName", "f"}}), full);
  publish_unnumbered();
  answer("DeleteFunction", {{"FunctionName", "f"}, {"Qualifier", "1"}});
  answer("PublishVersion", {{"FunctionName", "f"}});
}

TEST_F(CapacityProviders, ScalingDecidesHowManyEnvironmentsThereAre) {
  answer("CreateFunction", managed("f"));
  publish_unnumbered();
  const auto scale = [](int least, int most) {
    return Json{
        {"FunctionName", "f"},
        {"Qualifier", "$LATEST.PUBLISHED"},
        {"FunctionScalingConfig", {{"MinExecutionEnvironments", least}, {"MaxExecutionEnvironments", most}}}};
  };
  EXPECT_EQ(answer("PutFunctionScalingConfig", scale(2, 5))["FunctionState"], "Active");
  EXPECT_EQ(runner_.scaled["$LATEST.PUBLISHED"].least, 2U);
  EXPECT_EQ(runner_.scaled["$LATEST.PUBLISHED"].most, 5U);
  EXPECT_EQ(refusal("PutFunctionScalingConfig", scale(3, 2)),
            invalid("MinExecutionEnvironments must not be greater than MaxExecutionEnvironments."));
  EXPECT_EQ(refusal("PutFunctionScalingConfig", scale(0, 2)),
            invalid("MinExecutionEnvironments may be 0 only where MaxExecutionEnvironments is 0."));

  // What was set goes on with the version that replaces it, and with a new process.
  runner_.scaled.clear();
  answer("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Timeout", 9}});
  publish_unnumbered();
  EXPECT_EQ(runner_.scaled["$LATEST.PUBLISHED"].most, 5U);
  runner_.scaled.clear();
  restart();
  EXPECT_EQ(runner_.scaled["$LATEST.PUBLISHED"].least, 2U);

  EXPECT_EQ(answer("PutFunctionScalingConfig", scale(0, 0))["FunctionState"], "Deactivating");
  const auto state = [this] {
    return answer("GetFunctionConfiguration", {{"FunctionName", "f:$LATEST.PUBLISHED"}})["State"];
  };
  EXPECT_EQ(state(), "Deactivated");
  const Refusal deactivated{"ResourceConflictException", 409,
                            "The operation cannot be performed at this time. The function is currently in "
                            "the following state: Deactivated"};
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}}), deactivated);
  restart();
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}}), deactivated);
  publish_unnumbered();
  answer("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Timeout", 10}});
  publish_unnumbered();
  EXPECT_EQ(state(), "Deactivated") << "that goes on too";
  EXPECT_EQ(answer("PutFunctionScalingConfig", scale(1, 1))["FunctionState"], "Active");
  EXPECT_EQ(invoke("f"), "$LATEST.PUBLISHED");
  answer("PutFunctionScalingConfig", scale(0, 0));
  answer("PutFunctionScalingConfig", {{"FunctionName", "f"}, {"Qualifier", "$LATEST.PUBLISHED"}});
  EXPECT_EQ(state(), "Active") << "without a configuration it is Lambda's own";
  EXPECT_EQ(runner_.scaled["$LATEST.PUBLISHED"].least, 0U);
}

TEST_F(CapacityProviders, TheirFunctionsLogInJson) {
  answer("CreateFunction", managed("f"));
  const auto logging = [this] {
    return answer("GetFunctionConfiguration", {{"FunctionName", "f"}})["LoggingConfig"];
  };
  EXPECT_EQ(logging(), (Json{{"LogFormat", "JSON"},
                             {"LogGroup", "/aws/lambda/f"},
                             {"ApplicationLogLevel", "INFO"},
                             {"SystemLogLevel", "INFO"}}));
  const Refusal text = invalid("Functions with a CapacityProviderConfig have the log format JSON.");
  const Json plain{{"LoggingConfig", {{"LogFormat", "Text"}}}};
  EXPECT_EQ(refusal("CreateFunction", managed("g", plain)), text);
  EXPECT_EQ(refusal("UpdateFunctionConfiguration",
                    {{"FunctionName", "f"}, {"LoggingConfig", plain["LoggingConfig"]}}),
            text);
  answer("UpdateFunctionConfiguration",
         {{"FunctionName", "f"}, {"LoggingConfig", {{"ApplicationLogLevel", "DEBUG"}}}});
  EXPECT_EQ(logging()["ApplicationLogLevel"], "DEBUG");
}

TEST_F(CapacityProviders, GoWithNeitherProvisionedConcurrencyNorSnapshots) {
  answer("CreateFunction", managed("f"));
  answer("PublishVersion", {{"FunctionName", "f"}});
  EXPECT_EQ(refusal("PutProvisionedConcurrencyConfig",
                    {{"FunctionName", "f"}, {"Qualifier", "1"}, {"ProvisionedConcurrentExecutions", 1}}),
            invalid("Provisioned Concurrency is not supported for functions with a CapacityProviderConfig."));
  EXPECT_EQ(refusal("CreateFunction", managed("g", {{"Runtime", "python3.12"},
                                                    {"SnapStart", {{"ApplyOn", "PublishedVersions"}}}})),
            invalid("CapacityProviderConfig is not supported for SnapStart enabled functions."));
}

TEST(SideBySide, IsWhatTheConfigurationSaysOrTheRuntimesDefault) {
  Configuration configuration;
  configuration.runtime = "python3.13";
  configuration.memory_mb = 4096;
  const auto of = [&configuration](std::string number) {
    Version version{};
    version.number = std::move(number);
    version.configuration = std::make_shared<Configuration>(configuration);
    return side_by_side(version);
  };
  EXPECT_EQ(of("1"), 0U) << "no capacity provider";
  Json& managed =
      configuration.recorded["CapacityProviderConfig"]["LambdaManagedInstancesCapacityProviderConfig"];
  managed["CapacityProviderArn"] = "arn:aws:lambda:us-east-1:123456789012:capacity-provider:cap";
  EXPECT_EQ(of("$LATEST"), 0U) << "what was not published runs nothing";
  EXPECT_EQ(of("1"), 32U) << "two vCPUs of sixteen";
  EXPECT_EQ(of("$LATEST.PUBLISHED"), 32U);
  managed["ExecutionEnvironmentMemoryGiBPerVCpu"] = 4.0;
  EXPECT_EQ(of("1"), 16U);
  configuration.memory_mb = 128;
  EXPECT_EQ(of("1"), 16U) << "there is no less than one vCPU";
  configuration.runtime = "nodejs22.x";
  EXPECT_EQ(of("1"), 64U);
  configuration.runtime = "java21";
  EXPECT_EQ(of("1"), 32U);
  managed["PerExecutionEnvironmentMaxConcurrency"] = 1;
  EXPECT_EQ(of("1"), 1U);
}

TEST_F(CapacityProviders, ListTheirVersionsInPages) {
  answer("CreateCapacityProvider", provider("cap"));
  for (const char* name : {"a", "b"}) {
    answer("CreateFunction", managed(name));
    answer("PublishVersion", {{"FunctionName", name}});
    answer("PublishVersion", {{"FunctionName", name}, {"PublishTo", "LATEST_PUBLISHED"}});
  }
  answer("CreateFunction", new_function("other"));
  for (const int size : {1, 2, 3, 50}) {
    std::vector<std::string> seen;
    Json input{{"CapacityProviderName", "cap"}, {"MaxItems", size}};
    for (;;) {
      const Json page = answer("ListFunctionVersionsByCapacityProvider", input);
      EXPECT_LE(page["FunctionVersions"].size(), static_cast<std::size_t>(size));
      for (const Json& one : page["FunctionVersions"]) seen.push_back(one["FunctionArn"]);
      if (!page.contains("NextMarker")) break;
      input["Marker"] = page["NextMarker"];
    }
    EXPECT_THAT(seen, ::testing::ElementsAre(arn("a:$LATEST"), arn("a:1"), arn("a:$LATEST.PUBLISHED"),
                                             arn("b:$LATEST"), arn("b:1"), arn("b:$LATEST.PUBLISHED")))
        << size;
  }
  answer("DeleteFunction", {{"FunctionName", "a"}});
  EXPECT_EQ(refusal("DeleteCapacityProvider", {{"CapacityProviderName", "cap"}}).status, 409);
  answer("DeleteFunction", {{"FunctionName", "b"}});
  answer("DeleteCapacityProvider", {{"CapacityProviderName", "cap"}});
}

}  // namespace
}  // namespace aviary::lambda
