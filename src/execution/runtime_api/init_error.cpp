#include <utility>

#include "execution/runtime_api/answers.hpp"
#include "execution/runtime_api/runtime_api.hpp"

namespace aviary::execution::runtime_api {

wire::Response init_error(Session& session, wire::Request& request) {
  const RuntimeState state = session.runtime_state();
  if (!allowed(state, RuntimeCall::InitError)) return refused(state, RuntimeCall::InitError);
  Failure failure{InvocationEnd::FunctionError,
                  accepted_error_type(request.header("Lambda-Runtime-Function-Error-Type")),
                  {}};
  failure.posted = true;
  failure.posted_payload = std::move(request.body);
  session.fail_init(std::move(failure));
  return accepted();
}

}  // namespace aviary::execution::runtime_api
