#include <utility>

#include "execution/runtime_api/answers.hpp"
#include "execution/runtime_api/runtime_api.hpp"

namespace aviary::execution::runtime_api {

/// Answers, without content, once an invocation has taken the environment.
Task<wire::Response> restore_next(std::shared_ptr<Session> session) {
  const RuntimeState state = session->runtime_state();
  if (!allowed(state, RuntimeCall::RestoreNext)) co_return refused(state, RuntimeCall::RestoreNext);
  OneShot<bool> restored = session->wants_restore();
  const bool there = co_await restored.wait();
  if (!there) co_return internal_error();
  wire::Response answer;
  co_return answer;
}

wire::Response restore_error(Session& session) {
  const RuntimeState state = session.runtime_state();
  if (!allowed(state, RuntimeCall::RestoreError)) return refused(state, RuntimeCall::RestoreError);
  session.fail_restore();
  return accepted();
}

}  // namespace aviary::execution::runtime_api
