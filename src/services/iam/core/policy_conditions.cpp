#include "services/iam/core/policy_conditions.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace aviary::iam {
namespace {

/// Whether what the request has fits what the policy wants, whose variables have been replaced.
using Compare = bool (*)(const PolicyPattern& wanted, std::string_view given);

template <class Number>
bool ordered(std::string_view how, const std::optional<Number>& given, const std::optional<Number>& wanted) {
  if (!given || !wanted) return false;
  if (how == "==") return *given == *wanted;
  if (how == "<") return *given < *wanted;
  if (how == "<=") return *given <= *wanted;
  if (how == ">") return *given > *wanted;
  return *given >= *wanted;
}

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// A moment in ISO 8601, to the day or finer, or in seconds since the epoch.
std::optional<Instant> moment_in(std::string_view text) {
  if (text.size() == 10 && text[4] == '-') return parse_iso8601(std::string(text) + "T00:00:00Z");
  if (const auto moment = parse_iso8601(text)) return moment;
  const std::optional<double> seconds = number_in(text);
  if (!seconds || *seconds < -1e11 || *seconds > 1e11) return std::nullopt;
  return Instant(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*seconds)));
}

bool numbers(const char* how, const PolicyPattern& wanted, std::string_view given) {
  return ordered(how, number_in(given), number_in(wanted.text()));
}

bool moments(const char* how, const PolicyPattern& wanted, std::string_view given) {
  return ordered(how, moment_in(given), moment_in(wanted.text()));
}

/// The bits of an address, of four bytes or sixteen; nothing if it is none.
std::optional<std::vector<std::uint8_t>> bytes_of_ipv4(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    unsigned value = 256;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc{} || end != part.data() + part.size() || value > 255) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(value));
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  return bytes.size() == 4 ? std::optional(bytes) : std::nullopt;
}

bool append_groups(std::string_view text, std::vector<std::uint8_t>& bytes) {
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    unsigned value = 0x10000;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, 16);
    if (error != std::errc{} || end != part.data() + part.size() || value > 0xffff) return false;
    bytes.push_back(static_cast<std::uint8_t>(value >> 8));
    bytes.push_back(static_cast<std::uint8_t>(value & 0xff));
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
  }
  return true;
}

std::optional<std::vector<std::uint8_t>> bytes_of_address(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return bytes_of_ipv4(text);
  const std::size_t gap = text.find("::");
  std::vector<std::uint8_t> head;
  std::vector<std::uint8_t> tail;
  if (!append_groups(text.substr(0, gap), head)) return std::nullopt;
  if (gap != std::string_view::npos && !append_groups(text.substr(gap + 2), tail)) return std::nullopt;
  if (head.size() + tail.size() > 16 || (gap == std::string_view::npos && head.size() != 16))
    return std::nullopt;
  head.resize(16 - tail.size());
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

/// `203.0.113.0/24`, or one address.
bool in_range(const PolicyPattern& wanted, std::string_view given) {
  const std::string text = wanted.text();
  const std::size_t slash = text.find('/');
  const auto range = bytes_of_address(std::string_view(text).substr(0, slash));
  const auto address = bytes_of_address(given);
  if (!range || !address || range->size() != address->size()) return false;
  std::size_t bits = range->size() * 8;
  if (slash != std::string::npos) {
    const std::optional<double> said = number_in(std::string_view(text).substr(slash + 1));
    if (!said || *said < 0 || *said > static_cast<double>(bits)) return false;
    bits = static_cast<std::size_t>(*said);
  }
  for (std::size_t i = 0; i < bits; ++i) {
    const auto mask = static_cast<std::uint8_t>(0x80 >> (i % 8));
    if (((*range)[i / 8] & mask) != ((*address)[i / 8] & mask)) return false;
  }
  return true;
}

struct Operator {
  std::string_view name;
  bool negated;
  Compare fits;
};

bool texts_equal(const PolicyPattern& wanted, std::string_view given) { return wanted.text() == given; }
bool texts_equal_any_case(const PolicyPattern& wanted, std::string_view given) {
  return same_letters(wanted.text(), given);
}
bool texts_like(const PolicyPattern& wanted, std::string_view given) { return wanted.matches(given); }
bool arns_like(const PolicyPattern& wanted, std::string_view given) {
  return matches_arn(wanted, given, false);
}

using P = const PolicyPattern&;
using V = std::string_view;
constexpr std::array operators{
    Operator{"StringEquals", false, texts_equal},
    Operator{"StringNotEquals", true, texts_equal},
    Operator{"StringEqualsIgnoreCase", false, texts_equal_any_case},
    Operator{"StringNotEqualsIgnoreCase", true, texts_equal_any_case},
    Operator{"StringLike", false, texts_like},
    Operator{"StringNotLike", true, texts_like},
    Operator{"NumericEquals", false, [](P wanted, V given) { return numbers("==", wanted, given); }},
    Operator{"NumericNotEquals", true, [](P wanted, V given) { return numbers("==", wanted, given); }},
    Operator{"NumericLessThan", false, [](P wanted, V given) { return numbers("<", wanted, given); }},
    Operator{"NumericLessThanEquals", false, [](P wanted, V given) { return numbers("<=", wanted, given); }},
    Operator{"NumericGreaterThan", false, [](P wanted, V given) { return numbers(">", wanted, given); }},
    Operator{"NumericGreaterThanEquals", false,
             [](P wanted, V given) { return numbers(">=", wanted, given); }},
    Operator{"DateEquals", false, [](P wanted, V given) { return moments("==", wanted, given); }},
    Operator{"DateNotEquals", true, [](P wanted, V given) { return moments("==", wanted, given); }},
    Operator{"DateLessThan", false, [](P wanted, V given) { return moments("<", wanted, given); }},
    Operator{"DateLessThanEquals", false, [](P wanted, V given) { return moments("<=", wanted, given); }},
    Operator{"DateGreaterThan", false, [](P wanted, V given) { return moments(">", wanted, given); }},
    Operator{"DateGreaterThanEquals", false, [](P wanted, V given) { return moments(">=", wanted, given); }},
    Operator{"Bool", false, texts_equal_any_case},
    Operator{"BinaryEquals", false, texts_equal},
    Operator{"IpAddress", false, in_range},
    Operator{"NotIpAddress", true, in_range},
    Operator{"ArnEquals", false, arns_like},
    Operator{"ArnLike", false, arns_like},
    Operator{"ArnNotEquals", true, arns_like},
    Operator{"ArnNotLike", true, arns_like},
};

enum class Set : std::uint8_t { None, All, Any };

struct Written {
  Set set = Set::None;
  bool if_exists = false;
  bool null = false;
  const Operator* compare = nullptr;
};

std::optional<Written> read_operator(std::string_view text) {
  Written written;
  for (const auto& [prefix, set] : {std::pair{std::string_view("ForAllValues:"), Set::All},
                                    std::pair{std::string_view("ForAnyValue:"), Set::Any}}) {
    if (text.size() <= prefix.size() || !same_letters(text.substr(0, prefix.size()), prefix)) continue;
    written.set = set;
    text.remove_prefix(prefix.size());
  }
  if (same_letters(text, "Null")) {
    written.null = true;
    return written;
  }
  constexpr std::string_view suffix = "IfExists";
  if (text.size() > suffix.size() && same_letters(text.substr(text.size() - suffix.size()), suffix)) {
    written.if_exists = true;
    text.remove_suffix(suffix.size());
  }
  const auto found =
      std::ranges::find_if(operators, [&](const Operator& each) { return same_letters(each.name, text); });
  if (found == operators.end()) return std::nullopt;
  written.compare = &*found;
  return written;
}

/// A condition's values as text: policies may say true and 5 without quotes.
std::vector<std::string> texts_of(const Json& values) {
  std::vector<std::string> texts;
  const auto add = [&texts](const Json& value) {
    if (value.is_string()) {
      texts.push_back(value.get<std::string>());
    } else if (value.is_boolean() || value.is_number()) {
      texts.push_back(value.dump());
    }
  };
  if (values.is_array()) {
    for (const Json& value : values) add(value);
  } else {
    add(values);
  }
  return texts;
}

bool holds(const Written& written, const std::vector<std::string>& wanted,
           const std::vector<std::string>* given, const ContextKeys& context, Variables variables) {
  if (written.null) {
    const bool absent = given == nullptr;
    return std::ranges::any_of(wanted,
                               [&](const std::string& text) { return same_letters(text, "true") == absent; });
  }
  const Operator& compare = *written.compare;
  if (given == nullptr || given->empty()) {
    if (written.if_exists || written.set == Set::All) return true;
    return written.set == Set::None && compare.negated;
  }
  std::vector<PolicyPattern> patterns;
  for (const std::string& text : wanted)
    if (auto pattern = read_pattern(text, variables, context)) patterns.push_back(std::move(*pattern));
  const auto fits = [&](const std::string& value) {
    const bool any = std::ranges::any_of(
        patterns, [&](const PolicyPattern& pattern) { return compare.fits(pattern, value); });
    return any != compare.negated;
  };
  // Without a set, a negated operator refuses whatever it names.
  const bool all = written.set == Set::All || (written.set == Set::None && compare.negated);
  return all ? std::ranges::all_of(*given, fits) : std::ranges::any_of(*given, fits);
}

}  // namespace

bool is_condition_operator(std::string_view written) { return read_operator(written).has_value(); }

bool meets_conditions(const Json& conditions, const ContextKeys& context, Variables variables) {
  if (!conditions.is_object()) return false;
  for (const auto& [name, keys] : conditions.items()) {
    const std::optional<Written> written = read_operator(name);
    if (!written || !keys.is_object()) return false;
    for (const auto& [key, values] : keys.items()) {
      const auto found = context.find(key);
      const std::vector<std::string>* given = found == context.end() ? nullptr : &found->second;
      if (!holds(*written, texts_of(values), given, context, variables)) return false;
    }
  }
  return true;
}

}  // namespace aviary::iam
