#pragma once

#include <string>

#include "base/json.hpp"

namespace aviary::app {

/// What `/_aviary/assert` answered as a JUnit report: a test case a sentence; what does not hold is a
/// failure, what cannot be judged an error.
std::string junit_report(const Json& results);

}  // namespace aviary::app
