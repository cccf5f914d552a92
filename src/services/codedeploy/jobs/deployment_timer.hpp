#pragma once

#include <optional>

#include "ports/clock.hpp"
#include "services/codedeploy/core/deployments.hpp"

namespace aviary::codedeploy {

/// Lets deployments see the time: one timer, at the earliest moment that any of them waits for. Owned by the
/// service; `deployments` and `clock` outlive it.
class DeploymentTimer {
 public:
  DeploymentTimer(Clock& clock, Deployments& deployments);
  ~DeploymentTimer();
  DeploymentTimer(const DeploymentTimer&) = delete;
  DeploymentTimer& operator=(const DeploymentTimer&) = delete;

  /// Nothing moves any more; state stays as it is, for the next process.
  void stop();

 private:
  void arm();
  void run();

  Clock& clock_;
  Deployments& deployments_;
  TimerId timer_ = 0;
  std::optional<Instant> armed_for_;
  bool running_ = false;
  bool stopped_ = false;
};

}  // namespace aviary::codedeploy
