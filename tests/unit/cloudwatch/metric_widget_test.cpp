// GetMetricWidgetImage: a picture that says what the data says.
#include <zlib.h>

#include "service_fixture.hpp"
#include "services/cloudwatch/core/chart.hpp"

namespace aviary::cloudwatch {
namespace {

/// A PNG of this service's own making, taken apart again.
struct Decoded {
  std::size_t width = 0;
  std::size_t height = 0;
  std::string lines;

  Colour at(std::size_t x, std::size_t y) const {
    const auto* dot = reinterpret_cast<const std::uint8_t*>(lines.data()) + y * (width * 3 + 1) + 1 + x * 3;
    return {dot[0], dot[1], dot[2]};
  }
  std::size_t count(Colour colour) const {
    std::size_t found = 0;
    for (std::size_t y = 0; y < height; ++y)
      for (std::size_t x = 0; x < width; ++x) found += at(x, y) == colour ? 1 : 0;
    return found;
  }
  /// The highest dot of that colour; `height` if there is none.
  std::size_t top(Colour colour) const {
    for (std::size_t y = 0; y < height; ++y)
      for (std::size_t x = 0; x < width; ++x)
        if (at(x, y) == colour) return y;
    return height;
  }
};

std::size_t word(const std::string& bytes, std::size_t at) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
  return value;
}

Decoded decode(const std::string& png) {
  EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
  Decoded decoded;
  for (std::size_t at = 8; at < png.size();) {
    const std::size_t size = word(png, at);
    const std::string type = png.substr(at + 4, 4);
    const std::string data = png.substr(at + 8, size);
    const std::string checked = type + data;
    EXPECT_EQ(word(png, at + 8 + size),
              crc32(0, reinterpret_cast<const Bytef*>(checked.data()), static_cast<uInt>(checked.size())));
    if (type == "IHDR") {
      decoded.width = word(data, 0);
      decoded.height = word(data, 4);
    } else if (type == "IDAT") {
      uLongf length = (decoded.width * 3 + 1) * decoded.height;
      decoded.lines.resize(length);
      EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(decoded.lines.data()), &length,
                           reinterpret_cast<const Bytef*>(data.data()), data.size()),
                Z_OK);
    }
    at += 12 + size;
  }
  return decoded;
}

class WidgetImages : public CloudWatch {
 protected:
  Decoded image(const Json& widget) {
    const Json answer = ok("GetMetricWidgetImage", {{"MetricWidget", widget.dump()}});
    return decode(answer.value("MetricWidgetImage", ""));
  }
  std::string refused(const std::string& widget) {
    return error("GetMetricWidgetImage", {{"MetricWidget", widget}}).second;
  }
};

constexpr Colour blue{0, 0, 255};

TEST_F(WidgetImages, DrawsALineWhereTheDataIs) {
  for (int minute = 0; minute < 60; ++minute) {
    put(minute < 30 ? 0 : 100);
    advance(60);
  }
  const Json widget{{"width", 400},
                    {"height", 200},
                    {"title", "Errors of the shop"},
                    {"period", 60},
                    {"stat", "Sum"},
                    {"start", "-PT1H"},
                    {"metrics", {{"Shop", "Errors", {{"color", "#0000ff"}}}}}};
  const Decoded decoded = image(widget);
  EXPECT_EQ(decoded.width, 400U);
  EXPECT_EQ(decoded.height, 200U);
  EXPECT_GT(decoded.count(blue), 400U);
  // Low on the left, high on the right.
  std::size_t left = 0;
  std::size_t right = 0;
  for (std::size_t y = 0; y < 175; ++y) {
    if (decoded.at(100, y) == blue) left = y;
    if (decoded.at(350, y) == blue) right = y;
  }
  EXPECT_GT(left, right + 50);
}

TEST_F(WidgetImages, KnowsShorthandsExpressionsAndMarks) {
  put(5);
  ok("PutMetricData", {{"Namespace", "Shop"}, {"MetricData", {{{"MetricName", "Visits"}, {"Value", 50}}}}});
  const Decoded decoded =
      image({{"metrics",
              {{"Shop", "Errors", {{"id", "e"}, {"visible", false}}},
               {".", "Visits", {{"id", "v"}, {"visible", false}}},
               {{{"expression", "100 * e / v"}, {"label", "rate"}, {"color", "#0000ff"}}}}},
             {"annotations", {{"horizontal", {{{"value", 20}, {"color", "#00ff00"}, {"label", "limit"}}}}}},
             {"yAxis", {{"left", {{"min", 0}, {"max", 40}}}}}});
  EXPECT_EQ(decoded.width, 600U);
  EXPECT_EQ(decoded.height, 400U);
  EXPECT_GT(decoded.count(blue), 0U);
  EXPECT_GT(decoded.count({0, 255, 0}), 100U);
}

TEST_F(WidgetImages, RefusesWhatIsNoWidget) {
  for (const char* widget :
       {"", "[]", "{}", R"({"metrics": []})", R"({"metrics": ["a"]})", R"({"metrics": [["a"]]})",
        R"({"metrics": [[".", "b"]]})", R"({"metrics": [["a", "b"]], "width": 100000})",
        R"({"metrics": [["a", "b"]], "start": "soon"})", R"({"metrics": [["a", "b", {"stat": "Best"}]]})",
        R"({"metrics": [[{"expression": "nothing + 1"}]]})",
        R"({"metrics": [["a", "b"]], "start": "-P400000D", "period": 1})"})
    EXPECT_NE(refused(widget), "") << widget;
}

TEST(Colours, AreReadOrNot) {
  EXPECT_EQ(parse_colour("#1f77b4"), (Colour{31, 119, 180}));
  EXPECT_FALSE(parse_colour("1f77b4"));
  EXPECT_FALSE(parse_colour("#1f77bx"));
}

}  // namespace
}  // namespace aviary::cloudwatch
