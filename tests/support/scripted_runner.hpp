#pragma once

#include <functional>
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

  std::function<Result<lambda::Outcome>(const lambda::Invocation&)> answer =
      [](const lambda::Invocation& invocation) {
        return lambda::Outcome{.payload = "\"" + invocation.version->number + "\""};
      };
  std::vector<lambda::Invocation> runs;
  std::vector<std::uint64_t> retired;
};

}  // namespace aviary::testing
