#include "services/logs/core/pattern_rules.hpp"

namespace aviary::logs {
namespace {

/// A condition on one selector, or several joined; a tree of a few nodes.
struct Condition {
  enum class Kind : std::uint8_t { Compare, IsNull, IsTrue, IsFalse, NotExists, And, Or };
  Kind kind = Kind::Compare;
  std::string selector{};
  JsonPath path{};
  Comparison comparison = Comparison::Equal;
  Operand operand{};
  std::vector<Condition> parts{};

  bool holds_for(std::string_view event) const;
};

bool compares(const JsonValue& value, const Condition& condition) {
  switch (value.kind) {
    case JsonKind::String:
      return value.escaped ? holds(value.text(), false, condition.comparison, condition.operand)
                           : holds(value.raw, false, condition.comparison, condition.operand);
    case JsonKind::Number:
      return holds(value.raw, true, condition.comparison, condition.operand);
    case JsonKind::True:
    case JsonKind::False:
      return holds(value.raw, false, condition.comparison, condition.operand);
    default:
      // "If a property selector points to an array or object, the filter pattern won't match": not even with
      // `!=`.
      return false;
  }
}

bool Condition::holds_for(std::string_view event) const {
  const auto is = [&](JsonKind wanted) {
    return find_json(event, path, [wanted](const JsonValue& value) { return value.kind == wanted; });
  };
  switch (kind) {
    case Kind::Compare:
      return find_json(event, path, [this](const JsonValue& value) { return compares(value, *this); });
    case Kind::IsNull:
      return is(JsonKind::Null);
    case Kind::IsTrue:
      return is(JsonKind::True);
    case Kind::IsFalse:
      return is(JsonKind::False);
    case Kind::NotExists:
      return !find_json(event, path, [](const JsonValue&) { return true; });
    case Kind::And:
      for (const Condition& part : parts) {
        if (!part.holds_for(event)) return false;
      }
      return true;
    case Kind::Or:
      break;
  }
  for (const Condition& part : parts) {
    if (part.holds_for(event)) return true;
  }
  return false;
}

void collect_selectors(const Condition& condition, std::vector<const Condition*>& found) {
  if (!condition.path.empty()) found.push_back(&condition);
  for (const Condition& part : condition.parts) collect_selectors(part, found);
}

std::optional<std::string> first_value(std::string_view event, const JsonPath& path) {
  std::optional<std::string> found;
  find_json(event, path, [&found](const JsonValue& value) {
    found = value.text();
    return true;
  });
  return found;
}

class JsonRule final : public FilterPattern::Rule {
 public:
  explicit JsonRule(Condition condition) : condition_(std::move(condition)) {}

  bool matches(std::string_view event) const override {
    // The cheap look first; whether it is JSON at all is asked only where the condition holds.
    return resembles_json(event) && condition_.holds_for(event) && is_json(event);
  }
  Extracted extract(std::string_view event) const override {
    std::vector<const Condition*> selectors;
    collect_selectors(condition_, selectors);
    Extracted values;
    for (const Condition* each : selectors) {
      if (std::optional<std::string> value = first_value(event, each->path))
        values.emplace_back(each->selector, std::move(*value));
    }
    return values;
  }
  std::optional<std::string> value(std::string_view event, std::string_view selector) const override {
    const std::optional<JsonPath> path = parse_json_path(selector);
    return path ? first_value(event, *path) : std::nullopt;
  }

 private:
  Condition condition_;
};

/// How much of `text` is a selector: what a path may be made of.
std::size_t selector_length(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size()) {
    const char c = text[length];
    if (c == '[') {
      const std::size_t end = text.find(']', length);
      if (end == std::string_view::npos) return length;
      length = end + 1;
    } else if (c == '.' || c == '*' || c == '-' || c == '@' || c == '$' || c == '#' || c == '/' || c == ':' ||
               is_word_character(c)) {
      ++length;
    } else {
      break;
    }
  }
  return length;
}

Result<Condition> parse_or(ConditionReader& reader, int depth);

Result<Condition> parse_condition(ConditionReader& reader, int depth) {
  if (reader.take("(")) {
    if (depth > 50) return invalid_pattern();
    Result<Condition> inner = parse_or(reader, depth + 1);
    if (!inner) return inner.error();
    if (!reader.take(")")) return invalid_pattern();
    return inner;
  }
  reader.spaces();
  if (reader.peek() != '$') return reader.peek() == '\0' ? invalid_pattern() : reader.invalid_here();
  Condition condition;
  const std::size_t length = selector_length(reader.rest());
  condition.selector = reader.rest().substr(0, length);
  const std::optional<JsonPath> path = parse_json_path(condition.selector);
  if (!path) {
    // As the service words it for `$."sc-status"`: the term and the character that ends it.
    return invalid_characters(reader.rest().substr(0, length + (length < reader.rest().size() ? 1 : 0)));
  }
  condition.path = *path;
  reader.advance(length);
  if (reader.take_word("IS")) {
    if (reader.take_word("NULL")) {
      condition.kind = Condition::Kind::IsNull;
    } else if (reader.take_word("TRUE")) {
      condition.kind = Condition::Kind::IsTrue;
    } else if (reader.take_word("FALSE")) {
      condition.kind = Condition::Kind::IsFalse;
    } else {
      return invalid_pattern();
    }
    return condition;
  }
  if (reader.take_word("NOT")) {
    if (!reader.take_word("EXISTS")) return invalid_pattern();
    condition.kind = Condition::Kind::NotExists;
    return condition;
  }
  const std::optional<Comparison> comparison = reader.comparison();
  if (!comparison) return invalid_pattern();
  condition.comparison = *comparison;
  Result<Operand> operand = reader.operand();
  if (!operand) return operand.error();
  const bool ordered = *comparison != Comparison::Equal && *comparison != Comparison::NotEqual;
  if (ordered && !operand->number) return invalid_pattern();
  condition.operand = std::move(*operand);
  return condition;
}

Result<Condition> parse_joined(ConditionReader& reader, int depth, std::string_view sign,
                               Condition::Kind kind, Result<Condition> (*next)(ConditionReader&, int)) {
  Result<Condition> first = next(reader, depth);
  if (!first) return first.error();
  if (!reader.take(sign)) return first;
  Condition joined;
  joined.kind = kind;
  joined.parts.push_back(std::move(*first));
  do {
    Result<Condition> more = next(reader, depth);
    if (!more) return more.error();
    joined.parts.push_back(std::move(*more));
  } while (reader.take(sign));
  return joined;
}

Result<Condition> parse_and(ConditionReader& reader, int depth) {
  return parse_joined(reader, depth, "&&", Condition::Kind::And, parse_condition);
}

Result<Condition> parse_or(ConditionReader& reader, int depth) {
  return parse_joined(reader, depth, "||", Condition::Kind::Or, parse_and);
}

}  // namespace

std::optional<JsonPath> parse_json_path(std::string_view text) {
  if (!text.starts_with('$')) return std::nullopt;
  text.remove_prefix(1);
  JsonPath path;
  int wildcards = 0;
  while (!text.empty()) {
    bool dotted = false;
    if (text.front() == '.') {
      text.remove_prefix(1);
      dotted = true;
      if (text.empty()) return std::nullopt;
    }
    if (text.front() == '[') {
      const std::size_t end = text.find(']');
      if (end == std::string_view::npos) return std::nullopt;
      std::string_view inside = text.substr(1, end - 1);
      text.remove_prefix(end + 1);
      if (inside == "*") {
        ++wildcards;
        path.push_back({JsonStep::Kind::AnyElement});
      } else if (inside.size() > 2 && (inside.front() == '\'' || inside.front() == '"') &&
                 inside.back() == inside.front()) {
        path.push_back({JsonStep::Kind::Key, std::string(inside.substr(1, inside.size() - 2))});
      } else {
        std::size_t index = 0;
        if (inside.empty() || inside.size() > 9) return std::nullopt;
        for (const char c : inside) {
          if (c < '0' || c > '9') return std::nullopt;
          index = index * 10 + static_cast<std::size_t>(c - '0');
        }
        path.push_back({JsonStep::Kind::Index, {}, index});
      }
      continue;
    }
    if (!dotted) return std::nullopt;
    const std::size_t end = std::min(text.find_first_of(".["), text.size());
    if (end == 0) return std::nullopt;
    const std::string_view name = text.substr(0, end);
    text.remove_prefix(end);
    if (name == "*") {
      ++wildcards;
      path.push_back({JsonStep::Kind::AnyKey});
    } else {
      if (name.find('*') != std::string_view::npos) return std::nullopt;
      path.push_back({JsonStep::Kind::Key, std::string(name)});
    }
  }
  // "You can only use up to one wildcard selector in a property selector."
  if (path.empty() || wildcards > 1) return std::nullopt;
  return path;
}

Result<RulePointer> parse_json_pattern(std::string_view pattern) {
  ConditionReader reader(pattern.substr(1, pattern.size() - 2));
  Result<Condition> condition = parse_or(reader, 0);
  if (!condition) return condition.error();
  if (!reader.at_end()) return invalid_pattern();
  return RulePointer(std::make_shared<JsonRule>(std::move(*condition)));
}

}  // namespace aviary::logs
