#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/scoped_documents.hpp"
#include "services/events/core/rules.hpp"
#include "services/events/jobs/event_router.hpp"

namespace aviary::events {

/// Everything that the service takes from outside; all of it outlives the service.
struct EventsDependencies {
  Clock& clock;
  Random& ids;
  Journal& journal;
  Targets* targets = nullptr;  ///< null: no event ever arrives
};

/// Amazon EventBridge as the gateway sees it: buses, rules, schedules, events. Lives on the loop's thread.
class EventsService final : public TableService<EventsService> {
 public:
  explicit EventsService(EventsDependencies dependencies);
  ~EventsService() override;

  static OperationTable<EventsService> operations();
  void restore() override;
  void reset() override;
  Task<> stop() override;
  Json counts() const override;

  // For the rest of the emulator (put_events.cpp).
  /// An event to a bus: a name, an ARN, or empty for the default one. `detail` is JSON; `time` now, unless
  /// the sender says another.
  Result<std::string> put(const Scope& scope, const std::string& bus, const std::string& source,
                          const std::string& detail_type, const std::string& detail,
                          const std::vector<std::string>& resources = {},
                          std::optional<Instant> time = std::nullopt);

 private:
  // rule_operations.cpp
  Result<Reply> put_rule(Call& call);
  Result<Reply> delete_rule(Call& call);
  Result<Reply> describe_rule(Call& call);
  Result<Reply> list_rules(Call& call);
  Result<Reply> enable_rule(Call& call);
  Result<Reply> disable_rule(Call& call);
  Result<Reply> put_targets(Call& call);
  Result<Reply> remove_targets(Call& call);
  Result<Reply> list_targets_by_rule(Call& call);
  Result<Reply> list_rule_names_by_target(Call& call);
  // bus_operations.cpp
  Result<Reply> create_event_bus(Call& call);
  Result<Reply> delete_event_bus(Call& call);
  Result<Reply> describe_event_bus(Call& call);
  Result<Reply> update_event_bus(Call& call);
  Result<Reply> list_event_buses(Call& call);
  Result<Reply> put_permission(Call& call);
  Result<Reply> remove_permission(Call& call);
  Result<Reply> tag_resource(Call& call);
  Result<Reply> untag_resource(Call& call);
  Result<Reply> list_tags_for_resource(Call& call);
  // archive_operations.cpp
  Result<Reply> create_archive(Call& call);
  Result<Reply> describe_archive(Call& call);
  Result<Reply> update_archive(Call& call);
  Result<Reply> delete_archive(Call& call);
  Result<Reply> list_archives(Call& call);
  Result<Reply> start_replay(Call& call);
  Result<Reply> describe_replay(Call& call);
  Result<Reply> cancel_replay(Call& call);
  Result<Reply> list_replays(Call& call);
  Result<Archive*> archive_of(const Call& call);
  Result<Replay*> replay_of(const Call& call);
  // connection_operations.cpp
  Result<Reply> create_connection(Call& call);
  Result<Reply> update_connection(Call& call);
  Result<Reply> describe_connection(Call& call);
  Result<Reply> list_connections(Call& call);
  Result<Reply> deauthorize_connection(Call& call);
  Result<Reply> delete_connection(Call& call);
  // api_destination_operations.cpp
  Result<Reply> create_api_destination(Call& call);
  Result<Reply> update_api_destination(Call& call);
  Result<Reply> describe_api_destination(Call& call);
  Result<Reply> list_api_destinations(Call& call);
  Result<Reply> delete_api_destination(Call& call);
  Json shown_destination(const Scope& scope, const Json& destination) const;
  // endpoint_operations.cpp
  Result<Reply> create_endpoint(Call& call);
  Result<Reply> update_endpoint(Call& call);
  Result<Reply> describe_endpoint(Call& call);
  Result<Reply> list_endpoints(Call& call);
  Result<Reply> delete_endpoint(Call& call);
  Result<> check_endpoint_buses(const Scope& home, const Json& endpoint);
  /// Where events to a global endpoint go: to `bus` in the first region, and where they are replicated.
  Result<std::vector<Scope>> scopes_behind(const std::string& account, const std::string& id,
                                           std::string& bus) const;
  // put_events.cpp
  /// To the bus of the first; the others, where there is such a bus, get the same event.
  Result<std::string> put_into(const std::vector<Scope>& scopes, const std::string& bus,
                               const std::string& source, const std::string& detail_type,
                               const std::string& detail, const std::vector<std::string>& resources,
                               std::optional<Instant> time);
  Result<Reply> put_events(Call& call);
  Result<Reply> test_event_pattern(Call& call);

  struct Named {
    std::string bus;
    Rule* rule;
  };
  Result<Named> named_rule(const Call& call, const char* member);
  Result<Reply> set_enabled(Call& call, bool enabled);
  Result<std::map<std::string, std::string>*> tags_of(const Call& call, Named& named);

  Clock& clock_;
  Random& ids_;
  Targets* targets_;
  Rules rules_;
  Archives archives_;
  ApiDestinations calls_;
  EventRouter router_;
  ScopedDocuments<Scope> endpoints_;
};

const Json* find_member(const Json& input, const char* name);
std::string text_of(const Json& input, const char* name);
std::map<std::string, std::string> tags_in(const Json& input);
inline Scope scope_of(const Call& call) { return {.account = call.account, .region = call.region}; }
/// One page of `entries`, and where the next begins.
Result<Reply> page_of(const Call& call, const char* member, Json entries);

}  // namespace aviary::events
