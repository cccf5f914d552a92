#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "wire/message.hpp"

/// HTTP requests as functions see them, and their answers as HTTP: payload format 2.0, which function URLs
/// and HTTP APIs share, and the cross-origin rules that both have.
namespace aviary {

/// What an event says beyond what the request itself does.
struct PayloadCall {
  std::string account;  ///< `requestContext.accountId`
  std::string api_id;
  std::string route_key = "$default";
  std::string stage = "$default";
  std::string path;   ///< decoded
  std::string query;  ///< as sent, without the mark
  std::string request_id;
  std::string trace_id;
  Instant now;
  OrderedJson path_parameters = OrderedJson::object();
  OrderedJson stage_variables = OrderedJson::object();
  OrderedJson authorizer = nullptr;  ///< `requestContext.authorizer`; null: none
  std::string domain_prefix{};       ///< empty: the API's id
  std::string extended_id{};         ///< `extendedRequestId` of format 1.0; empty: the request's id
};

/// The function's event.
OrderedJson payload_event_2(const wire::Request& request, const PayloadCall& call);
/// Without the body: what an authorizer gets.
OrderedJson payload_head_2(const wire::Request& request, const PayloadCall& call);
OrderedJson payload_context_2(const wire::Request& request, const PayloadCall& call);

/// What the function answered, as HTTP: an object with a `statusCode` says it all, anything else is the body.
/// Nothing if it cannot be read.
std::optional<wire::Response> payload_answer_2(std::string payload);
/// What an answer object says of HTTP (`statusCode`, `headers`, `cookies`, `body`); nothing if it cannot be
/// read.
std::optional<wire::Response> explicit_answer(const Json& answer);

/// `12/Mar/2020:19:03:58 +0000`
std::string common_log_time(Instant now);
/// Whether a body of that type is text, else it goes in base64.
bool is_text_type(std::string_view content_type);
/// The headers that go on, names as sent, with those that say where the request came from.
std::vector<std::pair<std::string, std::string>> forwarded_headers(const wire::Request& request,
                                                                   std::string_view trace_id);

/// Adds what a configuration's `Cors` says to an answer; takes precedence over what the function set.
void add_cors(wire::Response& response, const wire::Request& request, const Json& cors);
/// Whether a browser asks for permission first: then the function is not run.
bool is_preflight(const wire::Request& request);
wire::Response preflight_answer(const wire::Request& request, const Json& cors);

}  // namespace aviary
