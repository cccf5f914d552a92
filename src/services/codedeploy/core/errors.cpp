#include "services/codedeploy/core/errors.hpp"

#include <fmt/format.h>

#include "models/codedeploy.hpp"

namespace aviary::codedeploy {

namespace rows = models::codedeploy::errors;

AwsError application_not_found(std::string_view name) {
  return AwsError(rows::ApplicationDoesNotExistException,
                  fmt::format("No application found for name: {}", name));
}

AwsError group_not_found(std::string_view name) {
  return AwsError(rows::DeploymentGroupDoesNotExistException,
                  fmt::format("No Deployment Group found for name: {}", name));
}

AwsError config_not_found(std::string_view name) {
  return AwsError(rows::DeploymentConfigDoesNotExistException,
                  fmt::format("No Deployment Configuration found for name: {}", name));
}

AwsError deployment_not_found(std::string_view id) {
  return AwsError(rows::DeploymentDoesNotExistException,
                  fmt::format("The deployment {} could not be found", id));
}

Problem hook_failure(Step step, std::string_view how) {
  return {"HOOK_EXECUTION_FAILURE",
          fmt::format("The deployment failed because the lifecycle event hook {} {}.", name_of(step), how)};
}

Problem invalid_configuration(std::string_view detail) {
  // Seen at AWS, with and without a detail after it.
  std::string text =
      "The deployment failed because the AppSpec file that specifies the AWS Lambda deployment configuration "
      "is "
      "missing or has an invalid configuration.";
  if (!detail.empty()) text += fmt::format(" {}", detail);
  return {"INVALID_LAMBDA_CONFIGURATION", std::move(text)};
}

}  // namespace aviary::codedeploy
