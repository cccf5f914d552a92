#include "app/junit.hpp"

#include <fmt/format.h>

#include <string_view>

namespace aviary::app {
namespace {

/// For an attribute's value. What XML 1.0 cannot carry at all becomes a question mark.
std::string escaped(std::string_view text) {
  std::string xml;
  for (const char c : text) {
    switch (c) {
      case '&':
        xml += "&amp;";
        break;
      case '<':
        xml += "&lt;";
        break;
      case '>':
        xml += "&gt;";
        break;
      case '"':
        xml += "&quot;";
        break;
      case '\n':
        xml += "&#10;";
        break;
      case '\t':
        xml += "&#9;";
        break;
      default:
        xml += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return xml;
}

}  // namespace

std::string junit_report(const Json& results) {
  std::string cases;
  std::size_t failures = 0;
  std::size_t errors = 0;
  for (const Json& result : results) {
    cases += fmt::format("    <testcase classname=\"aviary.assert\" name=\"{}\"",
                         escaped(result.value("assertion", std::string())));
    if (result.contains("problem")) {
      ++errors;
      cases +=
          fmt::format("><error message=\"{}\"/></testcase>\n", escaped(result["problem"].get<std::string>()));
    } else if (!result.value("holds", false)) {
      ++failures;
      cases += fmt::format("><failure message=\"{}\"/></testcase>\n",
                           escaped(result.value("found", std::string())));
    } else {
      cases += "/>\n";
    }
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites tests=\"{0}\" failures=\"{1}\" errors=\"{2}\">\n"
      "  <testsuite name=\"aviary assert\" tests=\"{0}\" failures=\"{1}\" errors=\"{2}\">\n{3}"
      "  </testsuite>\n</testsuites>\n",
      results.size(), failures, errors, cases);
}

}  // namespace aviary::app
