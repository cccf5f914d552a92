#include <fmt/format.h>

#include <algorithm>

#include "services/kinesis/api/input.hpp"
#include "services/kinesis/api/kinesis_service.hpp"

namespace aviary::kinesis {

Result<const Shard*> KinesisService::named_shard(const Stream& stream, const Call& call) const {
  const std::string& name = text_of(call.input, "ShardId");
  const Shard* shard = stream.find_shard(name);
  if (shard == nullptr)
    return not_found(fmt::format("Shard {} in stream {} under account {} does not exist", name,
                                 stream.id.name, stream.id.scope.account));
  return shard;
}

Result<std::uint64_t> KinesisService::place_in(const Stream& stream, const Shard& shard, const Place& place,
                                               Instant now) {
  const std::string& type = place.type;
  const std::string& sequence = place.sequence;
  const std::optional<Instant>& timestamp = place.timestamp;
  std::uint64_t number = shard.first_number;
  if (type == "AT_SEQUENCE_NUMBER" || type == "AFTER_SEQUENCE_NUMBER") {
    if (sequence.empty())
      return invalid_argument(fmt::format(
          "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or "
          "(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {} and no "
          "StartingSequenceNumber.",
          type));
    const auto parsed = parse_sequence(sequence);
    const bool ours = parsed && parsed->shard == shard.index && parsed->number >= shard.first_number &&
                      parsed->number <= shard.last_number.value_or(streams_.next_number(now));
    if (!ours)
      return invalid_argument(
          fmt::format("StartingSequenceNumber {} used in {} on shard {} in stream {} under account "
                      "{} is invalid because it did not come from this stream.",
                      sequence, place.operation, shard.id(), stream.id.name, stream.id.scope.account));
    number = parsed->number + (type == "AFTER_SEQUENCE_NUMBER" ? 1 : 0);
  } else if (!sequence.empty()) {
    return invalid_argument(
        fmt::format("Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and "
                    "StartingSequenceNumber or (2) "
                    "TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {} and also a "
                    "StartingSequenceNumber.",
                    type));
  } else if (type == "LATEST") {
    number = streams_.next_number(now);
  } else if (type == "AT_TIMESTAMP") {
    if (!timestamp)
      return invalid_argument(
          "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has "
          "no "
          "timestamp parameter.");
    if (*timestamp > now)
      return invalid_argument(
          fmt::format("The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
                      "timestampInMillis: {}, currentTimestampInMillis: {}",
                      std::chrono::floor<std::chrono::milliseconds>(*timestamp).time_since_epoch().count(),
                      std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count()));
    const auto at = std::ranges::find_if(shard.records,
                                         [&](const Record& record) { return record.arrived >= *timestamp; });
    number = at == shard.records.end() ? streams_.next_number(now) : at->number;
  }
  return number;
}

Result<Reply> KinesisService::subscribe_to_shard(Call& call) {
  const Result<Registered> found = named_consumer(call);
  if (!found) return found.error();
  Stream* stream = found->stream;
  const Consumer* consumer = found->consumer;
  if (call.now < consumer->settles || stream->status(call.now) == "DELETING")
    return in_use(fmt::format("Consumer {} of stream {} under account {} is not ACTIVE.", consumer->name,
                              stream->id.name, stream->id.scope.account));
  const Result<const Shard*> shard = named_shard(*stream, call);
  if (!shard) return shard.error();
  const Json& start = call.input.at("StartingPosition");
  const Result<std::uint64_t> number = place_in(*stream, **shard,
                                                {.type = text_of(start, "Type"),
                                                 .sequence = text_of(start, "SequenceNumber"),
                                                 .timestamp = instant_of(start, "Timestamp"),
                                                 .operation = "SubscribeToShard"},
                                                call.now);
  if (!number) return number.error();
  Reply reply;
  reply.stream = subscriptions_.open({.stream = stream->id,
                                      .uid = stream->uid,
                                      .consumer = consumer->name,
                                      .shard = (*shard)->index,
                                      .number = *number});
  if (!reply.stream)
    return in_use(fmt::format("Another active subscription exists for this consumer: {}",
                              stream->consumer_arn(*consumer)));
  return reply;
}

}  // namespace aviary::kinesis
