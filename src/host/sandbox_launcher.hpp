#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ports/sandbox.hpp"
#include "spawner/protocol.hpp"

namespace aviary::host {

using spawner::Isolation;
using spawner::TmpKind;

struct LauncherOptions {
  /// Where the state folder goes (`StateFolder`); empty: the machine's temporary folder that is on a disk.
  std::filesystem::path state_parent{};
  /// Auto: namespaces, or plain processes with one warning where the machine refuses them.
  Isolation isolation = Isolation::Auto;
  /// Folders outside of /usr that are shown read-only at their own paths inside: interpreters (see
  /// `HostRuntimeCatalog::folders`).
  std::vector<std::filesystem::path> folders{};
  /// Interpreters kept started and waiting, of each kind that functions use; 0: none.
  std::size_t spare_processes = 2;
};

/// What the launcher found this machine to allow; known once the spawner runs.
struct LauncherFacts {
  bool running = false;  ///< whether the spawner has answered
  Isolation isolation = Isolation::Auto;
  std::string refusal{};        ///< why there are no namespaces, for people
  TmpKind tmp = TmpKind::Host;  ///< of the usual 512 MiB
  bool memory_cgroup = false;   ///< else memory is sampled
  bool freezer = false;         ///< else processes are stopped by signals
  int spawner_pid = 0;
};

/// Makes sandboxes through a spawner process (src/spawner), which is started when it is first needed, and
/// started anew if it dies. Everything of a sandbox is gone when its `Sandbox` is destroyed; everything of
/// all when this is, or when the server is killed.
///
/// On the loop's thread. Sandboxes may outlive it; they are dead then.
class HostLauncher final : public SandboxLauncher {
 public:
  HostLauncher(boost::asio::any_io_executor executor, LauncherOptions options);
  ~HostLauncher() override;
  HostLauncher(const HostLauncher&) = delete;
  HostLauncher& operator=(const HostLauncher&) = delete;

  /// `start` of what it gives delivers no event before it has returned.
  Task<boost::system::result<std::unique_ptr<Sandbox>, LaunchProblem>> create(SandboxSpec spec) override;
  /// Starts the spawner ahead of the first sandbox. Some 5 ms, most of them not on the loop.
  Task<boost::system::result<LauncherFacts, LaunchProblem>> prepare();
  LauncherFacts facts() const;
  /// Where the clients of the runtimes lie on the host: what a sandbox sees at /var/runtime. Exists after
  /// `prepare`.
  std::filesystem::path runtime_folder() const;
  std::size_t sandboxes() const noexcept;

 private:
  class Core;
  class HostSandbox;
  std::shared_ptr<Core> core_;
};

std::unique_ptr<HostLauncher> make_launcher(boost::asio::any_io_executor executor,
                                            LauncherOptions options = {});

}  // namespace aviary::host
