#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "models/logs.hpp"
#include "services/logs/api/document_page.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/destination.hpp"
#include "services/logs/core/errors.hpp"
#include "wire/protocol.hpp"

/// Deliveries of what other services log of themselves, each from a source to a destination. Those services
/// are not in the emulator, so that none ever has anything to deliver.
namespace aviary::logs {
namespace {

namespace rows = models::logs::errors;

// Texts as LocalStack's snapshots recorded them (test_logs_delivery.snapshot.json, 2026).
AwsError no_source() { return not_found("Requested Delivery Source does not exist in this account."); }
AwsError no_destination() {
  return not_found("Requested Delivery Destination does not exist in this account.");
}
AwsError no_delivery() { return not_found("Requested Delivery does not exist in this account."); }

// As reported in hashicorp/terraform-provider-aws#43572.
AwsError tags_of_known() {
  return {rows::ConflictException,
          "Tags can only be provided when a resource is being created, not updated."};
}
AwsError in_use(std::string_view what) {
  return {rows::ConflictException, fmt::format("The {} has deliveries. Delete these first.", what)};
}

/// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliverySource.html
constexpr std::string_view sources[] = {"aoss",
                                        "bedrock",
                                        "bedrock-agentcore",
                                        "cloudfront",
                                        "codewhisperer",
                                        "entityresolution",
                                        "mediapackagev2",
                                        "mediatailor",
                                        "network-firewall",
                                        "pcs",
                                        "qbusiness",
                                        "rtbfabric",
                                        "ses",
                                        "sso",
                                        "states",
                                        "workmail"};

struct DeliveryKind {
  std::string_view service;  ///< in the ARN of the destination's resource
  const char* type;
};
constexpr DeliveryKind kinds[] = {{"s3", "S3"}, {"logs", "CWL"}, {"firehose", "FH"}, {"xray", "XRAY"}};

std::string source_arn(const Scope& scope, std::string_view kind, std::string_view name) {
  return fmt::format("arn:aws:logs:{}:{}:{}:{}", scope.region, scope.account, kind, name);
}

void copy_members(const Json& from, Json& to, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const Json* given = find_member(from, name)) to[name] = *given;
}

/// Of a destination what is sent.
Json shown(Json destination) {
  destination.erase("_policy");
  return destination;
}

constexpr std::initializer_list<const char*> delivery_settings{"recordFields", "fieldDelimiter",
                                                               "s3DeliveryConfiguration"};

}  // namespace

Result<Reply> LogsService::put_delivery_source(Call& call) {
  const Scope scope = scope_of(call);
  const std::string& name = text_of(call.input, "name");
  const std::string& resource = text_of(call.input, "resourceArn");
  const std::string service = parse_arn(resource).service;
  if (service == "events")
    return AwsError(wire::errors::NotImplemented, "Logs of event buses are not part of Aviary yet.");
  if (std::ranges::find(sources, service) == std::end(sources))
    return not_found("Cannot access provided service.");
  const Json* known = delivery_sources_.find(scope, name);
  const Json* tags = find_member(call.input, "tags");
  if (known != nullptr && tags != nullptr) return tags_of_known();
  Json source{{"name", name},
              {"arn", source_arn(scope, "delivery-source", name)},
              {"resourceArns", Json::array({resource})},
              {"service", service}};
  if (known != nullptr) copy_members(*known, source, {"tags"});
  copy_members(call.input, source, {"logType", "tags", "deliverySourceConfiguration"});
  Reply reply;
  reply.output["deliverySource"] = source;
  delivery_sources_.put(scope, name, std::move(source));
  return reply;
}

Result<Reply> LogsService::get_delivery_source(Call& call) {
  const Json* source = delivery_sources_.find(scope_of(call), text_of(call.input, "name"));
  if (source == nullptr) return no_source();
  Reply reply;
  reply.output["deliverySource"] = *source;
  return reply;
}

Result<Reply> LogsService::describe_delivery_sources(Call& call) {
  return page_of(delivery_sources_, call, "deliverySources", [](const Json& source) { return source; });
}

bool LogsService::has_deliveries(const char* member, const std::string& value) const {
  bool found = false;
  deliveries_.visit(
      [&](const Scope&, const Json& delivery) { found = found || text_of(delivery, member) == value; });
  return found;
}

Result<Reply> LogsService::delete_delivery_source(Call& call) {
  const std::string& name = text_of(call.input, "name");
  if (delivery_sources_.find(scope_of(call), name) == nullptr) return no_source();
  const auto& deliveries = deliveries_.of(scope_of(call));
  if (std::ranges::any_of(
          deliveries, [&](const auto& each) { return text_of(each.second, "deliverySourceName") == name; }))
    return in_use("delivery source");
  delivery_sources_.erase(scope_of(call), name);
  return Reply{};
}

Result<Reply> LogsService::put_delivery_destination(Call& call) {
  const Scope scope = scope_of(call);
  const std::string& name = text_of(call.input, "name");
  const Json* given = find_member(call.input, "deliveryDestinationConfiguration");
  const std::string& type = text_of(call.input, "deliveryDestinationType");
  if (given == nullptr && type != "XRAY")
    return AwsError(rows::ValidationException,
                    "deliveryDestinationConfiguration is required unless deliveryDestinationType is XRAY.");
  std::string found = type;
  if (given != nullptr) {
    const std::string service = parse_arn(text_of(*given, "destinationResourceArn")).service;
    const auto* kind = std::ranges::find(kinds, service, &DeliveryKind::service);
    if (kind == std::end(kinds) || (!type.empty() && type != kind->type))
      return AwsError(rows::ValidationException,
                      "Invalid destinationResourceArn: it names a bucket, a log "
                      "group or a delivery stream, as the type says.");
    found = kind->type;
  }
  const Json* known = delivery_destinations_.find(scope, name);
  if (known != nullptr && call.input.contains("tags")) return tags_of_known();
  Json destination{{"name", name},
                   {"arn", source_arn(scope, "delivery-destination", name)},
                   {"deliveryDestinationType", found}};
  copy_members(call.input, destination, {"outputFormat", "deliveryDestinationConfiguration", "tags"});
  if (known != nullptr) copy_members(*known, destination, {"_policy", "tags"});
  Reply reply;
  reply.output["deliveryDestination"] = shown(destination);
  delivery_destinations_.put(scope, name, std::move(destination));
  return reply;
}

Result<Reply> LogsService::get_delivery_destination(Call& call) {
  const Json* destination = delivery_destinations_.find(scope_of(call), text_of(call.input, "name"));
  if (destination == nullptr) return no_destination();
  Reply reply;
  reply.output["deliveryDestination"] = shown(*destination);
  return reply;
}

Result<Reply> LogsService::describe_delivery_destinations(Call& call) {
  return page_of(delivery_destinations_, call, "deliveryDestinations", shown);
}

Result<Reply> LogsService::delete_delivery_destination(Call& call) {
  const std::string& name = text_of(call.input, "name");
  const Json* destination = delivery_destinations_.find(scope_of(call), name);
  if (destination == nullptr) return no_destination();
  if (has_deliveries("deliveryDestinationArn", text_of(*destination, "arn")))
    return in_use("delivery destination");
  delivery_destinations_.erase(scope_of(call), name);
  return Reply{};
}

Result<Reply> LogsService::put_delivery_destination_policy(Call& call) {
  const std::string& name = text_of(call.input, "deliveryDestinationName");
  const Json* known = delivery_destinations_.find(scope_of(call), name);
  if (known == nullptr) return no_destination();
  const std::string& policy = text_of(call.input, "deliveryDestinationPolicy");
  const Json parsed = parse_bounded<Json>(policy);
  if (!parsed.is_object() || !parsed.contains("Statement"))
    return AwsError(rows::ValidationException, "Invalid Delivery Destination resource Policy is provided.");
  Json destination = *known;
  destination["_policy"] = policy;
  delivery_destinations_.put(scope_of(call), name, std::move(destination));
  Reply reply;
  reply.output["policy"]["deliveryDestinationPolicy"] = policy;
  return reply;
}

Result<Reply> LogsService::get_delivery_destination_policy(Call& call) {
  const Json* destination =
      delivery_destinations_.find(scope_of(call), text_of(call.input, "deliveryDestinationName"));
  if (destination == nullptr) return no_destination();
  Reply reply;
  Json& policy = reply.output["policy"] = Json::object();
  if (const std::string& text = text_of(*destination, "_policy"); !text.empty())
    policy["deliveryDestinationPolicy"] = text;
  return reply;
}

Result<Reply> LogsService::delete_delivery_destination_policy(Call& call) {
  const std::string& name = text_of(call.input, "deliveryDestinationName");
  const Json* known = delivery_destinations_.find(scope_of(call), name);
  if (known == nullptr) return no_destination();
  Json destination = *known;
  destination.erase("_policy");
  delivery_destinations_.put(scope_of(call), name, std::move(destination));
  return Reply{};
}

Result<Reply> LogsService::create_delivery(Call& call) {
  const Scope scope = scope_of(call);
  const std::string& source = text_of(call.input, "deliverySourceName");
  const std::string& arn = text_of(call.input, "deliveryDestinationArn");
  if (delivery_sources_.find(scope, source) == nullptr) return no_source();
  constexpr std::string_view mark = "delivery-destination:";
  const ArnParts parts = parse_arn(arn);
  if (!parts.resource.starts_with(mark))
    return AwsError(rows::ValidationException, "Invalid deliveryDestinationArn: " + arn);
  const Json* destination = delivery_destinations_.find({.account = parts.account, .region = parts.region},
                                                        parts.resource.substr(mark.size()));
  if (destination == nullptr) return no_destination();
  if (parts.account != scope.account && !admits(text_of(*destination, "_policy"), scope.account))
    return AwsError(rows::AccessDeniedException,
                    "The policy of the delivery destination does not let this account deliver to it.");
  for (const auto& [id, each] : deliveries_.of(scope))
    if (text_of(each, "deliverySourceName") == source && text_of(each, "deliveryDestinationArn") == arn)
      return AwsError(rows::ConflictException,
                      fmt::format("Delivery {} already is between that source and destination.", id));
  const std::string id = ids_.hex(16);
  Json delivery{{"id", id},
                {"arn", source_arn(scope, "delivery", id)},
                {"deliverySourceName", source},
                {"deliveryDestinationArn", arn},
                {"deliveryDestinationType", (*destination)["deliveryDestinationType"]}};
  copy_members(call.input, delivery, delivery_settings);
  copy_members(call.input, delivery, {"tags"});
  Reply reply;
  reply.output["delivery"] = delivery;
  deliveries_.put(scope, id, std::move(delivery));
  return reply;
}

Result<Reply> LogsService::get_delivery(Call& call) {
  const Json* delivery = deliveries_.find(scope_of(call), text_of(call.input, "id"));
  if (delivery == nullptr) return no_delivery();
  Reply reply;
  reply.output["delivery"] = *delivery;
  return reply;
}

Result<Reply> LogsService::describe_deliveries(Call& call) {
  return page_of(deliveries_, call, "deliveries", [](const Json& delivery) { return delivery; });
}

Result<Reply> LogsService::update_delivery_configuration(Call& call) {
  const std::string& id = text_of(call.input, "id");
  const Json* known = deliveries_.find(scope_of(call), id);
  if (known == nullptr) return no_delivery();
  Json delivery = *known;
  copy_members(call.input, delivery, delivery_settings);
  deliveries_.put(scope_of(call), id, std::move(delivery));
  return Reply{};
}

Result<Reply> LogsService::delete_delivery(Call& call) {
  const std::string& id = text_of(call.input, "id");
  if (deliveries_.find(scope_of(call), id) == nullptr) return no_delivery();
  deliveries_.erase(scope_of(call), id);
  return Reply{};
}

}  // namespace aviary::logs
