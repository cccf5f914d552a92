#include "services/cloudformation/core/imports.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "services/cloudformation/jobs/run.hpp"

/// Taking resources that are there already into a stack: each is looked for, and from then on it is as if the
/// stack had made it. If one is not there, none becomes the stack's. Those that a creation or an update finds
/// are imported in their turn.
namespace aviary::cloudformation {
void Deployer::take_in(const std::string& stack_id, Wish wish, Json wanted) {
  auto run = std::make_shared<Run>();
  run->stack_id = stack_id;
  run->updates = true;
  run->wish = std::move(wish);
  tasks_.spawn("import into a stack", run_import(std::move(run), std::move(wanted)));
}

Task<> Deployer::run_import(std::shared_ptr<Run> run, Json wanted) {
  const std::map<std::string, std::string> ids = ids_of_imports(wanted);
  const std::string stack_id = run->stack_id;
  if (const Stack* stack = store_.by_id(stack_id)) begin_run(*run, *stack);
  // Properties refer to what was taken before. Those of others were there already.
  for (auto next = run->waiting.begin(); next != run->waiting.end() && run->problem.empty();
       next = run->waiting.begin()) {
    const auto free =
        std::ranges::find_if(run->waiting, [](const auto& each) { return each.second.empty(); });
    if (free != run->waiting.end()) next = free;
    const std::string name = next->first;
    run->waiting.erase(next);
    for (auto& [other, others] : run->waiting) others.erase(name);
    const auto id = ids.find(name);
    if (id == ids.end()) continue;
    const std::string identifier = id->second;
    std::optional<std::string> problem = co_await import_one(run, name, identifier);
    if (problem) run->problem = std::move(*problem);
  }
  Stack* stack = store_.by_id(stack_id);
  if (stack == nullptr || stopping_) co_return;
  if (run->problem.empty()) {
    stack->wish = run->wish;
    store_.set_status(*stack, "IMPORT_COMPLETE", "", clock_.now());
    co_return;
  }
  store_.set_status(*stack, "IMPORT_ROLLBACK_IN_PROGRESS", run->problem, clock_.now());
  for (const auto& [name, identifier] : ids) {
    const auto found = stack->resources.find(name);
    if (found == stack->resources.end()) continue;
    if (found->second.status == "IMPORT_COMPLETE") {
      store_.set_status(*stack, found->second, "IMPORT_ROLLBACK_IN_PROGRESS", "", clock_.now());
      store_.set_status(*stack, found->second, "IMPORT_ROLLBACK_COMPLETE", "", clock_.now());
    }
    store_.erase_resource(*stack, name);
  }
  store_.set_status(*stack, "IMPORT_ROLLBACK_COMPLETE", "", clock_.now());
}

Task<Deployer::Outcome> Deployer::look_for(Context context, std::string type_name, Json properties,
                                           std::string id) {
  Outcome outcome;
  const Importable* importable = find_importable(type_name);
  const ResourceType* type = find_resource_type(type_name);
  if (importable == nullptr || type == nullptr) {
    outcome.problem = fmt::format("ResourceTypes [{}] are not supported for Import", type_name);
    co_return outcome;
  }
  const Step step = importable->read(id);
  Cloud::Ask ask{context.account, context.region, step.service, step.operation, step.input};
  Result<Json> output = co_await cloud_.call(std::move(ask));
  outcome.exists =
      output && (importable->complete == nullptr || importable->complete(id, properties, *output));
  if (!outcome.exists) {
    outcome.problem = import_not_found(type_name, id);
    co_return outcome;
  }
  outcome.problem = attempted([&] {
    outcome.made = type->made(context, properties, std::vector<Json>{*output});
    outcome.made.physical_id = id;
  });
  co_return outcome;
}

Task<Json> Deployer::existing_of(Context context, Json candidates) {
  Json existing = Json::array();
  for (const auto& [logical_id, id] : ids_of_imports(candidates)) {
    const std::string& name = logical_id;  // Clang captures no structured binding
    const auto entry = std::ranges::find_if(
        candidates, [&](const Json& each) { return property_text(each, "LogicalResourceId") == name; });
    Json properties = entry->at("ResourceIdentifier");
    std::string type_name = property_text(*entry, "ResourceType");
    const Outcome found = co_await look_for(context, std::move(type_name), std::move(properties), id);
    if (found.exists) existing.push_back(*entry);
  }
  co_return existing;
}

Task<std::optional<std::string>> Deployer::import_one(std::shared_ptr<Run> run, std::string name,
                                                      std::string id) {
  Context context;
  std::string type_name;
  Json properties;
  std::optional<std::string> problem;
  {
    Stack* stack = store_.by_id(run->stack_id);
    if (stack == nullptr) co_return "The stack is gone";
    const Json& definition = run->wish.document.at("Resources").at(name);
    type_name = definition.at("Type").get<std::string>();
    const std::string holder = holder_of(store_, *stack, type_name, id);
    StackResource fresh;
    fresh.logical_id = name;
    fresh.type = type_name;
    fresh.physical_id = id;
    fresh.definition = definition;
    const Lookups lookups = lookups_of(store_, *stack, run->wish, &run->conditions);
    Result<Json> resolved = evaluate(definition.value("Properties", Json::object()), lookups);
    if (resolved && resolved->is_object()) fresh.properties = std::move(*resolved);
    properties = fresh.properties;
    context = context_of(*stack, name);
    StackResource& resource = stack->resources[name];
    resource = std::move(fresh);
    // Whatever comes of it, going back lets go of it.
    Undo undo;
    undo.logical_id = name;
    run->undos.push_back(std::move(undo));
    store_.set_status(*stack, resource, "IMPORT_IN_PROGRESS", "Resource import started.", clock_.now());
    if (!holder.empty()) {
      problem = fmt::format("{} already exists in stack {}", id, holder);
      store_.set_status(*stack, resource, "IMPORT_FAILED", *problem, clock_.now());
      co_return problem;
    }
  }
  Outcome found = co_await look_for(context, type_name, std::move(properties), id);
  Stack* stack = store_.by_id(run->stack_id);
  if (stack == nullptr) co_return "The stack is gone";
  StackResource& resource = stack->resources[name];
  if (found.problem) {
    store_.set_status(*stack, resource, "IMPORT_FAILED", *found.problem, clock_.now());
    co_return found.problem;
  }
  resource.attributes = std::move(found.made.attributes);
  store_.set_status(*stack, resource, "IMPORT_COMPLETE", "Resource import completed.", clock_.now());
  co_return std::nullopt;
}

}  // namespace aviary::cloudformation
