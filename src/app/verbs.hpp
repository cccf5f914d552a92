#pragma once

#include "aviary/emulator.hpp"

namespace aviary::app {

/// What a process of our own is started as, which no user types (see src/host). -1: this is not one.
int run_hidden_verb(int argc, char** argv);

/// Says what this machine can do, which runtimes it has, and what to install. 0 when functions can run as on
/// Lambda.
int doctor(const EmulatorOptions& options);

/// The table of operations, as Markdown.
int print_operations();

}  // namespace aviary::app
