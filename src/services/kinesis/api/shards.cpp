#include <fmt/format.h>

#include <algorithm>

#include "services/kinesis/api/input.hpp"
#include "services/kinesis/api/kinesis_service.hpp"
#include "services/kinesis/core/resharding.hpp"

namespace aviary::kinesis {
namespace {

/// Whether `ShardFilter` wants the shard. `horizon`: before it nothing is kept.
bool wants_shard(const Json& filter, const Shard& shard, Instant horizon) {
  const std::string& type = text_of(filter, "Type");
  const Instant at = instant_of(filter, "Timestamp").value_or(horizon);
  const bool open_at = shard.opened <= at && (shard.open() || shard.closed > at);
  if (type == "AFTER_SHARD_ID") return shard.id() > text_of(filter, "ShardId");
  if (type == "AT_LATEST") return shard.open();
  // What was there when the oldest kept record came: those that no shard is the parent of any more.
  if (type == "AT_TRIM_HORIZON") return shard.opened <= horizon || !shard.parent;
  if (type == "AT_TIMESTAMP") return open_at;
  if (type == "FROM_TIMESTAMP") return shard.open() || shard.closed > at;
  return true;  // FROM_TRIM_HORIZON
}

Result<> check_filter(const Json& filter) {
  const std::string& type = text_of(filter, "Type");
  if (type == "AFTER_SHARD_ID" && text_of(filter, "ShardId").empty())
    return invalid_argument("Must specify ShardId parameter for ShardFilter of type AFTER_SHARD_ID.");
  if (type.ends_with("_TIMESTAMP") && !instant_of(filter, "Timestamp"))
    return invalid_argument(
        fmt::format("Must specify Timestamp parameter for ShardFilter of type {}.", type));
  return {};
}

}  // namespace

Result<Reply> KinesisService::list_shards(Call& call) {
  const Result<PageToken> token = page_token_of(call);
  if (!token) return token.error();
  const bool goes_on = !token->of.empty();
  const Json* filter = find_member(call.input, "ShardFilter");
  if (goes_on) {
    if (!text_of(call.input, "StreamName").empty())
      return invalid_argument("NextToken and StreamName cannot be provided together.");
    if (find_member(call.input, "ExclusiveStartShardId"))
      return invalid_argument("NextToken and ExclusiveStartShardId cannot be provided together.");
    call.input["StreamARN"] = token->of;
  }
  const Result<Stream*> stream = named_stream(call);
  if (!stream) return stream.error();
  if (filter != nullptr)
    if (const Result<> valid = check_filter(*filter); !valid) return valid.error();
  const std::string after = goes_on ? token->after : text_of(call.input, "ExclusiveStartShardId");
  const auto most = static_cast<std::size_t>(number_of(call.input, "MaxResults").value_or(1000));
  Reply reply;
  Json& shards = reply.output["Shards"] = Json::array();
  for (const auto& [index, shard] : (*stream)->shards) {
    if (!after.empty() && shard.id() <= after) continue;
    if (filter != nullptr && !wants_shard(*filter, shard, call.now - (*stream)->retention())) continue;
    if (shards.size() == most) {
      reply.output["NextToken"] =
          page_token(shards.back().at("ShardId").get<std::string>(), (*stream)->arn(), call.now);
      break;
    }
    shards.push_back(shard_json(shard));
  }
  return reply;
}

Result<Reply> KinesisService::split_shard(Call& call) {
  const Result<Stream*> stream = provisioned_stream(call);
  if (!stream) return stream.error();
  const Result<> done =
      Resharding(**stream, call.now, [&] {
        return streams_.next_number(call.now);
      }).split(text_of(call.input, "ShardToSplit"), text_of(call.input, "NewStartingHashKey"));
  if (!done) return done.error();
  streams_.resharded(**stream, call.now);
  return Reply{};
}

Result<Reply> KinesisService::merge_shards(Call& call) {
  const Result<Stream*> stream = provisioned_stream(call);
  if (!stream) return stream.error();
  const Result<> done =
      Resharding(**stream, call.now, [&] {
        return streams_.next_number(call.now);
      }).merge(text_of(call.input, "ShardToMerge"), text_of(call.input, "AdjacentShardToMerge"));
  if (!done) return done.error();
  streams_.resharded(**stream, call.now);
  return Reply{};
}

Result<Reply> KinesisService::update_shard_count(Call& call) {
  const Result<Stream*> found = provisioned_stream(call);
  if (!found) return found.error();
  Stream& stream = **found;
  const std::size_t current = stream.open_shards();
  const auto target = static_cast<std::size_t>(number_of(call.input, "TargetShardCount").value_or(1));
  if (target > current * 2)
    return invalid_argument(fmt::format(
        "UpdateShardCount cannot scale up over double your current open shard count. Current open "
        "shard count: {} Target shard count: {}",
        current, target));
  if (target * 2 < current)
    return invalid_argument(fmt::format(
        "UpdateShardCount cannot scale down below half your current open shard count. Current open "
        "shard count: {} Target shard count: {}",
        current, target));
  if (target > 10'000)
    return limit_exceeded(fmt::format(
        "UpdateShardCount cannot scale a stream to more than 10000 shards. Target shard count: {}", target));
  const StreamId id = stream.id;
  const std::string arn = stream.arn();
  if (target != current) {
    Resharding(stream, call.now, [&] {
      return streams_.next_number(call.now);
    }).scale(static_cast<std::uint32_t>(target));
    streams_.resharded(stream, call.now);
  }
  return Reply{.output = {{"StreamName", id.name},
                          {"StreamARN", arn},
                          {"CurrentShardCount", current},
                          {"TargetShardCount", target}}};
}

}  // namespace aviary::kinesis
