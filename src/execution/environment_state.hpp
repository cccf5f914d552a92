#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// The two state machines of an environment, as tables: what a table does not name is refused.
namespace aviary::execution {

/// Where an execution environment is in its life.
enum class State : std::uint8_t {
  Starting,      ///< its sandbox is being made, or it waits for its turn to start
  Initialising,  ///< its process runs and has not asked for an event yet
  Idle,          ///< its runtime waits in `next`
  Invoking,      ///< an event was handed out
  Responded,     ///< the answer is there; the runtime is not back in `next` yet
  Resetting,     ///< its processes are being killed
  Snapshotted,   ///< initialised for a snapshot: its runtime waits to be restored
  Restoring,     ///< its runtime runs the hooks that follow a restore
  Stopped,       ///< no process; the sandbox and its /tmp are there, the next invocation starts a new process
  Dead,
};

enum class Event : std::uint8_t {
  Launch,       ///< a process is started
  Ready,        ///< the runtime asked for an event
  Deliver,      ///< an event was handed to it
  Respond,      ///< it posted a response or an error
  Reset,        ///< it shall be killed: time-out, failed init
  ProcessGone,  ///< its process has ended, or never came to life
  Snapshot,     ///< the runtime asked to be restored, once that is wanted
  Restore,      ///< an invocation was given to a snapshot
  Restart,      ///< an invocation was given to a stopped environment
  End,
};

/// The state after `event`, or nothing where that is refused.
std::optional<State> after(State state, Event event) noexcept;
std::string_view name(State state) noexcept;

/// What the Runtime API knows of a runtime; names as AWS's error texts spell them.
enum class RuntimeState : std::uint8_t {
  Started,
  InitError,
  Ready,
  Running,
  ResponseSent,
  RestoreReady,
  Restoring
};
enum class RuntimeCall : std::uint8_t { Next, Response, Error, InitError, RestoreNext, RestoreError };

/// Whether the runtime may make this call now. See AWS's runtime interface emulator, core/states.go.
bool allowed(RuntimeState state, RuntimeCall call) noexcept;
std::string_view name(RuntimeState state) noexcept;
/// The state that the call would lead to, as AWS's refusals name it.
std::string_view target_name(RuntimeCall call) noexcept;

}  // namespace aviary::execution
