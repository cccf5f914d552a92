#pragma once

#include <string_view>

namespace aviary::app {

/// What of an operation is honoured, for the table in docs/limits.md; empty if nothing is said but that it is
/// there.
std::string_view operation_note(std::string_view service, std::string_view operation);

}  // namespace aviary::app
