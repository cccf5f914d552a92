#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "ports/simulated_time.hpp"
#include "services/logs/api/logs_service.hpp"
#include "support/manual_clock.hpp"
#include "support/memory_journal.hpp"
#include "support/run_task.hpp"

namespace aviary::logs {

struct Refusal {
  std::string code;
  std::string message;
  bool operator==(const Refusal&) const = default;
};
inline std::ostream& operator<<(std::ostream& out, const Refusal& refusal) {
  return out << refusal.code << ": " << refusal.message;
}

class RecordedMetrics final : public MetricSink {
 public:
  struct Sample {
    std::string metric;  ///< `namespace/name{dimension=value}`
    Millis at;
    double value;
    std::string unit;
    bool operator==(const Sample&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const Sample& s) {
      return out << s.metric << ' ' << s.at << ' ' << s.value << ' ' << s.unit;
    }
  };
  void put(const MetricSample& sample) override {
    std::string metric = std::string(sample.name_space) + '/' + std::string(sample.name);
    for (const auto& [name, value] : sample.dimensions) metric += '{' + name + '=' + value + '}';
    samples.push_back({metric, sample.at, sample.value, std::string(sample.unit)});
  }
  std::vector<Sample> samples;
};

class RecordedDeliveries final : public SubscriptionTarget {
 public:
  Task<bool> exists(Scope, std::string destination) override { co_return !destination.ends_with(":missing"); }
  Task<bool> deliver(Scope, std::string destination, std::string payload, std::string key) override {
    if (refusals > 0) {
      --refusals;
      co_return false;
    }
    keys.push_back(std::move(key));
    delivered.emplace_back(std::move(destination), std::move(payload));
    co_return true;
  }
  int refusals = 0;
  std::vector<std::string> keys;  ///< of partitions
  std::vector<std::pair<std::string, std::string>> delivered;
};

/// A service on simulated ports. Input is what the wire would hand over: decoded, valid by the model.
class ServiceFixture : public ::testing::Test {
 protected:
  ServiceFixture() { start(); }
  ~ServiceFixture() override { testing::run_task(loop_, service_->stop()); }

  void start(LogStore::Options options = {}) {
    if (service_) {
      testing::run_task(loop_, service_->stop());
      service_->write_down();
    }
    service_.reset();
    service_ = std::make_unique<LogsService>(LogsDependencies{.clock = clock_,
                                                              .stopwatch = stopwatch_,
                                                              .ids = ids_,
                                                              .journal = journal_,
                                                              .executor = loop_.get_executor(),
                                                              .metrics = &metrics_,
                                                              .subscribers = &deliveries_,
                                                              .options = options});
  }
  /// The next process on the same folder.
  void restart() {
    start();
    service_->restore();
  }

  Result<Reply> call(std::string_view operation, Json input, std::string account = "123456789012") {
    wire::Request http;
    Call call{.operation = service_->model().find_operation(operation),
              .account = std::move(account),
              .region = "us-east-1",
              .request_id = ids_.uuid(),
              .now = clock_.now(),
              .input = std::move(input),
              .payload = {},
              .http = &http,
              .base_url = "http://127.0.0.1:4566"};
    return testing::run_task(loop_, service_->call(std::move(call)));
  }
  Json answer(std::string_view operation, Json input) {
    Result<Reply> reply = call(operation, std::move(input));
    if (reply) return std::move(reply->output);
    ADD_FAILURE() << operation << " was refused: " << reply.error().shape->code << ": "
                  << reply.error().message;
    return Json::object();
  }
  Refusal refusal(std::string_view operation, Json input) {
    const Result<Reply> reply = call(operation, std::move(input));
    if (reply) return {"none", reply->output.dump()};
    return {std::string(reply.error().shape->code), reply.error().message};
  }
  void settle() {
    loop_.restart();
    loop_.poll();
  }
  void advance(Duration by) {
    clock_.advance(by);
    settle();
  }

  Millis now() const { return to_millis(clock_.now()); }
  void make(const std::string& group, const std::string& stream) {
    call("CreateLogGroup", {{"logGroupName", group}});
    answer("CreateLogStream", {{"logGroupName", group}, {"logStreamName", stream}});
  }
  /// Events a millisecond apart, the last one now.
  Json put(const std::string& group, const std::string& stream, const std::vector<std::string>& messages) {
    Json events = Json::array();
    Millis at = now() - static_cast<Millis>(messages.size());
    for (const std::string& message : messages) events.push_back({{"timestamp", ++at}, {"message", message}});
    return answer("PutLogEvents",
                  {{"logGroupName", group}, {"logStreamName", stream}, {"logEvents", std::move(events)}});
  }
  static std::vector<std::string> column(const Json& rows, const char* name) {
    std::vector<std::string> values;
    for (const Json& row : rows) values.push_back(row.at(name).get<std::string>());
    return values;
  }

  boost::asio::io_context loop_{1};
  testing::ManualClock clock_;
  SimulatedStopwatch stopwatch_;
  SeededRandom ids_{1, "ids"};
  testing::MemoryJournal journal_;
  RecordedMetrics metrics_;
  RecordedDeliveries deliveries_;
  std::unique_ptr<LogsService> service_;
};

const Refusal no_group{"ResourceNotFoundException", "The specified log group does not exist."};
const Refusal no_stream{"ResourceNotFoundException", "The specified log stream does not exist."};

}  // namespace aviary::logs
