#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

/// What a REST API answers by itself.
namespace aviary::apigateway {

struct GatewayResponseType {
  std::string_view name;     ///< `MISSING_AUTHENTICATION_TOKEN`
  int status;                ///< 0: what the response stands for has one of its own
  std::string_view message;  ///< `$context.error.message`
  std::string_view error;    ///< `x-amzn-ErrorType`
};

/// https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
std::span<const GatewayResponseType> gateway_response_types();
/// Null if there is none.
const GatewayResponseType* find_gateway_response(std::string_view name);
/// As GetGatewayResponse shows one that nobody changed.
Json default_gateway_response(std::string_view name);

/// `method.request.header.A, method.request.querystring.b`
std::vector<std::string> identity_sources(std::string_view text);

}  // namespace aviary::apigateway
