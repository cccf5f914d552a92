#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "services/cloudformation/api/cloudformation_service.hpp"
#include "services/cloudformation/core/importers.hpp"
#include "services/cloudformation/core/template_text.hpp"

namespace aviary::cloudformation {
namespace {

Json drift_of(const Stack& stack) {
  return stack.drift.is_null() ? Json{{"StackDriftStatus", "NOT_CHECKED"}} : stack.drift;
}

Json drift_of(const StackResource& resource) {
  if (resource.drift.is_null()) return {{"StackResourceDriftStatus", "NOT_CHECKED"}};
  return {{"StackResourceDriftStatus", resource.drift.at("StackResourceDriftStatus")},
          {"LastCheckTimestamp", resource.drift.at("Timestamp")}};
}

Json parameter_rows(const Wish& wish) {
  Json rows = Json::array();
  for (const ParameterValue& each : wish.parameters) {
    Json row{{"ParameterKey", each.key}, {"ParameterValue", each.hidden ? "****" : each.value}};
    if (!each.resolved.empty()) row["ResolvedValue"] = each.resolved;
    rows.push_back(std::move(row));
  }
  return rows;
}

Json stack_row(const Stack& stack) {
  Json row{{"StackId", stack.id},
           {"StackName", stack.name},
           {"Parameters", parameter_rows(stack.wish)},
           {"CreationTime", epoch_seconds(stack.created)},
           {"RollbackConfiguration", stack.wish.rollback},
           {"StackStatus", stack.status},
           {"DisableRollback", stack.disable_rollback},
           {"NotificationARNs", stack.wish.notification_arns},
           {"Capabilities", stack.wish.capabilities},
           {"Outputs", Json::array()},
           {"Tags", stack.wish.tags},
           {"EnableTerminationProtection", stack.termination_protection},
           {"DriftInformation", drift_of(stack)}};
  if (stack.timeout_minutes != 0) row["TimeoutInMinutes"] = stack.timeout_minutes;
  if (stack.retain_except_on_create) row["RetainExceptOnCreate"] = true;
  if (!stack.parent_id.empty()) row["ParentId"] = stack.parent_id;
  if (!stack.root_id.empty()) row["RootId"] = stack.root_id;
  if (!stack.change_set_id.empty()) row["ChangeSetId"] = stack.change_set_id;
  if (const std::string text = stack.wish.document.value("Description", std::string()); !text.empty())
    row["Description"] = text;
  if (stack.updated) row["LastUpdatedTime"] = epoch_seconds(*stack.updated);
  if (stack.deleted) row["DeletionTime"] = epoch_seconds(*stack.deleted);
  if (!stack.reason.empty()) row["StackStatusReason"] = stack.reason;
  if (!stack.wish.role_arn.empty()) row["RoleARN"] = stack.wish.role_arn;
  for (const Output& output : stack.outputs) {
    Json each{{"OutputKey", output.key}, {"OutputValue", output.value}};
    if (!output.description.empty()) each["Description"] = output.description;
    if (!output.export_name.empty()) each["ExportName"] = output.export_name;
    row["Outputs"].push_back(std::move(each));
  }
  return row;
}

Json resource_row(const Stack& stack, const StackResource& resource, const char* time) {
  Json row{{"StackName", stack.name},
           {"StackId", stack.id},
           {"LogicalResourceId", resource.logical_id},
           {"ResourceType", resource.type},
           {time, epoch_seconds(resource.changed)},
           {"ResourceStatus", resource.status},
           {"DriftInformation", drift_of(resource)}};
  if (!resource.physical_id.empty()) row["PhysicalResourceId"] = resource.physical_id;
  if (!resource.reason.empty()) row["ResourceStatusReason"] = resource.reason;
  return row;
}

/// Where a page starts, from its token.
std::size_t start_of_page(const Json& input) {
  const std::string token = text_member(input, "NextToken");
  std::size_t start = 0;
  std::from_chars(token.data(), token.data() + token.size(), start);
  return start;
}

}  // namespace

Result<Reply> CloudFormationService::describe_stacks(Call& call) {
  Reply reply;
  Json& rows = reply.output["Stacks"] = Json::array();
  if (!text_member(call.input, "StackName").empty()) {
    const Result<Stack*> stack = stack_of(call);
    if (!stack) return stack.error();
    rows.push_back(stack_row(**stack));
    return reply;
  }
  for (const auto& [id, stack] : store_.all())
    if (stack.account == call.account && stack.region == call.region && !stack.is_deleted())
      rows.push_back(stack_row(stack));
  return reply;
}

Result<Reply> CloudFormationService::list_stacks(Call& call) {
  const Json wanted = call.input.value("StackStatusFilter", Json::array());
  Reply reply;
  Json& rows = reply.output["StackSummaries"] = Json::array();
  for (const auto& [id, stack] : store_.all()) {
    if (stack.account != call.account || stack.region != call.region) continue;
    if (!wanted.empty() && std::ranges::find(wanted, Json(stack.status)) == wanted.end()) continue;
    Json row{{"StackId", stack.id},
             {"StackName", stack.name},
             {"CreationTime", epoch_seconds(stack.created)},
             {"StackStatus", stack.status},
             {"DriftInformation", drift_of(stack)}};
    if (!stack.parent_id.empty()) row["ParentId"] = stack.parent_id;
    if (!stack.root_id.empty()) row["RootId"] = stack.root_id;
    if (const std::string text = stack.wish.document.value("Description", std::string()); !text.empty())
      row["TemplateDescription"] = text;
    if (stack.updated) row["LastUpdatedTime"] = epoch_seconds(*stack.updated);
    if (stack.deleted) row["DeletionTime"] = epoch_seconds(*stack.deleted);
    if (!stack.reason.empty()) row["StackStatusReason"] = stack.reason;
    rows.push_back(std::move(row));
  }
  return reply;
}

Result<Reply> CloudFormationService::describe_stack_events(Call& call) {
  const Result<Stack*> found = stack_of(call);
  if (!found) return found.error();
  const Stack& stack = **found;
  constexpr std::size_t page = 100;
  Reply reply;
  Json& rows = reply.output["StackEvents"] = Json::array();
  const std::size_t start = start_of_page(call.input);
  for (std::size_t i = start; i < stack.events.size() && i < start + page; ++i) {
    // The newest first.
    const StackEvent& event = stack.events[stack.events.size() - 1 - i];
    Json row{{"StackId", stack.id},
             {"EventId", event.id},
             {"StackName", stack.name},
             {"LogicalResourceId", event.logical_id},
             {"PhysicalResourceId", event.physical_id},
             {"ResourceType", event.type},
             {"Timestamp", epoch_seconds(event.at)},
             {"ResourceStatus", event.status}};
    if (!event.reason.empty()) row["ResourceStatusReason"] = event.reason;
    if (!event.properties.empty()) row["ResourceProperties"] = event.properties;
    if (!event.token.empty()) row["ClientRequestToken"] = event.token;
    rows.push_back(std::move(row));
  }
  if (start + page < stack.events.size()) reply.output["NextToken"] = std::to_string(start + page);
  return reply;
}

Result<Reply> CloudFormationService::describe_stack_resource(Call& call) {
  const Result<Stack*> stack = stack_of(call);
  if (!stack) return stack.error();
  const std::string name = text_member(call.input, "LogicalResourceId");
  const auto found = (*stack)->resources.find(name);
  if (found == (*stack)->resources.end())
    return validation_error(fmt::format("Resource {} does not exist for stack {}", name, (*stack)->name));
  Reply reply;
  Json& row = reply.output["StackResourceDetail"] =
      resource_row(**stack, found->second, "LastUpdatedTimestamp");
  if (found->second.definition.contains("Metadata"))
    row["Metadata"] = found->second.definition["Metadata"].dump();
  return reply;
}

Result<Reply> CloudFormationService::describe_stack_resources(Call& call) {
  const std::string physical = text_member(call.input, "PhysicalResourceId");
  const std::string logical = text_member(call.input, "LogicalResourceId");
  Reply reply;
  Json& rows = reply.output["StackResources"] = Json::array();
  const auto add = [&](const Stack& stack) {
    for (const auto& [name, resource] : stack.resources)
      if (logical.empty() || name == logical) rows.push_back(resource_row(stack, resource, "Timestamp"));
  };
  if (!text_member(call.input, "StackName").empty()) {
    const Result<Stack*> stack = stack_of(call);
    if (!stack) return stack.error();
    add(**stack);
    return reply;
  }
  for (const auto& [id, stack] : store_.all())
    if (stack.account == call.account && stack.region == call.region && !stack.is_deleted())
      for (const auto& [name, resource] : stack.resources)
        if (!physical.empty() && resource.physical_id == physical) {
          add(stack);
          return reply;
        }
  return validation_error(fmt::format("Stack for {} does not exist", physical));
}

Result<Reply> CloudFormationService::list_stack_resources(Call& call) {
  const Result<Stack*> stack = stack_of(call);
  if (!stack) return stack.error();
  Reply reply;
  Json& rows = reply.output["StackResourceSummaries"] = Json::array();
  for (const auto& [name, resource] : (*stack)->resources)
    rows.push_back(resource_row(**stack, resource, "LastUpdatedTimestamp"));
  return reply;
}

Result<Reply> CloudFormationService::list_exports(Call& call) {
  Reply reply;
  Json& rows = reply.output["Exports"] = Json::array();
  for (const auto& [id, stack] : store_.all())
    if (stack.account == call.account && stack.region == call.region && !stack.is_deleted())
      for (const Output& output : stack.outputs)
        if (!output.export_name.empty())
          rows.push_back({{"ExportingStackId", id}, {"Name", output.export_name}, {"Value", output.value}});
  return reply;
}

Result<Reply> CloudFormationService::list_imports(Call& call) {
  const std::string name = text_member(call.input, "ExportName");
  Reply reply;
  Json& rows = reply.output["Imports"] = Json::array();
  for (const Stack* importer : importers_of(store_, call.account, call.region, name))
    rows.push_back(importer->name);
  if (rows.empty()) return validation_error(fmt::format("Export '{}' is not imported by any stack.", name));
  return reply;
}

}  // namespace aviary::cloudformation
