// Query definitions and resource policies: kept by name, and lasting.
#include "service_fixture.hpp"

namespace aviary::logs {
namespace {

class SavedQueries : public ServiceFixture {};

TEST_F(SavedQueries, AreKeptChangedAndGone) {
  const Json made =
      answer("PutQueryDefinition", {{"name", "errors/all"}, {"queryString", "filter @message like /x/"}});
  const std::string id = made["queryDefinitionId"];
  answer("PutQueryDefinition", {{"name", "other"}, {"queryString", "limit 1"}});
  answer("PutQueryDefinition", {{"name", "errors/some"},
                                {"queryDefinitionId", id},
                                {"queryString", "limit 2"},
                                {"logGroupNames", {"g"}}});
  const Json found =
      answer("DescribeQueryDefinitions", {{"queryDefinitionNamePrefix", "errors/"}})["queryDefinitions"];
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["name"], "errors/some");
  EXPECT_EQ(found[0]["logGroupNames"], Json::array({"g"}));
  EXPECT_EQ(answer("DescribeQueryDefinitions", {{"maxResults", 1}})["queryDefinitions"].size(), 1U);
  EXPECT_EQ(refusal("PutQueryDefinition", {{"name", "n"}, {"queryString", "stats avg("}}).code,
            "InvalidParameterException");
  EXPECT_EQ(refusal("PutQueryDefinition",
                    {{"name", "n"}, {"queryString", "limit 1"}, {"queryDefinitionId", "none"}})
                .code,
            "ResourceNotFoundException");
  EXPECT_EQ(answer("DeleteQueryDefinition", {{"queryDefinitionId", id}})["success"], true);
  EXPECT_EQ(refusal("DeleteQueryDefinition", {{"queryDefinitionId", id}}).code, "ResourceNotFoundException");
}

TEST_F(SavedQueries, PoliciesGoByNameOrByGroup) {
  const std::string document = R"({"Version":"2012-10-17","Statement":[]})";
  const Json made = answer("PutResourcePolicy", {{"policyName", "p"}, {"policyDocument", document}});
  EXPECT_EQ(made["resourcePolicy"]["policyScope"], "ACCOUNT");
  EXPECT_EQ(answer("DescribeResourcePolicies", Json::object())["resourcePolicies"][0]["policyDocument"],
            document);
  EXPECT_EQ(refusal("PutResourcePolicy",
                    {{"policyName", "p"}, {"policyDocument", document}, {"expectedRevisionId", "no"}})
                .code,
            "OperationAbortedException");
  EXPECT_EQ(refusal("PutResourcePolicy", {{"policyName", "q"}, {"policyDocument", "{"}}).code,
            "InvalidParameterException");
  EXPECT_EQ(refusal("PutResourcePolicy", {{"policyDocument", document}}).code, "InvalidParameterException");
  for (int i = 1; i < 10; ++i)
    answer("PutResourcePolicy", {{"policyName", std::to_string(i)}, {"policyDocument", document}});
  EXPECT_EQ(refusal("PutResourcePolicy", {{"policyName", "eleventh"}, {"policyDocument", document}}).code,
            "LimitExceededException");
  make("app", "one");
  const std::string arn = "arn:aws:logs:us-east-1:123456789012:log-group:app";
  answer("PutResourcePolicy", {{"resourceArn", arn}, {"policyDocument", document}});
  EXPECT_EQ(answer("DescribeResourcePolicies", {{"resourceArn", arn}})["resourcePolicies"].size(), 1U);
  answer("DeleteLogGroup", {{"logGroupName", "app"}});
  EXPECT_EQ(answer("DescribeResourcePolicies", {{"policyScope", "RESOURCE"}})["resourcePolicies"].size(), 0U);
  answer("DeleteResourcePolicy", {{"policyName", "p"}});
  EXPECT_EQ(refusal("DeleteResourcePolicy", {{"policyName", "p"}}).code, "ResourceNotFoundException");
}

}  // namespace
}  // namespace aviary::logs
