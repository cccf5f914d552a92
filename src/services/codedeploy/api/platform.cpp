#include "services/codedeploy/api/platform.hpp"

#include <fmt/format.h>

#include "models/codedeploy.hpp"
#include "services/codedeploy/api/input.hpp"

namespace aviary::codedeploy {

Result<> check_platform(const Json& input) {
  namespace rows = models::codedeploy::errors;
  const std::string& platform = text_of(input, "computePlatform");
  if (platform == "Lambda") return {};
  if (platform.empty())
    return AwsError(
        rows::InvalidComputePlatformException,
        "No computePlatform is specified, which means Server. Aviary deploys Lambda functions only: "
        "specify Lambda.");
  if (platform == "Server" || platform == "ECS" || platform == "Kubernetes")
    return AwsError(
        rows::InvalidComputePlatformException,
        fmt::format("The computePlatform {} is not part of Aviary, which deploys Lambda functions "
                    "only: specify Lambda.",
                    platform));
  return AwsError(  // measured at AWS
      rows::InvalidComputePlatformException,
      fmt::format("ComputePlatform '{}' is not valid. Valid values are [Server, Lambda, ECS, Kubernetes]",
                  platform));
}

}  // namespace aviary::codedeploy
