#pragma once

#include <memory>

#include "app/engine/engine.hpp"
#include "ports/sandbox.hpp"

namespace aviary::app {

/// Makes what an environment asks for: a sandbox of ours, or containers of an engine's.
class EngineLauncher final : public SandboxLauncher {
 public:
  EngineLauncher(SandboxLauncher& own, std::shared_ptr<Engine> engine)
      : own_(own), engine_(std::move(engine)) {}

  Task<boost::system::result<std::unique_ptr<Sandbox>, LaunchProblem>> create(SandboxSpec spec) override;

 private:
  SandboxLauncher& own_;
  std::shared_ptr<Engine> engine_;
};

}  // namespace aviary::app
