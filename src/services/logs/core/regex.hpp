#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aviary::logs {

/// A compiled regular expression, searched for anywhere in a text. Copies share the compiled form. A text on
/// which the search would take too many steps does not match.
class Regex {
 public:
  enum class Case : unsigned char { Sensitive, Insensitive };

  /// Nothing if it does not compile.
  static std::optional<Regex> compile(std::string_view expression, Case letters = Case::Sensitive);

  bool found_in(std::string_view text) const;
  /// What the named groups captured, by name, in the order of the expression; nothing without a match.
  std::optional<std::vector<std::pair<std::string, std::string>>> captures(std::string_view text) const;
  /// In the order of the expression's groups.
  std::vector<std::string> group_names() const;
  /// Replaces every match.
  std::string replace(std::string_view text, std::string_view replacement) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace aviary::logs
