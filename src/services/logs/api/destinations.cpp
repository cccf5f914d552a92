#include <fmt/format.h>

#include "base/bounded_json.hpp"
#include "services/logs/api/document_page.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/destination.hpp"
#include "services/logs/core/errors.hpp"

/// Destinations: what stands before a stream for subscription filters, also those of other accounts.
namespace aviary::logs {
namespace {

AwsError destination_not_found() { return not_found("The specified destination does not exist."); }

}  // namespace

Task<Result<Reply>> LogsService::put_destination(Call call) {
  const Scope scope = scope_of(call);
  const std::string name = text_of(call.input, "destinationName");
  const std::string target = text_of(call.input, "targetArn");
  const std::string service = parse_arn(target).service;
  if (service != "kinesis" && service != "firehose")
    co_return invalid_parameter("Invalid targetArn: " + target);
  const bool there = co_await subscription_target_.exists(scope, target);
  if (!there)
    co_return invalid_parameter(
        "Could not deliver test message to specified destination. Check if the destination is valid.");
  const Json* known = destinations_.find(scope, name);
  Json destination =
      known
          ? *known
          : Json{{"destinationName", name},
                 {"arn", fmt::format("arn:aws:logs:{}:{}:destination:{}", scope.region, scope.account, name)},
                 {"creationTime", to_millis(call.now)}};
  destination["targetArn"] = target;
  destination["roleArn"] = text_of(call.input, "roleArn");
  if (const Json* tags = find_member(call.input, "tags")) destination["tags"] = *tags;
  Reply reply;
  reply.output["destination"] = without_tags(destination);
  destinations_.put(scope, name, std::move(destination));
  co_return reply;
}

Result<Reply> LogsService::put_destination_policy(Call& call) {
  const std::string& name = text_of(call.input, "destinationName");
  const std::string& policy = text_of(call.input, "accessPolicy");
  const Json* known = destinations_.find(scope_of(call), name);
  if (known == nullptr) return destination_not_found();
  const Json parsed = parse_bounded<Json>(policy);
  if (!parsed.is_object() || !parsed.contains("Statement")) return invalid_parameter("Invalid AccessPolicy");
  Json destination = *known;
  destination["accessPolicy"] = policy;
  destinations_.put(scope_of(call), name, std::move(destination));
  return Reply{};
}

Result<Reply> LogsService::describe_destinations(Call& call) {
  const std::string& prefix = text_of(call.input, "DestinationNamePrefix");
  return page_of(destinations_, call, "destinations", [&](const Json& destination) {
    return text_of(destination, "destinationName").starts_with(prefix) ? without_tags(destination) : Json();
  });
}

/// Filters that name it stay; what they match is dropped from then on.
Result<Reply> LogsService::delete_destination(Call& call) {
  const std::string& name = text_of(call.input, "destinationName");
  if (destinations_.find(scope_of(call), name) == nullptr) return destination_not_found();
  destinations_.erase(scope_of(call), name);
  return Reply{};
}

}  // namespace aviary::logs
