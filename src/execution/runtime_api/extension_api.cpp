#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bounded_json.hpp"
#include "base/json.hpp"
#include "execution/runtime_api/answers.hpp"
#include "execution/runtime_api/extension_host.hpp"
#include "execution/runtime_api/runtime_api.hpp"

namespace aviary::execution::runtime_api {
namespace {

constexpr std::string_view extension_prefix = "/2020-01-01/extension";
constexpr std::string_view telemetry_path = "/2022-07-01/telemetry";
constexpr std::string_view logs_path = "/2020-08-15/logs";

wire::Response document(int status, const OrderedJson& body) {
  wire::Response answer;
  answer.status = status;
  answer.set("Content-Type", "application/json");
  answer.body = body.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
  return answer;
}

wire::Response refusal(int status, std::string_view type, std::string_view message) {
  OrderedJson body;
  body["errorMessage"] = message;
  body["errorType"] = type;
  return document(status, body);
}

wire::Response refusal(const Extensions::Refusal& why) { return refusal(403, why.type, why.message); }

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !digit) return false;
  }
  return true;
}

/// Empty, with the answer, if the request does not say who it comes from.
std::string identifier_of(const wire::Request& request, wire::Response& problem) {
  std::string id(request.header("Lambda-Extension-Identifier"));
  if (id.empty()) {
    problem =
        refusal(403, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header");
    return {};
  }
  if (!is_uuid(id)) {
    problem = refusal(403, "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier");
    return {};
  }
  std::transform(id.begin(), id.end(), id.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  return id;
}

bool accepts_account(std::string_view features) {
  while (!features.empty()) {
    const std::size_t comma = features.find(',');
    std::string_view feature = features.substr(0, comma);
    while (feature.starts_with(' ')) feature.remove_prefix(1);
    while (feature.ends_with(' ')) feature.remove_suffix(1);
    if (feature == "accountId") return true;
    if (comma == std::string_view::npos) break;
    features.remove_prefix(comma + 1);
  }
  return false;
}

/// What the request registers for; the problem in words if it is not of the right form.
std::vector<std::string> events_of(const std::string& text, std::string& problem) {
  std::vector<std::string> events;
  const Json body = parse_bounded<Json>(text);
  if (body.is_discarded()) {
    problem = text.empty() ? "unexpected end of JSON input" : "the request body is not JSON";
    return events;
  }
  if (!body.is_object()) {
    problem = "the request body is not a JSON object";
    return events;
  }
  const auto keys = body.find("configurationKeys");
  if (keys != body.end() && keys->is_array() && !keys->empty()) {
    problem = "configurationKeys are deprecated; use environment variables instead";
    return events;
  }
  const auto listed = body.find("events");
  if (listed == body.end() || listed->is_null()) return events;
  if (!listed->is_array()) {
    problem = "events is not an array of strings";
    return events;
  }
  for (const Json& event : *listed) {
    if (!event.is_string()) {
      problem = "events is not an array of strings";
      return {};
    }
    events.push_back(event.get<std::string>());
  }
  return events;
}

wire::Response enrol_extension(ExtensionHost& host, const wire::Request& request) {
  const std::string name(request.header("Lambda-Extension-Name"));
  if (name.empty()) return refusal(403, "Extension.InvalidExtensionName", "Empty extension name");
  std::string problem;
  const std::vector<std::string> events = events_of(request.body, problem);
  if (!problem.empty()) return refusal(403, "InvalidRequestFormat", problem);
  const bool account = accepts_account(request.header("Lambda-Extension-Accept-Feature"));
  const auto enrolled = host.extensions().enrol(name, events);
  if (const auto* why = std::get_if<Extensions::Refusal>(&enrolled)) return refusal(*why);
  const lambda::Version& version = host.function_version();
  OrderedJson body;
  body["functionName"] = version.function_name;
  body["functionVersion"] = version.number;
  body["handler"] = version.configuration->handler;
  if (account) body["accountId"] = version.scope.account;
  wire::Response answer = document(200, body);
  answer.set("Lambda-Extension-Identifier", std::get<std::string>(enrolled));
  return answer;
}

Task<wire::Response> extension_next(std::shared_ptr<Session> session, std::string id) {
  ExtensionHost* host = session->extension_host();
  if (host == nullptr) co_return internal_error();
  const auto wanted = host->extensions().wants_event(id);
  if (const auto* why = std::get_if<Extensions::Refusal>(&wanted)) co_return refusal(*why);
  const OneShot<bool> event = std::get<OneShot<bool>>(wanted);
  auto waiting = event.wait();
  const bool there = co_await std::move(waiting);
  host = session->extension_host();
  if (!there || host == nullptr) co_return internal_error();
  std::optional<std::string> body = host->extensions().take_event(id);
  if (!body) co_return internal_error();
  wire::Response answer;
  answer.set("Content-Type", "application/json");
  answer.set("Lambda-Extension-Event-Identifier", host->extensions().new_id());
  answer.body = std::move(*body);
  co_return answer;
}

wire::Response extension_error(ExtensionHost& host, const wire::Request& request, const std::string& id,
                               bool init) {
  const std::string type(request.header("Lambda-Extension-Function-Error-Type"));
  if (type.empty())
    return refusal(403, "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found");
  if (const auto why = host.extensions().fail(id, type, init)) return refusal(*why);
  return accepted();
}

wire::Response subscribe_extension(ExtensionHost& host, const wire::Request& request, const std::string& id,
                                   bool logs) {
  const Extensions::Extension* extension = host.extensions().find(id);
  if (extension == nullptr)
    return refusal(403, "Extension.UnknownExtensionIdentifier", "Unknown extension " + id);
  std::string problems;
  TelemetrySubscription subscription = parse_subscription(request.body, logs, problems);
  if (!problems.empty()) return refusal(400, "ValidationError", problems);
  subscription.extension = extension->name;
  if (!host.subscribe(std::move(subscription)))
    return logs
               ? refusal(403, "Logs.SubscriptionClosed", "Logs API subscription is closed already")
               : refusal(403, "Telemetry.SubscriptionClosed", "Telemetry API subscription is closed already");
  wire::Response answer;
  answer.set("Content-Type", "application/json");
  answer.body = "\"OK\"";
  return answer;
}

/// Where a developer's own process is attached; as AWS's runtime interface emulator says it.
wire::Response without_extensions(std::string_view action, bool logs) {
  if (action == "/register")
    return refusal(403, "Extension.RegistrationClosed", "Extension registration closed already");
  if (action != "subscribe") return internal_error();
  return logs ? refusal(202, "Logs.NotSupported", "Logs API is not supported")
              : refusal(202, "Telemetry.NotSupported", "Telemetry API is not supported");
}

}  // namespace

bool is_extension_path(std::string_view path) {
  return path.starts_with(extension_prefix) || path.starts_with(telemetry_path) ||
         path.starts_with(logs_path);
}

Task<wire::Response> extension_call(std::shared_ptr<Session> session, wire::Request request) {
  std::string path(request.path());
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const bool subscribing = path == telemetry_path || path == logs_path;
  const std::string action =
      subscribing ? "subscribe" : path.substr(std::min(path.size(), extension_prefix.size()));
  const std::string_view method =
      action == "subscribe"                                                         ? "PUT"
      : action == "/event/next"                                                     ? "GET"
      : action == "/register" || action == "/init/error" || action == "/exit/error" ? "POST"
                                                                                    : "";
  if (method.empty()) co_return not_found();
  if (request.method != method) co_return method_not_allowed();
  ExtensionHost* host = session->extension_host();
  if (host == nullptr) co_return without_extensions(action, path == logs_path);
  if (action == "/register") co_return enrol_extension(*host, request);
  wire::Response problem;
  std::string id = identifier_of(request, problem);
  if (id.empty()) co_return problem;
  if (action == "/event/next") {
    auto waiting = extension_next(std::move(session), std::move(id));
    co_return co_await std::move(waiting);
  }
  if (subscribing) co_return subscribe_extension(*host, request, id, path == logs_path);
  co_return extension_error(*host, request, id, action == "/init/error");
}

}  // namespace aviary::execution::runtime_api
