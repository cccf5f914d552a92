#include "base/wildcard.hpp"

namespace aviary {

bool matches_wildcard(std::string_view pattern, std::string_view text) {
  return matches_stars(
      pattern, text, [](char symbol) { return symbol == '*'; },
      [](char symbol, char c) { return symbol == '?' || symbol == c; });
}

}  // namespace aviary
