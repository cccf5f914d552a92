#include "services/codedeploy/jobs/deployment_timer.hpp"

namespace aviary::codedeploy {

DeploymentTimer::DeploymentTimer(Clock& clock, Deployments& deployments)
    : clock_(clock), deployments_(deployments) {
  deployments_.on_schedule_change([this] { arm(); });
}

DeploymentTimer::~DeploymentTimer() { stop(); }

void DeploymentTimer::arm() {
  if (running_ || stopped_) return;  // a run arms by itself when it is through
  const std::optional<Instant> due = deployments_.next_due();
  if (due == armed_for_) return;
  if (armed_for_) clock_.cancel(timer_);
  armed_for_ = due;
  if (due) timer_ = clock_.call_at(*due, [this] { run(); });
}

void DeploymentTimer::run() {
  armed_for_.reset();
  running_ = true;
  deployments_.run_due(clock_.now());
  running_ = false;
  arm();
}

void DeploymentTimer::stop() {
  if (stopped_) return;
  stopped_ = true;
  if (armed_for_) clock_.cancel(timer_);
  armed_for_.reset();
  deployments_.on_schedule_change({});
}

}  // namespace aviary::codedeploy
