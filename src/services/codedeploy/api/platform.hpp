#pragma once

#include "base/json.hpp"
#include "base/result.hpp"

namespace aviary::codedeploy {

/// `computePlatform` must be Lambda: InvalidComputePlatformException says so for the others, and for none,
/// which is Server.
Result<> check_platform(const Json& input);

}  // namespace aviary::codedeploy
