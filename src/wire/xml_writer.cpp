#include "wire/xml_writer.hpp"

#include "base/encoding.hpp"
#include "wire/convert.hpp"
#include "wire/java_text.hpp"
#include "wire/json_writer.hpp"

namespace aviary::wire {
namespace {

using models::Location;
using models::Member;
using models::Shape;
using models::ShapeType;
using models::TimestampFormat;

constexpr std::string_view replacement = "\xEF\xBF\xBD";

std::string scalar_text(const Json& value, const Shape& shape, TimestampFormat format) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return shape.type == ShapeType::Blob ? base64_encode(text) : text;
  }
  if (value.is_number()) {
    if (shape.type == ShapeType::Timestamp)
      return format_timestamp(value.get<double>(),
                              format == TimestampFormat::Default ? TimestampFormat::Iso8601 : format);
    // Services written in Java print them so.
    if (shape.type == ShapeType::Float || shape.type == ShapeType::Double || value.is_number_float())
      return java_double(value.get<double>());
  }
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class XmlWriter {
 public:
  explicit XmlWriter(std::string& out) : out_(out) {}

  void members(const Json& document, const Shape& shape, bool whole) {
    if (!document.is_object()) return;
    for (const Member& member : shape.members) {
      if (member.xml_attribute || (!whole && member.location != Location::Body)) continue;
      const auto found = document.find(member.name);
      if (found == document.end() || found->is_null()) continue;
      const std::string_view name = member.location == Location::Body && !member.location_name.empty()
                                        ? member.location_name
                                        : member.name;
      const Shape& own = *member.shape;
      const bool flattened = member.flattened || own.flattened;
      if (own.type == ShapeType::List && flattened && found->is_array()) {
        elements(*found, own, own.element_location_name.empty() ? name : own.element_location_name);
      } else if (own.type == ShapeType::Map && flattened && found->is_object()) {
        entries(*found, own, name);
      } else {
        element(name, *found, own, format_of(member));
      }
    }
  }

 private:
  static TimestampFormat format_of(const Member& member) {
    return member.timestamp_format != TimestampFormat::Default ? member.timestamp_format
                                                               : member.shape->timestamp_format;
  }

  /// One element with whatever belongs into it.
  void element(std::string_view name, const Json& value, const Shape& shape, TimestampFormat format) {
    out_ += '<';
    out_ += name;
    if (shape.type == ShapeType::Structure) attributes(value, shape);
    out_ += '>';
    const std::size_t start = out_.size();
    if (shape.type == ShapeType::Structure && !shape.document) {
      members(value, shape, true);
    } else if (shape.type == ShapeType::List && value.is_array()) {
      elements(value, shape, shape.element_location_name.empty() ? "member" : shape.element_location_name);
    } else if (shape.type == ShapeType::Map && value.is_object()) {
      entries(value, shape, "entry");
    } else if (!value.is_null()) {
      append_xml_text(out_, scalar_text(value, shape, format));
    }
    if (out_.size() == start) {
      out_.back() = '/';
      out_ += '>';
      return;
    }
    out_ += "</";
    out_ += name;
    out_ += '>';
  }

  void attributes(const Json& value, const Shape& shape) {
    if (!value.is_object()) return;
    for (const Member& member : shape.members) {
      if (!member.xml_attribute) continue;
      const auto found = value.find(member.name);
      if (found == value.end() || found->is_null()) continue;
      const std::string_view name = member.location_name.empty() ? member.name : member.location_name;
      // A prefix that nobody has bound makes the document unreadable.
      if (name.starts_with("xsi:")) out_ += " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
      out_ += ' ';
      out_ += name;
      out_ += "=\"";
      append_xml_text(out_, scalar_text(*found, *member.shape, format_of(member)));
      out_ += '"';
    }
  }

  void elements(const Json& value, const Shape& shape, std::string_view name) {
    for (const Json& each : value)
      if (!each.is_null() || shape.sparse)
        element(name, each, *shape.element, shape.element->timestamp_format);
  }

  void entries(const Json& value, const Shape& shape, std::string_view name) {
    const std::string_view key_tag = shape.key_location_name.empty() ? "key" : shape.key_location_name;
    const std::string_view value_tag =
        shape.element_location_name.empty() ? "value" : shape.element_location_name;
    for (const auto& [key, each] : value.items()) {
      if (each.is_null() && !shape.sparse) continue;
      out_ += '<';
      out_ += name;
      out_ += '>';
      append_xml_element(out_, key_tag, key);
      element(value_tag, each, *shape.element, shape.element->timestamp_format);
      out_ += "</";
      out_ += name;
      out_ += '>';
    }
  }

  std::string& out_;
};

}  // namespace

void write_xml(std::string& out, const Json& document, const Shape& structure, bool whole) {
  XmlWriter(out).members(document, structure, whole);
}

void append_xml_text(std::string& out, std::string_view text) {
  if (!is_utf8(text)) return append_xml_text(out, repaired_utf8(std::string(text)));
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    std::string_view instead;
    std::size_t length = 1;
    if (byte == '&') {
      instead = "&amp;";
    } else if (byte == '<') {
      instead = "&lt;";
    } else if (byte == '>') {
      instead = "&gt;";
    } else if (byte == '"') {
      instead = "&quot;";
    } else if (byte == '\r') {
      instead = "&#xD;";  // a parser would make a line feed of it
    } else if (byte < 0x20 && byte != '\t' && byte != '\n') {
      instead = replacement;
    } else if (byte == 0xEF && (text.substr(i, 3) == "\xEF\xBF\xBE" || text.substr(i, 3) == "\xEF\xBF\xBF")) {
      instead = replacement;  // U+FFFE and U+FFFF are characters that XML has not
      length = 3;
    } else {
      continue;
    }
    out.append(text, plain, i - plain);
    out += instead;
    i += length - 1;
    plain = i + 1;
  }
  out.append(text, plain);
}

void append_xml_element(std::string& out, std::string_view name, std::string_view text) {
  out += '<';
  out += name;
  out += '>';
  append_xml_text(out, text);
  out += "</";
  out += name;
  out += '>';
}

}  // namespace aviary::wire
