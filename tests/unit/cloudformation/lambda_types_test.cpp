#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/cloudformation/core/resource_type.hpp"

/// Which calls resources of Lambda's are made of.
namespace aviary::cloudformation {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> operations(const Steps& steps) {
  std::vector<std::string> all;
  for (const Step& step : steps) all.push_back(step.operation);
  return all;
}

Context context() {
  Context made{};
  made.account = "123456789012";
  made.region = "us-east-1";
  made.stack_name = "stack";
  made.logical_id = "Thing";
  made.suffix = "ABCDEFGHIJKL";
  return made;
}

TEST(LambdaTypes, AFunctionOnACapacityProviderIsPublishedWithEachChange) {
  const ResourceType* type = find_resource_type("AWS::Lambda::Function");
  ASSERT_NE(type, nullptr);
  Json properties{{"FunctionName", "f"},
                  {"Code", {{"S3Bucket", "b"}, {"S3Key", "k"}}},
                  {"Timeout", 3},
                  {"CapacityProviderConfig", {{"LambdaManagedInstancesCapacityProviderConfig", {}}}}};
  const Steps made = type->create(context(), properties);
  EXPECT_THAT(operations(made), ElementsAre("CreateFunction", "GetFunctionConfiguration", "PublishVersion"));
  EXPECT_EQ(made.back().input, (Json{{"FunctionName", "f"}, {"PublishTo", "LATEST_PUBLISHED"}}));
  Existing existing{};
  existing.physical_id = "f";
  existing.properties = properties;
  properties["Timeout"] = 4;
  EXPECT_THAT(operations(type->update(context(), existing, properties)),
              ElementsAre("UpdateFunctionConfiguration", "GetFunctionConfiguration", "PublishVersion"));
  const Json scaled = {{"MinExecutionEnvironments", 1}, {"MaxExecutionEnvironments", 2}};
  Json with_scaling = properties;
  with_scaling["FunctionScalingConfig"] = scaled;
  const Steps scaling = type->create(context(), with_scaling);
  EXPECT_THAT(operations(scaling), ElementsAre("CreateFunction", "GetFunctionConfiguration", "PublishVersion",
                                               "PutFunctionScalingConfig"));
  EXPECT_FALSE(scaling.front().input.contains("FunctionScalingConfig"));
  EXPECT_EQ(
      scaling.back().input,
      (Json{{"FunctionName", "f"}, {"Qualifier", "$LATEST.PUBLISHED"}, {"FunctionScalingConfig", scaled}}));
  existing.properties = properties;
  EXPECT_THAT(operations(type->update(context(), existing, with_scaling)),
              ElementsAre("PutFunctionScalingConfig"));
  Steps version = find_resource_type("AWS::Lambda::Version")
                      ->create(context(), {{"FunctionName", "f"}, {"FunctionScalingConfig", scaled}});
  EXPECT_THAT(operations(version),
              ElementsAre("PublishVersion", "GetFunctionConfiguration", "PutFunctionScalingConfig"));
  Json input = version.back().input;
  version.back().fill(input, {Json{{"Version", "7"}}});
  EXPECT_EQ(input["Qualifier"], "7");
  properties["PublishToLatestPublished"] = false;
  EXPECT_THAT(operations(type->create(context(), properties)),
              ElementsAre("CreateFunction", "GetFunctionConfiguration"));
  EXPECT_FALSE(type->create(context(), properties).front().input.contains("PublishToLatestPublished"));
  properties.erase("CapacityProviderConfig");
  properties.erase("PublishToLatestPublished");
  EXPECT_THAT(operations(type->create(context(), properties)),
              ElementsAre("CreateFunction", "GetFunctionConfiguration"));
}

TEST(LambdaTypes, AMappingIsWaitedForUntilItTakesTheNextChange) {
  const ResourceType* type = find_resource_type("AWS::Lambda::EventSourceMapping");
  ASSERT_NE(type, nullptr);
  const Steps made = type->create(context(), {{"FunctionName", "f"}});
  EXPECT_THAT(operations(made), ElementsAre("CreateEventSourceMapping", "GetEventSourceMapping"));
  Json input = made.back().input;
  made.back().fill(input, {Json{{"UUID", "u"}}});
  EXPECT_EQ(input, (Json{{"UUID", "u"}}));
  std::string reason;
  for (const char* state : {"Creating", "Enabling", "Disabling", "Updating"})
    EXPECT_EQ(made.back().until({{"State", state}}, reason), Progress::Waiting) << state;
  for (const char* state : {"Enabled", "Disabled"})
    EXPECT_EQ(made.back().until({{"State", state}}, reason), Progress::Done) << state;
}

}  // namespace
}  // namespace aviary::cloudformation
