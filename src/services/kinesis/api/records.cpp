#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "models/kinesis.hpp"
#include "services/kinesis/api/input.hpp"
#include "services/kinesis/api/kinesis_service.hpp"

namespace aviary::kinesis {
namespace {

namespace rows = models::kinesis::errors;

constexpr std::size_t batch_at_most = 10U * 1024 * 1024;

Result<Draft> draft_of(const Json& input) {
  Draft draft{.partition_key = text_of(input, "PartitionKey"), .data = text_of(input, "Data")};
  const std::string& key = text_of(input, "ExplicitHashKey");
  if (key.empty()) return draft;
  draft.explicit_hash_key = parse_hash_key(key);
  if (!draft.explicit_hash_key)
    return invalid_argument(fmt::format(
        "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {}",
        key));
  return draft;
}

std::string too_fast(const Stream& stream, std::string_view shard) {
  return fmt::format("Rate exceeded for shard {} in stream {} under account {}.", shard, stream.id.name,
                     stream.id.scope.account);
}

/// `Mon Jan 15 10:30:00 UTC 2024`
std::string java_date(Instant at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - day));
  constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{} {} {:02} {:02}:{:02}:{:02} UTC {}", days[std::chrono::weekday(day).c_encoding()],
                     months[static_cast<unsigned>(date.month()) - 1], static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     static_cast<int>(date.year()));
}

const char* encryption_of(bool encrypted) { return encrypted ? "KMS" : nullptr; }

}  // namespace

Result<Shard*> KinesisService::shard_of(Stream& stream, const Draft& draft, std::size_t position) {
  const std::size_t most = static_cast<std::size_t>(stream.maximum_record_kib) * 1024;
  if (draft.partition_key.size() + draft.data.size() > most)
    return validation(fmt::format(
        "1 validation error detected: Value at '{}' failed to satisfy constraint: Member must have length "
        "less "
        "than or equal to {}",
        position == 0 ? std::string("data") : fmt::format("records.{}.member.data", position), most));
  return &stream.shard_for(draft.explicit_hash_key.value_or(hash_key_of(draft.partition_key)));
}

bool KinesisService::fits(Shard& shard, const Draft& draft, Instant now) const {
  const bool limited = limits_throughput_ && limits_throughput_();
  return !limited || shard.writes.take(draft.partition_key.size() + draft.data.size(), now);
}

Result<Reply> KinesisService::put_record(Call& call) {
  const Result<Stream*> stream = named_stream(call);
  if (!stream) return stream.error();
  Result<Draft> draft = draft_of(call.input);
  if (!draft) return draft.error();
  const Result<Shard*> shard = shard_of(**stream, *draft, 0);
  if (!shard) return shard.error();
  if (const std::string& after = text_of(call.input, "SequenceNumberForOrdering"); !after.empty()) {
    const auto number = parse_sequence(after);
    if (!number || number->number > streams_.next_number(call.now))
      return invalid_argument(
          fmt::format("ExclusiveMinimumSequenceNumber {} used in PutRecord on stream {} under account {} is "
                      "invalid.",
                      after, (*stream)->id.name, (*stream)->id.scope.account));
  }
  if (!fits(**shard, *draft, call.now))
    return AwsError(rows::ProvisionedThroughputExceededException, too_fast(**stream, (*shard)->id()));
  const Placed placed = streams_.put(**stream, **shard, std::move(*draft), call.now);
  Reply reply{.output = {{"ShardId", placed.shard}, {"SequenceNumber", placed.sequence_number}}};
  if (const char* encryption = encryption_of(!(*stream)->key_id.empty()))
    reply.output["EncryptionType"] = encryption;
  return reply;
}

/// Each record by itself, but what is wrong in itself refuses them all.
Result<Reply> KinesisService::put_records(Call& call) {
  const Result<Stream*> stream = named_stream(call);
  if (!stream) return stream.error();
  struct Entry {
    Draft draft;
    Shard* shard;
  };
  std::vector<Entry> entries;
  std::size_t bytes = 0;
  for (const Json& record : call.input.at("Records")) {
    Result<Draft> draft = draft_of(record);
    if (!draft) return draft.error();
    const Result<Shard*> shard = shard_of(**stream, *draft, entries.size() + 1);
    if (!shard) return shard.error();
    bytes += draft->partition_key.size() + draft->data.size();
    entries.push_back({.draft = std::move(*draft), .shard = *shard});
  }
  if (bytes > batch_at_most) return invalid_argument("Records size exceeds 10 MB limit");
  Reply reply;
  int failed = 0;
  Json& results = reply.output["Records"] = Json::array();
  for (Entry& entry : entries) {
    if (!fits(*entry.shard, entry.draft, call.now)) {
      ++failed;
      results.push_back({{"ErrorCode", "ProvisionedThroughputExceededException"},
                         {"ErrorMessage", too_fast(**stream, entry.shard->id())}});
      continue;
    }
    Placed placed = streams_.put(**stream, *entry.shard, std::move(entry.draft), call.now);
    results.push_back(
        {{"ShardId", std::move(placed.shard)}, {"SequenceNumber", std::move(placed.sequence_number)}});
  }
  reply.output["FailedRecordCount"] = failed;
  if (const char* encryption = encryption_of(!(*stream)->key_id.empty()))
    reply.output["EncryptionType"] = encryption;
  return reply;
}

Result<Reply> KinesisService::get_shard_iterator(Call& call) {
  const Result<Stream*> found = named_stream(call);
  if (!found) return found.error();
  const Stream& stream = **found;
  const Result<const Shard*> shard = named_shard(stream, call);
  if (!shard) return shard.error();
  const Result<std::uint64_t> number = place_in(stream, **shard,
                                                {.type = text_of(call.input, "ShardIteratorType"),
                                                 .sequence = text_of(call.input, "StartingSequenceNumber"),
                                                 .timestamp = instant_of(call.input, "Timestamp"),
                                                 .operation = "GetShardIterator"},
                                                call.now);
  if (!number) return number.error();
  const ShardIterator iterator{
      .stream = stream.id, .uid = stream.uid, .shard = (*shard)->index, .number = *number, .made = call.now};
  return Reply{.output = {{"ShardIterator", iterator.encode()}}};
}

Result<Reply> KinesisService::get_records(Call& call) {
  const auto iterator = ShardIterator::decode(text_of(call.input, "ShardIterator"));
  if (!iterator) return invalid_argument("Invalid ShardIterator.");
  Stream* stream = streams_.find(iterator->stream, call.now);
  if (stream == nullptr || stream->uid != iterator->uid) return no_such_stream(iterator->stream);
  if (call.now > iterator->made + iterator_lasts)
    return AwsError(
        rows::ExpiredIteratorException,
        fmt::format("Iterator expired. The iterator was created at time {} while right now it is {} which is "
                    "further in the future than the tolerated delay of 300000 milliseconds.",
                    java_date(iterator->made), java_date(call.now)));
  const auto place = stream->shards.find(iterator->shard);
  if (place == stream->shards.end()) return no_such_shard(stream->id, shard_id(iterator->shard));
  Shard& shard = place->second;
  const bool limited = limits_throughput_ && limits_throughput_();
  if (limited && !shard.reads.take_call(call.now))
    return AwsError(rows::ProvisionedThroughputExceededException, too_fast(*stream, shard.id()));
  const auto limit = static_cast<std::size_t>(number_of(call.input, "Limit").value_or(10'000));
  const Slice slice = streams_.read(shard, iterator->number, limit, call.now);
  Reply reply;
  Json& records = reply.output["Records"] = Json::array();
  std::size_t bytes = 0;
  for (const Record* record : slice.records) {
    bytes += record->size();
    records.push_back(record_json(shard, *record));
  }
  if (limited) shard.reads.took(bytes, call.now);
  reply.output["MillisBehindLatest"] =
      std::chrono::duration_cast<std::chrono::milliseconds>(slice.behind).count();
  if (slice.ended) {
    // Whoever has read a closed shard to its end goes on with its children.
    reply.output["ChildShards"] = children_json(*stream, shard);
  } else {
    ShardIterator next = *iterator;
    next.number = slice.next;
    next.made = call.now;
    reply.output["NextShardIterator"] = next.encode();
  }
  return reply;
}

}  // namespace aviary::kinesis
