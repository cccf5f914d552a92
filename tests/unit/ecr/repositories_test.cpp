#include "services/ecr/api/ecr_service.hpp"
#include "support/service_calls.hpp"

namespace aviary::ecr {
namespace {

class Ecr : public testing::ServiceCalls {
 protected:
  Service& subject() override { return ecr; }

  EcrService ecr{{.journal = journal}};
};

TEST_F(Ecr, ARepositoryFromItsMakingToItsEnd) {
  const Json made =
      ok("CreateRepository", {{"repositoryName", "team/app"}, {"tags", {{{"Key", "a"}, {"Value", "b"}}}}});
  EXPECT_EQ(made["repository"]["repositoryArn"], "arn:aws:ecr:us-east-1:123456789012:repository/team/app");
  EXPECT_EQ(made["repository"]["repositoryUri"], "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app");
  EXPECT_EQ(made["repository"]["imageTagMutability"], "MUTABLE");
  EXPECT_EQ(error("CreateRepository", {{"repositoryName", "team/app"}}),
            "RepositoryAlreadyExistsException: The repository with name 'team/app' already exists in the "
            "registry with id '123456789012'");
  ok("PutImageTagMutability", {{"repositoryName", "team/app"}, {"imageTagMutability", "IMMUTABLE"}});
  EXPECT_EQ(ok("DescribeRepositories",
               {{"repositoryNames", {"team/app"}}})["repositories"][0]["imageTagMutability"],
            "IMMUTABLE");
  const std::string arn = made["repository"]["repositoryArn"];
  EXPECT_EQ(ok("ListTagsForResource", {{"resourceArn", arn}})["tags"].size(), 1U);
  ok("UntagResource", {{"resourceArn", arn}, {"tagKeys", {"a"}}});
  EXPECT_EQ(ok("ListTagsForResource", {{"resourceArn", arn}})["tags"].size(), 0U);
  EcrService again{{.journal = journal}};
  again.restore();
  EXPECT_EQ(again.counts()["repositories"], 1);
  ok("DeleteRepository", {{"repositoryName", "team/app"}});
  EXPECT_EQ(
      error("DescribeRepositories", {{"repositoryNames", {"team/app"}}}),
      "RepositoryNotFoundException: The repository with name 'team/app' does not exist in the registry with "
      "id '123456789012'");
  EXPECT_EQ(journal.records(), 0U);
}

TEST_F(Ecr, PoliciesAreReadBackAsTheyWereGiven) {
  ok("CreateRepository", {{"repositoryName", "app"}});
  const auto code = [&](std::string_view operation, Json input) {
    const std::string text = error(operation, std::move(input));
    return text.substr(0, text.find(':'));
  };
  EXPECT_EQ(code("GetRepositoryPolicy", {{"repositoryName", "app"}}), "RepositoryPolicyNotFoundException");
  EXPECT_EQ(code("SetRepositoryPolicy", {{"repositoryName", "app"}, {"policyText", "{"}}),
            "InvalidParameterException");
  const std::string policy = R"({"Version":"2012-10-17","Statement":[]})";
  ok("SetRepositoryPolicy", {{"repositoryName", "app"}, {"policyText", policy}});
  EXPECT_EQ(ok("GetRepositoryPolicy", {{"repositoryName", "app"}})["policyText"], policy);
  ok("DeleteRepositoryPolicy", {{"repositoryName", "app"}});
  EXPECT_EQ(code("DeleteRepositoryPolicy", {{"repositoryName", "app"}}), "RepositoryPolicyNotFoundException");
  EXPECT_EQ(
      code("PutLifecyclePolicy", {{"repositoryName", "app"}, {"lifecyclePolicyText", R"({"rules":[]})"}}),
      "InvalidParameterException");
  EXPECT_EQ(code("GetLifecyclePolicy", {{"repositoryName", "app"}}), "LifecyclePolicyNotFoundException");
  EXPECT_EQ(code("DescribeImages", {{"repositoryName", "app"}, {"imageIds", {{{"imageTag", "x"}}}}}),
            "ImageNotFoundException");
}

TEST_F(Ecr, PagesOfRepositories) {
  for (const char* name : {"aa", "bb", "cc"}) ok("CreateRepository", {{"repositoryName", name}});
  const Json first = ok("DescribeRepositories", {{"maxResults", 2}});
  EXPECT_EQ(first["repositories"].size(), 2U);
  const Json second = ok("DescribeRepositories", {{"maxResults", 2}, {"nextToken", first["nextToken"]}});
  EXPECT_EQ(second["repositories"][0]["repositoryName"], "cc");
  EXPECT_FALSE(second.contains("nextToken"));
}

}  // namespace
}  // namespace aviary::ecr
