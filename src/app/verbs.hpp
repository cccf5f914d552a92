#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aviary/emulator.hpp"

namespace aviary::app {

/// Says what this machine can do, which runtimes it has, and what to install. 0 when functions can run as on
/// Lambda.
int doctor(const EmulatorOptions& options);

/// What `aviary invoke` was asked for.
struct InvokeOptions {
  std::string file;
  std::string event;             ///< JSON text, `@FILE` or `-`; empty: `{}`
  std::string handler;           ///< empty: guessed
  std::string runtime;           ///< empty: guessed
  std::string folder;            ///< what becomes /var/task; empty: guessed
  std::vector<std::string> env;  ///< NAME=value
  std::int64_t timeout = 900;    ///< seconds
  std::int64_t memory = 1024;    ///< MB
};

/// Runs a handler once, without any deployment: its answer on standard output, its log on standard error. 0;
/// 1 when the function failed; 2 when nothing could be run.
int invoke_once(EmulatorOptions options, const InvokeOptions& asked);

/// Writes the runtime clients into a folder, for processes that are attached. 0, or 2 if that fails.
int write_clients(const std::string& folder);

/// The table of operations, as Markdown.
int print_operations();

}  // namespace aviary::app
