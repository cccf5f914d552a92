#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "services/cloudformation/core/intrinsics.hpp"
#include "services/cloudformation/core/sam.hpp"
#include "services/cloudformation/core/template.hpp"
#include "services/cloudformation/core/template_text.hpp"

namespace aviary::cloudformation {
namespace {

std::string problem_of(std::string_view text) {
  const Result<Json> document = parse_template(text);
  if (!document) return document.error().message;
  const Result<> checked = check_template(*document);
  return checked ? "" : checked.error().message;
}

double milliseconds_of(const auto& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
}

Lookups lookups_with(std::map<std::string, Json> refs,
                     const std::map<std::string, bool>* conditions = nullptr) {
  Lookups lookups;
  lookups.region = "eu-west-1";
  lookups.conditions = conditions;
  lookups.ref = [refs = std::move(refs)](const std::string& name) -> std::optional<Json> {
    const auto found = refs.find(name);
    return found != refs.end() ? std::optional(found->second) : std::nullopt;
  };
  lookups.attribute = [](const std::string& resource, const std::string& name) -> Result<Json> {
    return Json(resource + "/" + name);
  };
  lookups.import = [](const std::string& name) -> Result<Json> { return Json("imported-" + name); };
  return lookups;
}

Json evaluated(const char* yaml, const Lookups& lookups) {
  const Result<Json> document = parse_template(std::string("Value: ") + yaml);
  EXPECT_TRUE(document) << yaml;
  const Result<Json> value = evaluate((*document)["Value"], lookups);
  return value ? *value : Json("! " + value.error().message);
}

TEST(TemplateText, ShortFormsAndPlainValues) {
  const Json document = *parse_template(R"(
A: !GetAtt Thing.Outputs.Url
B: !Sub ['${X}', {X: !Ref Y}]
C: {Account: 012345678901, On: yes, True: true, Number: 1.5, Date: 2012-10-17, Empty: ~}
)");
  EXPECT_EQ(document["A"], Json::parse(R"({"Fn::GetAtt": ["Thing", "Outputs.Url"]})"));
  EXPECT_EQ(document["B"], Json::parse(R"({"Fn::Sub": ["${X}", {"X": {"Ref": "Y"}}]})"));
  EXPECT_EQ(document["C"],
            Json::parse(R"({"Account": "012345678901", "On": "yes", "True": true, "Number": 1.5,
                            "Date": "2012-10-17", "Empty": null})"));
  // JSON may be YAML in flow style.
  EXPECT_EQ((*parse_template("{A: !Ref B}"))["A"], Json::parse(R"({"Ref": "B"})"));
}

TEST(TemplateText, WhatMultipliesOrNeverEndsIsRefused) {
  // A billion laughs, and a map that holds itself.
  EXPECT_EQ(problem_of("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nResources: *c\n"),
            "Template format error: YAML aliases are not allowed in CloudFormation templates");
  EXPECT_EQ(problem_of("Resources: &r\n  A: *r\n"),
            "Template format error: YAML aliases are not allowed in CloudFormation templates");
  // The YAML parser itself goes no deeper than 500.
  EXPECT_EQ(problem_of("A: " + std::string(1000, '[') + std::string(1000, ']')).substr(0, 43),
            "Template format error: YAML not well-formed");
  EXPECT_EQ(problem_of("{\"A\": " + std::string(5000, '[')),
            "Template format error: the template is nested too deeply");
  EXPECT_EQ(problem_of("Resources:\n  A: 1\n  A: 2\n"), "Template format error: duplicate key 'A'");
  EXPECT_EQ(problem_of("A: !!python/object:os.system {}\n"),
            "Template format error: could not determine a constructor for the tag "
            "tag:yaml.org,2002:python/object:os.system");
  EXPECT_EQ(problem_of("A: [1\nB: 2"), "Template format error: YAML not well-formed. (line 2, column 2)");
  EXPECT_EQ(problem_of(""), "Template format error: unsupported structure.");
  EXPECT_EQ(problem_of("- a list"), "Template format error: unsupported structure.");
  EXPECT_EQ(problem_of("A: \xFF\n").substr(0, 22), "Template format error:");
}

TEST(Templates, CyclesAndWhatIsNotThere) {
  const auto of_type = [](std::string_view name, std::string_view properties) {
    return fmt::format("  {}: {{Type: 'AWS::SNS::Topic', Properties: {}}}\n", name, properties);
  };
  EXPECT_EQ(problem_of("Resources:\n" + of_type("A", "{X: !Ref B}") + of_type("B", "{X: !GetAtt A.Arn}")),
            "Circular dependency between resources: [A, B]");
  EXPECT_EQ(problem_of("Resources:\n" + of_type("A", "{X: !Sub '${A}'}")),
            "Circular dependency between resources: [A]");
  EXPECT_EQ(problem_of("Resources:\n" + of_type("A", "{X: !Ref Nobody}")),
            "Template format error: Unresolved resource dependencies [Nobody] in the Resources block of the "
            "template");
  EXPECT_EQ(problem_of("Resources: {}\n"),
            "Template format error: At least one Resources member must be defined.");
  EXPECT_EQ(problem_of("Resources: {'a-b': {Type: x}}\n"),
            "Template format error: Resource name a-b is non alphanumeric.");
  EXPECT_EQ(problem_of("Resources: {A: {Properties: {}}}\n"),
            "Template format error: [/Resources/A] Every Resources object must contain a Type member.");
}

TEST(Templates, LargeOnesAreReadInMilliseconds) {
  std::string yaml = "Resources:\n";
  for (int i = 0; i < 500; ++i)
    yaml += fmt::format("  R{}:\n    Type: AWS::SNS::Topic\n    Properties:\n      Text: {}\n", i,
                        std::string(2000, 'x'));
  ASSERT_GT(yaml.size(), 1'000'000U);
  Json document;
  const double reading = milliseconds_of([&] { document = *parse_template(yaml); });
  const double checking = milliseconds_of([&] { EXPECT_TRUE(check_template(document)); });
  const std::string json = document.dump();
  const double again = milliseconds_of([&] { EXPECT_TRUE(parse_template(json)); });
  fmt::print("1 MB: YAML in {:.1f} ms, JSON in {:.1f} ms, checked in {:.1f} ms\n", reading, again, checking);
  // Far above what it takes, for slow machines.
  EXPECT_LT(reading, 2000);
  EXPECT_LT(again, 500);
  EXPECT_LT(checking, 500);
  EXPECT_EQ(problem_of(std::string(1'048'577, ' ')), "Template may not exceed 1048576 bytes in size.");
}

TEST(Templates, FiveHundredFunctionsInEachOther) {
  const auto nested = [](int count) {
    std::string text = R"({"Ref": "Name"})";
    for (int i = 0; i < count; ++i) text = fmt::format(R"({{"Fn::Join": ["", ["a", {}]]}})", text);
    return text;
  };
  const auto value_of = [](const std::string& text) {
    const Result<Json> document = parse_template(text);
    return document ? *evaluate((*document)["Value"], lookups_with({{"Name", "z"}}))
                    : Json(document.error().message);
  };
  Json value;
  const double took = milliseconds_of([&] { value = value_of(R"({"Value": )" + nested(500) + "}"); });
  fmt::print("500 nested functions in {:.1f} ms\n", took);
  EXPECT_EQ(value, Json(std::string(500, 'a') + "z"));
  EXPECT_LT(took, 500);
  EXPECT_EQ(value_of("Value: " + nested(150)), Json(std::string(150, 'a') + "z"));
}

TEST(Intrinsics, Texts) {
  const Lookups lookups = lookups_with({{"Name", "n"}, {"List", {"a", "b"}}, {"AWS::Region", "eu-west-1"}});
  EXPECT_EQ(evaluated("!Sub 'x-${Name}-${AWS::Region}-${Thing.Arn}-${!Name}'", lookups),
            "x-n-eu-west-1-Thing/Arn-${Name}");
  EXPECT_EQ(evaluated("!Sub ['${A}${Name}', {A: !Join ['-', [1, true, x]]}]", lookups), "1-true-xn");
  EXPECT_EQ(evaluated("!Select [1, !Split [',', 'a,b,c']]", lookups), "b");
  EXPECT_EQ(evaluated("!Join ['/', !Ref List]", lookups), "a/b");
  EXPECT_EQ(evaluated("!Base64 hello", lookups), "aGVsbG8=");
  EXPECT_EQ(evaluated("!ImportValue x", lookups), "imported-x");
  EXPECT_EQ(evaluated("!GetAZs ''", lookups), Json({"eu-west-1a", "eu-west-1b", "eu-west-1c"}));
  EXPECT_EQ(evaluated("!Select [0, !Cidr ['10.0.0.0/16', 2, 8]]", lookups), "10.0.0.0/24");
  EXPECT_EQ(evaluated("{'Fn::ToJsonString': {a: !Ref Name}}", lookups), R"({"a":"n"})");
  EXPECT_EQ(evaluated("{'Fn::Length': !Ref List}", lookups), 2);
  EXPECT_EQ(evaluated("!Select [7, !Ref List]", lookups),
            "! Template error: Fn::Select cannot select nonexistent value at index 7");
}

TEST(Intrinsics, ConditionsAndWhatIsLeftOut) {
  const std::map<std::string, bool> conditions{{"Yes", true}, {"No", false}};
  const Lookups lookups = lookups_with({{"Name", "n"}}, &conditions);
  EXPECT_EQ(
      evaluated("{A: !If [Yes, 1, 2], B: !If [No, 1, !Ref 'AWS::NoValue'], C: [!Ref 'AWS::NoValue', x]}",
                lookups),
      Json::parse(R"({"A": 1, "C": ["x"]})"));
  const Json defined = *parse_template(R"(
A: !And [!Condition B, !Not [!Equals [!Ref Name, m]]]
B: !Or [!Equals [1, '1'], !Equals [a, b]]
C: !Condition D
D: !Condition C
)");
  const auto holds = [&](const char* name) {
    std::set<std::string> open{name};
    return evaluate_condition(defined[name], lookups, defined, open);
  };
  EXPECT_TRUE(*holds("A"));
  EXPECT_TRUE(*holds("B"));
  EXPECT_FALSE(holds("C"));
}

TEST(Parameters, AreCheckedAndListsAreLists) {
  const Json document = *parse_template(R"(
Parameters:
  Color: {Type: String, AllowedValues: [blue, green], Default: blue}
  Count: {Type: Number, MinValue: 1, MaxValue: 9, Default: 2}
  Names: {Type: CommaDelimitedList, Default: 'a, b'}
  Secret: {Type: String, NoEcho: true, MinLength: 3}
)");
  const auto values = [&](std::vector<GivenParameter> given, const ParameterValues& previous = {}) {
    return parameter_values(document, given, previous);
  };
  EXPECT_EQ(values({}).error().message, "Parameters: [Secret] must have values");
  EXPECT_EQ(values({{"Other", "x"}}).error().message, "Parameters: [Other] do not exist in the template");
  EXPECT_EQ(values({{"Color", "red"}}).error().message, "Parameter 'Color' must be one of AllowedValues");
  EXPECT_EQ(values({{"Count", "10"}}).error().message,
            "Parameter 'Count' must be a number not greater than 9");
  EXPECT_EQ(values({{"Secret", "xy"}}).error().message,
            "Parameter 'Secret' must contain at least 3 characters");
  const ParameterValues good = *values({{"Secret", "xyz"}});
  ASSERT_EQ(good.size(), 4U);
  EXPECT_EQ(parameter_reference(document, good[2]), Json({"a", "b"}));
  EXPECT_TRUE(good[3].hidden);
  GivenParameter previous{.key = "Secret", .value = {}, .use_previous = true};
  EXPECT_EQ((*values({previous}, good))[3].value, "xyz");
  EXPECT_FALSE(values({previous}));
}

TEST(Templates, CapabilitiesThatAreNeeded) {
  const auto needed = [](const char* resources) {
    const std::optional<Needed> found = needed_capability(*parse_template(resources));
    return found ? found->capability : "";
  };
  EXPECT_EQ(needed("Resources: {A: {Type: 'AWS::SNS::Topic'}}"), "");
  EXPECT_EQ(needed("Resources: {A: {Type: 'AWS::IAM::Role'}}"), "CAPABILITY_IAM");
  EXPECT_EQ(needed("Resources: {A: {Type: 'AWS::IAM::Role', Properties: {RoleName: x}}}"),
            "CAPABILITY_NAMED_IAM");
}

TEST(Sam, AnApplicationIsAStack) {
  const auto expanded = [](const char* properties) {
    const Result<Json> document = parse_template(fmt::format(
        "Resources: {{App: {{Type: 'AWS::Serverless::Application', Condition: C, Properties: {}}}}}",
        properties));
    const Result<Json> out = expand_sam(*document, Json::object(), "us-east-1");
    return out ? (*out)["Resources"]["App"] : Json(out.error().message);
  };
  EXPECT_EQ(expanded("{Location: 'https://s3.amazonaws.com/b/k', Parameters: {A: 1}, Tags: {a: b}, "
                     "TimeoutInMinutes: 3}"),
            Json::parse(R"({"Type": "AWS::CloudFormation::Stack", "Condition": "C", "Properties": {
                "TemplateURL": "https://s3.amazonaws.com/b/k", "Parameters": {"A": 1}, "TimeoutInMinutes": 3,
                "Tags": [{"Key": "lambda:createdBy", "Value": "SAM"}, {"Key": "a", "Value": "b"}]}})"));
  const auto says = [&](const char* properties, std::string_view text) {
    EXPECT_NE(expanded(properties).dump().find(text), std::string::npos) << expanded(properties);
  };
  says("{}", "Resource is missing the required [Location] property.");
  says("{Location: 5}", "Type of property 'Location' is invalid.");
  says("{Location: {ApplicationId: x}}", "Resource is missing the required [SemanticVersion] property.");
  says("{Location: {ApplicationId: x, SemanticVersion: 1.0.0}}", "Serverless Application Repository");
  says("{Location: x, Bad: 1}", "property Bad not defined for resource of type AWS::Serverless::Application");
}

}  // namespace
}  // namespace aviary::cloudformation
