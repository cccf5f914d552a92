#include "services/logs/core/errors.hpp"

#include "models/logs.hpp"

namespace aviary::logs {

namespace rows = models::logs::errors;

AwsError invalid_parameter(std::string text) { return {rows::InvalidParameterException, std::move(text)}; }
AwsError not_found(std::string text) { return {rows::ResourceNotFoundException, std::move(text)}; }
AwsError group_not_found() { return not_found("The specified log group does not exist."); }
AwsError stream_not_found() { return not_found("The specified log stream does not exist."); }
AwsError limit_exceeded() { return {rows::LimitExceededException, "Resource limit exceeded."}; }
AwsError invalid_token() { return invalid_parameter("The specified nextToken is invalid."); }

}  // namespace aviary::logs
