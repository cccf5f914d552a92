#pragma once

/// Classes of ASCII characters. The C library's depend on the locale and on the sign of `char`.
namespace aviary {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// As JSON and the query languages have it: no form feed, no vertical tab.
constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace aviary
