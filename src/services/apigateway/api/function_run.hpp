#pragma once

#include <chrono>
#include <optional>

#include "ports/clock.hpp"
#include "ports/task_group.hpp"
#include "services/apigateway/api/execute.hpp"

namespace aviary::apigateway {

/// Runs a function for an integration that waits so long for it, in real time, and no longer. Nothing: it was
/// too late; the function runs on, and the group waits for it.
Task<std::optional<Result<FunctionAnswer>>> run_within(Functions& functions, Stopwatch& stopwatch,
                                                       TaskGroup& tasks, FunctionCall call,
                                                       std::chrono::milliseconds time);

}  // namespace aviary::apigateway
