#pragma once

#include "aviary/emulator.hpp"

namespace aviary::app {

/// Says what this machine can do, which runtimes it has, and what to install. 0 when functions can run as on
/// Lambda.
int doctor(const EmulatorOptions& options);

/// The table of operations, as Markdown.
int print_operations();

}  // namespace aviary::app
