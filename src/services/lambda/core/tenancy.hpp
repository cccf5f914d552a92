#pragma once

#include <string_view>

#include "base/result.hpp"
#include "services/lambda/core/version.hpp"

/// Tenant isolation: a function whose environments each serve one tenant only. Developer guide, "Tenant
/// isolation".
namespace aviary::lambda {

/// Whether `TenancyConfig` says PER_TENANT.
bool isolates_tenants(const Configuration& configuration);
/// Whether what the configuration asks for goes together with isolation.
Result<> check_tenancy(const Configuration& configuration);
/// Refuses an invocation that names no tenant where one is needed, and one that does where there are none.
Result<> check_tenant(const Version& version, std::string_view tenant_id);
/// `what` is not for functions that isolate their tenants.
AwsError not_with_tenancy(std::string_view what);

}  // namespace aviary::lambda
