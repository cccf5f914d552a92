#include <fmt/format.h>

#include <algorithm>

#include "models/cloudformation.hpp"
#include "services/cloudformation/api/cloudformation_service.hpp"
#include "services/cloudformation/core/changes.hpp"
#include "services/cloudformation/core/imports.hpp"
#include "services/cloudformation/core/template_text.hpp"

namespace aviary::cloudformation {
namespace {

namespace errors = models::cloudformation::errors;

constexpr std::string_view no_changes =
    "The submitted information didn't contain changes. Submit different information to create a change set.";

}  // namespace

Task<Result<Reply>> CloudFormationService::create_change_set(Call call) {
  const std::string stack_name = text_member(call.input, "StackName");
  const std::string name = text_member(call.input, "ChangeSetName");
  std::string type = text_member(call.input, "ChangeSetType");
  if (type.empty()) type = "UPDATE";
  Json imports = call.input.value("ResourcesToImport", Json::array());
  Wish known;
  {
    Stack* stack = store_.find(call.account, call.region, stack_name);
    const bool reviewed = stack != nullptr && stack->status == "REVIEW_IN_PROGRESS";
    if (type == "IMPORT" && imports.empty())
      co_return validation_error("Must Provide at least one resource to import");
    if (type != "IMPORT" && !imports.empty())
      co_return validation_error("ResourcesToImport may be given for an IMPORT change set only");
    if (type == "CREATE" && stack != nullptr && !reviewed)
      co_return validation_error(
          fmt::format("Stack [{}] already exists and cannot be created again with the changeSet [{}].",
                      stack_name, name));
    if (type == "UPDATE" || (type == "IMPORT" && stack != nullptr && !reviewed)) {
      if (stack == nullptr) co_return validation_error(fmt::format("Stack [{}] does not exist", stack_name));
      if (reviewed || stack->is_busy() || stack->status == "ROLLBACK_COMPLETE" ||
          stack->status == "ROLLBACK_FAILED" || stack->status.starts_with("DELETE") ||
          stack->status == "UPDATE_ROLLBACK_FAILED")
        co_return validation_error(
            fmt::format("Stack:{} is in {} state and can not be updated.", stack->id, stack->status));
      known = stack->wish;
    }
    // One that was carried out gives its name up: clients name them by the second, and here a stack is done
    // in less.
    const auto in_the_way = [&] {
      const auto same = stack->change_sets.find(name);
      return same != stack->change_sets.end() && same->second.execution_status != "EXECUTE_COMPLETE";
    };
    if (stack != nullptr && in_the_way())
      co_return AwsError(errors::AlreadyExistsException, fmt::format("ChangeSet {} already exists", name));
  }
  Result<Wish> wish = co_await wish_of(call, std::move(known));
  // What the transform refuses is seen when the change set is looked at.
  const bool refused = !wish && wish.error().message.starts_with("Transform ");
  if (!wish && !refused) co_return wish.error();

  Stack nothing;
  nothing.account = call.account;
  nothing.region = call.region;
  const bool imports_existing = type != "IMPORT" && call.input.value("ImportExistingResources", false);
  if (imports_existing && wish) {
    Json candidates = Json::array();
    {
      const Stack* known_stack = store_.find(call.account, call.region, stack_name);
      const Stack& now = known_stack != nullptr ? *known_stack : nothing;
      // What cannot be told of the changes is told below.
      if (const Result<Json> changes = changes_of(store_, now, *wish))
        candidates = import_candidates(store_, now, *wish, *changes);
    }
    Context where;
    where.account = call.account;
    where.region = call.region;
    imports = co_await deployer_.existing_of(std::move(where), std::move(candidates));
  }
  Stack* stack = store_.find(call.account, call.region, stack_name);
  if (type == "IMPORT" && wish) {
    // What cannot be imported leaves no stack behind.
    const Stack& now = stack != nullptr ? *stack : nothing;
    Result<Json> changes = changes_of(store_, now, *wish);
    if (!changes) co_return changes.error();
    if (const Result<> fine = check_imports(now, *wish, imports, *changes); !fine) co_return fine.error();
  }
  if (stack == nullptr) {
    stack = &store_.add(new_stack(call));
    stack->token.clear();
    store_.set_status(*stack, "REVIEW_IN_PROGRESS", "User Initiated", clock_.now());
  }
  ChangeSet set;
  set.name = name;
  set.id = fmt::format("arn:aws:cloudformation:{}:{}:changeSet/{}/{}", call.region, call.account, name,
                       ids_.uuid());
  set.type = type;
  set.description = text_member(call.input, "Description");
  set.on_failure = text_member(call.input, "OnStackFailure");
  set.created = call.now;
  set.imports_existing = imports_existing;
  set.status = "CREATE_COMPLETE";
  set.execution_status = "AVAILABLE";
  std::string problem = refused ? wish.error().message : "";
  if (!refused) {
    set.wish = std::move(*wish);
    Result<Json> changes = changes_of(store_, *stack, set.wish);
    if (!changes) {
      problem = changes.error().message;
    } else {
      set.changes = std::move(*changes);
      set.imports = imports;
      if (type == "IMPORT") static_cast<void>(check_imports(*stack, set.wish, imports, set.changes));
      if (imports_existing) {
        mark_imports(imports, set.changes);
        problem = refused_imports(set.wish, imports);
      }
      if (type == "UPDATE" && is_same(*stack, set.wish, set.changes)) problem = no_changes;
    }
  }
  if (!problem.empty()) {
    set.status = "FAILED";
    set.execution_status = "UNAVAILABLE";
    set.reason = std::move(problem);
  }
  if (stack->status == "REVIEW_IN_PROGRESS") {
    // A stack under review shows what it would be.
    stack->wish.tags = set.wish.tags;
    stack->wish.parameters = set.wish.parameters;
  }
  Reply reply;
  reply.output = {{"Id", set.id}, {"StackId", stack->id}};
  stack->change_sets[name] = std::move(set);
  store_.save(*stack);
  co_return reply;
}

Result<ChangeSet*> CloudFormationService::change_set_of(const Call& call, Stack*& stack) {
  const std::string name = text_member(call.input, "ChangeSetName");
  const std::string stack_name = text_member(call.input, "StackName");
  stack = nullptr;
  if (name.starts_with("arn:")) {
    for (const auto& [id, each] : store_.all())
      for (const auto& [set_name, set] : each.change_sets)
        if (set.id == name) stack = store_.by_id(id);
  } else {
    if (stack_name.empty())
      return validation_error("StackName must be specified if ChangeSetName is not specified as an ARN.");
    stack = store_.find(call.account, call.region, stack_name);
    if (stack == nullptr) return no_such_stack(stack_name);
  }
  if (stack != nullptr)
    for (auto& [set_name, set] : stack->change_sets)
      if (set_name == name || set.id == name) return &set;
  return AwsError(errors::ChangeSetNotFoundException, fmt::format("ChangeSet [{}] does not exist", name));
}

Result<Reply> CloudFormationService::describe_change_set(Call& call) {
  Stack* stack = nullptr;
  const Result<ChangeSet*> found = change_set_of(call, stack);
  if (!found) return found.error();
  const ChangeSet& set = **found;
  Reply reply;
  reply.output = {{"ChangeSetName", set.name},
                  {"ChangeSetId", set.id},
                  {"StackId", stack->id},
                  {"StackName", stack->name},
                  {"CreationTime", epoch_seconds(set.created)},
                  {"ExecutionStatus", set.execution_status},
                  {"Status", set.status},
                  {"NotificationARNs", set.wish.notification_arns},
                  {"RollbackConfiguration", set.wish.rollback},
                  {"Capabilities", set.wish.capabilities},
                  {"Tags", set.wish.tags},
                  {"Changes", set.changes},
                  {"ImportExistingResources", set.imports_existing},
                  {"IncludeNestedStacks", false}};
  if (!set.description.empty()) reply.output["Description"] = set.description;
  if (!set.on_failure.empty()) reply.output["OnStackFailure"] = set.on_failure;
  if (!set.reason.empty()) reply.output["StatusReason"] = set.reason;
  for (const ParameterValue& each : set.wish.parameters) {
    Json row{{"ParameterKey", each.key}, {"ParameterValue", each.hidden ? "****" : each.value}};
    if (!each.resolved.empty()) row["ResolvedValue"] = each.resolved;
    reply.output["Parameters"].push_back(std::move(row));
  }
  return reply;
}

Result<Reply> CloudFormationService::execute_change_set(Call& call) {
  Stack* stack = nullptr;
  const Result<ChangeSet*> found = change_set_of(call, stack);
  if (!found) return found.error();
  const ChangeSet set = **found;
  if (set.execution_status != "AVAILABLE")
    return AwsError(
        errors::InvalidChangeSetStatusException,
        fmt::format("ChangeSet [{}] cannot be executed in its current status of [{}]", set.id, set.status));
  if (stack->is_busy())
    return validation_error(
        fmt::format("Stack:{} is in {} state and can not be updated.", stack->id, stack->status));
  stack->token = text_member(call.input, "ClientRequestToken");
  stack->disable_rollback = call.input.value("DisableRollback", false);
  stack->on_failure = set.on_failure;
  stack->retain_except_on_create = call.input.value("RetainExceptOnCreate", false);
  stack->wish.notification_arns = set.wish.notification_arns;
  if (set.type == "UPDATE" && set.on_failure == "DO_NOTHING") stack->disable_rollback = true;
  stack->change_set_id = set.id;
  // Others were made for what the stack was.
  stack->change_sets.clear();
  if (set.type == "IMPORT") {
    stack->updated = call.now;
    store_.set_status(*stack, "IMPORT_IN_PROGRESS", "User Initiated", clock_.now());
    deployer_.take_in(stack->id, set.wish, set.imports);
  } else if (set.type == "CREATE") {
    stack->wish = set.wish;
    store_.set_status(*stack, "CREATE_IN_PROGRESS", "User Initiated", clock_.now());
    deployer_.create(stack->id, set.imports);
  } else {
    stack->updated = call.now;
    store_.set_status(*stack, "UPDATE_IN_PROGRESS", "User Initiated", clock_.now());
    deployer_.update(stack->id, set.wish, set.imports);
  }
  // The one that is carried out can still be looked at.
  ChangeSet& kept = stack->change_sets[set.name] = set;
  kept.execution_status = "EXECUTE_COMPLETE";
  store_.save(*stack);
  return Reply{};
}

Result<Reply> CloudFormationService::delete_change_set(Call& call) {
  Stack* stack = nullptr;
  const Result<ChangeSet*> found = change_set_of(call, stack);
  if (!found) {
    // What is not there is deleted.
    if (stack != nullptr || text_member(call.input, "ChangeSetName").starts_with("arn:")) return Reply{};
    return found.error();
  }
  stack->change_sets.erase(std::string((*found)->name));
  store_.save(*stack);
  return Reply{};
}

Result<Reply> CloudFormationService::list_change_sets(Call& call) {
  const Result<Stack*> stack = stack_of(call);
  if (!stack) return stack.error();
  Reply reply;
  reply.output["Summaries"] = Json::array();
  for (const auto& [name, set] : (*stack)->change_sets) {
    Json row{{"StackId", (*stack)->id},
             {"StackName", (*stack)->name},
             {"ChangeSetId", set.id},
             {"ChangeSetName", name},
             {"ExecutionStatus", set.execution_status},
             {"Status", set.status},
             {"CreationTime", epoch_seconds(set.created)}};
    if (!set.reason.empty()) row["StatusReason"] = set.reason;
    if (!set.description.empty()) row["Description"] = set.description;
    reply.output["Summaries"].push_back(std::move(row));
  }
  return reply;
}

}  // namespace aviary::cloudformation
