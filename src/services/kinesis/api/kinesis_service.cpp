#include "services/kinesis/api/kinesis_service.hpp"

#include <fmt/format.h>

#include "models/kinesis.hpp"
#include "services/kinesis/api/input.hpp"

namespace aviary::kinesis {

/// Which member answers which operation.
OperationTable<KinesisService> KinesisService::operations() {
  using S = KinesisService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"AddTagsToStream", &S::add_tags_to_stream},
      {"CreateStream", &S::create_stream},
      {"DecreaseStreamRetentionPeriod", &S::decrease_stream_retention_period},
      {"DeleteResourcePolicy", &S::delete_resource_policy},
      {"DeleteStream", &S::delete_stream},
      {"DeregisterStreamConsumer", &S::deregister_stream_consumer},
      {"DescribeLimits", &S::describe_limits},
      {"DescribeStream", &S::describe_stream},
      {"DescribeStreamConsumer", &S::describe_stream_consumer},
      {"DescribeStreamSummary", &S::describe_stream_summary},
      {"DisableEnhancedMonitoring", &S::disable_enhanced_monitoring},
      {"EnableEnhancedMonitoring", &S::enable_enhanced_monitoring},
      {"GetRecords", &S::get_records},
      {"GetResourcePolicy", &S::get_resource_policy},
      {"GetShardIterator", &S::get_shard_iterator},
      {"IncreaseStreamRetentionPeriod", &S::increase_stream_retention_period},
      {"ListShards", &S::list_shards},
      {"ListStreamConsumers", &S::list_stream_consumers},
      {"ListStreams", &S::list_streams},
      {"ListTagsForResource", &S::list_tags_for_resource},
      {"ListTagsForStream", &S::list_tags_for_stream},
      {"MergeShards", &S::merge_shards},
      {"PutRecord", &S::put_record},
      {"PutRecords", &S::put_records},
      {"PutResourcePolicy", &S::put_resource_policy},
      {"RegisterStreamConsumer", &S::register_stream_consumer},
      {"RemoveTagsFromStream", &S::remove_tags_from_stream},
      {"SplitShard", &S::split_shard},
      {"StartStreamEncryption", &S::start_stream_encryption},
      {"StopStreamEncryption", &S::stop_stream_encryption},
      {"SubscribeToShard", &S::subscribe_to_shard},
      {"TagResource", &S::tag_resource},
      {"UntagResource", &S::untag_resource},
      {"UpdateMaxRecordSize", &S::update_max_record_size},
      {"UpdateShardCount", &S::update_shard_count},
      {"UpdateStreamMode", &S::update_stream_mode},
      {"UpdateStreamWarmThroughput", &S::update_stream_warm_throughput},
  };
  return {models::kinesis::service, "Kinesis", entries};
}

KinesisService::KinesisService(KinesisDependencies d)
    : clock_(d.clock),
      streams_(d.ids, d.journal),
      waiters_(d.clock),
      subscriptions_(d.clock, streams_),
      limits_throughput_(std::move(d.limits_throughput)),
      transition_(d.transition) {
  streams_.set_transition(d.transition);
  streams_.on_change([this](const StreamId& id) {
    waiters_.wake(id);
    subscriptions_.news(id);
  });
}

KinesisService::~KinesisService() = default;

const ErrorShape* KinesisService::violation_error() const {
  return &models::kinesis::errors::ValidationException;
}

void KinesisService::restore() { streams_.restore(); }

void KinesisService::reset() {
  subscriptions_.close();
  streams_.clear();
  waiters_.wake_all();
}

Task<> KinesisService::stop() {
  subscriptions_.close();
  waiters_.stop();
  co_return;
}

Json KinesisService::counts() const {
  return {{"streams", streams_.all().size()}, {"records", streams_.records()}};
}

Result<Stream*> KinesisService::named_stream(const Call& call) {
  const Result<StreamId> id = stream_of(call);
  if (!id) return id.error();
  Stream* stream = streams_.find(*id, call.now);
  if (stream == nullptr) return no_such_stream(*id);
  return stream;
}

Result<Stream*> KinesisService::active_stream(const Call& call) {
  const Result<Stream*> stream = named_stream(call);
  if (!stream) return stream;
  if (const std::string status = (*stream)->status(call.now); status != "ACTIVE")
    return in_use(fmt::format("Stream {} under account {} not ACTIVE, instead in state {}",
                              (*stream)->id.name, (*stream)->id.scope.account, status));
  return stream;
}

Result<Stream*> KinesisService::provisioned_stream(const Call& call) {
  const Result<Stream*> stream = active_stream(call);
  if (stream && (*stream)->on_demand)
    return validation(fmt::format("Request is invalid. Stream {} under account {} is in On-Demand mode.",
                                  (*stream)->id.name, (*stream)->id.scope.account));
  return stream;
}

Result<Placed> KinesisService::put(const StreamId& id, Draft draft) {
  const Instant now = clock_.now();
  Stream* stream = streams_.find(id, now);
  if (stream == nullptr) return no_such_stream(id);
  const Result<Shard*> shard = shard_of(*stream, draft, 0);
  if (!shard) return shard.error();
  return streams_.put(*stream, **shard, std::move(draft), now);
}

Task<bool> KinesisService::wait(StreamId id, Instant until) {
  const bool open = co_await waiters_.wait(std::move(id), until);
  co_return open;
}

std::size_t KinesisService::open_shards_of(const Scope& scope) {
  std::size_t count = 0;
  for (const Stream* stream : streams_.list(scope, clock_.now())) count += stream->open_shards();
  return count;
}

}  // namespace aviary::kinesis
