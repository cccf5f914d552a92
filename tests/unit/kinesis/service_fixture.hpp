#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/kinesis.hpp"
#include "ports/random.hpp"
#include "services/kinesis/api/kinesis_service.hpp"
#include "support/manual_clock.hpp"
#include "support/memory_journal.hpp"
#include "support/run_task.hpp"

namespace aviary::kinesis {

/// The service on a clock that the test moves.
class Kinesis : public ::testing::Test {
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

  Result<Reply> call(std::string_view operation, Json input) {
    Call made{};
    made.operation = models::kinesis::service.find_operation(operation);
    if (!made.operation) throw std::logic_error("no such operation: " + std::string(operation));
    made.account = "123456789012";
    made.region = "us-east-1";
    made.now = clock.now();
    made.input = std::move(input);
    return testing::run_task(loop, service->call(std::move(made)));
  }
  Json ok(std::string_view operation, Json input) {
    const Result<Reply> reply = call(operation, std::move(input));
    EXPECT_TRUE(reply) << operation << ": " << (reply ? "" : reply.error().message);
    return reply ? reply->output : Json();
  }
  /// `Code: message`
  std::string error(std::string_view operation, Json input) {
    const Result<Reply> reply = call(operation, std::move(input));
    return reply ? std::string() : std::string(reply.error().shape->code) + ": " + reply.error().message;
  }
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

  boost::asio::io_context loop;
  testing::ManualClock clock;
  SeededRandom ids{7, "test"};
  testing::MemoryJournal journal;
  bool limited = false;
  Json last;
  std::unique_ptr<KinesisService> service;
};

}  // namespace aviary::kinesis
