#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "models/secretsmanager.hpp"
#include "services/secretsmanager/api/secretsmanager_service.hpp"
#include "support/manual_clock.hpp"
#include "support/memory_journal.hpp"
#include "support/run_task.hpp"

namespace aviary::secretsmanager {
namespace {

/// A function that does what the templates of AWS do, by the service's own operations.
class Rotator final : public RotationFunctions {
 public:
  Task<std::optional<std::string>> run(Ask ask) override {
    const std::string step = ask.event["Step"];
    steps.push_back(step);
    if (step == fails_at) co_return "the function ends with Unhandled";
    const Json secret{{"SecretId", ask.event["SecretId"]}};
    const std::string token = ask.event["ClientRequestToken"];
    if (step == "createSecret") {
      Json input = secret;
      input.update({{"ClientRequestToken", token},
                    {"SecretString", "value " + std::to_string(++count)},
                    {"VersionStages", {"AWSPENDING"}}});
      co_await call("PutSecretValue", std::move(input));
    }
    if (step == "finishSecret") {
      Json current = secret;
      const Json now = co_await call("GetSecretValue", std::move(current));
      Json input = secret;
      input.update({{"VersionStage", "AWSCURRENT"},
                    {"RemoveFromVersionId", now["VersionId"]},
                    {"MoveToVersionId", token}});
      co_await call("UpdateSecretVersionStage", std::move(input));
    }
    co_return std::nullopt;
  }
  std::function<Task<Json>(std::string, Json)> call;
  std::vector<std::string> steps;
  std::string fails_at;
  int count = 0;
};

class RotatedSecrets : public ::testing::Test {
 protected:
  RotatedSecrets() {
    rotator.call = [this](std::string operation, Json input) {
      return answer(std::move(operation), std::move(input));
    };
    start();
    ok("CreateSecret", {{"Name", "s"}, {"SecretString", "value 0"}});
  }
  ~RotatedSecrets() override { testing::run_task(loop, service->stop()); }
  void start() {
    if (service) testing::run_task(loop, service->stop());
    service =
        std::make_unique<SecretsManagerService>(SecretsManagerDependencies{.clock = clock,
                                                                           .ids = ids,
                                                                           .journal = journal,
                                                                           .functions = rotator,
                                                                           .executor = loop.get_executor()});
    service->restore();
  }
  Call call_of(const std::string& operation, Json input) {
    Call made{};
    made.operation = models::secretsmanager::service.find_operation(operation);
    made.account = "123456789012";
    made.region = "us-east-1";
    made.now = clock.now();
    made.input = std::move(input);
    return made;
  }
  Task<Json> answer(std::string operation, Json input) {
    Call made = call_of(operation, std::move(input));
    const Result<Reply> reply = co_await service->call(std::move(made));
    EXPECT_TRUE(reply) << operation << ": " << (reply ? "" : reply.error().message);
    co_return reply ? reply->output : Json();
  }
  Json ok(const std::string& operation, Json input) {
    return testing::run_task(loop, answer(operation, std::move(input)));
  }
  std::string refused(const std::string& operation, Json input) {
    const Result<Reply> reply = testing::run_task(loop, service->call(call_of(operation, std::move(input))));
    return reply ? "" : reply.error().message;
  }
  std::string value(const char* stage = "AWSCURRENT") {
    return ok("GetSecretValue", {{"SecretId", "s"}, {"VersionStage", stage}}).value("SecretString", "");
  }
  void advance(Duration by) {
    clock.advance(by);
    loop.restart();
    loop.run();
  }

  boost::asio::io_context loop;
  testing::ManualClock clock;
  SeededRandom ids{1, "secrets"};
  testing::MemoryJournal journal;
  Rotator rotator;
  std::unique_ptr<SecretsManagerService> service;
  const Json function{{"SecretId", "s"},
                      {"RotationLambdaARN", "arn:aws:lambda:us-east-1:123456789012:function:f"}};
};

constexpr Duration day = std::chrono::hours(24);

TEST_F(RotatedSecrets, AtOnceAndThenWhenTheirTimeHasCome) {
  Json asked = function;
  asked["RotationRules"] = {{"AutomaticallyAfterDays", 30}};
  ok("RotateSecret", asked);
  EXPECT_EQ(rotator.steps,
            (std::vector<std::string>{"createSecret", "setSecret", "testSecret", "finishSecret"}));
  EXPECT_EQ(value(), "value 1");
  EXPECT_EQ(value("AWSPREVIOUS"), "value 0");
  advance(29 * day);
  EXPECT_EQ(value(), "value 1");
  advance(day);
  EXPECT_EQ(value(), "value 2");
  start();  // as after a restart
  advance(30 * day);
  EXPECT_EQ(value(), "value 3");
  const Json described = ok("DescribeSecret", {{"SecretId", "s"}});
  EXPECT_TRUE(described["RotationEnabled"]);
  EXPECT_GT(described["NextRotationDate"], described["LastRotatedDate"]);
  ok("CancelRotateSecret", {{"SecretId", "s"}});
  advance(60 * day);
  EXPECT_EQ(value(), "value 3");
  EXPECT_EQ(clock.timers(), 0U);
}

TEST_F(RotatedSecrets, OneThatFailsLeavesTheValueAndIsTriedAgain) {
  rotator.fails_at = "testSecret";
  Json asked = function;
  asked["RotationRules"] = {{"ScheduleExpression", "rate(4 hours)"}};
  ok("RotateSecret", asked);
  EXPECT_EQ(value(), "value 0");
  EXPECT_EQ(value("AWSPENDING"), "value 1");
  EXPECT_EQ(refused("RotateSecret", {{"SecretId", "s"}}),
            "A previous rotation isn't complete. That rotation will be reattempted.");
  rotator.fails_at.clear();
  rotator.count = 0;  // the same token takes the same value only
  advance(std::chrono::hours(4));
  EXPECT_EQ(value(), "value 1");
}

TEST_F(RotatedSecrets, WhatIsRefused) {
  EXPECT_EQ(refused("RotateSecret", {{"SecretId", "s"}}),
            "No Lambda rotation function ARN is associated with this secret.");
  for (const char* schedule :
       {"cron(0 8 1 * ? *)", "rate(1 hour)", "rate(10 days) ", "rate(-1 days)", "daily"}) {
    Json asked = function;
    asked["RotationRules"] = {{"ScheduleExpression", schedule}};
    EXPECT_NE(refused("RotateSecret", asked), "") << schedule;
  }
  Json both = function;
  both["RotationRules"] = {{"ScheduleExpression", "rate(10 days)"}, {"AutomaticallyAfterDays", 3}};
  EXPECT_NE(refused("RotateSecret", both), "");
  EXPECT_NE(refused("CancelRotateSecret", {{"SecretId", "s"}}), "");
  EXPECT_TRUE(rotator.steps.empty());
  // Without RotateImmediately it is set up only.
  Json asked = function;
  asked["RotateImmediately"] = false;
  asked["RotationRules"] = {{"AutomaticallyAfterDays", 1}};
  ok("RotateSecret", asked);
  EXPECT_EQ(value(), "value 0");
  advance(day);
  EXPECT_EQ(value(), "value 1");
}

}  // namespace
}  // namespace aviary::secretsmanager
