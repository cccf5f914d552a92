#pragma once

#include <string_view>

#include "base/json.hpp"

namespace aviary::iam {

/// JSON: documents by path and name, as `service-role/AWSLambdaBasicExecutionRole`.
extern const std::string_view managed_policy_rows;

/// The document of a policy that AWS manages, `arn:aws:iam::aws:policy/…`; null: it is not known here.
const Json* managed_policy(std::string_view arn);

}  // namespace aviary::iam
