#pragma once

#include "wire/rest_codec.hpp"

namespace aviary::wire {

const BodyCodec& xml_body();

/// rest-xml, as S3 speaks it: the bucket may be in the Host, operations share method and path and differ in
/// parameters and headers, bodies may come in chunks of their own, errors are an `<Error>` document. Others
/// that speak it have paths of their own, and errors within an `<ErrorResponse>`.
class RestXmlCodec final : public RestCodec {
 public:
  RestXmlCodec() : RestCodec(xml_body()) {}
  Result<Match> route(const models::Service& service, const Request& request) const override;
  Result<Decoded> decode(const Match& match, Request& request) const override;
  Response encode(const models::Operation& operation, const Json& output, std::string payload, int status,
                  const AnswerContext& context) const override;
  Response encode_error(const AwsError& error, const AnswerContext& context) const override;
};

/// The bucket in a Host of virtual-host style: `photos` of `photos.s3.us-east-1.amazonaws.com`,
/// `photos.s3.localhost:4566` and `photos.localhost`; empty if there is none.
std::string_view bucket_in_host(std::string_view host);

}  // namespace aviary::wire
