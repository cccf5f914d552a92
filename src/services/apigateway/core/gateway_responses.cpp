#include "services/apigateway/core/gateway_responses.hpp"

#include <algorithm>

namespace aviary::apigateway {
namespace {

// Messages and error types as they are seen on the wire; those of AWS WAF, signatures and caches cannot occur
// here, but can be looked at.
constexpr GatewayResponseType types[] = {
    {"ACCESS_DENIED", 403, "User is not authorized to access this resource", "AccessDeniedException"},
    {"API_CONFIGURATION_ERROR", 500, "Internal server error", "InternalServerErrorException"},
    {"AUTHORIZER_CONFIGURATION_ERROR", 500, "", "AuthorizerConfigurationException"},
    {"AUTHORIZER_FAILURE", 500, "", "AuthorizerConfigurationException"},
    {"BAD_REQUEST_BODY", 400, "Invalid request body", "BadRequestException"},
    {"BAD_REQUEST_PARAMETERS", 400, "Missing required request parameters", "BadRequestException"},
    {"DEFAULT_4XX", 0, "", ""},
    {"DEFAULT_5XX", 0, "", ""},
    {"EXPIRED_TOKEN", 403, "The security token included in the request is expired", "ExpiredTokenException"},
    {"INTEGRATION_FAILURE", 504, "Internal server error", "InternalServerErrorException"},
    {"INTEGRATION_TIMEOUT", 504, "Endpoint request timed out", "InternalServerErrorException"},
    {"INVALID_API_KEY", 403, "Forbidden", "ForbiddenException"},
    {"INVALID_SIGNATURE", 403, "The request signature we calculated does not match",
     "InvalidSignatureException"},
    {"MISSING_AUTHENTICATION_TOKEN", 403, "Missing Authentication Token",
     "MissingAuthenticationTokenException"},
    {"QUOTA_EXCEEDED", 429, "Limit Exceeded", "LimitExceededException"},
    {"REQUEST_TOO_LARGE", 413, "Request Too Long", "RequestTooLargeException"},
    {"RESOURCE_NOT_FOUND", 404, "Not Found", "NotFoundException"},
    {"THROTTLED", 429, "Too Many Requests", "TooManyRequestsException"},
    {"UNAUTHORIZED", 401, "Unauthorized", "UnauthorizedException"},
    {"UNSUPPORTED_MEDIA_TYPE", 415, "Unsupported Media Type", "UnsupportedMediaTypeException"},
    {"WAF_FILTERED", 403, "Forbidden", "ForbiddenException"}};

}  // namespace

std::span<const GatewayResponseType> gateway_response_types() { return types; }

const GatewayResponseType* find_gateway_response(std::string_view name) {
  const auto* found = std::ranges::find(types, name, &GatewayResponseType::name);
  return found != std::end(types) ? found : nullptr;
}

Json default_gateway_response(std::string_view name) {
  const GatewayResponseType* type = find_gateway_response(name);
  Json response{{"responseType", name},
                {"defaultResponse", true},
                {"responseParameters", Json::object()},
                {"responseTemplates", {{"application/json", R"({"message":$context.error.messageString})"}}}};
  if (type != nullptr && type->status != 0) response["statusCode"] = std::to_string(type->status);
  return response;
}

std::vector<std::string> identity_sources(std::string_view text) {
  std::vector<std::string> sources;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view one = text.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!one.empty()) sources.emplace_back(one);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return sources;
}

}  // namespace aviary::apigateway
