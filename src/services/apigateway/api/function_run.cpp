#include "services/apigateway/api/function_run.hpp"

#include "ports/one_shot.hpp"

namespace aviary::apigateway {
namespace {

/// Sets the slot when the function has ended; the group waits for it.
Task<> run_into(Functions& functions, FunctionCall call,
                OneShot<std::optional<Result<FunctionAnswer>>> slot) {
  auto running = functions.run(std::move(call));
  Result<FunctionAnswer> answer = co_await std::move(running);
  slot.set(std::optional<Result<FunctionAnswer>>(std::move(answer)));
}

}  // namespace

Task<std::optional<Result<FunctionAnswer>>> run_within(Functions& functions, Stopwatch& stopwatch,
                                                       TaskGroup& tasks, FunctionCall call,
                                                       std::chrono::milliseconds time) {
  const OneShot<std::optional<Result<FunctionAnswer>>> slot;
  const TimerId timer = stopwatch.call_after(time, [slot] { slot.set(std::nullopt); });
  tasks.spawn("an API's function", run_into(functions, std::move(call), slot));
  auto waiting = slot.wait_regardless();
  std::optional<Result<FunctionAnswer>> ended = co_await std::move(waiting);
  stopwatch.cancel(timer);
  co_return ended;
}

}  // namespace aviary::apigateway
