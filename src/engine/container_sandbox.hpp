#pragma once

#include <memory>

#include "engine/container_request.hpp"
#include "engine/engine.hpp"
#include "engine/merged_layers.hpp"
#include "ports/sandbox.hpp"

namespace aviary::engine {

/// One execution environment in an engine's containers: a new one each time its process starts anew. Frozen
/// as the engine pauses a container, which takes it a moment; without programs beside the first. Output comes
/// a moment later than from a sandbox of ours.
///
/// On the loop's thread; owned by the environment. Destroying it removes its container.
class ContainerSandbox final : public Sandbox {
 public:
  /// `opt`: what its layers were merged into; kept as long as it lives.
  ContainerSandbox(std::shared_ptr<Engine> engine, SandboxSpec spec, EngineImage image, HeldFolder opt = {});
  ~ContainerSandbox() override;

  Task<boost::system::result<void, LaunchProblem>> start(ProcessSpec process, ProcessEvents events) override;
  Task<boost::system::result<void, LaunchProblem>> start_beside(ProcessSpec process,
                                                                ProcessEvents events) override;
  std::vector<std::string> extensions() const override { return {}; }
  std::string local_address() const override { return "127.0.0.1"; }
  void freeze() override;
  void thaw() override;
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
  static void order(const std::shared_ptr<State>& state, std::string_view what);
  static Task<> obey(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace aviary::engine
