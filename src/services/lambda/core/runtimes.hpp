#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace aviary::lambda {

/// What becomes of the runtimes that AWS runs no longer for new functions.
enum class RetiredRuntimes : std::uint8_t { Refused, Allowed };

/// Whether a function may be created with, or changed to, this runtime; else AWS's refusal (not the model's:
/// real Lambda knows more identifiers than it lets anybody use).
Result<> check_runtime(std::string_view runtime, RetiredRuntimes retired = RetiredRuntimes::Refused);

/// `arn:aws:lambda:<region>::runtime:<64 hex>`: stable for a runtime.
std::string runtime_version_arn(std::string_view region, std::string_view runtime);

/// Whether SnapStart may be switched on for it.
bool supports_snap_start(std::string_view runtime);

}  // namespace aviary::lambda
