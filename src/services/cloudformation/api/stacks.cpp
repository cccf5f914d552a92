#include <fmt/format.h>

#include <set>

#include "base/bounded_json.hpp"
#include "models/cloudformation.hpp"
#include "services/cloudformation/api/cloudformation_service.hpp"
#include "services/cloudformation/core/changes.hpp"
#include "services/cloudformation/core/importers.hpp"
#include "services/cloudformation/core/template_text.hpp"

namespace aviary::cloudformation {
namespace {

AwsError wrong_state(const Stack& stack, std::string_view verb) {
  return validation_error(
      fmt::format("Stack:{} is in {} state and can not be {}.", stack.id, stack.status, verb));
}

}  // namespace

Task<Result<Reply>> CloudFormationService::create_stack(Call call) {
  const std::string name = text_member(call.input, "StackName");
  Wish none;
  Result<Wish> wish = co_await wish_of(call, std::move(none));
  if (!wish) co_return wish.error();
  if (const Result<> allowed = check_expansion(*wish); !allowed) co_return allowed.error();
  if (Stack* existing = store_.find(call.account, call.region, name))
    co_return AwsError(models::cloudformation::errors::AlreadyExistsException,
                       fmt::format("Stack [{}] already exists", existing->name));
  if (call.input.contains("OnFailure") && call.input.contains("DisableRollback"))
    co_return validation_error("You can specify either DisableRollback or OnFailure, but not both.");
  Stack stack = new_stack(call);
  stack.wish = std::move(*wish);
  stack.disable_rollback = call.input.value("DisableRollback", false);
  stack.on_failure = text_member(call.input, "OnFailure");
  stack.timeout_minutes = call.input.value("TimeoutInMinutes", 0);
  stack.retain_except_on_create = call.input.value("RetainExceptOnCreate", false);
  stack.termination_protection = call.input.value("EnableTerminationProtection", false);
  stack.stack_policy = text_member(call.input, "StackPolicyBody");
  deployer_.adopt(stack);
  Stack& added = store_.add(std::move(stack));
  store_.set_status(added, "CREATE_IN_PROGRESS", "User Initiated", clock_.now());
  deployer_.create(added.id);
  Reply reply;
  reply.output["StackId"] = added.id;
  co_return reply;
}

Task<Result<Reply>> CloudFormationService::update_stack(Call call) {
  Wish known;
  {
    Result<Stack*> stack = stack_of(call);
    if (!stack) co_return stack.error();
    known = (*stack)->wish;
  }
  Result<Wish> wish = co_await wish_of(call, std::move(known));
  if (!wish) co_return wish.error();
  if (const Result<> allowed = check_expansion(*wish); !allowed) co_return allowed.error();
  Result<Stack*> found = stack_of(call);
  if (!found) co_return found.error();
  Stack& stack = **found;
  if (stack.is_busy() || stack.status.starts_with("DELETE") || stack.status == "ROLLBACK_COMPLETE" ||
      stack.status == "ROLLBACK_FAILED" || stack.status == "REVIEW_IN_PROGRESS" ||
      stack.status == "UPDATE_ROLLBACK_FAILED")
    co_return wrong_state(stack, "updated");
  const Result<Json> changes = changes_of(store_, stack, *wish);
  if (!changes) co_return changes.error();
  if (is_same(stack, *wish, *changes) && !stack.status.ends_with("FAILED"))
    co_return validation_error("No updates are to be performed.");
  stack.disable_rollback = call.input.value("DisableRollback", false);
  stack.token = text_member(call.input, "ClientRequestToken");
  stack.retain_except_on_create = call.input.value("RetainExceptOnCreate", false);
  stack.wish.notification_arns = wish->notification_arns;
  stack.updated = call.now;
  store_.set_status(stack, "UPDATE_IN_PROGRESS", "User Initiated", clock_.now());
  deployer_.update(stack.id, std::move(*wish));
  Reply reply;
  reply.output["StackId"] = stack.id;
  co_return reply;
}

Result<Reply> CloudFormationService::delete_stack(Call& call) {
  Stack* stack = store_.find(call.account, call.region, text_member(call.input, "StackName"));
  // What is not there is deleted.
  if (stack == nullptr || stack->is_deleted()) return Reply{};
  if (stack->termination_protection)
    return validation_error(
        fmt::format("Stack [{}] cannot be deleted while TerminationProtection is enabled", stack->id));
  // A creation is given up.
  if (stack->is_busy() && stack->status != "CREATE_IN_PROGRESS") {
    if (stack->status == "DELETE_IN_PROGRESS") return Reply{};
    return wrong_state(*stack, "deleted");
  }
  for (const Output& output : stack->outputs)
    if (!output.export_name.empty())
      for (const Stack* importer : importers_of(store_, call.account, call.region, output.export_name))
        if (importer != stack)
          return validation_error(fmt::format("Export {} cannot be deleted as it is in use by {}",
                                              output.export_name, importer->name));
  std::set<std::string> retained;
  for (const Json& each : call.input.value("RetainResources", Json::array()))
    retained.insert(each.get<std::string>());
  if (!retained.empty() && stack->status != "DELETE_FAILED")
    return validation_error(
        fmt::format("Invalid operation on stack [{}]. When you delete a stack, specify which resources "
                    "to retain only when the stack is in the DELETE_FAILED state.",
                    stack->id));
  stack->token = text_member(call.input, "ClientRequestToken");
  store_.set_status(*stack, "DELETE_IN_PROGRESS", "User Initiated", clock_.now());
  deployer_.remove(stack->id, std::move(retained));
  return Reply{};
}

Result<Reply> CloudFormationService::rollback_stack(Call& call) {
  const Result<Stack*> found = stack_of(call);
  if (!found) return found.error();
  Stack& stack = **found;
  const bool created = stack.status == "CREATE_FAILED";
  if (!created && stack.status != "UPDATE_FAILED") return wrong_state(stack, "rolled back");
  stack.token = text_member(call.input, "ClientRequestToken");
  stack.retain_except_on_create = call.input.value("RetainExceptOnCreate", false);
  store_.set_status(stack, created ? "ROLLBACK_IN_PROGRESS" : "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated",
                    clock_.now());
  deployer_.roll_back(stack.id, {});
  Reply reply;
  reply.output["StackId"] = stack.id;
  return reply;
}

Result<Reply> CloudFormationService::continue_update_rollback(Call& call) {
  const Result<Stack*> found = stack_of(call);
  if (!found) return found.error();
  Stack& stack = **found;
  if (stack.status != "UPDATE_ROLLBACK_FAILED") return wrong_state(stack, "rolled back");
  std::set<std::string> skipped;
  const Json given = call.input.value("ResourcesToSkip", Json::array());
  for (const Json& each : given) {
    std::string name = each.get<std::string>();
    const auto resource = stack.resources.find(name);
    if (resource == stack.resources.end() || !resource->second.status.ends_with("FAILED"))
      return validation_error(fmt::format(
          "The following resources could not be skipped because they are not in UPDATE_FAILED state: [{}]",
          name));
    skipped.insert(std::move(name));
  }
  stack.token = text_member(call.input, "ClientRequestToken");
  store_.set_status(stack, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated", clock_.now());
  deployer_.roll_back(stack.id, std::move(skipped));
  return Reply{};
}

Result<Reply> CloudFormationService::cancel_update_stack(Call& call) {
  const Result<Stack*> found = stack_of(call);
  if (!found) return found.error();
  Stack& stack = **found;
  if (stack.status != "UPDATE_IN_PROGRESS")
    return validation_error("CancelUpdateStack cannot be called from current stack status");
  if (call.input.contains("ClientRequestToken")) stack.token = text_member(call.input, "ClientRequestToken");
  store_.set_status(stack, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated", clock_.now());
  deployer_.cancel(stack.id);
  return Reply{};
}

Result<Reply> CloudFormationService::update_termination_protection(Call& call) {
  const Result<Stack*> stack = stack_of(call);
  if (!stack) return stack.error();
  (*stack)->termination_protection = call.input.value("EnableTerminationProtection", false);
  store_.save(**stack);
  Reply reply;
  reply.output["StackId"] = (*stack)->id;
  return reply;
}

Result<Reply> CloudFormationService::set_stack_policy(Call& call) {
  const Result<Stack*> stack = stack_of(call);
  if (!stack) return stack.error();
  const std::string policy = text_member(call.input, "StackPolicyBody");
  if (parse_bounded<Json>(policy).is_discarded())
    return validation_error("Error validating stack policy: Invalid stack policy");
  (*stack)->stack_policy = policy;
  store_.save(**stack);
  return Reply{};
}

Result<Reply> CloudFormationService::get_stack_policy(Call& call) {
  const Result<Stack*> stack = stack_of(call);
  if (!stack) return stack.error();
  Reply reply;
  if (!(*stack)->stack_policy.empty()) reply.output["StackPolicyBody"] = (*stack)->stack_policy;
  return reply;
}

}  // namespace aviary::cloudformation
