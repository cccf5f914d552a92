#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "host/client_compiler.hpp"
#include "host/sandbox_launcher.hpp"
#include "host/spare_processes.hpp"
#include "host/spawner_link.hpp"
#include "host/state_folder.hpp"
#include "ports/one_shot.hpp"

namespace aviary::host {

/// What a launcher and its sandboxes share: the state folder and the spawner of the moment.
class HostLauncher::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(boost::asio::any_io_executor executor, LauncherOptions options);

  /// Completes when a spawner runs and has said what it can do.
  Task<boost::system::result<void, LaunchProblem>> ready();
  void close();

  boost::asio::any_io_executor executor() const { return executor_; }
  const LauncherFacts& facts() const noexcept { return facts_; }
  std::filesystem::path runtime_folder() const;
  /// Nothing when the spawner is gone.
  std::shared_ptr<SpawnerLink> link() const { return link_; }

  /// A process runs with this command line, as a sandbox sees it.
  void started(const ProcessSpec& process) {
    if (compiler_) compiler_->saw(process.argv);
    if (facts_.isolation == Isolation::Namespaces)
      spares_.used(process, link_, [this] { return next_handle(); });
  }
  /// One that was started ahead and can become this one.
  std::optional<SpareProcess> take_spare(const std::optional<ProcessSpec>& process) {
    if (!process) return std::nullopt;
    return spares_.take(SpareProcesses::kind_of(*process));
  }

  std::uint32_t next_handle() { return ++last_handle_; }
  /// `lost` is called if the spawner dies.
  void enter(std::uint32_t handle, SpawnerLink::Handler handler, std::function<void()> lost);
  void leave(std::uint32_t handle);
  std::size_t sandboxes() const noexcept { return lost_handlers_.size(); }

 private:
  std::optional<LaunchProblem> start();
  void greeted(const spawner::Packet& packet);
  void lose();
  void wake_waiting();

  boost::asio::any_io_executor executor_;
  LauncherOptions options_;
  Isolation isolation_;  ///< to ask the next spawner for
  std::optional<StateFolder> state_;
  std::optional<LaunchProblem> problem_;  ///< why there is no spawner
  std::shared_ptr<SpawnerLink> link_;
  std::shared_ptr<ClientCompiler> compiler_;
  SpareProcesses spares_;
  LauncherFacts facts_;
  std::vector<OneShot<bool>> waiting_;
  std::map<std::uint32_t, std::function<void()>> lost_handlers_;
  std::uint32_t last_handle_ = 0;
  bool closed_ = false;
};

}  // namespace aviary::host
