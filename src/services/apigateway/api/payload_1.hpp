#pragma once

#include "base/json.hpp"
#include "gateway/payload_format.hpp"

/// Payload format 1.0.
namespace aviary::apigateway {

/// `resource`: the route's path. Without the body: what an authorizer gets.
OrderedJson payload_head_1(const wire::Request& request, const PayloadCall& call,
                           const std::string& resource);
OrderedJson payload_event_1(const wire::Request& request, const PayloadCall& call,
                            const std::string& resource);
/// Nothing if the function did not answer `statusCode`, `headers`, `multiValueHeaders`, `body` as it should.
std::optional<wire::Response> payload_answer_1(const std::string& payload);

}  // namespace aviary::apigateway
