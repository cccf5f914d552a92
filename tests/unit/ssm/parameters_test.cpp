#include "services/ssm/core/parameters.hpp"

#include <gtest/gtest.h>

#include "services/ssm/core/allowed_pattern.hpp"
#include "services/ssm/core/filters.hpp"
#include "support/memory_journal.hpp"

namespace aviary::ssm {
namespace {

const Scope here{"123456789012", "us-east-1"};

NewVersion text(std::string value) {
  NewVersion wanted;
  wanted.type = "String";
  wanted.value = std::move(value);
  return wanted;
}

std::string refused(const Result<>& result) { return result ? "" : std::string(result.error().shape->code); }

TEST(ParameterNames, OnlyWhatTheGuideAllows) {
  EXPECT_TRUE(check_new_name("plain.name-1_x"));
  EXPECT_TRUE(check_new_name("/app/db/url"));
  EXPECT_EQ(refused(check_new_name("app/db")), "ValidationException");
  EXPECT_EQ(refused(check_new_name("/app/")), "ValidationException");
  EXPECT_EQ(refused(check_new_name("/app//x")), "ValidationException");
  EXPECT_EQ(refused(check_new_name("a:b")), "ValidationException");
  EXPECT_EQ(refused(check_new_name("AwsThing")), "ValidationException");
  EXPECT_EQ(refused(check_new_name("/ssm/x")), "ValidationException");
  EXPECT_EQ(refused(check_new_name("/aws/service/x")), "AccessDeniedException");
  EXPECT_EQ(refused(check_new_name("/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p")),
            "HierarchyLevelLimitExceededException");
  EXPECT_EQ(refused(check_new_name(std::string(1012, 'a'))), "ValidationException");
}

TEST(ParameterNames, AVersionALabelAnArn) {
  EXPECT_EQ(parse_reference("/a/b:3", here).selector, "3");
  const Reference by_arn = parse_reference("arn:aws:ssm:us-east-1:123456789012:parameter/a/b:prod", here);
  EXPECT_EQ(by_arn.name, "/a/b");
  EXPECT_EQ(by_arn.selector, "prod");
  EXPECT_TRUE(parse_reference("arn:aws:ssm:eu-west-1:123456789012:parameter/a", here).is_elsewhere);
  EXPECT_TRUE(is_label("prod-1"));
  for (const char* bad : {"", "1st", "aws-x", "SSM", "a b"}) EXPECT_FALSE(is_label(bad)) << bad;
}

TEST(ParameterVersions, SizesAndTiers) {
  EXPECT_EQ(next_version(nullptr, text(std::string(4096, 'x')), {})->tier, "Standard");
  EXPECT_FALSE(next_version(nullptr, text(std::string(4097, 'x')), {}));
  NewVersion either = text(std::string(4097, 'x'));
  either.tier = "Intelligent-Tiering";
  const Result<Version> advanced = next_version(nullptr, either, {});
  ASSERT_TRUE(advanced);
  EXPECT_EQ(advanced->tier, "Advanced");
  NewVersion back = text("x");
  back.tier = "Standard";
  EXPECT_FALSE(next_version(&*advanced, back, {}));
  NewVersion too_long = text(std::string(8193, 'x'));
  too_long.tier = "Advanced";
  EXPECT_FALSE(next_version(nullptr, too_long, {}));
  NewVersion untyped = text("x");
  untyped.type.clear();
  EXPECT_FALSE(next_version(nullptr, untyped, {}));
  EXPECT_EQ(next_version(&*advanced, untyped, {})->type, "String");
  NewVersion secure = text("x");
  secure.type = "SecureString";
  EXPECT_EQ(next_version(&*advanced, secure, {}).error().shape->code, "HierarchyTypeMismatchException");
}

TEST(ParameterVersions, TheAllowedPatternIsOfTheWholeValue) {
  EXPECT_EQ(match_allowed_pattern("\\d+", "12"), PatternVerdict::Matches);
  EXPECT_EQ(match_allowed_pattern("\\d+", "12x"), PatternVerdict::Differs);
  EXPECT_EQ(match_allowed_pattern("(", "x"), PatternVerdict::NoPattern);
  // Backtracks without end: given up on.
  EXPECT_EQ(match_allowed_pattern("(a+)+b", std::string(60, 'a')), PatternVerdict::Differs);
}

TEST(ParameterVersions, AHundredAreKeptAndALabelledOneIsNotLost) {
  Parameter parameter;
  parameter.name = "p";
  parameter.versions.push_back(*next_version(nullptr, text("0"), {}));
  for (int i = 1; i < 150; ++i)
    ASSERT_TRUE(append_version(parameter, *next_version(&parameter.latest(), text("x"), {})));
  EXPECT_EQ(parameter.versions.size(), 100U);
  EXPECT_EQ(parameter.versions.front().number, 51);
  parameter.versions.front().labels = {"keep"};
  EXPECT_EQ(refused(append_version(parameter, *next_version(&parameter.latest(), text("x"), {}))),
            "ParameterMaxVersionLimitExceeded");
  EXPECT_EQ(parameter.selected("keep")->number, 51);
  EXPECT_EQ(parameter.selected("150")->number, 150);
  EXPECT_EQ(parameter.selected("151"), nullptr);
}

TEST(Parameters, Last) {
  testing::MemoryJournal journal;
  {
    Parameters parameters(journal);
    Parameter one;
    one.scope = here;
    one.name = "/a/b";
    one.tags["k"] = "v";
    one.versions.push_back(*next_version(nullptr, text("x"), Instant(Duration(5))));
    one.versions[0].labels = {"prod"};
    parameters.save(parameters.add(one));
    one.name = "gone";
    parameters.save(parameters.add(one));
    parameters.erase(*parameters.find(here, parse_reference("gone", here)));
  }
  Parameters again(journal);
  again.restore();
  EXPECT_EQ(again.size(), 1U);
  Parameter* found =
      again.find(here, parse_reference("arn:aws:ssm:us-east-1:123456789012:parameter/a/b", here));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->labelled("prod")->value, "x");
  EXPECT_EQ(found->tags.at("k"), "v");
  EXPECT_EQ(found->latest().modified, Instant(Duration(5)));
  EXPECT_EQ(again.find({"123456789012", "eu-west-1"}, parse_reference("/a/b", here)), nullptr);
}

TEST(ParameterFilters, Paths) {
  EXPECT_TRUE(is_under("/a/b", "/a", false));
  EXPECT_TRUE(is_under("/a/b", "/a/", false));
  EXPECT_FALSE(is_under("/a/b/c", "/a", false));
  EXPECT_TRUE(is_under("/a/b/c", "/a", true));
  EXPECT_FALSE(is_under("/ab/c", "/a", true));
  EXPECT_TRUE(is_under("/a", "/", false));
  EXPECT_TRUE(is_under("plain", "/", false));
}

TEST(ParameterFilters, AllMustHold) {
  Parameter parameter;
  parameter.name = "/app/url";
  parameter.tags["team"] = "birds";
  parameter.versions.push_back(*next_version(nullptr, text("x"), {}));
  const auto meets = [&](const char* filters) { return matches_filters(parameter, Json::parse(filters)); };
  EXPECT_TRUE(meets(R"([{"Key":"Name","Option":"BeginsWith","Values":["/app"]}])"));
  EXPECT_FALSE(meets(R"([{"Key":"Name","Values":["/app"]}])"));
  EXPECT_TRUE(meets(R"([{"Key":"tag:team","Values":["fish","birds"]},{"Key":"Type","Values":["String"]}])"));
  EXPECT_FALSE(meets(R"([{"Key":"tag:none"}])"));
  EXPECT_TRUE(meets(R"([{"Key":"Path","Values":["/app"]}])"));
  const auto problem = [](const char* filters) {
    return refused(check_filters(Json::parse(filters), FilterUse::Describe));
  };
  EXPECT_EQ(problem(R"([{"Key":"Label","Values":["x"]}])"), "InvalidFilterKey");
  EXPECT_EQ(problem(R"([{"Key":"Name"}])"), "InvalidFilterValue");
  EXPECT_EQ(problem(R"([{"Key":"Path","Option":"Equals","Values":["/x"]}])"), "InvalidFilterOption");
  EXPECT_EQ(problem(R"([{"Key":"Type","Values":["String"]},{"Key":"Type","Values":["String"]}])"),
            "ValidationException");
}

}  // namespace
}  // namespace aviary::ssm
