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

}  // namespace
}  // namespace aviary
