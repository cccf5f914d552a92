#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/waiters.hpp"
#include "services/kinesis/api/shard_subscriptions.hpp"
#include "services/kinesis/core/streams.hpp"

namespace aviary::kinesis {

/// Everything that the service takes from outside; all of it outlives the service.
struct KinesisDependencies {
  Clock& clock;
  Random& ids;
  Journal& journal;
  Duration transition{};  ///< how long streams stay CREATING, UPDATING, DELETING
  /// Whether a shard takes and gives no more in a second than AWS's do; empty: it does not.
  std::function<bool()> limits_throughput{};
};

/// Amazon Kinesis Data Streams as the gateway sees it. Owns all state of the service; lives on the loop's
/// thread.
class KinesisService final : public TableService<KinesisService> {
 public:
  explicit KinesisService(KinesisDependencies dependencies);
  ~KinesisService() override;

  static OperationTable<KinesisService> operations();
  const ErrorShape* violation_error() const override;
  void restore() override;
  void reset() override;
  Task<> stop() override;
  Json counts() const override;

  // For the rest of the emulator; the throughput of a shard is not asked.
  /// Null if there is no such stream now.
  const Stream* find(const StreamId& id) { return streams_.find(id, clock_.now()); }
  Slice read(const Shard& shard, std::uint64_t from, std::size_t count) const {
    return streams_.read(shard, from, count, clock_.now());
  }
  Result<Placed> put(const StreamId& id, Draft draft);
  /// Completes when the stream has news, or at `until`; false when everything ends.
  Task<bool> wait(StreamId id, Instant until);

 private:
  // streams.cpp
  Result<Reply> create_stream(Call& call);
  Result<Reply> delete_stream(Call& call);
  Result<Reply> describe_limits(Call& call);
  Result<Reply> describe_stream(Call& call);
  Result<Reply> describe_stream_summary(Call& call);
  Result<Reply> list_streams(Call& call);
  // records.cpp
  Result<Reply> put_record(Call& call);
  Result<Reply> put_records(Call& call);
  Result<Reply> get_shard_iterator(Call& call);
  Result<Reply> get_records(Call& call);
  // shards.cpp
  Result<Reply> list_shards(Call& call);
  Result<Reply> split_shard(Call& call);
  Result<Reply> merge_shards(Call& call);
  Result<Reply> update_shard_count(Call& call);
  // settings.cpp
  Result<Reply> increase_stream_retention_period(Call& call);
  Result<Reply> decrease_stream_retention_period(Call& call);
  Result<Reply> update_stream_mode(Call& call);
  Result<Reply> update_max_record_size(Call& call);
  Result<Reply> update_stream_warm_throughput(Call& call);
  Result<Reply> start_stream_encryption(Call& call);
  Result<Reply> stop_stream_encryption(Call& call);
  Result<Reply> enable_enhanced_monitoring(Call& call);
  Result<Reply> disable_enhanced_monitoring(Call& call);
  // consumers.cpp
  Result<Reply> register_stream_consumer(Call& call);
  Result<Reply> deregister_stream_consumer(Call& call);
  Result<Reply> describe_stream_consumer(Call& call);
  Result<Reply> list_stream_consumers(Call& call);
  // subscribe_to_shard.cpp
  Result<Reply> subscribe_to_shard(Call& call);
  // tags_and_policies.cpp
  Result<Reply> add_tags_to_stream(Call& call);
  Result<Reply> remove_tags_from_stream(Call& call);
  Result<Reply> list_tags_for_stream(Call& call);
  Result<Reply> tag_resource(Call& call);
  Result<Reply> untag_resource(Call& call);
  Result<Reply> list_tags_for_resource(Call& call);
  Result<Reply> put_resource_policy(Call& call);
  Result<Reply> get_resource_policy(Call& call);
  Result<Reply> delete_resource_policy(Call& call);

  /// The stream that `StreamName` or `StreamARN` names.
  Result<Stream*> named_stream(const Call& call);
  /// The same, in no state but ACTIVE.
  Result<Stream*> active_stream(const Call& call);
  /// One that may be split and merged by hand.
  Result<Stream*> provisioned_stream(const Call& call);
  Result<const Shard*> named_shard(const Stream& stream, const Call& call) const;
  /// Where in a shard a reader wants to begin.
  struct Place {
    std::string type;
    std::string sequence;
    std::optional<Instant> timestamp;
    std::string_view operation;  ///< that asks
  };
  Result<std::uint64_t> place_in(const Stream& stream, const Shard& shard, const Place& place, Instant now);
  /// What is wrong with a record for a stream, or the shard that takes it.
  Result<Shard*> shard_of(Stream& stream, const Draft& draft, std::size_t position);
  bool fits(Shard& shard, const Draft& draft, Instant now) const;
  Result<Reply> retention(Call& call, bool longer);
  Result<Reply> monitoring(Call& call, bool enable);
  /// The consumer that the call's members name, with its stream.
  struct Registered {
    Stream* stream;
    Consumer* consumer;
  };
  Result<Registered> named_consumer(const Call& call);
  /// The tags that `ResourceARN` names, a stream's or a consumer's.
  struct Tagged {
    Stream* stream;
    std::map<std::string, std::string>* tags;
  };
  Result<Tagged> tagged(const Call& call);
  std::size_t open_shards_of(const Scope& scope);

  Clock& clock_;
  Streams streams_;
  Waiters<StreamId> waiters_;
  ShardSubscriptions subscriptions_;
  std::function<bool()> limits_throughput_;
  Duration transition_;
};

}  // namespace aviary::kinesis
