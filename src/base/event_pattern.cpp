#include "base/event_pattern.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bounded_json.hpp"
#include "base/ip_block.hpp"

namespace aviary {
namespace {

constexpr int most_levels = 64;

/// `*` stands for any text.
bool wildcard_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t kept = 0;
  while (t < text.size()) {
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      kept = t;
    } else if (p < pattern.size() && pattern[escaped ? p + 1 : p] == text[t]) {
      p += escaped ? 2 : 1;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++kept;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool block_contains(const Json& block_text, std::string_view text) {
  const std::optional<IpBlock> block = parse_ip_block(block_text.get_ref<const std::string&>());
  const std::optional<IpAddress> address = parse_ip_address(text);
  return block && address && block->contains(*address);
}

bool in_order(const std::string& op, double value, double bound) {
  if (op == "=") return value == bound;
  if (op == "<") return value < bound;
  if (op == "<=") return value <= bound;
  if (op == ">") return value > bound;
  return value >= bound;
}

/// A text against `prefix`, `suffix`, `wildcard`, `equals-ignore-case`.
bool text_matches(const std::string& op, const Json& wanted, const std::string& text) {
  if (wanted.is_array())
    return std::ranges::any_of(wanted, [&](const Json& each) { return text_matches(op, each, text); });
  if (wanted.is_object()) {  // {"prefix": {"equals-ignore-case": "x"}}
    const std::string folded = lower(wanted.begin()->get<std::string>());
    return op == "prefix" ? lower(text).starts_with(folded) : lower(text).ends_with(folded);
  }
  const std::string& other = wanted.get_ref<const std::string&>();
  if (op == "prefix") return text.starts_with(other);
  if (op == "suffix") return text.ends_with(other);
  if (op == "wildcard") return wildcard_matches(other, text);
  return lower(text) == lower(other);
}

/// One scalar of the event against one entry of a list; `exists` is seen to before.
bool scalar_matches(const Json& rule, const Json& value) {
  if (!rule.is_object()) return rule == value;
  const std::string& op = rule.begin().key();
  const Json& wanted = rule.begin().value();
  if (op == "anything-but") {
    if (wanted.is_object())
      return !value.is_string() ||
             !text_matches(wanted.begin().key(), wanted.begin().value(), value.get_ref<const std::string&>());
    if (wanted.is_array()) return std::ranges::find(wanted, value) == wanted.end();
    return wanted != value;
  }
  if (op == "numeric") {
    if (!value.is_number()) return false;
    for (std::size_t i = 0; i + 1 < wanted.size(); i += 2)
      if (!in_order(wanted[i].get<std::string>(), value.get<double>(), wanted[i + 1].get<double>()))
        return false;
    return true;
  }
  if (!value.is_string()) return false;
  const std::string& text = value.get_ref<const std::string&>();
  return op == "cidr" ? block_contains(wanted, text) : text_matches(op, wanted, text);
}

bool leaf_matches(const Json& rules, const Json* value) {
  const bool there = value != nullptr;
  return std::ranges::any_of(rules, [&](const Json& rule) {
    if (rule.is_object() && rule.begin().key() == "exists") return rule.begin().value().get<bool>() == there;
    if (!there) return false;
    if (!value->is_array()) return scalar_matches(rule, *value);
    return std::ranges::any_of(*value, [&](const Json& each) { return scalar_matches(rule, each); });
  });
}

bool object_matches(const Json& pattern, const Json* event) {
  if (event != nullptr && event->is_array())
    return std::ranges::any_of(*event, [&](const Json& each) { return object_matches(pattern, &each); });
  for (const auto& [key, rules] : pattern.items()) {
    if (key == "$or" && rules.is_array()) {
      if (std::ranges::none_of(rules, [&](const Json& each) { return object_matches(each, event); }))
        return false;
      continue;
    }
    const Json* value = nullptr;
    if (event != nullptr && event->is_object())
      if (const auto found = event->find(key); found != event->end()) value = &*found;
    if (rules.is_object() ? !object_matches(rules, value) : !leaf_matches(rules, value)) return false;
  }
  return true;
}

/// What AWS's reader prints of a token that it did not want.
std::string token_at(const Json& tokens, std::size_t at) {
  if (at >= tokens.size()) return "]";
  return tokens[at].is_string() ? tokens[at].get<std::string>() : tokens[at].dump();
}

bool number_at(const Json& tokens, std::size_t at) { return at < tokens.size() && tokens[at].is_number(); }

/// `["=", 1]`, `["<", 1]`, `[">", 0, "<=", 5]`. Words as recorded from AWS by LocalStack's tests of SNS's
/// filter policies, without the place in the text that AWS adds.
std::string numeric_problem(const Json& wanted) {
  if (!wanted.is_array()) return "Value of numeric must be an array.";
  const std::string first = token_at(wanted, 0);
  if (wanted.empty() || !wanted[0].is_string()) return "Invalid member in numeric match: " + first;
  const bool opens = first == ">" || first == ">=";
  if (!opens && first != "=" && first != "<" && first != "<=")
    return "Unrecognized numeric range operator: " + first;
  if (!number_at(wanted, 1)) return "Value of " + (first == "=" ? "equals" : first) + " must be numeric";
  if (wanted.size() == 2) return {};
  if (!opens) return "Too many elements in numeric expression";
  const std::string second = token_at(wanted, 2);
  if (!wanted[2].is_string()) return "Bad value in numeric range: " + second;
  if (second != "<" && second != "<=") return "Bad numeric range operator: " + second;
  if (!number_at(wanted, 3)) return "Value of " + second + " must be numeric";
  if (wanted.size() > 4) return "Too many terms in numeric range expression";
  return wanted[1].get<double>() < wanted[3].get<double>() ? "" : "Bottom must be less than top";
}

std::string cidr_problem(const Json& wanted) {
  if (!wanted.is_string()) return "prefix match pattern must be a string";
  const std::string& text = wanted.get_ref<const std::string&>();
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || text.find('/', slash + 1) != std::string::npos)
    return "Malformed CIDR, one '/' required";
  const std::string bits = text.substr(slash + 1);
  if (bits.empty() || bits.find_first_not_of("0123456789") != std::string::npos)
    return "Malformed CIDR, mask bits must be an integer";
  if (!parse_ip_address(text.substr(0, slash))) return "Nonstandard IP address: " + text.substr(0, slash);
  return parse_ip_block(text) ? "" : "Malformed CIDR, mask bits must not be greater than the address has";
}

bool is_texts(const Json& value) {
  return value.is_string() || (value.is_array() && !value.empty() &&
                               std::ranges::all_of(value, [](const Json& e) { return e.is_string(); }));
}

bool is_folded(const Json& value) {
  return value.is_object() && value.size() == 1 && value.begin().key() == "equals-ignore-case" &&
         value.begin().value().is_string();
}

std::string rule_problem(const Json& rule) {
  if (rule.is_array()) return "Match value must be String, number, true, false, or null";
  if (!rule.is_object()) return {};
  if (rule.size() != 1) return "Only one key allowed in match expression";
  const std::string& op = rule.begin().key();
  const Json& wanted = rule.begin().value();
  if (op == "exists") return wanted.is_boolean() ? "" : "exists match pattern must be either true or false.";
  if (op == "numeric") return numeric_problem(wanted);
  if (op == "cidr") return cidr_problem(wanted);
  if (op == "prefix" || op == "suffix")
    return wanted.is_string() || is_folded(wanted) ? "" : op + " match pattern must be a string";
  if (op == "wildcard" || op == "equals-ignore-case")
    return wanted.is_string() ? "" : op + " match pattern must be a string";
  if (op == "anything-but") {
    if (!wanted.is_object())
      return !wanted.is_array() ||
                     (!wanted.empty() &&
                      std::ranges::none_of(wanted, [](const Json& e) { return e.is_structured(); }))
                 ? ""
                 : "Inside anything but list, start|null|boolean is not supported.";
    const std::string inner = wanted.size() == 1 ? wanted.begin().key() : "";
    const bool known =
        inner == "prefix" || inner == "suffix" || inner == "wildcard" || inner == "equals-ignore-case";
    return known && is_texts(wanted.begin().value()) ? "" : "Unsupported anything-but pattern: " + inner;
  }
  return "Unrecognized match type " + op;
}

std::string object_problem(const Json& pattern, int level) {
  if (level > most_levels) return "Pattern is nested too deeply";
  if (pattern.empty()) return level == 0 ? "Event pattern is empty" : "Empty objects are not allowed";
  for (const auto& [key, rules] : pattern.items()) {
    if (key == "$or" && rules.is_array()) {
      if (rules.size() < 2) return "There must have at least 2 Objects in the array of $or";
      for (const Json& each : rules) {
        if (!each.is_object()) return "Only objects are allowed in the array of $or";
        if (std::string problem = object_problem(each, level + 1); !problem.empty()) return problem;
      }
    } else if (rules.is_object()) {
      if (std::string problem = object_problem(rules, level + 1); !problem.empty()) return problem;
    } else if (rules.is_array()) {
      if (rules.empty()) return "Empty arrays are not allowed";
      for (const Json& rule : rules)
        if (std::string problem = rule_problem(rule); !problem.empty()) return problem;
    } else {
      return "\"" + key + "\" must be an object or an array";
    }
  }
  return {};
}

}  // namespace

std::variant<EventPattern, std::string> EventPattern::parse(const Json& document) {
  if (!document.is_object()) return "Filter is not an object";
  if (std::string problem = object_problem(document, 0); !problem.empty()) return problem;
  return EventPattern(document);
}

std::variant<EventPattern, std::string> EventPattern::parse(std::string_view text) {
  return parse(parse_bounded<Json>(text));
}

bool EventPattern::matches(const Json& event) const { return object_matches(document_, &event); }

}  // namespace aviary
