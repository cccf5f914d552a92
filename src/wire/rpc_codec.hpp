#pragma once

#include "wire/body_codec.hpp"
#include "wire/protocol.hpp"

namespace aviary::wire {

/// What the RPC protocols share: something outside of the body names the operation, and the body has all
/// members. They differ in where the name is, in the body codec, and in how an error is told.
class RpcCodec : public Codec {
 public:
  /// `content_type` of the answers: static text.
  RpcCodec(const BodyCodec& body, std::string_view content_type) : body_(body), content_type_(content_type) {}

  Result<Decoded> decode(const Match& match, Request& request) const override;
  Response encode(const models::Operation& operation, const Json& output, std::string payload, int status,
                  const AnswerContext& context) const override;

 protected:
  const BodyCodec& body() const { return body_; }
  std::string_view content_type() const { return content_type_; }
  /// An error's answer, but for its body.
  Response error_response(const AwsError& error, const AnswerContext& context) const;

 private:
  const BodyCodec& body_;
  std::string_view content_type_;
};

/// What the query protocol calls this error.
std::string_view query_code(const ErrorShape& shape);

}  // namespace aviary::wire
