#include "services/logs/core/account_subscriptions.hpp"

#include <algorithm>

#include "base/bounded_json.hpp"
#include "base/document.hpp"
#include "services/logs/core/errors.hpp"

namespace aviary::logs {
namespace {

constexpr std::size_t most_left_out = 50;

/// `LogGroupName NOT IN ["a", "b"]`; none is left out where nothing is said.
Result<std::vector<std::string>> parse_criteria(std::string_view text) {
  constexpr std::string_view words[] = {"LogGroupName", "NOT", "IN"};
  const auto skip_spaces = [&text] {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  };
  skip_spaces();
  if (text.empty()) return std::vector<std::string>();
  const AwsError refused = invalid_parameter(
      "Invalid selection criteria. The supported criteria is LogGroupName NOT IN [], with names of log "
      "groups in quotation marks.");
  for (const std::string_view word : words) {
    if (!text.starts_with(word)) return refused;
    text.remove_prefix(word.size());
    skip_spaces();
  }
  const Json names = parse_bounded<Json>(text);
  if (!names.is_array() || names.size() > most_left_out ||
      !std::ranges::all_of(names, [](const Json& name) { return name.is_string(); }))
    return refused;
  return names.get<std::vector<std::string>>();
}

}  // namespace

bool AccountSubscription::takes(const LogGroup& group) const {
  return std::ranges::find(left_out, group.name) == left_out.end();
}

Result<AccountSubscription> AccountSubscription::parse(const Json& policy) {
  const Json document = parse_bounded<Json>(text_of(policy, "policyDocument"));
  if (!document.is_object()) return invalid_parameter("Invalid policyDocument: it is not a JSON object.");
  for (const auto& [member, value] : document.items()) {
    constexpr std::string_view members[] = {"DestinationArn", "RoleArn", "FilterPattern", "Distribution"};
    if (std::ranges::find(members, member) == std::end(members) || !value.is_string())
      return invalid_parameter("Invalid policyDocument: " + member + " is not a text that it may have.");
  }
  if (text_of(document, "DestinationArn").empty() || !document.contains("FilterPattern"))
    return invalid_parameter("Invalid policyDocument: DestinationArn and FilterPattern are required.");
  const std::string& distribution = text_of(document, "Distribution");
  if (!distribution.empty() && distribution != "Random" && distribution != "ByLogStream")
    return invalid_parameter("Invalid policyDocument: Distribution is Random or ByLogStream.");
  Result<std::vector<std::string>> left_out = parse_criteria(text_of(policy, "selectionCriteria"));
  if (!left_out) return left_out.error();
  AccountSubscription subscription;
  SubscriptionFilter& filter = subscription.filter;
  filter.name = text_of(policy, "policyName");
  filter.pattern_text = text_of(document, "FilterPattern");
  filter.destination_arn = text_of(document, "DestinationArn");
  filter.role_arn = text_of(document, "RoleArn");
  if (!distribution.empty()) filter.distribution = distribution;
  filter.of_account = true;
  Result<FilterPattern> pattern = FilterPattern::parse(filter.pattern_text);
  if (!pattern) return pattern.error();
  filter.pattern = std::move(*pattern);
  subscription.left_out = std::move(*left_out);
  return subscription;
}

const SubscriptionFilter* AccountSubscriptions::find(const LogGroup& group) const {
  if (subscriptions_.empty()) return nullptr;
  const auto found = subscriptions_.find(group.scope);
  return found != subscriptions_.end() && found->second.takes(group) ? &found->second.filter : nullptr;
}

}  // namespace aviary::logs
