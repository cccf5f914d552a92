#include <string>
#include <utility>

#include "base/bounded_json.hpp"
#include "base/json.hpp"
#include "execution/runtime_api/answers.hpp"
#include "execution/runtime_api/runtime_api.hpp"

namespace aviary::execution::runtime_api {
namespace {

constexpr std::string_view with_cause = "application/vnd.aws.lambda.error.cause+json";

/// An error body with an embedded X-Ray cause: the caller sees it without the cause.
std::string without_cause(const std::string& body) {
  const OrderedJson whole = parse_bounded<OrderedJson>(body);
  if (!whole.is_object()) return "\"Invalid error body\"";
  OrderedJson shown;
  shown["errorMessage"] = whole.value("errorMessage", OrderedJson(""));
  shown["errorType"] = whole.value("errorType", OrderedJson(""));
  shown["stackTrace"] = whole.value("stackTrace", OrderedJson());
  return shown.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace

wire::Response error(Session& session, std::string_view, wire::Request& request) {
  Failure failure{InvocationEnd::FunctionError,
                  accepted_error_type(request.header("Lambda-Runtime-Function-Error-Type")),
                  {}};
  failure.posted = true;
  if (request.body.size() > response_limit) {
    failure.type = "Function.ResponseSizeTooLarge";
    failure.posted_payload = response_too_large_payload();
    session.fail(std::move(failure));
    return too_large();
  }
  failure.posted_payload =
      request.header("Content-Type") == with_cause ? without_cause(request.body) : std::move(request.body);
  session.fail(std::move(failure));
  return accepted();
}

}  // namespace aviary::execution::runtime_api
