#include "services/kinesis/core/streams.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "services/kinesis/core/errors.hpp"
#include "services/kinesis/core/resharding.hpp"

namespace aviary::kinesis {
namespace {

constexpr std::size_t read_at_most = 10U * 1024 * 1024;

std::string stream_key(const StreamId& id) {
  return fmt::format("{}/{}/{}", id.scope.account, id.scope.region, id.name);
}

std::string record_key(const std::string& uid, std::uint32_t shard, std::uint64_t number) {
  return fmt::format("{}/{:010}/{:020}", uid, shard, number);
}

}  // namespace

Streams::Streams(Random& ids, Journal& journal)
    : ids_(ids),
      stream_records_(journal, "kinesis.streams"),
      record_records_(journal, "kinesis.records"),
      journal_(journal) {}

std::uint64_t Streams::next_number(Instant now) {
  const auto by_time =
      static_cast<std::uint64_t>(std::max<std::int64_t>(now.time_since_epoch().count(), 0)) * 1000;
  last_number_ = std::max(last_number_ + 1, by_time);
  return last_number_;
}

Result<Stream*> Streams::create(const StreamId& id, const NewStream& wanted, Instant now) {
  if (find(id, now) != nullptr)
    return in_use(fmt::format("Stream {} under account {} already exists.", id.name, id.scope.account));
  Stream stream;
  stream.id = id;
  stream.uid = ids_.hex(16);
  stream.created = now;
  stream.on_demand = wanted.on_demand;
  stream.tags = wanted.tags;
  stream.warm_throughput = wanted.warm_throughput;
  stream.maximum_record_kib = wanted.maximum_record_kib;
  stream.transition = "CREATING";
  stream.settles = now + transition_;
  Resharding(stream, now, [&] { return next_number(now); }).begin(wanted.shards);
  Stream& placed = streams_.emplace(id, std::move(stream)).first->second;
  save(placed);
  changed(id);
  return &placed;
}

Stream* Streams::find(const StreamId& id, Instant now) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return nullptr;
  if (found->second.gone(now)) {
    drop(found->second);
    return nullptr;
  }
  settle(found->second, now);
  return &found->second;
}

/// Records leave when they are as old as the stream keeps them, and closed shards when they can have none.
void Streams::settle(Stream& stream, Instant now) {
  bool fewer = false;
  for (auto at = stream.shards.begin(); at != stream.shards.end();) {
    Shard& shard = at->second;
    while (!shard.records.empty() && shard.records.front().arrived + stream.retention() <= now) {
      record_records_.erase(record_key(stream.uid, shard.index, shard.records.front().number));
      shard.records.pop_front();
    }
    if (!shard.open() && shard.closed + stream.retention() <= now) {
      at = stream.shards.erase(at);
      fewer = true;
    } else {
      ++at;
    }
  }
  if (fewer) save(stream);
}

void Streams::erase(Stream& stream, Instant now) {
  stream.transition = "DELETING";
  stream.settles = now + transition_;
  if (stream.gone(now))
    drop(stream);
  else
    save(stream);
}

void Streams::drop(Stream& stream) {
  const StreamId id = stream.id;
  if (journal_.durable())
    for (const auto& [index, shard] : stream.shards)
      for (const Record& record : shard.records)
        record_records_.erase(record_key(stream.uid, index, record.number));
  stream_records_.erase(stream_key(id));
  streams_.erase(id);
  changed(id);
}

void Streams::save(Stream& stream) {
  if (journal_.durable()) stream_records_.save(stream_key(stream.id), Json(stream));
}

void Streams::updating(Stream& stream, Instant now) {
  stream.transition = "UPDATING";
  stream.settles = now + transition_;
  save(stream);
}

void Streams::resharded(Stream& stream, Instant now) {
  const StreamId id = stream.id;
  updating(stream, now);
  changed(id);
}

Placed Streams::put(Stream& stream, Shard& shard, Draft draft, Instant now) {
  const std::uint64_t number = next_number(now);
  Record record{.number = number,
                .arrived = now,
                .partition_key = std::move(draft.partition_key),
                .data = std::move(draft.data),
                .encrypted = !stream.key_id.empty()};
  if (journal_.durable()) record_records_.save(record_key(stream.uid, shard.index, number), Json(record));
  shard.records.push_back(std::move(record));
  const StreamId id = stream.id;
  Placed placed{.shard = shard.id(), .sequence_number = shard.sequence(number)};
  changed(id);
  return placed;
}

Slice Streams::read(const Shard& shard, std::uint64_t from, std::size_t count, Instant now) const {
  Slice slice{.next = from};
  std::size_t bytes = 0;
  auto at = shard.from(from);
  for (; at != shard.records.end() && slice.records.size() < count; ++at) {
    if (!slice.records.empty() && bytes + at->size() > read_at_most) break;
    bytes += at->size();
    slice.records.push_back(&*at);
    slice.next = at->number + 1;
  }
  if (at != shard.records.end())
    slice.behind = std::max(now - at->arrived, Duration(1000));
  else
    slice.ended = !shard.open();
  return slice;
}

std::vector<const Stream*> Streams::list(const Scope& scope, Instant now) {
  std::vector<StreamId> ids;
  for (auto at = streams_.lower_bound({.scope = scope, .name = {}});
       at != streams_.end() && at->first.scope == scope; ++at)
    ids.push_back(at->first);
  std::vector<const Stream*> found;
  for (const StreamId& id : ids)
    if (const Stream* stream = find(id, now)) found.push_back(stream);
  return found;
}

void Streams::restore() {
  std::map<std::string, Stream*, std::less<>> by_uid;
  stream_records_.load([&](std::string_view, const Json& json) {
    Stream stream = json.get<Stream>();
    const StreamId id = stream.id;
    Stream& placed = streams_.insert_or_assign(id, std::move(stream)).first->second;
    by_uid[placed.uid] = &placed;
    for (const auto& [index, shard] : placed.shards)
      last_number_ = std::max({last_number_, shard.first_number, shard.last_number.value_or(0)});
  });
  record_records_.load([&](std::string_view key, const Json& json) {
    const std::size_t slash = key.find('/');
    const auto stream = by_uid.find(key.substr(0, slash));
    if (slash == std::string_view::npos || stream == by_uid.end()) return;
    std::uint32_t index = 0;
    const std::string_view rest = key.substr(slash + 1);
    std::from_chars(rest.data(), rest.data() + rest.size(), index);
    const auto shard = stream->second->shards.find(index);
    if (shard == stream->second->shards.end()) return;
    Record record = json.get<Record>();
    last_number_ = std::max(last_number_, record.number);
    shard->second.records.push_back(std::move(record));
  });
}

void Streams::clear() {
  std::vector<StreamId> gone;
  for (const auto& [id, stream] : streams_) gone.push_back(id);
  streams_.clear();
  for (const StreamId& id : gone) changed(id);
}

std::size_t Streams::records() const {
  std::size_t count = 0;
  for (const auto& [id, stream] : streams_)
    for (const auto& [index, shard] : stream.shards) count += shard.records.size();
  return count;
}

}  // namespace aviary::kinesis
