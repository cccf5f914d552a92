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

TEST_F(Identity, InstanceProfilesHoldOneRole) {
  ok(iam, "CreateRole", {{"RoleName", "r"}, {"AssumeRolePolicyDocument", trust}});
  ok(iam, "CreateRole", {{"RoleName", "s"}, {"AssumeRolePolicyDocument", trust}});
  const Json made = ok(iam, "CreateInstanceProfile", {{"InstanceProfileName", "p"}, {"Path", "/x/"}});
  EXPECT_EQ(made["InstanceProfile"]["Arn"], "arn:aws:iam::123456789012:instance-profile/x/p");
  EXPECT_EQ(refused(iam, "CreateInstanceProfile", {{"InstanceProfileName", "p"}}),
            "EntityAlreadyExistsException");
  EXPECT_EQ(refused(iam, "AddRoleToInstanceProfile", {{"InstanceProfileName", "p"}, {"RoleName", "none"}}),
            "NoSuchEntityException");
  ok(iam, "AddRoleToInstanceProfile", {{"InstanceProfileName", "p"}, {"RoleName", "r"}});
  EXPECT_EQ(refused(iam, "AddRoleToInstanceProfile", {{"InstanceProfileName", "p"}, {"RoleName", "s"}}),
            "LimitExceededException");
  EXPECT_EQ(ok(iam, "GetInstanceProfile",
               {{"InstanceProfileName", "p"}})["InstanceProfile"]["Roles"][0]["RoleName"],
            "r");
  EXPECT_EQ(ok(iam, "ListInstanceProfilesForRole", {{"RoleName", "r"}})["InstanceProfiles"].size(), 1U);
  EXPECT_EQ(ok(iam, "ListInstanceProfilesForRole", {{"RoleName", "s"}})["InstanceProfiles"].size(), 0U);
  EXPECT_EQ(refused(iam, "DeleteRole", {{"RoleName", "r"}}), "DeleteConflictException");
  EXPECT_EQ(refused(iam, "DeleteInstanceProfile", {{"InstanceProfileName", "p"}}), "DeleteConflictException");
  ok(iam, "RemoveRoleFromInstanceProfile", {{"InstanceProfileName", "p"}, {"RoleName", "r"}});
  EXPECT_EQ(refused(iam, "RemoveRoleFromInstanceProfile", {{"InstanceProfileName", "p"}, {"RoleName", "r"}}),
            "NoSuchEntityException");
  ok(iam, "TagInstanceProfile",
     {{"InstanceProfileName", "p"}, {"Tags", Json::array({{{"Key", "a"}, {"Value", "1"}}})}});
  EXPECT_EQ(ok(iam, "ListInstanceProfileTags", {{"InstanceProfileName", "p"}})["Tags"][0]["Value"], "1");
  ok(iam, "DeleteInstanceProfile", {{"InstanceProfileName", "p"}});
  EXPECT_EQ(refused(iam, "GetInstanceProfile", {{"InstanceProfileName", "p"}}), "NoSuchEntityException");
}

TEST_F(Identity, ProvidersAreKeptByTheirArn) {
  const std::string thumb(40, 'a');
  const Json url{{"Url", "https://token.actions.githubusercontent.com"}, {"ThumbprintList", {thumb}}};
  const std::string arn = ok(iam, "CreateOpenIDConnectProvider", url)["OpenIDConnectProviderArn"];
  EXPECT_EQ(arn, "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com");
  EXPECT_EQ(refused(iam, "CreateOpenIDConnectProvider", url), "EntityAlreadyExistsException");
  EXPECT_EQ(refused(iam, "CreateOpenIDConnectProvider", {{"Url", "http://plain"}}), "InvalidInputException");
  const Json client{{"OpenIDConnectProviderArn", arn}, {"ClientID", "sts.amazonaws.com"}};
  ok(iam, "AddClientIDToOpenIDConnectProvider", client);
  ok(iam, "AddClientIDToOpenIDConnectProvider", client);
  const Json found = ok(iam, "GetOpenIDConnectProvider", {{"OpenIDConnectProviderArn", arn}});
  EXPECT_EQ(found["ClientIDList"], Json::array({"sts.amazonaws.com"}));
  EXPECT_EQ(found["Url"], "token.actions.githubusercontent.com");
  ok(iam, "RemoveClientIDFromOpenIDConnectProvider", client);
  iam::IamService again{{.ids = ids, .journal = journal}};
  again.restore();
  EXPECT_EQ(ok(again, "ListOpenIDConnectProviders", Json::object())["OpenIDConnectProviderList"][0]["Arn"],
            arn);
  ok(iam, "DeleteOpenIDConnectProvider", {{"OpenIDConnectProviderArn", arn}});
  EXPECT_EQ(refused(iam, "GetOpenIDConnectProvider", {{"OpenIDConnectProviderArn", arn}}),
            "NoSuchEntityException");

  const std::string metadata = "<EntityDescriptor>" + std::string(1000, ' ') + "</EntityDescriptor>";
  const std::string saml =
      ok(iam, "CreateSAMLProvider", {{"Name", "idp"}, {"SAMLMetadataDocument", metadata}})["SAMLProviderArn"];
  EXPECT_EQ(ok(iam, "GetSAMLProvider", {{"SAMLProviderArn", saml}})["SAMLMetadataDocument"], metadata);
  EXPECT_EQ(
      refused(iam, "CreateSAMLProvider", {{"Name", "bad"}, {"SAMLMetadataDocument", std::string(1000, 'x')}}),
      "InvalidInputException");
  ok(iam, "DeleteSAMLProvider", {{"SAMLProviderArn", saml}});
  EXPECT_EQ(refused(iam, "GetSAMLProvider", {{"SAMLProviderArn", saml}}), "NoSuchEntityException");
}

TEST_F(Identity, ServicesBringRolesOfTheirOwn) {
  const Json role = ok(iam, "CreateServiceLinkedRole", {{"AWSServiceName", "lambda.amazonaws.com"}})["Role"];
  EXPECT_EQ(role["Arn"],
            "arn:aws:iam::123456789012:role/aws-service-role/lambda.amazonaws.com/AWSServiceRoleForLambda");
  EXPECT_EQ(refused(iam, "CreateServiceLinkedRole", {{"AWSServiceName", "lambda.amazonaws.com"}}),
            "InvalidInputException");
  EXPECT_EQ(refused(iam, "CreateServiceLinkedRole", {{"AWSServiceName", "lambda"}}), "InvalidInputException");
  EXPECT_EQ(refused(iam, "DeleteRole", {{"RoleName", "AWSServiceRoleForLambda"}}),
            "UnmodifiableEntityException");
  const Json task = ok(iam, "DeleteServiceLinkedRole", {{"RoleName", "AWSServiceRoleForLambda"}});
  EXPECT_EQ(ok(iam, "GetServiceLinkedRoleDeletionStatus", task)["Status"], "SUCCEEDED");
  EXPECT_EQ(refused(iam, "GetServiceLinkedRoleDeletionStatus", {{"DeletionTaskId", "task/none"}}),
            "NoSuchEntityException");
}

TEST_F(Identity, UsersMoveAndKeysRest) {
  ok(iam, "CreateUser", {{"UserName", "u"}});
  ok(iam, "CreateGroup", {{"GroupName", "g"}});
  ok(iam, "AddUserToGroup", {{"GroupName", "g"}, {"UserName", "u"}});
  const Json key = ok(iam, "CreateAccessKey", {{"UserName", "u"}})["AccessKey"];
  ok(iam, "UpdateUser", {{"UserName", "u"}, {"NewUserName", "v"}, {"NewPath", "/p/"}});
  EXPECT_EQ(ok(iam, "GetUser", {{"UserName", "v"}})["User"]["Arn"], "arn:aws:iam::123456789012:user/p/v");
  EXPECT_EQ(ok(iam, "GetGroup", {{"GroupName", "g"}})["Users"][0]["UserName"], "v");
  ok(iam, "UpdateAccessKey", {{"AccessKeyId", key["AccessKeyId"]}, {"Status", "Inactive"}});
  EXPECT_EQ(ok(iam, "ListAccessKeys", {{"UserName", "v"}})["AccessKeyMetadata"][0]["Status"], "Inactive");
  EXPECT_EQ(refused(iam, "UpdateAccessKey",
                    {{"UserName", "v"}, {"AccessKeyId", "AKIAAAAAAAAAAAAAAAAA"}, {"Status", "Active"}}),
            "NoSuchEntityException");
}

TEST_F(Identity, PoliciesKnowWhoHasThem) {
  const std::string arn =
      ok(iam, "CreatePolicy", {{"PolicyName", "p"}, {"PolicyDocument", trust}})["Policy"]["Arn"];
  ok(iam, "CreateRole", {{"RoleName", "r"}, {"AssumeRolePolicyDocument", trust}});
  ok(iam, "CreateUser", {{"UserName", "u"}});
  ok(iam, "AttachRolePolicy", {{"RoleName", "r"}, {"PolicyArn", arn}});
  ok(iam, "PutUserPermissionsBoundary", {{"UserName", "u"}, {"PermissionsBoundary", arn}});
  EXPECT_EQ(refused(iam, "PutUserPermissionsBoundary",
                    {{"UserName", "u"}, {"PermissionsBoundary", "arn:aws:iam::123456789012:policy/none"}}),
            "NoSuchEntityException");
  const Json policy = ok(iam, "GetPolicy", {{"PolicyArn", arn}})["Policy"];
  EXPECT_EQ(policy["AttachmentCount"], 1);
  EXPECT_EQ(policy["PermissionsBoundaryUsageCount"], 1);
  Json entities = ok(iam, "ListEntitiesForPolicy", {{"PolicyArn", arn}});
  EXPECT_EQ(entities["PolicyRoles"][0]["RoleName"], "r");
  EXPECT_EQ(entities["PolicyUsers"][0]["UserName"], "u");
  entities =
      ok(iam, "ListEntitiesForPolicy", {{"PolicyArn", arn}, {"PolicyUsageFilter", "PermissionsPolicy"}});
  EXPECT_EQ(entities["PolicyUsers"].size(), 0U);
  ok(iam, "DeleteUserPermissionsBoundary", {{"UserName", "u"}});
  ok(iam, "TagPolicy", {{"PolicyArn", arn}, {"Tags", Json::array({{{"Key", "a"}, {"Value", "1"}}})}});
  ok(iam, "UntagPolicy", {{"PolicyArn", arn}, {"TagKeys", {"a"}}});
  EXPECT_EQ(ok(iam, "ListPolicyTags", {{"PolicyArn", arn}})["Tags"].size(), 0U);
  EXPECT_EQ(
      ok(iam, "UpdateRoleDescription", {{"RoleName", "r"}, {"Description", "d"}})["Role"]["Description"],
      "d");
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
