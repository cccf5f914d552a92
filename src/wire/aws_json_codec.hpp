#pragma once

#include "wire/rpc_codec.hpp"

namespace aviary::wire {

/// aws-json 1.0 and 1.1: the operation is named in a header, all members are in a JSON body, also an error's
/// name. The two differ in nothing but the content type.
class AwsJsonCodec final : public RpcCodec {
 public:
  explicit AwsJsonCodec(std::string_view content_type) : RpcCodec(json_body(), content_type) {}

  Result<Match> route(const models::Service& service, const Request& request) const override;
  Response encode_error(const AwsError& error, const AnswerContext& context) const override;
};

}  // namespace aviary::wire
