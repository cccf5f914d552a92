#include "services/lambda/core/tenancy.hpp"

#include <fmt/format.h>

#include "services/lambda/core/errors.hpp"

namespace aviary::lambda {

bool isolates_tenants(const Configuration& configuration) {
  const auto config = configuration.recorded.find("TenancyConfig");
  return config != configuration.recorded.end() && config->is_object() &&
         config->value("TenantIsolationMode", "") == "PER_TENANT";
}

AwsError not_with_tenancy(std::string_view what) {
  return invalid_parameter(
      fmt::format("{} is not supported for functions with tenant isolation mode enabled.", what));
}

Result<> check_tenancy(const Configuration& configuration) {
  if (!isolates_tenants(configuration)) return {};
  const auto snap_start = configuration.recorded.find("SnapStart");
  if (snap_start != configuration.recorded.end() && snap_start->value("ApplyOn", "") == "PublishedVersions")
    return not_with_tenancy("SnapStart");
  if (configuration.recorded.contains("CapacityProviderConfig"))
    return not_with_tenancy("CapacityProviderConfig");
  return {};
}

Result<> check_tenant(const Version& version, std::string_view tenant_id) {
  const bool isolated = isolates_tenants(*version.configuration);
  if (isolated && tenant_id.empty()) {
    // As AWS prints it, e.g. in its blog "Building multi-tenant SaaS applications with AWS Lambda's new
    // tenant isolation mode".
    return invalid_parameter(
        "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request "
        "and try again.");
  }
  if (!isolated && !tenant_id.empty()) {
    return invalid_parameter(
        "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your "
        "request and try again.");
  }
  return {};
}

}  // namespace aviary::lambda
