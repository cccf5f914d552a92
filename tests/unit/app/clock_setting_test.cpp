#include "app/clock_setting.hpp"

#include <gtest/gtest.h>

namespace aviary::app {
namespace {

using namespace std::chrono_literals;

TEST(ParseDuration, ReadsWhatPeopleWrite) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("7d"), 168h);
  EXPECT_EQ(parse_duration("0s"), 0s);
}

TEST(ParseDuration, RefusesTheRest) {
  for (const std::string_view text :
       {"", "10", "m", "-1s", "1.5h", "10x", "10 m", "99999999d", "5000000000s"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(ParseClockSetting, ReadsModes) {
  EXPECT_EQ(parse_clock_setting("manual")->mode, host::ClockMode::Manual);
  EXPECT_EQ(parse_clock_setting("scaled=60")->speed, 60);
  for (const std::string_view text :
       {"", "scaled", "scaled=", "scaled=0", "scaled=-1", "scaled=x", "scaled=nan", "scaled=1e9", "Real"})
    EXPECT_FALSE(parse_clock_setting(text)) << text;
}

}  // namespace
}  // namespace aviary::app
