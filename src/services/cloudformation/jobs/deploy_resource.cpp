#include <fmt/format.h>

#include <algorithm>

#include "services/cloudformation/jobs/run.hpp"

/// One resource of a stack: made, changed, replaced, removed.
namespace aviary::cloudformation {
namespace {

constexpr std::chrono::milliseconds between_looks{20};

std::string service_title(std::string_view id) {
  if (id == "lambda") return "Lambda";
  if (id == "iam") return "Iam";
  if (id == "logs") return "CloudWatchLogs";
  if (id == "cloudwatch") return "CloudWatch";
  if (id == "codedeploy") return "CodeDeploy";
  if (id == "events") return "EventBridge";
  std::string title(id);
  for (char& c : title) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return title;
}

bool code_has(const AwsError& error, std::initializer_list<std::string_view> marks) {
  return std::ranges::any_of(
      marks, [&](std::string_view mark) { return error.shape->code.find(mark) != std::string_view::npos; });
}

bool says_absent(const AwsError& error) {
  return code_has(error, {"NotFound", "NoSuch", "NonExistent", "DoesNotExist"});
}

/// What a step's failure is called in a stack's events.
std::string handler_message(const Step& step, const AwsError& error) {
  std::string_view code = "InvalidRequest";
  if (says_absent(error)) {
    code = "NotFound";
  } else if (code_has(error, {"Exists", "Conflict"})) {
    code = "AlreadyExists";
  } else if (error.shape->fault == Fault::Receiver) {
    code = "ServiceInternalError";
  }
  return fmt::format(
      "Resource handler returned message: \"{} (Service: {}, Status Code: {})\" (HandlerErrorCode: {})",
      error.message, service_title(step.service), error.shape->status, code);
}

/// The properties of a resource, evaluated.
Result<Json> resolved_properties(const Json& definition, const Lookups& lookups) {
  const auto properties = definition.find("Properties");
  if (properties == definition.end() || properties->is_null()) return Json::object();
  Result<Json> value = evaluate(*properties, lookups);
  if (value && value->is_null()) return Json::object();
  return value;
}

/// The steps of a type. Properties of a kind that nobody expects (a text where a list belongs) end here.
template <class Plan>
std::optional<std::string> planned(Steps& steps, Plan plan) {
  try {
    steps = plan();
    return std::nullopt;
  } catch (const Json::exception&) {
    return "Properties validation failed: a property is not of the kind that its type has";
  }
}

}  // namespace

Context Deployer::context_of(const Stack& stack, const std::string& logical_id) {
  static constexpr std::string_view characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  Context context;
  context.account = stack.account;
  context.region = stack.region;
  context.stack_name = stack.name;
  context.stack_id = stack.id;
  context.logical_id = logical_id;
  context.stack_tags = stack.wish.tags;
  while (context.suffix.size() < 12) context.suffix += characters[ids_.next() % characters.size()];
  return context;
}

Task<Deployer::Performed> Deployer::perform(std::string account, std::string region, Steps steps) {
  Performed performed;
  for (Step& step : steps) {
    if (step.fill) step.fill(step.input, performed.outputs);
    while (true) {
      Cloud::Ask ask{account, region, step.service, step.operation, step.input};
      Result<Json> output = co_await cloud_.call(std::move(ask));
      if (!output) {
        if (step.absent_is_fine && says_absent(output.error())) {
          performed.outputs.push_back(Json::object());
          break;
        }
        performed.problem = handler_message(step, output.error());
        co_return performed;
      }
      std::string reason;
      const Progress progress = step.until ? step.until(*output, reason) : Progress::Done;
      if (progress == Progress::Done) {
        performed.outputs.push_back(std::move(*output));
        break;
      }
      if (progress == Progress::Failed || stopping_) {
        performed.problem = progress == Progress::Failed ? reason : "The server ended during the operation";
        co_return performed;
      }
      co_await sleep_for(stopwatch_, between_looks);
    }
  }
  co_return performed;
}

Task<std::optional<std::string>> Deployer::make_resource(std::shared_ptr<Run> run, std::string name) {
  Json properties;
  Json update_policy = Json::object();
  bool exists = false;
  {
    Stack* stack = store_.by_id(run->stack_id);
    if (stack == nullptr) co_return "The stack is gone";
    const Json& definition = run->wish.document.at("Resources").at(name);
    const std::string type_name = definition.at("Type").get<std::string>();
    const auto found = stack->resources.find(name);
    if (found != stack->resources.end() && found->second.type != type_name)
      co_return fmt::format(
          "Update of resource type is not permitted. The new template modifies resource type of the "
          "following resources [{}]",
          name);
    exists = found != stack->resources.end() && !found->second.physical_id.empty();
    if (!exists) {
      StackResource fresh;
      fresh.logical_id = name;
      fresh.type = type_name;
      fresh.definition = definition;
      stack->resources.insert_or_assign(name, std::move(fresh));
    }
    if (find_resource_type(type_name) == nullptr)
      co_return fmt::format("Aviary does not have resources of type {} yet.", type_name);
    const Lookups lookups = lookups_of(store_, *stack, run->wish, &run->conditions);
    Result<Json> resolved = resolved_properties(definition, lookups);
    if (!resolved) co_return resolved.error().message;
    properties = std::move(*resolved);
    if (definition.contains("UpdatePolicy")) {
      Result<Json> policy = evaluate(definition["UpdatePolicy"], lookups);
      if (!policy) co_return policy.error().message;
      if (policy->is_object()) update_policy = std::move(*policy);
    }
  }
  std::optional<std::string> problem;
  if (exists) {
    problem = co_await change_resource(run, name, std::move(properties), std::move(update_policy));
  } else {
    problem = co_await create_resource(run, name, std::move(properties));
  }
  co_return problem;
}

Task<std::optional<std::string>> Deployer::create_resource(std::shared_ptr<Run> run, std::string name,
                                                           Json properties) {
  const ResourceType* type = nullptr;
  Context context;
  {
    Stack* stack = store_.by_id(run->stack_id);
    StackResource& resource = stack->resources[name];
    type = find_resource_type(resource.type);
    context = context_of(*stack, name);
    resource.properties = properties;
    store_.set_status(*stack, resource, "CREATE_IN_PROGRESS", "", clock_.now());
  }
  Steps steps;
  if (std::optional<std::string> problem = planned(steps, [&] { return type->create(context, properties); }))
    co_return problem;
  const bool has_steps = !steps.empty();
  Performed performed = co_await perform(context.account, context.region, std::move(steps));
  Stack* stack = store_.by_id(run->stack_id);
  if (stack == nullptr) co_return "The stack is gone";
  StackResource& resource = stack->resources[name];
  if (!has_steps || !performed.outputs.empty()) {
    // Something is there: also when a later step failed, so that it can be taken away again.
    Made made = type->made(context, properties, performed.outputs);
    resource.physical_id = std::move(made.physical_id);
    resource.attributes = std::move(made.attributes);
    Undo undo;
    undo.logical_id = name;
    run->undos.push_back(std::move(undo));
  }
  if (performed.problem) co_return performed.problem;
  store_.set_status(*stack, resource, "CREATE_IN_PROGRESS", "Resource creation Initiated", clock_.now());
  store_.set_status(*stack, resource, "CREATE_COMPLETE", "", clock_.now());
  co_return std::nullopt;
}

Task<std::optional<std::string>> Deployer::change_resource(std::shared_ptr<Run> run, std::string name,
                                                           Json properties, Json update_policy) {
  StackResource before;
  Context context;
  const ResourceType* type = nullptr;
  bool replaces = false;
  {
    Stack* stack = store_.by_id(run->stack_id);
    StackResource& resource = stack->resources[name];
    const Json& definition = run->wish.document.at("Resources").at(name);
    type = find_resource_type(resource.type);
    if (resource.properties == properties) {
      resource.definition = definition;
      store_.save_resource(*stack, resource);
      co_return std::nullopt;
    }
    before = resource;
    context = context_of(*stack, name);
    context.update_policy = std::move(update_policy);
    replaces =
        type->update == nullptr || std::ranges::any_of(type->replacing, [&](std::string_view property) {
          return differs(before.properties, properties, std::string(property).c_str());
        });
    resource.definition = definition;
    store_.set_status(
        *stack, resource, "UPDATE_IN_PROGRESS",
        replaces ? "Requested update requires the creation of a new physical resource; hence creating one."
                 : "",
        clock_.now());
    if (!replaces) {
      resource.properties = properties;
      Undo undo;
      undo.logical_id = name;
      undo.before = before;
      undo.existed = true;
      run->undos.push_back(std::move(undo));
    }
  }
  const Existing existing{before.physical_id, before.properties, before.attributes};
  Steps steps;
  if (std::optional<std::string> problem = planned(steps, [&] {
        return replaces ? type->create(context, properties) : type->update(context, existing, properties);
      }))
    co_return problem;
  const bool has_steps = !steps.empty();
  Performed performed = co_await perform(context.account, context.region, std::move(steps));
  Stack* stack = store_.by_id(run->stack_id);
  if (stack == nullptr) co_return "The stack is gone";
  StackResource& resource = stack->resources[name];
  if (replaces) {
    if (has_steps && performed.outputs.empty()) {
      // Nothing was made; what was there still is.
      resource.definition = before.definition;
      co_return performed.problem;
    }
    Made made = type->made(context, properties, performed.outputs);
    resource.physical_id = std::move(made.physical_id);
    resource.attributes = std::move(made.attributes);
    resource.properties = properties;
    Undo undo;
    undo.logical_id = name;
    undo.before = before;
    undo.existed = true;
    undo.replaced = true;
    run->undos.push_back(std::move(undo));
    run->leftovers.push_back(before);
  }
  if (performed.problem) co_return performed.problem;
  store_.set_status(*stack, resource, "UPDATE_COMPLETE", "", clock_.now());
  co_return std::nullopt;
}

Task<std::optional<std::string>> Deployer::remove_resource(std::string stack_id, StackResource resource) {
  Context context;
  {
    Stack* stack = store_.by_id(stack_id);
    if (stack == nullptr) co_return "The stack is gone";
    context = context_of(*stack, resource.logical_id);
  }
  const ResourceType* type = find_resource_type(resource.type);
  if (type == nullptr) co_return std::nullopt;
  const Existing existing{resource.physical_id, resource.properties, resource.attributes};
  Steps steps = type->remove(context, existing);
  Performed performed = co_await perform(context.account, context.region, std::move(steps));
  co_return performed.problem;
}

}  // namespace aviary::cloudformation
