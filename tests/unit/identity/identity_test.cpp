#include <gtest/gtest.h>

#include "models/iam.hpp"
#include "models/sts.hpp"
#include "services/iam/api/iam_service.hpp"
#include "services/sts/api/sts_service.hpp"
#include "support/memory_journal.hpp"
#include "support/service_calls.hpp"

namespace aviary {
namespace {

class Identity : public testing::ServiceCalls {
 protected:
  SeededRandom ids{1, "identities"};
  testing::MemoryJournal journal;
  iam::IamService iam{{.ids = ids, .journal = journal}};
  sts::StsService sts{{.ids = ids}};
  const Json trust = R"({"Version": "2012-10-17", "Statement": []})";
};

TEST_F(Identity, RolesAndWhatHangsOnThem) {
  const Json role =
      ok(iam, "CreateRole", {{"RoleName", "r"}, {"Path", "/p/"}, {"AssumeRolePolicyDocument", trust}});
  EXPECT_EQ(role["Role"]["Arn"], "arn:aws:iam::123456789012:role/p/r");
  EXPECT_EQ(refused(iam, "CreateRole", {{"RoleName", "r"}, {"AssumeRolePolicyDocument", trust}}),
            "EntityAlreadyExistsException");
  EXPECT_EQ(refused(iam, "CreateRole", {{"RoleName", "s"}, {"AssumeRolePolicyDocument", "{"}}),
            "MalformedPolicyDocumentException");
  ok(iam, "PutRolePolicy", {{"RoleName", "r"}, {"PolicyName", "own"}, {"PolicyDocument", trust}});
  EXPECT_EQ(refused(iam, "DeleteRole", {{"RoleName", "r"}}), "DeleteConflictException");
  ok(iam, "DeleteRolePolicy", {{"RoleName", "r"}, {"PolicyName", "own"}});
  EXPECT_EQ(refused(iam, "DeleteRolePolicy", {{"RoleName", "r"}, {"PolicyName", "own"}}),
            "NoSuchEntityException");
  ok(iam, "DeleteRole", {{"RoleName", "r"}});
  EXPECT_EQ(refused(iam, "GetRole", {{"RoleName", "r"}}), "NoSuchEntityException");
  EXPECT_EQ(journal.records(), 0U);
}

TEST_F(Identity, EntitiesLast) {
  ok(iam, "CreateUser", {{"UserName", "u"}});
  ok(iam, "CreateAccessKey", {{"UserName", "u"}});
  iam::IamService again{{.ids = ids, .journal = journal}};
  again.restore();
  EXPECT_EQ(ok(again, "ListAccessKeys", {{"UserName", "u"}})["AccessKeyMetadata"].size(), 1U);
  EXPECT_EQ(refused(again, "DeleteUser", {{"UserName", "u"}}), "DeleteConflictException");
}

TEST_F(Identity, AssumedRoles) {
  const Json assumed = ok(sts, "AssumeRole",
                          {{"RoleArn", "arn:aws:iam::123456789012:role/deep/r"}, {"RoleSessionName", "me"}});
  EXPECT_EQ(assumed["AssumedRoleUser"]["Arn"], "arn:aws:sts::123456789012:assumed-role/r/me");
  EXPECT_TRUE(assumed["Credentials"]["AccessKeyId"].get<std::string>().starts_with("ASIA"));
  for (const char* bad : {"r", "arn:aws:iam::123456789012:user/r", "arn:aws:s3:::b"})
    EXPECT_EQ(refused(sts, "AssumeRole", {{"RoleArn", bad}, {"RoleSessionName", "me"}}),
              "ValidationException")
        << bad;
  EXPECT_EQ(refused(sts, "AssumeRoot", Json::object()), "NotImplemented");
}

}  // namespace
}  // namespace aviary
