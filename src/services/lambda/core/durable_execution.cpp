#include "services/lambda/core/durable_execution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/function_reference.hpp"

namespace aviary::lambda {
namespace {

/// The model's `Event`, of an operation or of nothing in particular.
void note(DurableExecution& execution, std::string_view type, const Json* operation, Instant now,
          Json details) {
  Json event{{"EventType", type},
             {"EventId", execution.events.size() + 1},
             {"EventTimestamp", epoch_seconds(now)},
             {std::string(type) + "Details", std::move(details)}};
  if (operation)
    for (const char* member : {"Id", "Name", "ParentId", "SubType"})
      if (const Json* value = find_member(*operation, member)) event[member] = *value;
  execution.events.push_back(std::move(event));
}

Json payload_details(const char* member, const Json* payload) {
  Json inner = Json::object();
  if (payload && !payload->is_null()) inner["Payload"] = *payload;
  return Json{{member, std::move(inner)}};
}

std::int64_t number_in(const Json& document, const char* options, const char* member) {
  const Json* inner = find_member(document, options);
  const Json* value = inner ? find_member(*inner, member) : nullptr;
  return value ? value->get<std::int64_t>() : 0;
}

void close(DurableOperation& operation, std::string_view status, Instant now) {
  operation.record["Status"] = status;
  operation.record["EndTimestamp"] = epoch_seconds(now);
}

/// Result or Error of a details member, the other gone.
void set_outcome(Json& details, const Json& update) {
  details.erase("Result");
  details.erase("Error");
  if (const Json* payload = find_member(update, "Payload")) details["Result"] = *payload;
  if (const Json* error = find_member(update, "Error")) details["Error"] = *error;
}

void apply_step(DurableExecution& execution, DurableOperation& operation, const Json& update, Instant now) {
  const std::string& action = text_of(update, "Action");
  Json& details = operation.record["StepDetails"];
  if (details.is_null()) details = Json::object();
  if (action == "START") {
    operation.record["Status"] = "STARTED";
    details.erase("NextAttemptTimestamp");
    note(execution, "StepStarted", &operation.record, now, Json::object());
    return;
  }
  const std::int64_t attempt = details.value("Attempt", std::int64_t{0}) + 1;
  details["Attempt"] = attempt;
  set_outcome(details, update);
  Json retry{{"CurrentAttempt", attempt}};
  if (action == "RETRY") {
    const std::int64_t delay = number_in(update, "StepOptions", "NextAttemptDelaySeconds");
    operation.record["Status"] = "PENDING";
    details["NextAttemptTimestamp"] = epoch_seconds(now + std::chrono::seconds(delay));
    retry["NextAttemptDelaySeconds"] = delay;
  } else {
    details.erase("NextAttemptTimestamp");
    close(operation, action == "SUCCEED" ? "SUCCEEDED" : "FAILED", now);
  }
  const bool failed = action == "FAIL" || (action == "RETRY" && find_member(update, "Error"));
  Json told = failed ? payload_details("Error", find_member(update, "Error"))
                     : payload_details("Result", find_member(update, "Payload"));
  told["RetryDetails"] = std::move(retry);
  note(execution, failed ? "StepFailed" : "StepSucceeded", &operation.record, now, std::move(told));
}

void apply_context(DurableExecution& execution, DurableOperation& operation, const Json& update,
                   Instant now) {
  const std::string& action = text_of(update, "Action");
  Json& details = operation.record["ContextDetails"];
  if (details.is_null()) details = Json::object();
  if (const Json* options = find_member(update, "ContextOptions"))
    if (const Json* replay = find_member(*options, "ReplayChildren")) details["ReplayChildren"] = *replay;
  if (action == "START") {
    note(execution, "ContextStarted", &operation.record, now, Json::object());
    return;
  }
  set_outcome(details, update);
  const bool failed = action == "FAIL";
  close(operation, failed ? "FAILED" : "SUCCEEDED", now);
  note(execution, failed ? "ContextFailed" : "ContextSucceeded", &operation.record, now,
       failed ? payload_details("Error", find_member(update, "Error"))
              : payload_details("Result", find_member(update, "Payload")));
}

void apply_wait(DurableExecution& execution, DurableOperation& operation, const Json& update, Instant now) {
  if (text_of(update, "Action") == "CANCEL") {
    close(operation, "CANCELLED", now);
    note(execution, "WaitCancelled", &operation.record, now,
         payload_details("Error", find_member(update, "Error")));
    return;
  }
  const std::int64_t wait = number_in(update, "WaitOptions", "WaitSeconds");
  const double until = epoch_seconds(now + std::chrono::seconds(wait));
  operation.record["WaitDetails"] = {{"ScheduledEndTimestamp", until}};
  note(execution, "WaitStarted", &operation.record, now,
       Json{{"Duration", wait}, {"ScheduledEndTimestamp", until}});
}

void apply_callback(DurableExecution& execution, DurableOperation& operation, const Json& update, Instant now,
                    std::string callback_id) {
  if (text_of(update, "Action") == "CANCEL") {
    close(operation, "CANCELLED", now);
    return;
  }
  operation.heard_of = now;
  operation.record["CallbackDetails"] = {{"CallbackId", callback_id}};
  Json details{{"CallbackId", std::move(callback_id)}};
  if (const std::int64_t most = number_in(update, "CallbackOptions", "TimeoutSeconds"); most > 0)
    details["Timeout"] = most;
  if (const std::int64_t most = number_in(update, "CallbackOptions", "HeartbeatTimeoutSeconds"); most > 0)
    details["HeartbeatTimeout"] = most;
  note(execution, "CallbackStarted", &operation.record, now, std::move(details));
}

void apply_invoke(DurableExecution& execution, DurableOperation& operation, const Json& update, Instant now) {
  if (text_of(update, "Action") == "CANCEL") {
    close(operation, "CANCELLED", now);
    return;
  }
  operation.record["ChainedInvokeDetails"] = Json::object();
  Json details = payload_details("Input", find_member(update, "Payload"));
  if (const Json* options = find_member(update, "ChainedInvokeOptions"))
    for (const char* member : {"FunctionName", "TenantId"})
      if (const Json* value = find_member(*options, member)) details[member] = *value;
  note(execution, "ChainedInvokeStarted", &operation.record, now, std::move(details));
}

/// Ends a callback or an invoke: its details get the outcome, the history an event.
void end_from_outside(DurableExecution& execution, DurableOperation& operation, const char* details_name,
                      std::string_view event, std::string_view status, std::optional<std::string> result,
                      Json error, Instant now) {
  close(operation, status, now);
  Json& details = operation.record[details_name];
  if (result) details["Result"] = *result;
  if (!error.is_null()) details["Error"] = error;
  const Json said = result ? Json(*result) : Json(nullptr);
  note(execution, event, &operation.record, now,
       status == "SUCCEEDED" ? payload_details("Result", &said) : payload_details("Error", &error));
  execution.touch(operation.id());
}

std::string_view ending_of(std::string_view status) {
  if (status == "SUCCEEDED") return "Succeeded";
  if (status == "TIMED_OUT") return "TimedOut";
  return status == "STOPPED" ? "Stopped" : "Failed";
}

}  // namespace

AwsError durable_execution_not_found(std::string_view arn) {
  return not_found(fmt::format("Durable execution not found: {}", arn));
}

bool is_durable(const Version& version) { return version.configuration->recorded.contains("DurableConfig"); }

std::string DurableExecution::arn() const {
  return fmt::format("{}/durable-execution/{}/{}", lambda::function_arn(scope, function_name, version), name,
                     id);
}

std::string DurableExecution::checkpoint_token() const {
  return base64_encode(fmt::format("{}/{}", id, token));
}

DurableOperation* DurableExecution::find(std::string_view operation_id) {
  const auto found = index.find(operation_id);
  return found == index.end() ? nullptr : &operations[found->second];
}

void DurableExecution::touch(std::string_view operation_id) {
  const auto found = index.find(operation_id);
  if (found == index.end()) return;
  unsaved.insert(found->second);
  if (std::ranges::find(news, operation_id) == news.end()) news.emplace_back(operation_id);
}

DurableExecution begin_durable_execution(DurableExecution about, std::string operation_id) {
  Json record{{"Id", operation_id},
              {"Name", about.name},
              {"Type", "EXECUTION"},
              {"Status", "STARTED"},
              {"StartTimestamp", epoch_seconds(about.started)},
              {"ExecutionDetails", {{"InputPayload", about.payload}}}};
  const Json input(about.payload);
  Json details = payload_details("Input", &input);
  details["ExecutionTimeout"] = about.timeout_seconds;
  note(about, "ExecutionStarted", &record, about.started, std::move(details));
  about.operations.push_back({.record = std::move(record), .options = nullptr});
  about.index.emplace(std::move(operation_id), 0);
  about.unsaved.insert(0);
  return about;
}

void apply_durable_update(DurableExecution& execution, const Json& update, Instant now,
                          std::string callback_id) {
  const std::string& type = text_of(update, "Type");
  if (type == "EXECUTION") {
    const Json* payload = find_member(update, "Payload");
    const Json* error = find_member(update, "Error");
    end_durable_execution(execution, text_of(update, "Action") == "SUCCEED" ? "SUCCEEDED" : "FAILED",
                          payload ? std::optional(payload->get<std::string>()) : std::nullopt,
                          error ? *error : Json(nullptr), now);
    return;
  }
  const std::string& id = text_of(update, "Id");
  DurableOperation* operation = execution.find(id);
  if (!operation) {
    Json record{{"Id", id}, {"Type", type}, {"Status", "STARTED"}, {"StartTimestamp", epoch_seconds(now)}};
    for (const char* member : {"Name", "ParentId", "SubType"})
      if (const Json* value = find_member(update, member)) record[member] = *value;
    Json options = Json::object();
    for (const char* member : {"CallbackOptions", "ChainedInvokeOptions", "WaitOptions", "Payload"})
      if (const Json* value = find_member(update, member)) options[member] = *value;
    execution.index.emplace(id, execution.operations.size());
    execution.operations.push_back({.record = std::move(record), .options = std::move(options)});
    operation = &execution.operations.back();
  }
  if (type == "STEP")
    apply_step(execution, *operation, update, now);
  else if (type == "CONTEXT")
    apply_context(execution, *operation, update, now);
  else if (type == "WAIT")
    apply_wait(execution, *operation, update, now);
  else if (type == "CALLBACK")
    apply_callback(execution, *operation, update, now, std::move(callback_id));
  else
    apply_invoke(execution, *operation, update, now);
  execution.touch(id);
}

void end_durable_wait(DurableExecution& execution, DurableOperation& operation, Instant now) {
  close(operation, "SUCCEEDED", now);
  note(execution, "WaitSucceeded", &operation.record, now,
       Json{{"Duration", number_in(operation.options, "WaitOptions", "WaitSeconds")}});
  execution.touch(operation.id());
}

void ready_durable_step(DurableExecution& execution, DurableOperation& operation) {
  operation.record["Status"] = "READY";
  execution.touch(operation.id());
}

void end_durable_callback(DurableExecution& execution, DurableOperation& operation, std::string_view status,
                          std::optional<std::string> result, Json error, Instant now) {
  end_from_outside(execution, operation, "CallbackDetails", fmt::format("Callback{}", ending_of(status)),
                   status, std::move(result), std::move(error), now);
}

void end_durable_invoke(DurableExecution& execution, DurableOperation& operation, std::string_view status,
                        std::optional<std::string> result, Json error, Instant now) {
  end_from_outside(execution, operation, "ChainedInvokeDetails",
                   fmt::format("ChainedInvoke{}", ending_of(status)), status, std::move(result),
                   std::move(error), now);
}

void end_durable_execution(DurableExecution& execution, std::string_view status,
                           std::optional<std::string> result, Json error, Instant now) {
  if (!execution.running()) return;
  execution.status = status;
  execution.ended = now;
  DurableOperation& own = execution.operations.front();
  close(own, status, now);
  const Json said = result ? Json(*result) : Json(nullptr);
  note(execution, fmt::format("Execution{}", ending_of(status)), &own.record, now,
       status == "SUCCEEDED" ? payload_details("Result", &said) : payload_details("Error", &error));
  execution.result = std::move(result);
  execution.error = std::move(error);
  execution.unsaved.insert(0);
}

void note_durable_invocation(DurableExecution& execution, Instant from, Instant to,
                             std::string_view request_id, Json error) {
  Json details{{"StartTimestamp", epoch_seconds(from)},
               {"EndTimestamp", epoch_seconds(to)},
               {"RequestId", request_id}};
  if (!error.is_null()) details["Error"] = {{"Payload", std::move(error)}};
  note(execution, "InvocationCompleted", nullptr, to, std::move(details));
}

bool awaits_anything(const DurableExecution& execution) {
  return std::any_of(
      execution.operations.begin() + 1, execution.operations.end(), [](const DurableOperation& one) {
        if (one.status() == "PENDING") return true;
        return one.status() == "STARTED" &&
               (one.type() == "WAIT" || one.type() == "CALLBACK" || one.type() == "CHAINED_INVOKE");
      });
}

Json durable_state(const DurableExecution& execution, std::string_view marker, std::size_t most) {
  std::size_t from = 0;
  std::from_chars(marker.data(), marker.data() + marker.size(), from);
  Json state{{"Operations", Json::array()}, {"NextMarker", ""}};
  std::set<std::string_view> left_out;
  for (std::size_t i = 0; i < execution.operations.size(); ++i) {
    const Json& record = execution.operations[i].record;
    const std::string& parent_id = text_of(record, "ParentId");
    const auto parent = execution.index.find(parent_id);
    if (!parent_id.empty() && parent != execution.index.end()) {
      const DurableOperation& context = execution.operations[parent->second];
      const bool done = context.status() == "SUCCEEDED" || context.status() == "FAILED";
      const Json* details = find_member(context.record, "ContextDetails");
      if (done && context.type() == "CONTEXT" &&
          (!details || !flag_of(*details, "ReplayChildren") || left_out.contains(parent_id))) {
        left_out.insert(execution.operations[i].id());
        continue;
      }
    }
    if (i < from) continue;
    if (state["Operations"].size() == most) {
      state["NextMarker"] = std::to_string(i);
      break;
    }
    state["Operations"].push_back(record);
  }
  return state;
}

std::string durable_envelope(const DurableExecution& execution) {
  constexpr std::size_t first_page = 1000;
  Json state = durable_state(execution, {}, first_page);
  // On the event timestamps are texts, in answers of the API they are numbers.
  const auto as_text = [](Json& holder, const char* member) {
    if (const auto found = holder.find(member); found != holder.end())
      *found = iso8601(
          Instant(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(found->get<double>()))),
          3);
  };
  for (Json& record : state["Operations"]) {
    as_text(record, "StartTimestamp");
    as_text(record, "EndTimestamp");
    if (record.contains("StepDetails")) as_text(record["StepDetails"], "NextAttemptTimestamp");
    if (record.contains("WaitDetails")) as_text(record["WaitDetails"], "ScheduledEndTimestamp");
  }
  return Json{{"DurableExecutionArn", execution.arn()},
              {"CheckpointToken", execution.checkpoint_token()},
              {"InitialExecutionState", std::move(state)},
              {"UpdatedOperationIds", execution.news}}
      .dump();
}

Json durable_head(const DurableExecution& execution) {
  Json head{{"account", execution.scope.account},
            {"region", execution.scope.region},
            {"function", execution.function_name},
            {"version", execution.version},
            {"name", execution.name},
            {"id", execution.id},
            {"invoked_arn", execution.invoked_arn},
            {"payload", execution.payload},
            {"trace_id", execution.trace_id},
            {"tenant", execution.tenant_id},
            {"timeout", execution.timeout_seconds},
            {"retention", execution.retention_days},
            {"started", execution.started.time_since_epoch().count()},
            {"status", execution.status},
            {"error", execution.error},
            {"news", execution.news},
            {"token", execution.token},
            {"failed_invocations", execution.failed_invocations},
            {"suspended", execution.suspended}};
  if (execution.ended) head["ended"] = execution.ended->time_since_epoch().count();
  if (execution.result) head["result"] = *execution.result;
  return head;
}

DurableExecution durable_execution_from(const Json& head) {
  DurableExecution execution;
  execution.scope = {.account = head.at("account"), .region = head.at("region")};
  execution.function_name = head.at("function");
  execution.version = head.at("version");
  execution.name = head.at("name");
  execution.id = head.at("id");
  execution.invoked_arn = head.at("invoked_arn");
  execution.payload = head.at("payload");
  execution.trace_id = head.at("trace_id");
  execution.tenant_id = head.value("tenant", std::string());
  execution.timeout_seconds = head.at("timeout");
  execution.retention_days = head.at("retention");
  execution.started = Instant(Duration(head.at("started").get<Duration::rep>()));
  execution.status = head.at("status");
  execution.error = head.at("error");
  execution.news = head.at("news").get<std::vector<std::string>>();
  execution.token = head.at("token");
  execution.failed_invocations = head.at("failed_invocations");
  execution.suspended = head.at("suspended");
  if (head.contains("ended")) execution.ended = Instant(Duration(head.at("ended").get<Duration::rep>()));
  if (head.contains("result")) execution.result = head.at("result").get<std::string>();
  return execution;
}

Json durable_record(const DurableOperation& operation) {
  return {{"record", operation.record},
          {"options", operation.options},
          {"heard_of", operation.heard_of.time_since_epoch().count()}};
}

DurableOperation durable_operation_from(const Json& record) {
  return {.record = record.at("record"),
          .options = record.at("options"),
          .heard_of = Instant(Duration(record.at("heard_of").get<Duration::rep>()))};
}

}  // namespace aviary::lambda
