#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What a function may be made of, and how many versions a capacity provider has.
/// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
namespace aviary::lambda {

struct Quotas {
  std::uint64_t layers = 5;                    ///< of a function
  std::uint64_t environment_bytes = 4096;      ///< all its variables, as JSON
  std::uint64_t zipped_bytes = 52'428'800;     ///< a package in the request itself
  std::uint64_t unzipped_bytes = 262'144'000;  ///< code and layers together
  /// Of functions that name the same capacity provider. Developer guide, "Lambda Managed Instances quotas".
  std::uint64_t capacity_provider_versions = 100;
};

/// `layers=8,environment=16,zipped=20,unzipped=500,provider-versions=200`: kilobytes,
/// megabytes, and numbers; what is not named is as on AWS.
/// Nothing if it is anything else.
std::optional<Quotas> parse_quotas(std::string_view text);
/// What `parse_quotas` reads.
std::string quotas_text(const Quotas& quotas);

}  // namespace aviary::lambda
