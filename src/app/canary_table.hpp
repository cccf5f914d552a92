#pragma once

#include <string>

#include "base/json.hpp"

namespace aviary::app {

/// What `/_aviary/canaries/…` answered, for a person: a headline, a line a version, the alarms, what comes
/// next. Several lines, each with its end.
std::string canary_table(const Json& report);

/// The same in one line, for where there is no terminal.
std::string canary_line(const Json& report);

/// Whether there is nothing more to wait for: the deployment is over, and its rollback with it, or there is
/// none.
bool canary_is_over(const Json& report);

}  // namespace aviary::app
