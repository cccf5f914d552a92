#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/cloudwatch/core/time_series.hpp"

namespace aviary::cloudwatch {

/// Red, green, blue.
struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
  bool operator==(const Colour&) const = default;
};

/// `#1f77b4`; nothing if it is none.
std::optional<Colour> parse_colour(std::string_view text);
/// The colour of the line of that number, unless somebody chose one.
Colour colour_of_line(std::size_t number);

struct Chart {
  struct Line {
    std::string label;
    Colour colour;
    std::vector<TimeSeries::Point> points;
  };
  struct Mark {
    std::string label;
    Colour colour;
    double value = 0;
  };
  int width = 600;
  int height = 400;
  std::string title;
  EpochSeconds start = 0;
  EpochSeconds end = 0;
  std::optional<double> lowest;  ///< of the axis; nothing: what the lines need
  std::optional<double> highest;
  bool stacked = false;
  std::vector<Line> lines;
  std::vector<Mark> marks;  ///< horizontal ones, such as an alarm's threshold
};

/// The chart as a PNG file.
std::string draw_chart(const Chart& chart);

}  // namespace aviary::cloudwatch
