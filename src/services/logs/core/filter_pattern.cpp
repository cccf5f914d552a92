#include "services/logs/core/filter_pattern.hpp"

#include "services/logs/core/errors.hpp"
#include "services/logs/core/pattern_rules.hpp"

namespace aviary::logs {

Result<FilterPattern> FilterPattern::parse(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '\n'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n'))
    text.remove_suffix(1);
  Result<RulePointer> rule = RulePointer();
  if (text.starts_with('{')) {
    if (!text.ends_with('}'))
      return invalid_parameter("If a filter pattern starts with '{' it must end with '}'");
    rule = parse_json_pattern(text);
  } else if (text.starts_with('[')) {
    if (!text.ends_with(']'))
      return invalid_parameter("If a filter pattern starts with '[' it must end with ']'");
    rule = parse_columns(text);
  } else if (!text.empty()) {
    rule = parse_terms(text);
  }
  if (!rule) return rule.error();
  FilterPattern pattern;
  pattern.rule_ = std::move(*rule);
  return pattern;
}

}  // namespace aviary::logs
