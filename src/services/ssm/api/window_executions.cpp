#include <algorithm>

#include "base/document.hpp"
#include "models/ssm.hpp"
#include "services/ssm/api/ssm_service.hpp"

/// What maintenance windows have run.
namespace aviary::ssm {
namespace {

/// A task of an execution as it is shown.
Json shown_task(const Json& execution, const Json& task) {
  const Json& definition = task.at("Definition");
  Json row = definition;
  for (const char* member : {"TaskExecutionId", "Status", "StatusDetails", "StartTime", "EndTime"})
    if (const Json* value = find_member(task, member)) row[member] = *value;
  row["WindowExecutionId"] = execution.at("WindowExecutionId");
  row["Type"] = definition.at("TaskType");
  if (const Json* role = find_member(definition, "ServiceRoleArn")) row["ServiceRole"] = *role;
  // Of an execution they are a list.
  row.erase("TaskParameters");
  return row;
}

Json shown_invocation(const Json& execution, const Json& task, const Json& invocation) {
  Json row = invocation;
  row["WindowExecutionId"] = execution.at("WindowExecutionId");
  row["TaskExecutionId"] = task.at("TaskExecutionId");
  row["TaskType"] = task.at("Definition").at("TaskType");
  return row;
}

}  // namespace

Result<Json*> SsmService::execution_of(const Call& call) {
  const std::string& id = text_of(call.input, "WindowExecutionId");
  Json* found = window_executions_.find(scope_of(call), id);
  if (found == nullptr) return no_such_in_windows("Maintenance window execution", id);
  return found;
}

Result<Json*> SsmService::execution_task_of(const Call& call) {
  const Result<Json*> execution = execution_of(call);
  if (!execution) return execution.error();
  const std::string& id = text_of(call.input, "TaskId");
  for (Json& task : (*execution)->at("Tasks"))
    if (text_of(task, "TaskExecutionId") == id) return &task;
  return no_such_in_windows("Maintenance window task execution", id);
}

Result<Reply> SsmService::describe_window_executions(Call& call) {
  std::vector<Json> found;
  for (const auto& [id, execution] : window_executions_.in(scope_of(call)))
    if (execution.at("WindowId") == call.input.at("WindowId")) found.push_back(execution);
  // The newest first.
  std::ranges::stable_sort(found, std::greater{},
                           [](const Json& each) { return each.at("StartTime").get<double>(); });
  return page_of(call.input, Json(found), "WindowExecutions");
}

Result<Reply> SsmService::get_window_execution(Call& call) {
  const Result<Json*> execution = execution_of(call);
  if (!execution) return execution.error();
  Reply reply;
  reply.output = **execution;
  Json& ids = reply.output["TaskIds"] = Json::array();
  for (const Json& task : (*execution)->at("Tasks")) ids.push_back(task.at("TaskExecutionId"));
  return reply;
}

Result<Reply> SsmService::describe_window_execution_tasks(Call& call) {
  const Result<Json*> execution = execution_of(call);
  if (!execution) return execution.error();
  Json rows = Json::array();
  for (const Json& task : (*execution)->at("Tasks")) rows.push_back(shown_task(**execution, task));
  return page_of(call.input, std::move(rows), "WindowExecutionTaskIdentities");
}

Result<Reply> SsmService::get_window_execution_task(Call& call) {
  const Result<Json*> task = execution_task_of(call);
  if (!task) return task.error();
  Reply reply;
  reply.output = shown_task(**execution_of(call), **task);
  return reply;
}

Result<Reply> SsmService::describe_window_execution_invocations(Call& call) {
  const Result<Json*> task = execution_task_of(call);
  if (!task) return task.error();
  Json rows = Json::array();
  for (const Json& each : (*task)->at("Invocations"))
    rows.push_back(shown_invocation(**execution_of(call), **task, each));
  return page_of(call.input, std::move(rows), "WindowExecutionTaskInvocationIdentities");
}

Result<Reply> SsmService::get_window_execution_invocation(Call& call) {
  const Result<Json*> task = execution_task_of(call);
  if (!task) return task.error();
  const std::string& id = text_of(call.input, "InvocationId");
  for (const Json& each : (*task)->at("Invocations")) {
    if (text_of(each, "InvocationId") != id) continue;
    Reply reply;
    reply.output = shown_invocation(**execution_of(call), **task, each);
    return reply;
  }
  return no_such_in_windows("Maintenance window task invocation", id);
}

Result<Reply> SsmService::cancel_window_execution(Call& call) {
  const Result<Json*> execution = execution_of(call);
  if (!execution) return execution.error();
  // The task that runs comes to its end; those after it do not begin.
  if (text_of(**execution, "Status") == "IN_PROGRESS") {
    (**execution)["Status"] = "CANCELLING";
    window_executions_.save(scope_of(call), text_of(call.input, "WindowExecutionId"));
  }
  Reply reply;
  reply.output["WindowExecutionId"] = call.input.at("WindowExecutionId");
  return reply;
}

}  // namespace aviary::ssm
