#include <fmt/format.h>

#include <algorithm>

#include "services/kinesis/api/input.hpp"
#include "services/kinesis/api/kinesis_service.hpp"

namespace aviary::kinesis {
namespace {

// https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
constexpr std::size_t on_demand_streams = 50;
constexpr std::uint32_t on_demand_shards = 4;
constexpr std::size_t tags_at_most = 50;

std::size_t shard_limit(std::string_view region) {
  return region == "us-east-1" || region == "us-west-2" || region == "eu-west-1" ? 20'000 : 6'000;
}

Json mode_json(const Stream& stream) {
  return {{"StreamMode", stream.on_demand ? "ON_DEMAND" : "PROVISIONED"}};
}

/// What all descriptions have.
Json facts_of(const Stream& stream, Instant now) {
  Json facts{{"StreamName", stream.id.name},
             {"StreamARN", stream.arn()},
             {"StreamStatus", stream.status(now)},
             {"StreamModeDetails", mode_json(stream)},
             {"RetentionPeriodHours", stream.retention_hours},
             {"StreamCreationTimestamp", epoch_seconds(stream.created)},
             {"EnhancedMonitoring", {{{"ShardLevelMetrics", stream.monitored}}}},
             {"EncryptionType", stream.key_id.empty() ? "NONE" : "KMS"}};
  if (!stream.key_id.empty()) facts["KeyId"] = stream.key_id;
  return facts;
}

}  // namespace

Result<Reply> KinesisService::create_stream(Call& call) {
  const StreamId id{.scope = scope_of(call), .name = text_of(call.input, "StreamName")};
  NewStream wanted{.tags = map_of(call.input, "Tags"),
                   .warm_throughput = number_of(call.input, "WarmThroughputMiBps"),
                   .maximum_record_kib = number_of(call.input, "MaxRecordSizeInKiB").value_or(1024)};
  const Json* mode = find_member(call.input, "StreamModeDetails");
  wanted.on_demand = mode != nullptr && text_of(*mode, "StreamMode") == "ON_DEMAND";
  const std::optional<int> count = number_of(call.input, "ShardCount");
  if (wanted.on_demand && count)
    return validation("Request is invalid. ShardCount can only be specified when StreamMode is PROVISIONED.");
  if (!wanted.on_demand && wanted.warm_throughput)
    return validation(
        "Request is invalid. WarmThroughputMiBps can only be specified when StreamMode is ON_DEMAND.");
  if (wanted.tags.size() > tags_at_most)
    return invalid_argument("A given stream cannot have more than 50 tags associated with it.");
  wanted.shards = wanted.on_demand ? on_demand_shards : static_cast<std::uint32_t>(count.value_or(1));
  if (streams_.find(id, call.now) == nullptr) {
    const std::size_t open = open_shards_of(id.scope);
    const std::size_t limit = shard_limit(call.region);
    if (open + wanted.shards > limit)
      return limit_exceeded(fmt::format(
          "This request would exceed the shard limit for the account {} in {}. Current shard count for the "
          "account: {}. Limit: {}. Number of additional shards that would have resulted from this request: "
          "{}. Refer to the AWS Service Limits page "
          "(https://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and "
          "how "
          "to request higher limits.",
          id.scope.account, call.region, open, limit, wanted.shards));
  }
  const Result<Stream*> made = streams_.create(id, wanted, call.now);
  if (!made) return made.error();
  return Reply{};
}

Result<Reply> KinesisService::delete_stream(Call& call) {
  const Result<Stream*> stream = named_stream(call);
  if (!stream) return stream.error();
  if (!(*stream)->consumers.empty() && !flag_of(call.input, "EnforceConsumerDeletion"))
    return in_use(
        fmt::format("Stream {} under account {} has consumers registered. Deregister them first, or set "
                    "EnforceConsumerDeletion.",
                    (*stream)->id.name, (*stream)->id.scope.account));
  streams_.erase(**stream, call.now);
  return Reply{};
}

Result<Reply> KinesisService::describe_limits(Call& call) {
  std::size_t on_demand = 0;
  for (const Stream* stream : streams_.list(scope_of(call), call.now)) on_demand += stream->on_demand ? 1 : 0;
  return Reply{.output = {{"ShardLimit", shard_limit(call.region)},
                          {"OpenShardCount", open_shards_of(scope_of(call))},
                          {"OnDemandStreamCount", on_demand},
                          {"OnDemandStreamCountLimit", on_demand_streams}}};
}

Result<Reply> KinesisService::describe_stream(Call& call) {
  const Result<Stream*> stream = named_stream(call);
  if (!stream) return stream.error();
  const auto limit = static_cast<std::size_t>(number_of(call.input, "Limit").value_or(100));
  const std::string& after = text_of(call.input, "ExclusiveStartShardId");
  Json description = facts_of(**stream, call.now);
  Json& shards = description["Shards"] = Json::array();
  description["HasMoreShards"] = false;
  for (const auto& [index, shard] : (*stream)->shards) {
    if (!after.empty() && shard.id() <= after) continue;
    if (shards.size() == limit) {
      description["HasMoreShards"] = true;
      break;
    }
    shards.push_back(shard_json(shard));
  }
  return Reply{.output = {{"StreamDescription", std::move(description)}}};
}

Result<Reply> KinesisService::describe_stream_summary(Call& call) {
  const Result<Stream*> found = named_stream(call);
  if (!found) return found.error();
  const Stream& stream = **found;
  Json summary = facts_of(stream, call.now);
  summary["OpenShardCount"] = stream.open_shards();
  summary["ConsumerCount"] = stream.consumers.size();
  summary["MaxRecordSizeInKiB"] = stream.maximum_record_kib;
  if (stream.warm_throughput)
    summary["WarmThroughput"] = {{"TargetMiBps", *stream.warm_throughput},
                                 {"CurrentMiBps", *stream.warm_throughput}};
  return Reply{.output = {{"StreamDescriptionSummary", std::move(summary)}}};
}

Result<Reply> KinesisService::list_streams(Call& call) {
  const Result<PageToken> token = page_token_of(call);
  if (!token) return token.error();
  const std::string after =
      token->after.empty() ? text_of(call.input, "ExclusiveStartStreamName") : token->after;
  const auto limit = static_cast<std::size_t>(number_of(call.input, "Limit").value_or(100));
  Reply reply;
  Json& names = reply.output["StreamNames"] = Json::array();
  Json& summaries = reply.output["StreamSummaries"] = Json::array();
  reply.output["HasMoreStreams"] = false;
  for (const Stream* stream : streams_.list(scope_of(call), call.now)) {
    if (!after.empty() && stream->id.name <= after) continue;
    if (names.size() == limit) {
      reply.output["HasMoreStreams"] = true;
      reply.output["NextToken"] = page_token(names.back().get<std::string>(), {}, call.now);
      break;
    }
    names.push_back(stream->id.name);
    summaries.push_back({{"StreamName", stream->id.name},
                         {"StreamARN", stream->arn()},
                         {"StreamStatus", stream->status(call.now)},
                         {"StreamModeDetails", mode_json(*stream)},
                         {"StreamCreationTimestamp", epoch_seconds(stream->created)}});
  }
  return reply;
}

}  // namespace aviary::kinesis
