#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ports/random.hpp"
#include "services/kinesis/api/kinesis_service.hpp"
#include "support/service_calls.hpp"

namespace aviary::kinesis {

/// The service on a clock that the test moves.
class Kinesis : public testing::ServiceCalls {
 protected:
  Kinesis() { start(); }

  void start(Duration transition = {}) {
    service = std::make_unique<KinesisService>(
        KinesisDependencies{.clock = clock,
                            .ids = ids,
                            .journal = journal,
                            .transition = transition,
                            .limits_throughput = [this] { return limited; }});
    service->restore();
  }

  Service& subject() override { return *service; }
  void create(int shards = 1) { ok("CreateStream", {{"StreamName", "s"}, {"ShardCount", shards}}); }
  Json put(const std::string& data, const std::string& key = "k") {
    return ok("PutRecord", {{"StreamName", "s"}, {"Data", data}, {"PartitionKey", key}});
  }
  std::string iterator(const std::string& type, Json more = Json::object(), int shard = 0) {
    Json input{{"StreamName", "s"},
               {"ShardId", shard_id(static_cast<std::uint32_t>(shard))},
               {"ShardIteratorType", type}};
    input.update(more);
    return ok("GetShardIterator", std::move(input)).value("ShardIterator", "");
  }
  std::vector<std::string> read(const std::string& iterator) {
    std::vector<std::string> found;
    last = ok("GetRecords", {{"ShardIterator", iterator}});
    for (const Json& record : last.value("Records", Json::array())) found.push_back(record.at("Data"));
    return found;
  }
  std::vector<Json> shards() {
    return ok("ListShards", {{"StreamName", "s"}}).at("Shards").get<std::vector<Json>>();
  }

  SeededRandom ids{7, "test"};
  bool limited = false;
  Json last;
  std::unique_ptr<KinesisService> service;
};

}  // namespace aviary::kinesis
