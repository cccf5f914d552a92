// How a deployment ends that does not succeed, and what brings its alias back.
#include <fmt/format.h>

#include "base/encoding.hpp"
#include "services/codedeploy/core/deployments.hpp"

namespace aviary::codedeploy {

bool Deployments::stopped_by_alarm(Deployment& deployment, Instant now) {
  const Json& alarms = deployment.alarms;
  if (!alarms.is_object() || !alarms.value("enabled", false) || !alarms.contains("alarms")) return false;
  std::string active;
  std::string unknown;
  for (const Json& entry : alarms.at("alarms")) {
    const std::string name = entry.value("name", std::string());
    const std::optional<bool> is_active = neighbours_.alarms.is_active(deployment.scope, name);
    if (!is_active)
      unknown += fmt::format(" <{}>", name);
    else if (*is_active)
      active += fmt::format(" <{}>", name);
  }
  Problem problem;
  if (!active.empty()) {
    // Seen at AWS, word for word.
    problem = {
        "ALARM_ACTIVE",
        fmt::format("One or more alarms have been activated according to the Amazon CloudWatch metrics you "
                    "selected, and the affected deployments have been stopped. Activated alarms:{}",
                    active)};
  } else if (!unknown.empty() && !alarms.value("ignorePollAlarmFailure", false)) {
    problem = {"CODEDEPLOY_RESOURCE_CANNOT_BE_FOUND",
               fmt::format(
                   "The deployment was stopped because the state of these alarms could not be retrieved from "
                   "Amazon CloudWatch:{}",
                   unknown)};
  } else {
    return false;
  }
  end(deployment, {Status::Stopped, std::move(problem), deployment.rolls_back_on("DEPLOYMENT_STOP_ON_ALARM")},
      now);
  return true;
}

void Deployments::end(Deployment& deployment, Ending ending, Instant now) {
  LifecycleEvent& event = deployment.event(deployment.step);
  if (!event.start) event.start = now;
  event.end = now;
  event.status = EventStatus::Failed;
  if (event.problem.empty()) event.problem = ending.problem.message;
  if (event.problem_code.empty()) event.problem_code = "UnknownError";
  for (auto later = static_cast<std::size_t>(deployment.step) + 1; later < step_count; ++later)
    deployment.events[later].status = EventStatus::Skipped;
  deployment.error_code = std::move(ending.problem.code);
  deployment.error_message = std::move(ending.problem.message);
  const bool moved = deployment.began && !deployment.is_rollback();
  if (moved) take_traffic_back(deployment);
  const bool rolls_back = ending.roll_back && moved;
  if (rolls_back) {
    deployment.rollback_id = new_id();
    // Seen at AWS, as is the rollback's own message.
    deployment.rollback_message =
        fmt::format("Deployment {} terminated. Automatic rollback is triggered with a DeploymentId {}.",
                    deployment.id, deployment.rollback_id);
  }
  set_status(deployment, ending.status, now);
  if (rolls_back) roll_back(deployment, now);
}

/// A deployment that ends half-way leaves no split behind.
void Deployments::take_traffic_back(const Deployment& deployment) {
  const AppSpec& spec = deployment.spec;
  const AliasControl::Found found = neighbours_.aliases.find(deployment.scope, spec.function, spec.alias);
  if (!found.routing || !found.routing->splits()) return;
  const auto ours = [&](const std::string& version) {
    return version == spec.current_version || version == spec.target_version;
  };
  // Somebody else's split between other versions is somebody else's business.
  if (!ours(found.routing->version) || !ours(found.routing->additional_version)) return;
  neighbours_.aliases.update(deployment.scope, spec.function, spec.alias, {.version = spec.current_version});
}

void Deployments::roll_back(const Deployment& deployment, Instant now) {
  Deployment back;
  back.id = deployment.rollback_id;
  back.scope = deployment.scope;
  back.application = deployment.application;
  back.group = deployment.group;
  back.config = default_config_name;
  back.spec = {.resource = deployment.spec.resource,
               .function = deployment.spec.function,
               .alias = deployment.spec.alias,
               .current_version = deployment.spec.target_version,
               .target_version = deployment.spec.current_version};
  const std::string content = write_app_spec(back.spec);
  back.revision = {{"revisionType", "AppSpecContent"},
                   {"appSpecContent", {{"content", content}, {"sha256", hex_encode(sha256(content))}}}};
  back.previous_revision = deployment.revision;
  back.creator = "codeDeployRollback";
  back.rollback_trigger_id = deployment.id;
  back.rollback_message =
      fmt::format("Deployment {} is triggered to roll back deployment {}.", back.id, deployment.id);
  create(std::move(back), now);
}

}  // namespace aviary::codedeploy
