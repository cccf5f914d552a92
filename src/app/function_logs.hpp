#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "execution/observers.hpp"
#include "services/logs/api/logs_service.hpp"

namespace aviary::app {

/// Keeps what functions say in CloudWatch Logs: in the function's group, in a stream for each environment.
class FunctionLogs final : public execution::LogSink {
 public:
  explicit FunctionLogs(logs::LogsService& logs) : logs_(logs) {}

  void on_line(const execution::EnvironmentIdentity& environment, Instant time,
               std::string_view line) override;

 private:
  logs::LogsService& logs_;
  /// Environment → stream, so that a line costs one look-up by number. Environments do not say when they
  /// end: what has grown large is forgotten and found again by its names.
  std::unordered_map<std::uint64_t, std::uint64_t> streams_;
  /// The pair that was wanted last: lines come in runs.
  std::uint64_t last_environment_ = 0;
  std::uint64_t last_stream_ = 0;
};

}  // namespace aviary::app
