#include "services/lambda/core/snap_start.hpp"

#include <fmt/format.h>

#include "models/lambda.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/function_reference.hpp"
#include "services/lambda/core/runtimes.hpp"

namespace aviary::lambda {
namespace {

constexpr std::int64_t most_storage_mb = 512;

AwsError not_with_snap_start(std::string_view what) {
  return invalid_parameter(fmt::format("{} is not supported for SnapStart enabled functions.", what));
}

}  // namespace

bool snap_start_on(const Configuration& configuration) {
  const auto config = configuration.recorded.find("SnapStart");
  return config != configuration.recorded.end() && config->is_object() &&
         config->value("ApplyOn", "") == "PublishedVersions";
}

bool starts_from_snapshot(const Version& version) {
  return version.number != latest_qualifier && snap_start_on(*version.configuration);
}

Result<> check_snap_start(const Configuration& configuration) {
  if (!snap_start_on(configuration)) return {};
  if (!supports_snap_start(configuration.runtime)) return not_with_snap_start(configuration.runtime);
  // Developer guide, "Supported features and limitations".
  if (configuration.ephemeral_storage_mb > most_storage_mb)
    return not_with_snap_start("Ephemeral storage greater than 512 MB");
  if (configuration.recorded.contains("CapacityProviderConfig"))
    return not_with_snap_start("CapacityProviderConfig");
  if (configuration.recorded.contains("FileSystemConfigs")) return not_with_snap_start("FileSystemConfigs");
  return {};
}

AwsError snap_start_not_ready() {
  // Developer guide, "Troubleshooting SnapStart errors".
  return {models::lambda::errors::SnapStartNotReadyException,
          "Lambda is initializing your function. It will be ready to invoke once your function state becomes "
          "ACTIVE."};
}

}  // namespace aviary::lambda
