#include "services/lambda/core/durable_execution.hpp"

#include <gtest/gtest.h>

namespace aviary::lambda {
namespace {

using namespace std::chrono_literals;

constexpr Instant start{std::chrono::seconds(1'767'225'600)};  // 2026-01-01

DurableExecution fresh() {
  DurableExecution about;
  about.scope = {"123456789012", "us-east-1"};
  about.function_name = "flow";
  about.version = "3";
  about.name = "january";
  about.id = "id";
  about.payload = R"({"n":1})";
  about.timeout_seconds = 60;
  about.started = start;
  return begin_durable_execution(std::move(about), "own");
}

Json update(const char* type, const char* action, const char* id = "a", Json more = Json::object()) {
  Json made{{"Id", id}, {"Type", type}, {"Action", action}};
  made.update(more);
  return made;
}

void take(DurableExecution& execution, const Json& one, Instant at = start) {
  const Result<> fits = check_durable_updates(execution, Json::array({one}));
  ASSERT_TRUE(fits) << fits.error().message;
  apply_durable_update(execution, one, at, "Y2FsbGJhY2s=");
}

std::string refusal(const DurableExecution& execution, const Json& updates) {
  const Result<> fits = check_durable_updates(execution, updates);
  return fits ? "" : fits.error().message;
}

const Json wait_a_minute{{"WaitOptions", {{"WaitSeconds", 60}}}};

TEST(DurableExecution, HasItsVersionsArn) {
  EXPECT_EQ(fresh().arn(),
            "arn:aws:lambda:us-east-1:123456789012:function:flow:3/durable-execution/january/id");
}

TEST(DurableExecution, StepsCountTheirAttempts) {
  DurableExecution execution = fresh();
  take(execution, update("STEP", "START"));
  take(execution,
       update("STEP", "RETRY", "a",
              {{"StepOptions", {{"NextAttemptDelaySeconds", 5}}}, {"Error", {{"ErrorMessage", "no"}}}}));
  const DurableOperation& step = *execution.find("a");
  const Json& details = step.record.at("StepDetails");
  EXPECT_EQ(step.status(), "PENDING");
  EXPECT_EQ(details.at("Attempt").get<int>(), 1);
  EXPECT_EQ(details.at("NextAttemptTimestamp").get<double>(), 1'767'225'605.0);
  EXPECT_TRUE(awaits_anything(execution));
  EXPECT_EQ(refusal(execution, Json::array({update("STEP", "SUCCEED")})),
            "Invalid current STEP state to close.");
  ready_durable_step(execution, *execution.find("a"));
  EXPECT_FALSE(awaits_anything(execution));
  take(execution, update("STEP", "SUCCEED", "a", {{"Payload", "1"}}));
  EXPECT_EQ(execution.find("a")->record["StepDetails"], (Json{{"Attempt", 2}, {"Result", "1"}}));
  EXPECT_EQ(refusal(execution, Json::array({update("STEP", "START")})),
            "Invalid current STEP state to start.");
}

TEST(DurableExecution, AStepMayBeginAndEndInOneRequestAndNothingElseMay) {
  const DurableExecution execution = fresh();
  EXPECT_EQ(refusal(execution, Json::array({update("STEP", "START"), update("STEP", "SUCCEED")})), "");
  EXPECT_EQ(refusal(execution, Json::array({update("STEP", "SUCCEED"), update("STEP", "START")})),
            "Cannot update the same operation twice in a single request.");
  EXPECT_EQ(refusal(execution,
                    Json::array({update("WAIT", "START", "a", wait_a_minute), update("WAIT", "CANCEL")})),
            "Cannot update the same operation twice in a single request.");
}

TEST(DurableExecution, OnlyContextsAreParents) {
  DurableExecution execution = fresh();
  const Json child = update("STEP", "START", "b", {{"ParentId", "a"}});
  EXPECT_EQ(refusal(execution, Json::array({child})), "Invalid parent operation id.");
  EXPECT_EQ(refusal(execution, Json::array({update("CONTEXT", "START"), child})), "");
  take(execution, update("STEP", "START"));
  EXPECT_EQ(refusal(execution, Json::array({child})), "Invalid parent operation id.");
}

TEST(DurableExecution, AReplayIsSparedTheInsidesOfWhatIsDone) {
  DurableExecution execution = fresh();
  take(execution, update("CONTEXT", "START"));
  take(execution, update("CONTEXT", "START", "b", {{"ParentId", "a"}}));
  take(execution, update("STEP", "SUCCEED", "c", {{"ParentId", "b"}}));
  EXPECT_EQ(durable_state(execution, {}, 10)["Operations"].size(), 4U);
  take(execution, update("CONTEXT", "SUCCEED", "b"));
  EXPECT_EQ(durable_state(execution, {}, 10)["Operations"].size(), 3U);
  take(execution, update("CONTEXT", "SUCCEED", "a"));
  EXPECT_EQ(durable_state(execution, {}, 10)["Operations"].size(), 2U);
  const Json page = durable_state(execution, {}, 1);
  EXPECT_EQ(page["Operations"].size(), 1U);
  EXPECT_EQ(durable_state(execution, page["NextMarker"].get<std::string>(), 1)["Operations"][0]["Id"], "a");
}

TEST(DurableExecution, EndsOnce) {
  DurableExecution execution = fresh();
  take(execution, update("EXECUTION", "SUCCEED", "whatever", {{"Payload", "1"}}), start + 5s);
  end_durable_execution(execution, "TIMED_OUT", std::nullopt, nullptr, start + 60s);
  EXPECT_EQ(execution.status, "SUCCEEDED");
  EXPECT_EQ(execution.result, "1");
  EXPECT_EQ(execution.ended, start + 5s);
  EXPECT_EQ(execution.events.size(), 2U);
  EXPECT_EQ(execution.events.back()["Id"], "own");
}

TEST(DurableExecution, ComesBackFromItsRecordsAsItWas) {
  DurableExecution execution = fresh();
  take(execution, update("WAIT", "START", "a", wait_a_minute));
  take(execution, update("CALLBACK", "START", "b", {{"CallbackOptions", {{"TimeoutSeconds", 5}}}}));
  DurableExecution back = durable_execution_from(Json::parse(durable_head(execution).dump()));
  for (const DurableOperation& one : execution.operations) {
    DurableOperation copy = durable_operation_from(Json::parse(durable_record(one).dump()));
    back.index.emplace(copy.id(), back.operations.size());
    back.operations.push_back(std::move(copy));
  }
  back.events = execution.events;
  EXPECT_EQ(durable_envelope(back), durable_envelope(execution));
  EXPECT_EQ(durable_head(back), durable_head(execution));
  EXPECT_EQ(back.find("b")->options, execution.find("b")->options);
}

TEST(DurableExecution, TheFunctionGetsTimesAsTexts) {
  DurableExecution execution = fresh();
  take(execution, update("WAIT", "START", "a", wait_a_minute));
  const Json envelope = Json::parse(durable_envelope(execution));
  EXPECT_EQ(envelope["InitialExecutionState"]["Operations"][0]["StartTimestamp"], "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(envelope["InitialExecutionState"]["Operations"][1]["WaitDetails"]["ScheduledEndTimestamp"],
            "2026-01-01T00:01:00.000Z");
  EXPECT_EQ(envelope["UpdatedOperationIds"], Json::array({"a"}));
}

}  // namespace
}  // namespace aviary::lambda
