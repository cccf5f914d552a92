#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "services/logs/core/filter_pattern.hpp"
#include "services/logs/core/json_probe.hpp"
#include "services/logs/core/regex.hpp"

/// The three kinds of filter patterns, and what they share.
namespace aviary::logs {

using RulePointer = std::shared_ptr<const FilterPattern::Rule>;

/// Null for one that matches everything.
Result<RulePointer> parse_terms(std::string_view pattern);
/// `pattern` with its braces.
Result<RulePointer> parse_json_pattern(std::string_view pattern);
/// `pattern` with its brackets.
Result<RulePointer> parse_columns(std::string_view pattern);

/// `$.a['b.c'][0].*`, whole; nothing if it is none.
std::optional<JsonPath> parse_json_path(std::string_view text);

enum class Comparison : std::uint8_t { Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual };

/// The right side of `status = 4*`: a text with `*` as wildcard, a number or a regular expression.
struct Operand {
  std::string text;
  bool quoted = false;
  std::optional<double> number;
  std::optional<Regex> regex;
};

/// Whether `value` (of an event) and the operand compare so. `numeric` says whether the value may count as a
/// number.
bool holds(std::string_view value, bool numeric, Comparison comparison, const Operand& operand);
/// Whether all of `text` matches a pattern in which `*` stands for any characters.
bool matches_wildcard(std::string_view pattern, std::string_view text);
/// All of the text as a number, with sign and exponent; nothing if it is none.
std::optional<double> parse_number(std::string_view text);

/// Reads what conditions are made of; `end` is the pattern's closing brace or bracket.
class ConditionReader {
 public:
  explicit ConditionReader(std::string_view text) : text_(text) {}

  void spaces();
  bool at_end();
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(std::string_view token);
  /// Takes the word if no letter follows; any case.
  bool take_word(std::string_view word);
  std::optional<Comparison> comparison();
  Result<Operand> operand();
  std::string_view rest() const { return text_.substr(at_); }
  void advance(std::size_t by) { at_ += by; }
  /// `Invalid character(s) in term '…'`, about what comes next.
  AwsError invalid_here() const;

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

/// `%…%` without the signs: only what AWS's subset has.
Result<Regex> compile_pattern_regex(std::string_view expression);

AwsError invalid_pattern();
AwsError invalid_characters(std::string_view term);

constexpr bool is_word_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace aviary::logs
