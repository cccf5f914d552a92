#include "services/ssm/core/maintenance.hpp"

#include <gtest/gtest.h>

namespace aviary::ssm {
namespace {

std::string next(Json window, std::string_view after) {
  window["Enabled"] = window.value("Enabled", true);
  window["CreatedDate"] = 1705314600;  // 2024-01-15T10:30:00Z
  const std::optional<Instant> at = next_opening(window, *parse_iso8601(after));
  return at ? iso8601(*at, 0) : "never";
}

TEST(MaintenanceWindows, OpenAsTheirScheduleSays) {
  EXPECT_EQ(next({{"Schedule", "rate(7 days)"}}, "2024-01-16T00:00:00Z"), "2024-01-22T10:30:00Z");
  EXPECT_EQ(next({{"Schedule", "cron(0 16 ? * TUE *)"}}, "2024-01-15T00:00:00Z"), "2024-01-16T16:00:00Z");
  // Two days after the second Tuesday.
  const Json offset{{"Schedule", "cron(0 16 ? * TUE#2 *)"}, {"ScheduleOffset", 2}};
  EXPECT_EQ(next(offset, "2024-01-10T00:00:00Z"), "2024-01-11T16:00:00Z");
  const Json once{{"Schedule", "at(2024-02-01T12:00:00)"}};
  EXPECT_EQ(next(once, "2024-01-16T00:00:00Z"), "2024-02-01T12:00:00Z");
  EXPECT_EQ(next(once, "2024-02-01T12:00:00Z"), "never");
}

TEST(MaintenanceWindows, OpenBetweenTheirDates) {
  const Json window{
      {"Schedule", "cron(0 0 * * ? *)"}, {"StartDate", "2024-03-01"}, {"EndDate", "2024-03-02T12:00:00Z"}};
  EXPECT_EQ(next(window, "2024-01-16T00:00:00Z"), "2024-03-01T00:00:00Z");
  EXPECT_EQ(next(window, "2024-03-01T00:00:00Z"), "2024-03-02T00:00:00Z");
  EXPECT_EQ(next(window, "2024-03-02T00:00:00Z"), "never");
}

TEST(MaintenanceWindows, DoNotOpenWhenDisabledOrInAZoneThatIsNotKnown) {
  const Json window{{"Schedule", "rate(1 day)"}};
  Json disabled = window;
  disabled["Enabled"] = false;
  EXPECT_EQ(next(disabled, "2024-01-16T00:00:00Z"), "never");
  Json elsewhere = window;
  elsewhere["ScheduleTimezone"] = "America/Los_Angeles";
  EXPECT_EQ(next(elsewhere, "2024-01-16T00:00:00Z"), "never");
  EXPECT_TRUE(is_utc("Etc/UTC"));
}

TEST(MaintenanceWindows, SchedulesAreChecked) {
  for (const char* good : {"rate(1 day)", "cron(0 16 ? * TUE *)", "at(2024-02-01T12:00:00)"})
    EXPECT_TRUE(is_window_schedule(good)) << good;
  for (const char* bad : {"", "daily", "rate(0 days)", "at(soon)", "cron(1)"})
    EXPECT_FALSE(is_window_schedule(bad)) << bad;
}

TEST(MaintenanceWindows, PayloadsNameWhereTheyComeFrom) {
  EXPECT_EQ(with_pseudo_parameters(R"({"w": "{{WINDOW_ID}}", "t": "{{ WINDOW_TASK_ID }}"})",
                                   {{"WINDOW_ID", "mw-1"}, {"WINDOW_TASK_ID", "t-1"}}),
            R"({"w": "mw-1", "t": "t-1"})");
}

}  // namespace
}  // namespace aviary::ssm
