#include <fmt/format.h>

#include "services/cloudformation/jobs/run.hpp"

/// AWS::CloudFormation::Stack: a stack as a resource of another.
namespace aviary::cloudformation {
namespace {

/// A template that has itself as a resource must end somewhere.
constexpr int most_stack_levels = 10;

/// What creation and update have in common.
Json nested_input(const Stack& parent, const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, {"TemplateURL", "NotificationARNs"});
  input["Capabilities"] = parent.wish.capabilities;
  Json parameters = Json::array();
  const Json given = properties.value("Parameters", Json::object());
  for (const auto& [key, value] : given.items()) {
    std::string text = property_text(given, key.c_str());
    if (value.is_array()) {
      text.clear();
      for (const Json& each : value)
        text += (text.empty() ? "" : ",") + (each.is_string() ? each.get<std::string>() : each.dump());
    }
    parameters.push_back({{"ParameterKey", key}, {"ParameterValue", std::move(text)}});
  }
  input["Parameters"] = std::move(parameters);
  Json tags = parent.wish.tags;
  const Json own = properties.value("Tags", Json::array());
  for (const Json& tag : own) tags.push_back(tag);
  input["Tags"] = std::move(tags);
  return input;
}

std::string place_of(const std::string& account, const std::string& region, const std::string& name) {
  return account + '/' + region + '/' + name;
}

Json outputs_of(const Stack& stack) {
  Json attributes = Json::object();
  for (const Output& output : stack.outputs) attributes["Outputs." + output.key] = output.value;
  return attributes;
}

}  // namespace

void Deployer::adopt(Stack& stack) {
  const auto found = parents_.find(place_of(stack.account, stack.region, stack.name));
  if (found == parents_.end()) return;
  const Stack* parent = store_.by_id(found->second);
  if (parent == nullptr) return;
  stack.parent_id = parent->id;
  stack.root_id = parent->root_id.empty() ? parent->id : parent->root_id;
}

/// What is done to it is taken back with what is done to its parent.
Task<bool> Deployer::rests_with(std::string stack_id, std::string parent_id) {
  while (!stopping_) {
    Stack* stack = store_.by_id(stack_id);
    if (stack == nullptr || !stack->is_busy()) co_return true;
    if (turns_back(parent_id) && !turns_back(stack_id)) {
      const bool updates = stack->status == "UPDATE_IN_PROGRESS";
      if (updates) store_.set_status(*stack, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated", clock_.now());
      if (updates || stack->status == "CREATE_IN_PROGRESS") cancel(stack_id);
      continue;
    }
    co_await waiters_.wait(stack_id, std::nullopt);
  }
  co_return false;
}

Task<bool> Deployer::rests(std::string stack_id) { return rests_with(std::move(stack_id), std::string()); }

Task<Deployer::Outcome> Deployer::create_nested(Context context, Json properties) {
  Outcome outcome;
  Json input;
  {
    const Stack* parent = store_.by_id(context.stack_id);
    if (parent == nullptr) {
      outcome.problem = "The stack is gone";
      co_return outcome;
    }
    int levels = 1;
    for (const Stack* each = parent; each != nullptr && !each->parent_id.empty(); ++levels)
      each = store_.by_id(each->parent_id);
    if (levels >= most_stack_levels) {
      outcome.problem = fmt::format("Stacks are nested more than {} deep", most_stack_levels);
      co_return outcome;
    }
    input = nested_input(*parent, properties);
  }
  const std::string name = context.name(Json::object(), "StackName", 128);
  const std::string place = place_of(context.account, context.region, name);
  parents_[place] = context.stack_id;
  input["StackName"] = name;
  copy_properties(properties, input, {"TimeoutInMinutes"});
  // The parent's rollback is its rollback.
  input["OnFailure"] = "DO_NOTHING";
  Cloud::Ask ask{context.account, context.region, "cloudformation", "CreateStack", std::move(input)};
  Result<Json> created = co_await cloud_.call(std::move(ask));
  parents_.erase(place);
  if (!created) {
    outcome.problem = created.error().message;
    co_return outcome;
  }
  const std::string id = property_text(*created, "StackId");
  outcome.exists = true;
  outcome.made.physical_id = id;
  if (!co_await rests_with(id, context.stack_id)) {
    outcome.problem = "The server ended during the operation";
    co_return outcome;
  }
  const Stack* child = store_.by_id(id);
  if (child == nullptr || child->status != "CREATE_COMPLETE") {
    outcome.problem = turns_back(context.stack_id)
                          ? given_up(context)
                          : fmt::format("Embedded stack {} was not successfully created: {}", id,
                                        child != nullptr ? child->reason : "it is gone");
  } else {
    outcome.made.attributes = outputs_of(*child);
  }
  co_return outcome;
}

Task<Deployer::Outcome> Deployer::update_nested(std::shared_ptr<Run> run, Context context, Existing existing,
                                                Json wanted) {
  Outcome outcome;
  outcome.exists = true;
  outcome.made = {existing.physical_id, existing.attributes};
  const std::string id = existing.physical_id;
  Json input;
  {
    const Stack* parent = store_.by_id(context.stack_id);
    const Stack* child = store_.by_id(id);
    if (parent == nullptr || child == nullptr || child->is_deleted()) {
      outcome.problem = fmt::format("Embedded stack {} does not exist", id);
      co_return outcome;
    }
    if (run) run->nested_before[id] = child->wish;
    input = nested_input(*parent, wanted);
    input["Capabilities"] = run ? run->wish.capabilities : parent->wish.capabilities;
  }
  input["StackName"] = id;
  Cloud::Ask ask{context.account, context.region, "cloudformation", "UpdateStack", std::move(input)};
  Result<Json> updated = co_await cloud_.call(std::move(ask));
  if (!updated && updated.error().message == "No updates are to be performed.") co_return outcome;
  if (!updated) {
    outcome.problem = updated.error().message;
    co_return outcome;
  }
  if (!co_await rests_with(id, context.stack_id)) {
    outcome.problem = "The server ended during the operation";
    co_return outcome;
  }
  const Stack* child = store_.by_id(id);
  if (child == nullptr || child->status != "UPDATE_COMPLETE") {
    std::string reason = child != nullptr ? child->reason : "";
    if (child != nullptr && reason.empty())
      for (const StackEvent& event : child->events)
        if (event.logical_id == child->name && event.status == "UPDATE_ROLLBACK_IN_PROGRESS")
          reason = event.reason;
    outcome.problem =
        turns_back(context.stack_id)
            ? given_up(context)
            : fmt::format("Embedded stack {} was not successfully updated. Currently in {} with reason: {}",
                          id, child != nullptr ? child->status : "DELETE_COMPLETE", reason);
  } else {
    outcome.made.attributes = outputs_of(*child);
  }
  co_return outcome;
}

/// The stack as it was before the run: also when its template is another now at the same URL.
Task<std::optional<std::string>> Deployer::undo_nested(std::shared_ptr<Run> run, std::string stack_id) {
  const auto known = run->nested_before.find(stack_id);
  if (known == run->nested_before.end()) co_return std::nullopt;
  Wish before = std::move(known->second);
  run->nested_before.erase(known);
  if (!co_await rests(stack_id)) co_return "The server ended during the operation";
  Stack* child = store_.by_id(stack_id);
  if (child == nullptr || child->is_deleted()) co_return fmt::format("Embedded stack {} is gone", stack_id);
  // It has gone back by itself, or was never touched.
  if (child->status != "UPDATE_COMPLETE" ||
      (child->wish.document == before.document && child->wish.parameters == before.parameters &&
       child->wish.tags == before.tags))
    co_return std::nullopt;
  store_.set_status(*child, "UPDATE_IN_PROGRESS", "User Initiated", clock_.now());
  update(stack_id, std::move(before));
  if (!co_await rests(stack_id)) co_return "The server ended during the operation";
  child = store_.by_id(stack_id);
  if (child == nullptr || child->status != "UPDATE_COMPLETE")
    co_return fmt::format("Embedded stack {} was not rolled back", stack_id);
  co_return std::nullopt;
}

Task<std::optional<std::string>> Deployer::remove_nested(std::string stack_id) {
  if (!co_await rests(stack_id)) co_return "The server ended during the operation";
  Cloud::Ask ask;
  {
    const Stack* child = store_.by_id(stack_id);
    if (child == nullptr || child->is_deleted()) co_return std::nullopt;
    ask.account = child->account;
    ask.region = child->region;
  }
  ask.service = "cloudformation";
  ask.operation = "DeleteStack";
  ask.input["StackName"] = stack_id;
  Result<Json> deleting = co_await cloud_.call(std::move(ask));
  if (!deleting) co_return deleting.error().message;
  if (!co_await rests(stack_id)) co_return "The server ended during the operation";
  const Stack* child = store_.by_id(stack_id);
  if (child != nullptr && !child->is_deleted())
    co_return fmt::format("Embedded stack {} was not successfully deleted: {}", stack_id, child->reason);
  co_return std::nullopt;
}

}  // namespace aviary::cloudformation
