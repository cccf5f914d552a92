#include "services/kinesis/api/input.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/encoding.hpp"
#include "models/kinesis.hpp"

namespace aviary::kinesis {

std::optional<int> number_of(const Json& input, const char* name) {
  const Json* member = find_member(input, name);
  return member && member->is_number() ? std::optional(member->get<int>()) : std::nullopt;
}

std::map<std::string, std::string> map_of(const Json& input, const char* name) {
  const Json* member = find_member(input, name);
  return member ? member->get<std::map<std::string, std::string>>() : std::map<std::string, std::string>();
}

std::optional<Instant> instant_of(const Json& input, const char* name) {
  const Json* member = find_member(input, name);
  if (member == nullptr || !member->is_number()) return std::nullopt;
  // Beyond what the clock can say is as far as it can say.
  const double seconds = std::clamp(member->get<double>(), -9e12, 9e12);
  return Instant(Duration(std::llround(seconds * 1e6)));
}

double epoch_seconds(Instant at) {
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()).count();
  return static_cast<double>(millis) / 1000;
}

Result<StreamId> stream_of(const Call& call) {
  const std::string& name = text_of(call.input, "StreamName");
  const std::string& arn = text_of(call.input, "StreamARN");
  if (arn.empty()) {
    if (name.empty()) return invalid_argument("Either StreamName or StreamARN must be provided.");
    return StreamId{.scope = scope_of(call), .name = name};
  }
  StreamId id = parse_stream_arn(arn);
  if (id.name.empty()) return invalid_argument(fmt::format("StreamARN {} is not valid.", arn));
  if (!name.empty() && name != id.name)
    return invalid_argument(fmt::format("StreamName {} does not match StreamARN {}.", name, arn));
  return id;
}

std::string page_token(std::string_view after, std::string_view of, Instant now) {
  const std::string text = fmt::format("{}\n{}\n{}", now.time_since_epoch().count(), of, after);
  return base64_encode(sha256(text).substr(0, 9) + text);
}

Result<PageToken> page_token_of(const Call& call) {
  const std::string& token = text_of(call.input, "NextToken");
  if (token.empty()) return PageToken{};
  const std::optional<std::string> plain = base64_decode(token);
  const std::string text = plain && plain->size() > 9 ? plain->substr(9) : std::string();
  const std::size_t first = text.find('\n');
  const std::size_t second = first == std::string::npos ? first : text.find('\n', first + 1);
  if (second == std::string::npos || sha256(text).substr(0, 9) != plain->substr(0, 9))
    return invalid_argument(fmt::format("Invalid NextToken: {}", token.substr(0, 200)));
  const Instant made(Duration(std::stoll(text.substr(0, first))));
  if (call.now > made + iterator_lasts)
    return AwsError(models::kinesis::errors::ExpiredNextTokenException,
                    "NextToken has expired. The created time is older than the tolerated delay of 300000 "
                    "milliseconds.");
  return PageToken{.after = text.substr(second + 1), .of = text.substr(first + 1, second - first - 1)};
}

Json range_json(const HashRange& range) {
  return {{"StartingHashKey", hash_key_text(range.first)}, {"EndingHashKey", hash_key_text(range.last)}};
}

Json shard_json(const Shard& shard) {
  Json json{{"ShardId", shard.id()},
            {"HashKeyRange", range_json(shard.range)},
            {"SequenceNumberRange", {{"StartingSequenceNumber", shard.sequence(shard.first_number)}}}};
  if (shard.parent) json["ParentShardId"] = shard_id(*shard.parent);
  if (shard.adjacent_parent) json["AdjacentParentShardId"] = shard_id(*shard.adjacent_parent);
  if (shard.last_number)
    json["SequenceNumberRange"]["EndingSequenceNumber"] = shard.sequence(*shard.last_number);
  return json;
}

Json children_json(const Stream& stream, const Shard& shard) {
  Json children = Json::array();
  for (const Shard* child : stream.children_of(shard.index)) {
    Json parents = Json::array();
    if (child->parent) parents.push_back(shard_id(*child->parent));
    if (child->adjacent_parent) parents.push_back(shard_id(*child->adjacent_parent));
    children.push_back({{"ShardId", child->id()},
                        {"ParentShards", std::move(parents)},
                        {"HashKeyRange", range_json(child->range)}});
  }
  return children;
}

Json record_json(const Shard& shard, const Record& record) {
  Json row{{"SequenceNumber", shard.sequence(record.number)},
           {"ApproximateArrivalTimestamp", epoch_seconds(record.arrived)},
           {"Data", record.data},
           {"PartitionKey", record.partition_key}};
  if (record.encrypted) row["EncryptionType"] = "KMS";
  return row;
}

}  // namespace aviary::kinesis
