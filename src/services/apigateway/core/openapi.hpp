#pragma once

#include <string>

#include "base/json.hpp"

namespace aviary::apigateway {

/// What an OpenAPI document says of a REST API, in the words of the service's model.
struct ImportedApi {
  std::string problem{};               ///< why it cannot be read; then the rest is empty
  Json api = Json::object();           ///< name, description, version, binaryMediaTypes, …
  Json methods = Json::object();       ///< by path and verb; `_authorizer`, `_validator`: by name
  Json authorizers = Json::object();   ///< by name
  Json models = Json::object();        ///< by name
  Json validators = Json::object();    ///< by name
  Json responses = Json::object();     ///< gateway responses by type
  Json documentation = Json::array();  ///< parts: `location` and, as text, `properties`
};

/// Swagger 2.0 and OpenAPI 3 with API Gateway's extensions
/// (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html).
ImportedApi read_openapi(const Json& document);

}  // namespace aviary::apigateway
