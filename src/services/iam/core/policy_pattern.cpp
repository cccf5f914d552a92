#include "services/iam/core/policy_pattern.hpp"

#include "base/wildcard.hpp"

namespace aviary::iam {
namespace {

constexpr std::size_t arn_fields = 6;

void append(std::u16string& symbols, std::string_view literal) {
  for (const char c : literal) symbols += static_cast<char16_t>(static_cast<unsigned char>(c));
}

/// `aws:username`, `aws:username, 'nobody'`, or a character that is meant as itself: `*`.
bool append_variable(std::u16string& symbols, std::string_view inside, const ContextKeys& context) {
  if (inside == "*" || inside == "?" || inside == "$") {
    append(symbols, inside);
    return true;
  }
  const std::size_t comma = inside.find(',');
  std::string_view key = inside.substr(0, comma);
  while (!key.empty() && key.back() == ' ') key.remove_suffix(1);
  const auto found = context.find(key);
  if (found != context.end() && found->second.size() == 1) {
    append(symbols, found->second.front());
    return true;
  }
  if (comma == std::string_view::npos) return false;
  const std::size_t open = inside.find('\'', comma);
  const std::size_t close = inside.rfind('\'');
  if (open == std::string_view::npos || close <= open) return false;
  append(symbols, inside.substr(open + 1, close - open - 1));
  return true;
}

bool fits(std::u16string_view pattern, std::string_view text, bool any_case) {
  const auto same = [any_case](char16_t symbol, char c) {
    if (symbol == PolicyPattern::any_one) return true;
    if (symbol > 0xff) return false;
    const char wanted = static_cast<char>(static_cast<unsigned char>(symbol));
    return any_case ? small_letter(wanted) == small_letter(c) : wanted == c;
  };
  return matches_stars(
      pattern, text, [](char16_t symbol) { return symbol == PolicyPattern::any_number; }, same);
}

/// The next field, taken off the front; all that is left for the last one.
template <class View>
View take_field(View& rest, bool last) {
  const std::size_t colon = last ? View::npos : rest.find(':');
  const View field = rest.substr(0, colon);
  rest = colon == View::npos ? View{} : rest.substr(colon + 1);
  return field;
}

}  // namespace

bool PolicyPattern::matches(std::string_view text, bool any_case) const {
  return fits(symbols, text, any_case);
}

std::string PolicyPattern::text() const {
  std::string out;
  for (const char16_t symbol : symbols)
    out += symbol == any_number ? '*' : symbol == any_one ? '?' : static_cast<char>(symbol);
  return out;
}

std::optional<PolicyPattern> read_pattern(std::string_view written, Variables variables,
                                          const ContextKeys& context) {
  PolicyPattern pattern;
  while (!written.empty()) {
    if (variables == Variables::Replaced && written.starts_with("${")) {
      if (const std::size_t end = written.find('}'); end != std::string_view::npos) {
        if (!append_variable(pattern.symbols, written.substr(2, end - 2), context)) return std::nullopt;
        written.remove_prefix(end + 1);
        continue;
      }
    }
    const char c = written.front();
    if (c == '*') {
      pattern.symbols += PolicyPattern::any_number;
    } else if (c == '?') {
      pattern.symbols += PolicyPattern::any_one;
    } else {
      append(pattern.symbols, written.substr(0, 1));
    }
    written.remove_prefix(1);
  }
  return pattern;
}

bool matches_arn(const PolicyPattern& pattern, std::string_view arn, bool completed) {
  std::u16string_view wanted = pattern.symbols;
  if (wanted.size() == 1 && wanted.front() == PolicyPattern::any_number) return true;
  std::string_view given = arn;
  bool ended = false;
  for (std::size_t field = 1; field <= arn_fields; ++field) {
    if (ended) return completed;
    const bool last = field == arn_fields;
    ended = !last && wanted.find(u':') == std::u16string_view::npos;
    const std::u16string_view wanted_field = take_field(wanted, last);
    const std::string_view given_field = take_field(given, last);
    if (!fits(wanted_field, given_field, false)) return false;
  }
  return true;
}

}  // namespace aviary::iam
