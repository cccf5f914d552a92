#include "services/cloudformation/core/drift.hpp"

#include <gtest/gtest.h>

namespace aviary::cloudformation {
namespace {

Json paths(const Json& differences) {
  Json out = Json::array();
  for (const Json& each : differences)
    out.push_back(each["PropertyPath"].get<std::string>() + " " + each["DifferenceType"].get<std::string>());
  return out;
}

TEST(Drift, WhatIsTheSameInOtherClothes) {
  EXPECT_EQ(property_differences({{"Timeout", "30"}, {"On", true}, {"Rate", "0.50"}},
                                 {{"Timeout", 30}, {"On", "true"}, {"Rate", 0.5}, {"More", 1}}),
            Json::array());
  // A document is a text on one side; lists of names are in another order; a service fills in what is not
  // said.
  EXPECT_EQ(
      property_differences(
          {{"Policy", {{"Version", "2012-10-17"}}}, {"Names", {"b", "a"}}, {"Log", {{"A", 1}}}},
          {{"Policy", R"({"Version":"2012-10-17"})"}, {"Names", {"a", "b"}}, {"Log", {{"A", 1}, {"B", 2}}}}),
      Json::array());
}

TEST(Drift, WhatDiffers) {
  const Json differences = property_differences(
      {{"Timeout", 3}, {"Description", "mine"}, {"Environment", {{"Variables", {{"A", "1"}, {"B", "2"}}}}}},
      {{"Timeout", 9}, {"Environment", {{"Variables", {{"A", "1"}, {"C", "3"}}}}}});
  EXPECT_EQ(paths(differences), (Json{"/Description REMOVE", "/Environment/Variables/B REMOVE",
                                      "/Environment/Variables/C ADD", "/Timeout NOT_EQUAL"}));
  EXPECT_EQ(differences[3]["ExpectedValue"], "3");
  EXPECT_EQ(differences[3]["ActualValue"], "9");
  EXPECT_EQ(differences[0]["ActualValue"], "null");
  EXPECT_EQ(paths(property_differences({{"Names", {"a"}}}, {{"Names", {"a", "b"}}})), (Json{"/Names/1 ADD"}));
}

TEST(Drift, HiddenAndLookedUpValuesAreNotCompared) {
  StackResource resource;
  resource.properties = {{"Description", "plain"},
                         {"Handler", "{{resolve:ssm:x}}"},
                         {"Role", "secret"},
                         {"Code", {{"ZipFile", "x"}}}};
  resource.shown = {{"Description", "plain"}, {"Handler", "{{resolve:ssm:x}}"}, {"Role", "****"}};
  const DriftReader* reader = find_drift_reader("AWS::Lambda::Function");
  ASSERT_NE(reader, nullptr);
  EXPECT_EQ(comparable_properties(resource, *reader), (Json{{"Description", "plain"}}));
  EXPECT_EQ(find_drift_reader("AWS::CodeDeploy::Application"), nullptr);
}

TEST(Drift, AStacksStatusIsItsWorst) {
  EXPECT_EQ(drift_of_stack(1, 1, 3), "DRIFTED");
  EXPECT_EQ(drift_of_stack(0, 1, 3), "UNKNOWN");
  EXPECT_EQ(drift_of_stack(0, 0, 3), "IN_SYNC");
  EXPECT_EQ(drift_of_stack(0, 0, 0), "NOT_CHECKED");
}

}  // namespace
}  // namespace aviary::cloudformation
