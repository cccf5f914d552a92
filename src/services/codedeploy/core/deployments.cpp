#include "services/codedeploy/core/deployments.hpp"

#include <fmt/format.h>

#include "models/codedeploy.hpp"
#include "services/codedeploy/core/errors.hpp"

namespace aviary::codedeploy {
namespace {

namespace rows = models::codedeploy::errors;

constexpr std::string_view collection = "codedeploy_deployments";

}  // namespace

Deployments::Deployments(Neighbours neighbours, Random& ids, Journal& journal)
    : neighbours_(std::move(neighbours)), ids_(ids), records_(journal, collection) {}

std::string Deployments::new_id() {
  static constexpr std::string_view letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (;;) {
    std::string id = "d-";
    for (int i = 0; i < 9; ++i) id += letters[ids_.next() % letters.size()];
    if (!by_id_.contains(id)) return id;
  }
}

std::string Deployments::create(Deployment deployment, Instant now) {
  if (deployment.id.empty()) deployment.id = new_id();
  deployment.order = next_order_++;
  deployment.created = now;
  deployment.due = now;
  const std::string id = deployment.id;
  Deployment& kept = by_id_.insert_or_assign(id, std::move(deployment)).first->second;
  by_order_.emplace(kept.order, id);
  active_.insert(kept.order);
  set_status(kept, Status::Created, now);
  run(kept, now);
  return id;
}

Deployment* Deployments::find_own(std::string_view id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

const Deployment* Deployments::find(const Scope& scope, std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() || found->second.scope != scope ? nullptr : &found->second;
}

const Deployment* Deployments::find_anywhere(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

const Deployment* Deployments::active_of(const Scope& scope, std::string_view application,
                                         std::string_view group) const {
  for (const std::uint64_t order : active_) {
    const Deployment& deployment = by_id_.find(by_order_.at(order))->second;
    if (deployment.scope == scope && deployment.application == application && deployment.group == group)
      return &deployment;
  }
  return nullptr;
}

std::vector<const Deployment*> Deployments::in(const Scope& scope) const {
  std::vector<const Deployment*> found = all();
  std::erase_if(found, [&scope](const Deployment* deployment) { return deployment->scope != scope; });
  return found;
}

std::vector<const Deployment*> Deployments::all() const {
  std::vector<const Deployment*> found;
  for (auto entry = by_order_.rbegin(); entry != by_order_.rend(); ++entry)
    found.push_back(&by_id_.find(entry->second)->second);
  return found;
}

void Deployments::save(Deployment& deployment, Instant now) {
  deployment.updated = now;
  records_.save(deployment.id, deployment);
  if (schedule_changed_) schedule_changed_();
  if (progress_) progress_(deployment);
}

void Deployments::set_status(Deployment& deployment, Status status, Instant now) {
  deployment.status = status;
  if (is_over(status)) {
    deployment.completed = now;
    deployment.due.reset();
    active_.erase(deployment.order);
  }
  save(deployment, now);
  if (listener_) listener_(deployment);
}

Result<> Deployments::stop(const Scope& scope, std::string_view id, std::optional<bool> roll_back,
                           Instant now) {
  if (!find(scope, id)) return deployment_not_found(id);
  Deployment& deployment = *find_own(id);
  if (is_over(deployment.status))
    return AwsError(
        rows::DeploymentAlreadyCompletedException,
        fmt::format("Deployment {} is already in a terminal state: {}.", id, name_of(deployment.status)));
  const bool rolls_back = roll_back.value_or(deployment.rolls_back_on("DEPLOYMENT_STOP_ON_REQUEST"));
  end(deployment, {Status::Stopped, {"MANUAL_STOP", "The deployment was stopped by the user."}, rolls_back},
      now);
  return {};
}

Result<> Deployments::answer_hook(const Scope& scope, std::string_view id, std::string_view execution_id,
                                  bool succeeded, Instant now) {
  if (!find(scope, id)) return deployment_not_found(id);
  Deployment& deployment = *find_own(id);
  for (const Step step : {Step::BeforeAllowTraffic, Step::AfterAllowTraffic}) {
    LifecycleEvent& event = deployment.event(step);
    if (event.execution_id.empty() || event.execution_id != execution_id) continue;
    if (event.status != EventStatus::InProgress)
      return AwsError(
          rows::LifecycleEventAlreadyCompletedException,
          fmt::format("The lifecycle event {} of deployment {} is already complete.", name_of(step), id));
    if (succeeded) {
      next_step(deployment, now);
      run(deployment, now);
    } else {
      event.problem =
          fmt::format("The function {} reported that the validation failed.", deployment.hook(step));
      event.problem_code = "ScriptFailed";
      end(deployment,
          {Status::Failed, hook_failure(step, "reported Failed"),
           deployment.rolls_back_on("DEPLOYMENT_FAILURE")},
          now);
    }
    return {};
  }
  return AwsError(
      rows::InvalidLifecycleEventHookExecutionIdException,
      fmt::format("Deployment {} has no lifecycle event hook with the execution ID {}.", id, execution_id));
}

void Deployments::on_alarm(const Scope& scope, std::string_view alarm, Instant now) {
  // A stop makes a deployment of its own and ends another, so what is active is looked at anew each time.
  const std::set<std::uint64_t> orders = active_;
  for (const std::uint64_t order : orders) {
    if (!active_.contains(order)) continue;
    Deployment& deployment = *find_own(by_order_.at(order));
    if (deployment.scope == scope && !deployment.is_rollback() && deployment.watches(alarm))
      stopped_by_alarm(deployment, now);
  }
}

void Deployments::rename(const Scope& scope, std::string_view application, std::string_view group,
                         const std::string& new_name) {
  for (auto& [id, deployment] : by_id_) {
    if (deployment.scope != scope || deployment.application != application) continue;
    if (!group.empty() && deployment.group != group) continue;
    (group.empty() ? deployment.application : deployment.group) = new_name;
    records_.save(id, deployment);
  }
}

void Deployments::abandon(const Scope& scope, std::string_view application, std::string_view group,
                          bool application_gone, Instant now) {
  const Deployment* found = active_of(scope, application, group);
  if (!found) return;
  const Problem problem =
      application_gone
          ? Problem{"APPLICATION_MISSING", "The application was deleted during the deployment."}
          : Problem{"DEPLOYMENT_GROUP_MISSING", "The deployment group was deleted during the deployment."};
  end(*find_own(found->id), {Status::Failed, problem, false}, now);
}

std::optional<Instant> Deployments::next_due() const {
  std::optional<Instant> earliest;
  for (const std::uint64_t order : active_) {
    const std::optional<Instant>& due = by_id_.find(by_order_.at(order))->second.due;
    if (due && (!earliest || *due < *earliest)) earliest = due;
  }
  return earliest;
}

void Deployments::run_due(Instant now) {
  const std::set<std::uint64_t> orders = active_;
  for (const std::uint64_t order : orders) {
    if (!active_.contains(order)) continue;
    Deployment& deployment = *find_own(by_order_.at(order));
    if (deployment.due && *deployment.due <= now) run(deployment, now);
  }
}

void Deployments::restore() {
  records_.load([this](std::string_view key, Deployment deployment) {
    if (!is_over(deployment.status)) {
      active_.insert(deployment.order);
      // The function that ran the hook has ended with the process that ran it: it is asked again, at once,
      // also when this process's clock is behind that one's.
      if (deployment.event(deployment.step).status == EventStatus::InProgress &&
          !deployment.event(deployment.step).execution_id.empty())
        deployment.due = Instant{};
    }
    next_order_ = std::max(next_order_, deployment.order + 1);
    by_order_.emplace(deployment.order, key);
    by_id_.emplace(key, std::move(deployment));
  });
  if (schedule_changed_) schedule_changed_();
}

void Deployments::clear() {
  by_id_.clear();
  by_order_.clear();
  active_.clear();
  if (schedule_changed_) schedule_changed_();
}

}  // namespace aviary::codedeploy
