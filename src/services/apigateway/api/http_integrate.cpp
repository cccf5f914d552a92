#include <fmt/format.h>

#include "base/document.hpp"
#include "base/encoding.hpp"
#include "services/apigateway/api/function_run.hpp"
#include "services/apigateway/api/http_request.hpp"
#include "services/apigateway/api/payload_1.hpp"
#include "services/apigateway/core/json_path.hpp"
#include "services/apigateway/core/parameter_changes.hpp"
#include "services/apigateway/core/parameter_mapping.hpp"
#include "services/apigateway/core/routing.hpp"
#include "wire/query_string.hpp"

/// What stands behind a route of an HTTP API: a function or somebody else's server; and how mappings change
/// what goes there and what comes back.
namespace aviary::apigateway {
namespace {

/// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
constexpr std::size_t largest_read_body = 100 * 1024;

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Those of equal names with commas between.
template <class Pairs, class Same>
std::optional<std::string> joined_values(const Pairs& pairs, Same same) {
  std::optional<std::string> out;
  for (const auto& [name, value] : pairs)
    if (same(name)) out = out ? *out + "," + std::string(value) : std::string(value);
  return out;
}
template <class Pairs>
std::optional<std::string> header_in(const Pairs& headers, std::string_view wanted) {
  return joined_values(headers,
                       [&](std::string_view name) { return wire::equals_ignoring_case(name, wanted); });
}

std::optional<std::string> named(const OrderedJson& map, std::string_view name) {
  const auto found = map.find(std::string(name));
  return found == map.end() ? std::nullopt : text_of_value(*found);
}

/// `$context`: what an authorizer said is right below `authorizer`, whatever the event's format.
OrderedJson context_of(const wire::Request& request, const PayloadCall& call, const std::string& resource) {
  OrderedJson context = payload_head_1(request, call, resource)["requestContext"];
  context["routeKey"] = call.route_key;
  if (context.contains("authorizer") && context["authorizer"].is_object() &&
      context["authorizer"].contains("lambda"))
    context["authorizer"] = OrderedJson(context["authorizer"]["lambda"]);
  return context;
}

std::chrono::milliseconds timeout_of_http(const Json& integration) {
  return std::chrono::milliseconds(integration.value("TimeoutInMillis", std::int64_t{30000}));
}

/// With the query and the path that the address itself has taken off.
struct Address {
  std::string origin;  ///< `http://host:port`
  std::string path;
  std::string query;
};
Address split_address(std::string_view uri) {
  Address address;
  const std::size_t mark = uri.find('?');
  if (mark != std::string_view::npos) address.query = uri.substr(mark + 1);
  uri = uri.substr(0, mark);
  const std::size_t host = uri.find("://");
  const std::size_t slash = uri.find('/', host == std::string_view::npos ? 0 : host + 3);
  address.origin = uri.substr(0, slash);
  if (slash != std::string_view::npos) address.path = uri.substr(slash);
  return address;
}

std::string encoded_query(const NamedTexts& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs)
    out += (out.empty() ? "" : "&") + percent_encode(name) + '=' + percent_encode(value);
  return out;
}

/// A path's variables where the address names them: `{proxy}` or `{proxy+}`. Slashes stay.
void fill_path(std::string& path, const OrderedJson& parameters) {
  for (const auto& [name, value] : parameters.items()) {
    std::string encoded;
    std::string_view rest = value.get_ref<const std::string&>();
    while (true) {
      const std::size_t slash = rest.find('/');
      encoded += percent_encode(rest.substr(0, slash));
      if (slash == std::string_view::npos) break;
      encoded += '/';
      rest.remove_prefix(slash + 1);
    }
    for (const std::string& mark : {"{" + name + "}", "{" + name + "+}"})
      if (const std::size_t at = path.find(mark); at != std::string::npos)
        path.replace(at, mark.size(), encoded);
  }
}

}  // namespace

/// How an integration ended.
struct Execute::Ran {
  wire::Response response{};
  bool answered = false;  ///< else the API itself says what went wrong, and no mapping changes that
};

Task<Execute::Ran> Execute::run_integration(const wire::Request& request, const Request& what,
                                            std::string path) {
  if (text_of(what.integration, "IntegrationType") == "HTTP_PROXY") {
    auto running = run_upstream(request, what, std::move(path));
    co_return co_await std::move(running);
  }
  auto running = run_function(request, what);
  co_return co_await std::move(running);
}

Task<wire::Response> Execute::integrate(const wire::Request& request, Request& what) {
  const Json mappings = what.integration.value("RequestParameters", Json::object());
  const Json answers = what.integration.value("ResponseParameters", Json::object());
  if (mappings.empty() && answers.empty()) {
    auto running = run_integration(request, what, {});
    Ran ran = co_await std::move(running);
    co_return std::move(ran.response);
  }
  const OrderedJson context = context_of(request, what.call, what.resource);
  const wire::Parameters query = wire::parse_parameters(what.call.query);
  const auto of_request = [&](std::string_view name) -> std::optional<std::string> {
    if (take(name, "context.")) return text_of_value(find_by_path(context, "$." + std::string(name)));
    if (take(name, "stageVariables.")) return named(what.call.stage_variables, name);
    if (take(name, "request.header.")) return header_in(request.headers, name);
    if (take(name, "request.querystring."))
      return joined_values(query, [&](std::string_view each) { return each == name; });
    if (take(name, "request.path.")) return named(what.call.path_parameters, name);
    if (name == "request.path") return what.within;
    if (take(name, "request.body"))
      return value_in_body(request.body.substr(0, name.empty() ? std::string::npos : largest_read_body),
                           name);
    return std::nullopt;
  };
  Changeable changed{.query = query};
  for (const auto& [name, value] : request.headers)
    changed.headers.emplace_back(std::string(name), std::string(value));
  apply_changes(mappings, of_request, changed);
  if (changed.query_changed) what.call.query = encoded_query(changed.query);
  if (changed.path_changed) what.call.path = changed.path;
  wire::Request seen = request;
  seen.headers.clear();
  for (const auto& [name, value] : changed.headers) seen.headers.emplace_back(name, value);

  auto running = run_integration(seen, what, changed.path);
  Ran ran = co_await std::move(running);
  wire::Response& response = ran.response;
  const auto wanted = answers.find(std::to_string(response.status));
  if (!ran.answered || wanted == answers.end()) co_return std::move(response);
  const auto of_answer = [&](std::string_view name) -> std::optional<std::string> {
    if (take(name, "response.header.")) return header_in(response.headers, name);
    if (take(name, "response.body")) return value_in_body(response.body, name);
    return of_request(name);
  };
  Changeable answer{.headers = response.headers, .status = response.status};
  apply_changes(*wanted, of_answer, answer);
  response.headers = std::move(answer.headers);
  response.status = answer.status;
  co_return std::move(response);
}

Task<Execute::Ran> Execute::run_function(const wire::Request& request, const Request& what) {
  const std::string function =
      function_in_uri(with_stage_variables(text_of(what.integration, "IntegrationUri"), what.variables));
  if (function.empty()) co_return Ran{api_answer(500, "Internal Server Error")};
  const bool second = text_of(what.integration, "PayloadFormatVersion") == "2.0";
  const OrderedJson event =
      second ? payload_event_2(request, what.call) : payload_event_1(request, what.call, what.resource);
  FunctionCall asked{.account = what.call.account,
                     .region = text_of(what.api, "_region"),
                     .function = function,
                     .payload = event.dump(-1, ' ', false, OrderedJson::error_handler_t::replace),
                     .trace_id = what.call.trace_id,
                     .source_arn = what.arn,
                     .http = &request};
  auto running =
      run_within(d_.functions, d_.stopwatch, d_.tasks, std::move(asked), timeout_of_http(what.integration));
  std::optional<Result<FunctionAnswer>> ended = co_await std::move(running);
  if (!ended) co_return Ran{api_answer(503, "Service Unavailable")};
  Result<FunctionAnswer>& answered = *ended;
  if (!answered) {
    const bool throttled = answered.error().shape->status == 429;
    co_return Ran{
        api_answer(throttled ? 503 : 500, throttled ? "Service Unavailable" : "Internal Server Error")};
  }
  if (answered->failed) co_return Ran{api_answer(500, "Internal Server Error")};
  std::optional<wire::Response> response =
      second ? payload_answer_2(std::move(answered->payload)) : payload_answer_1(answered->payload);
  if (!response) co_return Ran{api_answer(500, "Internal Server Error")};
  co_return Ran{std::move(*response), true};
}

Task<Execute::Ran> Execute::run_upstream(const wire::Request& request, const Request& what,
                                         std::string path) {
  if (text_of(what.integration, "ConnectionType") == "VPC_LINK")
    co_return Ran{api_answer(503, "Service Unavailable: there are no VPCs here for a VPC link to lead into")};
  const std::string verb = text_of(what.integration, "IntegrationMethod");
  Address address =
      split_address(with_stage_variables(text_of(what.integration, "IntegrationUri"), what.variables));
  fill_path(address.path, what.call.path_parameters);
  if (!path.empty()) {
    address.path = std::move(path);
  } else if (what.call.route_key == "$default") {
    // The whole path goes on.
    if (address.path.ends_with('/')) address.path.pop_back();
    address.path += what.within;
  }
  if (!address.path.starts_with('/')) address.path.insert(0, 1, '/');
  for (const std::string& query : {address.query, what.call.query})
    if (!query.empty()) address.path += (address.path.find('?') == std::string::npos ? '?' : '&') + query;
  UpstreamCall call{.method = verb == "ANY" ? std::string(request.method) : verb,
                    .url = address.origin + address.path,
                    .body = request.body,
                    .timeout = timeout_of_http(what.integration)};
  for (const auto& [name, value] : request.headers)
    if (!wire::equals_ignoring_case(name, "host") && !is_hop_header(name))
      call.headers.emplace_back(std::string(name), std::string(value));
  call.headers.emplace_back(
      "Forwarded", fmt::format("by=127.0.0.1;for=127.0.0.1;host={};proto=http", request.header("host")));
  call.headers.emplace_back("Via", "HTTP/1.1 AmazonAPIGateway");
  if (!request.has_header("X-Amzn-Trace-Id"))
    call.headers.emplace_back("X-Amzn-Trace-Id", what.call.trace_id);
  auto sending = d_.upstreams.send(std::move(call));
  UpstreamAnswer answered = co_await std::move(sending);
  if (answered.end != UpstreamAnswer::End::Answered) co_return Ran{api_answer(503, "Service Unavailable")};
  std::erase_if(answered.response.headers, [](const auto& header) { return is_hop_header(header.first); });
  co_return Ran{std::move(answered.response), true};
}

}  // namespace aviary::apigateway
