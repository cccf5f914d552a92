#include <gmock/gmock.h>

#include "service_fixture.hpp"

/// Asynchronous invocations: their settings, how they end, and who is told.
namespace aviary::lambda {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* queue = "arn:aws:sqs:us-east-1:123456789012:results";
constexpr const char* letters = "arn:aws:sqs:us-east-1:123456789012:letters";

class Events : public ServiceFixture {
 protected:
  Events() { service_->add_event_observer(counted_); }

  void create(Json more = Json::object()) {
    answer("CreateFunction", new_function("f", std::move(more)));
    answer("GetFunction", {{"FunctionName", "f"}});
  }
  void configure(Json config) {
    config["FunctionName"] = "f";
    answer("PutFunctionEventInvokeConfig", std::move(config));
  }
  void send(std::string payload = R"({"n":1})") {
    ASSERT_TRUE(call("Invoke", {{"FunctionName", "f"}, {"InvocationType", "Event"}},
                     {.payload = std::move(payload)}));
    settle();
  }
  void pass(Duration time) {
    clock_.advance(time);
    settle();
  }
  void fail_always() {
    runner_.answer = [](const Invocation&) {
      return Outcome{.payload = R"({"errorMessage":"no good"})", .function_error = "Unhandled"};
    };
  }
  Json record(std::size_t index = 0) const { return Json::parse(messages_.messages.at(index).body); }
  int counted(EventHappening happening) { return counted_.counts[happening]; }

  testing::CountedEvents counted_;
};

TEST_F(Events, SuccessIsToldWithAwsRecord) {
  create();
  configure({{"DestinationConfig", {{"OnSuccess", {{"Destination", queue}}}}}});
  send();
  ASSERT_EQ(messages_.messages.size(), 1U);
  EXPECT_EQ(messages_.messages[0].target, queue);
  const Json told = record();
  EXPECT_EQ(told["version"], "1.0");
  EXPECT_EQ(told["timestamp"], "2024-01-15T10:30:00.000Z");
  EXPECT_EQ(told["requestContext"]["condition"], "Success");
  EXPECT_EQ(told["requestContext"]["functionArn"], arn("f:$LATEST"));
  EXPECT_EQ(told["requestContext"]["approximateInvokeCount"], 1);
  EXPECT_EQ(told["requestPayload"], Json({{"n", 1}}));
  EXPECT_EQ(told["responseContext"], Json({{"statusCode", 200}, {"executedVersion", "$LATEST"}}));
  EXPECT_EQ(told["responsePayload"], "$LATEST");
  EXPECT_EQ(messages_.messages[0].source, "lambda");
  EXPECT_EQ(messages_.messages[0].detail_type, "Lambda Function Invocation Result - Success");
  EXPECT_THAT(messages_.messages[0].resources, ElementsAre(queue, arn("f:$LATEST")));
  EXPECT_EQ(counted(EventHappening::Received), 1);
  EXPECT_EQ(counted(EventHappening::Started), 1);
  EXPECT_EQ(counted(EventHappening::Dropped), 0);
}

TEST_F(Events, ExhaustedRetriesGoToTheDestinationAndTheDeadLetterQueue) {
  create({{"DeadLetterConfig", {{"TargetArn", letters}}}});
  configure({{"DestinationConfig", {{"OnFailure", {{"Destination", queue}}}}}});
  fail_always();
  send();
  pass(1min);
  EXPECT_TRUE(messages_.messages.empty());
  pass(2min);
  ASSERT_EQ(messages_.messages.size(), 2U);
  const Json told = record();
  EXPECT_EQ(told["requestContext"]["condition"], "RetriesExhausted");
  EXPECT_EQ(told["requestContext"]["approximateInvokeCount"], 3);
  EXPECT_EQ(told["responseContext"]["functionError"], "Unhandled");
  EXPECT_EQ(told["responsePayload"]["errorMessage"], "no good");
  const OutgoingMessage& letter = messages_.messages[1];
  EXPECT_EQ(letter.target, letters);
  EXPECT_EQ(letter.body, R"({"n":1})");
  ASSERT_EQ(letter.attributes.size(), 3U);
  EXPECT_EQ(letter.attributes[0].name, "RequestID");
  EXPECT_EQ(letter.attributes[0].value, runner_.runs[0].request_id);
  EXPECT_EQ(letter.attributes[1].value, "200");
  EXPECT_TRUE(letter.attributes[1].number);
  EXPECT_EQ(letter.attributes[2].value, "no good");
  EXPECT_EQ(counted(EventHappening::Dropped), 1);
  EXPECT_EQ(service_->counts()["pending_events"], 0);
}

TEST_F(Events, RetriesAndAgeAreTheFunctionsOwn) {
  create();
  configure({{"MaximumRetryAttempts", 0}, {"DestinationConfig", {{"OnFailure", {{"Destination", queue}}}}}});
  fail_always();
  send();
  ASSERT_EQ(messages_.messages.size(), 1U);
  EXPECT_EQ(record()["requestContext"]["approximateInvokeCount"], 1);
  // A retry that would come too late is not waited for.
  configure(
      {{"MaximumEventAgeInSeconds", 60}, {"DestinationConfig", {{"OnFailure", {{"Destination", queue}}}}}});
  send();
  pass(1min);
  ASSERT_EQ(messages_.messages.size(), 2U);
  EXPECT_EQ(record(1)["requestContext"]["condition"], "EventAgeExceeded");
  EXPECT_EQ(record(1)["requestContext"]["approximateInvokeCount"], 2);
}

TEST_F(Events, ZeroReservedConcurrencyRunsNothing) {
  create();
  configure({{"DestinationConfig", {{"OnFailure", {{"Destination", queue}}}}}});
  answer("PutFunctionConcurrency", {{"FunctionName", "f"}, {"ReservedConcurrentExecutions", 0}});
  send();
  EXPECT_TRUE(runner_.runs.empty());
  const Json told = record();
  EXPECT_EQ(told["requestContext"]["condition"], "ZeroReservedConcurrency");
  EXPECT_EQ(told["requestContext"]["approximateInvokeCount"], 0);
  EXPECT_FALSE(told.contains("responseContext"));
  EXPECT_FALSE(told.contains("responsePayload"));
}

TEST_F(Events, WhatIsNotReachedIsCounted) {
  create({{"DeadLetterConfig", {{"TargetArn", letters}}}});
  configure({{"MaximumRetryAttempts", 0}, {"DestinationConfig", {{"OnFailure", {{"Destination", queue}}}}}});
  messages_.broken = {{queue, "no such queue"}, {letters, "no such queue"}};
  fail_always();
  send();
  EXPECT_EQ(counted(EventHappening::DestinationFailed), 1);
  EXPECT_EQ(counted(EventHappening::DeadLetterFailed), 1);
  EXPECT_EQ(service_->counts()["pending_events"], 0);
}

TEST_F(Events, ALoopEndsAfterSixteenRuns) {
  create();
  configure({{"DestinationConfig", {{"OnFailure", {{"Destination", queue}}}}}});
  std::string trace = "Root=1-2-3;Sampled=0";
  for (int i = 0; i < 16; ++i) {
    const std::string header = trace;
    ASSERT_TRUE(
        call("Invoke", {{"FunctionName", "f"}}, {.payload = "{}", .headers = {{"x-amzn-trace-id", header}}}));
    trace = runner_.runs.back().trace_id;
  }
  EXPECT_EQ(runner_.runs.size(), 16U);
  const Refusal refused =
      refusal("Invoke", {{"FunctionName", "f"}}, {.headers = {{"x-amzn-trace-id", trace}}});
  EXPECT_EQ(refused.code, "RecursiveInvocationException");
  EXPECT_EQ(refused.status, 400);
  // An event is accepted, and ends at once.
  ASSERT_TRUE(call("Invoke", {{"FunctionName", "f"}, {"InvocationType", "Event"}},
                   {.headers = {{"x-amzn-trace-id", trace}}}));
  settle();
  EXPECT_EQ(runner_.runs.size(), 16U);
  EXPECT_EQ(counted(EventHappening::RecursionDropped), 1);
  ASSERT_EQ(messages_.messages.size(), 1U);
  EXPECT_EQ(answer("GetFunctionRecursionConfig", {{"FunctionName", "f"}})["RecursiveLoop"], "Terminate");
  answer("PutFunctionRecursionConfig", {{"FunctionName", "f"}, {"RecursiveLoop", "Allow"}});
  EXPECT_TRUE(call("Invoke", {{"FunctionName", "f"}}, {.headers = {{"x-amzn-trace-id", trace}}}));
}

TEST_F(Events, SettingsAreReplacedOrMerged) {
  create();
  configure({{"MaximumRetryAttempts", 1}, {"MaximumEventAgeInSeconds", 100}});
  const Json merged =
      answer("UpdateFunctionEventInvokeConfig", {{"FunctionName", "f"}, {"MaximumRetryAttempts", 0}});
  EXPECT_EQ(merged["MaximumRetryAttempts"], 0);
  EXPECT_EQ(merged["MaximumEventAgeInSeconds"], 100);
  EXPECT_EQ(merged["FunctionArn"], arn("f:$LATEST"));
  EXPECT_EQ(merged["DestinationConfig"],
            Json({{"OnSuccess", Json::object()}, {"OnFailure", Json::object()}}));
  configure({{"MaximumRetryAttempts", 2}});
  EXPECT_FALSE(
      answer("GetFunctionEventInvokeConfig", {{"FunctionName", "f"}}).contains("MaximumEventAgeInSeconds"));
  EXPECT_EQ(
      answer("ListFunctionEventInvokeConfigs", {{"FunctionName", "f"}})["FunctionEventInvokeConfigs"].size(),
      1U);
  answer("DeleteFunctionEventInvokeConfig", {{"FunctionName", "f"}});
  EXPECT_EQ(refusal("DeleteFunctionEventInvokeConfig", {{"FunctionName", "f"}}).message,
            "The function " + arn("f:$LATEST") + " doesn't have an EventInvokeConfig");
}

TEST_F(Events, DeletingTheFunctionDropsWhatWaitsForIt) {
  create();
  fail_always();
  send();
  EXPECT_EQ(service_->counts()["pending_events"], 1);
  answer("DeleteFunction", {{"FunctionName", "f"}});
  EXPECT_EQ(service_->counts()["pending_events"], 0);
  EXPECT_EQ(counted(EventHappening::Dropped), 1);
  EXPECT_EQ(clock_.timers(), 0U);
}

}  // namespace
}  // namespace aviary::lambda
