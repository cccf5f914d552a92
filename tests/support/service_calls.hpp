#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/service.hpp"
#include "support/run_task.hpp"

namespace aviary::testing {

/// Operations of services that answer at once, called by account 123456789012 in us-east-1. Input is what the
/// wire would hand over: decoded, valid by the model.
class ServiceCalls : public ::testing::Test {
 protected:
  Result<Reply> call(Service& service, std::string_view operation, Json input) {
    Call made{};
    made.operation = service.model().find_operation(operation);
    made.account = "123456789012";
    made.region = "us-east-1";
    made.input = std::move(input);
    return run_task(loop, service.call(std::move(made)));
  }
  Json ok(Service& service, std::string_view operation, Json input) {
    const Result<Reply> reply = call(service, operation, std::move(input));
    EXPECT_TRUE(reply) << operation << ": " << (reply ? "" : reply.error().message);
    return reply ? reply->output : Json();
  }
  /// `Code: message`; empty if it was not refused.
  std::string refusal(Service& service, std::string_view operation, Json input) {
    const Result<Reply> reply = call(service, operation, std::move(input));
    return reply ? "" : std::string(reply.error().shape->code) + ": " + reply.error().message;
  }
  /// The code alone.
  std::string refused(Service& service, std::string_view operation, Json input) {
    const std::string text = refusal(service, operation, std::move(input));
    return text.substr(0, text.find(':'));
  }

  boost::asio::io_context loop;
};

}  // namespace aviary::testing
