#pragma once

#include "wire/protocol.hpp"

namespace aviary::wire {

/// aws-json 1.0 and 1.1: the operation is named in a header, all members are in a JSON body, also an error's
/// name. The two differ in nothing but the content type.
class AwsJsonCodec final : public Codec {
 public:
  explicit AwsJsonCodec(std::string_view content_type) : content_type_(content_type) {}

  Result<Match> route(const models::Service& service, const Request& request) const override;
  Result<Decoded> decode(const Match& match, Request& request) const override;
  Response encode(const models::Operation& operation, const Json& output, std::string payload,
                  int status) const override;
  Response encode_error(const AwsError& error) const override;

 private:
  std::string_view content_type_;
};

}  // namespace aviary::wire
