#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "services/kinesis/core/hash_key.hpp"
#include "services/kinesis/core/scope.hpp"
#include "services/kinesis/core/sequence_number.hpp"
#include "services/kinesis/core/throughput.hpp"

namespace aviary::kinesis {

struct Record {
  std::uint64_t number = 0;
  Instant arrived{};
  std::string partition_key;
  std::string data;  ///< raw bytes
  bool encrypted = false;
  std::size_t size() const { return partition_key.size() + data.size(); }
};

/// A part of a stream: records whose hash keys are in its range, in order.
struct Shard {
  std::uint32_t index = 0;
  std::optional<std::uint32_t> parent{};
  std::optional<std::uint32_t> adjacent_parent{};  ///< of a merge
  HashRange range{};
  std::uint64_t first_number = 0;              ///< before every record's
  std::optional<std::uint64_t> last_number{};  ///< after every record's; set: closed
  Instant opened{};
  Instant closed{};
  std::deque<Record> records{};
  WriteAllowance writes{};
  ReadAllowance reads{};

  bool open() const { return !last_number.has_value(); }
  std::string id() const { return shard_id(index); }
  std::string sequence(std::uint64_t number) const {
    return sequence_text({.number = number, .shard = index});
  }
  /// The first record whose number is not below.
  std::deque<Record>::const_iterator from(std::uint64_t number) const;
};

/// A reader that has registered itself for a share of its own.
struct Consumer {
  std::string name;
  Instant created{};
  Instant settles{};
  std::map<std::string, std::string> tags{};
};

struct Stream {
  StreamId id;
  std::string uid;  ///< another one when the name comes again
  Instant created{};
  bool on_demand = false;
  int retention_hours = 24;
  int maximum_record_kib = 1024;
  std::optional<int> warm_throughput{};
  std::string key_id{};  ///< of its encryption; empty: there is none
  std::set<std::string> monitored{};
  std::map<std::string, std::string> tags{};
  std::string policy{};
  std::map<std::string, Consumer> consumers{};
  std::map<std::uint32_t, Shard> shards{};
  std::uint32_t next_shard = 0;

  /// On the way from one state to the next, until the moment has come.
  std::string transition{};  ///< `CREATING`, `UPDATING`, `DELETING`
  Instant settles{};

  std::string arn() const { return stream_arn(id); }
  std::string consumer_arn(const Consumer& consumer) const;
  std::string status(Instant now) const;
  bool gone(Instant now) const { return transition == "DELETING" && now >= settles; }
  Duration retention() const { return std::chrono::hours(retention_hours); }
  std::size_t open_shards() const;
  Shard* find_shard(std::string_view shard_id);
  const Shard* find_shard(std::string_view shard_id) const;
  /// The open shard that takes the key.
  Shard& shard_for(HashKey key);
  std::vector<const Shard*> children_of(std::uint32_t index) const;
};

/// As the journal keeps it, without records.
void to_json(Json& json, const Stream& stream);
void from_json(const Json& json, Stream& stream);
void to_json(Json& json, const Record& record);
void from_json(const Json& json, Record& record);

}  // namespace aviary::kinesis
