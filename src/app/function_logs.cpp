#include "app/function_logs.hpp"

namespace aviary::app {
namespace {

constexpr std::size_t most_streams = 20'000;

}  // namespace

void FunctionLogs::on_line(const execution::EnvironmentIdentity& environment, Instant time,
                           std::string_view line) {
  if (environment.id != last_environment_) {
    const auto known = streams_.find(environment.id);
    last_environment_ = environment.id;
    last_stream_ = known == streams_.end() ? 0 : known->second;
  }
  if (last_stream_ != 0 && logs_.append(last_stream_, time, line)) return;
  // New, or somebody has deleted the stream or its group: Lambda makes them again.
  if (streams_.size() >= most_streams) streams_.clear();
  const lambda::Scope& scope = environment.version->scope;
  const std::uint64_t stream =
      logs_.open_stream({scope.account, scope.region}, environment.log_group, environment.log_stream, time);
  streams_[environment.id] = last_stream_ = stream;
  logs_.append(stream, time, line);
}

}  // namespace aviary::app
