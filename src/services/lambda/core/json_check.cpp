#include "services/lambda/core/json_check.hpp"

#include <fmt/format.h>

#include <vector>

#include "base/ascii.hpp"

namespace aviary::lambda {
namespace {

constexpr std::size_t deepest = 1000;
constexpr std::size_t longest_quoted_token = 256;
constexpr std::string_view any_value =
    "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

bool is_identifier(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(static_cast<char>(c)) || c == '_' ||
         c == '$';
}

class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  std::optional<std::string> run() {
    skip_space();
    if (at_end()) return problem("No content to map due to end-of-input", next_);
    // One turn a value or a closing bracket; the levels around it are on the stack.
    for (;;) {
      if (!value()) return std::move(problem_);
      while (!opened_) {
        if (levels_.empty()) return trailing();
        const bool again = after_value();
        if (problem_) return std::move(problem_);
        if (again) break;
      }
    }
  }

 private:
  enum class Level : bool { Array, Object };
  struct Open {
    Level level;
    std::size_t start;
  };

  bool at_end() const { return next_ >= text_.size(); }

  void skip_space() {
    while (next_ < text_.size() &&
           (text_[next_] == ' ' || text_[next_] == '\n' || text_[next_] == '\t' || text_[next_] == '\r')) {
      ++next_;
    }
  }

  std::string place(std::size_t at) const {
    std::size_t line = 1;
    std::size_t row = 0;
    for (std::size_t i = 0; i < at && i < text_.size(); ++i) {
      if (text_[i] == '\n' || (text_[i] == '\r' && !(i + 1 < text_.size() && text_[i + 1] == '\n'))) {
        ++line;
        row = i + 1;
      }
    }
    return fmt::format(
        "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]",
        line, at - row + 1);
  }

  std::string problem(std::string_view what, std::size_t at) const {
    return fmt::format("{}\n at {}", what, place(at));
  }
  bool fail(std::string_view what, std::size_t at) {
    problem_ = problem(what, at);
    return false;
  }

  static std::string describe(unsigned char c) {
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return fmt::format("(CTRL-CHAR, code {})", c);
    if (c >= 0xa0)
      return fmt::format("'{}{}' (code {})", static_cast<char>(0xc2 + (c >= 0xc0)),
                         static_cast<char>(0x80 | (c & 0x3f)), c);
    return fmt::format("'{}' (code {})", static_cast<char>(c), c);
  }

  bool unexpected(std::string_view what) {
    return fail(fmt::format("Unexpected character ({}): {}",
                            describe(static_cast<unsigned char>(text_[next_])), what),
                next_);
  }

  bool ended_inside() {
    if (levels_.empty()) return fail("Unexpected end-of-input", next_);
    const Open& open = levels_.back();
    return fail(fmt::format("Unexpected end-of-input: expected close marker for {} (start marker at {})",
                            open.level == Level::Object ? "Object" : "Array", place(open.start)),
                next_);
  }

  /// Reads one value, or the opening of one with the first key of an object. `opened_` says that a value is
  /// to follow.
  bool value() {
    opened_ = false;
    if (at_end()) return ended_inside();
    const char c = text_[next_];
    switch (c) {
      case '{':
        return open(Level::Object);
      case '[':
        return open(Level::Array);
      case '"':
        return string();
      case 't':
        return token("true");
      case 'f':
        return token("false");
      case 'n':
        return token("null");
      default:
        break;
    }
    if (c == '-' || is_digit(c)) return number();
    if (is_identifier(static_cast<unsigned char>(c))) return bad_token(next_);
    return unexpected(fmt::format("expected a valid value {}", any_value));
  }

  bool open(Level level) {
    if (levels_.size() == deepest) {
      return fail(fmt::format("Document nesting depth ({}) exceeds the maximum allowed ({}, from "
                              "`StreamReadConstraints.getMaxNestingDepth()`)",
                              deepest + 1, deepest),
                  next_ + 1);
    }
    levels_.push_back({level, next_++});
    skip_space();
    if (at_end()) return ended_inside();
    if (text_[next_] == (level == Level::Object ? '}' : ']')) {
      ++next_;
      levels_.pop_back();
      return true;
    }
    opened_ = true;
    return level == Level::Array || key();
  }

  bool key() {
    if (at_end()) return ended_inside();
    if (text_[next_] != '"') return unexpected("was expecting double-quote to start field name");
    if (!string()) return false;
    skip_space();
    if (at_end()) return ended_inside();
    if (text_[next_] != ':') return unexpected("was expecting a colon to separate field name and value");
    ++next_;
    skip_space();
    return true;
  }

  /// Whether another value of the same level follows; closes the level otherwise.
  bool after_value() {
    const Level level = levels_.back().level;
    skip_space();
    if (at_end()) return ended_inside();
    const char c = text_[next_];
    if (c == (level == Level::Object ? '}' : ']')) {
      ++next_;
      levels_.pop_back();
      return false;
    }
    if (c != ',') {
      return unexpected(level == Level::Object ? "was expecting comma to separate Object entries"
                                               : "was expecting comma to separate Array entries");
    }
    ++next_;
    skip_space();
    return level == Level::Array || key();
  }

  std::optional<std::string> trailing() {
    skip_space();
    if (at_end()) return std::nullopt;
    if (is_identifier(static_cast<unsigned char>(text_[next_]))) {
      bad_token(next_);
    } else {
      unexpected(fmt::format("expected a valid value {}", any_value));
    }
    return std::move(problem_);
  }

  bool token(std::string_view word) {
    const std::size_t start = next_;
    if (text_.substr(next_, word.size()) != word) {
      std::size_t same = 1;
      while (start + same < text_.size() && same < word.size() && text_[start + same] == word[same]) ++same;
      next_ = start + same;
      return bad_token(start);
    }
    next_ += word.size();
    if (!at_end() && is_identifier(static_cast<unsigned char>(text_[next_]))) return bad_token(start);
    return true;
  }

  /// Goes on from `next_` to the end of what looks like a word, and one character further, as Jackson does.
  bool bad_token(std::size_t start) {
    std::string word(text_.substr(start, next_ - start));
    while (!at_end() && word.size() < longest_quoted_token) {
      const auto c = static_cast<unsigned char>(text_[next_++]);
      if (c >= 0x80 && !(c >= 0xc0 && c < 0xf8))
        return fail(fmt::format("Invalid UTF-8 start byte 0x{:x}", c), next_);
      if (!is_identifier(c)) break;
      word += static_cast<char>(c);
    }
    return fail(fmt::format("Unrecognized token '{}': was expecting {}", word, any_value), next_);
  }

  bool digits() {
    if (at_end()) return fail("Unexpected end-of-input in a Number value", next_);
    if (!is_digit(text_[next_])) {
      return unexpected("Decimal point not followed by a digit");
    }
    while (!at_end() && is_digit(text_[next_])) ++next_;
    return true;
  }

  bool number() {
    if (text_[next_] == '-') {
      ++next_;
      if (at_end()) return fail("Unexpected end-of-input in a Number value", next_);
      if (!is_digit(text_[next_]))
        return unexpected("expected digit (0-9) to follow minus sign, for valid numeric value");
    }
    if (text_[next_] == '0') {
      ++next_;
      if (!at_end() && is_digit(text_[next_])) {
        return fail("Invalid numeric value: Leading zeroes not allowed", next_);
      }
    } else {
      while (!at_end() && is_digit(text_[next_])) ++next_;
    }
    if (!at_end() && text_[next_] == '.') {
      ++next_;
      if (!digits()) return false;
    }
    if (!at_end() && (text_[next_] == 'e' || text_[next_] == 'E')) {
      ++next_;
      if (!at_end() && (text_[next_] == '+' || text_[next_] == '-')) ++next_;
      if (at_end() || !is_digit(text_[next_])) {
        if (at_end()) return fail("Unexpected end-of-input in a Number value", next_);
        return unexpected("Exponent indicator not followed by a digit");
      }
      while (!at_end() && is_digit(text_[next_])) ++next_;
    }
    if (!at_end() && levels_.empty() && is_identifier(static_cast<unsigned char>(text_[next_]))) {
      return unexpected("Expected space separating root-level values");
    }
    return true;
  }

  bool string() {
    ++next_;
    for (;;) {
      // Most bytes are plain; only the others are looked at closely.
      while (next_ < text_.size()) {
        const auto c = static_cast<unsigned char>(text_[next_]);
        if (c == '"' || c == '\\' || c < 0x20 || c >= 0x80) break;
        ++next_;
      }
      if (at_end())
        return fail("Unexpected end-of-input: was expecting closing quote for a string value", next_);
      const auto c = static_cast<unsigned char>(text_[next_]);
      if (c == '"') {
        ++next_;
        return true;
      }
      if (c == '\\') {
        if (!escape()) return false;
      } else if (c < 0x20) {
        return fail(
            fmt::format(
                "Illegal unquoted character ({}): has to be escaped using backslash to be included in "
                "string value",
                describe(c)),
            next_ + 1);
      } else if (!utf8()) {
        return false;
      }
    }
  }

  bool escape() {
    ++next_;
    if (at_end()) return fail("Unexpected end-of-input in character escape sequence", next_);
    const char c = text_[next_++];
    if (std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos) return true;
    if (c != 'u') {
      return fail(fmt::format("Unrecognized character escape {}", describe(static_cast<unsigned char>(c))),
                  next_);
    }
    for (int digit = 0; digit < 4; ++digit) {
      if (at_end()) return fail("Unexpected end-of-input in character escape sequence", next_);
      const char h = text_[next_];
      if (!is_digit(h) && !(h >= 'a' && h <= 'f') && !(h >= 'A' && h <= 'F')) {
        return unexpected("expected a hex-digit for character escape sequence");
      }
      ++next_;
    }
    return true;
  }

  bool utf8() {
    const auto first = static_cast<unsigned char>(text_[next_++]);
    const int more = first >= 0xf0 && first < 0xf8   ? 3
                     : first >= 0xe0 && first < 0xf0 ? 2
                     : first >= 0xc2 && first < 0xe0 ? 1
                                                     : 0;
    if (more == 0) return fail(fmt::format("Invalid UTF-8 start byte 0x{:x}", first), next_);
    for (int i = 0; i < more; ++i) {
      if (at_end()) return fail("Unexpected end-of-input in VALUE_STRING", next_);
      const auto c = static_cast<unsigned char>(text_[next_++]);
      if ((c & 0xc0) != 0x80) return fail(fmt::format("Invalid UTF-8 middle byte 0x{:x}", c), next_);
    }
    return true;
  }

  std::string_view text_;
  std::size_t next_ = 0;
  bool opened_ = false;
  std::vector<Open> levels_;
  std::optional<std::string> problem_;
};

}  // namespace

std::optional<std::string> json_problem(std::string_view text) { return Checker(text).run(); }

}  // namespace aviary::lambda
