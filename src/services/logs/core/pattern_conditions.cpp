#include <charconv>
#include <cmath>
#include <functional>

#include "base/wildcard.hpp"
#include "services/logs/core/errors.hpp"
#include "services/logs/core/pattern_rules.hpp"

namespace aviary::logs {

AwsError invalid_pattern() { return invalid_parameter("Invalid filter pattern"); }
AwsError invalid_characters(std::string_view term) {
  return invalid_parameter("Invalid character(s) in term '" + std::string(term) + "'");
}

std::optional<double> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  // Not what from_chars also takes: infinity and NaN.
  const char first = text.front() == '-' && text.size() > 1 ? text[1] : text.front();
  if ((first < '0' || first > '9') && first != '.') return std::nullopt;
  double value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool matches_wildcard(std::string_view pattern, std::string_view text) {
  return matches_stars(
      pattern, text, [](char symbol) { return symbol == '*'; }, std::equal_to<char>());
}

bool holds(std::string_view value, bool numeric, Comparison comparison, const Operand& operand) {
  if (comparison == Comparison::Equal || comparison == Comparison::NotEqual) {
    bool equal = false;
    if (operand.regex) {
      equal = operand.regex->found_in(value);
    } else {
      equal = matches_wildcard(operand.text, value);
      if (!equal && operand.number && numeric) {
        const std::optional<double> number = parse_number(value);
        equal = number && *number == *operand.number;
      }
    }
    return equal == (comparison == Comparison::Equal);
  }
  if (!operand.number || !numeric) return false;
  const std::optional<double> number = parse_number(value);
  if (!number) return false;
  switch (comparison) {
    case Comparison::Less:
      return *number < *operand.number;
    case Comparison::LessOrEqual:
      return *number <= *operand.number;
    case Comparison::Greater:
      return *number > *operand.number;
    default:
      return *number >= *operand.number;
  }
}

Result<Regex> compile_pattern_regex(std::string_view expression) {
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#regex-expressions
  constexpr std::string_view symbols = ":_#=@/;,- ^$?[]{}|\\*+.";
  bool escaped = false;
  for (const char& c : expression) {
    if (!escaped && static_cast<unsigned char>(c) < 0x80 && !is_word_character(c) &&
        symbols.find(c) == std::string_view::npos)
      return invalid_characters(std::string_view(&c, 1));
    if (static_cast<unsigned char>(c) >= 0x80) return invalid_characters(expression);
    escaped = c == '\\' && !escaped;
  }
  std::optional<Regex> regex = Regex::compile(expression);
  if (expression.empty() || !regex) return invalid_pattern();
  return *regex;
}

void ConditionReader::spaces() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
}

bool ConditionReader::at_end() {
  spaces();
  return at_ == text_.size();
}

bool ConditionReader::take(std::string_view token) {
  spaces();
  if (!text_.substr(at_).starts_with(token)) return false;
  at_ += token.size();
  return true;
}

bool ConditionReader::take_word(std::string_view word) {
  spaces();
  const std::string_view next = text_.substr(at_, word.size());
  if (next.size() < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if ((next[i] & ~0x20) != word[i]) return false;
  }
  if (at_ + word.size() < text_.size() && is_word_character(text_[at_ + word.size()])) return false;
  at_ += word.size();
  return true;
}

std::optional<Comparison> ConditionReader::comparison() {
  // `=!` is how an old example of the documentation writes `!=`.
  if (take("!=") || take("=!")) return Comparison::NotEqual;
  if (take("<=")) return Comparison::LessOrEqual;
  if (take(">=")) return Comparison::GreaterOrEqual;
  if (take("=")) return Comparison::Equal;
  if (take("<")) return Comparison::Less;
  if (take(">")) return Comparison::Greater;
  return std::nullopt;
}

Result<Operand> ConditionReader::operand() {
  spaces();
  Operand operand;
  if (peek() == '"') {
    operand.quoted = true;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size() && (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\'))
        ++at_;
      operand.text += text_[at_];
    }
    if (at_ == text_.size()) return invalid_pattern();
    ++at_;
    return operand;
  }
  if (peek() == '%') {
    const std::size_t end = text_.find('%', at_ + 1);
    if (end == std::string_view::npos) return invalid_pattern();
    Result<Regex> regex = compile_pattern_regex(text_.substr(at_ + 1, end - at_ - 1));
    if (!regex) return regex.error();
    operand.regex = std::move(*regex);
    at_ = end + 1;
    return operand;
  }
  const auto belongs = [](char c) {
    return is_word_character(c) || c == '*' || c == '.' || c == '-' || c == '+' || c == '/' || c == ':' ||
           c == '@' || c == '$' || c == '#';
  };
  const std::size_t begin = at_;
  while (at_ < text_.size() && belongs(text_[at_])) ++at_;
  if (at_ == begin) return at_ == text_.size() ? invalid_pattern() : invalid_here();
  operand.text = text_.substr(begin, at_ - begin);
  operand.number = parse_number(operand.text);
  return operand;
}

AwsError ConditionReader::invalid_here() const { return invalid_characters(text_.substr(at_, 1)); }

}  // namespace aviary::logs
