#include "rehearsal/assertion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rehearsal/facts.hpp"

namespace aviary::rehearsal {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// Version 5 was healthy, version 6 was not, and the deployment was taken back.
class Story final : public Facts {
 public:
  Instant now() const override { return at + 1h; }
  Checked<std::string> function_with_alias(const std::string& function,
                                           const std::string& alias) const override {
    if (alias != "prod") return Refusal{"There is no alias " + alias + "."};
    return accepted(function.empty() ? std::string("orders") : function);
  }
  Checked<std::string> function_with_version(const std::string& function,
                                             const std::string& version) const override {
    if (version != "5" && version != "6" && version != "7")
      return Refusal{"There is no version " + version + "."};
    return accepted(function.empty() ? std::string("orders") : function);
  }
  std::optional<AliasFacts> alias(const std::string&, const std::string&) const override { return now_at; }
  std::map<std::string, double> picked(const std::string&, const std::string&,
                                       const std::string&) const override {
    return {{"5", 900}, {"6", 100}};
  }
  std::map<std::string, double> ran(const std::string&, const std::string&, const Span& span) const override {
    asked = span;
    return {{"5", 1}, {"6", 1}};
  }
  CountFacts counts(const std::string&, const std::string& version, const Span& span) const override {
    asked = span;
    if (version == "7") return {};
    return version == "5" ? CountFacts{.invokes = 900} : CountFacts{.invokes = 100, .errors = 30};
  }
  std::optional<double> duration(const std::string&, const std::string& version, const std::string& statistic,
                                 const Span&) const override {
    if (version == "7") return std::nullopt;
    const double base = statistic == "p99" ? 100 : 10;
    return version == "5" ? base : base * 1.2;
  }
  std::optional<DeploymentFacts> deployment(const std::string& id) const override {
    if (id != "d-1") return std::nullopt;
    return DeploymentFacts{.status = "Stopped",
                           .created = at,
                           .completed = at + 10min,
                           .reason = "ALARM_ACTIVE",
                           .rollback_id = "d-2",
                           .rollback_status = "Succeeded",
                           .rolled_back = at + 11min,
                           .alarm = "errors",
                           .alarmed = at + 9min + 30s};
  }
  std::optional<std::string> alarm_state(const std::string& name) const override {
    return name == "errors" ? std::optional<std::string>("ALARM") : std::nullopt;
  }
  AliasFacts now_at{.version = "5"};
  mutable Span asked;
  Instant at = *parse_iso8601("2026-01-01T00:00:00Z");
};

std::string judged(const std::string& text, const Story& story = {}) {
  const auto assertion = Assertion::parse(text);
  if (!assertion) return "not understood: " + assertion.error().message;
  const auto verdict = judge(*assertion, story);
  if (!verdict) return "refused: " + verdict.error().message;
  return (verdict->holds ? "yes: " : "no: ") + verdict->found;
}

TEST(Assertions, TheShareOfAVersion) {
  EXPECT_EQ(judged("prod sent between 8 and 12 % to version 6"),
            "yes: prod sent 10 % (100 of 1000 invokes) to version 6.");
  EXPECT_THAT(judged("orders:prod sent between 8% and 9% to version 6"), HasSubstr("no: "));
  EXPECT_THAT(judged("prod sent at least 90% to version 5."), HasSubstr("yes: "));
  EXPECT_THAT(judged("prod sent less than 10 % to version 6"), HasSubstr("no: "));
  EXPECT_THAT(judged("prod sent exactly 50 % to version 6 in the last 5 minutes"), HasSubstr("yes: "));
  EXPECT_THAT(judged("test sent exactly 50 % to version 6"), HasSubstr("refused: There is no alias"));
}

TEST(Assertions, WhereAnAliasIs) {
  Story story;
  EXPECT_THAT(judged("prod is at version 5", story), HasSubstr("yes"));
  EXPECT_THAT(judged("prod points to orders:6", story), HasSubstr("no: prod is at version 5."));
  story.now_at.additional_version = "6";
  story.now_at.additional_percent = 10;
  EXPECT_THAT(judged("prod is at version 5", story), HasSubstr("no: prod is at version 5, and sends 10 %"));
}

TEST(Assertions, HowADeploymentEnded) {
  EXPECT_THAT(judged("deployment d-1 rolled back"),
              HasSubstr("yes: Deployment d-1 is Stopped (ALARM_ACTIVE)"));
  EXPECT_THAT(
      judged("deployment d-1 rolled back within 2 minutes of the alarm"),
      HasSubstr(
          "yes: Deployment d-1 is Stopped (ALARM_ACTIVE), rolled back by d-2, which is Succeeded, 1m30s "
          "after alarm errors went off."));
  EXPECT_THAT(judged("deployment d-1 rolled back within 1 minute of the alarm"), HasSubstr("no: "));
  EXPECT_THAT(judged("deployment d-1 was rolled back within 11m"), HasSubstr("yes: "));
  EXPECT_THAT(judged("deployment d-1 succeeded"), HasSubstr("no: Deployment d-1 is Stopped"));
  EXPECT_THAT(judged("deployment d-1 stopped within 10 minutes"), HasSubstr("yes: "));
  EXPECT_THAT(judged("deployment d-9 succeeded"), HasSubstr("refused: There is no deployment d-9"));
}

TEST(Assertions, ErrorsAndInvokes) {
  EXPECT_THAT(judged("no error of version 5"), HasSubstr("yes: "));
  EXPECT_THAT(judged("no errors of version 6"),
              HasSubstr("no: In all, version 6 had 30 errors in 100 invokes."));
  EXPECT_THAT(judged("at most 30 errors of orders:6"), HasSubstr("yes: "));
  EXPECT_THAT(judged("fewer than 30 errors of version 6"), HasSubstr("no: "));
  EXPECT_THAT(judged("between 20 and 40 errors of version 6"), HasSubstr("yes: "));
  EXPECT_THAT(judged("error rate of version 6 below 1 %"), HasSubstr("no: 30 %"));
  EXPECT_THAT(judged("error rate of version 6 is between 25 and 35 %"), HasSubstr("yes: "));
  EXPECT_THAT(judged("at least 100 invokes of version 6"), HasSubstr("yes: Version 6 had 100 invokes."));
  EXPECT_THAT(judged("no throttle of version 6"), HasSubstr("yes: "));
  EXPECT_EQ(judged("no error of version 7"), "no: Version 7 was not invoked.") << "nothing was shown";
}

TEST(Assertions, Durations) {
  EXPECT_EQ(judged("p99 of version 6 within 10 % of version 5"),
            "no: p99 of version 6 is 120 ms, of version 5 100 ms: 20 % more.");
  EXPECT_THAT(judged("p99 of version 6 within 20% of version 5"), HasSubstr("yes: "));
  EXPECT_THAT(judged("p99 of version 5 at most 10 % above version 6"), HasSubstr("yes: "));
  EXPECT_THAT(judged("p99 of version 6 below 200 ms"), HasSubstr("yes: "));
  EXPECT_THAT(judged("median of version 6 at most 10ms"), HasSubstr("no: p50"));
  EXPECT_THAT(judged("average duration of version 6 is above 1ms"), HasSubstr("yes: "));
  EXPECT_THAT(judged("p99 of version 7 below 1s"), HasSubstr("no: Version 7 was not invoked."));
}

TEST(Assertions, Alarms) {
  EXPECT_THAT(judged("alarm errors is ALARM"), HasSubstr("yes: "));
  EXPECT_THAT(judged("alarm errors is in OK"), HasSubstr("no: Alarm errors is ALARM."));
  EXPECT_THAT(judged("alarm other is OK"), HasSubstr("refused: There is no alarm"));
}

TEST(Assertions, WhatOfThePastCounts) {
  Story story;
  judged("no error of version 5 in the last 5 minutes", story);
  EXPECT_EQ(story.asked.from, story.now() - 5min);
  judged("no error of version 5 since 2026-01-01T00:10:00Z", story);
  EXPECT_EQ(story.asked.from, story.at + 10min);
  judged("no error of version 5 during deployment d-1", story);
  EXPECT_EQ(story.asked.from, story.at);
  EXPECT_EQ(story.asked.until, story.at + 10min);
  EXPECT_THAT(judged("no error of version 5 during d-7", story),
              HasSubstr("refused: There is no deployment d-7"));
}

TEST(Assertions, WhatIsNotUnderstoodSaysWhatIs) {
  for (const char* text :
       {"", "hello", "prod", "prod sent 10 to version 6", "prod sent between 12 and 8 % to version 6",
        "deployment d-1 exploded", "no error", "no error of version", "p99 of version 6",
        "p101 of version 6 below 1s", "p99 of version 6 within 10 of version 5", "alarm x is GREEN",
        "deployment d-1 succeeded within soon", "no error of version 5 in the last",
        "no error of version 5 or else", "error rate of version 6 below 1",
        "at least many errors of version 5"}) {
    const auto assertion = Assertion::parse(text);
    ASSERT_FALSE(assertion) << text;
    EXPECT_THAT(assertion.error().message, HasSubstr("prod sent between 8 and 12 % to version 6")) << text;
  }
}

}  // namespace
}  // namespace aviary::rehearsal
