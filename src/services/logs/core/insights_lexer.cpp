#include "services/logs/core/insights_lexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace aviary::logs::insights {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool continues_word(char c) { return begins_word(c) || is_digit(c) || c == '.' || c == ':'; }

/// How many digits an index such as `[12]` at this place has; 0: there is none.
std::size_t index_at(std::string_view query, std::size_t at) {
  if (query[at] != '[') return 0;
  const std::size_t end = query.find_first_not_of("0123456789", at + 1);
  return end == std::string_view::npos || query[end] != ']' ? 0 : end - at - 1;
}

}  // namespace

void Lexer::skip_blanks() {
  while (at_ < query_.size()) {
    const char c = query_[at_];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at_;
    } else if (c == '#') {
      at_ = std::min(query_.find('\n', at_), query_.size());
    } else {
      return;
    }
  }
}

void Lexer::next() {
  end_ = at_;
  skip_blanks();
  token_ = {};
  token_.at = at_;
  if (at_ == query_.size()) return;
  const char c = query_[at_];
  const std::size_t begin = at_;
  if (begins_word(c)) {
    token_.kind = Token::Kind::Word;
    while (at_ < query_.size()) {
      if (const std::size_t digits = index_at(query_, at_); digits > 0) {
        token_.text += '.';
        token_.text += query_.substr(at_ + 1, digits);
        at_ += digits + 2;
      } else if (continues_word(query_[at_])) {
        token_.text += query_[at_++];
      } else {
        break;
      }
    }
  } else if (is_digit(c) || (c == '.' && begin + 1 < query_.size() && is_digit(query_[begin + 1]))) {
    token_.kind = Token::Kind::Number;
    while (at_ < query_.size() && (is_digit(query_[at_]) || query_[at_] == '.')) ++at_;
    token_.text = query_.substr(begin, at_ - begin);
  } else if (c == '"' || c == '\'' || c == '`') {
    ++at_;
    while (at_ < query_.size() && query_[at_] != c) {
      if (query_[at_] == '\\' && at_ + 1 < query_.size() && c != '`') {
        // Only quotes and the backslash itself need one; what else has one keeps it.
        if (query_[at_ + 1] != c && query_[at_ + 1] != '\\') token_.text += '\\';
        ++at_;
      }
      token_.text += query_[at_++];
    }
    // A text without an end is a sign that no rule has.
    token_.kind = at_ == query_.size() ? Token::Kind::Sign : c == '`' ? Token::Kind::Word : Token::Kind::Text;
    at_ = std::min(at_ + 1, query_.size());
  } else {
    static constexpr std::array<std::string_view, 6> pairs{"!=", "<=", ">=", "=~", "==", "<>"};
    token_.kind = Token::Kind::Sign;
    const bool two = std::ranges::find(pairs, query_.substr(begin, 2)) != pairs.end();
    at_ += two ? 2 : 1;
    token_.text = query_.substr(begin, at_ - begin);
  }
  token_.raw = query_.substr(begin, at_ - begin);
}

Token Lexer::take() {
  Token taken = std::move(token_);
  next();
  return taken;
}

bool Lexer::take_sign(std::string_view sign) {
  if (token_.kind != Token::Kind::Sign || token_.raw != sign) return false;
  next();
  return true;
}

bool Lexer::is_word(std::string_view word) const {
  return token_.kind == Token::Kind::Word && token_.raw.size() == word.size() &&
         std::ranges::equal(token_.raw, word, [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
         });
}

bool Lexer::take_word(std::string_view word) {
  if (!is_word(word)) return false;
  next();
  return true;
}

std::optional<std::string> Lexer::take_regex() {
  std::string expression;
  for (std::size_t at = token_.at + 1; at < query_.size(); ++at) {
    if (query_[at] == '/') {
      at_ = at + 1;
      next();
      return expression;
    }
    if (query_[at] == '\\' && at + 1 < query_.size()) {
      if (query_[at + 1] != '/') expression += '\\';
      ++at;
    }
    expression += query_[at];
  }
  return std::nullopt;
}

std::string Lexer::text_since(std::size_t at) const { return std::string(query_.substr(at, end_ - at)); }

std::string Lexer::complaint() const {
  const std::string_view before = query_.substr(0, token_.at);
  const auto line = std::ranges::count(before, '\n') + 1;
  const std::size_t start = before.rfind('\n');
  const std::size_t position = start == std::string_view::npos ? token_.at : token_.at - start - 1;
  return fmt::format("unexpected symbol found {} at line {} and position {}",
                     at_end() ? std::string_view("<EOF>") : token_.raw, line, position);
}

}  // namespace aviary::logs::insights
