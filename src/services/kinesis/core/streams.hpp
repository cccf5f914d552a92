#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ports/random.hpp"
#include "ports/records.hpp"
#include "services/kinesis/core/shard_iterator.hpp"
#include "services/kinesis/core/stream.hpp"

namespace aviary::kinesis {

/// What a producer gives.
struct Draft {
  std::string partition_key;
  std::string data;                            ///< raw bytes
  std::optional<HashKey> explicit_hash_key{};  ///< overrides the partition key's
};

/// Where it went.
struct Placed {
  std::string shard;
  std::string sequence_number;
};

/// What a shard holds from some place on.
struct Slice {
  std::vector<const Record*> records{};
  std::uint64_t next = 0;  ///< where to go on
  bool ended = false;      ///< the shard is closed, and this was all
  Duration behind{};       ///< how old the first record that was not taken is
};

/// What a stream is created with.
struct NewStream {
  std::uint32_t shards = 1;
  bool on_demand = false;
  std::map<std::string, std::string> tags{};
  std::optional<int> warm_throughput{};
  int maximum_record_kib = 1024;
};

/// All streams with their records. What it does it writes through the journal. Lives on the loop's thread.
class Streams {
 public:
  Streams(Random& ids, Journal& journal);
  /// States last this long on their way.
  void set_transition(Duration transition) noexcept { transition_ = transition; }

  Result<Stream*> create(const StreamId& id, const NewStream& wanted, Instant now);
  /// Null if there is none. Brought to `now`: what is too old is gone.
  Stream* find(const StreamId& id, Instant now);
  void erase(Stream& stream, Instant now);
  /// A setting was changed in place; `updating`: the stream is UPDATING for a while.
  void save(Stream& stream);
  void updating(Stream& stream, Instant now);

  /// The shard must have been chosen, and have room.
  Placed put(Stream& stream, Shard& shard, Draft draft, Instant now);
  /// Up to `count` records and 10 MB.
  Slice read(const Shard& shard, std::uint64_t from, std::size_t count, Instant now) const;
  /// A number that is greater than all before; numbers grow with time.
  std::uint64_t next_number(Instant now);
  /// Shards were split or merged: who waits for records looks again.
  void resharded(Stream& stream, Instant now);

  using ById = std::map<StreamId, Stream>;
  const ById& all() const noexcept { return streams_; }
  /// Of a scope, by name, those that are there.
  std::vector<const Stream*> list(const Scope& scope, Instant now);

  /// Called when a stream has got a record, or has changed, or has gone.
  using Listener = std::function<void(const StreamId&)>;
  void on_change(Listener listener) { listener_ = std::move(listener); }

  void restore();
  void clear();
  std::size_t records() const;

 private:
  void settle(Stream& stream, Instant now);
  void drop(Stream& stream);
  void changed(const StreamId& id) const {
    if (listener_) listener_(id);
  }

  Random& ids_;
  Duration transition_{};
  ById streams_;
  std::uint64_t last_number_ = 0;
  Records<Json> stream_records_;
  Records<Json> record_records_;
  Journal& journal_;
  Listener listener_;
};

}  // namespace aviary::kinesis
