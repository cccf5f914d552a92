#pragma once

#include <cstdint>
#include <optional>
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

/// What the verbs want that talk to a running server.
struct ServerVerbs {
  std::string endpoint;  ///< of the server; empty: AWS_ENDPOINT_URL, or the usual port
  struct {
    std::vector<std::string> sentences;
    std::string file;   ///< of sentences, one a line; `-` is the standard input
    std::string junit;  ///< where the report goes; empty: nowhere
  } assertion;
  struct {
    std::string what;   ///< start, watch, promote, rollback
    std::string place;  ///< `order-processor:prod`, or a deployment's id
    std::string to;
    std::string config;
    std::vector<std::string> alarms;
    std::string before_hook;
    std::string after_hook;
    double interval = 1;  ///< seconds between two looks
    bool once = false;
  } canary;
  struct {
    std::string function;
    bool all = false;
    std::optional<std::uint32_t> keep;
    std::optional<std::uint32_t> days;
    bool dry_run = false;
  } prune;
};

// Those that talk to a running server. 2: it is not there, or does not understand.

/// Judges sentences. 0 when all hold, 1 when one does not.
int assert_verb(const ServerVerbs& wanted);
/// Starts, watches, promotes, rolls back. Watching ends with 0 when the deployment has succeeded, else with
/// 1.
int canary_verb(const ServerVerbs& wanted);
/// Deletes old versions, and says which.
int prune_verb(const ServerVerbs& wanted);

}  // namespace aviary::app
