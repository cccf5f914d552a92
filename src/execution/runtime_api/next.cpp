#include <string>

#include "execution/runtime_api/answers.hpp"
#include "execution/runtime_api/invocation_path.hpp"
#include "execution/runtime_api/runtime_api.hpp"

namespace aviary::execution::runtime_api {

wire::Response render(Delivery delivery) {
  const lambda::Invocation& invocation = *delivery.invocation;
  wire::Response answer;
  answer.headers.reserve(8);
  const auto set = [&answer](std::string_view name, std::string_view value) {
    if (!value.empty()) answer.headers.emplace_back(name, value);
  };
  // Python parses the body only when the type is exactly this.
  set("Content-Type", "application/json");
  set("Lambda-Runtime-Aws-Request-Id", invocation.request_id);
  set("Lambda-Runtime-Deadline-Ms", std::to_string(delivery.deadline_ms));
  set("Lambda-Runtime-Invoked-Function-Arn", invocation.invoked_arn);
  set("Lambda-Runtime-Trace-Id", invocation.trace_id);
  set("Lambda-Runtime-Aws-Tenant-Id", invocation.tenant_id);
  set("Lambda-Runtime-Client-Context", invocation.client_context);
  set("Lambda-Runtime-Cognito-Identity", invocation.cognito_identity);
  answer.body = std::move(delivery.payload);
  return answer;
}

Task<wire::Response> next(std::shared_ptr<Session> session) {
  const RuntimeState state = session->runtime_state();
  if (!allowed(state, RuntimeCall::Next)) co_return refused(state, RuntimeCall::Next);
  OneShot<bool> event = session->wants_event();
  const bool there = co_await event.wait();
  if (!there) co_return internal_error();
  std::optional<Delivery> delivery = session->take_event();
  if (!delivery) co_return refused(session->runtime_state(), RuntimeCall::Next);
  co_return render(std::move(*delivery));
}

}  // namespace aviary::execution::runtime_api
