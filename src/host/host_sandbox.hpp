#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "host/launcher_core.hpp"
#include "host/output_pump.hpp"
#include "host/spare_processes.hpp"

namespace aviary::host {

/// The server's side of one sandbox. What happens to the processes is done in the spawner and in the
/// sandbox's first process; this sends them there, reads the output and tells the owner.
class HostLauncher::HostSandbox final : public Sandbox {
 public:
  HostSandbox(std::shared_ptr<Core> core, SandboxSpec spec);
  ~HostSandbox() override;

  /// Asks the spawner for it.
  Task<boost::system::result<void, LaunchProblem>> create();

  Task<boost::system::result<void, LaunchProblem>> start(ProcessSpec process, ProcessEvents events) override;
  std::vector<std::string> extensions() const override;
  std::string local_address() const override;
  Task<boost::system::result<void, LaunchProblem>> start_beside(ProcessSpec process,
                                                                ProcessEvents events) override;
  void freeze() override;
  void thaw() override;
  void terminate() override;
  void kill_first() override;
  void kill() override;
  void collect_output() override;
  std::uint64_t peak_memory_bytes() override;
  std::optional<int> pid() const override;
  bool owns_connection(std::uint16_t peer_port, std::uint16_t local_port) override;

 private:
  struct State;
  static Task<boost::system::result<void, LaunchProblem>> create(std::shared_ptr<State> state);
  static Task<boost::system::result<void, LaunchProblem>> start(std::shared_ptr<State> state,
                                                                ProcessSpec process, ProcessEvents events);
  static Task<boost::system::result<void, LaunchProblem>> start_beside(std::shared_ptr<State> state,
                                                                       ProcessSpec process,
                                                                       ProcessEvents events);
  std::shared_ptr<State> state_;
};

}  // namespace aviary::host
