#pragma once

#include <memory>

#include "engine/engine.hpp"
#include "engine/merged_layers.hpp"
#include "ports/sandbox.hpp"

namespace aviary::engine {

/// Makes what an environment asks for: a sandbox of ours, or containers of an engine's.
class EngineLauncher final : public SandboxLauncher {
 public:
  /// `place`: where folders are made that containers are given.
  EngineLauncher(SandboxLauncher& own, std::shared_ptr<Engine> engine, WorkerPool& workers,
                 std::filesystem::path place)
      : own_(own), engine_(std::move(engine)), layers_(engine_, workers, std::move(place)) {}

  Task<boost::system::result<std::unique_ptr<Sandbox>, LaunchProblem>> create(SandboxSpec spec) override;

 private:
  SandboxLauncher& own_;
  std::shared_ptr<Engine> engine_;
  MergedLayers layers_;
};

}  // namespace aviary::engine
