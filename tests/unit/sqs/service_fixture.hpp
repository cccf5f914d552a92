#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ports/random.hpp"
#include "services/sqs/api/sqs_service.hpp"
#include "support/service_calls.hpp"

namespace aviary::sqs {

/// The service on a clock that the test moves.
class Sqs : public testing::ServiceCalls {
 protected:
  Sqs() { start(); }

  void start() {
    service = std::make_unique<SqsService>(SqsDependencies{.clock = clock, .ids = ids, .journal = journal});
    service->restore();
  }

  Service& subject() override { return *service; }
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

  SeededRandom ids{7, "test"};
  std::unique_ptr<SqsService> service;
};

}  // namespace aviary::sqs
