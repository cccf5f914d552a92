#include <gmock/gmock.h>

#include "service_fixture.hpp"

/// Reserved and provisioned concurrency: what may be set, what the runner is told, what is shown.
namespace aviary::lambda {
namespace {

class ConcurrencySettings : public ServiceFixture {
 protected:
  Json reserve(const std::string& name, int count) {
    return answer("PutFunctionConcurrency",
                  {{"FunctionName", name}, {"ReservedConcurrentExecutions", count}});
  }
  Json provision_for(const std::string& name, const std::string& qualifier, int count) {
    return answer(
        "PutProvisionedConcurrencyConfig",
        {{"FunctionName", name}, {"Qualifier", qualifier}, {"ProvisionedConcurrentExecutions", count}});
  }
  Json state_of(const std::string& name, const std::string& qualifier) {
    return answer("GetProvisionedConcurrencyConfig", {{"FunctionName", name}, {"Qualifier", qualifier}});
  }
  std::size_t kept(const std::string& number) { return runner_.kept[number].allocated; }
};

TEST_F(ConcurrencySettings, WhatIsReservedIsToldAndShown) {
  publish("f", 1);
  EXPECT_EQ(answer("GetFunctionConcurrency", {{"FunctionName", "f"}}), Json::object());
  EXPECT_EQ(reserve("f", 7)["ReservedConcurrentExecutions"], 7);
  EXPECT_EQ(runner_.reserved.at("f"), 7U);
  EXPECT_EQ(answer("GetFunctionConcurrency", {{"FunctionName", "f"}})["ReservedConcurrentExecutions"], 7);
  EXPECT_EQ(answer("GetFunction", {{"FunctionName", "f"}})["Concurrency"]["ReservedConcurrentExecutions"], 7);
  EXPECT_EQ(answer("GetAccountSettings", Json::object())["AccountLimit"]["UnreservedConcurrentExecutions"],
            993);
  answer("DeleteFunctionConcurrency", {{"FunctionName", "f"}});
  EXPECT_EQ(runner_.reserved.at("f"), std::nullopt);
}

TEST_F(ConcurrencySettings, AHundredStayForTheOthers) {
  publish("f", 1);
  publish("g", 1);
  reserve("g", 500);
  EXPECT_EQ(refusal("PutFunctionConcurrency", {{"FunctionName", "f"}, {"ReservedConcurrentExecutions", 401}}),
            invalid("Specified ReservedConcurrentExecutions for function decreases account's "
                    "UnreservedConcurrentExecution below its minimum value of [100]."));
  EXPECT_TRUE(last_error_->omit_type);
  reserve("f", 400);
  reserve("f", 300);  // its own reservation is replaced, not added to
}

TEST_F(ConcurrencySettings, WhatIsProvisionedIsPartOfWhatIsReserved) {
  publish("f", 2);
  reserve("f", 2);
  provision_for("f", "1", 2);
  // Blanks and all, as recorded.
  EXPECT_EQ(refusal("PutFunctionConcurrency", {{"FunctionName", "f"}, {"ReservedConcurrentExecutions", 1}}),
            invalid(" ReservedConcurrentExecutions  1 should not be lower than function's total provisioned "
                    "concurrency [2]."));
  EXPECT_EQ(refusal("PutProvisionedConcurrencyConfig",
                    {{"FunctionName", "f"}, {"Qualifier", "2"}, {"ProvisionedConcurrentExecutions", 1}}),
            invalid("Requested Provisioned Concurrency should not be greater than the "
                    "reservedConcurrentExecution for function"));
  EXPECT_EQ(runner_.reserved.at("f"), 2U);
  EXPECT_EQ(kept("2"), 0U);
}

TEST_F(ConcurrencySettings, DeletingTheFunctionFreesItsReservation) {
  publish("f", 1);
  reserve("f", 5);
  answer("DeleteFunction", {{"FunctionName", "f"}});
  EXPECT_EQ(runner_.reserved.at("f"), std::nullopt);
}

TEST_F(ConcurrencySettings, AVersionIsProvisioned) {
  publish("f", 2);
  const Json put = provision_for("f", "2", 3);
  EXPECT_EQ(put["Status"], "IN_PROGRESS");
  EXPECT_EQ(put["AllocatedProvisionedConcurrentExecutions"], 0);
  EXPECT_EQ(put["RequestedProvisionedConcurrentExecutions"], 3);
  EXPECT_EQ(put["LastModified"], "2024-01-15T10:30:00+0000");
  EXPECT_EQ(kept("2"), 3U);
  const Json got = state_of("f", "2");
  EXPECT_EQ(got["Status"], "READY");
  EXPECT_EQ(got["AvailableProvisionedConcurrentExecutions"], 3);
  runner_.kept["2"] = {3, 1, "FUNCTION_ERROR_INIT_FAILURE"};
  EXPECT_EQ(state_of("f", "2")["Status"], "FAILED");
  EXPECT_EQ(state_of("f", "2")["StatusReason"], "FUNCTION_ERROR_INIT_FAILURE");
  const Json list = answer("ListProvisionedConcurrencyConfigs", {{"FunctionName", "f"}});
  EXPECT_EQ(list["ProvisionedConcurrencyConfigs"][0]["FunctionArn"], arn("f:2"));
  answer("DeleteProvisionedConcurrencyConfig", {{"FunctionName", "f"}, {"Qualifier", "2"}});
  EXPECT_EQ(kept("2"), 0U);
}

TEST_F(ConcurrencySettings, AnAliasTakesItsEnvironmentsAlong) {
  publish("f", 2);
  answer("CreateAlias", {{"FunctionName", "f"}, {"Name", "live"}, {"FunctionVersion", "1"}});
  provision_for("f", "live", 10);
  EXPECT_EQ(kept("1"), 10U);
  answer("UpdateAlias", {{"FunctionName", "f"},
                         {"Name", "live"},
                         {"RoutingConfig", {{"AdditionalVersionWeights", {{"2", 0.3}}}}}});
  EXPECT_EQ(kept("1"), 7U);
  EXPECT_EQ(kept("2"), 3U);
  EXPECT_EQ(state_of("f", "live")["Status"], "READY");
  answer("UpdateAlias", {{"FunctionName", "f"}, {"Name", "live"}, {"FunctionVersion", "2"}});
  EXPECT_EQ(kept("1"), 0U);
  EXPECT_EQ(kept("2"), 10U);
  answer("DeleteAlias", {{"FunctionName", "f"}, {"Name", "live"}});
  EXPECT_EQ(kept("2"), 0U);
}

TEST_F(ConcurrencySettings, SettingsSurviveARestart) {
  publish("f", 1);
  reserve("f", 9);
  provision_for("f", "1", 4);
  answer("PutFunctionEventInvokeConfig", {{"FunctionName", "f"}, {"MaximumRetryAttempts", 1}});
  answer("CreateFunctionUrlConfig", {{"FunctionName", "f"}, {"AuthType", "NONE"}});
  const Json url = answer("GetFunctionUrlConfig", {{"FunctionName", "f"}});
  runner_.reserved.clear();
  runner_.kept.clear();
  restart();
  EXPECT_EQ(runner_.reserved.at("f"), 9U);
  EXPECT_EQ(kept("1"), 4U);
  EXPECT_EQ(answer("GetFunctionEventInvokeConfig", {{"FunctionName", "f"}})["MaximumRetryAttempts"], 1);
  EXPECT_EQ(answer("GetFunctionUrlConfig", {{"FunctionName", "f"}}), url);
}

}  // namespace
}  // namespace aviary::lambda
