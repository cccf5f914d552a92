#include "service_fixture.hpp"

/// SnapStart, as far as the service decides it.
namespace aviary::lambda {
namespace {

using Kind = SnapshotOutcome::Kind;

class SnapStart : public ServiceFixture {
 protected:
  static Json on() { return {{"SnapStart", {{"ApplyOn", "PublishedVersions"}}}}; }
  Json configuration(std::string qualifier) {
    return answer("GetFunctionConfiguration", {{"FunctionName", "f"}, {"Qualifier", std::move(qualifier)}});
  }
};

TEST_F(SnapStart, AVersionWaitsForItsSnapshot) {
  answer("CreateFunction", new_function("f", on()));
  const Json published = answer("PublishVersion", {{"FunctionName", "f"}});
  EXPECT_EQ(published["State"], "Pending");
  EXPECT_EQ(published["SnapStart"], (Json{{"ApplyOn", "PublishedVersions"}, {"OptimizationStatus", "Off"}}));
  settle();
  EXPECT_EQ(runner_.snapshots, std::vector<std::string>{"1"});
  const Json active = configuration("1");
  EXPECT_EQ(active["State"], "Active");
  EXPECT_EQ(active["SnapStart"]["OptimizationStatus"], "On");
  EXPECT_NE(active["RevisionId"], published["RevisionId"]);
  EXPECT_EQ(configuration("$LATEST")["SnapStart"]["OptimizationStatus"], "Off");
  EXPECT_EQ(answer("PublishVersion", {{"FunctionName", "f"}})["Version"], "1") << "nothing has changed";
  EXPECT_EQ(invoke("f:1"), "1");
}

TEST_F(SnapStart, WhatIsPublishedWithACreationOrAnUpdateWaitsToo) {
  Json input = new_function("f", on());
  input["Publish"] = true;
  EXPECT_EQ(answer("CreateFunction", input)["State"], "Pending");
  settle();
  EXPECT_EQ(configuration("1")["State"], "Active");
  const Json updated =
      answer("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", "PK two"}, {"Publish", true}});
  EXPECT_EQ(updated["State"], "Pending");
  settle();
  EXPECT_EQ(configuration("2")["State"], "Active");
  EXPECT_EQ(runner_.snapshots, (std::vector<std::string>{"1", "2"}));
}

TEST_F(SnapStart, NobodyRunsAVersionThatIsNotReady) {
  runner_.snapshot_outcome.kind = Kind::Interrupted;
  answer("CreateFunction", new_function("f", on()));
  answer("PublishVersion", {{"FunctionName", "f"}});
  settle();
  for (const char* operation : {"Invoke", "InvokeWithResponseStream"}) {
    EXPECT_EQ(refusal(operation, {{"FunctionName", "f"}, {"Qualifier", "1"}}),
              (Refusal{"SnapStartNotReadyException", 409,
                       "Lambda is initializing your function. It will be ready to invoke once your function "
                       "state becomes ACTIVE."}));
  }
  EXPECT_EQ(invoke("f"), "$LATEST") << "which needs none";
  runner_.snapshot_outcome.kind = Kind::Ready;
  restart();
  EXPECT_EQ(configuration("1")["State"], "Active") << "made by the next process";
}

TEST_F(SnapStart, ARestartMakesThemAgain) {
  answer("CreateFunction", new_function("f", on()));
  answer("PublishVersion", {{"FunctionName", "f"}});
  settle();
  const Json before = configuration("1");
  runner_.snapshots.clear();
  runner_.snapshot_outcome = {.kind = Kind::Failed, .code = "FunctionError.InitTimeout", .reason = "slow"};
  restart();
  EXPECT_EQ(runner_.snapshots, std::vector<std::string>{"1"});
  EXPECT_EQ(configuration("1"), before) << "whatever comes of it, the version stays what it was";
}

TEST_F(SnapStart, AnInitThatFailsFailsTheVersion) {
  runner_.snapshot_outcome = {
      .kind = Kind::Failed, .code = "FunctionError.RuntimeInitError", .reason = "Runtime.ImportModuleError"};
  answer("CreateFunction", new_function("f", on()));
  answer("PublishVersion", {{"FunctionName", "f"}});
  settle();
  for (const bool again : {false, true}) {
    if (again) restart();
    const Json failed = configuration("1");
    EXPECT_EQ(failed["State"], "Failed");
    EXPECT_EQ(failed["StateReasonCode"], "FunctionError.RuntimeInitError");
    EXPECT_EQ(failed["StateReason"], "Runtime.ImportModuleError");
    EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}, {"Qualifier", "1"}}),
              conflicting("The operation cannot be performed at this time. The function is currently in the "
                          "following state: Failed"));
  }
}

TEST_F(SnapStart, AVersionThatWasDeletedMeanwhileStaysAway) {
  answer("CreateFunction", new_function("f", on()));
  answer("PublishVersion", {{"FunctionName", "f"}});
  answer("DeleteFunction", {{"FunctionName", "f"}});
  settle();
  EXPECT_EQ(refusal("GetFunction", {{"FunctionName", "f"}}).code, "ResourceNotFoundException");
}

TEST_F(SnapStart, IsRefusedWhereAwsHasItNot) {
  const auto refused = [&](Json more) {
    Json input = on();
    input.update(more);
    return refusal("CreateFunction", new_function("f", input));
  };
  EXPECT_EQ(
      refused({{"EphemeralStorage", {{"Size", 1024}}}}),
      invalid("Ephemeral storage greater than 512 MB is not supported for SnapStart enabled functions."));
  EXPECT_EQ(refused({{"Runtime", "provided.al2023"}}),
            invalid("provided.al2023 is not supported for SnapStart enabled functions."));
  answer("CreateFunction", new_function("f", on()));
  EXPECT_EQ(refusal("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Runtime", "python3.11"}}),
            invalid("python3.11 is not supported for SnapStart enabled functions."));
  answer("PublishVersion", {{"FunctionName", "f"}});
  EXPECT_EQ(refusal("PutProvisionedConcurrencyConfig",
                    {{"FunctionName", "f"}, {"Qualifier", "1"}, {"ProvisionedConcurrentExecutions", 1}}),
            invalid("Provisioned Concurrency is not supported for SnapStart enabled functions."));
  answer("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"SnapStart", {{"ApplyOn", "None"}}}});
  answer("PublishVersion", {{"FunctionName", "f"}});
  EXPECT_EQ(configuration("2")["State"], "Active");
}

}  // namespace
}  // namespace aviary::lambda
