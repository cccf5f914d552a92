#include <gmock/gmock.h>

#include "service_fixture.hpp"

namespace aviary::lambda {
namespace {

class LayerPermissions : public ServiceFixture {
 protected:
  LayerPermissions() {
    answer("PublishLayerVersion", {{"LayerName", "l"}, {"Content", {{"ZipFile", "PK layer"}}}});
  }
  static std::string layer(std::string_view rest, std::string_view region = "us-east-1") {
    return "arn:aws:lambda:" + std::string(region) + ":123456789012:layer:" + std::string(rest);
  }
  static Json permission(std::string id, Json more = Json::object()) {
    Json input{{"LayerName", "l"},
               {"VersionNumber", 1},
               {"StatementId", std::move(id)},
               {"Action", "lambda:GetLayerVersion"},
               {"Principal", "*"}};
    input.update(more);
    return input;
  }
  static Json version_one(Json more = Json::object()) {
    Json input{{"LayerName", "l"}, {"VersionNumber", 1}};
    input.update(more);
    return input;
  }
  static Refusal gone(std::string text) { return {"ResourceNotFoundException", 404, std::move(text)}; }
  static Refusal denied(std::string_view action, const std::string& resource) {
    // Seen with live accounts: github.com/crucial-project/serverless-shell/issues/2.
    return {"AccessDeniedException", 403,
            "User: arn:aws:iam::111122223333:root is not authorized to perform: lambda:" +
                std::string(action) + " on resource: " + resource +
                " because no resource-based policy allows the lambda:" + std::string(action) + " action"};
  }
  const Extra other_{.account = "111122223333"};
};

TEST_F(LayerPermissions, Lifecycle) {
  // test_layer_policy_lifecycle.
  const Refusal none = gone("No policy is associated with the given resource.");
  EXPECT_EQ(refusal("GetLayerVersionPolicy", version_one()), none);
  const Json first = answer("AddLayerVersionPermission", permission("s1"));
  EXPECT_EQ(first["Statement"],
            R"({"Sid":"s1","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion",)"
            R"("Resource":"arn:aws:lambda:us-east-1:123456789012:layer:l:1"})");
  const std::string before = R"({"Version":"2012-10-17","Id":"default","Statement":[)";
  const std::string s1 = first["Statement"];
  EXPECT_EQ(answer("GetLayerVersionPolicy", version_one()),
            (Json{{"Policy", before + s1 + "]}"}, {"RevisionId", first["RevisionId"]}}));
  const Json second =
      answer("AddLayerVersionPermission", permission("s2", {{"RevisionId", first["RevisionId"]}}));
  EXPECT_NE(second["RevisionId"], first["RevisionId"]);
  EXPECT_EQ(answer("GetLayerVersionPolicy", version_one())["Policy"],
            before + s1 + "," + second["Statement"].get<std::string>() + "]}");
  answer("RemoveLayerVersionPermission",
         version_one({{"StatementId", "s2"}, {"RevisionId", second["RevisionId"]}}));
  const Json after = answer("GetLayerVersionPolicy", version_one());
  EXPECT_EQ(after["Policy"], before + s1 + "]}");
  EXPECT_NE(after["RevisionId"], second["RevisionId"]);
  answer("RemoveLayerVersionPermission", version_one({{"StatementId", "s1"}}));
  EXPECT_EQ(refusal("GetLayerVersionPolicy", version_one()), none);
  EXPECT_EQ(refusal("RemoveLayerVersionPermission", version_one({{"StatementId", "s1"}})), none);
}

TEST_F(LayerPermissions, Refusals) {
  // test_layer_policy_exceptions.
  answer("AddLayerVersionPermission", permission("s1"));
  EXPECT_EQ(
      refusal("AddLayerVersionPermission", permission("s1")),
      conflicting("The statement id (s1) provided already exists. Please provide a new statement id, or "
                  "remove the existing statement."));
  EXPECT_EQ(refusal("AddLayerVersionPermission", permission("s2", {{"RevisionId", "wrong"}})),
            stale("GetLayerPolicy"));
  EXPECT_EQ(
      refusal("RemoveLayerVersionPermission", version_one({{"StatementId", "s1"}, {"RevisionId", "wrong"}})),
      stale("GetLayerPolicy"));
  EXPECT_EQ(refusal("RemoveLayerVersionPermission", version_one({{"StatementId", "none"}})),
            gone("Statement none is not found in resource policy."));
  for (const char* operation :
       {"AddLayerVersionPermission", "RemoveLayerVersionPermission", "GetLayerVersionPolicy"}) {
    EXPECT_EQ(refusal(operation, permission("s1", {{"LayerName", "l-doesnotexist"}})),
              gone("Layer version " + layer("l-doesnotexist:1") + " does not exist."));
    for (const int number : {2, 0, -1}) {
      EXPECT_EQ(refusal(operation, permission("s1", {{"VersionNumber", number}})),
                gone("Layer version " + layer("l:" + std::to_string(number)) + " does not exist."));
    }
  }
}

TEST_F(LayerPermissions, APolicyHasItsSize) {
  Refusal refused;
  int added = 0;
  for (; added < 1000; ++added) {
    const Result<Reply> reply = call("AddLayerVersionPermission", permission("s" + std::to_string(added)));
    if (reply) continue;
    refused = {std::string(reply.error().shape->code), reply.error().shape->status, reply.error().message};
    break;
  }
  EXPECT_EQ(refused.code, "PolicyLengthExceededException");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(
      refused.message,
      ::testing::MatchesRegex("The final policy size \\([0-9]+\\) is bigger than the limit \\(20480\\)."));
  const std::string policy = answer("GetLayerVersionPolicy", version_one())["Policy"];
  EXPECT_LE(policy.size(), 20480U);
  EXPECT_EQ(Json::parse(policy)["Statement"].size(), static_cast<std::size_t>(added));
}

TEST_F(LayerPermissions, APolicyGoesWithItsVersion) {
  answer("AddLayerVersionPermission", permission("s1"));
  answer("DeleteLayerVersion", version_one());
  EXPECT_EQ(journal_.records(), 1U) << "only which numbers were used";
}

TEST_F(LayerPermissions, PrincipalsTakeTheirForms) {
  const auto statement = [&](std::string id, Json more) {
    return Json::parse(
        answer("AddLayerVersionPermission", permission(std::move(id), std::move(more)))["Statement"]
            .get<std::string>());
  };
  EXPECT_EQ(statement("everybody", Json::object())["Principal"], "*");
  const Json root{{"AWS", "arn:aws:iam::111122223333:root"}};
  EXPECT_EQ(statement("account", {{"Principal", "111122223333"}})["Principal"], root);
  EXPECT_EQ(statement("root", {{"Principal", "arn:aws:iam::111122223333:root"}})["Principal"], root);
  EXPECT_EQ(statement("organization", {{"OrganizationId", "o-a1b2c3d4e5"}})["Condition"],
            (Json{{"StringEquals", {{"aws:PrincipalOrgID", "o-a1b2c3d4e5"}}}}));
}

TEST_F(LayerPermissions, OtherAccountsNeedOne) {
  const auto create = [&](const std::string& arn) {
    Json input = new_function("f", {{"Layers", {arn}}});
    const Result<Reply> reply = call("CreateFunction", std::move(input), other_);
    if (!reply)
      return Refusal{std::string(reply.error().shape->code), reply.error().shape->status,
                     reply.error().message};
    EXPECT_EQ(reply->output["Layers"][0]["Arn"], arn);
    answer("DeleteFunction", {{"FunctionName", "f"}}, other_);
    return Refusal{};
  };
  const auto look = [&] { return refusal("GetLayerVersionByArn", {{"Arn", layer("l:1")}}, other_); };
  const Refusal no = denied("GetLayerVersion", layer("l:1"));
  EXPECT_EQ(create(layer("l:1")), no);
  EXPECT_EQ(look(), no);
  EXPECT_EQ(refusal("GetLayerVersion", {{"LayerName", layer("l")}, {"VersionNumber", 1}}, other_), no);

  for (const char* principal : {"*", "111122223333", "arn:aws:iam::111122223333:root"}) {
    answer("AddLayerVersionPermission", permission("s", {{"Principal", principal}}));
    EXPECT_EQ(create(layer("l:1")), Refusal{}) << principal;
    EXPECT_EQ(answer("GetLayerVersionByArn", {{"Arn", layer("l:1")}}, other_)["LayerVersionArn"],
              layer("l:1"));
    EXPECT_EQ(answer("GetLayerVersion", {{"LayerName", layer("l")}, {"VersionNumber", 1}}, other_)["Version"],
              1);
    answer("RemoveLayerVersionPermission", version_one({{"StatementId", "s"}}));
    EXPECT_EQ(create(layer("l:1")), no) << principal;
  }
  answer("AddLayerVersionPermission", permission("a", {{"Principal", "444455556666"}}));
  answer("AddLayerVersionPermission", permission("b", {{"OrganizationId", "o-a1b2c3d4e5"}}));
  EXPECT_EQ(create(layer("l:1")), no) << "not for this account; and it is in no organization";
  EXPECT_EQ(look(), no);
  // What is not there, and what is elsewhere, is refused alike.
  EXPECT_EQ(create(layer("l:9")), denied("GetLayerVersion", layer("l:9")));
  EXPECT_EQ(create(layer("l:1", "eu-west-1")), denied("GetLayerVersion", layer("l:1", "eu-west-1")));
}

TEST_F(LayerPermissions, AreForGettingOnly) {
  answer("AddLayerVersionPermission", permission("s"));
  const auto refused = [&](std::string_view operation, Json more = Json::object()) {
    Json input = permission("t", {{"LayerName", layer("l")}});
    input.update(more);
    return refusal(operation, std::move(input), other_);
  };
  for (const char* operation : {"DeleteLayerVersion", "AddLayerVersionPermission",
                                "RemoveLayerVersionPermission", "GetLayerVersionPolicy"})
    EXPECT_EQ(refused(operation), denied(operation, layer("l:1")));
  EXPECT_EQ(refusal("ListLayerVersions", {{"LayerName", layer("l")}}, other_),
            denied("ListLayerVersions", layer("l")));
  EXPECT_EQ(
      refusal("PublishLayerVersion", {{"LayerName", layer("l")}, {"Content", {{"ZipFile", "PK"}}}}, other_),
      denied("PublishLayerVersion", layer("l")));
}

TEST_F(LayerPermissions, AFunctionKeepsWhatItWasOnceAllowed) {
  answer("AddLayerVersionPermission", permission("s", {{"Principal", "111122223333"}}));
  answer("CreateFunction", new_function("f", {{"Layers", {layer("l:1")}}}), other_);
  answer("RemoveLayerVersionPermission", version_one({{"StatementId", "s"}}));
  restart();
  answer("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Timeout", 9}}, other_);
  EXPECT_EQ(answer("GetFunctionConfiguration", {{"FunctionName", "f"}}, other_)["Layers"],
            (Json{{{"Arn", layer("l:1")}, {"CodeSize", 8}}}));
}

TEST_F(LayerPermissions, ReachOnlyTheRegionThatIsAsked) {
  const Extra elsewhere{.region = "eu-west-1"};
  const Refusal nothing = gone("The resource you requested does not exist.");
  EXPECT_EQ(refusal("ListLayerVersions", {{"LayerName", layer("l")}}, elsewhere), nothing);
  EXPECT_EQ(refusal("DeleteLayerVersion", version_one({{"LayerName", layer("l")}}), elsewhere), nothing);
  EXPECT_EQ(refusal("GetLayerVersion", version_one({{"LayerName", layer("l")}}), elsewhere), nothing);
  EXPECT_EQ(answer("ListLayers", Json::object(), elsewhere)["Layers"], Json::array());
}

}  // namespace
}  // namespace aviary::lambda
