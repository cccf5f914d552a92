#include "services/apigateway/core/routing_rules.hpp"

#include <gtest/gtest.h>

namespace aviary::apigateway {
namespace {

TEST(RoutingRules, GlobsHaveStarsAtTheirEnds) {
  EXPECT_TRUE(matches_glob("image/webp", "image/*"));
  EXPECT_TRUE(matches_glob("image/webp", "*webp"));
  EXPECT_TRUE(matches_glob("image/webp", "*/*"));
  EXPECT_TRUE(matches_glob("anything", "*"));
  EXPECT_FALSE(matches_glob("image/webp", "image"));
  EXPECT_FALSE(matches_glob("Image/webp", "image/*"));
}

TEST(RoutingRules, AllConditionsHold) {
  const auto header = [](std::string_view name) -> std::string_view {
    return name == "x-version" ? "beta" : std::string_view{};
  };
  const Json path{{"MatchBasePaths", {{"AnyOf", {"users"}}}}};
  const auto headed = [](const char* name, const char* glob) {
    return Json{{"MatchHeaders", {{"AnyOf", Json::array({{{"Header", name}, {"ValueGlob", glob}}})}}}};
  };
  std::string base;
  EXPECT_TRUE(rule_matches({{"Conditions", Json::array()}}, "/", header, base));
  const Json both{{"Conditions", Json::array({path, headed("x-version", "b*")})}};
  EXPECT_TRUE(rule_matches(both, "/users/7", header, base));
  EXPECT_EQ(base, "users");
  EXPECT_FALSE(rule_matches(both, "/users2", header, base));
  EXPECT_FALSE(rule_matches(both, "/Users", header, base));
  EXPECT_FALSE(rule_matches({{"Conditions", Json::array({headed("a", "*")})}}, "/", header, base));
}

}  // namespace
}  // namespace aviary::apigateway
