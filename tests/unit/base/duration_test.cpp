#include "base/duration.hpp"

#include <gtest/gtest.h>

namespace aviary {
namespace {

using namespace std::chrono_literals;

TEST(DurationText, IsReadBack) {
  EXPECT_EQ(duration_text(90min), "1h30m");
  EXPECT_EQ(duration_text(0s), "0s");
  EXPECT_EQ(duration_text(1500ms), "1s500ms");
  EXPECT_EQ(duration_text(-2s), "-2s");
  for (const Duration duration : {Duration(1ms), Duration(59s), Duration(24h), Duration(25h + 3ms)})
    EXPECT_EQ(parse_duration(duration_text(duration)), duration);
}

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

}  // namespace
}  // namespace aviary
