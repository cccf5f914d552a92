#pragma once

#include <string>
#include <string_view>

#include "base/aws_error.hpp"

/// The refusals that several operations share, in AWS's own words. Unless a place says otherwise the texts
/// are those that LocalStack's snapshots recorded from the service (tests/aws/services/logs/*.snapshot.json,
/// 2026).
namespace aviary::logs {

AwsError invalid_parameter(std::string text);  ///< 400 InvalidParameterException
AwsError not_found(std::string text);          ///< 400 ResourceNotFoundException
AwsError group_not_found();
AwsError stream_not_found();
AwsError limit_exceeded();
AwsError invalid_token();  ///< of a page

}  // namespace aviary::logs
