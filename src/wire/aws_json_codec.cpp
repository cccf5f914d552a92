#include "wire/aws_json_codec.hpp"

#include <fmt/format.h>

#include "wire/json_reader.hpp"
#include "wire/json_writer.hpp"
#include "wire/rest_codec.hpp"
#include "wire/validate.hpp"

namespace aviary::wire {
namespace {

// Seen at DynamoDB: 400 here, where REST services have no such answer at all, and not a word beside the name.
constexpr ErrorShape unknown_operation{"UnknownOperationException", 400, Fault::Sender, "message", false};

}  // namespace

Result<Match> AwsJsonCodec::route(const models::Service& service, const Request& request) const {
  const std::string_view target = request.header("x-amz-target");
  const std::size_t dot = target.rfind('.');
  const models::Operation* operation = nullptr;
  if (dot != std::string_view::npos && target.substr(0, dot) == service.target_prefix)
    operation = service.find_operation(target.substr(dot + 1));
  if (operation == nullptr) {
    AwsError error(unknown_operation, {});
    error.omit_message = true;
    return error;
  }
  return Match{.operation = operation, .labels = {}};
}

Result<Decoded> AwsJsonCodec::decode(const Match& match, Request& request) const {
  Decoded decoded;
  const models::Operation& operation = *match.operation;
  if (operation.input == nullptr) return decoded;
  Result<Json> document = read_json(request.body, *operation.input, true);
  if (!document) return document.error();
  std::string().swap(request.body);
  if (Result<> valid = validate(*operation.input, *document); !valid) return valid.error();
  decoded.input = std::move(*document);
  return decoded;
}

Response AwsJsonCodec::encode(const models::Operation& operation, const Json& output, std::string payload,
                              int status) const {
  Response response;
  response.status = status != 0 ? status : operation.status;
  response.set("Content-Type", std::string(content_type_));
  // A payload member has no body of its own here; none of these services has one.
  response.body = std::move(payload);
  if (operation.output != nullptr && response.body.empty())
    write_json(response.body, output, *operation.output, true);
  return response;
}

Response AwsJsonCodec::encode_error(const AwsError& error) const {
  const ErrorShape& shape = *error.shape;
  Response response;
  response.status = shape.status;
  response.set("Content-Type", std::string(content_type_));
  response.set("x-amzn-ErrorType", std::string(shape.code));
  // For clients that came from the query protocol and compare its codes.
  if (!shape.query_code.empty())
    response.set("x-amzn-query-error", fmt::format("{};{}", shape.query_code,
                                                   shape.fault == Fault::Sender ? "Sender" : "Receiver"));
  response.body = json_error_body(error, shape.code);
  return response;
}

}  // namespace aviary::wire
