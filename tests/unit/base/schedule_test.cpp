#include "base/schedule.hpp"

#include <gtest/gtest.h>

#include "base/time.hpp"

namespace aviary {
namespace {

std::string next(std::string_view expression, std::string_view after) {
  const std::optional<Schedule> schedule = Schedule::parse(expression);
  if (!schedule) return "refused";
  const Instant start = *parse_iso8601("2024-01-15T10:30:00Z");
  const std::optional<Instant> at = schedule->next(start, *parse_iso8601(after));
  return at ? iso8601(*at, 0) : "never";
}

// The examples of EventBridge's guide: rate and cron expressions.
TEST(Schedule, Next) {
  EXPECT_EQ(next("rate(5 minutes)", "2024-01-15T10:30:00Z"), "2024-01-15T10:35:00Z");
  EXPECT_EQ(next("rate(1 hour)", "2024-01-15T12:29:59Z"), "2024-01-15T12:30:00Z");
  EXPECT_EQ(next("rate(7 days)", "2024-01-15T10:31:00Z"), "2024-01-22T10:30:00Z");
  EXPECT_EQ(next("cron(0 10 * * ? *)", "2024-01-15T10:00:00Z"), "2024-01-16T10:00:00Z");
  EXPECT_EQ(next("cron(15 12 * * ? *)", "2024-01-15T10:00:00Z"), "2024-01-15T12:15:00Z");
  EXPECT_EQ(next("cron(0 18 ? * MON-FRI *)", "2024-01-19T18:00:00Z"), "2024-01-22T18:00:00Z");
  EXPECT_EQ(next("cron(0 8 1 * ? *)", "2024-01-15T10:00:00Z"), "2024-02-01T08:00:00Z");
  EXPECT_EQ(next("cron(0/15 * * * ? *)", "2024-01-15T10:44:30Z"), "2024-01-15T10:45:00Z");
  EXPECT_EQ(next("cron(0/5 8-17 ? * MON-FRI *)", "2024-01-19T17:55:00Z"), "2024-01-22T08:00:00Z");
  EXPECT_EQ(next("cron(0 9 ? * 2#1 *)", "2024-01-15T10:00:00Z"), "2024-02-05T09:00:00Z");
  EXPECT_EQ(next("cron(0 9 ? * 6L *)", "2024-01-15T10:00:00Z"), "2024-01-26T09:00:00Z");
  EXPECT_EQ(next("cron(0 9 L * ? *)", "2024-02-15T10:00:00Z"), "2024-02-29T09:00:00Z");
  EXPECT_EQ(next("cron(0 9 3W * ? *)", "2024-01-15T10:00:00Z"), "2024-02-02T09:00:00Z");
  EXPECT_EQ(next("cron(0 9 1W * ? 2024)", "2024-05-02T10:00:00Z"), "2024-06-03T09:00:00Z");
  EXPECT_EQ(next("cron(0 0 1 JAN ? 2025-2026)", "2025-06-01T00:00:00Z"), "2026-01-01T00:00:00Z");
  EXPECT_EQ(next("cron(0 0 1 1 ? 2020)", "2024-01-15T10:00:00Z"), "never");
  EXPECT_EQ(next("cron(0 12 ? * FRI-MON *)", "2024-01-15T13:00:00Z"), "2024-01-19T12:00:00Z");
}

TEST(Schedule, Refusals) {
  for (const char* expression :
       {"", "rate(5 minute)", "rate(1 minutes)", "rate(0 minutes)", "rate(5 seconds)", "rate(5)",
        "cron(0 10 * * ?)", "cron(0 10 * * * *)", "cron(0 10 ? * ? *)", "cron(60 10 * * ? *)",
        "cron(0 24 * * ? *)", "cron(0 10 32 * ? *)", "cron(0 10 ? * 8 *)", "cron(0 10 ? * 2#6 *)",
        "cron(0 10 * 13 ? *)", "cron(x 10 * * ? *)", "at(2024-01-01)"})
    EXPECT_FALSE(Schedule::parse(expression)) << expression;
}

}  // namespace
}  // namespace aviary
