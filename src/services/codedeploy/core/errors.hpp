#pragma once

#include <string>
#include <string_view>

#include "base/aws_error.hpp"
#include "services/codedeploy/core/deployment.hpp"

/// What several operations and steps refuse or fail with, in AWS's words where those are known.
namespace aviary::codedeploy {

AwsError application_not_found(std::string_view name);  ///< `No application found for name: …` (seen at AWS)
AwsError group_not_found(std::string_view name);  ///< `No Deployment Group found for name: …` (seen at AWS)
AwsError config_not_found(std::string_view name);
AwsError deployment_not_found(std::string_view id);

/// HOOK_EXECUTION_FAILURE; `how` says what it did: "reported Failed".
Problem hook_failure(Step step, std::string_view how);
/// INVALID_LAMBDA_CONFIGURATION; `detail` follows AWS's sentence and may be empty.
Problem invalid_configuration(std::string_view detail);

}  // namespace aviary::codedeploy
