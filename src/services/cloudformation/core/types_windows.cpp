#include "services/cloudformation/core/systems_steps.hpp"

/// AWS::SSM::MaintenanceWindow, its targets and tasks.
namespace aviary::cloudformation {
namespace {

constexpr std::initializer_list<const char*> window_properties{"Name",           "Description",
                                                               "StartDate",      "EndDate",
                                                               "Schedule",       "ScheduleTimezone",
                                                               "ScheduleOffset", "Duration",
                                                               "Cutoff",         "AllowUnassociatedTargets"};

Steps create_window(const Context& context, const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, window_properties);
  if (Json tags = tags_with_stack(context, properties); !tags.empty()) input["Tags"] = std::move(tags);
  return {systems_call("CreateMaintenanceWindow", std::move(input))};
}
Made made_window(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = property_text(outputs[0], "WindowId");
  return {id, {{"WindowId", id}}};
}
Steps update_window(const Context& context, const Existing& existing, const Json& wanted) {
  Json input{{"WindowId", existing.physical_id}, {"Replace", true}};
  copy_properties(wanted, input, window_properties);
  Steps steps{systems_call("UpdateMaintenanceWindow", std::move(input))};
  append_tag_steps(context, "MaintenanceWindow", existing, wanted, steps);
  return steps;
}
Steps remove_window(const Context&, const Existing& existing) {
  return {systems_call("DeleteMaintenanceWindow", {{"WindowId", existing.physical_id}}, true)};
}

/// The window that a member is of, and the member.
Json member_identity(const Existing& existing, const char* id) {
  Json input{{id, existing.physical_id}};
  copy_properties(existing.properties, input, {"WindowId"});
  return input;
}

constexpr std::initializer_list<const char*> target_properties{"Targets", "OwnerInformation", "Name",
                                                               "Description"};

Steps create_window_target(const Context&, const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, {"WindowId", "ResourceType"});
  copy_properties(properties, input, target_properties);
  return {systems_call("RegisterTargetWithMaintenanceWindow", std::move(input))};
}
Made made_window_target(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = property_text(outputs[0], "WindowTargetId");
  return {id, {{"WindowTargetId", id}}};
}
Steps update_window_target(const Context&, const Existing& existing, const Json& wanted) {
  Json input = member_identity(existing, "WindowTargetId");
  copy_properties(wanted, input, target_properties);
  input["Replace"] = true;
  return {systems_call("UpdateMaintenanceWindowTarget", std::move(input))};
}
Steps remove_window_target(const Context&, const Existing& existing) {
  return {systems_call("DeregisterTargetFromMaintenanceWindow", member_identity(existing, "WindowTargetId"),
                       true)};
}

/// Templates say `MaintenanceWindowLambdaParameters` and `S3Bucket`, the service `Lambda` and `S3BucketName`.
Json task_input(const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input,
                  {"Targets", "TaskArn", "ServiceRoleArn", "TaskParameters", "Priority", "MaxConcurrency",
                   "MaxErrors", "Name", "Description", "CutoffBehavior"});
  const Json given = properties.value("TaskInvocationParameters", Json::object());
  for (const auto& [ours, theirs] : {std::pair{"MaintenanceWindowRunCommandParameters", "RunCommand"},
                                     std::pair{"MaintenanceWindowAutomationParameters", "Automation"},
                                     std::pair{"MaintenanceWindowStepFunctionsParameters", "StepFunctions"},
                                     std::pair{"MaintenanceWindowLambdaParameters", "Lambda"}})
    if (given.contains(ours)) input["TaskInvocationParameters"][theirs] = given[ours];
  const Json logging = properties.value("LoggingInfo", Json::object());
  for (const auto& [ours, theirs] : {std::pair{"S3Bucket", "S3BucketName"},
                                     std::pair{"S3Prefix", "S3KeyPrefix"}, std::pair{"Region", "S3Region"}})
    if (logging.contains(ours)) input["LoggingInfo"][theirs] = logging[ours];
  return input;
}

Steps create_window_task(const Context&, const Json& properties) {
  Json input = task_input(properties);
  copy_properties(properties, input, {"WindowId", "TaskType"});
  return {systems_call("RegisterTaskWithMaintenanceWindow", std::move(input))};
}
Made made_window_task(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = property_text(outputs[0], "WindowTaskId");
  return {id, {{"WindowTaskId", id}}};
}
Steps update_window_task(const Context&, const Existing& existing, const Json& wanted) {
  Json input = task_input(wanted);
  input.update(member_identity(existing, "WindowTaskId"));
  input["Replace"] = true;
  return {systems_call("UpdateMaintenanceWindowTask", std::move(input))};
}
Steps remove_window_task(const Context&, const Existing& existing) {
  return {
      systems_call("DeregisterTaskFromMaintenanceWindow", member_identity(existing, "WindowTaskId"), true)};
}

}  // namespace

std::span<const ResourceType> window_types() {
  static const ResourceType types[] = {
      {"AWS::SSM::MaintenanceWindow", {}, create_window, made_window, update_window, remove_window},
      {"AWS::SSM::MaintenanceWindowTarget",
       {"WindowId", "ResourceType"},
       create_window_target,
       made_window_target,
       update_window_target,
       remove_window_target},
      {"AWS::SSM::MaintenanceWindowTask",
       {"WindowId", "TaskType"},
       create_window_task,
       made_window_task,
       update_window_task,
       remove_window_task},
  };
  return types;
}

}  // namespace aviary::cloudformation
