#include "wire/rpc_codec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "wire/validate.hpp"

namespace aviary::wire {

std::string_view query_code(const ErrorShape& shape) {
  return shape.query_code.empty() ? shape.code : shape.query_code;
}

Result<Decoded> RpcCodec::decode(const Match& match, Request& request) const {
  Decoded decoded;
  const models::Operation& operation = *match.operation;
  if (operation.input == nullptr) return decoded;
  Result<Json> document = body_.read(request.body, *operation.input, true);
  if (!document) return document.error();
  std::string().swap(request.body);
  if (Result<> valid = validate(*operation.input, *document, violation_words(operation)); !valid)
    return valid.error();
  decoded.input = std::move(*document);
  return decoded;
}

Response RpcCodec::encode(const models::Operation& operation, const Json& output, std::string payload,
                          int status, const AnswerContext&) const {
  Response response;
  response.status = status != 0 ? status : operation.status;
  response.set("Content-Type", std::string(content_type_));
  // A payload member has no body of its own here; none of these services has one.
  response.body = std::move(payload);
  if (operation.output != nullptr && response.body.empty())
    response.body = body_.write(output, *operation.output, true);
  return response;
}

Response RpcCodec::error_response(const AwsError& error, const AnswerContext& context) const {
  const ErrorShape& shape = *error.shape;
  Response response;
  response.status = shape.status;
  response.set("Content-Type", std::string(content_type_));
  // For clients that came from the query protocol and compare its codes. Services that never spoke it do not
  // send this: botocore would take it for the error's name.
  const bool was_query = context.service != nullptr
                             ? std::ranges::find(context.service->protocols, models::Protocol::Query) !=
                                   context.service->protocols.end()
                             : !shape.query_code.empty();
  if (was_query)
    response.set("x-amzn-query-error", fmt::format("{};{}", query_code(shape),
                                                   shape.fault == Fault::Sender ? "Sender" : "Receiver"));
  return response;
}

}  // namespace aviary::wire
