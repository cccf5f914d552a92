#include "services/cloudwatch/api/input.hpp"

#include <cmath>

#include "base/encoding.hpp"
#include "models/cloudwatch.hpp"

namespace aviary::cloudwatch {

namespace rows = models::cloudwatch::errors;

std::optional<EpochSeconds> seconds_of(const Json& input, const char* name) {
  const Json* member = find_member(input, name);
  if (!member) return std::nullopt;
  return static_cast<EpochSeconds>(std::floor(member->get<double>()));
}

AwsError invalid_value(std::string text) { return {rows::InvalidParameterValueException, std::move(text)}; }
AwsError invalid_combination(std::string text) {
  return {rows::InvalidParameterCombinationException, std::move(text)};
}
AwsError missing_parameter(std::string text) {
  return {rows::MissingRequiredParameterException, std::move(text)};
}
AwsError validation_error(std::string text) { return {rows::ValidationError, std::move(text)}; }

std::string token_for(std::string_view next) { return base64_encode(std::string("next:").append(next)); }

std::optional<std::string> from_token(std::string_view token) {
  std::optional<std::string> text = base64_decode(token);
  if (!text || !text->starts_with("next:")) return std::nullopt;
  return text->substr(5);
}

AwsError invalid_token() { return {models::cloudwatch::errors::InvalidNextToken, "The token is invalid."}; }

}  // namespace aviary::cloudwatch
