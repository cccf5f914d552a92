#include "services/iam/api/iam_service.hpp"
#include "services/sts/api/sts_service.hpp"
#include "support/service_calls.hpp"

namespace aviary {
namespace {

class Identity : public testing::ServiceCalls {
 protected:
  std::string refused(Service& service, std::string_view operation, Json input) {
    const Result<Reply> reply = call(service, operation, std::move(input));
    return reply ? "" : std::string(reply.error().shape->code);
  }

  SeededRandom ids{1, "identities"};
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

TEST_F(Identity, GroupsAndWhoIsInThem) {
  EXPECT_EQ(ok(iam, "CreateGroup", {{"GroupName", "g"}, {"Path", "/p/"}})["Group"]["Arn"],
            "arn:aws:iam::123456789012:group/p/g");
  ok(iam, "CreateUser", {{"UserName", "u"}});
  EXPECT_EQ(refused(iam, "CreateGroup", {{"GroupName", "g"}}), "EntityAlreadyExistsException");
  EXPECT_EQ(refused(iam, "AddUserToGroup", {{"GroupName", "g"}, {"UserName", "none"}}),
            "NoSuchEntityException");
  EXPECT_EQ(refused(iam, "AddUserToGroup", {{"GroupName", "none"}, {"UserName", "u"}}),
            "NoSuchEntityException");
  ok(iam, "AddUserToGroup", {{"GroupName", "g"}, {"UserName", "u"}});
  ok(iam, "AddUserToGroup", {{"GroupName", "g"}, {"UserName", "u"}});
  EXPECT_EQ(ok(iam, "GetGroup", {{"GroupName", "g"}})["Users"].size(), 1U);
  EXPECT_EQ(ok(iam, "ListGroupsForUser", {{"UserName", "u"}})["Groups"][0]["GroupName"], "g");
  ok(iam, "PutGroupPolicy", {{"GroupName", "g"}, {"PolicyName", "own"}, {"PolicyDocument", trust}});
  EXPECT_EQ(ok(iam, "ListGroupPolicies", {{"GroupName", "g"}})["PolicyNames"], Json::array({"own"}));
  // Its ARN goes with its name; who is in it stays.
  ok(iam, "UpdateGroup", {{"GroupName", "g"}, {"NewGroupName", "h"}, {"NewPath", "/q/"}});
  EXPECT_EQ(ok(iam, "GetGroup", {{"GroupName", "h"}})["Group"]["Arn"], "arn:aws:iam::123456789012:group/q/h");
  EXPECT_EQ(refused(iam, "GetGroup", {{"GroupName", "g"}}), "NoSuchEntityException");
  iam::IamService again{{.ids = ids, .journal = journal}};
  again.restore();
  EXPECT_EQ(ok(again, "GetGroup", {{"GroupName", "h"}})["Users"][0]["UserName"], "u");
  EXPECT_EQ(refused(iam, "DeleteUser", {{"UserName", "u"}}), "DeleteConflictException");
  ok(iam, "DeleteGroupPolicy", {{"GroupName", "h"}, {"PolicyName", "own"}});
  EXPECT_EQ(refused(iam, "DeleteGroup", {{"GroupName", "h"}}), "DeleteConflictException");
  ok(iam, "RemoveUserFromGroup", {{"GroupName", "h"}, {"UserName", "u"}});
  EXPECT_EQ(refused(iam, "RemoveUserFromGroup", {{"GroupName", "h"}, {"UserName", "u"}}),
            "NoSuchEntityException");
  ok(iam, "DeleteGroup", {{"GroupName", "h"}});
  ok(iam, "DeleteUser", {{"UserName", "u"}});
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

TEST_F(Identity, TheSimulatorReadsPagesOfWhatPoliciesSay) {
  ok(iam, "CreateUser", {{"UserName", "u"}});
  ok(iam, "CreateGroup", {{"GroupName", "g"}});
  ok(iam, "AddUserToGroup", {{"GroupName", "g"}, {"UserName", "u"}});
  const auto policy = [](const char* effect, const char* action) {
    return Json{{"Statement", {{"Effect", effect}, {"Action", action}, {"Resource", "*"}}}}.dump();
  };
  ok(iam, "PutGroupPolicy",
     {{"GroupName", "g"}, {"PolicyName", "own"}, {"PolicyDocument", policy("Allow", "sqs:*")}});
  const std::string arn = "arn:aws:iam::123456789012:user/u";
  Json asked{{"PolicySourceArn", arn}, {"ActionNames", {"sqs:SendMessage", "s3:GetObject"}}, {"MaxItems", 1}};
  const Json first = ok(iam, "SimulatePrincipalPolicy", asked);
  EXPECT_EQ(first["EvaluationResults"][0]["EvalDecision"], "allowed");
  EXPECT_EQ(first["IsTruncated"], true);
  asked["Marker"] = first["Marker"];
  const Json second = ok(iam, "SimulatePrincipalPolicy", asked);
  EXPECT_EQ(second["EvaluationResults"][0]["EvalDecision"], "implicitDeny");
  EXPECT_EQ(second["IsTruncated"], false);
  asked["Marker"] = "x";
  EXPECT_EQ(refused(iam, "SimulatePrincipalPolicy", asked), "InvalidInputException");
  EXPECT_EQ(refused(iam, "SimulatePrincipalPolicy",
                    {{"PolicySourceArn", arn + "2"}, {"ActionNames", {"sqs:SendMessage"}}}),
            "NoSuchEntityException");
  const Json custom = ok(iam, "SimulateCustomPolicy",
                         {{"PolicyInputList", {policy("Allow", "*"), policy("Deny", "s3:*")}},
                          {"ActionNames", {"sqs:SendMessage", "s3:GetObject"}}});
  EXPECT_EQ(custom["EvaluationResults"][0]["EvalDecision"], "allowed");
  EXPECT_EQ(custom["EvaluationResults"][1]["EvalDecision"], "explicitDeny");
}

TEST_F(Identity, SessionsLastAndGoWhenTheyAreLongOver) {
  sts::Sessions sessions(journal);
  sts::StsService keeping{{.ids = ids, .sessions = &sessions}};
  const Json asked{{"RoleArn", "arn:aws:iam::123456789012:role/r"}, {"RoleSessionName", "me"}};
  const std::string id = ok(keeping, "AssumeRole", asked)["Credentials"]["AccessKeyId"];
  ASSERT_NE(sessions.find(id), nullptr);
  sts::Sessions again(journal);
  again.restore();
  ASSERT_NE(again.find(id), nullptr);
  EXPECT_EQ(again.find(id)->arn, "arn:aws:sts::123456789012:assumed-role/r/me");
  Json wrong = asked;
  wrong["Policy"] = "[";
  EXPECT_EQ(refused(keeping, "AssumeRole", wrong), "MalformedPolicyDocumentException");
  clock.advance(std::chrono::hours(48));
  ok(keeping, "AssumeRole", asked);
  EXPECT_EQ(sessions.find(id), nullptr);
  EXPECT_EQ(journal.records(), 1U);
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
