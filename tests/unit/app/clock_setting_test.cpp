#include "app/clock_setting.hpp"

#include <gtest/gtest.h>

namespace aviary::app {
namespace {

TEST(ParseClockSetting, ReadsModes) {
  EXPECT_EQ(parse_clock_setting("manual")->mode, host::ClockMode::Manual);
  EXPECT_EQ(parse_clock_setting("scaled=60")->speed, 60);
  for (const std::string_view text :
       {"", "scaled", "scaled=", "scaled=0", "scaled=-1", "scaled=x", "scaled=nan", "scaled=1e9", "Real"})
    EXPECT_FALSE(parse_clock_setting(text)) << text;
}

}  // namespace
}  // namespace aviary::app
