#include "app/junit.hpp"

#include <gtest/gtest.h>

namespace aviary::app {
namespace {

TEST(Junit, AReport) {
  const Json results = Json::parse(R"([
    {"assertion": "prod is at version 5", "holds": true, "found": "It is."},
    {"assertion": "p99 < 5 & \"quick\"", "holds": false, "found": "It is not."},
    {"assertion": "make me happy", "holds": false, "problem": "What?\nHow?"}])");
  EXPECT_EQ(junit_report(results),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites tests=\"3\" failures=\"1\" errors=\"1\">\n"
            "  <testsuite name=\"aviary assert\" tests=\"3\" failures=\"1\" errors=\"1\">\n"
            "    <testcase classname=\"aviary.assert\" name=\"prod is at version 5\"/>\n"
            "    <testcase classname=\"aviary.assert\" name=\"p99 &lt; 5 &amp; &quot;quick&quot;\">"
            "<failure message=\"It is not.\"/></testcase>\n"
            "    <testcase classname=\"aviary.assert\" name=\"make me happy\">"
            "<error message=\"What?&#10;How?\"/></testcase>\n"
            "  </testsuite>\n</testsuites>\n");
}

TEST(Junit, WhatXmlCannotCarry) {
  EXPECT_NE(junit_report(Json::array({{{"assertion", "a\x01z"}, {"holds", true}}})).find("name=\"a?z\""),
            std::string::npos);
}

}  // namespace
}  // namespace aviary::app
