#include "gateway/payload_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/bounded_json.hpp"
#include "base/encoding.hpp"
#include "wire/query_string.hpp"

namespace aviary {
namespace {

std::string lower_case_name(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// Values of one name are joined, as format 2.0 has it.
OrderedJson joined(const std::vector<std::pair<std::string, std::string>>& pairs) {
  OrderedJson out = OrderedJson::object();
  for (const auto& [name, value] : pairs) {
    const auto found = out.find(name);
    if (found == out.end())
      out[name] = value;
    else
      *found = found->get<std::string>() + "," + value;
  }
  return out;
}

OrderedJson cookies_of(const wire::Request& request) {
  OrderedJson cookies = OrderedJson::array();
  for (const auto& [name, value] : request.headers) {
    if (!wire::equals_ignoring_case(name, "cookie")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      std::string_view one = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
      while (one.starts_with(' ')) one.remove_prefix(1);
      if (!one.empty()) cookies.push_back(std::string(one));
    }
  }
  return cookies;
}

OrderedJson headers_of(const wire::Request& request, std::string_view trace_id) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (auto& [name, value] : forwarded_headers(request, trace_id))
    pairs.emplace_back(lower_case_name(name), std::move(value));
  return joined(pairs);
}

/// A header's value: a string, or what reads as one.
std::optional<std::string> header_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return std::nullopt;
}

std::optional<int> status_of_answer(const Json& answer) {
  const auto status = answer.find("statusCode");
  const std::optional<std::string> text = header_text(*status);
  if (!text || text->size() != 3 || !std::ranges::all_of(*text, [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  const int code = std::stoi(*text);
  return code >= 100 && code <= 599 ? std::optional(code) : std::nullopt;
}

bool has_header(const wire::Response& response, std::string_view name) {
  return std::ranges::any_of(
      response.headers, [&](const auto& header) { return wire::equals_ignoring_case(header.first, name); });
}

}  // namespace

std::string common_log_time(Instant now) {
  const std::string date = http_date(now);  // Mon, 15 Jan 2024 10:30:00 GMT
  return fmt::format("{}/{}/{}:{} +0000", date.substr(5, 2), date.substr(8, 3), date.substr(12, 4),
                     date.substr(17, 8));
}

bool is_text_type(std::string_view content_type) {
  const std::string lower = lower_case_name(content_type);
  return std::ranges::any_of(
      std::array<std::string_view, 5>{"text", "json", "xml", "javascript", "urlencoded"},
      [&](std::string_view type) { return lower.find(type) != std::string::npos; });
}

std::vector<std::pair<std::string, std::string>> forwarded_headers(const wire::Request& request,
                                                                   std::string_view trace_id) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : request.headers) {
    const std::string lower = lower_case_name(name);
    if (lower == "connection" || lower == "transfer-encoding" || lower.starts_with("x-forwarded-") ||
        lower == "x-amzn-trace-id")
      continue;
    pairs.emplace_back(std::string(name), std::string(value));
  }
  pairs.emplace_back("X-Amzn-Trace-Id", std::string(trace_id));
  pairs.emplace_back("X-Forwarded-For", "127.0.0.1");
  pairs.emplace_back("X-Forwarded-Port", std::to_string(request.local_port));
  pairs.emplace_back("X-Forwarded-Proto", "http");
  return pairs;
}

OrderedJson payload_context_2(const wire::Request& request, const PayloadCall& call) {
  OrderedJson context;
  context["accountId"] = call.account;
  context["apiId"] = call.api_id;
  if (!call.authorizer.is_null()) context["authorizer"] = call.authorizer;
  context["domainName"] = request.header("host");
  context["domainPrefix"] = call.domain_prefix.empty() ? call.api_id : call.domain_prefix;
  context["http"] = {{"method", request.method},
                     {"path", call.path},
                     {"protocol", "HTTP/1.1"},
                     {"sourceIp", "127.0.0.1"},
                     {"userAgent", request.header("user-agent")}};
  context["requestId"] = call.request_id;
  context["routeKey"] = call.route_key;
  context["stage"] = call.stage;
  context["time"] = common_log_time(call.now);
  context["timeEpoch"] =
      std::chrono::duration_cast<std::chrono::milliseconds>(call.now.time_since_epoch()).count();
  return context;
}

OrderedJson payload_head_2(const wire::Request& request, const PayloadCall& call) {
  OrderedJson event;
  event["version"] = "2.0";
  event["routeKey"] = call.route_key;
  event["rawPath"] = call.path;
  event["rawQueryString"] = call.query;
  if (OrderedJson cookies = cookies_of(request); !cookies.empty()) event["cookies"] = std::move(cookies);
  event["headers"] = headers_of(request, call.trace_id);
  if (!call.query.empty()) event["queryStringParameters"] = joined(wire::parse_parameters(call.query));
  event["requestContext"] = payload_context_2(request, call);
  if (!call.path_parameters.empty()) event["pathParameters"] = call.path_parameters;
  if (!call.stage_variables.empty()) event["stageVariables"] = call.stage_variables;
  return event;
}

OrderedJson payload_event_2(const wire::Request& request, const PayloadCall& call) {
  OrderedJson event = payload_head_2(request, call);
  bool encoded = false;
  if (!request.body.empty()) {
    encoded = !is_text_type(request.header("content-type")) || !is_utf8(request.body);
    event["body"] = encoded ? base64_encode(request.body) : request.body;
  }
  event["isBase64Encoded"] = encoded;
  return event;
}

std::optional<wire::Response> explicit_answer(const Json& answer) {
  wire::Response response;
  const std::optional<int> status = status_of_answer(answer);
  if (!status) return std::nullopt;
  response.status = *status;
  if (const auto headers = answer.find("headers"); headers != answer.end() && !headers->is_null()) {
    if (!headers->is_object()) return std::nullopt;
    for (const auto& [name, value] : headers->items()) {
      const std::optional<std::string> text = header_text(value);
      if (!text) return std::nullopt;
      response.set(name, *text);
    }
  }
  if (const auto cookies = answer.find("cookies"); cookies != answer.end() && !cookies->is_null()) {
    if (!cookies->is_array()) return std::nullopt;
    for (const Json& cookie : *cookies) {
      if (!cookie.is_string()) return std::nullopt;
      response.set("Set-Cookie", cookie.get<std::string>());
    }
  }
  if (const auto body = answer.find("body"); body != answer.end() && !body->is_null()) {
    response.body = body->is_string() ? body->get<std::string>() : body->dump();
    if (answer.value("isBase64Encoded", Json(false)) == Json(true)) {
      std::optional<std::string> bytes = base64_decode(response.body);
      if (!bytes) return std::nullopt;
      response.body = std::move(*bytes);
    }
  }
  if (!has_header(response, "content-type")) response.set("Content-Type", "application/json");
  return response;
}

std::optional<wire::Response> payload_answer_2(std::string payload) {
  const Json answer = parse_bounded<Json>(payload);
  if (answer.is_object() && answer.contains("statusCode")) return explicit_answer(answer);
  // Anything else is the body (recorded: test_lambda_url_invocation): a string as it is, the rest as JSON.
  wire::Response response;
  response.set("Content-Type", "application/json");
  response.body = answer.is_string() ? answer.get<std::string>() : std::move(payload);
  return response;
}

namespace {

std::string cors_list_text(const Json& cors, const char* name) {
  std::string text;
  if (const auto list = cors.find(name); list != cors.end() && list->is_array())
    for (const Json& item : *list) text += (text.empty() ? "" : ",") + item.get<std::string>();
  return text;
}

void replace_header(wire::Response& response, std::string_view name, std::string value) {
  std::erase_if(response.headers,
                [&](const auto& header) { return wire::equals_ignoring_case(header.first, name); });
  response.set(std::string(name), std::move(value));
}

/// What `Access-Control-Allow-Origin` is for this caller; empty: its origin is not allowed.
std::string allowed_origin(const wire::Request& request, const Json& cors) {
  const std::string_view origin = request.header("origin");
  const auto list = cors.find("AllowOrigins");
  if (origin.empty() || list == cors.end() || !list->is_array()) return {};
  for (const Json& allowed : *list) {
    if (allowed == "*") return cors.value("AllowCredentials", false) ? std::string(origin) : "*";
    if (wire::equals_ignoring_case(allowed.get_ref<const std::string&>(), origin)) return std::string(origin);
  }
  return {};
}

}  // namespace

void add_cors(wire::Response& response, const wire::Request& request, const Json& cors) {
  if (!cors.is_object()) return;
  const std::string origin = allowed_origin(request, cors);
  if (origin.empty()) return;
  replace_header(response, "Access-Control-Allow-Origin", origin);
  if (origin != "*") replace_header(response, "Vary", "Origin");
  if (cors.value("AllowCredentials", false))
    replace_header(response, "Access-Control-Allow-Credentials", "true");
  if (std::string exposed = cors_list_text(cors, "ExposeHeaders"); !exposed.empty())
    replace_header(response, "Access-Control-Expose-Headers", std::move(exposed));
}

bool is_preflight(const wire::Request& request) {
  return request.method == "OPTIONS" && request.has_header("origin") &&
         request.has_header("access-control-request-method");
}

wire::Response preflight_answer(const wire::Request& request, const Json& cors) {
  wire::Response response;
  response.set("Content-Type", "application/json");
  add_cors(response, request, cors);
  if (allowed_origin(request, cors).empty()) return response;
  std::string methods = cors_list_text(cors, "AllowMethods");
  if (methods == "*") methods = std::string(request.header("access-control-request-method"));
  if (!methods.empty()) response.set("Access-Control-Allow-Methods", std::move(methods));
  std::string headers = cors_list_text(cors, "AllowHeaders");
  if (headers == "*") headers = std::string(request.header("access-control-request-headers"));
  if (!headers.empty()) response.set("Access-Control-Allow-Headers", std::move(headers));
  if (const auto age = cors.find("MaxAge"); age != cors.end() && age->is_number())
    response.set("Access-Control-Max-Age", age->dump());
  return response;
}

}  // namespace aviary
