#include "services/cloudformation/jobs/deployer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "services/cloudformation/core/importers.hpp"
#include "services/cloudformation/core/imports.hpp"
#include "services/cloudformation/jobs/run.hpp"

namespace aviary::cloudformation {
namespace {

constexpr std::string_view timed_out = "Stack creation time exceeded the specified timeout";

}  // namespace

Deployer::Deployer(Dependencies d)
    : store_(d.store),
      cloud_(d.cloud),
      clock_(d.clock),
      ids_(d.ids),
      responses_(d.ids, std::move(d.responses_url)),
      records_unknown_(d.records_unknown),
      settling_(std::max<Duration>(d.settling, std::chrono::milliseconds(1))),
      waiters_(d.clock),
      tasks_(d.executor) {
  store_.on_event([this](const Stack& stack, const StackEvent& event) { notify(stack, event); });
  store_.watch([this](const std::string& id) { waiters_.wake(id); });
}

void Deployer::create(const std::string& stack_id, const Json& imports) {
  auto run = std::make_shared<Run>();
  run->stack_id = stack_id;
  run->imports = ids_of_imports(imports);
  runs_[stack_id] = run;
  if (const Stack* stack = store_.by_id(stack_id); stack != nullptr && stack->timeout_minutes > 0)
    run->timeout = clock_.call_at(clock_.now() + std::chrono::minutes(stack->timeout_minutes),
                                  [this, stack_id] { cancel(stack_id, timed_out); });
  tasks_.spawn("creation of a stack", run_create(std::move(run)));
}

void Deployer::update(const std::string& stack_id, Wish wish, const Json& imports) {
  auto run = std::make_shared<Run>();
  run->imports = ids_of_imports(imports);
  run->stack_id = stack_id;
  run->updates = true;
  run->wish = std::move(wish);
  runs_[stack_id] = run;
  tasks_.spawn("update of a stack", run_update(std::move(run)));
}

void Deployer::remove(const std::string& stack_id, std::set<std::string> retained) {
  tasks_.spawn("deletion of a stack", run_remove(stack_id, std::move(retained)));
}

Task<> Deployer::stop() {
  stopping_ = true;
  waiters_.wake_all();
  co_await tasks_.join();
}

/// Of nested stacks the outermost says so: it is the one that would go back.
bool Deployer::preserves(const Stack& stack) const {
  const Stack* outermost = stack.root_id.empty() ? &stack : store_.by_id(stack.root_id);
  if (outermost == nullptr) outermost = &stack;
  const bool creates = outermost->status.starts_with("CREATE");
  return outermost->disable_rollback || (creates && outermost->on_failure == "DO_NOTHING");
}

/// Which resources there are to be, and what each waits for.
void Deployer::begin_run(Run& run, const Stack& stack) {
  run.preserves = preserves(stack);
  const Lookups lookups = lookups_of(store_, stack, run.wish, nullptr);
  const Result<std::map<std::string, bool>> conditions = condition_values(run.wish.document, lookups);
  if (!conditions) {
    run.problem = conditions.error().message;
    return;
  }
  run.conditions = *conditions;
  const Json& resources = run.wish.document.at("Resources");
  for (const auto& [name, definition] : resources.items()) {
    const std::string condition = property_text(definition, "Condition");
    if (!condition.empty() && !run.conditions[condition]) continue;
    run.waiting[name] = dependencies_of(definition, resources);
  }
  for (auto& [name, others] : run.waiting)
    std::erase_if(others, [&](const std::string& other) { return !run.waiting.contains(other); });
}

/// Starts whatever waits for nothing any more, until all is done or something failed.
Task<> Deployer::deploy(std::shared_ptr<Run> run) {
  while (true) {
    std::vector<std::string> free;
    if (run->goes_on() && !stopping_)
      for (const auto& [name, others] : run->waiting)
        if (others.empty()) free.push_back(name);
    run->wake = OneShot<bool>();
    for (const std::string& name : free) {
      run->waiting.erase(name);
      ++run->running;
      tasks_.spawn("resource of a stack", deploy_one(run, name));
    }
    if (run->running != 0) {
      co_await run->wake.wait_regardless();
    } else if (free.empty()) {
      co_return;
    }
  }
}

Task<> Deployer::deploy_one(std::shared_ptr<Run> run, std::string name) {
  std::optional<std::string> problem;
  try {
    problem = co_await make_resource(run, name);
  } catch (const Json::exception& bug) {
    // The stack must come to its end all the same.
    problem = fmt::format("Internal Failure: {}", bug.what());
  }
  if (problem) {
    if (run->problem.empty()) run->problem = *problem;
    run->failed.push_back(name);
    // What is still waited for is given up.
    if (!run->goes_on()) waiters_.wake_all();
    if (Stack* stack = store_.by_id(run->stack_id)) {
      const auto resource = stack->resources.find(name);
      if (resource != stack->resources.end() && resource->second.status != "IMPORT_FAILED") {
        const bool changed = resource->second.status.starts_with("UPDATE");
        store_.set_status(*stack, resource->second, changed ? "UPDATE_FAILED" : "CREATE_FAILED", *problem,
                          clock_.now());
      }
    }
  } else {
    for (auto& [other, others] : run->waiting) others.erase(name);
  }
  --run->running;
  run->wake.set(true);
}

Task<> Deployer::run_create(std::shared_ptr<Run> run) {
  const std::string stack_id = run->stack_id;
  {
    Stack* stack = store_.by_id(stack_id);
    if (stack == nullptr) co_return;
    run->wish = stack->wish;
    begin_run(*run, *stack);
  }
  co_await look_for_alarms(run);
  co_await deploy(run);
  co_await monitor(run);
  if (run->timeout != 0) clock_.cancel(run->timeout);
  runs_.erase(stack_id);
  waiters_.wake(stack_id);
  Stack* stack = store_.by_id(stack_id);
  // Whoever deletes it meanwhile goes on.
  if (stack == nullptr || stopping_ || stack->status != "CREATE_IN_PROGRESS") co_return;
  if (run->problem.empty()) run->problem = settle_outputs(*stack, run->wish, run->conditions).value_or("");
  if (run->problem.empty()) {
    store_.set_status(*stack, "CREATE_COMPLETE", "", clock_.now());
    co_return;
  }
  const std::string reason =
      run->failed.empty() || run->stopped
          ? run->problem + ". "
          : fmt::format("The following resource(s) failed to create: [{}]. ", fmt::join(run->failed, ", "));
  if (stack->disable_rollback || stack->on_failure == "DO_NOTHING") {
    store_.set_status(*stack, "CREATE_FAILED", reason, clock_.now());
    co_return;
  }
  if (stack->on_failure == "DELETE") {
    store_.set_status(*stack, "DELETE_IN_PROGRESS", reason + "Delete requested by user.", clock_.now());
    std::set<std::string> none;
    co_await run_remove(stack_id, std::move(none));
    co_return;
  }
  store_.set_status(*stack, "ROLLBACK_IN_PROGRESS", reason + "Rollback requested by user.", clock_.now());
  co_await undo(run);
  stack = store_.by_id(stack_id);
  if (stack == nullptr || stopping_) co_return;
  store_.set_status(*stack, run->problem.empty() ? "ROLLBACK_COMPLETE" : "ROLLBACK_FAILED", run->problem,
                    clock_.now());
}

Task<> Deployer::run_update(std::shared_ptr<Run> run) {
  const std::string stack_id = run->stack_id;
  if (const Stack* stack = store_.by_id(stack_id)) {
    begin_run(*run, *stack);
    co_await look_for_alarms(run);
    co_await deploy(run);
    co_await monitor(run);
  }
  runs_.erase(stack_id);
  Stack* stack = store_.by_id(stack_id);
  if (stack == nullptr || stopping_) co_return;
  if (run->problem.empty()) run->problem = settle_outputs(*stack, run->wish, run->conditions).value_or("");
  if (run->problem.empty()) {
    stack->wish = run->wish;
    std::vector<StackResource> leftovers = without_use(*run, *stack);
    store_.set_status(*stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "", clock_.now());
    co_await clean_up(stack_id, std::move(leftovers), false);
    stack = store_.by_id(stack_id);
    if (stack != nullptr && !stopping_) store_.set_status(*stack, "UPDATE_COMPLETE", "", clock_.now());
    co_return;
  }
  const std::string reason =
      run->failed.empty() || run->stopped
          ? run->problem + ". "
          : fmt::format("The following resource(s) failed to update: [{}]. ", fmt::join(run->failed, ", "));
  if (stack->disable_rollback && !run->cancelled) {
    store_.set_status(*stack, "UPDATE_FAILED", reason, clock_.now());
    co_return;
  }
  if (!run->cancelled) store_.set_status(*stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason, clock_.now());
  co_await undo(run);
  stack = store_.by_id(stack_id);
  if (stack == nullptr || stopping_) co_return;
  if (!run->problem.empty()) {
    store_.set_status(*stack, "UPDATE_ROLLBACK_FAILED", run->problem, clock_.now());
    co_return;
  }
  store_.set_status(*stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "", clock_.now());
  store_.set_status(*stack, "UPDATE_ROLLBACK_COMPLETE", "", clock_.now());
}

/// Back to where the run began, the last first. `run->problem` says whether that failed.
Task<> Deployer::undo(std::shared_ptr<Run> run) {
  run->problem.clear();
  while (!run->undos.empty() && !stopping_) {
    Undo last = std::move(run->undos.back());
    run->undos.pop_back();
    Stack* stack = store_.by_id(run->stack_id);
    if (stack == nullptr) co_return;
    const auto found = stack->resources.find(last.logical_id);
    if (found == stack->resources.end()) continue;
    if (last.existed && !last.replaced) {
      co_await undo_change(run, std::move(last));
      continue;
    }
    // Made by this run: it goes. What it replaced is still there.
    std::vector<StackResource> one;
    one.push_back(found->second);
    const bool gone = co_await clean_up(run->stack_id, std::move(one), true);
    if (!gone && run->problem.empty())
      run->problem = fmt::format("The following resource(s) failed to delete: [{}]. ", last.logical_id);
    stack = store_.by_id(run->stack_id);
    if (stack != nullptr && last.existed) {
      StackResource& restored = stack->resources[last.logical_id];
      restored = last.before;
      store_.set_status(*stack, restored, "UPDATE_COMPLETE", "", clock_.now());
    }
  }
  Stack* stack = store_.by_id(run->stack_id);
  if (stack == nullptr || stopping_) co_return;
  // Nothing was made of these.
  for (const std::string& name : run->failed) {
    const auto found = stack->resources.find(name);
    if (found == stack->resources.end() || !found->second.physical_id.empty()) continue;
    store_.set_status(*stack, found->second, "DELETE_COMPLETE", "", clock_.now());
    store_.erase_resource(*stack, name);
  }
}

Task<> Deployer::undo_change(std::shared_ptr<Run> run, Undo last) {
  Context context;
  std::string type;
  Existing now;
  {
    Stack* stack = store_.by_id(run->stack_id);
    StackResource& resource = stack->resources[last.logical_id];
    now = {resource.physical_id, resource.properties, resource.attributes};
    type = resource.type;
    store_.set_status(*stack, resource, "UPDATE_IN_PROGRESS", "", clock_.now());
    context = context_of(*stack, last.logical_id);
  }
  std::optional<std::string> problem;
  if (is_nested_stack(type)) {
    problem = co_await undo_nested(run, last.before.physical_id);
  } else {
    Json before = last.before.properties;
    Outcome outcome = co_await carry_out_update(run, context, type, std::move(now), std::move(before));
    problem = std::move(outcome.problem);
  }
  Stack* stack = store_.by_id(run->stack_id);
  if (stack == nullptr) co_return;
  StackResource& restored = stack->resources[last.logical_id];
  if (problem) {
    // It is as the update left it: who goes on with the rollback meets what is still to be taken back.
    store_.set_status(*stack, restored, "UPDATE_FAILED", *problem, clock_.now());
    if (run->problem.empty()) run->problem = *problem;
    co_return;
  }
  restored = std::move(last.before);
  store_.set_status(*stack, restored, "UPDATE_COMPLETE", "", clock_.now());
}

namespace {

/// Those that refer to others come before them.
std::vector<StackResource> in_order_of_removal(std::vector<StackResource> resources) {
  Json definitions = Json::object();
  for (const StackResource& each : resources) definitions[each.logical_id] = each.definition;
  // By how many of those that are left each is still needed.
  std::map<std::string, std::set<std::string>> needs;
  std::map<std::string, std::size_t> needed;
  for (const StackResource& each : resources) {
    std::set<std::string> others = dependencies_of(each.definition, definitions);
    others.erase(each.logical_id);
    for (const std::string& other : others) ++needed[other];
    needs[each.logical_id] = std::move(others);
  }
  std::vector<StackResource> ordered;
  while (!resources.empty()) {
    auto next = std::ranges::find_if(resources,
                                     [&](const StackResource& each) { return needed[each.logical_id] == 0; });
    if (next == resources.end()) next = resources.begin();
    for (const std::string& other : needs[next->logical_id]) --needed[other];
    needs.erase(next->logical_id);
    ordered.push_back(std::move(*next));
    resources.erase(next);
  }
  return ordered;
}

}  // namespace

/// Removes resources that the stack has no use for. Those whose policy says so stay where they are.
Task<bool> Deployer::clean_up(std::string stack_id, std::vector<StackResource> leftovers, bool undoing) {
  bool all = true;
  const std::vector<StackResource> ordered = in_order_of_removal(std::move(leftovers));
  for (const StackResource& resource : ordered) {
    Stack* stack = store_.by_id(stack_id);
    if (stack == nullptr || stopping_) co_return false;
    const auto current = stack->resources.find(resource.logical_id);
    const bool replaced =
        current != stack->resources.end() && current->second.physical_id != resource.physical_id;
    const std::string policy =
        property_text(resource.definition, replaced ? "UpdateReplacePolicy" : "DeletionPolicy");
    // What was taken in as it was is let go of as it is.
    const bool released = undoing && resource.status.starts_with("IMPORT");
    const bool stays = (policy == "Retain" && !(undoing && stack->retain_except_on_create)) ||
                       policy == "Snapshot" || (policy == "RetainExceptOnCreate" && !undoing);
    StackResource shown = resource;
    if (released) {
      store_.set_status(*stack, shown, "IMPORT_ROLLBACK_IN_PROGRESS", "", clock_.now());
      store_.set_status(*stack, shown, "IMPORT_ROLLBACK_COMPLETE", "", clock_.now());
    } else if (stays) {
      store_.set_status(*stack, shown, "DELETE_SKIPPED", "", clock_.now());
    } else if (!resource.physical_id.empty()) {
      store_.set_status(*stack, shown, "DELETE_IN_PROGRESS", "", clock_.now());
      if (!replaced && current != stack->resources.end()) current->second = shown;
      const std::optional<std::string> problem = co_await remove_resource(stack_id, resource);
      stack = store_.by_id(stack_id);
      if (stack == nullptr) co_return false;
      store_.set_status(*stack, shown, problem ? "DELETE_FAILED" : "DELETE_COMPLETE", problem.value_or(""),
                        clock_.now());
      if (problem) all = false;
    }
    // The record that was written above is that of what is gone.
    const auto kept = stack->resources.find(resource.logical_id);
    if (replaced && kept != stack->resources.end()) {
      store_.save_resource(*stack, kept->second);
    } else if (shown.status == "DELETE_FAILED") {
      stack->resources[resource.logical_id] = shown;
    } else {
      store_.erase_resource(*stack, resource.logical_id);
    }
  }
  co_return all;
}

Task<> Deployer::run_remove(std::string stack_id, std::set<std::string> retained) {
  std::vector<StackResource> leftovers;
  if (runs_.contains(stack_id)) cancel(stack_id, "User Initiated");
  while (runs_.contains(stack_id) && !stopping_) co_await waiters_.wait(stack_id, std::nullopt);
  {
    Stack* stack = store_.by_id(stack_id);
    if (stack == nullptr) co_return;
    for (auto& [name, resource] : stack->resources) {
      if (retained.contains(name)) resource.definition["DeletionPolicy"] = "Retain";
      leftovers.push_back(resource);
    }
  }
  const bool all = co_await clean_up(stack_id, std::move(leftovers), false);
  Stack* stack = store_.by_id(stack_id);
  if (stack == nullptr || stopping_) co_return;
  if (!all) {
    std::vector<std::string> names;
    for (const auto& [name, resource] : stack->resources) names.push_back(name);
    store_.set_status(
        *stack, "DELETE_FAILED",
        fmt::format("The following resource(s) failed to delete: [{}]. ", fmt::join(names, ", ")),
        clock_.now());
    co_return;
  }
  stack->deleted = clock_.now();
  stack->outputs.clear();
  stack->change_sets.clear();
  store_.set_status(*stack, "DELETE_COMPLETE", "", clock_.now());
}

std::optional<std::string> Deployer::settle_outputs(Stack& stack, const Wish& wish,
                                                    const std::map<std::string, bool>& conditions) {
  const Lookups lookups = lookups_of(store_, stack, wish, &conditions);
  std::vector<Output> outputs;
  const Json defined = wish.document.value("Outputs", Json::object());
  for (const auto& [key, definition] : defined.items()) {
    const std::string condition = property_text(definition, "Condition");
    const auto held = conditions.find(condition);
    if (!condition.empty() && (held == conditions.end() || !held->second)) continue;
    const Result<Json> value = evaluate(definition.at("Value"), lookups);
    if (!value) return value.error().message;
    Output output{.key = key,
                  .value = value->is_string() ? value->get<std::string>() : value->dump(),
                  .description = property_text(definition, "Description"),
                  .export_name = {}};
    if (definition.contains("Export")) {
      const Json& exported = definition["Export"];
      const Result<Json> name =
          evaluate(exported.is_object() ? exported.value("Name", Json()) : Json(), lookups);
      if (!name) return name.error().message;
      output.export_name = name->is_string() ? name->get<std::string>() : "";
      const Stack* owner = nullptr;
      if (store_.find_export(stack.account, stack.region, output.export_name, &owner) != nullptr &&
          owner != &stack)
        return fmt::format("Export with name {} is already exported by stack {}. ", output.export_name,
                           owner->name);
    }
    outputs.push_back(std::move(output));
  }
  // What others take stays as it is.
  for (const Output& before : stack.outputs) {
    if (before.export_name.empty()) continue;
    const auto now = std::ranges::find(outputs, before.export_name, &Output::export_name);
    if (now != outputs.end() && now->value == before.value) continue;
    for (const Stack* importer : importers_of(store_, stack.account, stack.region, before.export_name))
      if (importer != &stack)
        return fmt::format("Export {} cannot be {} as it is in use by {}", before.export_name,
                           now == outputs.end() ? "deleted" : "updated", importer->name);
  }
  stack.outputs = std::move(outputs);
  return std::nullopt;
}

}  // namespace aviary::cloudformation
