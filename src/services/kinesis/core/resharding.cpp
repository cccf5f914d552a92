#include "services/kinesis/core/resharding.hpp"

#include <fmt/format.h>

#include "services/kinesis/core/errors.hpp"

namespace aviary::kinesis {

Shard& Resharding::add(HashRange range, std::uint64_t number) {
  Shard shard;
  shard.index = stream_.next_shard++;
  shard.range = range;
  shard.first_number = number;
  shard.opened = now_;
  return stream_.shards.emplace(shard.index, std::move(shard)).first->second;
}

void Resharding::close(Shard& shard, std::uint64_t number) const {
  shard.last_number = number;
  shard.closed = now_;
}

void Resharding::begin(std::uint32_t count) {
  const std::uint64_t number = next_();
  for (const HashRange& range : uniform_ranges(count)) add(range, number);
}

/// The second of the two.
std::uint32_t Resharding::split_at(std::uint32_t index, HashKey at) {
  close(stream_.shards.at(index), next_());
  const std::uint64_t number = next_();
  const HashRange whole = stream_.shards.at(index).range;
  add({.first = whole.first, .last = at - 1}, number).parent = index;
  Shard& second = add({.first = at, .last = whole.last}, number);
  second.parent = index;
  return second.index;
}

std::uint32_t Resharding::merge_into(std::uint32_t index, std::uint32_t adjacent) {
  const std::uint64_t last = next_();
  close(stream_.shards.at(index), last);
  close(stream_.shards.at(adjacent), last);
  const HashRange one = stream_.shards.at(index).range;
  const HashRange other = stream_.shards.at(adjacent).range;
  Shard& child =
      add({.first = std::min(one.first, other.first), .last = std::max(one.last, other.last)}, next_());
  child.parent = index;
  child.adjacent_parent = adjacent;
  return child.index;
}

Shard* Resharding::open_shard_with(HashKey key) { return &stream_.shard_for(key); }

Result<> Resharding::split(std::string_view id, std::string_view at) {
  Shard* shard = stream_.find_shard(id);
  if (shard == nullptr) return no_such_shard(stream_.id, id);
  if (!shard->open())
    return in_use(
        fmt::format("Shard {} in stream {} under account {} has already been merged or split, and thus is "
                    "not eligible for "
                    "merging or splitting.",
                    id, stream_.id.name, stream_.id.scope.account));
  const std::optional<HashKey> key = parse_hash_key(at);
  // Neither part may be empty; AWS wants two keys in the first.
  if (!key || *key <= shard->range.first + 1 || *key >= shard->range.last)
    return invalid_argument(fmt::format(
        "NewStartingHashKey {} used in SplitShard() on shard {} in stream {} under account {} is not both "
        "greater than one plus the shard's StartingHashKey {} and less than the shard's EndingHashKey {}.",
        at, id, stream_.id.name, stream_.id.scope.account, hash_key_text(shard->range.first),
        hash_key_text(shard->range.last)));
  split_at(shard->index, *key);
  return {};
}

Result<> Resharding::merge(std::string_view id, std::string_view adjacent_id) {
  Shard* shard = stream_.find_shard(id);
  if (shard == nullptr) return no_such_shard(stream_.id, id);
  Shard* adjacent = stream_.find_shard(adjacent_id);
  if (adjacent == nullptr) return no_such_shard(stream_.id, adjacent_id);
  for (const Shard* each : {shard, adjacent})
    if (!each->open())
      return in_use(fmt::format(
          "Shard {} in stream {} under account {} has already been merged or split, and thus is not eligible "
          "for merging or splitting.",
          each->id(), stream_.id.name, stream_.id.scope.account));
  const HashRange& one = shard->range;
  const HashRange& other = adjacent->range;
  const bool touching = (one.last != last_hash_key && one.last + 1 == other.first) ||
                        (other.last != last_hash_key && other.last + 1 == one.first);
  if (!touching)
    return invalid_argument(fmt::format(
        "Shards {} and {} in stream {} under account {} are not an adjacent pair of shards eligible "
        "for merging",
        id, adjacent_id, stream_.id.name, stream_.id.scope.account));
  merge_into(shard->index, adjacent->index);
  return {};
}

void Resharding::scale(std::uint32_t count) {
  const std::vector<HashRange> wanted = uniform_ranges(count);
  // First every border that is wanted is cut, then what lies between two of them is put together.
  for (const HashRange& range : wanted) {
    const Shard* shard = open_shard_with(range.first);
    if (shard->range.first != range.first) split_at(shard->index, range.first);
  }
  for (const HashRange& range : wanted) {
    std::uint32_t whole = open_shard_with(range.first)->index;
    while (stream_.shards.at(whole).range.last != range.last)
      whole = merge_into(whole, open_shard_with(stream_.shards.at(whole).range.last + 1)->index);
  }
}

}  // namespace aviary::kinesis
