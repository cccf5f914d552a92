#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/lambda/core/function_runner.hpp"

namespace aviary::testing {

/// Runs nothing: remembers what it was asked to run, and answers what the test says (by default the version's
/// number).
class ScriptedRunner final : public lambda::FunctionRunner {
 public:
  Task<Result<lambda::Outcome>> run(lambda::Invocation invocation) override {
    Result<lambda::Outcome> outcome = answer(invocation);
    runs.push_back(std::move(invocation));
    co_return outcome;
  }
  void retire(const lambda::Version& version) override { retired.push_back(version.serial); }
  void reserve(const lambda::Scope&, const std::string& function, std::optional<std::size_t> most) override {
    reserved[function] = most;
  }
  /// All of them are there at once.
  void provision(lambda::VersionHandle version, std::size_t count) override {
    kept[version->number] = {count, count, ""};
  }
  lambda::Provisioned provisioned(const lambda::Version& version) const override {
    const auto found = kept.find(version.number);
    return found == kept.end() ? lambda::Provisioned{} : found->second;
  }

  Task<lambda::SnapshotOutcome> snapshot(lambda::VersionHandle version) override {
    snapshots.push_back(version->number);
    co_return snapshot_outcome;
  }

  void scale(lambda::VersionHandle version, lambda::ScalingBounds bounds) override {
    scaled[version->number] = bounds;
  }

  std::function<Result<lambda::Outcome>(const lambda::Invocation&)> answer =
      [](const lambda::Invocation& invocation) {
        return lambda::Outcome{.payload = "\"" + invocation.version->number + "\""};
      };
  std::vector<lambda::Invocation> runs;
  std::vector<std::uint64_t> retired;
  std::vector<std::string> snapshots;  ///< the versions of which one was made
  lambda::SnapshotOutcome snapshot_outcome;
  std::map<std::string, std::optional<std::size_t>> reserved;
  std::map<std::string, lambda::ScalingBounds> scaled;  ///< by the version's number
  std::map<std::string, lambda::Provisioned> kept;      ///< by the version's number
};

}  // namespace aviary::testing
