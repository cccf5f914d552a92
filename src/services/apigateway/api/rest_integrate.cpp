#include <fmt/format.h>

#include "base/bounded_json.hpp"
#include "base/document.hpp"
#include "base/encoding.hpp"
#include "services/apigateway/api/function_run.hpp"
#include "services/apigateway/api/payload_1.hpp"
#include "services/apigateway/api/rest_mapping.hpp"
#include "services/apigateway/api/rest_request.hpp"
#include "services/apigateway/core/routing.hpp"
#include "wire/query_string.hpp"

/// What stands behind a method: a function, as a proxy or mapped; somebody else's server; nothing.
namespace aviary::apigateway {
namespace {

std::chrono::milliseconds timeout_of(const Json& integration) {
  return std::chrono::milliseconds(integration.value("timeoutInMillis", std::int64_t{29000}));
}

/// The event of a proxy integration.
OrderedJson proxy_event(const wire::Request& request, const PayloadCall& call, const Json& api,
                        const std::string& path, const OrderedJson& context) {
  OrderedJson event = payload_head_1(request, call, path);
  event.erase("version");
  event["requestContext"] = context;
  event["body"] = nullptr;
  const bool binary = is_binary_type(api, request.header("content-type"));
  if (!request.body.empty()) event["body"] = binary ? base64_encode(request.body) : request.body;
  event["isBase64Encoded"] = binary && !request.body.empty();
  return event;
}

/// What a function answered, as HTTP; nothing if it is malformed. Only these members may be there, texts
/// where texts belong
/// (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html).
std::optional<wire::Response> proxy_answer(const std::string& payload, const Json& api,
                                           std::string_view accept) {
  Json answer = parse_bounded<Json>(payload);
  if (!answer.is_object()) return std::nullopt;
  for (const auto& [name, value] : answer.items())
    if (name != "statusCode" && name != "headers" && name != "multiValueHeaders" && name != "body" &&
        name != "isBase64Encoded")
      return std::nullopt;
  if (find_member(answer, "statusCode") == nullptr) answer["statusCode"] = 200;
  if (const Json* headers = find_member(answer, "headers"); headers != nullptr && !headers->is_object())
    return std::nullopt;
  if (const Json* body = find_member(answer, "body"); body != nullptr && !body->is_string())
    return std::nullopt;
  // Bytes only for those who accept a binary type; others get the text as the function wrote it.
  const std::string_view first = accept.substr(0, accept.find_first_of(",;"));
  if (!is_binary_type(api, first.empty() ? "application/json" : first)) answer["isBase64Encoded"] = false;
  return payload_answer_1(answer.dump(-1, ' ', false, Json::error_handler_t::replace));
}

/// Where `{proxy}` of an integration's address comes from: its own mapping, else the path's variable of that
/// name.
std::string filled_address(std::string address, const Json& parameters, const TemplateInput& input) {
  const auto fill = [&](const std::string& name, const std::string& value) {
    for (const std::string& mark : {"{" + name + "}", "{" + name + "+}"}) {
      const std::size_t at = address.find(mark);
      if (at != std::string::npos) address.replace(at, mark.size(), value);
    }
  };
  constexpr std::string_view prefix = "integration.request.path.";
  for (const auto& [target, source] : parameters.items())
    if (target.starts_with(prefix) && source.is_string())
      if (const std::optional<std::string> value = mapped_value(source.get<std::string>(), input))
        fill(target.substr(prefix.size()), *value);
  for (const auto& [name, value] : input.params["path"].items())
    if (value.is_string()) fill(name, value.get<std::string>());
  return address;
}

}  // namespace

/// How a function's run ended, as an integration sees it.
struct RestExecute::Ran {
  FunctionAnswer answer{};
  std::string refusal{};  ///< the gateway response that says why there is none
  std::string message{};
};

Task<RestExecute::Ran> RestExecute::call_function(const wire::Request& request, const Request& what,
                                                  std::string payload, bool asynchronous) {
  Ran ran;
  std::string function =
      function_in_uri(with_stage_variables(text_of(what.integration, "uri"), what.variables));
  if (function.empty()) {
    ran.refusal = "API_CONFIGURATION_ERROR";
    co_return ran;
  }
  FunctionCall asked{.account = what.call.account,
                     .region = what.region,
                     .function = std::move(function),
                     .payload = std::move(payload),
                     .trace_id = what.call.trace_id,
                     .source_arn = what.arn,
                     .http = &request,
                     .asynchronous = asynchronous};
  auto running =
      run_within(d_.functions, d_.stopwatch, d_.tasks, std::move(asked), timeout_of(what.integration));
  std::optional<Result<FunctionAnswer>> ended = co_await std::move(running);
  if (!ended) {
    ran.refusal = "INTEGRATION_TIMEOUT";
  } else if (!*ended) {
    // Throttled, forbidden and absent functions look the same from outside.
    ran.refusal = "API_CONFIGURATION_ERROR";
  } else {
    ran.answer = std::move(**ended);
  }
  co_return ran;
}

Task<wire::Response> RestExecute::integrate(const wire::Request& request, Request& what) {
  const std::string type = text_of(what.integration, "type");
  if (type == "AWS_PROXY") {
    auto running = run_proxy(request, what);
    co_return co_await std::move(running);
  }
  if (type == "AWS") {
    auto running = run_function(request, what);
    co_return co_await std::move(running);
  }
  if (type == "HTTP" || type == "HTTP_PROXY") {
    auto running = run_upstream(request, what);
    co_return co_await std::move(running);
  }
  co_return run_mock(request, what);
}

Task<wire::Response> RestExecute::run_proxy(const wire::Request& request, Request& what) {
  const OrderedJson event =
      proxy_event(request, what.call, what.api, text_of(what.resource, "path"), what.input.context);
  auto running =
      call_function(request, what, event.dump(-1, ' ', false, OrderedJson::error_handler_t::replace), false);
  Ran ran = co_await std::move(running);
  if (!ran.refusal.empty()) co_return gateway_response(what.responses, ran.refusal, {}, what.input);
  std::optional<wire::Response> response;
  if (!ran.answer.failed) response = proxy_answer(ran.answer.payload, what.api, request.header("accept"));
  if (!response) {
    // A function that failed, or answered what cannot be read.
    wire::Response bad = gateway_response(what.responses, "API_CONFIGURATION_ERROR", {}, what.input);
    if (bad.status == 500) bad.status = 502;
    co_return bad;
  }
  response->set("X-Amzn-Trace-Id", what.call.trace_id);
  co_return std::move(*response);
}

Task<wire::Response> RestExecute::run_function(const wire::Request& request, Request& what) {
  MappedBody body = mapped_request(what.integration, request.header("content-type"), what.input);
  if (!body.refusal.empty()) co_return gateway_response(what.responses, body.refusal, {}, what.input);
  const Json parameters = what.integration.value("requestParameters", Json::object());
  const std::string& invocation = text_of(parameters, "integration.request.header.X-Amz-Invocation-Type");
  const bool asynchronous =
      !invocation.empty() && mapped_value(invocation, what.input).value_or("") == "Event";
  if (body.text.empty()) body.text = "{}";
  auto running = call_function(request, what, std::move(body.text), asynchronous);
  Ran ran = co_await std::move(running);
  if (!ran.refusal.empty()) co_return gateway_response(what.responses, ran.refusal, {}, what.input);
  IntegrationAnswer answer{.body = std::move(ran.answer.payload)};
  std::string selector;
  if (ran.answer.failed) {
    const Json error = parse_bounded<Json>(answer.body);
    selector = error.is_object() ? text_of(error, "errorMessage") : answer.body;
  }
  co_return mapped_response(what.integration, answer, selector, request.header("accept"), what.responses,
                            what.input);
}

Task<wire::Response> RestExecute::run_upstream(const wire::Request& request, Request& what) {
  const bool proxy = text_of(what.integration, "type") == "HTTP_PROXY";
  if (text_of(what.integration, "connectionType") == "VPC_LINK")
    co_return gateway_response(what.responses, "INTEGRATION_FAILURE",
                               "There are no VPCs here for a VPC link to lead into", what.input);
  const Json parameters = what.integration.value("requestParameters", Json::object());
  const std::string verb = text_of(what.integration, "httpMethod");
  UpstreamCall call{
      .method = verb == "ANY" ? std::string(request.method) : verb,
      .url = filled_address(with_stage_variables(text_of(what.integration, "uri"), what.variables),
                            parameters, what.input),
      .timeout = timeout_of(what.integration),
      .certificate = text_of(what.certificate, "pemEncodedCertificate"),
      .key = text_of(what.certificate, "_key")};
  std::string query = proxy ? what.call.query : std::string();
  if (proxy) {
    for (const auto& [name, value] : request.headers)
      if (!wire::equals_ignoring_case(name, "host") && !is_hop_header(name))
        call.headers.emplace_back(std::string(name), std::string(value));
    call.body = request.body;
  } else {
    MappedBody body = mapped_request(what.integration, request.header("content-type"), what.input);
    if (!body.refusal.empty()) co_return gateway_response(what.responses, body.refusal, {}, what.input);
    call.body = std::move(body.text);
    if (!call.body.empty()) call.headers.emplace_back("Content-Type", "application/json");
  }
  for (const auto& [target, source] : parameters.items()) {
    if (!source.is_string()) continue;
    const std::optional<std::string> value = mapped_value(source.get<std::string>(), what.input);
    if (!value) continue;
    constexpr std::string_view header = "integration.request.header.";
    constexpr std::string_view parameter = "integration.request.querystring.";
    if (target.starts_with(header)) {
      call.headers.emplace_back(target.substr(header.size()), *value);
    } else if (target.starts_with(parameter)) {
      query += (query.empty() ? "" : "&") + percent_encode(target.substr(parameter.size())) + '=' +
               percent_encode(*value);
    }
  }
  if (!query.empty()) call.url += (call.url.find('?') == std::string::npos ? '?' : '&') + query;
  auto sending = d_.upstreams.send(std::move(call));
  UpstreamAnswer answered = co_await std::move(sending);
  if (answered.end != UpstreamAnswer::End::Answered)
    co_return gateway_response(
        what.responses,
        answered.end == UpstreamAnswer::End::TimedOut ? "INTEGRATION_TIMEOUT" : "INTEGRATION_FAILURE", {},
        what.input);
  if (proxy) {
    std::erase_if(answered.response.headers, [](const auto& header) { return is_hop_header(header.first); });
    co_return std::move(answered.response);
  }
  IntegrationAnswer answer{.status = answered.response.status, .body = std::move(answered.response.body)};
  for (const auto& [name, value] : answered.response.headers) answer.headers[name] = value;
  co_return mapped_response(what.integration, answer, std::to_string(answer.status), request.header("accept"),
                            what.responses, what.input);
}

wire::Response RestExecute::run_mock(const wire::Request& request, Request& what) {
  const MappedBody body = mapped_request(what.integration, request.header("content-type"), what.input);
  if (!body.refusal.empty()) return gateway_response(what.responses, body.refusal, {}, what.input);
  // The template says the status: `{"statusCode": 200}`.
  const Json said = parse_bounded<Json>(body.text);
  const Json status = said.is_object() ? said.value("statusCode", Json()) : Json();
  if (!status.is_number_integer() && !status.is_string())
    return gateway_response(what.responses, "API_CONFIGURATION_ERROR", {}, what.input);
  const IntegrationAnswer answer{.status = 200};
  return mapped_response(what.integration, answer,
                         status.is_string() ? status.get<std::string>() : status.dump(),
                         request.header("accept"), what.responses, what.input);
}

}  // namespace aviary::apigateway
