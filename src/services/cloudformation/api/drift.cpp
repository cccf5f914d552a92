#include "services/cloudformation/core/drift.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "services/cloudformation/api/cloudformation_service.hpp"
#include "services/cloudformation/core/template_text.hpp"

/// Drift is looked for while the caller waits: its answer is there when the detection's id is.
namespace aviary::cloudformation {
namespace {

constexpr std::size_t most_detections = 16;

/// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/detect-drift-stack.html
bool may_be_looked_at(const Stack& stack) {
  return stack.status == "CREATE_COMPLETE" || stack.status == "UPDATE_COMPLETE" ||
         stack.status == "UPDATE_ROLLBACK_COMPLETE" || stack.status == "UPDATE_ROLLBACK_FAILED";
}

Result<> check_state(const Stack& stack) {
  if (may_be_looked_at(stack)) return {};
  return validation_error(
      fmt::format("Drift detection operation can not be performed on stack [{}] which is in [{}] state",
                  stack.name, stack.status));
}

bool tells_absence(const AwsError& error) {
  return std::ranges::any_of(std::initializer_list<std::string_view>{"NotFound", "NoSuch", "NonExistent"},
                             [&](std::string_view part) {
                               return error.shape->code.find(part) != std::string_view::npos ||
                                      error.shape->query_code.find(part) != std::string_view::npos;
                             });
}

Json texts_of(const Json& expected, const Json& actual) {
  return {{"ExpectedProperties", expected.dump(-1, ' ', false, Json::error_handler_t::replace)},
          {"ActualProperties", actual.dump(-1, ' ', false, Json::error_handler_t::replace)}};
}

/// Of what there is, that which the template speaks of.
Json only_expected(const Json& actual, const Json& expected) {
  Json out = Json::object();
  for (const auto& [name, value] : expected.items())
    if (const auto found = actual.find(name); found != actual.end()) out[name] = *found;
  return out;
}

}  // namespace

Task<Json> CloudFormationService::look_at_resource(std::string stack_id, std::string logical_id,
                                                   Instant now) {
  Stack* stack = store_.by_id(stack_id);
  if (stack == nullptr || !stack->resources.contains(logical_id)) co_return Json();
  const StackResource resource = stack->resources.at(logical_id);
  const DriftReader* reader = find_drift_reader(resource.type);
  if (reader == nullptr || resource.physical_id.empty()) co_return Json();
  Context context{.account = stack->account,
                  .region = stack->region,
                  .stack_name = stack->name,
                  .stack_id = stack->id,
                  .logical_id = logical_id,
                  .suffix = {},
                  .stack_tags = stack->wish.tags};
  Json row{{"StackId", stack->id},
           {"LogicalResourceId", logical_id},
           {"PhysicalResourceId", resource.physical_id},
           {"ResourceType", resource.type},
           {"Timestamp", epoch_seconds(now)},
           {"PropertyDifferences", Json::array()}};
  Json expected = comparable_properties(resource, *reader);
  if (resource.type == "AWS::Lambda::Alias" && !expected.contains("RoutingConfig"))
    expected["RoutingConfig"] = {{"AdditionalVersionWeights", Json::array()}};
  const Existing existing{resource.physical_id, resource.properties, resource.attributes};
  Steps steps = reader->read(context, existing);
  std::vector<Json> outputs;
  std::string status;
  for (Step& step : steps) {
    if (step.fill) step.fill(step.input, outputs);
    Cloud::Ask ask{context.account, context.region, step.service, step.operation, step.input};
    Result<Json> output = co_await cloud_.call(std::move(ask));
    if (!output) {
      status = tells_absence(output.error()) ? "DELETED" : "UNKNOWN";
      if (status == "UNKNOWN") row["DriftStatusReason"] = output.error().message;
      break;
    }
    outputs.push_back(std::move(*output));
  }
  if (status.empty()) {
    const Json all = reader->actual(context, outputs);
    if (all.is_null()) {
      status = "DELETED";
    } else {
      Json differences = property_differences(expected, all);
      row.update(texts_of(expected, only_expected(all, expected)));
      status = differences.empty() ? "IN_SYNC" : "MODIFIED";
      row["PropertyDifferences"] = std::move(differences);
    }
  }
  if (status == "DELETED")
    row["ExpectedProperties"] = expected.dump(-1, ' ', false, Json::error_handler_t::replace);
  row["StackResourceDriftStatus"] = status;
  // The stack may be another one by now.
  stack = store_.by_id(stack_id);
  if (stack == nullptr || !stack->resources.contains(logical_id)) co_return Json();
  StackResource& there = stack->resources.at(logical_id);
  if (there.changed != resource.changed) co_return Json();
  there.drift = row;
  store_.save_resource(*stack, there);
  co_return row;
}

Task<Result<Reply>> CloudFormationService::detect_stack_drift(Call call) {
  const Result<Stack*> found = stack_of(call);
  if (!found) co_return found.error();
  if (const Result<> checked = check_state(**found); !checked) co_return checked.error();
  const std::string stack_id = (*found)->id;
  std::vector<std::string> names;
  const Json wanted = call.input.value("LogicalResourceIds", Json::array());
  for (const Json& each : wanted) {
    std::string name = each.get<std::string>();
    if (!(*found)->resources.contains(name))
      co_return validation_error(
          fmt::format("Resource {} does not exist for stack {}", name, (*found)->name));
    names.push_back(std::move(name));
  }
  if (names.empty())
    for (const auto& [name, resource] : (*found)->resources) names.push_back(name);
  std::size_t drifted = 0;
  std::size_t unknown = 0;
  std::size_t checked = 0;
  for (const std::string& name : names) {
    const Json row = co_await look_at_resource(stack_id, name, call.now);
    if (row.is_null()) continue;
    const std::string status = text_member(row, "StackResourceDriftStatus");
    ++checked;
    if (status == "MODIFIED" || status == "DELETED") ++drifted;
    if (status == "UNKNOWN") ++unknown;
  }
  Stack* stack = store_.by_id(stack_id);
  if (stack == nullptr) co_return no_such_stack(stack_id);
  const std::string_view status = drift_of_stack(drifted, unknown, checked);
  const std::string id = ids_.uuid();
  stack->drift = {{"StackDriftStatus", status}, {"LastCheckTimestamp", epoch_seconds(call.now)}};
  stack->drift_detections.push_back({{"StackId", stack_id},
                                     {"StackDriftDetectionId", id},
                                     {"StackDriftStatus", status},
                                     {"DetectionStatus", "DETECTION_COMPLETE"},
                                     {"DriftedStackResourceCount", drifted},
                                     {"Timestamp", epoch_seconds(call.now)}});
  if (stack->drift_detections.size() > most_detections)
    stack->drift_detections.erase(stack->drift_detections.begin());
  store_.save(*stack);
  Reply reply;
  reply.output["StackDriftDetectionId"] = id;
  co_return reply;
}

Task<Result<Reply>> CloudFormationService::detect_stack_resource_drift(Call call) {
  const Result<Stack*> found = stack_of(call);
  if (!found) co_return found.error();
  if (const Result<> checked = check_state(**found); !checked) co_return checked.error();
  const std::string name = text_member(call.input, "LogicalResourceId");
  const auto resource = (*found)->resources.find(name);
  if (resource == (*found)->resources.end())
    co_return validation_error(fmt::format("Resource {} does not exist for stack {}", name, (*found)->name));
  if (find_drift_reader(resource->second.type) == nullptr)
    co_return validation_error(fmt::format("Drift detection is not supported for resource type [{}] of [{}]",
                                           resource->second.type, name));
  const std::string stack_id = (*found)->id;
  Json row = co_await look_at_resource(stack_id, name, call.now);
  if (row.is_null()) co_return validation_error(fmt::format("Resource [{}] is being changed", name));
  Reply reply;
  reply.output["StackResourceDrift"] = std::move(row);
  co_return reply;
}

Result<Reply> CloudFormationService::describe_stack_drift_detection_status(Call& call) {
  const std::string id = text_member(call.input, "StackDriftDetectionId");
  for (const auto& [stack_id, stack] : store_.all())
    if (stack.account == call.account && stack.region == call.region)
      for (const Json& each : stack.drift_detections)
        if (text_member(each, "StackDriftDetectionId") == id) {
          Reply reply;
          reply.output = each;
          return reply;
        }
  return validation_error(fmt::format("StackDriftDetectionId {} does not exist", id));
}

Result<Reply> CloudFormationService::describe_stack_resource_drifts(Call& call) {
  const Result<Stack*> stack = stack_of(call);
  if (!stack) return stack.error();
  const Json wanted = call.input.value("StackResourceDriftStatusFilters", Json::array());
  const auto most = call.input.value("MaxResults", std::size_t{100});
  const std::string after = text_member(call.input, "NextToken");
  Reply reply;
  Json& rows = reply.output["StackResourceDrifts"] = Json::array();
  for (auto at = (*stack)->resources.upper_bound(after); at != (*stack)->resources.end(); ++at) {
    const Json& drift = at->second.drift;
    if (drift.is_null()) continue;
    if (!wanted.empty() && std::ranges::find(wanted, drift.at("StackResourceDriftStatus")) == wanted.end())
      continue;
    if (rows.size() == most) {
      reply.output["NextToken"] = rows.back().at("LogicalResourceId");
      break;
    }
    rows.push_back(drift);
  }
  return reply;
}

}  // namespace aviary::cloudformation
