#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/bounded_json.hpp"
#include "models/events.hpp"
#include "services/events/api/events_service.hpp"

namespace aviary::events {
namespace {

constexpr std::size_t bytes_at_most = 1'048'576;

Json failed_event(std::string_view code, std::string text) {
  return {{"ErrorCode", code}, {"ErrorMessage", std::move(text)}};
}

/// Why an entry is refused; null if it is not.
Json problem_of(const Json& entry) {
  for (const char* name : {"Source", "DetailType", "Detail"})
    if (text_of(entry, name).empty())
      return failed_event(
          "InvalidArgument",
          fmt::format("Parameter {} is not valid. Reason: {} is a required argument.", name, name));
  if (text_of(entry, "Source").starts_with("aws."))
    return failed_event("NotAuthorizedForSourceException", "Not authorized for the source.");
  if (!parse_bounded<Json>(text_of(entry, "Detail")).is_object())
    return failed_event("MalformedDetail", "Detail is malformed.");
  return nullptr;
}

/// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
std::size_t size_of(const Json& entry) {
  std::size_t bytes = find_member(entry, "Time") ? 14 : 0;
  for (const char* name : {"Source", "DetailType", "Detail"}) bytes += text_of(entry, name).size();
  if (const Json* resources = find_member(entry, "Resources"))
    for (const Json& resource : *resources) bytes += resource.get_ref<const std::string&>().size();
  return bytes;
}

/// The moment that the sender gives an entry, to the second.
std::optional<Instant> time_of(const Json& entry) {
  const Json* given = find_member(entry, "Time");
  if (given == nullptr || !given->is_number()) return std::nullopt;
  return Instant(std::chrono::seconds(std::llround(std::clamp(given->get<double>(), -9e9, 9e9))));
}

}  // namespace

Result<std::string> EventsService::put(const Scope& scope, const std::string& bus, const std::string& source,
                                       const std::string& detail_type, const std::string& detail,
                                       const std::vector<std::string>& resources,
                                       std::optional<Instant> time) {
  return put_into({scope}, bus, source, detail_type, detail, resources, time);
}

Result<std::string> EventsService::put_into(const std::vector<Scope>& scopes, const std::string& bus,
                                            const std::string& source, const std::string& detail_type,
                                            const std::string& detail,
                                            const std::vector<std::string>& resources,
                                            std::optional<Instant> time) {
  const Scope& scope = scopes.front();
  const Result<std::string> name = rules_.bus_of(scope, bus);
  if (!name) return name.error();
  Json parsed = parse_bounded<Json>(detail);
  if (!parsed.is_object()) return validation("Detail is malformed.");
  std::string id = ids_.uuid();
  const Json event{{"version", "0"},
                   {"id", id},
                   {"detail-type", detail_type},
                   {"source", source},
                   {"account", scope.account},
                   {"time", iso8601(time.value_or(clock_.now()), 0)},
                   {"region", scope.region},
                   {"resources", resources},
                   {"detail", std::move(parsed)}};
  router_.route(scope, *name, event);
  for (std::size_t i = 1; i < scopes.size(); ++i)
    if (rules_.bus_of(scopes[i], *name)) router_.route(scopes[i], *name, event);
  return id;
}

Result<Reply> EventsService::put_events(Call& call) {
  std::size_t bytes = 0;
  for (const Json& entry : call.input.at("Entries")) bytes += size_of(entry);
  if (bytes > bytes_at_most) return validation("Total size of the entries in the request is over the limit.");
  std::vector<Scope> scopes{scope_of(call)};
  std::string endpoint_bus;
  if (const std::string endpoint = text_of(call.input, "EndpointId"); !endpoint.empty()) {
    Result<std::vector<Scope>> behind = scopes_behind(call.account, endpoint, endpoint_bus);
    if (!behind) return behind.error();
    scopes = std::move(*behind);
  }
  Reply reply;
  Json& rows = reply.output["Entries"] = Json::array();
  std::size_t failed = 0;
  for (const Json& entry : call.input.at("Entries")) {
    Json problem = problem_of(entry);
    const std::string bus = text_of(entry, "EventBusName");
    if (problem.is_null() && !endpoint_bus.empty() && bus.substr(bus.rfind('/') + 1) != endpoint_bus)
      problem = failed_event("InvalidArgument",
                             "Parameter EventBusName is not valid. Reason: It must be that of the endpoint.");
    if (!problem.is_null()) {
      ++failed;
      rows.push_back(std::move(problem));
      continue;
    }
    std::vector<std::string> resources;
    if (const Json* given = find_member(entry, "Resources"))
      resources = given->get<std::vector<std::string>>();
    const Result<std::string> id =
        put_into(scopes, endpoint_bus.empty() ? bus : endpoint_bus, text_of(entry, "Source"),
                 text_of(entry, "DetailType"), text_of(entry, "Detail"), resources, time_of(entry));
    // AWS takes events for a bus that is not there, and drops them.
    rows.push_back({{"EventId", id ? *id : ids_.uuid()}});
  }
  reply.output["FailedEntryCount"] = failed;
  return reply;
}

Result<Reply> EventsService::test_event_pattern(Call& call) {
  const auto parsed =
      EventPattern::parse(std::string_view(call.input.at("EventPattern").get_ref<const std::string&>()));
  if (const auto* problem = std::get_if<std::string>(&parsed))
    return AwsError(models::events::errors::InvalidEventPatternException,
                    fmt::format("Event pattern is not valid. Reason: {}", *problem));
  const Json event = parse_bounded<Json>(text_of(call.input, "Event"));
  if (!event.is_object()) return validation("Parameter Event is not valid.");
  for (const char* member : {"id", "account", "source", "time", "region", "resources", "detail-type"})
    if (!event.contains(member))
      return validation(fmt::format("Parameter Event is not valid. Reason: {} is missing.", member));
  return Reply{.output = {{"Result", std::get<EventPattern>(parsed).matches(event)}}};
}

}  // namespace aviary::events
