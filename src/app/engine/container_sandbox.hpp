#pragma once

#include <memory>

#include "app/engine/container_request.hpp"
#include "app/engine/engine.hpp"
#include "ports/sandbox.hpp"

namespace aviary::app {

/// One execution environment in an engine's containers: a new one each time its process starts anew. Not
/// frozen between invocations, and without programs beside the first. Output comes a moment later than from a
/// sandbox of ours.
///
/// On the loop's thread; owned by the environment. Destroying it removes its container.
class ContainerSandbox final : public Sandbox {
 public:
  ContainerSandbox(std::shared_ptr<Engine> engine, SandboxSpec spec, EngineImage image);
  ~ContainerSandbox() override;

  Task<boost::system::result<void, LaunchProblem>> start(ProcessSpec process, ProcessEvents events) override;
  Task<boost::system::result<void, LaunchProblem>> start_beside(ProcessSpec process,
                                                                ProcessEvents events) override;
  std::vector<std::string> extensions() const override { return {}; }
  std::string local_address() const override { return "127.0.0.1"; }
  void freeze() override {}
  void thaw() override {}
  void terminate() override;
  void kill_first() override { kill(); }
  void kill() override;
  void collect_output() override {}
  /// Of the first process alone, where the engine runs on this machine.
  std::uint64_t peak_memory_bytes() override;
  std::optional<int> pid() const override;
  bool owns_connection(std::uint16_t peer_port, std::uint16_t local_port) override;

 private:
  struct State;
  static Task<boost::system::result<void, LaunchProblem>> start(std::shared_ptr<State> state,
                                                                ProcessSpec process, ProcessEvents events);
  static Task<> read(std::shared_ptr<State> state, std::string id);
  static Task<> watch(std::shared_ptr<State> state, std::string id);
  std::shared_ptr<State> state_;
};

}  // namespace aviary::app
