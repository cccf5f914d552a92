#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
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

/// A template of the developer's own folder, and where it goes.
struct DeployOptions {
  std::string file;                     ///< empty: template.yaml, template.yml or template.json
  std::string stack_name;               ///< empty: the folder's name
  std::vector<std::string> parameters;  ///< NAME=value
  bool build = false;                   ///< install what requirements.txt and package.json ask for
  bool watch = false;                   ///< again whenever something has changed
  std::string account;                  ///< empty: the server's
  std::string region;
};

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
  DeployOptions deploy;
};

// Those that talk to a running server. 2: it is not there, or does not understand.

/// Judges sentences. 0 when all hold, 1 when one does not.
int assert_verb(const ServerVerbs& wanted);
/// Starts, watches, promotes, rolls back. Watching ends with 0 when the deployment has succeeded, else with
/// 1.
int canary_verb(const ServerVerbs& wanted);
/// Packs what the template names of its own folder, and makes the stack so. 0 when it is, 1 when it has
/// failed.
int deploy_verb(const ServerVerbs& wanted);
/// The same for a server of this process, which may end at any time. `deployed` is told how the first one
/// went.
void deploy_to(const std::string& endpoint, const DeployOptions& wanted, const std::atomic<bool>& stopping,
               const std::function<void(int status)>& deployed);
/// Deletes old versions, and says which.
int prune_verb(const ServerVerbs& wanted);

}  // namespace aviary::app
