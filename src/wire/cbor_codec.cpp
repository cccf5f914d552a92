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

void mark(Response& response) { response.set("smithy-protocol", "rpc-v2-cbor"); }

}  // namespace

const BodyCodec& cbor_body() {
  static const CborBody body;
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
  const ErrorShape& shape = *error.shape;
  Response response = error_response(error, context);
  mark(response);
  const bool has_type = shape.has_type && !error.omit_type;
  append_cbor_map(response.body,
                  1 + error.members.size() + (has_type ? 1 : 0) + (error.omit_message ? 0 : 1));
  append_cbor_text(response.body, "__type");
  append_cbor_text(response.body, context.service != nullptr
                                      ? fmt::format("com.amazonaws.{}#{}", context.service->id, shape.code)
                                      : std::string(shape.code));
  for (const auto& [name, value] : error.members) {
    append_cbor_text(response.body, name);
    append_cbor_text(response.body, value);
  }
  if (has_type) {
    append_cbor_text(response.body, "Type");
    append_cbor_text(response.body, shape.fault == Fault::Sender ? "User" : "Service");
  }
  if (!error.omit_message) {
    append_cbor_text(response.body, shape.message_member);
    append_cbor_text(response.body, error.message);
  }
  return response;
}

}  // namespace aviary::wire
