#include "app/outside/outside_streams.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/mapped_streams.hpp"
#include "base/encoding.hpp"

namespace aviary::app {
namespace {

// Lambda looks at a shard of Kinesis once a second, and at one of DynamoDB four times:
// https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
constexpr Duration kinesis_pace = std::chrono::seconds(1);
constexpr Duration dynamodb_pace = std::chrono::milliseconds(250);
constexpr std::size_t iterators_at_most = 10'000;

std::string region_in(std::string_view arn) {
  for (int colons = 0; colons < 3; ++colons) arn.remove_prefix(std::min(arn.find(':'), arn.size() - 1) + 1);
  return std::string(arn.substr(0, arn.find(':')));
}

std::string text_in(const OrderedJson& document, const char* name) {
  const auto found = document.is_object() ? document.find(name) : document.end();
  return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
}

double number_in(const OrderedJson& document, const char* name) {
  const auto found = document.is_object() ? document.find(name) : document.end();
  return found != document.end() && found->is_number() ? found->get<double>() : 0;
}

std::string place_key(const std::string& arn, const std::string& shard, const lambda::StreamPosition& from) {
  return fmt::format("{}|{}|{}|{}|{}", arn, shard, static_cast<int>(from.kind), from.sequence_number,
                     from.timestamp.time_since_epoch().count());
}

}  // namespace

bool OutsideStreams::has(std::string_view arn) const {
  return arn.find(kind_ == Kind::Kinesis ? ":kinesis:" : ":dynamodb:") != std::string_view::npos;
}

Json OutsideStreams::stream_member(const std::string& arn) const {
  if (kind_ == Kind::DynamoDb) return {{"StreamArn", arn}};
  return {{"StreamName", arn.substr(arn.find('/') + 1)}};
}

Task<lambda::StreamListing> OutsideStreams::list(std::string arn) {
  lambda::StreamListing listing;
  std::string after;
  for (;;) {
    Json input = stream_member(arn);
    if (!after.empty()) input["ExclusiveStartShardId"] = after;
    auto calling = endpoint_->call("DescribeStream", std::move(input), region_in(arn));
    const AwsEndpoint::Answer answer = co_await std::move(calling);
    if (!answer.good()) {
      // What a service calls a stream that is not there; other trouble passes, maybe.
      if (answer.error != "ResourceNotFoundException") listing.problem = answer.problem;
      co_return listing;
    }
    const OrderedJson& description = answer.output.value("StreamDescription", OrderedJson::object());
    listing.exists = true;
    const std::size_t before = listing.shards.size();
    for (const OrderedJson& each : description.value("Shards", OrderedJson::array())) {
      lambda::StreamShard shard{.id = text_in(each, "ShardId")};
      for (const char* name : {"ParentShardId", "AdjacentParentShardId"})
        if (std::string parent = text_in(each, name); !parent.empty())
          shard.parents.push_back(std::move(parent));
      const auto range = each.find("SequenceNumberRange");
      shard.open = range == each.end() || text_in(*range, "EndingSequenceNumber").empty();
      listing.shards.push_back(std::move(shard));
    }
    const bool more = kind_ == Kind::DynamoDb ? !text_in(description, "LastEvaluatedShardId").empty()
                                              : description.value("HasMoreShards", false);
    if (!more || listing.shards.size() == before) co_return listing;
    after = listing.shards.back().id;
  }
}

Task<AwsEndpoint::Answer> OutsideStreams::iterator_at(std::string arn, std::string shard,
                                                      lambda::StreamPosition from) {
  using Place = lambda::StreamPosition::Kind;
  Json input = stream_member(arn);
  input["ShardId"] = std::move(shard);
  switch (from.kind) {
    case Place::TrimHorizon:
      input["ShardIteratorType"] = "TRIM_HORIZON";
      break;
    case Place::Latest:
      input["ShardIteratorType"] = "LATEST";
      break;
    case Place::AtTimestamp:
      input["ShardIteratorType"] = "AT_TIMESTAMP";
      input["Timestamp"] = epoch_seconds(from.timestamp);
      break;
    case Place::After:
      input["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER";
      input[kind_ == Kind::DynamoDb ? "SequenceNumber" : "StartingSequenceNumber"] = from.sequence_number;
      break;
  }
  if (kind_ == Kind::Kinesis && from.kind == Place::After) input.erase("SequenceNumber");
  auto calling = endpoint_->call("GetShardIterator", std::move(input), region_in(arn));
  AwsEndpoint::Answer answer = co_await std::move(calling);
  co_return answer;
}

lambda::StreamRecord OutsideStreams::record_of(const OrderedJson& record, const std::string& arn,
                                               const std::string& shard) const {
  const auto moment = [](double seconds) { return Instant(Duration(std::llround(seconds * 1e6))); };
  lambda::StreamRecord read;
  if (kind_ == Kind::Kinesis) {
    read.sequence_number = text_in(record, "SequenceNumber");
    read.partition_key = text_in(record, "PartitionKey");
    const double arrived = number_in(record, "ApproximateArrivalTimestamp");
    read.arrived = moment(arrived);
    read.event = kinesis_record({.stream_arn = arn,
                                 .region = region_in(arn),
                                 .shard = shard,
                                 .sequence_number = read.sequence_number,
                                 .partition_key = read.partition_key,
                                 .data = base64_decode(text_in(record, "Data")).value_or(""),
                                 .arrived = arrived});
    return read;
  }
  const OrderedJson change = record.value("dynamodb", OrderedJson::object());
  read.sequence_number = text_in(change, "SequenceNumber");
  // Changes of one item stay in order.
  read.partition_key = change.value("Keys", OrderedJson::object()).dump();
  read.arrived = moment(number_in(change, "ApproximateCreationDateTime"));
  read.event = {{"eventID", text_in(record, "eventID")},
                {"eventVersion", text_in(record, "eventVersion")},
                {"dynamodb", change},
                {"awsRegion", region_in(arn)},
                {"eventName", text_in(record, "eventName")},
                {"eventSourceARN", arn},
                {"eventSource", "aws:dynamodb"}};
  if (const auto identity = record.find("userIdentity"); identity != record.end() && !identity->is_null())
    read.event["userIdentity"] = *identity;
  return read;
}

Task<lambda::StreamPage> OutsideStreams::read(std::string arn, std::string shard, lambda::StreamPosition from,
                                              std::size_t count) {
  lambda::StreamPage page;
  const std::string place = place_key(arn, shard, from);
  std::string iterator;
  if (const auto held = iterators_.find(place); held != iterators_.end()) {
    iterator = std::move(held->second);
    iterators_.erase(held);
  } else {
    auto asking = iterator_at(arn, shard, from);
    const AwsEndpoint::Answer answer = co_await std::move(asking);
    if (!answer.good()) {
      page.missing = answer.error == "ResourceNotFoundException";
      // What was to come next is gone already: on with what is left.
      if (answer.error == "TrimmedDataAccessException")
        page.next = lambda::StreamPosition{.kind = lambda::StreamPosition::Kind::TrimHorizon};
      else
        page.problem = answer.problem;
      co_return page;
    }
    iterator = text_in(answer.output, "ShardIterator");
  }
  const std::size_t most = kind_ == Kind::DynamoDb ? 1000 : 10'000;
  Json input{{"ShardIterator", std::move(iterator)}, {"Limit", std::clamp<std::size_t>(count, 1, most)}};
  auto calling = endpoint_->call("GetRecords", std::move(input), region_in(arn));
  const AwsEndpoint::Answer answer = co_await std::move(calling);
  if (!answer.good()) {
    // With the next look there is a new iterator.
    page.missing = answer.error == "ResourceNotFoundException";
    if (answer.error != "ExpiredIteratorException") page.problem = answer.problem;
    co_return page;
  }
  for (const OrderedJson& record : answer.output.value("Records", OrderedJson::array()))
    page.records.push_back(record_of(record, arn, shard));
  if (!page.records.empty()) {
    from = {.kind = lambda::StreamPosition::Kind::After,
            .sequence_number = page.records.back().sequence_number};
    page.more = page.records.size() >= most;
  }
  std::string next = text_in(answer.output, "NextShardIterator");
  page.ended = next.empty();
  if (!page.ended) {
    if (iterators_.size() >= iterators_at_most) iterators_.clear();
    iterators_[place_key(arn, shard, from)] = std::move(next);
  }
  co_return page;
}

Task<bool> OutsideStreams::wait(std::string, Instant until) {
  const Instant again = clock_.now() + (kind_ == Kind::Kinesis ? kinesis_pace : dynamodb_pace);
  co_await sleep_until(clock_, std::min(until, again));
  co_return true;
}

}  // namespace aviary::app
