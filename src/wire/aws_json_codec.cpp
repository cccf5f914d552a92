#include "wire/aws_json_codec.hpp"

#include "wire/aws_cbor_codec.hpp"
#include "wire/cbor_codec.hpp"
#include "wire/rest_codec.hpp"

namespace aviary::wire {
namespace {

// Seen at DynamoDB: 400 here, where REST services have no such answer at all, and not a word beside the name.
constexpr ErrorShape unknown_operation{
    "UnknownOperationException", 400, Fault::Sender, "message", false, "InvalidAction"};

/// `X-Amz-Target: Kinesis_20131202.PutRecord`
Result<Match> route_by_target(const models::Service& service, const Request& request) {
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

}  // namespace

Result<Match> AwsJsonCodec::route(const models::Service& service, const Request& request) const {
  return route_by_target(service, request);
}

Result<Match> AwsCborCodec::route(const models::Service& service, const Request& request) const {
  return route_by_target(service, request);
}

Response AwsCborCodec::encode_error(const AwsError& error, const AnswerContext& context) const {
  Response response = error_response(error, context);
  response.set("x-amzn-ErrorType", std::string(error.shape->code));
  response.body = cbor_error_body(error, std::string(error.shape->code));
  return response;
}

Response AwsJsonCodec::encode_error(const AwsError& error, const AnswerContext& context) const {
  Response response = error_response(error, context);
  response.set("x-amzn-ErrorType", std::string(error.shape->code));
  response.body = json_error_body(error, error.shape->code);
  return response;
}

}  // namespace aviary::wire
