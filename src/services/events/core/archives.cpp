#include "services/events/core/archives.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aviary::events {
namespace {

std::string archive_key(const Scope& scope, const std::string& name) {
  return fmt::format("{}/{}/{}", scope.account, scope.region, name);
}
std::string kept_key(const Scope& scope, const std::string& name, std::uint64_t number) {
  return fmt::format("{}/{}/{}/{:020}", scope.account, scope.region, name, number);
}

std::int64_t ticks(Instant at) { return at.time_since_epoch().count(); }
Instant from_ticks(const Json& value) { return Instant(Duration(value.get<std::int64_t>())); }

void read_pattern(Archive& archive) {
  archive.reads.reset();
  if (archive.pattern.empty()) return;
  auto parsed = EventPattern::parse(std::string_view(archive.pattern));
  if (auto* pattern = std::get_if<EventPattern>(&parsed)) archive.reads = std::move(*pattern);
}

Instant time_of(const Json& event) {
  const auto text = event.find("time");
  const std::optional<Instant> at = text != event.end() && text->is_string()
                                        ? parse_iso8601(text->get_ref<const std::string&>())
                                        : std::nullopt;
  return at.value_or(Instant{});
}

}  // namespace

std::string Archive::arn(const Scope& scope) const {
  return fmt::format("arn:aws:events:{}:{}:archive/{}", scope.region, scope.account, name);
}

std::string Replay::arn(const Scope& scope) const {
  return fmt::format("arn:aws:events:{}:{}:replay/{}", scope.region, scope.account, name);
}

Archives::Archives(Journal& journal)
    : archive_records_(journal, "events.archives"),
      event_records_(journal, "events.archived"),
      replay_records_(journal, "events.replays") {}

Archive* Archives::find(const Scope& scope, std::string_view name) {
  ByName& archives = all(scope);
  const auto found = archives.find(name);
  return found != archives.end() ? &found->second : nullptr;
}

void Archives::put(const Scope& scope, Archive archive) {
  save(scope, archive);
  const std::string name = archive.name;
  all(scope).insert_or_assign(name, std::move(archive));
}

void Archives::save(const Scope& scope, Archive& archive) {
  read_pattern(archive);
  archive_records_.save(archive_key(scope, archive.name), Json{{"account", scope.account},
                                                               {"region", scope.region},
                                                               {"name", archive.name},
                                                               {"bus", archive.bus},
                                                               {"description", archive.description},
                                                               {"pattern", archive.pattern},
                                                               {"key", archive.key},
                                                               {"days", archive.days},
                                                               {"created", ticks(archive.created)}});
}

void Archives::drop(const Scope& scope, Archive& archive, std::uint64_t number) {
  const auto found = archive.events.find(number);
  archive.bytes -= found->second.bytes;
  event_records_.erase(kept_key(scope, archive.name, number));
  archive.events.erase(found);
}

void Archives::erase(const Scope& scope, const std::string& name) {
  Archive* archive = find(scope, name);
  if (archive == nullptr) return;
  while (!archive->events.empty()) drop(scope, *archive, archive->events.begin()->first);
  archive_records_.erase(archive_key(scope, name));
  all(scope).erase(name);
}

void Archives::put(const Scope& scope, Replay replay) {
  replay_records_.save(archive_key(scope, replay.name),
                       Json{{"account", scope.account},
                            {"region", scope.region},
                            {"name", replay.name},
                            {"archive", replay.archive},
                            {"description", replay.description},
                            {"destination", replay.destination},
                            {"from", ticks(replay.from)},
                            {"to", ticks(replay.to)},
                            {"started", ticks(replay.started)},
                            {"last", replay.last ? Json(ticks(*replay.last)) : Json()}});
  const std::string name = replay.name;
  replays(scope).insert_or_assign(name, std::move(replay));
}

void Archives::take(const Scope& scope, const std::string& bus, const Json& event) {
  const auto home = archives_.find(scope);
  if (home == archives_.end() || event.contains("replay-name")) return;
  for (auto& [name, archive] : home->second) {
    if (archive.bus != bus || (archive.reads && !archive.reads->matches(event))) continue;
    const std::uint64_t number = archive.next++;
    ArchivedEvent kept{.at = time_of(event), .event = event, .bytes = event.dump().size()};
    event_records_.save(kept_key(scope, name, number), event);
    archive.bytes += kept.bytes;
    archive.events.emplace(number, std::move(kept));
    if (archive.events.size() > most_kept) drop(scope, archive, archive.events.begin()->first);
  }
}

void Archives::expire(const Scope& scope, Archive& archive, Instant now) {
  // What is kept for centuries is kept for ever.
  constexpr int longest = 365 * 200;
  if (archive.days == 0 || archive.days > longest) return;
  const Instant oldest = now - std::chrono::days(archive.days);
  std::vector<std::uint64_t> gone;
  for (const auto& [number, kept] : archive.events)
    if (kept.at < oldest) gone.push_back(number);
  for (const std::uint64_t number : gone) drop(scope, archive, number);
}

std::vector<ArchivedEvent> Archives::between(const Archive& archive, Instant from, Instant to) {
  std::vector<ArchivedEvent> found;
  for (const auto& [number, kept] : archive.events)
    if (kept.at >= from && kept.at < to) found.push_back(kept);
  std::ranges::stable_sort(found, {}, &ArchivedEvent::at);
  return found;
}

void Archives::restore() {
  archive_records_.load([&](std::string_view, const Json& record) {
    const Scope scope{.account = record.at("account"), .region = record.at("region")};
    Archive archive{.name = record.at("name"),
                    .bus = record.at("bus"),
                    .description = record.at("description"),
                    .pattern = record.at("pattern"),
                    .key = record.at("key"),
                    .days = record.at("days"),
                    .created = from_ticks(record.at("created"))};
    read_pattern(archive);
    const std::string name = archive.name;
    all(scope).insert_or_assign(name, std::move(archive));
  });
  event_records_.load([&](std::string_view key, const Json& event) {
    // `account/region/archive/number`
    const std::size_t first = key.find('/');
    const std::size_t second = key.find('/', first + 1);
    const std::size_t last = key.rfind('/');
    const Scope scope{.account = std::string(key.substr(0, first)),
                      .region = std::string(key.substr(first + 1, second - first - 1))};
    Archive* archive = find(scope, key.substr(second + 1, last - second - 1));
    if (archive == nullptr) return;
    const std::uint64_t number = std::stoull(std::string(key.substr(last + 1)));
    ArchivedEvent kept{.at = time_of(event), .event = event, .bytes = event.dump().size()};
    archive->bytes += kept.bytes;
    archive->next = std::max(archive->next, number + 1);
    archive->events.insert_or_assign(number, std::move(kept));
  });
  replay_records_.load([&](std::string_view, const Json& record) {
    const Scope scope{.account = record.at("account"), .region = record.at("region")};
    Replay replay{.name = record.at("name"),
                  .archive = record.at("archive"),
                  .description = record.at("description"),
                  .destination = record.at("destination"),
                  .from = from_ticks(record.at("from")),
                  .to = from_ticks(record.at("to")),
                  .started = from_ticks(record.at("started"))};
    if (!record.at("last").is_null()) replay.last = from_ticks(record.at("last"));
    const std::string name = replay.name;
    replays(scope).insert_or_assign(name, std::move(replay));
  });
}

void Archives::clear() {
  archives_.clear();
  replays_.clear();
}

}  // namespace aviary::events
