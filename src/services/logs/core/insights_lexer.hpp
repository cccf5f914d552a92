#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aviary::logs::insights {

struct Token {
  enum class Kind : std::uint8_t { End, Word, Number, Text, Sign };
  Kind kind = Kind::End;
  std::string_view raw;  ///< as written
  std::string text;      ///< a word without its backticks, a text without quotes and escapes
  std::size_t at = 0;    ///< its offset in the query
};

/// Reads a query word by word, one ahead. What a slash means, only the parser knows: it asks for a regular
/// expression where there may be one.
class Lexer {
 public:
  explicit Lexer(std::string_view query) : query_(query) { next(); }

  const Token& peek() const noexcept { return token_; }
  Token take();
  bool at_end() const noexcept { return token_.kind == Token::Kind::End; }
  /// Takes the sign (`|`, `==`, `(`) if it is next.
  bool take_sign(std::string_view sign);
  /// Takes the word if it is next; any case, not in backticks.
  bool take_word(std::string_view word);
  bool is_word(std::string_view word) const;
  /// The rest of `/…/` when a slash is next; nothing if it has no end.
  std::optional<std::string> take_regex();
  /// What was read from one offset to where the next token begins, without blanks at the ends.
  std::string text_since(std::size_t at) const;
  /// `unexpected symbol found x at line 1 and position 8`, about the next token.
  std::string complaint() const;

 private:
  void next();
  void skip_blanks();

  std::string_view query_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;  ///< of the token taken last
  Token token_;
};

}  // namespace aviary::logs::insights
