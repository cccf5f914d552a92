#include <gmock/gmock.h>

#include "service_fixture.hpp"

/// Request rates and code storage.
namespace aviary::lambda {
namespace {

using namespace std::chrono_literals;

class Quotas : public ServiceFixture {
 protected:
  void limit(std::string_view rates) {
    LambdaOptions options;
    options.request_rates = parse_request_rates(rates).value();
    start(std::move(options));
  }
  int admitted(std::string_view operation, const Json& input, int tries) {
    int count = 0;
    for (int i = 0; i < tries; ++i) count += call(operation, input) ? 1 : 0;
    return count;
  }
  static Refusal rate_exceeded() { return {"TooManyRequestsException", 429, "Rate exceeded"}; }
};

TEST(RequestRateTexts, AreReadAndWritten) {
  EXPECT_FALSE(parse_request_rates("off")->any());
  EXPECT_EQ(request_rates_text(*parse_request_rates("aws")),
            "control-plane=15,get-function=100,get-policy=15,invoke=10");
  EXPECT_EQ(request_rates_text(*parse_request_rates("aws,invoke=0,control-plane=2.5")),
            "control-plane=2.5,get-function=100,get-policy=15,invoke=0");
  EXPECT_EQ(request_rates_text(RequestRateLimits{}), "off");
  for (const char* bad :
       {"", "on", "aws,", "invoke", "invoke=", "invoke=-1", "invoke=x", "invoke=1e99", "what=1"})
    EXPECT_FALSE(parse_request_rates(bad)) << bad;
}

TEST(QuotaTexts, AreReadAndWritten) {
  EXPECT_EQ(quotas_text(*parse_quotas("aws")),
            "layers=5,environment=4,zipped=50,unzipped=250,provider-versions=100");
  EXPECT_EQ(quotas_text(*parse_quotas("unzipped=500,layers=8,provider-versions=7")),
            "layers=8,environment=4,zipped=50,unzipped=500,provider-versions=7");
  for (const char* bad : {"", "off", "layers", "layers=", "layers=0", "layers=-1", "layers=1.5", "layers=1,",
                          "what=1", "zipped=51", "layers=101", "environment=99999999999999999999"})
    EXPECT_FALSE(parse_quotas(bad)) << bad;
}

TEST_F(Quotas, OfAFunctionAreTheOptions) {
  LambdaOptions options;
  options.quotas = {.layers = 1, .environment_bytes = 2048, .zipped_bytes = 10, .unzipped_bytes = 300'000};
  start(std::move(options));
  const Json limit = answer("GetAccountSettings", Json::object())["AccountLimit"];
  EXPECT_EQ(limit["CodeSizeZipped"], 10);
  EXPECT_EQ(limit["CodeSizeUnzipped"], 300'000);
  const Json large{{"Environment", {{"Variables", {{"A", std::string(2048, 'x')}}}}}};
  EXPECT_THAT(refusal("CreateFunction", new_function("f", large)).message,
              ::testing::HasSubstr("exceeded the 2KB limit"));
  Json input = new_function("f");
  input["Code"] = {{"ZipFile", "PK 9 bytes and more"}};
  EXPECT_EQ(refusal("CreateFunction", input),
            (Refusal{"RequestEntityTooLargeException", 413, "Zipped size must be smaller than 10 bytes"}));
  const std::string layer = "arn:aws:lambda:us-east-1:123456789012:layer:l:1";
  EXPECT_EQ(refusal("CreateFunction", new_function("f", {{"Layers", {layer, layer}}})),
            invalid("Cannot reference more than 1 layers."));
}

TEST_F(Quotas, AreOffUnlessAskedFor) { EXPECT_EQ(admitted("GetAccountSettings", Json::object(), 500), 500); }

TEST_F(Quotas, OfTheControlPlaneAreShared) {
  limit("aws");
  answer("CreateFunction", new_function("f"));
  EXPECT_EQ(admitted("GetAccountSettings", Json::object(), 30), 14) << "15, with the creation";
  EXPECT_EQ(refusal("ListFunctions", Json::object()), rate_exceeded());
  EXPECT_EQ(last_error_->members.at(0),
            (std::pair<std::string, std::string>{"Reason", "CallerRateLimitExceeded"}));
  EXPECT_EQ(admitted("GetFunction", {{"FunctionName", "f"}}, 120), 100);
  EXPECT_EQ(invoke("f"), "$LATEST") << "which does not count here";
  EXPECT_TRUE(call("ListFunctions", Json::object(), {.account = "210987654321"})) << "another account";
  EXPECT_TRUE(call("ListFunctions", Json::object(), {.region = "eu-west-1"})) << "another region";
  clock_.advance(1s);
  EXPECT_EQ(admitted("GetAccountSettings", Json::object(), 30), 15);
  clock_.advance(200ms);
  EXPECT_EQ(admitted("GetAccountSettings", Json::object(), 30), 3);
}

TEST_F(Quotas, OfInvocationsGrowWithTheConcurrency) {
  limit("invoke=2");
  answer("CreateFunction", new_function("f"));
  answer("PutFunctionConcurrency", {{"FunctionName", "f"}, {"ReservedConcurrentExecutions", 3}});
  EXPECT_EQ(admitted("Invoke", {{"FunctionName", "f"}}, 10), 6);
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}}),
            (Refusal{"TooManyRequestsException", 429, "Rate Exceeded."}));
  EXPECT_EQ(last_error_->members.at(0).second, "ReservedFunctionInvocationRateLimitExceeded");
  answer("CreateFunction", new_function("g"));
  EXPECT_EQ(admitted("Invoke", {{"FunctionName", "g"}}, 2010), 2000);
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "g"}}).status, 429);
  EXPECT_EQ(last_error_->members.at(0).second, "FunctionInvocationRateLimitExceeded");
}

TEST_F(Quotas, OfCodeStorageCountVersionsAndLayers) {
  const Refusal full{"CodeStorageExceededException", 400, "Code storage limit exceeded."};
  LambdaOptions options;
  options.code_storage = 100;
  start(std::move(options));
  EXPECT_EQ(answer("GetAccountSettings", Json::object())["AccountLimit"]["TotalCodeSize"], 100);
  const auto code = [](std::size_t bytes) { return "PK" + std::string(bytes - 2, 'x'); };
  Json input = new_function("f");
  input["Code"] = {{"ZipFile", code(101)}};
  EXPECT_EQ(refusal("CreateFunction", input), full);
  input["Code"] = {{"ZipFile", code(40)}};
  answer("CreateFunction", input);
  answer("PublishVersion", {{"FunctionName", "f"}});
  EXPECT_EQ(refusal("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", code(61)}}), full);
  answer("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", code(41)}});
  EXPECT_EQ(refusal("PublishVersion", {{"FunctionName", "f"}}), full);
  EXPECT_EQ(refusal("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", code(42)}, {"Publish", true}}),
            full);
  EXPECT_EQ(refusal("PublishLayerVersion", {{"LayerName", "l"}, {"Content", {{"ZipFile", code(30)}}}}), full);
  EXPECT_EQ(answer("GetAccountSettings", Json::object())["AccountUsage"]["TotalCodeSize"], 81);
  answer("DeleteFunction", {{"FunctionName", "f"}, {"Qualifier", "1"}});
  answer("PublishVersion", {{"FunctionName", "f"}});
  answer("PublishVersion", {{"FunctionName", "f"}});  // nothing new, nothing more
}

}  // namespace
}  // namespace aviary::lambda
