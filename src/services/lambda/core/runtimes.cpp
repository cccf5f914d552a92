#include "services/lambda/core/runtimes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/encoding.hpp"
#include "models/lambda.hpp"
#include "services/lambda/core/errors.hpp"

namespace aviary::lambda {
namespace {

/// The identifiers that are in use, in the order of AWS's own message. The model's enum has more; this
/// shorter list is what the recorded refusals print, and what the overlay gives to the layers' runtimes.
std::span<const std::string_view> supported_runtimes() {
  static const std::span<const std::string_view> values = [] {
    const models::Operation* operation = models::lambda::service.find_operation("PublishLayerVersion");
    const auto member =
        std::ranges::find(operation->input->members, "CompatibleRuntimes", &models::Member::name);
    return member->shape->values;
  }();
  return values;
}

/// Known, and refused in words of their own (recorded:
/// test_create_deprecated_function_runtime_with_validation_enabled).
constexpr auto retired_runtimes = std::to_array<std::string_view>(
    {"nodejs",     "nodejs4.3",     "nodejs4.3-edge", "nodejs6.10",    "nodejs8.10",
     "nodejs10.x", "nodejs12.x",    "nodejs14.x",     "python2.7",     "python3.6",
     "python3.7",  "dotnetcore1.0", "dotnetcore2.0",  "dotnetcore2.1", "dotnetcore3.1",
     "ruby2.5",    "ruby2.7",       "java8",          "go1.x",         "provided"});

constexpr auto snap_start =
    std::to_array<std::string_view>({"java11", "java17", "java21", "java25", "python3.12", "python3.13",
                                     "python3.14", "dotnet8", "dotnet10"});

}  // namespace

Result<> check_runtime(std::string_view runtime, RetiredRuntimes retired) {
  const std::span<const std::string_view> supported = supported_runtimes();
  if (std::ranges::find(supported, runtime) != supported.end()) return {};
  if (std::ranges::find(retired_runtimes, runtime) != retired_runtimes.end()) {
    if (retired == RetiredRuntimes::Allowed) return {};
    return invalid_parameter(fmt::format(
        "The runtime parameter of {} is no longer supported for creating or updating AWS Lambda functions. "
        "We recommend you use a supported runtime while creating or updating functions.",
        runtime));
  }
  return invalid_parameter(fmt::format(
      "Value {} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{}] or be "
      "a valid ARN",
      runtime, fmt::join(supported, ", ")));
}

std::string runtime_version_arn(std::string_view region, std::string_view runtime) {
  return fmt::format("arn:aws:lambda:{}::runtime:{}", region, hex_encode(sha256(runtime)));
}

bool supports_snap_start(std::string_view runtime) {
  return std::ranges::find(snap_start, runtime) != snap_start.end();
}

}  // namespace aviary::lambda
