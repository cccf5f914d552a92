#pragma once

#include <cstddef>
#include <string_view>

namespace aviary {

/// Whether a pattern with stars, each for any number of characters, fits a text. `is_star` tells which of its
/// symbols are stars, `same` whether another one stands for a character. Back to the last star on a mismatch:
/// linear but for the stars.
template <class Pattern, class IsStar, class Same>
bool matches_stars(const Pattern& pattern, std::string_view text, IsStar is_star, Same same) {
  constexpr std::size_t none = std::string_view::npos;
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = none;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && is_star(pattern[p])) {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && same(pattern[p], text[t])) {
      ++p;
      ++t;
    } else if (star != none) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && is_star(pattern[p])) ++p;
  return p == pattern.size();
}

/// As in policies: `*` stands for any number of characters, `?` for one.
bool matches_wildcard(std::string_view pattern, std::string_view text);

}  // namespace aviary
