#include "services/kinesis/core/stream.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"

namespace aviary::kinesis {
namespace {

std::int64_t micros_of(Instant at) { return at.time_since_epoch().count(); }
Instant at_micros(const Json& json) { return Instant(Duration(json.get<std::int64_t>())); }

Json shard_record(const Shard& shard) {
  Json json{{"index", shard.index},
            {"first", hash_key_text(shard.range.first)},
            {"last", hash_key_text(shard.range.last)},
            {"from", shard.first_number},
            {"opened", micros_of(shard.opened)}};
  if (shard.parent) json["parent"] = *shard.parent;
  if (shard.adjacent_parent) json["adjacent"] = *shard.adjacent_parent;
  if (shard.last_number) {
    json["to"] = *shard.last_number;
    json["closed"] = micros_of(shard.closed);
  }
  return json;
}

Shard shard_of(const Json& json) {
  Shard shard;
  shard.index = json.at("index");
  shard.range = {.first = parse_hash_key(json.at("first").get<std::string>()).value_or(0),
                 .last = parse_hash_key(json.at("last").get<std::string>()).value_or(last_hash_key)};
  shard.first_number = json.at("from");
  shard.opened = at_micros(json.at("opened"));
  if (json.contains("parent")) shard.parent = json.at("parent").get<std::uint32_t>();
  if (json.contains("adjacent")) shard.adjacent_parent = json.at("adjacent").get<std::uint32_t>();
  if (json.contains("to")) {
    shard.last_number = json.at("to").get<std::uint64_t>();
    shard.closed = at_micros(json.at("closed"));
  }
  return shard;
}

}  // namespace

std::deque<Record>::const_iterator Shard::from(std::uint64_t number) const {
  return std::ranges::lower_bound(records, number, {}, &Record::number);
}

std::string Stream::consumer_arn(const Consumer& consumer) const {
  return fmt::format("{}/consumer/{}:{}", arn(), consumer.name,
                     std::chrono::floor<std::chrono::seconds>(consumer.created).time_since_epoch().count());
}

std::string Stream::status(Instant now) const {
  return !transition.empty() && now < settles ? transition : "ACTIVE";
}

std::size_t Stream::open_shards() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(shards, [](const auto& entry) { return entry.second.open(); }));
}

Shard* Stream::find_shard(std::string_view shard_id) {
  const auto index = parse_shard_id(shard_id);
  const auto found = index ? shards.find(*index) : shards.end();
  return found == shards.end() ? nullptr : &found->second;
}

const Shard* Stream::find_shard(std::string_view shard_id) const {
  const auto index = parse_shard_id(shard_id);
  const auto found = index ? shards.find(*index) : shards.end();
  return found == shards.end() ? nullptr : &found->second;
}

Shard& Stream::shard_for(HashKey key) {
  // The open shards' ranges cover every key.
  return std::ranges::find_if(
             shards, [key](const auto& entry) { return entry.second.open() && entry.second.range.has(key); })
      ->second;
}

std::vector<const Shard*> Stream::children_of(std::uint32_t index) const {
  std::vector<const Shard*> children;
  for (const auto& [number, shard] : shards)
    if (shard.parent == index || shard.adjacent_parent == index) children.push_back(&shard);
  return children;
}

void to_json(Json& json, const Stream& stream) {
  json = {{"account", stream.id.scope.account},
          {"region", stream.id.scope.region},
          {"name", stream.id.name},
          {"uid", stream.uid},
          {"created", micros_of(stream.created)},
          {"on_demand", stream.on_demand},
          {"retention", stream.retention_hours},
          {"record_kib", stream.maximum_record_kib},
          {"key", stream.key_id},
          {"monitored", stream.monitored},
          {"tags", stream.tags},
          {"policy", stream.policy},
          {"next_shard", stream.next_shard},
          {"transition", stream.transition},
          {"settles", micros_of(stream.settles)},
          {"consumers", Json::array()},
          {"shards", Json::array()}};
  if (stream.warm_throughput) json["warm"] = *stream.warm_throughput;
  for (const auto& [name, consumer] : stream.consumers)
    json["consumers"].push_back({{"name", name},
                                 {"created", micros_of(consumer.created)},
                                 {"settles", micros_of(consumer.settles)},
                                 {"tags", consumer.tags}});
  for (const auto& [index, shard] : stream.shards) json["shards"].push_back(shard_record(shard));
}

void from_json(const Json& json, Stream& stream) {
  stream.id = {.scope = {.account = json.at("account"), .region = json.at("region")},
               .name = json.at("name")};
  stream.uid = json.at("uid");
  stream.created = at_micros(json.at("created"));
  stream.on_demand = json.at("on_demand");
  stream.retention_hours = json.at("retention");
  stream.maximum_record_kib = json.at("record_kib");
  stream.key_id = json.at("key");
  stream.monitored = json.at("monitored").get<std::set<std::string>>();
  stream.tags = json.at("tags").get<std::map<std::string, std::string>>();
  stream.policy = json.at("policy");
  stream.next_shard = json.at("next_shard");
  stream.transition = json.at("transition");
  stream.settles = at_micros(json.at("settles"));
  if (json.contains("warm")) stream.warm_throughput = json.at("warm").get<int>();
  for (const Json& each : json.at("consumers")) {
    const std::string name = each.at("name");
    stream.consumers[name] = {.name = name,
                              .created = at_micros(each.at("created")),
                              .settles = at_micros(each.at("settles")),
                              .tags = each.at("tags").get<std::map<std::string, std::string>>()};
  }
  for (const Json& each : json.at("shards")) {
    Shard shard = shard_of(each);
    stream.shards.emplace(shard.index, std::move(shard));
  }
}

void to_json(Json& json, const Record& record) {
  json = {{"number", record.number},
          {"arrived", micros_of(record.arrived)},
          {"key", record.partition_key},
          {"data", base64_encode(record.data)}};
  if (record.encrypted) json["encrypted"] = true;
}

void from_json(const Json& json, Record& record) {
  record.number = json.at("number");
  record.arrived = at_micros(json.at("arrived"));
  record.partition_key = json.at("key");
  record.data = base64_decode(json.at("data").get<std::string>()).value_or("");
  record.encrypted = json.value("encrypted", false);
}

}  // namespace aviary::kinesis
