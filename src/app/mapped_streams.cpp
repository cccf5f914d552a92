#include "app/mapped_streams.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"

namespace aviary::app {
namespace {

/// A mapping may name a consumer of the stream: it reads the same.
kinesis::StreamId stream_named(std::string_view arn) {
  const kinesis::ConsumerId consumer = kinesis::parse_consumer_arn(arn);
  return consumer.name.empty() ? kinesis::parse_stream_arn(arn) : consumer.stream;
}

std::uint64_t number_at(const kinesis::Shard& shard, const lambda::StreamPosition& from) {
  using Kind = lambda::StreamPosition::Kind;
  switch (from.kind) {
    case Kind::After:
      if (const auto after = kinesis::parse_sequence(from.sequence_number)) return after->number + 1;
      return shard.first_number;
    case Kind::AtTimestamp: {
      const auto at = std::ranges::lower_bound(shard.records, from.timestamp, {}, &kinesis::Record::arrived);
      if (at != shard.records.end()) return at->number;
      return shard.records.empty() ? shard.first_number : shard.records.back().number + 1;
    }
    case Kind::TrimHorizon:
    case Kind::Latest:  // nobody asks for it here: a moment says the same
      break;
  }
  return shard.first_number;
}

}  // namespace

/// https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
OrderedJson kinesis_record(const KinesisFacts& facts) {
  return {{"kinesis",
           {{"kinesisSchemaVersion", "1.0"},
            {"partitionKey", facts.partition_key},
            {"sequenceNumber", facts.sequence_number},
            {"data", base64_encode(facts.data)},
            {"approximateArrivalTimestamp", facts.arrived}}},
          {"eventSource", "aws:kinesis"},
          {"eventVersion", "1.0"},
          {"eventID", fmt::format("{}:{}", facts.shard, facts.sequence_number)},
          {"eventName", "aws:kinesis:record"},
          {"invokeIdentityArn", ""},
          {"awsRegion", facts.region},
          {"eventSourceARN", facts.stream_arn}};
}

bool MappedStreams::has(std::string_view arn) const { return !stream_named(arn).name.empty(); }

Task<lambda::StreamListing> MappedStreams::list(std::string arn) {
  lambda::StreamListing listing;
  const kinesis::Stream* stream = streams_.find(stream_named(arn));
  const kinesis::ConsumerId consumer = kinesis::parse_consumer_arn(arn);
  listing.exists = stream != nullptr;
  if (stream != nullptr && !consumer.name.empty()) {
    const auto registered = stream->consumers.find(consumer.name);
    // One that comes under the same name later is another.
    listing.exists = registered != stream->consumers.end() && stream->consumer_arn(registered->second) == arn;
  }
  if (!listing.exists) co_return listing;
  for (const auto& [index, shard] : stream->shards) {
    lambda::StreamShard listed{.id = shard.id(), .open = shard.open()};
    if (shard.parent) listed.parents.push_back(kinesis::shard_id(*shard.parent));
    if (shard.adjacent_parent) listed.parents.push_back(kinesis::shard_id(*shard.adjacent_parent));
    listing.shards.push_back(std::move(listed));
  }
  co_return listing;
}

Task<lambda::StreamPage> MappedStreams::read(std::string arn, std::string shard_id,
                                             lambda::StreamPosition from, std::size_t count) {
  lambda::StreamPage page;
  const kinesis::Stream* stream = streams_.find(stream_named(arn));
  const kinesis::Shard* shard = stream ? stream->find_shard(shard_id) : nullptr;
  if (shard == nullptr) {
    page.missing = true;
    co_return page;
  }
  const kinesis::Slice slice = streams_.read(*shard, number_at(*shard, from), count);
  page.records.reserve(slice.records.size());
  for (const kinesis::Record* record : slice.records) {
    const auto millis = std::chrono::floor<std::chrono::milliseconds>(record->arrived.time_since_epoch());
    lambda::StreamRecord read{.sequence_number = shard->sequence(record->number),
                              .partition_key = record->partition_key,
                              .arrived = record->arrived,
                              .event = {}};
    read.event = kinesis_record({.stream_arn = arn,
                                 .region = stream->id.scope.region,
                                 .shard = shard_id,
                                 .sequence_number = read.sequence_number,
                                 .partition_key = record->partition_key,
                                 .data = record->data,
                                 .arrived = static_cast<double>(millis.count()) / 1000});
    page.records.push_back(std::move(read));
  }
  page.ended = slice.ended;
  page.more = !slice.ended && slice.behind > Duration{};
  co_return page;
}

Task<bool> MappedStreams::wait(std::string arn, Instant until) {
  kinesis::StreamId stream = stream_named(arn);
  const bool open = co_await streams_.wait(std::move(stream), until);
  co_return open;
}

}  // namespace aviary::app
