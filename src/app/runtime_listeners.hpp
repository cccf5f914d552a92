#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "execution/runtime_endpoints.hpp"
#include "ports/clock.hpp"
#include "ports/task_group.hpp"

namespace aviary::app {

/// Runtime API addresses on the loopback interface, one listener an environment.
class RuntimeListeners final : public execution::RuntimeEndpoints {
 public:
  RuntimeListeners(boost::asio::any_io_executor executor, Stopwatch& stopwatch)
      : executor_(executor), stopwatch_(stopwatch), truncated_(std::move(executor)) {}

  std::unique_ptr<execution::RuntimeListener> open(execution::RuntimeHandler handler,
                                                   execution::RuntimeReceiver receiver,
                                                   std::string& problem) override;
  Task<bool> deliver(execution::TelemetryDestination to, std::string batch) override;
  /// Before destruction: completes when nothing is being told any more.
  Task<> stop() { return truncated_.join(); }

 private:
  boost::asio::any_io_executor executor_;
  Stopwatch& stopwatch_;
  TaskGroup truncated_;  ///< tells environments of bodies that ended early
};

}  // namespace aviary::app
