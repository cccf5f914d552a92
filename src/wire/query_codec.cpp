#include "wire/query_codec.hpp"

#include <fmt/format.h>

#include "wire/form_reader.hpp"
#include "wire/query_string.hpp"
#include "wire/xml_writer.hpp"

namespace aviary::wire {
namespace {

class QueryBody final : public BodyCodec {
 public:
  std::string_view content_type() const override { return "text/xml"; }
  Result<Json> read(std::string_view body, const models::Shape& structure, bool) const override {
    return read_form(body, structure);
  }
  std::string write(const Json& document, const models::Shape& structure, bool whole) const override {
    std::string out;
    write_xml(out, document, structure, whole);
    return out;
  }
};

// In every query service's list of common errors; the texts were seen at SES, SNS and SQS.
constexpr ErrorShape invalid_action{"InvalidAction", 400, Fault::Sender, "Message", false};
constexpr ErrorShape missing_action{"MissingAction", 400, Fault::Sender, "Message", false};

/// The namespace of errors that come before any service has seen the request.
constexpr std::string_view fault_namespace = "http://webservices.amazon.com/AWSFault/2005-15-09";

/// `Action` or `Version`, from the body or from the URL.
std::optional<std::string> parameter(const Request& request, std::string_view name) {
  if (is_form(request))
    if (std::optional<std::string> found = query_value(request.body, name)) return found;
  return query_value(request.query(), name);
}

std::string_view namespace_of(const AnswerContext& context) {
  return context.service != nullptr && !context.service->xml_namespace.empty()
             ? context.service->xml_namespace
             : fault_namespace;
}

}  // namespace

const BodyCodec& query_body() {
  static const QueryBody body;
  return body;
}

bool is_form(const Request& request) {
  return request.header("content-type").starts_with("application/x-www-form-urlencoded");
}

Result<Match> QueryCodec::route(const models::Service& service, const Request& request) const {
  const std::optional<std::string> action = parameter(request, "Action");
  if (!action || action->empty()) return AwsError(missing_action, "Missing Action");
  const models::Operation* operation = service.find_operation(*action);
  // Any version will do: there is one of each service here.
  if (operation == nullptr)
    return AwsError(invalid_action,
                    fmt::format("Could not find operation {} for version {}", *action,
                                parameter(request, "Version").value_or(std::string(service.api_version))));
  return Match{.operation = operation, .labels = {}};
}

Result<Decoded> QueryCodec::decode(const Match& match, Request& request) const {
  if (!is_form(request)) {
    request.body = request.query();
  } else if (!request.query().empty()) {
    request.body += '&';
    request.body += request.query();
  }
  return RpcCodec::decode(match, request);
}

Response QueryCodec::encode(const models::Operation& operation, const Json& output, std::string, int status,
                            const AnswerContext& context) const {
  Response response;
  response.status = status != 0 ? status : operation.status;
  response.set("Content-Type", std::string(content_type()));
  std::string& out = response.body;
  out = fmt::format("<{}Response xmlns=\"", operation.name);
  append_xml_text(out, namespace_of(context));
  out += "\">";
  if (operation.output != nullptr) {
    out += fmt::format("<{}Result>", operation.name);
    write_xml(out, output, *operation.output, true);
    out += fmt::format("</{}Result>", operation.name);
  }
  out += "<ResponseMetadata>";
  append_xml_element(out, "RequestId", context.request_id);
  out += fmt::format("</ResponseMetadata></{}Response>", operation.name);
  return response;
}

Response QueryCodec::encode_error(const AwsError& error, const AnswerContext& context) const {
  const ErrorShape& shape = *error.shape;
  Response response;
  response.status = shape.status;
  response.set("Content-Type", std::string(content_type()));
  std::string& out = response.body;
  out = "<ErrorResponse xmlns=\"";
  append_xml_text(out, namespace_of(context));
  out += "\"><Error>";
  append_xml_element(out, "Type", shape.fault == Fault::Sender ? "Sender" : "Receiver");
  append_xml_element(out, "Code", query_code(shape));
  if (!error.omit_message) append_xml_element(out, "Message", error.message);
  for (const auto& [name, value] : error.members) append_xml_element(out, name, value);
  out += "</Error>";
  append_xml_element(out, "RequestId", context.request_id);
  out += "</ErrorResponse>";
  return response;
}

}  // namespace aviary::wire
