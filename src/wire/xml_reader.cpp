#include "wire/xml_reader.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "base/encoding.hpp"
#include "wire/convert.hpp"

namespace aviary::wire {
namespace {

using models::Member;
using models::Shape;
using models::ShapeType;

constexpr std::size_t most_xml_levels = 64;

/// As S3 words it, whatever is wrong.
constexpr ErrorShape malformed_xml{"MalformedXML", 400, Fault::Sender, "message", false};

struct Element {
  std::string_view name;  ///< without its namespace's prefix
  std::vector<std::pair<std::string_view, std::string>> attributes;
  std::vector<Element> children;
  std::string text;
};

std::string_view local_name(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool append_character(std::string& out, std::uint32_t point) {
  if (point == 0 || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | point >> 6);
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | point >> 12);
    out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | point >> 18);
    out += static_cast<char>(0x80 | (point >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  }
  return true;
}

/// Bytes to elements. False anywhere: not well-formed.
class XmlParser {
 public:
  explicit XmlParser(std::string_view text) : rest_(text) {}

  std::optional<Element> root() {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    if (!skip_between()) return std::nullopt;
    Element element;
    if (!this->element(element, 0) || !skip_between() || !rest_.empty()) return std::nullopt;
    return element;
  }

 private:
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  void skip_space() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }
  bool skip_past(std::string_view end) {
    const std::size_t at = rest_.find(end);
    if (at == std::string_view::npos) return false;
    rest_.remove_prefix(at + end.size());
    return true;
  }
  /// White space, comments, processing instructions.
  bool skip_between() {
    while (true) {
      skip_space();
      if (take("<?")) {
        if (!skip_past("?>")) return false;
      } else if (take("<!--")) {
        if (!skip_past("-->")) return false;
      } else {
        return true;
      }
    }
  }
  std::string_view name() {
    std::size_t end = 0;
    while (end < rest_.size() && !is_space(rest_[end]) && rest_[end] != '>' && rest_[end] != '/' &&
           rest_[end] != '=' && rest_[end] != '<')
      ++end;
    const std::string_view found = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return found;
  }
  static bool append_decoded(std::string& out, std::string_view raw) {
    while (true) {
      const std::size_t ampersand = raw.find('&');
      out += raw.substr(0, ampersand);
      if (ampersand == std::string_view::npos) return true;
      raw.remove_prefix(ampersand + 1);
      const std::size_t end = raw.find(';');
      if (end == std::string_view::npos) return false;
      const std::string_view entity = raw.substr(0, end);
      raw.remove_prefix(end + 1);
      if (entity == "lt") {
        out += '<';
      } else if (entity == "gt") {
        out += '>';
      } else if (entity == "amp") {
        out += '&';
      } else if (entity == "quot") {
        out += '"';
      } else if (entity == "apos") {
        out += '\'';
      } else if (entity.starts_with('#')) {
        const bool hexadecimal = entity.starts_with("#x");
        const std::string_view digits = entity.substr(hexadecimal ? 2 : 1);
        std::uint32_t point = 0;
        const auto [stop, problem] =
            std::from_chars(digits.data(), digits.data() + digits.size(), point, hexadecimal ? 16 : 10);
        if (problem != std::errc{} || stop != digits.data() + digits.size()) return false;
        if (!append_character(out, point)) return false;
      } else {
        return false;
      }
    }
  }
  bool attributes(Element& element) {
    while (true) {
      skip_space();
      if (rest_.empty()) return false;
      if (rest_.front() == '>' || rest_.front() == '/') return true;
      const std::string_view name = this->name();
      skip_space();
      if (name.empty() || !take("=")) return false;
      skip_space();
      if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\'')) return false;
      const char quote = rest_.front();
      rest_.remove_prefix(1);
      const std::size_t end = rest_.find(quote);
      if (end == std::string_view::npos) return false;
      std::string value;
      if (!append_decoded(value, rest_.substr(0, end))) return false;
      rest_.remove_prefix(end + 1);
      element.attributes.emplace_back(name, std::move(value));
    }
  }
  bool element(Element& element, std::size_t level) {
    if (level > most_xml_levels || !take("<") || rest_.starts_with('!')) return false;
    const std::string_view name = this->name();
    if (name.empty()) return false;
    element.name = local_name(name);
    if (!attributes(element)) return false;
    if (take("/>")) return true;
    if (!take(">")) return false;
    while (true) {
      const std::size_t tag = rest_.find('<');
      if (tag == std::string_view::npos || !append_decoded(element.text, rest_.substr(0, tag))) return false;
      rest_.remove_prefix(tag);
      if (take("</")) {
        if (this->name() != name) return false;
        skip_space();
        return take(">");
      }
      if (take("<!--")) {
        if (!skip_past("-->")) return false;
      } else if (take("<![CDATA[")) {
        const std::size_t end = rest_.find("]]>");
        if (end == std::string_view::npos) return false;
        element.text += rest_.substr(0, end);
        rest_.remove_prefix(end + 3);
      } else if (!this->element(element.children.emplace_back(), level + 1)) {
        return false;
      }
    }
  }

  std::string_view rest_;
};

AwsError malformed() {
  return {malformed_xml,
          "The XML you provided was not well-formed or did not validate against our published schema"};
}

std::string_view tag_of(const Member& member) {
  return member.location_name.empty() ? member.name : member.location_name;
}

Result<Json> value_of(Element& element, const Shape& shape);

Result<Json> structure_of(Element& element, const Shape& shape) {
  Json out = Json::object();
  for (const Member& member : shape.members) {
    if (!member.xml_attribute) continue;
    for (auto& [name, text] : element.attributes)
      if (local_name(name) == local_name(tag_of(member))) out[std::string(member.name)] = text;
  }
  for (Element& child : element.children) {
    const auto member = std::ranges::find_if(
        shape.members, [&](const Member& each) { return !each.xml_attribute && tag_of(each) == child.name; });
    if (member == shape.members.end()) continue;
    const bool flattened = member->flattened || member->shape->flattened;
    if (member->shape->type == ShapeType::List && flattened) {
      Result<Json> value = value_of(child, *member->shape->element);
      if (!value) return value.error();
      out[std::string(member->name)].push_back(std::move(*value));
    } else {
      Result<Json> value = value_of(child, *member->shape);
      if (!value) return value.error();
      out[std::string(member->name)] = std::move(*value);
    }
  }
  return out;
}

Result<Json> value_of(Element& element, const Shape& shape) {
  switch (shape.type) {
    case ShapeType::Structure:
      return structure_of(element, shape);
    case ShapeType::List: {
      Json list = Json::array();
      for (Element& child : element.children) {
        Result<Json> value = value_of(child, *shape.element);
        if (!value) return value.error();
        list.push_back(std::move(*value));
      }
      return list;
    }
    case ShapeType::Blob: {
      std::optional<std::string> bytes = base64_decode(element.text);
      if (!bytes) return malformed();
      return Json(std::move(*bytes));
    }
    case ShapeType::Map:
      return malformed();
    default: {
      if (!element.children.empty() || !is_utf8(element.text)) return malformed();
      if (shape.type != ShapeType::String) {
        std::string_view text = element.text;
        while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
        while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
        Result<Json> value = from_text(shape, std::string(text));
        if (!value) return malformed();
        return value;
      }
      return from_text(shape, std::move(element.text));
    }
  }
}

}  // namespace

Result<Json> read_xml(std::string_view body, const models::Shape& structure) {
  std::optional<Element> root = XmlParser(body).root();
  if (!root) return malformed();
  return structure_of(*root, structure);
}

}  // namespace aviary::wire
