#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/service.hpp"
#include "support/manual_clock.hpp"
#include "support/memory_journal.hpp"
#include "support/run_task.hpp"

namespace aviary::testing {

/// Calls services as the gateway does, at the moment of a clock that the test moves. Input is what the wire
/// would hand over: decoded, valid by the model.
class ServiceCalls : public ::testing::Test {
 protected:
  Result<Reply> call(Service& service, std::string_view operation, Json input) {
    Call made{};
    made.operation = service.model().find_operation(operation);
    if (!made.operation) throw std::logic_error("no such operation: " + std::string(operation));
    made.account = "123456789012";
    made.region = region;
    made.base_url = "http://127.0.0.1:4566";
    made.now = clock.now();
    made.input = std::move(input);
    return run_task(loop, service.call(std::move(made)));
  }
  Json ok(Service& service, std::string_view operation, Json input) {
    const Result<Reply> reply = call(service, operation, std::move(input));
    EXPECT_TRUE(reply) << operation << ": " << (reply ? "" : reply.error().message);
    return reply ? reply->output : Json();
  }
  /// `Code: message`; nothing where the call was answered.
  std::string error(Service& service, std::string_view operation, Json input) {
    const Result<Reply> reply = call(service, operation, std::move(input));
    return reply ? std::string() : std::string(reply.error().shape->code) + ": " + reply.error().message;
  }

  /// The service of a test that has but one.
  virtual Service& subject() { throw std::logic_error("which service?"); }
  Result<Reply> call(std::string_view operation, Json input) {
    return call(subject(), operation, std::move(input));
  }
  Json ok(std::string_view operation, Json input) { return ok(subject(), operation, std::move(input)); }
  std::string error(std::string_view operation, Json input) {
    return error(subject(), operation, std::move(input));
  }

  std::string region = "us-east-1";
  boost::asio::io_context loop;
  ManualClock clock;
  MemoryJournal journal;
};

}  // namespace aviary::testing
