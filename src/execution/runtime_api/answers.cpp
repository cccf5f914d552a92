#include "execution/runtime_api/answers.hpp"

#include <fmt/format.h>

#include "execution/failure.hpp"

namespace aviary::execution::runtime_api {
namespace {

wire::Response json(int status, std::string body) {
  wire::Response answer;
  answer.status = status;
  answer.headers.reserve(1);
  answer.set("Content-Type", "application/json");
  answer.body = std::move(body);
  return answer;
}

/// The texts need no escaping: they are ours.
wire::Response error_answer(int status, std::string_view type, std::string_view message) {
  return json(status, fmt::format("{{\"errorMessage\":\"{}\",\"errorType\":\"{}\"}}\n", message, type));
}

wire::Response plain(int status, std::string body) {
  wire::Response answer;
  answer.status = status;
  answer.set("Content-Type", "text/plain; charset=utf-8");
  answer.body = std::move(body);
  return answer;
}

}  // namespace

wire::Response accepted() { return json(202, "{\"status\":\"OK\"}\n"); }

wire::Response invalid_request_id() { return error_answer(400, "InvalidRequestID", "Invalid request ID"); }

wire::Response refused(RuntimeState state, RuntimeCall call) {
  return error_answer(
      403, "InvalidStateTransition",
      fmt::format("State transition from {} to {} failed for runtime. Error: State transition is not allowed",
                  name(state), target_name(call)));
}

wire::Response too_large() {
  return error_answer(413, "RequestEntityTooLarge",
                      fmt::format("Exceeded maximum allowed payload size ({} bytes).", response_limit));
}

wire::Response truncated() {
  return error_answer(400, "TruncatedHTTPRequest", "HTTP request detected as truncated");
}

wire::Response invalid_response_mode() {
  return error_answer(400, "InvalidFunctionResponseMode", "Invalid function response mode");
}

wire::Response invoke_timeout() { return error_answer(410, "InvokeTimeout", "Invoke timeout"); }

wire::Response internal_error() { return error_answer(500, "InternalServerError", "Internal Server Error"); }

wire::Response not_yours() {
  return error_answer(403, "AccessDenied", "This Runtime API belongs to another execution environment");
}

wire::Response not_found() { return plain(404, "404 page not found\n"); }

wire::Response method_not_allowed() {
  wire::Response answer;
  answer.status = 405;
  return answer;
}

}  // namespace aviary::execution::runtime_api
