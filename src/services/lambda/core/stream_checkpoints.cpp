#include "services/lambda/core/stream_checkpoints.hpp"

#include <algorithm>

namespace aviary::lambda {
namespace {

std::int64_t micros_of(Instant at) { return at.time_since_epoch().count(); }
Instant moment_of(const Json& json) { return Instant(Duration(json.get<std::int64_t>())); }

Json checkpoint_json(const Checkpoint& checkpoint) {
  Json json{{"kind", static_cast<int>(checkpoint.position.kind)},
            {"sequence", checkpoint.position.sequence_number},
            {"timestamp", micros_of(checkpoint.position.timestamp)},
            {"done", checkpoint.done}};
  if (checkpoint.window)
    json["window"] = {{"start", micros_of(checkpoint.window->start)},
                      {"end", micros_of(checkpoint.window->end)},
                      {"state", checkpoint.window->state}};
  return json;
}

Checkpoint checkpoint_of(const Json& json) {
  Checkpoint checkpoint;
  checkpoint.position = {.kind = static_cast<StreamPosition::Kind>(json.at("kind").get<int>()),
                         .sequence_number = json.at("sequence"),
                         .timestamp = moment_of(json.at("timestamp"))};
  checkpoint.done = json.at("done");
  if (json.contains("window")) {
    const Json& window = json.at("window");
    checkpoint.window = WindowState{.start = moment_of(window.at("start")),
                                    .end = moment_of(window.at("end")),
                                    .state = window.at("state")};
  }
  return checkpoint;
}

}  // namespace

const StreamCheckpoints::ByShard& StreamCheckpoints::of(const std::string& mapping) const {
  static const ByShard none;
  const auto found = by_mapping_.find(mapping);
  return found == by_mapping_.end() ? none : found->second;
}

void StreamCheckpoints::put(const std::string& mapping, const std::string& shard, Checkpoint checkpoint) {
  records_.save(mapping + "/" + shard, checkpoint_json(checkpoint));
  by_mapping_[mapping][shard] = std::move(checkpoint);
}

void StreamCheckpoints::erase(const std::string& mapping, const std::string& shard) {
  const auto found = by_mapping_.find(mapping);
  if (found == by_mapping_.end() || found->second.erase(shard) == 0) return;
  records_.erase(mapping + "/" + shard);
}

void StreamCheckpoints::forget(const std::string& mapping) {
  const auto found = by_mapping_.find(mapping);
  if (found == by_mapping_.end()) return;
  for (const auto& [shard, checkpoint] : found->second) records_.erase(mapping + "/" + shard);
  by_mapping_.erase(found);
}

void StreamCheckpoints::restore() {
  records_.load([this](std::string_view key, const Json& json) {
    const std::size_t slash = key.find('/');
    if (slash == std::string_view::npos) return;
    by_mapping_[std::string(key.substr(0, slash))][std::string(key.substr(slash + 1))] = checkpoint_of(json);
  });
}

std::vector<std::string> readable_shards(const std::vector<StreamShard>& shards,
                                         const StreamCheckpoints::ByShard& checkpoints) {
  const auto is_done = [&](const std::string& id) {
    const auto found = checkpoints.find(id);
    return found != checkpoints.end() && found->second.done;
  };
  const auto is_there = [&](const std::string& id) {
    return std::ranges::find(shards, id, &StreamShard::id) != shards.end();
  };
  std::vector<std::string> readable;
  for (const StreamShard& shard : shards) {
    const bool free = std::ranges::all_of(
        shard.parents, [&](const std::string& parent) { return is_done(parent) || !is_there(parent); });
    if (free && !is_done(shard.id)) readable.push_back(shard.id);
  }
  return readable;
}

}  // namespace aviary::lambda
