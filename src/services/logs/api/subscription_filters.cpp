#include <algorithm>

#include "models/logs.hpp"
#include "services/logs/api/input.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/destination.hpp"
#include "services/logs/core/errors.hpp"

namespace aviary::logs {
namespace {

constexpr std::size_t most_subscription_filters = 2;

Json describe(const LogGroup& group, const SubscriptionFilter& filter) {
  Json row{{"filterName", filter.name},
           {"logGroupName", group.name},
           {"filterPattern", filter.pattern_text},
           {"destinationArn", filter.destination_arn},
           {"distribution", filter.distribution},
           {"applyOnTransformedLogs", filter.on_transformed},
           {"creationTime", filter.created}};
  if (!filter.role_arn.empty()) row["roleArn"] = filter.role_arn;
  return row;
}

}  // namespace

Result<> LogsService::check_subscription(const SubscriptionFilter& filter, const Call& call) const {
  const std::string& arn = filter.destination_arn;
  const ArnParts destination = parse_arn(arn);
  if (destination.service.empty()) return invalid_parameter("Invalid destinationArn: " + arn);
  if (destination.service == "lambda" && destination.account != call.account)
    return AwsError(
        models::logs::errors::AccessDeniedException,
        "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create "
        "cross account lambda triggers.");
  if ((destination.service == "kinesis" || destination.service == "firehose") && filter.role_arn.empty())
    return invalid_parameter("destinationArn for vendor " + destination.service +
                             " cannot be used without roleArn");
  const std::string_view name = destination_name(arn);
  if (name.empty() || destination.account == call.account) return {};
  const Json* found = destinations_.find({destination.account, destination.region}, name);
  if (found != nullptr && !admits(text_of(*found, "accessPolicy"), call.account))
    return AwsError(models::logs::errors::AccessDeniedException,
                    "User with accountId: " + call.account +
                        " is not authorized to perform PutSubscriptionFilter on arn " + arn);
  return {};
}

AwsError LogsService::cannot_reach(const std::string& arn) {
  const std::string service = parse_arn(arn).service;
  if (service == "lambda")
    return invalid_parameter(
        "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to "
        "execute your "
        "function.");
  if (service == "logs")
    return invalid_parameter(
        "Could not deliver test message to specified destination. Check if the destination is valid.");
  return invalid_parameter("Could not deliver test message to specified " + service + " resource: " + arn);
}

Task<Result<Reply>> LogsService::put_subscription_filter(Call call) {
  const std::string arn = text_of(call.input, "destinationArn");
  SubscriptionFilter filter{.name = text_of(call.input, "filterName"),
                            .pattern_text = text_of(call.input, "filterPattern"),
                            .destination_arn = arn,
                            .role_arn = text_of(call.input, "roleArn")};
  if (const Result<> fits = check_subscription(filter, call); !fits) co_return fits.error();
  filter.on_transformed = flag_of(call.input, "applyOnTransformedLogs");
  Result<FilterPattern> pattern = FilterPattern::parse(filter.pattern_text);
  if (!pattern) co_return pattern.error();
  filter.pattern = std::move(*pattern);
  filter.created = to_millis(call.now);
  if (const std::string& distribution = text_of(call.input, "distribution"); !distribution.empty())
    filter.distribution = distribution;
  const Result<LogGroup*> known = group_of(store_, call);
  if (!known) co_return known.error();
  const bool there = co_await subscription_target_.exists(scope_of(call), arn);
  if (!there) co_return cannot_reach(arn);

  // The group again: it may have gone while the destination was looked for.
  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) co_return group.error();
  std::vector<SubscriptionFilter>& filters = (*group)->subscriptions;
  const auto same = std::ranges::find(filters, filter.name, &SubscriptionFilter::name);
  if (same != filters.end()) {
    filter.created = same->created;
    *same = std::move(filter);
  } else {
    if (filters.size() >= most_subscription_filters) co_return limit_exceeded();
    const auto place = std::ranges::upper_bound(filters, filter.name, {}, &SubscriptionFilter::name);
    filters.insert(place, std::move(filter));
  }
  store_.save(**group);
  co_return Reply{};
}

Result<Reply> LogsService::delete_subscription_filter(Call& call) {
  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) return group.error();
  const std::string& name = text_of(call.input, "filterName");
  if (std::erase_if((*group)->subscriptions, [&](const SubscriptionFilter& f) { return f.name == name; }) ==
      0)
    return not_found("The specified subscription filter does not exist.");
  store_.save(**group);
  return Reply{};
}

Result<Reply> LogsService::describe_subscription_filters(Call& call) {
  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) return group.error();
  const std::string& prefix = text_of(call.input, "filterNamePrefix");
  const Result<std::optional<std::string>> after = token_of(call.input);
  if (!after) return after.error();
  Reply reply;
  Json& rows = reply.output["subscriptionFilters"] = Json::array();
  const std::size_t size = page_size_of(call.input);
  for (const SubscriptionFilter& filter : (*group)->subscriptions) {
    if (!filter.name.starts_with(prefix) || (*after && filter.name <= **after)) continue;
    if (rows.size() == size) {
      reply.output["nextToken"] = token_after(rows.back()["filterName"].get_ref<const std::string&>());
      break;
    }
    rows.push_back(describe(**group, filter));
  }
  return reply;
}

}  // namespace aviary::logs
