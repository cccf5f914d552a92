#include "services/cloudformation/core/custom_resource.hpp"

#include "base/bounded_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace aviary::cloudformation {
namespace {

constexpr std::size_t longest_answer = 4096;

/// Functions get every plain value as a text.
Json as_texts(const Json& value) {
  if (value.is_number() || value.is_boolean()) return value.dump();
  if (!value.is_structured()) return value;
  Json out = value;
  for (Json& each : out) each = as_texts(each);
  return out;
}

std::string text_at(const Json& answer, const char* name) {
  const auto found = answer.find(name);
  return found != answer.end() && found->is_string() ? found->get<std::string>() : std::string();
}

CustomAnswer failed(std::string problem) {
  CustomAnswer answer;
  answer.problem = std::move(problem);
  return answer;
}

}  // namespace

bool is_custom_type(std::string_view type) {
  return type == "AWS::CloudFormation::CustomResource" || type.starts_with("Custom::");
}

Json custom_event(const CustomRequest& request, const Context& context) {
  Json event{{"RequestType", request.request_type},
             {"ServiceToken", request.properties.value("ServiceToken", Json())},
             {"ResponseURL", request.response_url},
             {"StackId", context.stack_id},
             {"RequestId", request.request_id},
             {"LogicalResourceId", context.logical_id},
             {"ResourceType", request.type},
             {"ResourceProperties", as_texts(request.properties)}};
  if (!request.physical_id.empty()) event["PhysicalResourceId"] = request.physical_id;
  if (request.old_properties) event["OldResourceProperties"] = as_texts(*request.old_properties);
  return event;
}

CustomAnswer read_custom_answer(std::string_view body, const CustomRequest& request, const Context& context) {
  if (body.size() > longest_answer) return failed("Response object is too long.");
  const Json answer = parse_bounded<Json>(body);
  if (!answer.is_object()) return failed("Response is not valid JSON");
  for (const auto& [name, expected] :
       {std::pair{"StackId", &context.stack_id}, std::pair{"RequestId", &request.request_id},
        std::pair{"LogicalResourceId", &context.logical_id}}) {
    if (text_at(answer, name).empty())
      return failed(fmt::format("Vendor response doesn't contain {} attribute", name));
    if (text_at(answer, name) != *expected)
      return failed(fmt::format("Vendor response has another {} than the request", name));
  }
  CustomAnswer read;
  read.physical_id = text_at(answer, "PhysicalResourceId");
  const std::string status = text_at(answer, "Status");
  if (status == "FAILED") {
    const std::string reason = text_at(answer, "Reason");
    if (reason.empty()) {
      read.problem = "Vendor response doesn't contain Reason attribute";
    } else {
      read.problem = fmt::format(
          "Received response status [FAILED] from custom resource. Message returned: {} (RequestId: {})",
          reason, request.request_id);
    }
    return read;
  }
  if (status != "SUCCESS") return failed("Invalid response status: SUCCESS or FAILED is expected");
  // A deletion may leave it out: nothing comes of it.
  if (read.physical_id.empty() && request.request_type != "Delete")
    return failed("Vendor response doesn't contain PhysicalResourceId attribute");
  if (const auto data = answer.find("Data"); data != answer.end() && !data->is_null()) {
    if (!data->is_object()) return failed("Vendor response's Data is no object");
    read.data = *data;
  }
  read.no_echo = answer.value("NoEcho", Json(false)) == Json(true);
  read.success = true;
  return read;
}

Duration custom_timeout(const Json& properties) {
  constexpr int most = 3600;
  const std::string text = property_text(properties, "ServiceTimeout");
  int seconds = most;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (problem != std::errc{} || end != text.data() + text.size()) seconds = most;
  return std::chrono::seconds(std::clamp(seconds, 1, most));
}

std::optional<Signal> read_signal(std::string_view body) {
  const Json document = parse_bounded<Json>(body);
  if (!document.is_object()) return std::nullopt;
  const std::string status = text_at(document, "Status");
  Signal signal{.success = status == "SUCCESS",
                .reason = text_at(document, "Reason"),
                .id = text_at(document, "UniqueId"),
                .data = text_at(document, "Data")};
  if ((!signal.success && status != "FAILURE") || signal.id.empty()) return std::nullopt;
  return signal;
}

}  // namespace aviary::cloudformation
