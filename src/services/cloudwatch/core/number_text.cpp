#include "services/cloudwatch/core/number_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace aviary::cloudwatch {

std::string number_text(double value) {
  if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
  const double size = std::fabs(value);
  if (size >= 1e-3 && size < 1e7) {
    std::string text = fmt::format("{}", value);
    return text.find('.') == std::string::npos ? text + ".0" : text;
  }
  // 1.5e+10 → 1.5E10
  std::string text = fmt::format("{:e}", value);
  for (int precision = 0; precision <= 17; ++precision) {
    text = fmt::format("{:.{}e}", value, precision);
    if (std::stod(text) == value) break;
  }
  const std::size_t e = text.find('e');
  std::string mantissa = text.substr(0, e);
  if (mantissa.find('.') == std::string::npos) mantissa += ".0";
  return mantissa + "E" + std::to_string(std::stoi(text.substr(e + 1)));
}

}  // namespace aviary::cloudwatch
