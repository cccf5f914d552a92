#include <gmock/gmock.h>

#include "service_fixture.hpp"

namespace aviary::lambda {
namespace {

class Policies : public ServiceFixture {
 protected:
  static Json permission(std::string id, Json more = Json::object()) {
    Json input{{"FunctionName", "f"},
               {"StatementId", std::move(id)},
               {"Action", "lambda:InvokeFunction"},
               {"Principal", "s3.amazonaws.com"}};
    input.update(more);
    return input;
  }
  Refusal nothing_there() {
    return {"ResourceNotFoundException", 404, "The resource you requested does not exist."};
  }
};
using Tags = ServiceFixture;

TEST_F(Policies, StatementsAreWrittenInAwsOrder) {
  // test_add_lambda_permission_aws.
  publish("f", 1);
  const std::string statement =
      answer("AddPermission", permission("s3", {{"SourceArn", "arn:aws:s3:::bucket"},
                                                {"SourceAccount", "111122223333"}}))["Statement"];
  EXPECT_EQ(
      statement,
      R"({"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction",)"
      R"("Resource":"arn:aws:lambda:us-east-1:123456789012:function:f","Condition":{"StringEquals":)"
      R"({"AWS:SourceAccount":"111122223333"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}})");
  EXPECT_EQ(answer("GetPolicy", {{"FunctionName", "f"}})["Policy"],
            R"({"Version":"2012-10-17","Id":"default","Statement":[)" + statement + "]}");
}

TEST_F(Policies, HaveTheirSize) {
  publish("f", 1);
  // What was refused is not there afterwards, also when it would have been the first.
  const std::string token(20480, 't');
  const Refusal refused =
      refusal("AddPermission", permission("long", {{"SourceArn", "arn:aws:s3:::" + token}}));
  EXPECT_EQ(refused.code, "PolicyLengthExceededException");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.message, ::testing::EndsWith("is bigger than the limit (20480)."));
  EXPECT_EQ(refusal("GetPolicy", {{"FunctionName", "f"}}), nothing_there());
  int added = 0;
  while (added < 1000 && call("AddPermission", permission("s" + std::to_string(added)))) ++added;
  EXPECT_GT(added, 100);
  EXPECT_LT(added, 200);
  EXPECT_LE(answer("GetPolicy", {{"FunctionName", "f"}})["Policy"].get<std::string>().size(), 20480U);
}

TEST_F(Policies, PrincipalsTakeTheirForms) {
  publish("f", 1);
  const auto principal = [&](std::string id, std::string text) {
    const Json answered =
        answer("AddPermission", permission(std::move(id), {{"Principal", std::move(text)}}));
    return Json::parse(answered["Statement"].get<std::string>())["Principal"];
  };
  EXPECT_EQ(principal("a", "111122223333"), (Json{{"AWS", "arn:aws:iam::111122223333:root"}}));
  EXPECT_EQ(principal("b", "arn:aws:iam::111122223333:user/ann"),
            (Json{{"AWS", "arn:aws:iam::111122223333:user/ann"}}));
  EXPECT_EQ(principal("c", "*"), "*");
  EXPECT_EQ(refusal("AddPermission", permission("d", {{"Principal", "invalid.nonaws.com"}})),
            invalid("The provided principal was invalid. Please check the principal and try again."));
}

TEST_F(Policies, RefusalsAreThoseRecorded) {
  // test_permission_exceptions, test_remove_multi_permissions.
  EXPECT_EQ(refusal("AddPermission", permission("s")), missing("f"));
  EXPECT_EQ(refusal("RemovePermission", permission("s")),
            (Refusal{"ResourceNotFoundException", 404, "No policy found for: " + arn("f")}));
  EXPECT_EQ(refusal("GetPolicy", {{"FunctionName", "f"}}), nothing_there());
  publish("f", 1);
  EXPECT_EQ(refusal("RemovePermission", permission("s")).message,
            "No policy is associated with the given resource.");
  EXPECT_EQ(refusal("AddPermission", permission("s", {{"Qualifier", "$LATEST"}})),
            invalid("We currently do not support adding policies for $LATEST."));
  EXPECT_EQ(refusal("AddPermission", permission("s", {{"Qualifier", "alias-doesnotexist"}})).message,
            "Cannot find alias arn: " + arn("f:alias-doesnotexist"));
  EXPECT_EQ(refusal("AddPermission", permission("s", {{"Qualifier", "42"}})), missing("f:42"));
  EXPECT_EQ(refusal("AddPermission", permission("s", {{"Qualifier", "valid-with-$-but-doesnotexist"}})),
            missing("f:valid-with-$-but-doesnotexist"));
  EXPECT_EQ(refusal("RemovePermission", permission("s", {{"Qualifier", "alias-doesnotexist"}})).message,
            "Cannot find alias arn: " + arn("f:alias-doesnotexist"));
  answer("AddPermission", permission("s3"));
  EXPECT_EQ(
      refusal("AddPermission", permission("s3")),
      conflicting(
          "The statement id (s3) provided already exists. Please provide a new statement id, or remove the "
          "existing statement."));
  EXPECT_EQ(refusal("RemovePermission", permission("non-existent")).message,
            "Statement non-existent is not found in resource policy.");
  EXPECT_EQ(refusal("GetPolicy", {{"FunctionName", "f"}, {"Qualifier", "1"}}), nothing_there());
  answer("RemovePermission", permission("s3"));
  EXPECT_EQ(refusal("GetPolicy", {{"FunctionName", "f"}}), nothing_there());
}

TEST_F(Policies, EachQualifierHasItsOwnAndItsRevisionGuards) {
  // test_lambda_permission_fn_versioning, test_function_revisions_permissions.
  publish("f", 1);
  answer("CreateAlias", {{"FunctionName", "f"}, {"Name", "prod"}, {"FunctionVersion", "1"}});
  for (const char* qualifier : {"1", "prod"}) {
    const Json added = answer("AddPermission", permission("s3", {{"Qualifier", qualifier}}));
    EXPECT_EQ(Json::parse(added["Statement"].get<std::string>())["Resource"],
              arn(std::string("f:") + qualifier));
    const std::string revision =
        answer("GetPolicy", {{"FunctionName", "f"}, {"Qualifier", qualifier}})["RevisionId"];
    EXPECT_EQ(
        refusal("AddPermission", permission("sns", {{"Qualifier", qualifier}, {"RevisionId", "wrong"}})),
        stale("GetPolicy"));
    answer("AddPermission", permission("sns", {{"Qualifier", qualifier}, {"RevisionId", revision}}));
    EXPECT_EQ(
        refusal("RemovePermission", permission("sns", {{"Qualifier", qualifier}, {"RevisionId", revision}})),
        stale("GetPolicy"));
  }
  EXPECT_EQ(refusal("GetPolicy", {{"FunctionName", "f"}}), nothing_there());
  const Json alias = answer("GetAlias", {{"FunctionName", "f"}, {"Name", "prod"}});
  EXPECT_EQ(alias["RevisionId"], answer("GetPolicy", {{"FunctionName", "f:prod"}})["RevisionId"]);
  answer("DeleteAlias", {{"FunctionName", "f"}, {"Name", "prod"}});
  answer("CreateAlias", {{"FunctionName", "f"}, {"Name", "prod"}, {"FunctionVersion", "1"}});
  EXPECT_EQ(refusal("GetPolicy", {{"FunctionName", "f:prod"}}), nothing_there())
      << "the policy went with the alias";
  EXPECT_EQ(answer("PublishVersion", {{"FunctionName", "f"}})["Version"], "1")
      << "a policy is no change of the code";
}

TEST_F(Tags, AreSetAndRemoved) {
  answer("CreateFunction", new_function("f", {{"Tags", {{"a", "1"}}}}));
  const Json resource{{"Resource", arn("f")}};
  answer("TagResource", {{"Resource", arn("f")}, {"Tags", {{"a", "2"}, {"b", "3"}}}});
  EXPECT_EQ(answer("ListTags", resource)["Tags"], (Json{{"a", "2"}, {"b", "3"}}));
  answer("UntagResource", {{"Resource", arn("f")}, {"TagKeys", {"a", "unknown"}}});
  EXPECT_EQ(answer("ListTags", resource)["Tags"], (Json{{"b", "3"}}));
}

TEST_F(Tags, RefusalsAreThoseRecorded) {
  // test_tag_exceptions, test_tag_versions, test_tag_limits.
  EXPECT_EQ(refusal("ListTags", {{"Resource", arn("f")}}), missing("f"));
  answer("CreateFunction", new_function("f"));
  const Refusal unqualified =
      invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.");
  EXPECT_EQ(refusal("TagResource", {{"Resource", arn("f:$LATEST")}, {"Tags", {{"a", "1"}}}}), unqualified);
  EXPECT_EQ(refusal("TagResource", {{"Resource", arn("f:alias")}, {"Tags", {{"a", "1"}}}}), unqualified);
  EXPECT_EQ(refusal("TagResource", {{"Resource", arn("f")}, {"Tags", Json::object()}}),
            invalid("An error occurred and the request cannot be processed."));
  EXPECT_EQ(refusal("UntagResource", {{"Resource", arn("f")}}).message,
            "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must "
            "not be null");
  Json fifty = Json::object();
  for (int i = 0; i < 50; ++i) fifty["t" + std::to_string(i)] = "v";
  answer("TagResource", {{"Resource", arn("f")}, {"Tags", fifty}});
  answer("TagResource", {{"Resource", arn("f")}, {"Tags", {{"t1", "again"}}}});
  EXPECT_EQ(refusal("TagResource", {{"Resource", arn("f")}, {"Tags", {{"one-more", "v"}}}}),
            invalid("Number of tags exceeds resource tag limit."));
  const std::string mapping = "arn:aws:lambda:us-east-1:123456789012:event-source-mapping:1234";
  EXPECT_EQ(refusal("ListTags", {{"Resource", mapping}}).message,
            "Event source mapping not found: " + mapping);
}

}  // namespace
}  // namespace aviary::lambda
