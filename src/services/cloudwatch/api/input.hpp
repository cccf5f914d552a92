#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "gateway/service.hpp"
#include "services/cloudwatch/core/scope.hpp"

/// Reading a validated document, and writing what every answer has.
namespace aviary::cloudwatch {

std::optional<EpochSeconds> seconds_of(const Json& input, const char* name);

inline Scope scope_of(const Call& call) { return {.account = call.account, .region = call.region}; }

AwsError invalid_value(std::string text);        ///< 400 InvalidParameterValue
AwsError invalid_combination(std::string text);  ///< 400 InvalidParameterCombination
AwsError missing_parameter(std::string text);    ///< 400 MissingParameter
AwsError validation_error(std::string text);     ///< 400 ValidationError

/// Tokens carry where the next page begins; nothing for one that this service has not made.
std::string token_for(std::string_view next);
std::optional<std::string> from_token(std::string_view token);
AwsError invalid_token();  ///< 400 InvalidNextToken

}  // namespace aviary::cloudwatch
