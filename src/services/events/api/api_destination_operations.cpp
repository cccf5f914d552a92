#include <fmt/format.h>

#include "models/events.hpp"
#include "services/events/api/events_service.hpp"

/// HTTP servers that events are sent to.
namespace aviary::events {
namespace {

namespace errors = models::events::errors;

AwsError no_such_destination(const std::string& name) {
  return not_found(fmt::format(
      "Failed to describe the api-destination(s). An api-destination '{}' does not exist.", name));
}

/// AWS takes `https` only; a server beside the code that is tried out seldom has a certificate.
Result<> check_endpoint(const std::string& url) {
  if (url.starts_with("https://") || url.starts_with("http://")) return {};
  return validation(
      "Parameter InvocationEndpoint is not valid. Reason: It must be a URL with https (or, here, http).");
}

Json changed_destination(const Json& destination) {
  Json out = Json::object();
  for (const char* member : {"ApiDestinationArn", "ApiDestinationState", "CreationTime", "LastModifiedTime"})
    out[member] = destination[member];
  return out;
}

constexpr const char* destination_settings[] = {"Description", "ConnectionArn", "InvocationEndpoint",
                                                "HttpMethod", "InvocationRateLimitPerSecond"};

}  // namespace

/// It is active as long as its connection is there and authorized.
Json EventsService::shown_destination(const Scope& scope, const Json& destination) const {
  const Json* connection = calls_.connection_of(scope, destination);
  const bool active = connection != nullptr && text_of(*connection, "ConnectionState") == "AUTHORIZED";
  Json out = destination;
  out["ApiDestinationState"] = active ? "ACTIVE" : "INACTIVE";
  return out;
}

Result<Reply> EventsService::create_api_destination(Call& call) {
  const Scope scope = scope_of(call);
  const std::string name = text_of(call.input, "Name");
  if (calls_.destinations.find(scope, name) != nullptr)
    return AwsError(errors::ResourceAlreadyExistsException,
                    fmt::format("An api-destination '{}' already exists.", name));
  const double now = whole_epoch_seconds(call.now);
  Json destination{{"ApiDestinationArn", fmt::format("arn:aws:events:{}:{}:api-destination/{}/{}",
                                                     scope.region, scope.account, name, ids_.uuid())},
                   {"Name", name},
                   {"InvocationRateLimitPerSecond", 300},
                   {"CreationTime", now},
                   {"LastModifiedTime", now}};
  for (const char* member : destination_settings)
    if (const Json* given = find_member(call.input, member)) destination[member] = *given;
  if (const Result<> fine = check_endpoint(text_of(destination, "InvocationEndpoint")); !fine)
    return fine.error();
  if (calls_.connection_of(scope, destination) == nullptr)
    return not_found(
        fmt::format("Connection '{}' does not exist.", name_in_arn(text_of(destination, "ConnectionArn"))));
  Reply reply{.output = changed_destination(shown_destination(scope, destination))};
  calls_.destinations.put(scope, name, std::move(destination));
  return reply;
}

Result<Reply> EventsService::update_api_destination(Call& call) {
  const Scope scope = scope_of(call);
  const std::string name = text_of(call.input, "Name");
  const Json* found = calls_.destinations.find(scope, name);
  if (found == nullptr) return no_such_destination(name);
  Json destination = *found;
  for (const char* member : destination_settings)
    if (const Json* given = find_member(call.input, member)) destination[member] = *given;
  if (const Result<> fine = check_endpoint(text_of(destination, "InvocationEndpoint")); !fine)
    return fine.error();
  if (call.input.contains("ConnectionArn") && calls_.connection_of(scope, destination) == nullptr)
    return not_found(
        fmt::format("Connection '{}' does not exist.", name_in_arn(text_of(destination, "ConnectionArn"))));
  destination["LastModifiedTime"] = whole_epoch_seconds(call.now);
  Reply reply{.output = changed_destination(shown_destination(scope, destination))};
  calls_.destinations.put(scope, name, std::move(destination));
  return reply;
}

Result<Reply> EventsService::describe_api_destination(Call& call) {
  const std::string name = text_of(call.input, "Name");
  const Json* found = calls_.destinations.find(scope_of(call), name);
  if (found == nullptr) return no_such_destination(name);
  return Reply{.output = shown_destination(scope_of(call), *found)};
}

Result<Reply> EventsService::list_api_destinations(Call& call) {
  const std::string prefix = text_of(call.input, "NamePrefix");
  const std::string connection = text_of(call.input, "ConnectionArn");
  Json entries = Json::array();
  for (const auto& [name, destination] : calls_.destinations.of(scope_of(call))) {
    if (!name.starts_with(prefix)) continue;
    if (!connection.empty() && connection != text_of(destination, "ConnectionArn")) continue;
    entries.push_back(shown_destination(scope_of(call), destination));
    entries.back().erase("Description");
  }
  return page_of(call, "ApiDestinations", std::move(entries));
}

Result<Reply> EventsService::delete_api_destination(Call& call) {
  const std::string name = text_of(call.input, "Name");
  if (calls_.destinations.find(scope_of(call), name) == nullptr) return no_such_destination(name);
  calls_.destinations.erase(scope_of(call), name);
  return Reply{};
}

}  // namespace aviary::events
