#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "base/document.hpp"
#include "models/ssm.hpp"
#include "services/ssm/api/ssm_service.hpp"

/// Targets and tasks of maintenance windows, kept as they are shown.
namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

constexpr const char* target_members[] = {"ResourceType", "Targets", "OwnerInformation", "Name",
                                          "Description"};
constexpr const char* task_members[] = {"Targets",        "TaskArn",
                                        "ServiceRoleArn", "TaskType",
                                        "TaskParameters", "TaskInvocationParameters",
                                        "Priority",       "MaxConcurrency",
                                        "MaxErrors",      "LoggingInfo",
                                        "Name",           "Description",
                                        "CutoffBehavior", "AlarmConfiguration"};

bool fits_member(const Json& member, const Json& filters) {
  return std::ranges::all_of(filters, [&](const Json& filter) {
    const Json values = filter.value("Values", Json::array());
    return std::ranges::find(values, Json(text_of(member, text_of(filter, "Key").c_str()))) != values.end();
  });
}

Result<> check_task(const Json& task) {
  const std::string& type = text_of(task, "TaskType");
  const bool has_targets = !task.value("Targets", Json::array()).empty();
  if (type == "AUTOMATION" || type == "STEP_FUNCTIONS")
    return AwsError(
        errors::FeatureNotAvailableException,
        fmt::format("Tasks of type {} can't be run here: Aviary runs those of type LAMBDA.", type));
  if (type == "RUN_COMMAND" && !has_targets)
    return AwsError(errors::ValidationException, "Targets are required for tasks of type RUN_COMMAND.");
  // What is kept of a payload has to be a text, whatever runs it.
  const Json lambda = task.value("TaskInvocationParameters", Json::object()).value("Lambda", Json::object());
  if (const std::string& payload = text_of(lambda, "Payload");
      !payload.empty() && parse_bounded<Json>(payload).is_discarded())
    return AwsError(errors::ValidationException, "The Payload of a task of type LAMBDA has to be JSON.");
  if (type == "LAMBDA" && !text_of(task, "TaskArn").starts_with("arn:aws:lambda:"))
    return AwsError(errors::ValidationException, "The TaskArn of a task of type LAMBDA is a function's ARN.");
  return {};
}

}  // namespace

AwsError zone_not_known() {
  return {errors::FeatureNotAvailableException,
          "A window whose ScheduleTimezone is not UTC can't run functions here: Aviary knows no other zone."};
}

bool SsmService::runs_functions(const Scope& scope, const std::string& window) {
  return std::ranges::any_of(window_tasks_.in(scope), [&](const auto& each) {
    return text_of(each.second, "WindowId") == window && text_of(each.second, "TaskType") == "LAMBDA";
  });
}

Result<Json*> SsmService::window_member(Collection& collection, const Call& call, const char* id_member) {
  const std::string& id = text_of(call.input, id_member);
  Json* found = collection.find(scope_of(call), id);
  if (found == nullptr || found->at("WindowId") != call.input.at("WindowId"))
    return no_such_in_windows(id_member, id);
  return found;
}

Result<Reply> SsmService::register_window_target(Call& call) {
  if (const Result<Json*> window = window_of(call); !window) return window.error();
  Reply reply;
  if (const auto before = made_before(window_targets_, call, "WindowTargetId")) {
    reply.output["WindowTargetId"] = *before;
    return reply;
  }
  const std::string id = ids_.uuid();
  Json target{{"WindowId", call.input.at("WindowId")},
              {"WindowTargetId", id},
              {"ClientToken", text_of(call.input, "ClientToken")}};
  for (const char* member : target_members)
    if (const Json* given = find_member(call.input, member)) target[member] = *given;
  window_targets_.put(scope_of(call), id, std::move(target));
  reply.output["WindowTargetId"] = id;
  return reply;
}

Result<Reply> SsmService::update_window_target(Call& call) {
  const Result<Json*> found = window_member(window_targets_, call, "WindowTargetId");
  if (!found) return found.error();
  Json target = **found;
  if (flag_of(call.input, "Replace"))
    for (const char* member : {"OwnerInformation", "Name", "Description"}) target.erase(member);
  for (const char* member : target_members)
    if (const Json* given = find_member(call.input, member)) target[member] = *given;
  Reply reply;
  reply.output =
      window_targets_.put(scope_of(call), text_of(call.input, "WindowTargetId"), std::move(target));
  return reply;
}

Result<Reply> SsmService::deregister_window_target(Call& call) {
  const Result<Json*> found = window_member(window_targets_, call, "WindowTargetId");
  if (!found) return found.error();
  const Scope scope = scope_of(call);
  const std::string& id = text_of(call.input, "WindowTargetId");
  if (flag_of(call.input, "Safe"))
    for (const auto& [key, task] : window_tasks_.in(scope))
      for (const Json& each : task.value("Targets", Json::array())) {
        const Json values = each.value("Values", Json::array());
        if (text_of(each, "Key") == "WindowTargetIds" && std::ranges::find(values, Json(id)) != values.end())
          return AwsError(
              errors::TargetInUseException,
              "You specified the Safe option for the DeregisterTargetFromMaintenanceWindow operation, "
              "but the target is still referenced in a task.");
      }
  window_targets_.erase(scope, id);
  Reply reply;
  reply.output = {{"WindowId", call.input.at("WindowId")}, {"WindowTargetId", id}};
  return reply;
}

Result<Reply> SsmService::describe_window_targets(Call& call) {
  if (const Result<Json*> window = window_of(call); !window) return window.error();
  Json rows = Json::array();
  for (const auto& [id, target] : window_targets_.in(scope_of(call)))
    if (target.at("WindowId") == call.input.at("WindowId") &&
        fits_member(target, call.input.value("Filters", Json::array())))
      rows.push_back(target);
  return page_of(call.input, std::move(rows), "Targets");
}

Result<Reply> SsmService::register_window_task(Call& call) {
  const Result<Json*> window = window_of(call);
  if (!window) return window.error();
  Reply reply;
  if (const auto before = made_before(window_tasks_, call, "WindowTaskId")) {
    reply.output["WindowTaskId"] = *before;
    return reply;
  }
  const std::string id = ids_.uuid();
  Json task{{"WindowId", call.input.at("WindowId")},
            {"WindowTaskId", id},
            {"Priority", 1},
            {"ClientToken", text_of(call.input, "ClientToken")}};
  for (const char* member : task_members)
    if (const Json* given = find_member(call.input, member)) task[member] = *given;
  if (const Result<> good = check_task(task); !good) return good.error();
  if (text_of(task, "TaskType") == "LAMBDA" && !is_utc(text_of(**window, "ScheduleTimezone")))
    return zone_not_known();
  window_tasks_.put(scope_of(call), id, std::move(task));
  reply.output["WindowTaskId"] = id;
  return reply;
}

Result<Reply> SsmService::get_window_task(Call& call) {
  const Result<Json*> found = window_member(window_tasks_, call, "WindowTaskId");
  if (!found) return found.error();
  Reply reply;
  reply.output = **found;
  return reply;
}

Result<Reply> SsmService::update_window_task(Call& call) {
  const Result<Json*> found = window_member(window_tasks_, call, "WindowTaskId");
  if (!found) return found.error();
  Json task = **found;
  if (flag_of(call.input, "Replace")) {
    for (const char* member : task_members)
      if (std::string_view(member) != "TaskType" && std::string_view(member) != "TaskArn") task.erase(member);
    task["Priority"] = 1;
  }
  for (const char* member : task_members)
    if (const Json* given = find_member(call.input, member)) task[member] = *given;
  if (const Result<> good = check_task(task); !good) return good.error();
  Reply reply;
  reply.output = window_tasks_.put(scope_of(call), text_of(call.input, "WindowTaskId"), std::move(task));
  return reply;
}

Result<Reply> SsmService::deregister_window_task(Call& call) {
  const Result<Json*> found = window_member(window_tasks_, call, "WindowTaskId");
  if (!found) return found.error();
  window_tasks_.erase(scope_of(call), text_of(call.input, "WindowTaskId"));
  Reply reply;
  reply.output = {{"WindowId", call.input.at("WindowId")}, {"WindowTaskId", call.input.at("WindowTaskId")}};
  return reply;
}

Result<Reply> SsmService::describe_window_tasks(Call& call) {
  if (const Result<Json*> window = window_of(call); !window) return window.error();
  Json rows = Json::array();
  for (const auto& [id, task] : window_tasks_.in(scope_of(call))) {
    if (task.at("WindowId") != call.input.at("WindowId") ||
        !fits_member(task, call.input.value("Filters", Json::array())))
      continue;
    Json row = task;
    row["Type"] = task.at("TaskType");
    rows.push_back(std::move(row));
  }
  return page_of(call.input, std::move(rows), "Tasks");
}

}  // namespace aviary::ssm
