#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/sqs.hpp"
#include "ports/random.hpp"
#include "services/sqs/api/sqs_service.hpp"
#include "support/manual_clock.hpp"
#include "support/memory_journal.hpp"
#include "support/run_task.hpp"

namespace aviary::sqs {

/// The service on a clock that the test moves.
class Sqs : public ::testing::Test {
 protected:
  Sqs() { start(); }

  void start() {
    service = std::make_unique<SqsService>(SqsDependencies{.clock = clock, .ids = ids, .journal = journal});
    service->restore();
  }

  Result<Reply> call(std::string_view operation, Json input) {
    Call made{};
    made.operation = models::sqs::service.find_operation(operation);
    if (!made.operation) throw std::logic_error("no such operation: " + std::string(operation));
    made.account = "123456789012";
    made.region = "us-east-1";
    made.base_url = "http://127.0.0.1:4566";
    made.now = clock.now();
    made.input = std::move(input);
    return testing::run_task(loop, service->call(std::move(made)));
  }
  Json ok(std::string_view operation, Json input) {
    const Result<Reply> reply = call(operation, std::move(input));
    EXPECT_TRUE(reply) << operation << ": " << (reply ? "" : reply.error().message);
    return reply ? reply->output : Json();
  }
  std::string error(std::string_view operation, Json input) {
    const Result<Reply> reply = call(operation, std::move(input));
    return reply ? std::string() : reply.error().message;
  }
  static std::string url(const std::string& name) { return "http://127.0.0.1:4566/123456789012/" + name; }
  static QueueId id(const std::string& name) {
    return {.scope = {.account = "123456789012", .region = "us-east-1"}, .name = name};
  }
  void advance(int seconds) { clock.advance(std::chrono::seconds(seconds)); }
  std::vector<std::string> bodies(const std::string& name, int count = 10) {
    std::vector<std::string> found;
    for (const Json& message : ok("ReceiveMessage", {{"QueueUrl", url(name)}, {"MaxNumberOfMessages", count}})
                                   .value("Messages", Json::array()))
      found.push_back(message.at("Body"));
    return found;
  }

  boost::asio::io_context loop;
  testing::ManualClock clock;
  SeededRandom ids{7, "test"};
  testing::MemoryJournal journal;
  std::unique_ptr<SqsService> service;
};

}  // namespace aviary::sqs
