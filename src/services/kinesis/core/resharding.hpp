#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/result.hpp"
#include "services/kinesis/core/stream.hpp"

namespace aviary::kinesis {

/// How a stream's shards come and go. A shard that is split or merged is closed: it keeps its records until
/// they are too old, and its children take what comes after it.
class Resharding {
 public:
  /// `next`: a number that is greater than all before.
  Resharding(Stream& stream, Instant now, std::function<std::uint64_t()> next)
      : stream_(stream), now_(now), next_(std::move(next)) {}

  /// The shards of a new stream.
  void begin(std::uint32_t count);
  /// In two: `at` is the first key of the second.
  Result<> split(std::string_view shard_id, std::string_view at);
  Result<> merge(std::string_view shard_id, std::string_view adjacent_id);
  /// By splits and merges to `count` shards whose ranges are of one size. Short-lived shards come of it, as
  /// on AWS.
  void scale(std::uint32_t count);

 private:
  Shard& add(HashRange range, std::uint64_t number);
  void close(Shard& shard, std::uint64_t number) const;
  std::uint32_t split_at(std::uint32_t index, HashKey at);
  std::uint32_t merge_into(std::uint32_t index, std::uint32_t adjacent);
  Shard* open_shard_with(HashKey key);

  Stream& stream_;
  Instant now_;
  std::function<std::uint64_t()> next_;
};

}  // namespace aviary::kinesis
