#include <optional>
#include <string>
#include <utility>

#include "base/encoding.hpp"
#include "execution/runtime_api/answers.hpp"
#include "execution/runtime_api/runtime_api.hpp"

namespace aviary::execution::runtime_api {
namespace {

/// Of a streamed response, since July 2025.
constexpr std::uint64_t stream_limit = 200ULL << 20;

std::string_view trailer(const wire::Request& request, std::string_view name) {
  for (const auto& [key, value] : request.trailers)
    if (wire::equals_ignoring_case(key, name)) return value;
  return {};
}

/// A streaming runtime reports an error after the fact, in the trailers: type, and the base64 of the JSON
/// error. A buffered invoke has not shown anything yet, so its caller gets the error.
std::optional<Failure> failed_in_mid_stream(const wire::Request& request) {
  const std::string_view type = trailer(request, "Lambda-Runtime-Function-Error-Type");
  if (type.empty()) return std::nullopt;
  Failure failure{InvocationEnd::FunctionError, accepted_error_type(type), {}};
  failure.posted = true;
  const std::string_view encoded = trailer(request, "Lambda-Runtime-Function-Error-Body");
  failure.posted_payload = base64_decode(encoded).value_or(std::string(encoded));
  return failure;
}

}  // namespace

wire::Response response(Session& session, std::string_view, wire::Request& request) {
  const std::string_view mode = request.header("Lambda-Runtime-Function-Response-Mode");
  if (!mode.empty() && mode != "streaming") {
    session.fail(
        {InvocationEnd::Failure, "Runtime.InvalidResponseModeHeader", "Invalid function response mode"});
    return invalid_response_mode();
  }
  const std::uint64_t streamed = session.streamed_bytes();
  if (request.body.size() > response_limit || streamed > stream_limit) {
    Failure failure{InvocationEnd::FunctionError, "Function.ResponseSizeTooLarge", {}};
    failure.posted = true;
    failure.posted_payload = response_too_large_payload();
    session.fail(std::move(failure));
    return too_large();
  }
  if (mode == "streaming") {
    if (auto failure = failed_in_mid_stream(request)) {
      session.fail(std::move(*failure));
      return accepted();
    }
  }
  session.respond(std::move(request.body));
  return accepted();
}

}  // namespace aviary::execution::runtime_api
