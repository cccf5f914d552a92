// How a deployment moves: begin, hook, traffic, hook, done.
#include <fmt/format.h>

#include "base/log.hpp"
#include "services/codedeploy/core/deployments.hpp"
#include "services/codedeploy/core/errors.hpp"

namespace aviary::codedeploy {
namespace {

/// What the alias looks like with this share on the target.
AliasRouting routing_at(const AppSpec& spec, int percent) {
  if (percent <= 0) return {.version = spec.current_version};
  if (percent >= 100) return {.version = spec.target_version};
  return {.version = spec.current_version,
          .additional_version = spec.target_version,
          .additional_weight = percent / 100.0};
}

}  // namespace

void Deployments::run(Deployment& deployment, Instant now) {
  bool more = true;
  while (more && !is_over(deployment.status)) {
    switch (deployment.status) {
      case Status::Created:
        set_status(deployment, Status::Queued, now);
        break;
      case Status::Queued:
        more = begin(deployment, now);
        break;
      default:
        more = deployment.step == Step::AllowTraffic ? shift(deployment, now) : run_hook(deployment, now);
    }
  }
}

bool Deployments::begin(Deployment& deployment, Instant now) {
  deployment.started = now;
  set_status(deployment, Status::InProgress, now);
  if (deployment.is_rollback()) {
    deployment.began = true;
    return true;
  }
  const AppSpec& spec = deployment.spec;
  std::optional<Problem> problem;
  // Seen at AWS: the sentence without a detail.
  if (spec.current_version == spec.target_version) problem = invalid_configuration("");
  if (!problem) problem = alias_problem(deployment);
  if (problem) {
    // Nothing has moved, and where the alias is was not this deployment's doing: nothing to roll back.
    end(deployment, {Status::Failed, std::move(*problem), false}, now);
    return true;
  }
  deployment.began = true;
  stopped_by_alarm(deployment, now);
  return true;
}

bool Deployments::run_hook(Deployment& deployment, Instant now) {
  LifecycleEvent& event = deployment.event(deployment.step);
  if (event.status == EventStatus::Pending) {
    event.status = EventStatus::InProgress;
    event.start = now;
    if (deployment.hook(deployment.step).empty()) {
      next_step(deployment, now);
      return true;
    }
    event.execution_id = ids_.uuid();
  }
  const Instant deadline = *event.start + hook_limit;
  if (now >= deadline) {
    event.problem = fmt::format("The function {} did not report its result within one hour.",
                                deployment.hook(deployment.step));
    event.problem_code = "ScriptTimedOut";
    end(deployment,
        {Status::Failed, hook_failure(deployment.step, "did not report its result within one hour"),
         deployment.rolls_back_on("DEPLOYMENT_FAILURE")},
        now);
    return true;
  }
  deployment.due = deadline;
  save(deployment, now);
  if (!deployment.hook_invoked) invoke_hook(deployment);
  return false;
}

void Deployments::invoke_hook(Deployment& deployment) {
  deployment.hook_invoked = true;
  deployment.hook_returned = false;
  const std::string execution_id = deployment.event(deployment.step).execution_id;
  const OrderedJson event{{"DeploymentId", deployment.id}, {"LifecycleEventHookExecutionId", execution_id}};
  // What the function answers, and whether it failed, says nothing: only its report does.
  HookInvoker::Done done = [this, alive = std::weak_ptr<bool>(alive_), id = deployment.id,
                            execution_id](const std::optional<std::string>& problem) {
    if (!alive.expired()) hook_ended(id, execution_id, problem, neighbours_.now());
  };
  neighbours_.hooks.invoke(deployment.scope, deployment.hook(deployment.step), event.dump(), std::move(done));
}

void Deployments::hook_ended(const std::string& id, const std::string& execution_id,
                             const std::optional<std::string>& problem, Instant now) {
  Deployment* deployment = find_own(id);
  if (!deployment || is_over(deployment->status)) return;
  LifecycleEvent& event = deployment->event(deployment->step);
  if (event.execution_id != execution_id || event.status != EventStatus::InProgress) return;
  deployment->hook_returned = true;
  if (!problem) {
    if (progress_) progress_(*deployment);
    return;
  }
  event.problem =
      fmt::format("The function {} could not be invoked: {}", deployment->hook(deployment->step), *problem);
  event.problem_code = "ScriptMissing";
  end(*deployment,
      {Status::Failed, hook_failure(deployment->step, "could not be invoked"),
       deployment->rolls_back_on("DEPLOYMENT_FAILURE")},
      now);
}

bool Deployments::shift(Deployment& deployment, Instant now) {
  LifecycleEvent& event = deployment.event(Step::AllowTraffic);
  if (event.status == EventStatus::Pending) {
    event.status = EventStatus::InProgress;
    event.start = now;
    deployment.shifting_since = now;
  }
  if (stopped_by_alarm(deployment, now)) return true;
  const AppSpec& spec = deployment.spec;
  const auto fail = [&](Problem problem) {
    end(deployment, {Status::Failed, std::move(problem), deployment.rolls_back_on("DEPLOYMENT_FAILURE")},
        now);
    return true;
  };
  if (!deployment.is_rollback())
    if (auto problem = alias_problem(deployment)) return fail(std::move(*problem));
  const int percent = target_percent(deployment.routing, now - *deployment.shifting_since);
  if (percent != deployment.percent) {
    const AliasRouting wanted = routing_at(spec, percent);
    const AliasControl::Found found = neighbours_.aliases.find(deployment.scope, spec.function, spec.alias);
    if (!found.routing || *found.routing != wanted)
      if (auto refusal = neighbours_.aliases.update(deployment.scope, spec.function, spec.alias, wanted))
        return fail(invalid_configuration(*refusal));
    deployment.percent = percent;
  }
  if (const auto next = next_shift(deployment.routing, now - *deployment.shifting_since)) {
    deployment.due = *deployment.shifting_since + *next;
    save(deployment, now);
    return false;
  }
  next_step(deployment, now);
  return true;
}

void Deployments::next_step(Deployment& deployment, Instant now) {
  if (deployment.step == Step::AfterAllowTraffic && !deployment.is_rollback()) {
    if (auto problem = alias_problem(deployment)) {
      end(deployment, {Status::Failed, std::move(*problem), deployment.rolls_back_on("DEPLOYMENT_FAILURE")},
          now);
      return;
    }
  }
  LifecycleEvent& event = deployment.event(deployment.step);
  event.status = EventStatus::Succeeded;
  event.end = now;
  deployment.hook_invoked = false;
  deployment.due = now;
  if (deployment.step == Step::AfterAllowTraffic) {
    set_status(deployment, Status::Succeeded, now);
    return;
  }
  deployment.step = static_cast<Step>(static_cast<int>(deployment.step) + 1);
  save(deployment, now);
}

std::optional<Problem> Deployments::alias_problem(const Deployment& deployment) const {
  const AppSpec& spec = deployment.spec;
  const AliasControl::Found found = neighbours_.aliases.find(deployment.scope, spec.function, spec.alias);
  if (!found.function)
    return Problem{"INVALID_LAMBDA_FUNCTION",
                   fmt::format("The deployment failed because the AWS Lambda function {} does not exist.",
                               spec.function)};
  if (!found.routing)
    return invalid_configuration(
        fmt::format("The Lambda function {} has no alias {}.", spec.function, spec.alias));
  if (!neighbours_.aliases.has_version(deployment.scope, spec.function, spec.target_version))
    return invalid_configuration(
        fmt::format("The Lambda function {} has no version {}.", spec.function, spec.target_version));
  const AliasRouting expected = routing_at(spec, deployment.percent);
  if (*found.routing == expected) return std::nullopt;
  if (deployment.began)
    return invalid_configuration(
        fmt::format("The alias {} of the Lambda function {} was changed during the deployment.", spec.alias,
                    spec.function));
  if (found.routing->version != spec.current_version)  // seen at AWS
    return invalid_configuration(
        "The Lambda function alias version does not match the current version in AppSpec file.");
  return invalid_configuration(fmt::format(
      "The alias {} of the Lambda function {} points to more than one version.", spec.alias, spec.function));
}

}  // namespace aviary::codedeploy
