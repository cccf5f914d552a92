#include "base/bounded_json.hpp"

#include <gtest/gtest.h>

#include "base/wildcard.hpp"

namespace aviary {
namespace {

TEST(BoundedJson, TakesWhatNestsModerately) {
  EXPECT_EQ(parse_bounded<Json>(R"({"a": ["]]]", "\"[["]})")["a"].size(), 2U);
  EXPECT_TRUE(parse_bounded<Json>(std::string(1'000'000, '[') + std::string(1'000'000, ']')).is_discarded());
  EXPECT_FALSE(parse_bounded<Json>('"' + std::string(1'000'000, '[') + '"').is_discarded());
  for (const char* bad : {"", "{", "nothing", "\"\\"})
    EXPECT_TRUE(parse_bounded<Json>(bad).is_discarded()) << bad;
}

TEST(Wildcards, MatchWholeTexts) {
  EXPECT_TRUE(matches_wildcard("a*c?", "abbcd"));
  EXPECT_FALSE(matches_wildcard("a*c?", "abbc"));
}

}  // namespace
}  // namespace aviary
