#include "wire/cbor_reader.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/encoding.hpp"
#include "wire/convert.hpp"
#include "wire/document_builder.hpp"

namespace aviary::wire {
namespace {

enum Major : unsigned { Unsigned, Negative, Bytes, Text, Array, Map, Tag, Simple };

struct Head {
  unsigned major = 0;
  unsigned info = 0;
  std::uint64_t argument = 0;

  bool indefinite() const { return info == 31; }
};

double half(std::uint64_t bits) {
  const auto exponent = static_cast<int>(bits >> 10 & 0x1F);
  const auto fraction = static_cast<double>(bits & 0x3FF);
  double value = 0;
  if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else if (exponent < 31) {
    value = std::ldexp(fraction + 1024, exponent - 25);
  } else {
    value =
        fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

double single(std::uint64_t bits) {
  const auto narrow = static_cast<std::uint32_t>(bits);
  float value = 0;
  std::memcpy(&value, &narrow, sizeof value);
  return value;
}

double full(std::uint64_t bits) {
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

class Parser {
 public:
  Parser(std::string_view bytes, DocumentBuilder& builder) : bytes_(bytes), builder_(builder) {}

  bool run() {
    if (!value(0)) return false;
    return at_ == bytes_.size() || malformed();
  }
  AwsError problem() const {
    if (builder_.problem()) return *builder_.problem();
    return serialization_error(fmt::format("Could not parse request body into cbor: at byte {}", at_));
  }

 private:
  /// Where it stands is what the error says.
  static bool malformed() { return false; }

  bool head(Head& into) {
    if (at_ >= bytes_.size()) return malformed();
    const auto first = static_cast<unsigned char>(bytes_[at_]);
    into.major = first >> 5;
    into.info = first & 31U;
    into.argument = into.info;
    if (into.info < 24) return ++at_, true;
    if (into.info == 31) {
      const bool allowed = into.major != Unsigned && into.major != Negative && into.major != Tag;
      return allowed ? (++at_, true) : malformed();
    }
    if (into.info > 27) return malformed();
    const std::size_t width = std::size_t{1} << (into.info - 24);
    if (bytes_.size() - at_ - 1 < width) return malformed();
    into.argument = 0;
    for (std::size_t i = 1; i <= width; ++i)
      into.argument = into.argument << 8 | static_cast<unsigned char>(bytes_[at_ + i]);
    at_ += 1 + width;
    return true;
  }

  bool take_break() {
    if (at_ >= bytes_.size() || static_cast<unsigned char>(bytes_[at_]) != 0xFF) return false;
    ++at_;
    return true;
  }

  bool chunk(const Head& head, std::string& into) {
    if (head.argument > bytes_.size() - at_) return malformed();
    into.append(bytes_.substr(at_, head.argument));
    at_ += head.argument;
    return true;
  }

  /// A byte or text string, in one piece or in several. The pieces must have lengths of their own.
  bool text(const Head& start, std::string& into) {
    if (!start.indefinite()) return chunk(start, into);
    while (!take_break()) {
      Head piece;
      if (!head(piece) || piece.major != start.major || piece.indefinite() || !chunk(piece, into))
        return malformed();
    }
    return true;
  }

  bool negative(std::uint64_t argument) {
    if (argument <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return builder_.integer(-1 - static_cast<std::int64_t>(argument));
    return builder_.floating(-1.0 - static_cast<double>(argument));
  }

  bool simple(const Head& start) {
    switch (start.info) {
      case 20:
      case 21:
        return builder_.boolean(start.info == 21);
      case 22:  // null
      case 23:  // undefined
        return builder_.null();
      case 25:
        return builder_.floating(half(start.argument));
      case 26:
        return builder_.floating(single(start.argument));
      case 27:
        return builder_.floating(full(start.argument));
      default:
        return malformed();
    }
  }

  bool array(const Head& start, std::size_t level) {
    // Each element takes a byte at least.
    if (!start.indefinite() && start.argument > bytes_.size() - at_) return malformed();
    if (!builder_.start_array()) return false;
    for (std::uint64_t i = 0; start.indefinite() ? !take_break() : i < start.argument; ++i)
      if (!value(level + 1)) return false;
    return builder_.end();
  }

  bool map(const Head& start, std::size_t level) {
    if (!start.indefinite() && start.argument > (bytes_.size() - at_) / 2) return malformed();
    if (!builder_.start_object()) return false;
    for (std::uint64_t i = 0; start.indefinite() ? !take_break() : i < start.argument; ++i) {
      Head key;
      std::string name;
      if (!head(key) || key.major != Text || !text(key, name) || !is_utf8(name)) return malformed();
      if (!builder_.key(std::move(name)) || !value(level + 1)) return false;
    }
    return builder_.end();
  }

  bool value(std::size_t level) {
    // Also below keys that the model does not know.
    if (level > most_levels) return malformed();
    Head start;
    do {
      if (!head(start)) return false;
      if (start.major == Tag && (start.argument == 2 || start.argument == 3)) return malformed();
    } while (start.major == Tag);
    switch (start.major) {
      case Unsigned:
        return builder_.unsigned_integer(start.argument);
      case Negative:
        return negative(start.argument);
      case Bytes: {
        std::string bytes;
        return text(start, bytes) && builder_.bytes(std::move(bytes));
      }
      case Text: {
        std::string characters;
        if (!text(start, characters) || !is_utf8(characters)) return malformed();
        return builder_.string(std::move(characters));
      }
      case Array:
        return array(start, level);
      case Map:
        return map(start, level);
      default:
        return simple(start);
    }
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  DocumentBuilder& builder_;
};

}  // namespace

Result<Json> read_cbor(std::string_view body, const models::Shape& structure, bool whole) {
  if (body.empty()) return Json::object();
  DocumentBuilder builder(structure, whole);
  Parser parser(body, builder);
  if (!parser.run()) return parser.problem();
  return builder.take();
}

}  // namespace aviary::wire
