#pragma once

#include "wire/rpc_codec.hpp"

namespace aviary::wire {

/// aws-json 1.1 with CBOR for its bodies, `application/x-amz-cbor-1.1`: what the Java SDK speaks to Kinesis
/// unless it is told not to.
class AwsCborCodec final : public RpcCodec {
 public:
  AwsCborCodec() : RpcCodec(aws_cbor_body(), "application/x-amz-cbor-1.1") {}

  Result<Match> route(const models::Service& service, const Request& request) const override;
  Response encode_error(const AwsError& error, const AnswerContext& context) const override;
};

/// The codec for a request: its protocol's, or that of the form of it that only its content type tells.
const Codec* codec_of(const Target& target, const Request& request);

}  // namespace aviary::wire
