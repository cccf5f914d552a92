#include "wire/cbor_writer.hpp"

#include <cmath>
#include <cstring>

#include "base/encoding.hpp"
#include "wire/body_name.hpp"
#include "wire/convert.hpp"

namespace aviary::wire {
namespace {

using models::Location;
using models::Member;
using models::Shape;
using models::ShapeType;

constexpr unsigned major_unsigned = 0, major_negative = 1, major_bytes = 2, major_text = 3, major_array = 4,
                   major_map = 5;
constexpr char epoch_tag = '\xC1';

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
}

void append_head(std::string& out, unsigned major, std::uint64_t argument) {
  const auto first = [&](unsigned info) { out += static_cast<char>(major << 5 | info); };
  if (argument < 24) return first(static_cast<unsigned>(argument));
  const int width = argument <= 0xFF ? 0 : argument <= 0xFFFF ? 1 : argument <= 0xFFFF'FFFF ? 2 : 3;
  first(24 + static_cast<unsigned>(width));
  append_big_endian(out, argument, 1 << width);
}

void append_bytes(std::string& out, std::string_view bytes) {
  append_head(out, major_bytes, bytes.size());
  out += bytes;
}

void append_cbor_double(std::string& out, double value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  out += '\xFB';
  append_big_endian(out, bits, 8);
}

void append_float(std::string& out, double value) {
  const auto narrow = static_cast<float>(value);
  std::uint32_t bits = 0;
  std::memcpy(&bits, &narrow, sizeof bits);
  out += '\xFA';
  append_big_endian(out, bits, 4);
}

class CborWriter {
 public:
  CborWriter(std::string& out, bool millis) : out_(out), millis_(millis) {}

  void structure(const Json& document, const Shape& shape, bool whole) {
    const auto sent = [&](const Member& member) -> const Json* {
      if (!document.is_object() || (!whole && member.location != Location::Body)) return nullptr;
      const auto found = document.find(member.name);
      return found == document.end() || found->is_null() ? nullptr : &*found;
    };
    std::uint64_t entries = 0;
    for (const Member& member : shape.members) entries += sent(member) != nullptr ? 1 : 0;
    append_cbor_map(out_, entries);
    for (const Member& member : shape.members) {
      const Json* found = sent(member);
      if (found == nullptr) continue;
      append_cbor_text(out_, body_name(member));
      value(*found, *member.shape);
    }
  }

 private:
  void value(const Json& value, const Shape& shape) {
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
        return append_bytes(out_, value.get_ref<const std::string&>());
      case ShapeType::Float:
        if (!value.is_number()) return raw(value);
        return append_float(out_, value.get<double>());
      case ShapeType::Double:
        if (!value.is_number()) return raw(value);
        return append_cbor_double(out_, value.get<double>());
      case ShapeType::Timestamp:
        if (!value.is_number()) return raw(value);
        out_ += epoch_tag;
        if (millis_) return raw(static_cast<std::int64_t>(std::llround(value.get<double>() * 1000)));
        return append_cbor_double(out_, value.get<double>());
      default:
        return raw(value);
    }
  }

  void list(const Json& value, const Shape& shape) {
    if (!value.is_array()) return raw(value);
    std::uint64_t elements = 0;
    for (const Json& element : value) elements += shape.sparse || !element.is_null() ? 1 : 0;
    append_head(out_, major_array, elements);
    for (const Json& element : value)
      if (element.is_null()) {
        if (shape.sparse) raw(element);
      } else {
        this->value(element, *shape.element);
      }
  }

  void map(const Json& value, const Shape& shape) {
    if (!value.is_object()) return raw(value);
    std::uint64_t entries = 0;
    for (const Json& element : value) entries += shape.sparse || !element.is_null() ? 1 : 0;
    append_cbor_map(out_, entries);
    for (const auto& [key, element] : value.items()) {
      if (element.is_null() && !shape.sparse) continue;
      append_cbor_text(out_, key);
      if (element.is_null()) {
        raw(element);
      } else {
        this->value(element, *shape.element);
      }
    }
  }

  /// What has no shape, or not the type that its shape says.
  void raw(const Json& value) {
    switch (value.type()) {
      case Json::value_t::object:
        append_cbor_map(out_, value.size());
        for (const auto& [key, element] : value.items()) {
          append_cbor_text(out_, key);
          raw(element);
        }
        return;
      case Json::value_t::array:
        append_head(out_, major_array, value.size());
        for (const Json& element : value) raw(element);
        return;
      case Json::value_t::string:
        return append_cbor_text(out_, value.get_ref<const std::string&>());
      case Json::value_t::boolean:
        out_ += value.get<bool>() ? '\xF5' : '\xF4';
        return;
      case Json::value_t::number_unsigned:
        return append_head(out_, major_unsigned, value.get<std::uint64_t>());
      case Json::value_t::number_integer: {
        const auto whole = value.get<std::int64_t>();
        if (whole >= 0) return append_head(out_, major_unsigned, static_cast<std::uint64_t>(whole));
        return append_head(out_, major_negative, static_cast<std::uint64_t>(-1 - whole));
      }
      case Json::value_t::number_float:
        return append_cbor_double(out_, value.get<double>());
      default:
        out_ += '\xF6';
    }
  }

  std::string& out_;
  bool millis_;
};

}  // namespace

void write_cbor(std::string& out, const Json& document, const Shape& structure, bool whole) {
  CborWriter(out, false).structure(document, structure, whole);
}

void write_cbor_millis(std::string& out, const Json& document, const Shape& structure, bool whole) {
  CborWriter(out, true).structure(document, structure, whole);
}

void append_cbor_map(std::string& out, std::uint64_t entries) { append_head(out, major_map, entries); }

void append_cbor_text(std::string& out, std::string_view text) {
  if (!is_utf8(text)) return append_cbor_text(out, repaired_utf8(std::string(text)));
  append_head(out, major_text, text.size());
  out += text;
}

}  // namespace aviary::wire
