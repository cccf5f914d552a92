#pragma once

#include "wire/rpc_codec.hpp"

namespace aviary::wire {

/// The query protocol: `Action` and all members in a form, in the body or in the URL, and an answer in XML
/// that wraps the members twice and has the request's id in it.
class QueryCodec final : public RpcCodec {
 public:
  QueryCodec() : RpcCodec(query_body(), "text/xml") {}

  Result<Match> route(const models::Service& service, const Request& request) const override;
  Result<Decoded> decode(const Match& match, Request& request) const override;
  Response encode(const models::Operation& operation, const Json& output, std::string payload, int status,
                  const AnswerContext& context) const override;
  Response encode_error(const AwsError& error, const AnswerContext& context) const override;
};

/// Whether the body says that it is a form.
bool is_form(const Request& request);

}  // namespace aviary::wire
