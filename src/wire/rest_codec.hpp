#pragma once

#include "wire/body_codec.hpp"
#include "wire/protocol.hpp"

namespace aviary::wire {

/// The HTTP binding of the REST protocols: members travel in the path, the query, headers, the status or the
/// body, as the model says; what is in the body is the body codec's affair.
class RestCodec : public Codec {
 public:
  explicit RestCodec(const BodyCodec& body) : body_(body) {}

  Result<Match> route(const models::Service& service, const Request& request) const override;
  Result<Decoded> decode(const Match& match, Request& request) const override;
  Response encode(const models::Operation& operation, const Json& output, std::string payload, int status,
                  const AnswerContext& context) const override;

 private:
  const BodyCodec& body_;
};

/// rest-json: errors are named in a header, their body is JSON.
class RestJsonCodec final : public RestCodec {
 public:
  RestJsonCodec() : RestCodec(json_body()) {}
  Response encode_error(const AwsError& error, const AnswerContext& context) const override;
};

/// The members that an error's JSON body has in every protocol that speaks JSON, in the order in which AWS
/// sends them. `type_member`, unless empty, is put first: `__type` of aws-json.
std::string json_error_body(const AwsError& error, std::string_view type_member);

}  // namespace aviary::wire
