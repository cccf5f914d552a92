#include "app/canary_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aviary::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Json running() {
  return Json::parse(R"({
    "function": "orders", "alias": "prod", "now": "2026-01-01T00:01:00.000Z",
    "alarms": [{"name": "errors", "state": "OK"}],
    "versions": [
      {"version": "5", "percent": 90.0, "invokes": 540.0, "errors": 0.0, "p50_ms": 1.26, "p99_ms": 12.7},
      {"version": "6", "percent": 10.0, "invokes": 60.0, "errors": 18.0, "p50_ms": null, "p99_ms": null}],
    "deployment": {"id": "d-ABCDEFGHI", "config": "Canary", "status": "InProgress", "over": false, "hook": null,
      "next": "2026-01-01T00:05:00.000Z", "error": null, "rollback": {"deployment": null}}})");
}

TEST(CanaryTable, OneThatRuns) {
  EXPECT_EQ(canary_table(running()),
            "orders:prod  d-ABCDEFGHI  Canary  InProgress\n"
            "VERSION    SHARE   INVOKES          ERRORS        P50        P99\n"
            "5           90 %       540               0     1.3 ms      13 ms\n"
            "6           10 %        60     18 (30.0 %)          -          -\n"
            "alarm errors: OK\n"
            "next step in 4m\n");
  EXPECT_FALSE(canary_is_over(running()));
}

TEST(CanaryTable, OneThatWasRolledBack) {
  Json report = running();
  Json& deployment = report["deployment"];
  deployment["over"] = true;
  deployment["status"] = "Stopped";
  deployment["error"] = {{"code", "ALARM_ACTIVE"}, {"message", "…"}};
  deployment["rollback"]["deployment"] = "d-BACKBACKB";
  EXPECT_THAT(canary_table(report), HasSubstr("Stopped (ALARM_ACTIVE)\n"));
  EXPECT_THAT(canary_table(report), HasSubstr("rolled back by d-BACKBACKB\n"));
  EXPECT_THAT(canary_table(report), Not(HasSubstr("next step")));
  EXPECT_THAT(canary_line(report), HasSubstr("; version 6: 10 %, 60 invokes, 18 (30.0 %) errors"));
  EXPECT_THAT(canary_line(report), Not(HasSubstr("\n")));
  EXPECT_TRUE(canary_is_over(report));
}

TEST(CanaryTable, AHookThatDecides) {
  Json report = running();
  report["deployment"]["hook"] = "check";
  EXPECT_THAT(canary_table(report), HasSubstr("waits for check\n"));
}

TEST(CanaryTable, WithoutADeploymentAndWithoutAnything) {
  Json report = running();
  report["deployment"] = nullptr;
  EXPECT_THAT(canary_table(report), HasSubstr("orders:prod  no deployment\n"));
  EXPECT_TRUE(canary_is_over(report));
  EXPECT_THAT(canary_table(Json::object()), HasSubstr("VERSION"));
  EXPECT_TRUE(canary_is_over(Json::object()));
}

}  // namespace
}  // namespace aviary::app
