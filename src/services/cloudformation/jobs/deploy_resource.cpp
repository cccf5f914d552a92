#include <fmt/format.h>

#include <algorithm>

#include "services/cloudformation/jobs/run.hpp"

/// One resource of a stack: made, changed, replaced, removed.
namespace aviary::cloudformation {
namespace {

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

/// The same properties as far as anybody may see them: without what is hidden.
Json shown_properties(const Json& definition, Lookups lookups, const Stack& stack, const Wish& wish,
                      const Json& properties) {
  const bool hides =
      std::ranges::any_of(wish.parameters, &ParameterValue::hidden) ||
      std::ranges::any_of(stack.resources, [](const auto& each) { return each.second.no_echo; });
  if (!hides) return {};
  const auto ref = lookups.ref;
  const auto attribute = lookups.attribute;
  lookups.ref = [&](const std::string& name) -> std::optional<Json> {
    const auto parameter = std::ranges::find(wish.parameters, name, &ParameterValue::key);
    if (parameter != wish.parameters.end() && parameter->hidden) return Json("****");
    return ref(name);
  };
  lookups.attribute = [&](const std::string& name, const std::string& which) -> Result<Json> {
    const auto resource = stack.resources.find(name);
    if (resource != stack.resources.end() && resource->second.no_echo) return Json("*****");
    return attribute(name, which);
  };
  Result<Json> shown = resolved_properties(definition, lookups);
  return shown && *shown != properties ? std::move(*shown) : Json();
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

Task<Deployer::Performed> Deployer::perform(Context context, Steps steps) {
  Performed performed;
  for (Step& step : steps) {
    if (step.fill) {
      performed.problem = attempted([&] { step.fill(step.input, performed.outputs); });
      if (performed.problem) co_return performed;
    }
    while (true) {
      Cloud::Ask ask{context.account, context.region, step.service, step.operation, step.input};
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
      if (progress == Progress::Failed) {
        performed.problem = reason;
        co_return performed;
      }
      if (gives_up(context.stack_id)) {
        performed.problem = given_up(context);
        if (step.abandon != nullptr && !stopping_) {
          Cloud::Ask end{context.account, context.region, step.service, step.abandon, step.input};
          Result<Json> ended = co_await cloud_.call(std::move(end));
          if (!ended) performed.problem = *performed.problem + ": " + ended.error().message;
        }
        co_return performed;
      }
      const std::string subject = step.news != nullptr ? property_text(step.input, step.news) : "";
      std::optional<Instant> settled;
      if (subject.empty()) settled = clock_.now() + settling_;
      co_await waiters_.wait(subject, settled);
    }
  }
  co_return performed;
}

Task<std::optional<std::string>> Deployer::make_resource(std::shared_ptr<Run> run, std::string name) {
  if (const auto import = run->imports.find(name); import != run->imports.end())
    co_return co_await import_one(run, name, import->second);
  Json properties;
  Json shown;
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
    if (!is_known_type(type_name) && !records_unknown_)
      co_return fmt::format("Aviary does not have resources of type {} yet.", type_name);
    const Lookups lookups = lookups_of(store_, *stack, run->wish, &run->conditions);
    Result<Json> resolved = resolved_properties(definition, lookups);
    if (!resolved) co_return resolved.error().message;
    properties = std::move(*resolved);
    if (!properties.is_object()) co_return "Properties validation failed: Properties must be an object";
    shown = shown_properties(definition, lookups, *stack, run->wish, properties);
    if (definition.contains("UpdatePolicy")) {
      Result<Json> policy = evaluate(definition["UpdatePolicy"], lookups);
      if (!policy) co_return policy.error().message;
      if (policy->is_object()) update_policy = std::move(*policy);
    }
  }
  std::optional<std::string> problem;
  if (exists) {
    problem = co_await change_resource(run, name, std::move(properties), std::move(shown),
                                       std::move(update_policy));
  } else {
    problem = co_await create_resource(run, name, std::move(properties), std::move(shown));
  }
  co_return problem;
}

Task<std::optional<std::string>> Deployer::create_resource(std::shared_ptr<Run> run, std::string name,
                                                           Json properties, Json shown) {
  std::string type;
  Context context;
  {
    Stack* stack = store_.by_id(run->stack_id);
    StackResource& resource = stack->resources[name];
    type = resource.type;
    context = context_of(*stack, name);
    resource.properties = properties;
    resource.shown = std::move(shown);
    store_.set_status(*stack, resource, "CREATE_IN_PROGRESS", "", clock_.now());
  }
  Outcome outcome = co_await carry_out_creation(context, type, std::move(properties));
  Stack* stack = store_.by_id(run->stack_id);
  if (stack == nullptr) co_return "The stack is gone";
  StackResource& resource = stack->resources[name];
  if (outcome.exists) {
    resource.physical_id = std::move(outcome.made.physical_id);
    resource.attributes = std::move(outcome.made.attributes);
    resource.no_echo = outcome.no_echo;
    Undo undo;
    undo.logical_id = name;
    run->undos.push_back(std::move(undo));
  }
  if (outcome.problem) co_return outcome.problem;
  store_.set_status(*stack, resource, "CREATE_IN_PROGRESS", "Resource creation Initiated", clock_.now());
  const std::string warning =
      is_known_type(type)
          ? ""
          : fmt::format("Warning: recorded only. Aviary does not have resources of type {} yet.", type);
  store_.set_status(*stack, resource, "CREATE_COMPLETE", warning, clock_.now());
  co_return std::nullopt;
}

Task<std::optional<std::string>> Deployer::change_resource(std::shared_ptr<Run> run, std::string name,
                                                           Json properties, Json shown, Json update_policy) {
  StackResource before;
  Context context;
  bool replaces = false;
  {
    Stack* stack = store_.by_id(run->stack_id);
    StackResource& resource = stack->resources[name];
    const Json& definition = run->wish.document.at("Resources").at(name);
    // Of a nested stack it is the template at the URL that may be another.
    if (resource.properties == properties && !is_nested_stack(resource.type)) {
      resource.definition = definition;
      store_.save_resource(*stack, resource);
      co_return std::nullopt;
    }
    before = resource;
    resource.shown = std::move(shown);
    context = context_of(*stack, name);
    context.update_policy = std::move(update_policy);
    replaces = needs_replacement(resource.type, before.properties, properties);
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
  Outcome outcome;
  Json wanted = properties;
  if (replaces) {
    outcome = co_await carry_out_creation(context, before.type, std::move(wanted));
  } else {
    Existing existing{before.physical_id, before.properties, before.attributes};
    outcome = co_await carry_out_update(run, context, before.type, std::move(existing), std::move(wanted));
  }
  Stack* stack = store_.by_id(run->stack_id);
  if (stack == nullptr) co_return "The stack is gone";
  StackResource& resource = stack->resources[name];
  if (replaces && !outcome.exists) {
    // Nothing was made; what was there still is.
    resource.definition = before.definition;
    resource.shown = before.shown;
    co_return outcome.problem;
  }
  const bool is_another = outcome.made.physical_id != before.physical_id;
  resource.physical_id = std::move(outcome.made.physical_id);
  resource.attributes = std::move(outcome.made.attributes);
  resource.properties = std::move(properties);
  if (!outcome.problem) resource.no_echo = outcome.no_echo;
  if (replaces) {
    Undo undo;
    undo.logical_id = name;
    undo.before = before;
    undo.existed = true;
    undo.replaced = true;
    run->undos.push_back(std::move(undo));
  } else if (is_another) {
    // Who made it says only afterwards that it is another one.
    for (Undo& undo : run->undos)
      if (undo.logical_id == name) undo.replaced = true;
    store_.set_status(*stack, resource, "UPDATE_IN_PROGRESS",
                      "Requested update required the provider to create a new physical resource",
                      clock_.now());
  }
  if (replaces || is_another) run->leftovers.push_back(before);
  if (outcome.problem) co_return outcome.problem;
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
  Existing existing{resource.physical_id, std::move(resource.properties), std::move(resource.attributes)};
  co_return co_await carry_out_removal(context, resource.type, std::move(existing));
}

}  // namespace aviary::cloudformation
