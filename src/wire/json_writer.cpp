#include "wire/json_writer.hpp"

#include <charconv>
#include <chrono>
#include <cmath>

#include "base/encoding.hpp"
#include "base/time.hpp"
#include "wire/body_name.hpp"

namespace aviary::wire {
namespace {

using models::Location;
using models::Member;
using models::Shape;
using models::ShapeType;
using models::TimestampFormat;

constexpr std::string_view hex = "0123456789abcdef";

template <class... Format>
void append_chars(std::string& out, auto value, Format... format) {
  char buffer[400];  // the longest double in fixed notation has 325 characters
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, format...).ptr);
}

void append_json_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    return;
  }
  const std::size_t start = out.size();
  append_chars(out, value);
  if (out.find_first_of(".e", start) == std::string::npos) out += ".0";
}

Instant instant_of(double seconds) {
  // Beyond what the calendar of the library holds, the nearest that it does.
  constexpr double bound = 2.5e11;
  seconds = std::isnan(seconds) ? 0 : std::fmin(std::fmax(seconds, -bound), bound);
  return Instant(Duration(std::llround(seconds * 1e6)));
}

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void structure(const Json& document, const Shape& shape, bool whole) {
    out_ += '{';
    bool first = true;
    if (document.is_object()) {
      for (const Member& member : shape.members) {
        if (!whole && member.location != Location::Body) continue;
        const auto found = document.find(member.name);
        if (found == document.end() || found->is_null()) continue;
        if (!first) out_ += ',';
        first = false;
        append_json_string(out_, body_name(member));
        out_ += ':';
        const TimestampFormat own = member.timestamp_format;
        value(*found, *member.shape, own == TimestampFormat::Default ? member.shape->timestamp_format : own);
      }
    }
    out_ += '}';
  }

 private:
  void value(const Json& value, const Shape& shape, TimestampFormat format) {
    if (shape.document) return raw(value);
    switch (shape.type) {
      case ShapeType::Structure:
        return structure(value, shape, true);
      case ShapeType::List:
        return list(value, shape);
      case ShapeType::Map:
        return map(value, shape);
      case ShapeType::Blob:
        if (!value.is_string()) return raw(value);
        return append_json_string(out_, base64_encode(value.get_ref<const std::string&>()));
      case ShapeType::Float:
      case ShapeType::Double:
        if (!value.is_number()) return raw(value);
        return append_json_double(out_, value.get<double>());
      case ShapeType::Timestamp:
        return timestamp(value, format);
      default:
        return raw(value);
    }
  }

  void timestamp(const Json& value, TimestampFormat format) {
    if (!value.is_number()) return raw(value);
    const auto seconds = value.get<double>();
    if (format != TimestampFormat::Default && format != TimestampFormat::UnixSeconds)
      return append_json_string(out_, format_timestamp(seconds, format));
    if (!std::isfinite(seconds)) return append_json_double(out_, seconds);
    append_chars(out_, seconds, std::chars_format::fixed);
  }

  void list(const Json& value, const Shape& shape) {
    if (!value.is_array()) return raw(value);
    out_ += '[';
    bool first = true;
    for (const Json& element : value) {
      if (element.is_null() && !shape.sparse) continue;
      if (!first) out_ += ',';
      first = false;
      this->value(element, *shape.element, shape.element->timestamp_format);
    }
    out_ += ']';
  }

  void map(const Json& value, const Shape& shape) {
    if (!value.is_object()) return raw(value);
    out_ += '{';
    bool first = true;
    for (const auto& [key, element] : value.items()) {
      if (element.is_null() && !shape.sparse) continue;
      if (!first) out_ += ',';
      first = false;
      append_json_string(out_, key);
      out_ += ':';
      this->value(element, *shape.element, shape.element->timestamp_format);
    }
    out_ += '}';
  }

  void raw(const Json& value) {
    if (value.is_string()) return append_json_string(out_, value.get_ref<const std::string&>());
    if (value.is_number_unsigned()) return append_chars(out_, value.get<std::uint64_t>());
    if (value.is_number_integer()) return append_chars(out_, value.get<std::int64_t>());
    out_ += value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  std::string& out_;
};

}  // namespace

void write_json(std::string& out, const Json& document, const Shape& structure, bool whole) {
  JsonWriter(out).structure(document, structure, whole);
}

void append_json_string(std::string& out, std::string_view text) {
  if (!is_utf8(text)) {
    out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
    return;
  }
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    out += '\\';
    switch (byte) {
      case '"':
      case '\\':
        out += static_cast<char>(byte);
        break;
      case '\n':
        out += 'n';
        break;
      case '\r':
        out += 'r';
        break;
      case '\t':
        out += 't';
        break;
      case '\b':
        out += 'b';
        break;
      case '\f':
        out += 'f';
        break;
      default:
        out += "u00";
        out += hex[byte >> 4];
        out += hex[byte & 15];
    }
  }
  out.append(text, plain);
  out += '"';
}

std::string format_timestamp(double seconds, TimestampFormat format) {
  switch (format) {
    case TimestampFormat::Iso8601:
      return iso8601(instant_of(seconds), seconds == std::floor(seconds) ? 0 : 3);
    case TimestampFormat::Rfc822:
      return http_date(instant_of(seconds));
    default: {
      std::string text;
      append_chars(text, seconds, std::chars_format::fixed);
      return text;
    }
  }
}

}  // namespace aviary::wire
