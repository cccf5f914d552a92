#include "services/cloudwatch/core/chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "services/cloudwatch/core/chart_font.hpp"
#include "services/cloudwatch/core/png.hpp"

namespace aviary::cloudwatch {
namespace {

constexpr Colour ink{68, 68, 68};
constexpr Colour grid{224, 224, 224};
constexpr int letter = 6;  ///< width, the gap included
constexpr int row = 12;    ///< height of a line of text
constexpr int left_edge = 56;

class Canvas {
 public:
  Canvas(int width, int height)
      : picture_{width, height,
                 std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height * 3, 255)} {}

  void dot(int x, int y, Colour colour) {
    if (x < 0 || y < 0 || x >= picture_.width || y >= picture_.height) return;
    std::uint8_t* at = &picture_.dots[(static_cast<std::size_t>(y) * picture_.width + x) * 3];
    at[0] = colour.red;
    at[1] = colour.green;
    at[2] = colour.blue;
  }
  void fill(int x, int y, int width, int height, Colour colour) {
    for (int v = y; v < y + height; ++v)
      for (int u = x; u < x + width; ++u) dot(u, v, colour);
  }
  /// Two dots thick, as seen on dashboards.
  void stroke(int x0, int y0, int x1, int y1, Colour colour) {
    const int steps = std::max({std::abs(x1 - x0), std::abs(y1 - y0), 1});
    for (int i = 0; i <= steps; ++i)
      fill(x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps, 2, 2, colour);
  }
  void write(int x, int y, std::string_view text, Colour colour) {
    for (const char c : text) {
      const auto index = static_cast<std::size_t>(static_cast<unsigned char>(c)) - ' ';
      const auto& columns = chart_font[index < chart_font.size() ? index : '?' - ' '];
      for (int column = 0; column < 5; ++column)
        for (int bit = 0; bit < 8; ++bit)
          if (columns[static_cast<std::size_t>(column)] >> bit & 1) dot(x + column, y + bit, colour);
      x += letter;
    }
  }
  const Picture& picture() const noexcept { return picture_; }

 private:
  Picture picture_;
};

std::string short_number(double value) {
  static constexpr std::array<std::pair<double, char>, 4> scales{
      {{1e12, 'T'}, {1e9, 'G'}, {1e6, 'M'}, {1e3, 'k'}}};
  for (const auto& [scale, name] : scales)
    if (std::fabs(value) >= scale) return fmt::format("{:.3g}{}", value / scale, name);
  return fmt::format("{:.3g}", value);
}

/// What the axis goes from and to, and in which steps.
struct Axis {
  double low = 0;
  double high = 1;
  double step = 0.2;
};

Axis axis_for(double low, double high, const Chart& chart) {
  if (chart.lowest) low = *chart.lowest;
  if (chart.highest) high = *chart.highest;
  if (!(high > low)) high = low + (low == 0 ? 1 : std::fabs(low));
  // 1, 2 or 5 times a power of ten, some five of them.
  const double rough = (high - low) / 5;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = power;
  for (const double factor : {2.0, 5.0, 10.0})
    if (step < rough) step = factor * power;
  Axis axis{chart.lowest.value_or(std::floor(low / step) * step),
            chart.highest.value_or(std::ceil(high / step) * step), step};
  if (!(axis.high > axis.low)) axis.high = axis.low + step;
  return axis;
}

/// Each line on top of the ones before it.
std::vector<Chart::Line> stack(std::vector<Chart::Line> lines) {
  std::map<EpochSeconds, double> below;
  for (Chart::Line& line : lines)
    for (TimeSeries::Point& point : line.points) point.value = below[point.at] += point.value;
  return lines;
}

}  // namespace

std::optional<Colour> parse_colour(std::string_view text) {
  if (text.size() != 7 || text[0] != '#') return std::nullopt;
  std::array<std::uint8_t, 3> parts{};
  for (std::size_t i = 1; i < 7; ++i) {
    const char c = text[i];
    int digit = 0;
    if (c >= '0' && c <= '9')
      digit = c - '0';
    else if (c >= 'a' && c <= 'f')
      digit = c - 'a' + 10;
    else if (c >= 'A' && c <= 'F')
      digit = c - 'A' + 10;
    else
      return std::nullopt;
    parts[(i - 1) / 2] = static_cast<std::uint8_t>(parts[(i - 1) / 2] * 16 + digit);
  }
  return Colour{parts[0], parts[1], parts[2]};
}

Colour colour_of_line(std::size_t number) {
  static constexpr std::array<Colour, 10> colours{{{31, 119, 180},
                                                   {255, 127, 14},
                                                   {44, 160, 44},
                                                   {214, 39, 40},
                                                   {148, 103, 189},
                                                   {140, 86, 75},
                                                   {227, 119, 194},
                                                   {127, 127, 127},
                                                   {188, 189, 34},
                                                   {23, 190, 207}}};
  return colours[number % colours.size()];
}

std::string draw_chart(const Chart& chart) {
  Canvas canvas(chart.width, chart.height);
  const std::vector<Chart::Line> lines = chart.stacked ? stack(chart.lines) : chart.lines;
  double low = 0;
  double high = std::numeric_limits<double>::lowest();
  for (const Chart::Line& line : lines) {
    for (const TimeSeries::Point& point : line.points) {
      low = std::min(low, point.value);
      high = std::max(high, point.value);
    }
  }
  for (const Chart::Mark& mark : chart.marks) {
    low = std::min(low, mark.value);
    high = std::max(high, mark.value);
  }
  const Axis axis = axis_for(low, std::max(high, low), chart);

  const int legend_rows = std::min<int>(static_cast<int>(lines.size()), std::max(0, chart.height / 2 / row));
  const int top = chart.title.empty() ? row : 2 * row;
  const int bottom = chart.height - row * (legend_rows + 2);
  const int right = chart.width - row;
  const auto at_y = [&](double value) {
    const double part = std::clamp((value - axis.low) / (axis.high - axis.low), 0.0, 1.0);
    return bottom - static_cast<int>(std::lround(part * (bottom - top)));
  };
  const auto at_x = [&](EpochSeconds at) {
    const double part = static_cast<double>(at - chart.start) / static_cast<double>(chart.end - chart.start);
    return left_edge + static_cast<int>(std::lround(std::clamp(part, 0.0, 1.0) * (right - left_edge)));
  };

  canvas.write(left_edge, 4, chart.title, ink);
  for (int i = 0; i <= 20; ++i) {
    const double value = axis.low + i * axis.step;
    if (value > axis.high + axis.step / 100) break;
    canvas.fill(left_edge, at_y(value), right - left_edge, 1, grid);
    const std::string text = short_number(value);
    canvas.write(left_edge - 4 - letter * static_cast<int>(text.size()), at_y(value) - 4, text, ink);
  }
  constexpr int moments = 4;
  for (int i = 0; i <= moments; ++i) {
    const EpochSeconds at = chart.start + (chart.end - chart.start) * i / moments;
    const std::string text = iso8601(to_instant(at), 0).substr(11, 5);
    canvas.fill(at_x(at), bottom, 1, 4, ink);
    canvas.write(at_x(at) - letter * 5 / 2, bottom + 6, text, ink);
  }
  canvas.fill(left_edge, bottom, right - left_edge, 1, ink);

  for (const Chart::Mark& mark : chart.marks) {
    for (int x = left_edge; x < right; x += 8) canvas.fill(x, at_y(mark.value), 5, 1, mark.colour);
    canvas.write(left_edge + 4, at_y(mark.value) - 10, mark.label, mark.colour);
  }
  for (const Chart::Line& line : lines) {
    for (std::size_t i = 0; i < line.points.size(); ++i) {
      const TimeSeries::Point& point = line.points[i];
      const TimeSeries::Point& before = line.points[i == 0 ? 0 : i - 1];
      canvas.stroke(at_x(before.at), at_y(before.value), at_x(point.at), at_y(point.value), line.colour);
    }
  }
  for (int i = 0; i < legend_rows; ++i) {
    const int y = bottom + 2 * row + i * row - 2;
    canvas.fill(left_edge, y, 8, 8, lines[static_cast<std::size_t>(i)].colour);
    canvas.write(left_edge + 14, y, lines[static_cast<std::size_t>(i)].label, ink);
  }
  return to_png(canvas.picture());
}

}  // namespace aviary::cloudwatch
