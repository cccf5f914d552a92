#include "service_fixture.hpp"

namespace aviary::lambda {
namespace {

class Restart : public ServiceFixture {
 protected:
  /// Everything that a caller can see.
  Json everything() {
    Json seen;
    const Json listed = answer("ListFunctions", Json::object());
    for (const Json& function : listed["Functions"]) {
      const std::string name = function["FunctionName"];
      Json& part = seen[name];
      part["function"] = answer("GetFunction", {{"FunctionName", name}});
      part["versions"] = answer("ListVersionsByFunction", {{"FunctionName", name}});
      part["aliases"] = answer("ListAliases", {{"FunctionName", name}});
      for (const char* qualifier : {"", "1", "prod"}) {
        Json input{{"FunctionName", name}};
        if (*qualifier) input["Qualifier"] = qualifier;
        const Result<Reply> policy = call("GetPolicy", input);
        if (policy) part["policies"][qualifier] = policy->output;
      }
    }
    return seen;
  }
};

TEST_F(Restart, BringsEverythingBack) {
  publish("f", 3);
  answer("UpdateFunctionConfiguration",
         {{"FunctionName", "f"},
          {"Environment", {{"Variables", {{"A_B", "ü"}}}}},
          {"LoggingConfig", {{"LogFormat", "JSON"}}},
          {"DeadLetterConfig", {{"TargetArn", "arn:aws:sqs:us-east-1:123456789012:q"}}}});
  answer("PublishVersion", {{"FunctionName", "f"}, {"Description", "mine"}});
  answer("DeleteFunction", {{"FunctionName", "f:2"}});
  answer("CreateAlias", {{"FunctionName", "f"},
                         {"Name", "prod"},
                         {"FunctionVersion", "3"},
                         {"Description", "d"},
                         {"RoutingConfig", {{"AdditionalVersionWeights", {{"4", 0.25}}}}}});
  for (const char* qualifier : {"", "1", "prod"}) {
    Json input{
        {"FunctionName", "f"}, {"StatementId", "s"}, {"Action", "lambda:*"}, {"Principal", "111122223333"}};
    if (*qualifier) input["Qualifier"] = qualifier;
    answer("AddPermission", input);
  }
  answer("TagResource", {{"Resource", arn("f")}, {"Tags", {{"a", "1"}}}});
  ASSERT_TRUE(service_->set_router({"123456789012", "us-east-1"}, "f:prod", parse_router_settings("exact")));
  answer("CreateFunction", new_function("gone", {{"Publish", true}}));
  answer("CreateAlias", {{"FunctionName", "gone"}, {"Name", "prod"}, {"FunctionVersion", "1"}});
  answer("DeleteFunction", {{"FunctionName", "gone"}});
  answer("CreateFunction", new_function("young", {{"Publish", true}}));

  const Json before = everything();
  restart();
  EXPECT_EQ(everything(), before);
  EXPECT_EQ(answer("GetAccountSettings", Json::object())["AccountUsage"]["FunctionCount"], 2);
  EXPECT_EQ(answer("PublishVersion", {{"FunctionName", "f"}})["Version"], "4") << "nothing has changed since";
  answer("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", "PK new"}});
  EXPECT_EQ(answer("PublishVersion", {{"FunctionName", "f"}})["Version"], "5");
  int fourth = 0;
  for (int i = 0; i < 100; ++i) fourth += invoke("f:prod") == "4";
  EXPECT_EQ(fourth, 25) << "the alias kept its exact mode";
}

TEST_F(Restart, WhatWasPendingSettles) {
  start({.store = {.activation_delay = std::chrono::seconds(10)}});
  answer("CreateFunction", new_function("f", {{"Publish", true}}));
  restart({.store = {.activation_delay = std::chrono::seconds(10)}});
  EXPECT_EQ(answer("GetFunctionConfiguration", {{"FunctionName", "f:1"}})["State"], "Pending");
  clock_.advance(std::chrono::seconds(10));
  EXPECT_EQ(answer("GetFunctionConfiguration", {{"FunctionName", "f:1"}})["State"], "Active");
  EXPECT_EQ(invoke("f"), "$LATEST");
}

TEST_F(Restart, NothingIsLeftOfWhatWasDeleted) {
  publish("f", 5);
  answer("CreateAlias", {{"FunctionName", "f"}, {"Name", "prod"}, {"FunctionVersion", "3"}});
  answer("AddPermission",
         {{"FunctionName", "f:prod"}, {"StatementId", "s"}, {"Action", "lambda:*"}, {"Principal", "*"}});
  answer("DeleteFunction", {{"FunctionName", "f"}});
  EXPECT_EQ(journal_.records(), 0U);
}

/// The cost of publishing, moving an alias and resolving it does not grow with the number of versions: what
/// the journal gets is counted in bytes, what the store keeps in shared handles.
TEST_F(Restart, PublishingWritesTheSameHoweverManyVersionsThereAre) {
  publish("f", 10);
  answer("CreateAlias", {{"FunctionName", "f"}, {"Name", "prod"}, {"FunctionVersion", "1"}});
  const auto cost = [&](int round) {
    const std::size_t before = journal_.written_bytes;
    answer("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", "PK code " + std::to_string(round)}});
    const std::string version = answer("PublishVersion", {{"FunctionName", "f"}})["Version"];
    answer("UpdateAlias", {{"FunctionName", "f"}, {"Name", "prod"}, {"FunctionVersion", version}});
    EXPECT_EQ(invoke("f:prod"), version);
    runner_.runs.clear();
    return journal_.written_bytes - before;
  };
  const std::size_t early = cost(1000);
  for (int i = 1001; i < 4000; ++i) cost(i);
  EXPECT_LT(cost(9999), early + 64) << "only numbers have more digits";
}

TEST_F(Restart, AThousandVersionsOfOneZipCostOneZip) {
  answer("CreateFunction", new_function("f"));
  for (int i = 0; i < 1000; ++i) {
    answer("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Description", std::to_string(i)}});
    answer("PublishVersion", {{"FunctionName", "f"}});
  }
  EXPECT_EQ(codes_.size(), 1U);
  EXPECT_EQ(codes_.stores, 1U);
  const Function* function = service_->store().find({"123456789012", "us-east-1"}, "f", {clock_.now(), ids_});
  for (const auto& [number, snapshot] : function->versions) {
    EXPECT_EQ(snapshot.version->code, function->latest.version->code);
  }
}

}  // namespace
}  // namespace aviary::lambda
