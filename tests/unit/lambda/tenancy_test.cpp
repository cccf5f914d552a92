#include "service_fixture.hpp"

/// TenancyConfig, as far as the service decides it.
namespace aviary::lambda {
namespace {

using namespace std::chrono_literals;

class Tenancy : public ServiceFixture {
 protected:
  static Json isolated() { return {{"TenancyConfig", {{"TenantIsolationMode", "PER_TENANT"}}}}; }
  static Json call_of(std::string name, std::string tenant, std::string type = "RequestResponse") {
    Json input{{"FunctionName", std::move(name)}, {"InvocationType", std::move(type)}};
    if (!tenant.empty()) input["TenantId"] = std::move(tenant);
    return input;
  }
  static Refusal nameless() {
    return invalid(
        "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request "
        "and try again.");
  }
  static Refusal not_isolated() {
    return invalid(
        "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your "
        "request and try again.");
  }
  static Refusal unsupported(const std::string& what) {
    return invalid(what + " is not supported for functions with tenant isolation mode enabled.");
  }
};

TEST_F(Tenancy, IsGivenBack) {
  answer("CreateFunction", new_function("f", isolated()));
  EXPECT_EQ(answer("GetFunctionConfiguration", {{"FunctionName", "f"}})["TenancyConfig"],
            isolated()["TenancyConfig"]);
}

TEST_F(Tenancy, EveryInvocationNamesATenantOrNoneDoes) {
  answer("CreateFunction", new_function("f", isolated()));
  answer("CreateFunction", new_function("plain"));
  for (const char* type : {"RequestResponse", "Event", "DryRun"}) {
    EXPECT_EQ(refusal("Invoke", call_of("f", "", type)), nameless()) << type;
    EXPECT_EQ(refusal("Invoke", call_of("plain", "blue", type)), not_isolated()) << type;
    EXPECT_TRUE(call("Invoke", call_of("f", "blue", type))) << type;
  }
  EXPECT_EQ(refusal("Invoke", call_of("nope", "blue")).code, "ResourceNotFoundException");
  settle();
  ASSERT_EQ(runner_.runs.size(), 2U);
  for (const Invocation& run : runner_.runs) EXPECT_EQ(run.tenant_id, "blue");
}

TEST_F(Tenancy, AnEventKeepsItsTenantOverARestart) {
  answer("CreateFunction", new_function("f", isolated()));
  runner_.answer = [](const Invocation&) { return Outcome{.payload = "{}", .function_error = "Unhandled"}; };
  EXPECT_TRUE(call("Invoke", call_of("f", "blue", "Event")));
  settle();
  restart();
  clock_.advance(2min);
  settle();
  ASSERT_GE(runner_.runs.size(), 2U);
  EXPECT_EQ(runner_.runs.back().tenant_id, "blue");
}

TEST_F(Tenancy, DoesNotGoTogetherWith) {
  Json snap = isolated();
  snap["SnapStart"] = {{"ApplyOn", "PublishedVersions"}};
  EXPECT_EQ(refusal("CreateFunction", new_function("f", snap)), unsupported("SnapStart"));
  answer("CreateFunction", new_function("f", isolated()));
  EXPECT_EQ(refusal("UpdateFunctionConfiguration",
                    {{"FunctionName", "f"}, {"SnapStart", {{"ApplyOn", "PublishedVersions"}}}}),
            unsupported("SnapStart"));
  answer("PublishVersion", {{"FunctionName", "f"}});
  EXPECT_EQ(refusal("PutProvisionedConcurrencyConfig",
                    {{"FunctionName", "f"}, {"Qualifier", "1"}, {"ProvisionedConcurrentExecutions", 1}}),
            unsupported("Provisioned Concurrency"));
  EXPECT_EQ(refusal("CreateFunctionUrlConfig", {{"FunctionName", "f"}, {"AuthType", "NONE"}}),
            unsupported("A function URL"));
  EXPECT_EQ(refusal("CreateEventSourceMapping",
                    {{"FunctionName", "f"}, {"EventSourceArn", "arn:aws:sqs:us-east-1:123456789012:q"}}),
            unsupported("An event source mapping"));
}

}  // namespace
}  // namespace aviary::lambda
