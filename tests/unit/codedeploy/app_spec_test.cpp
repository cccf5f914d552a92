// AppSpec files: YAML and JSON, the standard form and the flat one.
#include "services/codedeploy/core/app_spec.hpp"

#include <gmock/gmock.h>

namespace aviary::codedeploy {
namespace {

using ::testing::HasSubstr;

const AppSpec expected{.resource = "order-processor",
                       .function = "order-processor",
                       .alias = "prod",
                       .current_version = "5",
                       .target_version = "6",
                       .before_hook = "pre-traffic-hook",
                       .after_hook = "post-traffic-hook"};

std::string problem_of(std::string_view text) {
  const auto spec = parse_app_spec(text);
  if (spec) return "none";
  EXPECT_EQ(spec.error().shape->code, "InvalidRevisionException");
  return spec.error().message;
}

TEST(AppSpec, TheStandardForm) {
  const auto spec = parse_app_spec(R"(
version: 0.0
Resources:
  - order-processor:
      Type: AWS::Lambda::Function
      Properties:
        Name: "order-processor"
        Alias: "prod"
        CurrentVersion: "5"
        TargetVersion: 6
Hooks:
  - BeforeAllowTraffic: "pre-traffic-hook"
  - AfterAllowTraffic: "post-traffic-hook"
)");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(*spec, expected);
}

TEST(AppSpec, TheFlatForm) {
  const auto spec = parse_app_spec(R"(
version: 0.0
Resources:
  - id: order-processor
    Type: AWS::Lambda::Function
    Properties:
      Name: order-processor
      Alias: prod
      CurrentVersion: 5
      TargetVersion: 6
Hooks:
  - BeforeAllowTraffic: pre-traffic-hook
  - AfterAllowTraffic: post-traffic-hook
)");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(*spec, expected);
}

TEST(AppSpec, Json) {
  const auto spec = parse_app_spec(
      R"({"version":0.0,"Resources":[{"order-processor":{"Type":"AWS::Lambda::Function","Properties":{"Name":
      "order-processor","Alias":"prod","CurrentVersion":"5","TargetVersion":"6"}}}],"Hooks":[{"BeforeAllowTraffic":
      "pre-traffic-hook"},{"AfterAllowTraffic":"post-traffic-hook"}]})");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(*spec, expected);
}

TEST(AppSpec, WhatIsWrittenIsRead) {
  AppSpec plain = expected;
  plain.before_hook.clear();
  plain.after_hook.clear();
  const auto spec = parse_app_spec(write_app_spec(plain));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(*spec, plain);
  plain.resource = "Type";
  const auto odd = parse_app_spec(write_app_spec(plain));
  ASSERT_TRUE(odd) << odd.error().message;
  EXPECT_EQ(*odd, plain);
}

TEST(AppSpec, AReferenceThatNobodyResolvedIsRefusedAsSuch) {
  EXPECT_THAT(problem_of(R"(
Resources:
  - id: order-processor
    Type: AWS::Lambda::Function
    Properties: {Name: order-processor, Alias: prod, CurrentVersion: !Ref V1, TargetVersion: !Ref V2}
)"),
              HasSubstr("Resources[0].Properties.CurrentVersion is !Ref V1"));
  EXPECT_THAT(
      problem_of(R"({"Resources":[{"f":{"Type":"AWS::Lambda::Function","Properties":{"Name":"f","Alias":"a",
                             "CurrentVersion":{"Ref":"V1"},"TargetVersion":"2"}}}]})"),
      HasSubstr("was not resolved"));
}

TEST(AppSpec, EveryMistakeIsNamed) {
  const auto with = [](const std::string& properties, const std::string& type = "AWS::Lambda::Function") {
    return "Resources:\n  - f:\n      Type: " + type + "\n      Properties: {" + properties + "}\n";
  };
  EXPECT_THAT(problem_of(""), HasSubstr("mapping"));
  EXPECT_THAT(problem_of("Resources: \xff"), HasSubstr("UTF-8"));
  EXPECT_THAT(problem_of("a: [b"), HasSubstr("cannot be read"));
  EXPECT_THAT(problem_of("version: 0.0"), HasSubstr("no Resources"));
  EXPECT_THAT(problem_of("Resources: []"), HasSubstr("no Resources"));
  EXPECT_THAT(problem_of("Resources: [{a: {}}, {b: {}}]"), HasSubstr("more than one"));
  EXPECT_THAT(problem_of(with("Name: f", "AWS::ECS::Service")), HasSubstr("AWS::ECS::Service"));
  EXPECT_THAT(problem_of(with("Name: f, Alias: a, CurrentVersion: 1")), HasSubstr("no TargetVersion"));
  EXPECT_THAT(problem_of(with("Name: f, Alias: a, CurrentVersion: $LATEST, TargetVersion: 2")),
              HasSubstr("$LATEST"));
  EXPECT_THAT(problem_of(with("Name: f, Alias: a, CurrentVersion: 1, TargetVersion: 2") +
                         "Hooks: [{AfterInstall: g}]"),
              HasSubstr("AfterInstall"));
  EXPECT_EQ(problem_of(with("Name: f, Alias: a, CurrentVersion: 1, TargetVersion: 2")), "none");
}

TEST(AppSpec, WhatIsNestedWithoutEndIsRefused) {
  for (const char* opening : {"[", "{a: ", "- "}) {
    std::string text;
    while (text.size() < 200'000) text += opening;
    EXPECT_NE(problem_of(text), "none");
  }
  EXPECT_NE(problem_of("a: &a [*a]\nResources: *a\n"), "none");
}

TEST(AppSpec, ABombIsRefusedQuickly) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 15; ++i) {
    const std::string previous = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += (j ? ", " : "") + previous;
    text += "]\n";
  }
  EXPECT_NE(problem_of(text), "none");
}

}  // namespace
}  // namespace aviary::codedeploy
