#include "app/otlp_spans.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace aviary::app {
namespace {

constexpr int kind_internal = 1;
constexpr int kind_server = 2;
constexpr int status_error = 2;

Json attribute(std::string_view key, std::string_view value) {
  return {{"key", key}, {"value", {{"stringValue", value}}}};
}

std::string nanoseconds_of(const Json& epoch_seconds) {
  // A double has a microsecond's resolution here; that is what the clock has.
  const double microseconds = std::round(epoch_seconds.get<double>() * 1e6);
  return std::to_string(static_cast<std::int64_t>(microseconds) * 1000);
}

/// `1-67891233-abcdef012345678912345678` without its marks: 32 hexadecimal digits.
std::string otlp_trace_id(std::string_view id) {
  std::string digits(id.substr(std::min<std::size_t>(2, id.size())));
  std::erase(digits, '-');
  return digits;
}

bool failed(const Json& segment) { return segment.contains("error") || segment.contains("fault"); }

Json span_of(const Json& segment, const std::string& trace_id, std::string_view parent, int kind) {
  Json span{{"traceId", trace_id},
            {"spanId", segment.at("id")},
            {"name", segment.at("name")},
            {"kind", kind},
            {"startTimeUnixNano", nanoseconds_of(segment.at("start_time"))},
            {"endTimeUnixNano", nanoseconds_of(segment.at("end_time"))},
            {"attributes", Json::array()}};
  if (!parent.empty()) span["parentSpanId"] = parent;
  if (!failed(segment)) return span;
  span["status"] = {{"code", status_error}};
  if (!segment.contains("cause")) return span;
  for (const Json& exception : segment["cause"]["exceptions"]) {
    const std::string message = exception.value("message", "");
    span["status"]["message"] = message;
    span["events"].push_back(
        {{"name", "exception"},
         {"timeUnixNano", span["endTimeUnixNano"]},
         {"attributes", Json::array({attribute("exception.type", exception.value("type", "")),
                                     attribute("exception.message", message)})}});
  }
  return span;
}

Json spans_of(const execution::Trace& trace) {
  const std::string id = otlp_trace_id(trace.trace_id);
  Json spans = Json::array();
  Json service = span_of(trace.service, id, trace.service.value("parent_id", ""), kind_server);
  service["attributes"].push_back(attribute("aws.request_id", trace.service["aws"].value("request_id", "")));
  service["attributes"].push_back(
      attribute("faas.invocation_id", trace.service["aws"].value("request_id", "")));
  service["attributes"].push_back(
      attribute("aws.lambda.invoked_arn", trace.service.value("resource_arn", "")));
  spans.push_back(std::move(service));
  if (trace.function.is_null()) return spans;
  Json function = span_of(trace.function, id, trace.function.value("parent_id", ""), kind_internal);
  function["attributes"].push_back(
      {{"key", "faas.coldstart"},
       {"value", {{"boolValue", trace.function["aws"].value("cold_start", false)}}}});
  spans.push_back(std::move(function));
  const std::string parent = trace.function.value("id", "");
  for (const Json& part : trace.function["subsegments"])
    spans.push_back(span_of(part, id, parent, kind_internal));
  return spans;
}

Json resource_of(const execution::Trace& trace) {
  return {
      {"attributes",
       Json::array({attribute("service.name", trace.function_name), attribute("cloud.provider", "aws"),
                    attribute("cloud.platform", "aws_lambda"), attribute("cloud.region", trace.scope.region),
                    attribute("cloud.account.id", trace.scope.account),
                    attribute("faas.name", trace.function_name), attribute("faas.version", trace.version)})}};
}

}  // namespace

Json otlp_request(const std::vector<execution::Trace>& traces) {
  Json resources = Json::array();
  for (const execution::Trace& trace : traces)
    resources.push_back(
        {{"resource", resource_of(trace)},
         {"scopeSpans", Json::array({{{"scope", {{"name", "aviary"}}}, {"spans", spans_of(trace)}}})}});
  return {{"resourceSpans", std::move(resources)}};
}

}  // namespace aviary::app
