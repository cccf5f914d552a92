#include <algorithm>

#include "execution/environment.hpp"
#include "execution/runner.hpp"

/// What `/_aviary/environments` shows.
namespace aviary::execution {

EnvironmentInfo info_of(const EnvironmentIdentity& identity) {
  const lambda::Version& version = *identity.version;
  EnvironmentInfo info;
  info.id = identity.id;
  info.account = version.scope.account;
  info.region = version.scope.region;
  info.function_name = version.function_name;
  info.version = version.number;
  info.log_stream = identity.log_stream;
  info.tenant_id = identity.tenant_id;
  info.provisioned = identity.provisioned;
  info.initialization_type = identity.initialization_type;
  return info;
}

EnvironmentInfo Environment::info() const {
  EnvironmentInfo info = info_of(identity_);
  info.state = frozen_ ? "frozen" : name(state_);
  info.age = around_.stopwatch.elapsed() - created_;
  if (available()) info.idle = around_.stopwatch.elapsed() - free_since_;
  info.invocations = invocations_;
  info.memory_bytes = sandbox_ ? sandbox_->peak_memory_bytes() : 0;
  if (info.memory_bytes == 0) info.memory_bytes = memory_bytes_;
  if (sandbox_) info.pid = sandbox_->pid();
  return info;
}

std::vector<EnvironmentInfo> Runner::environments() const {
  std::vector<EnvironmentInfo> infos;
  infos.reserve(homes_.size());
  for (const PoolPtr& pool : inhabited_pools())
    for (const auto& environment : pool->all) infos.push_back(environment->info());
  for (const auto& [key, attachment] : attachments_) infos.push_back(attachment->info());
  std::sort(infos.begin(), infos.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return infos;
}

}  // namespace aviary::execution
