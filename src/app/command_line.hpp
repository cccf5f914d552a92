#pragma once

#include <string>

#include "app/verbs.hpp"
#include "aviary/emulator.hpp"

namespace aviary::app {

enum class Verb { Serve, Doctor, Operations, Invoke, Clients, Assert, Canary, Prune, Deploy, None };

/// What the command line, the environment and the configuration file ask for, in that order of precedence.
struct CommandLine {
  Verb verb = Verb::Serve;
  EmulatorOptions options;
  InvokeOptions invoke;            ///< for `Verb::Invoke`
  std::string folder;              ///< for `Verb::Clients`
  DeployOptions serve_template{};  ///< for `Verb::Serve`; no file: nothing is deployed
  ServerVerbs server{};            ///< for those that talk to a running server
  int exit_code = 0;               ///< for `Verb::None`: help, version or a mistake was already printed
};

CommandLine parse_command_line(int argc, char** argv);

/// The whole help text: what `--help` prints.
std::string help_text();

}  // namespace aviary::app
