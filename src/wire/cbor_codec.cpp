#include "wire/cbor_codec.hpp"

#include <fmt/format.h>

#include "wire/cbor_reader.hpp"
#include "wire/cbor_writer.hpp"

namespace aviary::wire {
namespace {

class CborBody final : public BodyCodec {
 public:
  std::string_view content_type() const override { return "application/cbor"; }
  Result<Json> read(std::string_view body, const models::Shape& structure, bool whole) const override {
    return read_cbor(body, structure, whole);
  }
  std::string write(const Json& document, const models::Shape& structure, bool whole) const override {
    std::string out;
    write_cbor(out, document, structure, whole);
    return out;
  }
};

/// Milliseconds become the seconds of documents.
void scale_timestamps(Json& document, const models::Shape& shape) {
  switch (shape.type) {
    case models::ShapeType::Timestamp:
      if (document.is_number()) document = document.get<double>() / 1000;
      return;
    case models::ShapeType::Structure:
      if (!document.is_object()) return;
      for (const models::Member& member : shape.members)
        if (const auto found = document.find(member.name); found != document.end())
          scale_timestamps(*found, *member.shape);
      return;
    case models::ShapeType::List:
    case models::ShapeType::Map:
      for (Json& element : document) scale_timestamps(element, *shape.element);
      return;
    default:
      return;
  }
}

class AwsCborBody final : public BodyCodec {
 public:
  std::string_view content_type() const override { return "application/x-amz-cbor-1.1"; }
  Result<Json> read(std::string_view body, const models::Shape& structure, bool whole) const override {
    Result<Json> document = read_cbor(body, structure, whole);
    if (document) scale_timestamps(*document, structure);
    return document;
  }
  std::string write(const Json& document, const models::Shape& structure, bool whole) const override {
    std::string out;
    write_cbor_millis(out, document, structure, whole);
    return out;
  }
};

void mark(Response& response) { response.set("smithy-protocol", "rpc-v2-cbor"); }

}  // namespace

const BodyCodec& cbor_body() {
  static const CborBody body;
  return body;
}

const BodyCodec& aws_cbor_body() {
  static const AwsCborBody body;
  return body;
}

SmithyPath smithy_path(std::string_view path) {
  // Only the end is fixed: an endpoint may have a path of its own.
  static constexpr std::string_view before_operation = "/operation/";
  static constexpr std::string_view before_service = "/service/";
  const std::size_t second = path.rfind(before_operation);
  if (second == std::string_view::npos) return {};
  const std::string_view operation = path.substr(second + before_operation.size());
  const std::size_t first = path.substr(0, second).rfind(before_service);
  if (first == std::string_view::npos) return {};
  const std::size_t start = first + before_service.size();
  const std::string_view service = path.substr(start, second - start);
  if (service.empty() || operation.empty() || service.find('/') != std::string_view::npos ||
      operation.find('/') != std::string_view::npos)
    return {};
  return {service, operation};
}

Result<Match> CborCodec::route(const models::Service& service, const Request& request) const {
  const SmithyPath named = smithy_path(request.path());
  const models::Operation* operation = nullptr;
  if (request.method == "POST" && named.service == service.target_prefix && !named.service.empty())
    operation = service.find_operation(named.operation);
  if (operation == nullptr) {
    AwsError error(errors::UnknownOperationException, {});
    error.omit_message = true;
    return error;
  }
  return Match{.operation = operation, .labels = {}};
}

Response CborCodec::encode(const models::Operation& operation, const Json& output, std::string payload,
                           int status, const AnswerContext& context) const {
  Response response = RpcCodec::encode(operation, output, std::move(payload), status, context);
  // An operation that says nothing has no body, and so no type of one.
  if (operation.output == nullptr && response.body.empty()) response.headers.clear();
  mark(response);
  return response;
}

Response CborCodec::encode_error(const AwsError& error, const AnswerContext& context) const {
  Response response = error_response(error, context);
  mark(response);
  response.body =
      cbor_error_body(error, context.service != nullptr
                                 ? fmt::format("com.amazonaws.{}#{}", context.service->id, error.shape->code)
                                 : std::string(error.shape->code));
  return response;
}

std::string cbor_error_body(const AwsError& error, std::string_view type) {
  const ErrorShape& shape = *error.shape;
  std::string body;
  const bool has_type = shape.has_type && !error.omit_type;
  append_cbor_map(body, 1 + error.members.size() + (has_type ? 1 : 0) + (error.omit_message ? 0 : 1));
  append_cbor_text(body, "__type");
  append_cbor_text(body, type);
  for (const auto& [name, value] : error.members) {
    append_cbor_text(body, name);
    append_cbor_text(body, value);
  }
  if (has_type) {
    append_cbor_text(body, "Type");
    append_cbor_text(body, shape.fault == Fault::Sender ? "User" : "Service");
  }
  if (!error.omit_message) {
    append_cbor_text(body, shape.message_member);
    append_cbor_text(body, error.message);
  }
  return body;
}

}  // namespace aviary::wire
