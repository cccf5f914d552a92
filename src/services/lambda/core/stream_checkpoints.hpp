#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ports/records.hpp"
#include "services/lambda/core/stream_source.hpp"

namespace aviary::lambda {

/// A tumbling window that is open, and what the function has said of it so far.
struct WindowState {
  Instant start{};
  Instant end{};
  std::string state = "{}";  ///< JSON
  bool operator==(const WindowState&) const = default;
};

/// How far a mapping has come in a shard.
struct Checkpoint {
  StreamPosition position{};
  bool done = false;  ///< the shard is closed, and all of it was given to the function
  std::optional<WindowState> window{};
};

/// How far all mappings have come, in the journal. Lives on the loop's thread.
class StreamCheckpoints {
 public:
  explicit StreamCheckpoints(Journal& journal) : records_(journal, "lambda.stream-checkpoints") {}

  using ByShard = std::map<std::string, Checkpoint>;
  /// Empty for a mapping that has read nothing yet.
  const ByShard& of(const std::string& mapping) const;
  void put(const std::string& mapping, const std::string& shard, Checkpoint checkpoint);
  void erase(const std::string& mapping, const std::string& shard);
  /// The mapping is gone, or begins anew.
  void forget(const std::string& mapping);
  void restore();
  void clear() { by_mapping_.clear(); }

 private:
  std::map<std::string, ByShard> by_mapping_;
  Records<Json> records_;
};

/// The shards to read now: those that are not done and whose parents are, or have left the stream. Records of
/// one partition key so stay in order when shards are split and merged.
std::vector<std::string> readable_shards(const std::vector<StreamShard>& shards,
                                         const StreamCheckpoints::ByShard& checkpoints);

}  // namespace aviary::lambda
