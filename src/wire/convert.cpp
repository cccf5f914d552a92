#include "wire/convert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/encoding.hpp"
#include "base/time.hpp"
#include "wire/protocol.hpp"

namespace aviary::wire {

using models::Shape;
using models::ShapeType;

AwsError serialization_error(std::string text) {
  return AwsError(errors::SerializationException, std::move(text));
}

std::string_view java_type(ShapeType type) {
  switch (type) {
    case ShapeType::Boolean:
      return "a Boolean";
    case ShapeType::Integer:
      return "an Integer";
    case ShapeType::Long:
      return "a Long";
    case ShapeType::Float:
      return "a Float";
    case ShapeType::Double:
      return "a Double";
    case ShapeType::Blob:
      return "a Blob";
    case ShapeType::Timestamp:
      return "milliseconds since epoch";
    default:
      return "a String";
  }
}

namespace {

AwsError mismatch(std::string_view token, ShapeType type) {
  return serialization_error(fmt::format("{} can not be converted to {}", token, java_type(type)));
}

Result<Json> whole_number(const Shape& shape, std::int64_t value) {
  if (shape.type == ShapeType::Integer &&
      (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::int32_t>::max()))
    return mismatch("NUMBER_VALUE", shape.type);
  return Json(value);
}

std::optional<bool> truth(std::string_view text) {
  std::string lower(text.substr(0, 6));
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const std::string_view yes : {"true", "yes", "y", "t", "1"})
    if (lower == yes) return true;
  for (const std::string_view no : {"false", "no", "n", "f", "0"})
    if (lower == no) return false;
  return std::nullopt;
}

Result<Json> blob(std::string&& text) {
  if (std::optional<std::string> bytes = base64_decode(text)) return Json(std::move(*bytes));
  // AWS quotes the value; one of fifty megabytes helps nobody.
  const std::string_view shown = std::string_view(text).substr(0, 256);
  if (text.size() % 4 != 0)
    return serialization_error(
        fmt::format("'{}' can not be converted to a Blob: Base64 encoded length is expected a "
                    "multiple of 4 bytes but found: {}",
                    shown, text.size()));
  const std::size_t bad =
      text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  return serialization_error(
      fmt::format("'{}' can not be converted to a Blob: Invalid Base64 character: '{}'", shown,
                  bad == std::string::npos ? ' ' : text[bad]));
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// `Mon, 15 Jan 2024 10:30:00 GMT`
std::optional<double> parse_http_date(std::string_view text) {
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || !text.ends_with(" GMT") || text.substr(3, 2) != ", ") return std::nullopt;
  const std::size_t month = months.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  const std::string iso = fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month / 3 + 1, text.substr(5, 2),
                                      text.substr(17, 8));
  const std::optional<Instant> at = parse_iso8601(iso);
  if (!at) return std::nullopt;
  return epoch_seconds(*at);
}

}  // namespace

std::optional<double> parse_timestamp(std::string_view text) {
  if (const std::optional<double> seconds = parse_number<double>(text)) {
    if (!std::isfinite(*seconds)) return std::nullopt;
    return seconds;
  }
  if (const std::optional<Instant> at = parse_iso8601(text)) return epoch_seconds(*at);
  return parse_http_date(text);
}

std::string repaired_utf8(std::string text) {
  if (is_utf8(text)) return text;
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

AwsError unexpected_object() {
  return serialization_error("Start of structure or map found where not expected.");
}

AwsError unexpected_array() { return serialization_error("Start of list found where not expected"); }

AwsError unexpected_scalar(ShapeType type) {
  switch (type) {
    case ShapeType::List:
      return serialization_error("Expected list or null");
    case ShapeType::Map:
      return serialization_error("Expected map or null");
    default:
      return serialization_error("Expected null");
  }
}

Result<Json> from_boolean(const Shape& shape, bool value) {
  if (shape.type == ShapeType::Boolean) return Json(value);
  return mismatch(value ? "TRUE_VALUE" : "FALSE_VALUE", shape.type);
}

Result<Json> from_integer(const Shape& shape, std::int64_t value) {
  switch (shape.type) {
    case ShapeType::Integer:
    case ShapeType::Long:
      return whole_number(shape, value);
    case ShapeType::Float:
    case ShapeType::Double:
    case ShapeType::Timestamp:
      return Json(static_cast<double>(value));
    default:
      return mismatch("NUMBER_VALUE", shape.type);
  }
}

Result<Json> from_unsigned(const Shape& shape, std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return from_integer(shape, static_cast<std::int64_t>(value));
  return from_double(shape, static_cast<double>(value));
}

Result<Json> from_double(const Shape& shape, double value) {
  switch (shape.type) {
    case ShapeType::Integer:
    case ShapeType::Long: {
      // AWS truncates; what no 64-bit number holds is refused.
      const double whole = std::trunc(value);
      if (!(whole >= -9.2e18 && whole <= 9.2e18)) return mismatch("NUMBER_VALUE", shape.type);
      return whole_number(shape, static_cast<std::int64_t>(whole));
    }
    case ShapeType::Float:
    case ShapeType::Double:
      return Json(value);
    case ShapeType::Timestamp:
      if (!std::isfinite(value)) return mismatch("NUMBER_VALUE", shape.type);
      return Json(value);
    default:
      return mismatch("NUMBER_VALUE", shape.type);
  }
}

Result<Json> from_string(const Shape& shape, std::string&& value) {
  switch (shape.type) {
    case ShapeType::String:
      return Json(std::move(value));
    case ShapeType::Blob:
      return blob(std::move(value));
    case ShapeType::Boolean:
      if (const std::optional<bool> is = truth(value)) return Json(*is);
      return serialization_error("STRING_VALUE can not be converted to an Boolean");  // sic
    case ShapeType::Float:
    case ShapeType::Double:
      // JSON has no other way to say them.
      if (value == "NaN") return Json(std::numeric_limits<double>::quiet_NaN());
      if (value == "Infinity") return Json(std::numeric_limits<double>::infinity());
      if (value == "-Infinity") return Json(-std::numeric_limits<double>::infinity());
      return mismatch("STRING_VALUE", shape.type);
    case ShapeType::Timestamp:
      if (const std::optional<double> seconds = parse_timestamp(value)) return Json(*seconds);
      return mismatch("STRING_VALUE", shape.type);
    default:
      return mismatch("STRING_VALUE", shape.type);
  }
}

Result<Json> from_bytes(const Shape& shape, std::string&& value) {
  if (shape.type == ShapeType::Blob) return Json(std::move(value));
  return mismatch("BINARY_VALUE", shape.type);
}

Result<Json> from_text(const Shape& shape, std::string&& text) {
  switch (shape.type) {
    case ShapeType::Integer:
    case ShapeType::Long:
      if (const std::optional<std::int64_t> value = parse_number<std::int64_t>(text))
        return whole_number(shape, *value);
      return mismatch("STRING_VALUE", shape.type);
    case ShapeType::Float:
    case ShapeType::Double:
      if (const std::optional<double> value = parse_number<double>(text)) return Json(*value);
      return mismatch("STRING_VALUE", shape.type);
    default:
      return from_string(shape, std::move(text));
  }
}

}  // namespace aviary::wire
