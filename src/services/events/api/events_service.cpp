#include "services/events/api/events_service.hpp"

#include <charconv>

#include "base/encoding.hpp"
#include "models/events.hpp"

namespace aviary::events {

/// Which member answers which operation.
OperationTable<EventsService> EventsService::operations() {
  using S = EventsService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"CancelReplay", &S::cancel_replay},
      {"CreateApiDestination", &S::create_api_destination},
      {"CreateArchive", &S::create_archive},
      {"CreateConnection", &S::create_connection},
      {"CreateEndpoint", &S::create_endpoint},
      {"CreateEventBus", &S::create_event_bus},
      {"DeauthorizeConnection", &S::deauthorize_connection},
      {"DeleteApiDestination", &S::delete_api_destination},
      {"DeleteArchive", &S::delete_archive},
      {"DeleteConnection", &S::delete_connection},
      {"DeleteEndpoint", &S::delete_endpoint},
      {"DeleteEventBus", &S::delete_event_bus},
      {"DeleteRule", &S::delete_rule},
      {"DescribeApiDestination", &S::describe_api_destination},
      {"DescribeArchive", &S::describe_archive},
      {"DescribeConnection", &S::describe_connection},
      {"DescribeEndpoint", &S::describe_endpoint},
      {"DescribeEventBus", &S::describe_event_bus},
      {"DescribeReplay", &S::describe_replay},
      {"DescribeRule", &S::describe_rule},
      {"DisableRule", &S::disable_rule},
      {"EnableRule", &S::enable_rule},
      {"ListApiDestinations", &S::list_api_destinations},
      {"ListArchives", &S::list_archives},
      {"ListConnections", &S::list_connections},
      {"ListEndpoints", &S::list_endpoints},
      {"ListEventBuses", &S::list_event_buses},
      {"ListReplays", &S::list_replays},
      {"ListRuleNamesByTarget", &S::list_rule_names_by_target},
      {"ListRules", &S::list_rules},
      {"ListTagsForResource", &S::list_tags_for_resource},
      {"ListTargetsByRule", &S::list_targets_by_rule},
      {"PutEvents", &S::put_events},
      {"PutPermission", &S::put_permission},
      {"PutRule", &S::put_rule},
      {"PutTargets", &S::put_targets},
      {"RemovePermission", &S::remove_permission},
      {"RemoveTargets", &S::remove_targets},
      {"StartReplay", &S::start_replay},
      {"TagResource", &S::tag_resource},
      {"TestEventPattern", &S::test_event_pattern},
      {"UntagResource", &S::untag_resource},
      {"UpdateApiDestination", &S::update_api_destination},
      {"UpdateArchive", &S::update_archive},
      {"UpdateConnection", &S::update_connection},
      {"UpdateEndpoint", &S::update_endpoint},
      {"UpdateEventBus", &S::update_event_bus},
  };
  return {models::events::service, "EventBridge", entries};
}

EventsService::EventsService(EventsDependencies d)
    : clock_(d.clock),
      ids_(d.ids),
      targets_(d.targets),
      rules_(d.journal),
      archives_(d.journal),
      calls_(d.journal),
      router_(d.clock, d.ids, rules_, archives_, calls_, d.targets),
      endpoints_(d.journal, "events_endpoints") {}

EventsService::~EventsService() = default;

void EventsService::restore() {
  rules_.restore();
  archives_.restore();
  calls_.restore();
  endpoints_.restore();
  router_.restore();
}

void EventsService::reset() {
  router_.clear();
  rules_.clear();
  archives_.clear();
  calls_.clear();
  endpoints_.clear();
}

Task<> EventsService::stop() {
  router_.clear();
  if (targets_ != nullptr) co_await targets_->stop();
}

Json EventsService::counts() const {
  std::size_t rules = 0;
  for (const auto& [scope, home] : rules_.all())
    for (const auto& [bus, of_bus] : home.rules) rules += of_bus.size();
  return {{"rules", rules}, {"delivered", router_.delivered()}, {"failed", router_.failed()}};
}

const Json* find_member(const Json& input, const char* name) {
  const auto found = input.find(name);
  return found == input.end() || found->is_null() ? nullptr : &*found;
}

std::string text_of(const Json& input, const char* name) {
  const Json* member = find_member(input, name);
  return member && member->is_string() ? member->get<std::string>() : std::string();
}

std::map<std::string, std::string> tags_in(const Json& input) {
  std::map<std::string, std::string> tags;
  if (const Json* given = find_member(input, "Tags"))
    for (const Json& tag : *given) tags[text_of(tag, "Key")] = text_of(tag, "Value");
  return tags;
}

Result<Reply> page_of(const Call& call, const char* member, Json entries) {
  const Json* limit = find_member(call.input, "Limit");
  const std::size_t size = limit ? limit->get<std::size_t>() : 100;
  const std::string token = text_of(call.input, "NextToken");
  std::size_t first = 0;
  if (!token.empty()) {
    const std::string plain = base64_decode(token).value_or("");
    const auto [end, problem] = std::from_chars(plain.data(), plain.data() + plain.size(), first);
    if (problem != std::errc() || end != plain.data() + plain.size())
      return validation("Error in parsing next token.");
  }
  Reply reply;
  Json& list = reply.output[member] = Json::array();
  for (std::size_t i = first; i < entries.size() && list.size() < size; ++i)
    list.push_back(std::move(entries[i]));
  if (first + list.size() < entries.size())
    reply.output["NextToken"] = base64_encode(std::to_string(first + list.size()));
  return reply;
}

}  // namespace aviary::events
