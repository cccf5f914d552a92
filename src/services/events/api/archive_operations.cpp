#include <fmt/format.h>

#include <algorithm>

#include "models/events.hpp"
#include "services/events/api/events_service.hpp"

/// Archives of buses, and replays of what they hold.
namespace aviary::events {
namespace {

namespace errors = models::events::errors;

Instant moment_of(const Json& value) {
  // Two thousand years around 1970: more does not fit, and means the same.
  constexpr double farthest = 6e10;
  const double seconds = std::clamp(value.get<double>(), -farthest, farthest);
  return Instant(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
}

/// As lists have it.
Json listed_archive(const Archive& archive, const Scope& scope) {
  return {{"ArchiveName", archive.name},
          {"EventSourceArn", bus_arn(scope, archive.bus)},
          {"State", "ENABLED"},
          {"RetentionDays", archive.days},
          {"SizeBytes", archive.bytes},
          {"EventCount", archive.events.size()},
          {"CreationTime", epoch_seconds(archive.created)}};
}

Json described_archive(const Archive& archive, const Scope& scope) {
  Json out = listed_archive(archive, scope);
  out["ArchiveArn"] = archive.arn(scope);
  if (!archive.description.empty()) out["Description"] = archive.description;
  if (!archive.pattern.empty()) out["EventPattern"] = archive.pattern;
  if (!archive.key.empty()) out["KmsKeyIdentifier"] = archive.key;
  return out;
}

Json listed_replay(const Replay& replay) {
  Json out{{"ReplayName", replay.name},
           {"EventSourceArn", replay.archive},
           {"State", "COMPLETED"},
           {"EventStartTime", epoch_seconds(replay.from)},
           {"EventEndTime", epoch_seconds(replay.to)},
           {"ReplayStartTime", epoch_seconds(replay.started)},
           {"ReplayEndTime", epoch_seconds(replay.started)}};
  if (replay.last) out["EventLastReplayedTime"] = epoch_seconds(*replay.last);
  return out;
}

Result<> check_pattern(const std::string& text) {
  if (text.empty()) return {};
  const auto parsed = EventPattern::parse(std::string_view(text));
  if (const auto* problem = std::get_if<std::string>(&parsed))
    return AwsError(errors::InvalidEventPatternException,
                    fmt::format("Event pattern is not valid. Reason: {}", *problem));
  return {};
}

/// What a list may be narrowed by: one thing at a time.
Result<> check_filters(const Call& call, std::string_view operation) {
  int filters = 0;
  for (const char* member : {"NamePrefix", "EventSourceArn", "State"})
    if (!text_of(call.input, member).empty()) ++filters;
  if (filters > 1)
    return validation(
        fmt::format("At most one filter is allowed for {}. Use either : State, EventSourceArn, "
                    "or NamePrefix.",
                    operation));
  return {};
}

bool passes(const Call& call, const Json& row, const char* name) {
  for (const char* member : {"EventSourceArn", "State"})
    if (const std::string wanted = text_of(call.input, member);
        !wanted.empty() && wanted != text_of(row, member))
      return false;
  return text_of(row, name).starts_with(text_of(call.input, "NamePrefix"));
}

Json changed_archive(const Archive& archive, const Scope& scope) {
  return {{"ArchiveArn", archive.arn(scope)},
          {"State", "ENABLED"},
          {"CreationTime", epoch_seconds(archive.created)}};
}

}  // namespace

Result<Archive*> EventsService::archive_of(const Call& call) {
  const std::string name = text_of(call.input, "ArchiveName");
  Archive* found = archives_.find(scope_of(call), name);
  if (found == nullptr) return not_found(fmt::format("Archive {} does not exist.", name));
  return found;
}

Result<Reply> EventsService::create_archive(Call& call) {
  const Scope scope = scope_of(call);
  const std::string name = text_of(call.input, "ArchiveName");
  if (archives_.find(scope, name) != nullptr)
    return AwsError(errors::ResourceAlreadyExistsException, fmt::format("Archive {} already exists.", name));
  const Result<std::string> bus = rules_.bus_of(scope, text_of(call.input, "EventSourceArn"));
  if (!bus) return bus.error();
  Archive archive{.name = name,
                  .bus = *bus,
                  .description = text_of(call.input, "Description"),
                  .pattern = text_of(call.input, "EventPattern"),
                  .key = text_of(call.input, "KmsKeyIdentifier"),
                  .days = call.input.value("RetentionDays", 0),
                  .created = call.now};
  if (const Result<> fine = check_pattern(archive.pattern); !fine) return fine.error();
  Reply reply{.output = changed_archive(archive, scope)};
  archives_.put(scope, std::move(archive));
  return reply;
}

Result<Reply> EventsService::describe_archive(Call& call) {
  const Result<Archive*> archive = archive_of(call);
  if (!archive) return archive.error();
  archives_.expire(scope_of(call), **archive, call.now);
  return Reply{.output = described_archive(**archive, scope_of(call))};
}

Result<Reply> EventsService::update_archive(Call& call) {
  const Result<Archive*> found = archive_of(call);
  if (!found) return found.error();
  const std::string pattern = text_of(call.input, "EventPattern");
  if (const Result<> fine = check_pattern(pattern); !fine) return fine.error();
  Archive& archive = **found;
  if (find_member(call.input, "Description")) archive.description = text_of(call.input, "Description");
  if (find_member(call.input, "EventPattern")) archive.pattern = pattern;
  if (find_member(call.input, "KmsKeyIdentifier")) archive.key = text_of(call.input, "KmsKeyIdentifier");
  if (const Json* days = find_member(call.input, "RetentionDays")) archive.days = days->get<int>();
  archives_.save(scope_of(call), archive);
  return Reply{.output = changed_archive(archive, scope_of(call))};
}

Result<Reply> EventsService::delete_archive(Call& call) {
  const Result<Archive*> archive = archive_of(call);
  if (!archive) return archive.error();
  archives_.erase(scope_of(call), text_of(call.input, "ArchiveName"));
  return Reply{};
}

Result<Reply> EventsService::list_archives(Call& call) {
  if (const Result<> fine = check_filters(call, "ListArchives"); !fine) return fine.error();
  const Scope scope = scope_of(call);
  Json rows = Json::array();
  for (auto& [name, archive] : archives_.all(scope)) {
    archives_.expire(scope, archive, call.now);
    Json row = listed_archive(archive, scope);
    if (passes(call, row, "ArchiveName")) rows.push_back(std::move(row));
  }
  return page_of(call, "Archives", std::move(rows));
}

Result<Replay*> EventsService::replay_of(const Call& call) {
  const std::string name = text_of(call.input, "ReplayName");
  Archives::Replays& replays = archives_.replays(scope_of(call));
  const auto found = replays.find(name);
  if (found == replays.end()) return not_found(fmt::format("Replay {} does not exist.", name));
  return &found->second;
}

/// Every event goes out at once, in the order of their times. EventBridge takes a minute at a time.
Result<Reply> EventsService::start_replay(Call& call) {
  const Scope scope = scope_of(call);
  const std::string name = text_of(call.input, "ReplayName");
  const std::string source = text_of(call.input, "EventSourceArn");
  const Json destination = call.input.value("Destination", Json::object());
  const std::string target = text_of(destination, "Arn");
  if (archives_.replays(scope).contains(name))
    return AwsError(errors::ResourceAlreadyExistsException, fmt::format("Replay {} already exists.", name));
  if (target.find(":event-bus/") == std::string::npos)
    return validation("Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.");
  const Result<std::string> bus = rules_.bus_of(scope, target);
  if (!bus) return bus.error();
  const std::size_t mark = source.find(":archive/");
  const std::string archive_name = mark == std::string::npos ? std::string() : source.substr(mark + 9);
  Archive* archive = archives_.find(scope, archive_name);
  if (archive == nullptr)
    return validation(fmt::format("Parameter EventSourceArn is not valid. Reason: Archive {} does not exist.",
                                  archive_name));
  if (archive->bus != *bus)
    return validation(
        "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.");
  Replay replay{.name = name,
                .archive = source,
                .description = text_of(call.input, "Description"),
                .destination = destination,
                .from = moment_of(call.input.at("EventStartTime")),
                .to = moment_of(call.input.at("EventEndTime")),
                .started = call.now};
  if (replay.from >= replay.to)
    return validation(
        "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.");
  std::vector<std::string> only;
  if (const Json* rules = find_member(destination, "FilterArns"))
    only = rules->get<std::vector<std::string>>();
  archives_.expire(scope, *archive, call.now);
  // Copies: whoever takes an event in may change the archive.
  const std::vector<ArchivedEvent> events = Archives::between(*archive, replay.from, replay.to);
  if (!events.empty()) replay.last = events.back().at;
  Reply reply{.output = {{"ReplayArn", replay.arn(scope)},
                         {"State", "STARTING"},
                         {"ReplayStartTime", epoch_seconds(call.now)}}};
  archives_.put(scope, std::move(replay));
  for (const ArchivedEvent& kept : events) {
    Json event = kept.event;
    event["replay-name"] = name;
    router_.replay(scope, *bus, event, only);
  }
  return reply;
}

Result<Reply> EventsService::describe_replay(Call& call) {
  const Result<Replay*> found = replay_of(call);
  if (!found) return found.error();
  const Replay& replay = **found;
  Json out = listed_replay(replay);
  out["ReplayArn"] = replay.arn(scope_of(call));
  out["Destination"] = replay.destination;
  if (!replay.description.empty()) out["Description"] = replay.description;
  return Reply{.output = std::move(out)};
}

Result<Reply> EventsService::cancel_replay(Call& call) {
  const Result<Replay*> found = replay_of(call);
  if (!found) return found.error();
  return AwsError(errors::IllegalStatusException,
                  fmt::format("Replay {} is not in a valid state for this operation.", (*found)->name));
}

Result<Reply> EventsService::list_replays(Call& call) {
  if (const Result<> fine = check_filters(call, "ListReplays"); !fine) return fine.error();
  Json rows = Json::array();
  for (const auto& [name, replay] : archives_.replays(scope_of(call))) {
    Json row = listed_replay(replay);
    if (passes(call, row, "ReplayName")) rows.push_back(std::move(row));
  }
  return page_of(call, "Replays", std::move(rows));
}

}  // namespace aviary::events
