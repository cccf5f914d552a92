#include <fmt/format.h>

#include "models/events.hpp"
#include "services/events/api/events_service.hpp"

/// Global endpoints: a bus in one region and one of the same name in another. The health check that would
/// turn events away from the first is not in the emulator: it is always well.
namespace aviary::events {
namespace {

namespace errors = models::events::errors;

AwsError no_such_endpoint(const std::string& name) {
  return not_found(fmt::format("Endpoint '{}' does not exist.", name));
}

/// `arn:aws:events:region:account:event-bus/name`, by its pattern.
struct BusArn {
  Scope scope;
  std::string name;
};
BusArn bus_in(const std::string& arn) {
  const std::size_t region = arn.find(":events:") + 8;
  const std::size_t account = arn.find(':', region) + 1;
  return {{.account = arn.substr(account, 12), .region = arn.substr(region, account - 1 - region)},
          arn.substr(arn.rfind('/') + 1)};
}

constexpr const char* endpoint_settings[] = {"Description", "RoutingConfig", "ReplicationConfig",
                                             "EventBuses", "RoleArn"};

bool replicates(const Json& endpoint) {
  const Json* config = find_member(endpoint, "ReplicationConfig");
  return config == nullptr || text_of(*config, "State") != "DISABLED";
}

/// What creating and updating answer: not all that is known.
Json answered(const Json& endpoint, const char* state, bool with_address) {
  Json out = endpoint;
  out["State"] = state;
  for (const char* member : {"Description", "CreationTime", "LastModifiedTime"}) out.erase(member);
  if (!with_address) {
    out.erase("EndpointId");
    out.erase("EndpointUrl");
  }
  return out;
}

}  // namespace

/// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-global-endpoints.html
Result<> EventsService::check_endpoint_buses(const Scope& home, const Json& endpoint) {
  const BusArn primary = bus_in(text_of(endpoint.at("EventBuses").at(0), "EventBusArn"));
  const BusArn secondary = bus_in(text_of(endpoint.at("EventBuses").at(1), "EventBusArn"));
  const std::string route =
      text_of(endpoint.at("RoutingConfig").at("FailoverConfig").at("Secondary"), "Route");
  if (primary.name != secondary.name || primary.scope.account != home.account ||
      secondary.scope.account != home.account)
    return validation("EventBuses must be two event buses of the same name in your account.");
  if (primary.scope.region != home.region || secondary.scope.region != route || route == home.region)
    return validation(
        "EventBuses must be first the event bus of this region and then that of the secondary region.");
  for (const BusArn& bus : {primary, secondary})
    if (const Result<std::string> found = rules_.bus_of(bus.scope, bus.name); !found) return found.error();
  if (replicates(endpoint) && text_of(endpoint, "RoleArn").empty())
    return validation("RoleArn is required when replication is enabled.");
  return {};
}

Result<Reply> EventsService::create_endpoint(Call& call) {
  const Scope scope = scope_of(call);
  const std::string name = text_of(call.input, "Name");
  if (endpoints_.find(scope, name) != nullptr)
    return AwsError(errors::ResourceAlreadyExistsException,
                    fmt::format("Endpoint '{}' already exists.", name));
  const std::string host = ids_.hex(10);
  const double now = whole_epoch_seconds(call.now);
  Json endpoint{{"Name", name},
                {"Arn", fmt::format("arn:aws:events:{}:{}:endpoint/{}", scope.region, scope.account, name)},
                {"EndpointId", host + ".veo"},
                {"EndpointUrl", fmt::format("https://{}.veo.endpoint.events.amazonaws.com", host)},
                {"ReplicationConfig", {{"State", "ENABLED"}}},
                {"State", "ACTIVE"},
                {"CreationTime", now},
                {"LastModifiedTime", now}};
  for (const char* member : endpoint_settings)
    if (const Json* given = find_member(call.input, member)) endpoint[member] = *given;
  if (const Result<> fits = check_endpoint_buses(scope, endpoint); !fits) return fits.error();
  Reply reply{.output = answered(endpoint, "CREATING", false)};
  endpoints_.put(scope, name, std::move(endpoint));
  return reply;
}

Result<Reply> EventsService::update_endpoint(Call& call) {
  const Scope scope = scope_of(call);
  const std::string name = text_of(call.input, "Name");
  const Json* found = endpoints_.find(scope, name);
  if (found == nullptr) return no_such_endpoint(name);
  Json endpoint = *found;
  for (const char* member : endpoint_settings)
    if (const Json* given = find_member(call.input, member)) endpoint[member] = *given;
  if (const Result<> fits = check_endpoint_buses(scope, endpoint); !fits) return fits.error();
  endpoint["LastModifiedTime"] = whole_epoch_seconds(call.now);
  Reply reply{.output = answered(endpoint, "UPDATING", true)};
  endpoints_.put(scope, name, std::move(endpoint));
  return reply;
}

Result<Reply> EventsService::describe_endpoint(Call& call) {
  Scope scope = scope_of(call);
  if (const std::string home = text_of(call.input, "HomeRegion"); !home.empty()) scope.region = home;
  const std::string name = text_of(call.input, "Name");
  const Json* found = endpoints_.find(scope, name);
  if (found == nullptr) return no_such_endpoint(name);
  return Reply{.output = *found};
}

Result<Reply> EventsService::list_endpoints(Call& call) {
  Scope scope = scope_of(call);
  if (const std::string home = text_of(call.input, "HomeRegion"); !home.empty()) scope.region = home;
  const std::string prefix = text_of(call.input, "NamePrefix");
  Json entries = Json::array();
  for (const auto& [name, endpoint] : endpoints_.of(scope))
    if (name.starts_with(prefix)) entries.push_back(endpoint);
  if (const Json* most = find_member(call.input, "MaxResults")) call.input["Limit"] = *most;
  return page_of(call, "Endpoints", std::move(entries));
}

Result<Reply> EventsService::delete_endpoint(Call& call) {
  const std::string name = text_of(call.input, "Name");
  if (endpoints_.find(scope_of(call), name) == nullptr) return no_such_endpoint(name);
  endpoints_.erase(scope_of(call), name);
  return Reply{};
}

Result<std::vector<Scope>> EventsService::scopes_behind(const std::string& account, const std::string& id,
                                                        std::string& bus) const {
  const Json* found = nullptr;
  endpoints_.visit([&](const Scope& scope, const Json& endpoint) {
    if (scope.account == account && text_of(endpoint, "EndpointId") == id) found = &endpoint;
  });
  if (found == nullptr) return no_such_endpoint(id);
  const BusArn primary = bus_in(text_of(found->at("EventBuses").at(0), "EventBusArn"));
  bus = primary.name;
  std::vector<Scope> scopes{primary.scope};
  if (replicates(*found))
    scopes.push_back(bus_in(text_of(found->at("EventBuses").at(1), "EventBusArn")).scope);
  return scopes;
}

}  // namespace aviary::events
