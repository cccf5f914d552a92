#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "execution/runtime_endpoints.hpp"
#include "ports/clock.hpp"

namespace aviary::app {

/// Runtime API addresses on the loopback interface, one listener an environment.
class RuntimeListeners final : public execution::RuntimeEndpoints {
 public:
  RuntimeListeners(boost::asio::any_io_executor executor, Stopwatch& stopwatch)
      : executor_(std::move(executor)), stopwatch_(stopwatch) {}

  std::unique_ptr<execution::RuntimeListener> open(execution::RuntimeHandler handler,
                                                   std::string& problem) override;

 private:
  boost::asio::any_io_executor executor_;
  Stopwatch& stopwatch_;
};

}  // namespace aviary::app
