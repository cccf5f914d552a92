#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ports/task.hpp"

namespace aviary {

/// How a runtime process is started inside a sandbox.
struct ProcessSpec {
  std::vector<std::string> argv;  ///< paths as seen inside; argv[0] is looked up as given, no PATH search
  std::vector<std::pair<std::string, std::string>> environment;  ///< the whole of it, nothing is inherited
  std::string working_directory = "/var/task";
  /// For a container alone, where empty says: as the image says. `argv` is then the command, and so is an
  /// empty `working_directory`.
  std::vector<std::string> entry_point{};
  /// The program can be started before its function is known: with AVIARY_WAIT=1 it reads its working
  /// directory and its environment from its standard input, each with a NUL behind it, and goes on from
  /// there.
  bool can_wait = false;
};

/// What an execution environment's world is made of. Fixed for the environment's life.
struct SandboxSpec {
  std::string id;                             ///< unique; names its folder and cgroup
  std::filesystem::path task_root;            ///< unpacked code, seen read-only at /var/task
  std::vector<std::filesystem::path> layers;  ///< unpacked layers in order, merged read-only into /opt
  std::uint64_t memory_bytes = 128ULL << 20;  ///< beyond it the processes are killed, as for lack of memory
  std::uint64_t tmp_bytes = 512ULL << 20;     ///< size of /tmp, on disk, not charged to memory
  /// An image's unpacked file system: all of it is seen read-only as `/`, in place of the machine's programs
  /// and of `task_root`. Needs namespaces.
  std::filesystem::path root{};
  /// Not a sandbox of ours but a container of this image, made by an engine. `task_root` may be empty then.
  std::string container_image{};
  /// What will be started first, as far as it is known: one that was started ahead may be taken.
  std::optional<ProcessSpec> first_process{};
};

struct ExitStatus {
  int code = 0;                ///< exit status, when `signal` is 0
  int signal = 0;              ///< the signal that ended it, or 0
  bool out_of_memory = false;  ///< killed for exceeding `memory_bytes`
};

/// What the launcher tells while a process lives; called on the loop's thread. After `exited` nothing more is
/// called.
struct ProcessEvents {
  std::function<void(std::string_view bytes)> output;  ///< standard output and error, in order of arrival
  std::function<void(ExitStatus)>
      exited;  ///< the first process ended and its output was read to the end (bounded wait)
};

/// Why nothing could be started.
struct LaunchProblem {
  int error_number;      ///< errno of the failing step
  std::string step;      ///< what was being done: "exec", "mount /tmp", …
  std::string advice{};  ///< said in place of both where the developer can do something about it
};
[[noreturn]] void throw_exception_from_error(const LaunchProblem& problem,
                                             const boost::source_location& where);

/// One execution environment's processes and their world: its file system outlives its processes, so that a
/// restarted runtime finds its /tmp again. Owned by the environment; destroying it kills every process and
/// removes every trace.
class Sandbox {
 public:
  virtual ~Sandbox() = default;
  /// Starts the first process. One at a time: the one before must have exited. An error of `exec` itself (no
  /// such file, permission, format) is a problem here, not an exit status.
  virtual Task<boost::system::result<void, LaunchProblem>> start(ProcessSpec process,
                                                                 ProcessEvents events) = 0;
  /// Names of the files right in /opt/extensions, in order: programs that shall run beside the first process.
  virtual std::vector<std::string> extensions() const = 0;
  /// Where the sandbox's processes listen that listen on sandbox.localdomain.
  virtual std::string local_address() const = 0;
  /// Starts a program beside the first process, before it or while it runs; any number of them. From then on
  /// the end of the first process ends no other: `kill` does. `exited` is about this program alone.
  virtual Task<boost::system::result<void, LaunchProblem>> start_beside(ProcessSpec process,
                                                                        ProcessEvents events) = 0;
  /// Stops and resumes every process. Idempotent, never fails on what is gone.
  virtual void freeze() = 0;
  virtual void thaw() = 0;
  /// Asks the first process to end (SIGTERM); `kill_first` ends it at once, and `kill` everything in the
  /// sandbox.
  virtual void terminate() = 0;
  virtual void kill_first() = 0;
  virtual void kill() = 0;
  /// Hands over at once what the processes have written by now (as much as a pipe holds), before this
  /// returns: so that what came before an answer is told before it.
  virtual void collect_output() = 0;
  /// Peak memory of the running process and its descendants so far, in bytes; 0 if unknown.
  virtual std::uint64_t peak_memory_bytes() = 0;
  /// Of the first process, as the host counts; nothing while none runs.
  virtual std::optional<int> pid() const = 0;
  /// Whether a TCP connection that arrived from this local port of the loopback interface was opened by a
  /// process of this sandbox. Keeps one function from taking another's invocations.
  virtual bool owns_connection(std::uint16_t peer_port, std::uint16_t local_port) = 0;
};

class SandboxLauncher {
 public:
  virtual ~SandboxLauncher() = default;
  virtual Task<boost::system::result<std::unique_ptr<Sandbox>, LaunchProblem>> create(SandboxSpec spec) = 0;
};

/// The command that starts a runtime in a sandbox.
struct RuntimeCommand {
  std::vector<std::string> argv;
  std::string version;  ///< of the interpreter that will run, e.g. "3.11.7"; empty for custom runtimes
  bool exact = true;    ///< false when a neighbouring version stands in
  std::vector<std::pair<std::string, std::string>>
      environment;             ///< what this runtime adds (PYTHONPATH, NODE_PATH, …)
  bool can_wait = false;       ///< see `ProcessSpec`
  bool wants_handler = false;  ///< the function's handler is its last argument
};

/// Which interpreters this machine has.
class RuntimeCatalog {
 public:
  virtual ~RuntimeCatalog() = default;
  /// Nothing when no interpreter of the family is installed; `install_hint` then names the package.
  virtual std::optional<RuntimeCommand> find(std::string_view runtime) = 0;
  virtual std::string install_hint(std::string_view runtime) = 0;
};

}  // namespace aviary
