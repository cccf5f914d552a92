#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "services/cloudformation/jobs/run.hpp"

/// Rolling back because somebody asks for it: a stack that was left as it failed, or whose own way back
/// failed. What it was before is what its wish says, for an update that fails leaves that alone.
namespace aviary::cloudformation {

void Deployer::roll_back(const std::string& stack_id, std::set<std::string> skipped) {
  tasks_.spawn("rollback of a stack", run_rollback(stack_id, std::move(skipped)));
}

void Deployer::cancel(const std::string& stack_id, std::string_view why) {
  const auto found = runs_.find(stack_id);
  if (found == runs_.end()) return;
  Run& run = *found->second;
  run.cancelled = true;
  if (run.problem.empty()) {
    run.problem = why;
    run.stopped = true;
  }
  waiters_.wake_all();
}

bool Deployer::turns_back(const std::string& stack_id) const {
  const auto found = runs_.find(stack_id);
  return found != runs_.end() && !found->second->goes_on();
}

bool Deployer::gives_up(const std::string& stack_id) {
  return stopping_ || turns_back(stack_id) || store_.by_id(stack_id) == nullptr;
}

std::string Deployer::given_up(const Context& context) {
  if (stopping_) return "The server ended during the operation";
  const Stack* stack = store_.by_id(context.stack_id);
  if (stack == nullptr) return "The stack is gone";
  const auto resource = stack->resources.find(context.logical_id);
  const bool creates = resource != stack->resources.end() && resource->second.status.starts_with("CREATE");
  return creates ? "Resource creation cancelled" : "Resource update cancelled";
}

std::vector<StackResource> Deployer::without_use(Run& run, const Stack& stack) {
  std::vector<StackResource> leftovers = run.leftovers;
  const Json& resources = run.wish.document.at("Resources");
  for (const auto& [name, resource] : stack.resources) {
    const std::string condition = resources.contains(name) ? property_text(resources[name], "Condition") : "";
    if (!resources.contains(name) || (!condition.empty() && !run.conditions[condition]))
      leftovers.push_back(resource);
  }
  return leftovers;
}

Task<> Deployer::run_rollback(std::string stack_id, std::set<std::string> skipped) {
  auto run = std::make_shared<Run>();
  run->stack_id = stack_id;
  run->updates = true;
  bool created = false;
  std::vector<StackResource> made;
  {
    Stack* stack = store_.by_id(stack_id);
    if (stack == nullptr) co_return;
    created = stack->status == "ROLLBACK_IN_PROGRESS";
    for (const auto& [name, resource] : stack->resources) made.push_back(resource);
    run->wish = stack->wish;
    if (!created) begin_run(*run, *stack);
  }
  if (created) {
    const bool all = co_await clean_up(stack_id, std::move(made), true);
    Stack* stack = store_.by_id(stack_id);
    if (stack == nullptr || stopping_) co_return;
    std::vector<std::string> names;
    for (const auto& [name, resource] : stack->resources) names.push_back(name);
    store_.set_status(
        *stack, all ? "ROLLBACK_COMPLETE" : "ROLLBACK_FAILED",
        all ? "" : fmt::format("The following resource(s) failed to delete: [{}]. ", fmt::join(names, ", ")),
        clock_.now());
    co_return;
  }
  // What is skipped counts as rolled back, as it is.
  for (const std::string& name : skipped) run->waiting.erase(name);
  for (auto& [name, others] : run->waiting)
    for (const std::string& other : skipped) others.erase(other);
  co_await deploy(run);
  Stack* stack = store_.by_id(stack_id);
  if (stack == nullptr || stopping_) co_return;
  if (!run->problem.empty()) {
    // What failed is as it was: who tries again meets the same difference.
    for (const Undo& undo : run->undos) {
      const auto found = stack->resources.find(undo.logical_id);
      if (!undo.existed || undo.replaced || found == stack->resources.end() ||
          std::ranges::find(run->failed, undo.logical_id) == run->failed.end())
        continue;
      found->second.properties = undo.before.properties;
      store_.save_resource(*stack, found->second);
    }
    const std::string reason =
        run->failed.empty()
            ? run->problem
            : fmt::format("The following resource(s) failed to update: [{}]. ", fmt::join(run->failed, ", "));
    store_.set_status(*stack, "UPDATE_ROLLBACK_FAILED", reason, clock_.now());
    co_return;
  }
  for (const std::string& name : skipped)
    if (const auto found = stack->resources.find(name); found != stack->resources.end())
      store_.set_status(*stack, found->second, "UPDATE_COMPLETE", "Resource skipped by user", clock_.now());
  std::vector<StackResource> leftovers = without_use(*run, *stack);
  store_.set_status(*stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "", clock_.now());
  co_await clean_up(stack_id, std::move(leftovers), false);
  stack = store_.by_id(stack_id);
  if (stack != nullptr && !stopping_) store_.set_status(*stack, "UPDATE_ROLLBACK_COMPLETE", "", clock_.now());
}

}  // namespace aviary::cloudformation
