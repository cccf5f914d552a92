#include "wire/java_text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <string_view>

namespace aviary::wire {

using models::Shape;
using models::ShapeType;

std::string java_double(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  const double magnitude = std::fabs(value);
  char buffer[40];
  if (value == 0 || (magnitude >= 1e-3 && magnitude < 1e7)) {
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
    std::string text(buffer, end);
    if (text.find('.') == std::string::npos) text += ".0";
    return text;
  }
  // `1e+10` becomes `1.0E10`, `1.5e-05` becomes `1.5E-5`.
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const std::size_t exponent = text.find('e');
  std::string mantissa(text.substr(0, exponent));
  if (mantissa.find('.') == std::string::npos) mantissa += ".0";
  std::string_view digits = text.substr(exponent + 1);
  const bool negative = digits.starts_with('-');
  digits.remove_prefix(1);
  while (digits.size() > 1 && digits.starts_with('0')) digits.remove_prefix(1);
  return fmt::format("{}E{}{}", mantissa, negative ? "-" : "", digits);
}

std::string java_text(const Shape& shape, const Json& value) {
  if (value.is_null()) return "null";
  switch (shape.type) {
    case ShapeType::List: {
      std::string text = "[";
      for (const Json& element : value) {
        if (text.size() > 1) text += ", ";
        text += java_text(*shape.element, element);
      }
      return text + "]";
    }
    case ShapeType::Map: {
      std::string text = "{";
      for (const auto& [key, element] : value.items()) {
        if (text.size() > 1) text += ", ";
        text += key + "=" + java_text(*shape.element, element);
      }
      return text + "}";
    }
    case ShapeType::Structure: {
      std::string text = "{";
      for (const models::Member& member : shape.members) {
        const auto found = value.find(member.name);
        if (found == value.end()) continue;
        if (text.size() > 1) text += ", ";
        text += fmt::format("{}={}", member.name, java_text(*member.shape, *found));
      }
      return text + "}";
    }
    case ShapeType::Blob: {
      const std::size_t size = value.is_string() ? value.get_ref<const std::string&>().size() : 0;
      return fmt::format("java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", size);
    }
    case ShapeType::Float:
    case ShapeType::Double:
      if (value.is_number()) return java_double(value.get<double>());
      break;
    default:
      break;
  }
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace aviary::wire
