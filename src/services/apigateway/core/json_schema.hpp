#pragma once

#include <string>

#include "base/json.hpp"

namespace aviary::apigateway {

/// What is wrong with a document; empty if it fits. Of JSON Schema draft 4 there are `type`, `enum`,
/// `properties`, `required`, `additionalProperties`, `items`, the bounds of numbers, texts and lists,
/// `uniqueItems`, `allOf`, `anyOf`, `oneOf`, `not`, and `$ref` to a definition of the schema or to another
/// model; everything else, as `pattern` and `format`, is not looked at. `models` are the schemas of the API
/// by name.
std::string schema_problem(const Json& schema, const Json& document, const Json& models);

}  // namespace aviary::apigateway
