#include "services/lambda/core/event_record.hpp"

#include <fmt/format.h>

#include "base/bounded_json.hpp"
#include "base/json.hpp"
#include "services/lambda/core/event_settings.hpp"
#include "services/lambda/core/function_reference.hpp"
#include "services/lambda/core/json_check.hpp"

namespace aviary::lambda {
namespace {

constexpr std::size_t most_error_message = 1024;

/// Payloads go into the record as they are; what a custom runtime answered need not be JSON.
std::string as_json(const std::string& text) {
  if (text.empty()) return "null";
  if (!json_problem(text)) return text;
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string qualified_arn(const Event& event) {
  return function_arn(event.scope, event.function_name, event_qualifier(event.qualifier));
}

}  // namespace

std::string event_record(const Event& event, std::string_view condition, std::uint32_t attempts,
                         const LastAttempt& last, Instant now) {
  std::string text = fmt::format(
      R"({{"version":"1.0","timestamp":"{}","requestContext":{{"requestId":"{}","functionArn":"{}",)"
      R"("condition":"{}","approximateInvokeCount":{}}},"requestPayload":{})",
      iso8601(now, 3), event.request_id, qualified_arn(event), condition, attempts, as_json(event.payload));
  // Recorded: what never ran has neither context nor payload of a response.
  if (!last.executed_version.empty()) {
    text +=
        fmt::format(R"(,"responseContext":{{"statusCode":200,"executedVersion":"{}")", last.executed_version);
    if (!last.function_error.empty()) text += fmt::format(R"(,"functionError":"{}")", last.function_error);
    text += fmt::format(R"(}},"responsePayload":{})", as_json(last.payload));
  }
  text += '}';
  return text;
}

OutgoingMessage destination_message(const Event& event, std::string_view target, std::string record,
                                    bool success, Instant now, std::string_view id) {
  OutgoingMessage message{.from = event.scope,
                          .target = std::string(target),
                          .body = std::move(record),
                          .trace_id = event.trace_id};
  message.source = "lambda";
  message.detail_type =
      fmt::format("Lambda Function Invocation Result - {}", success ? "Success" : "Failure");
  message.resources = {std::string(target), qualified_arn(event)};
  // As the developer guide names objects of S3 destinations.
  const std::string at = iso8601(now, 0);
  std::string time = at.substr(0, 19);
  time[13] = time[16] = '.';
  message.object_key = fmt::format("aws/lambda/async/{}/{}/{}/{}/{}-{}", event.function_name, at.substr(0, 4),
                                   at.substr(5, 2), at.substr(8, 2), time, id);
  return message;
}

OutgoingMessage dead_letter(const Event& event, std::string_view target, const LastAttempt& last,
                            std::string_view condition) {
  std::string reason(condition);
  if (!last.function_error.empty()) {
    const Json payload = parse_bounded<Json>(last.payload);
    if (payload.is_object()) {
      const auto said = payload.find("errorMessage");
      if (said != payload.end() && said->is_string()) reason = said->get<std::string>();
    }
  }
  if (reason.size() > most_error_message) {
    std::size_t end = most_error_message;
    while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0) == 0x80) --end;  // whole characters
    reason.resize(end);
  }
  OutgoingMessage message{
      .from = event.scope, .target = std::string(target), .body = event.payload, .trace_id = event.trace_id};
  message.attributes = {{"RequestID", event.request_id},
                        {"ErrorCode", last.executed_version.empty() ? "429" : "200", true},
                        {"ErrorMessage", std::move(reason)}};
  return message;
}

}  // namespace aviary::lambda
