#pragma once

namespace aviary::app {

/// From the project's version in CMakeLists.txt.
inline constexpr const char* version = AVIARY_VERSION;

}  // namespace aviary::app
