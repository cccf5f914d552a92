#include "services/logs/core/log_group.hpp"

#include <fmt/format.h>

namespace aviary::logs {

std::uint64_t LogGroup::stored_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const auto& [stream_name, stream] : streams) bytes += stream->stored_bytes();
  return bytes;
}

std::string group_arn(const Scope& scope, std::string_view name) {
  return fmt::format("arn:aws:logs:{}:{}:log-group:{}", scope.region, scope.account, name);
}

}  // namespace aviary::logs
