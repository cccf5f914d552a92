#include "services/logs/core/log_store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"

namespace aviary::logs {
namespace {

std::string stream_key(const LogStream& stream) {
  const LogGroup& group = *stream.group;
  // A stream's name has no colon, nor has a group's.
  return fmt::format("{}:{}:{}:{}", group.scope.account, group.scope.region, group.name, stream.name);
}

}  // namespace

LogStore::LogStore(Journal& journal, Options options)
    : options_(options),
      group_records_(journal, "logs_groups"),
      stream_records_(journal, "logs_streams"),
      event_journal_(journal, options.budget) {}

LogGroup* LogStore::find_group(const Scope& scope, std::string_view name) {
  const auto home = groups_.find(scope);
  if (home == groups_.end()) return nullptr;
  const auto found = home->second.find(name);
  return found == home->second.end() ? nullptr : found->second.get();
}

LogGroup* LogStore::create_group(const Scope& scope, std::string_view name, Millis now) {
  auto [place, added] = groups_[scope].try_emplace(std::string(name));
  if (!added) return nullptr;
  place->second = std::make_unique<LogGroup>();
  LogGroup& group = *place->second;
  group.scope = scope;
  group.name = name;
  group.created = now;
  return &group;
}

void LogStore::erase_group(LogGroup& group) {
  while (!group.streams.empty()) erase_stream(*group.streams.begin()->second);
  group_records_.erase(fmt::format("{}:{}:{}", group.scope.account, group.scope.region, group.name));
  const auto home = groups_.find(group.scope);
  const std::string name = group.name;  // the key must outlive the group
  home->second.erase(name);
  if (home->second.empty()) groups_.erase(home);
}

const LogStore::Groups& LogStore::groups(const Scope& scope) const {
  static const Groups none;
  const auto home = groups_.find(scope);
  return home == groups_.end() ? none : home->second;
}

void LogStore::for_each_group(const std::function<void(LogGroup&)>& visit) {
  for (auto& [scope, home] : groups_) {
    for (auto& [name, group] : home) visit(*group);
  }
}

LogStream* LogStore::find_stream(LogGroup& group, std::string_view name) {
  const auto found = group.streams.find(name);
  return found == group.streams.end() ? nullptr : found->second.get();
}

LogStream* LogStore::find_stream(std::uint64_t id) {
  if (last_found_ && last_found_->id == id) return last_found_;
  const auto found = streams_.find(id);
  return last_found_ = found == streams_.end() ? nullptr : found->second;
}

LogStream& LogStore::add_stream(LogGroup& group, std::string_view name, Millis created, bool implicit,
                                std::uint64_t id) {
  auto stream = std::make_unique<LogStream>();
  stream->id = id;
  stream->group = &group;
  stream->name = name;
  stream->created = created;
  stream->implicit = implicit;
  LogStream& added = *stream;
  group.streams.emplace(added.name, std::move(stream));
  streams_.emplace(added.id, &added);
  bytes_ += footprint(added);
  return added;
}

LogStream* LogStore::create_stream(LogGroup& group, std::string_view name, Millis now) {
  if (find_stream(group, name)) return nullptr;
  LogStream& stream = add_stream(group, name, now, false, next_stream_++);
  save(stream);
  return &stream;
}

void LogStore::save(const LogStream& stream) {
  stream_records_.save(stream_key(stream), Json{{"account", stream.group->scope.account},
                                                {"region", stream.group->scope.region},
                                                {"group", stream.group->name},
                                                {"name", stream.name},
                                                {"id", stream.id},
                                                {"implicit", stream.implicit},
                                                {"created", stream.created}});
}

void LogStore::erase_stream(LogStream& stream) {
  while (!stream.chunks.empty()) drop_chunk(stream, stream.chunks.size() - 1);
  stream_records_.erase(stream_key(stream));
  bytes_ -= footprint(stream);
  streams_.erase(stream.id);
  if (last_found_ == &stream) last_found_ = nullptr;
  const std::string name = stream.name;  // the key must outlive the stream
  stream.group->streams.erase(name);
}

LogStream& LogStore::open_stream(const Scope& scope, std::string_view group_name,
                                 std::string_view stream_name, Millis now) {
  LogGroup* group = find_group(scope, group_name);
  if (!group) {
    group = create_group(scope, group_name, now);
    save(*group);
  }
  if (LogStream* stream = find_stream(*group, stream_name)) return *stream;
  LogStream& made = add_stream(*group, stream_name, now, true, next_stream_++);
  if (event_journal_.durable()) unsaved_streams_.push_back(made.id);
  return made;
}

EventChunk& LogStore::add_chunk(LogStream& stream, std::size_t place, Millis ingested) {
  auto chunk = std::make_unique<EventChunk>(next_chunk_++, ingested);
  EventChunk& added = *chunk;
  if (place > 1 && place == stream.chunks.size()) added.reserve_like(*stream.chunks.back());
  chunk_owners_.emplace_hint(chunk_owners_.end(), added.id(), &stream);
  stream.chunks.insert(stream.chunks.begin() + static_cast<std::ptrdiff_t>(place), std::move(chunk));
  bytes_ += added.footprint();
  return added;
}

void LogStore::drop_chunk(LogStream& stream, std::size_t index) {
  EventChunk& chunk = *stream.chunks[index];
  bytes_ -= chunk.footprint();
  events_ -= chunk.size();
  chunk_owners_.erase(chunk.id());
  stream.chunks.erase(stream.chunks.begin() + static_cast<std::ptrdiff_t>(index));
}

/// The chunk where an event with that key belongs, with room for it.
EventChunk& LogStore::chunk_for(LogStream& stream, EventKey key, std::size_t bytes, Millis ingested) {
  if (stream.chunks.empty() || stream.chunks.back()->back_key() < key) {
    if (!stream.chunks.empty() && stream.chunks.back()->takes(bytes, ingested)) return *stream.chunks.back();
    return add_chunk(stream, stream.chunks.size(), ingested);
  }
  const std::size_t index = stream.chunk_at(key);
  EventChunk& chunk = *stream.chunks[index];
  if (chunk.takes(bytes, ingested)) return chunk;
  // Too full for one more: two halves are not.
  const std::size_t half = chunk.first_not_before(key);
  if (half == 0) return add_chunk(stream, index, ingested);
  const std::size_t before = chunk.footprint();
  std::unique_ptr<EventChunk> rest = chunk.split(half, next_chunk_++);
  bytes_ += chunk.footprint() + rest->footprint();
  bytes_ -= before;
  chunk_owners_.emplace_hint(chunk_owners_.end(), rest->id(), &stream);
  stream.chunks.insert(stream.chunks.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(rest));
  if (chunk.takes(bytes, ingested)) return chunk;
  return add_chunk(stream, index + 1, ingested);
}

EventKey LogStore::append(LogStream& stream, Millis timestamp, Millis ingested, std::string_view text,
                          bool promised) {
  const Event event{{timestamp, next_sequence_++}, ingested, text};
  const std::uint64_t id = stream.id;  // making room may drop the stream
  place(stream, event);
  event_journal_.add(id, event, promised);
  if (event_journal_.is_full()) flush();
  return event.key;
}

void LogStore::place(LogStream& stream, const Event& event) {
  EventChunk& chunk = chunk_for(stream, event.key, event.text.size(), event.ingested);
  const std::size_t before = chunk.footprint();
  if (chunk.size() == 0 || chunk.back_key() < event.key) {
    chunk.append(event.key, event.ingested, event.text);
  } else {
    chunk.insert(event.key, event.ingested, event.text);
  }
  ++events_;
  bytes_ += chunk.footprint();
  bytes_ -= before;
  const Millis timestamp = event.key.timestamp;
  if (!stream.first_event || timestamp < *stream.first_event) stream.first_event = timestamp;
  if (!stream.last_event || timestamp > *stream.last_event) stream.last_event = timestamp;
  stream.last_ingestion = event.ingested;
  if (bytes_ > options_.budget) make_room(chunk);
}

void LogStore::flush() {
  for (const std::uint64_t id : unsaved_streams_)
    if (const LogStream* stream = find_stream(id)) save(*stream);
  unsaved_streams_.clear();
  event_journal_.flush();
}

/// Drops the oldest chunks until the budget holds; never `spare`, which is being written to.
void LogStore::make_room(const EventChunk& spare) {
  while (bytes_ > options_.budget && !chunk_owners_.empty()) {
    const auto [id, owner] = *chunk_owners_.begin();
    if (id == spare.id()) return;
    const auto found = std::ranges::find(owner->chunks, id, [](const auto& chunk) { return chunk->id(); });
    if (losses_.events == 0)
      log::warn("log events take more than {} MiB: the oldest are dropped", options_.budget >> 20U);
    losses_.events += (*found)->size();
    losses_.bytes += (*found)->text().size();
    losses_.newest = std::max(losses_.newest, (*found)->back_key().timestamp);
    drop_chunk(*owner, static_cast<std::size_t>(found - owner->chunks.begin()));
    if (owner->chunks.empty() && owner->implicit) erase_stream(*owner);
  }
}

void LogStore::expire(LogGroup& group, Millis now) {
  if (group.retention_days == 0) return;
  const Millis cutoff = group.cutoff(now);
  for (auto next = group.streams.begin(); next != group.streams.end();) {
    LogStream& stream = *(next++)->second;
    while (!stream.chunks.empty() && stream.chunks.front()->back_key().timestamp < cutoff)
      drop_chunk(stream, 0);
    if (stream.chunks.empty() && stream.implicit) erase_stream(stream);
  }
}

std::size_t LogStore::footprint(const LogStream& stream) {
  constexpr std::size_t nodes = 200;  // of the three containers that know it
  return sizeof(LogStream) + 2 * stream.name.capacity() + nodes;
}

void LogStore::clear() {
  event_journal_.forget();
  unsaved_streams_.clear();
  chunk_owners_.clear();
  streams_.clear();
  last_found_ = nullptr;
  groups_.clear();
  bytes_ = 0;
  events_ = 0;
  losses_ = {};
}

Json LogStore::counts() const {
  std::size_t groups = 0;
  for (const auto& [scope, home] : groups_) groups += home.size();
  return {{"groups", groups},
          {"streams", streams_.size()},
          {"events", events_},
          {"bytes", bytes_},
          {"budget_bytes", options_.budget},
          {"dropped_events", losses_.events},
          {"dropped_bytes", losses_.bytes},
          {"journal_bytes", event_journal_.bytes()},
          {"unwritten_events", event_journal_.left_out()}};
}

}  // namespace aviary::logs
