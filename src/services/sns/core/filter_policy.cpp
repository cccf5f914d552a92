#include "services/sns/core/filter_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "base/bounded_json.hpp"
#include "services/sns/core/topic.hpp"

namespace aviary::sns {
namespace {

constexpr std::size_t keys_at_most = 5;
constexpr std::size_t combinations_at_most = 150;

bool is_nested(const Json& policy) {
  for (const auto& [key, rules] : policy.items()) {
    if (key == "$or" && rules.is_array()) {
      if (std::ranges::any_of(rules, is_nested)) return true;
    } else if (rules.is_object()) {
      return true;
    }
  }
  return false;
}

/// What SNS calls a policy's complexity: the product of how many values each key has, times how deep it lies;
/// alternatives add up. The policy is well-formed by now.
/// https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
std::size_t combinations(const Json& policy, std::size_t depth, std::size_t so_far) {
  for (const auto& [key, rules] : policy.items()) {
    if (rules.is_object()) {
      so_far = combinations(rules, depth + 1, so_far);
    } else if (key == "$or") {
      std::size_t sum = 0;
      for (const Json& each : rules) sum += combinations(each, depth, so_far);
      so_far = sum;
    } else {
      so_far *= rules.size() * depth;
    }
    so_far = std::min(so_far, combinations_at_most + 1);
  }
  return so_far;
}

}  // namespace

Result<EventPattern> read_filter_policy(const std::string& text, bool body, std::string_view within) {
  const auto refuse = [within](std::string_view reason) {
    return invalid(fmt::format("{}{}", within, reason));
  };
  const Json document = parse_bounded<Json>(text);
  if (!document.is_object()) return refuse("FilterPolicy: failed to parse JSON.");
  if (document.size() > keys_at_most)
    return refuse("FilterPolicy: Filter policy can not have more than 5 keys");
  auto parsed = EventPattern::parse(document);
  if (const auto* problem = std::get_if<std::string>(&parsed)) return refuse("FilterPolicy: " + *problem);
  if (!body && is_nested(document))
    return refuse("Filter policy scope MessageAttributes does not support nested filter policy");
  if (combinations(document, 1, 1) > combinations_at_most)
    return refuse("FilterPolicy: Filter policy is too complex");
  return std::get<EventPattern>(std::move(parsed));
}

}  // namespace aviary::sns
