#pragma once

#include "wire/rpc_codec.hpp"

namespace aviary::wire {

/// Smithy's RPC v2 CBOR: `POST /service/{Service}/operation/{Operation}`, all members in a CBOR body, also an
/// error's name, and a header that says so in both directions.
class CborCodec final : public RpcCodec {
 public:
  CborCodec() : RpcCodec(cbor_body(), "application/cbor") {}

  Result<Match> route(const models::Service& service, const Request& request) const override;
  Response encode(const models::Operation& operation, const Json& output, std::string payload, int status,
                  const AnswerContext& context) const override;
  Response encode_error(const AwsError& error, const AnswerContext& context) const override;
};

/// The body of an error: `__type` as given, what the error has beside it, and its message.
std::string cbor_error_body(const AwsError& error, std::string_view type);

/// Service and operation of such a path, whatever stands before it; both empty if it is none.
struct SmithyPath {
  std::string_view service, operation;
};
SmithyPath smithy_path(std::string_view path);

}  // namespace aviary::wire
