#include "services/lambda/jobs/durable_engine.hpp"

#include <fmt/format.h>

#include "base/bounded_json.hpp"
#include "models/lambda.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/function_reference.hpp"

namespace aviary::lambda {
namespace {

using namespace std::chrono_literals;
namespace rows = models::lambda::errors;

constexpr std::uint32_t most_failed_invocations = 5;
constexpr Duration retry_delay = 5s;
constexpr std::int64_t default_retention_days = 14;

Instant instant_of(const Json& seconds) {
  return Instant(std::chrono::round<Duration>(std::chrono::duration<double>(seconds.get<double>())));
}

std::int64_t number_of(const Json& document, const char* member, std::int64_t otherwise) {
  const Json* value = find_member(document, member);
  return value ? value->get<std::int64_t>() : otherwise;
}

/// A runtime's error payload as an `ErrorObject`.
Json error_object(const std::string& payload, std::string_view otherwise) {
  const Json told = parse_bounded<Json>(payload);
  Json error = Json::object();
  if (told.is_object()) {
    if (const std::string& type = text_of(told, "errorType"); !type.empty()) error["ErrorType"] = type;
    if (const std::string& message = text_of(told, "errorMessage"); !message.empty())
      error["ErrorMessage"] = message;
    if (const Json* trace = find_member(told, "stackTrace"); trace && trace->is_array()) {
      Json lines = Json::array();
      for (const Json& line : *trace)
        if (line.is_string()) lines.push_back(line);
      error["StackTrace"] = std::move(lines);
    }
  }
  if (error.empty()) error["ErrorMessage"] = otherwise;
  return error;
}

Json message_only(std::string_view message) { return Json{{"ErrorMessage", message}}; }

/// What a caller gets of an execution that has ended.
Outcome outcome_of(const DurableExecution& execution, const Outcome& last) {
  Outcome outcome = last;
  outcome.durable_execution = execution.arn();
  outcome.function_error.clear();
  if (execution.status == "SUCCEEDED") {
    outcome.payload = execution.result && !execution.result->empty() ? *execution.result : "null";
    return outcome;
  }
  outcome.function_error = "Unhandled";
  Json payload = Json::object();
  if (execution.error.is_object()) {
    if (const Json* type = find_member(execution.error, "ErrorType")) payload["errorType"] = *type;
    if (const Json* message = find_member(execution.error, "ErrorMessage"))
      payload["errorMessage"] = *message;
    if (const Json* trace = find_member(execution.error, "StackTrace")) payload["stackTrace"] = *trace;
  }
  if (payload.empty())
    payload["errorMessage"] = fmt::format("Durable execution ended with status {}", execution.status);
  outcome.payload = payload.dump(-1, ' ', false, Json::error_handler_t::replace);
  return outcome;
}

AwsError interrupted() { return AwsError(rows::ServiceException, "The durable execution was interrupted."); }

}  // namespace

DurableEngine::DurableEngine(Clock& clock, boost::asio::any_io_executor executor, Journal& journal,
                             FunctionStore& store, FunctionRunner& runner, Random& ids)
    : ForwardingRunner(runner),
      clock_(clock),
      tasks_(std::move(executor)),
      journal_(journal),
      heads_(journal, "lambda.durable-executions"),
      operation_records_(journal, "lambda.durable-operations"),
      event_records_(journal, "lambda.durable-events"),
      store_(store),
      ids_(ids) {}

DurableEngine::~DurableEngine() = default;

// Not a coroutine of its own: invocations that are not durable pay one look into their configuration.
Task<Result<Outcome>> DurableEngine::run(Invocation invocation) {
  if (!invocation.durable_execution.empty()) return wait_for(std::move(invocation.durable_execution));
  if (is_durable(*invocation.version)) return run_to_its_end(std::move(invocation));
  return inner_.run(std::move(invocation));
}

Task<Result<Outcome>> DurableEngine::run_to_its_end(Invocation invocation) {
  Result<std::string> arn = start(std::move(invocation));
  if (!arn) co_return arn.error();
  auto waiting = wait_for(std::move(*arn));
  Result<Outcome> outcome = co_await std::move(waiting);
  co_return outcome;
}

Task<Result<Outcome>> DurableEngine::wait_for(std::string arn) {
  Active* found = active(arn);
  if (!found) co_return durable_execution_not_found(arn);
  if (found->execution.running()) {
    const OneShot<bool> ended;
    found->waiters.push_back(ended);
    const bool well = co_await ended.wait();
    if (!well) co_return interrupted();
    found = active(arn);
    if (!found) co_return durable_execution_not_found(arn);
  }
  co_return outcome_of(found->execution, found->last);
}

Result<std::string> DurableEngine::start(Invocation invocation) {
  const Version& version = *invocation.version;
  if (stopping_) return interrupted();
  if (!invocation.durable_name.empty()) {
    const auto known = names_.find({version.scope, invocation.durable_name});
    if (known != names_.end()) {
      const DurableExecution& there = executions_.at(known->second).execution;
      if (there.function_name != version.function_name || there.payload != invocation.payload)
        return AwsError(rows::DurableExecutionAlreadyStartedException,
                        fmt::format("A durable execution with the name {} has already been started with a "
                                    "different input.",
                                    invocation.durable_name));
      return known->second;
    }
  }
  const Json& config = version.configuration->recorded.at("DurableConfig");
  DurableExecution about;
  about.scope = version.scope;
  about.function_name = version.function_name;
  about.version = version.number;
  about.name = invocation.durable_name.empty() ? ids_.uuid() : invocation.durable_name;
  about.id = ids_.uuid();
  about.invoked_arn = invocation.invoked_arn;
  about.payload = std::move(invocation.payload);
  about.trace_id = std::move(invocation.trace_id);
  about.tenant_id = std::move(invocation.tenant_id);
  about.timeout_seconds = number_of(config, "ExecutionTimeout", 900);
  about.retention_days = number_of(config, "RetentionPeriodInDays", default_retention_days);
  about.started = clock_.now();
  std::string arn = about.arn();
  names_.insert_or_assign({about.scope, about.name}, arn);
  Active& made = executions_[arn];
  made.execution = begin_durable_execution(std::move(about), ids_.uuid());
  made.first_request = std::move(invocation.request_id);
  made.tail_log = invocation.tail_log;
  arm_execution(made);
  save(made);
  drive(arn);
  return arn;
}

DurableEngine::Active* DurableEngine::active(const std::string& arn) {
  const auto found = executions_.find(arn);
  return found == executions_.end() ? nullptr : &found->second;
}

void DurableEngine::drive(const std::string& arn) {
  Active* found = active(arn);
  if (!found || found->invoked || stopping_ || !found->execution.running()) return;
  found->invoked = true;
  tasks_.spawn("durable execution", invoke(arn));
}

/// One invocation of the function, from where it is.
Task<> DurableEngine::invoke(std::string arn) {
  Active* found = active(arn);
  if (!found) co_return;
  DurableExecution& execution = found->execution;
  const Moment at{.now = clock_.now(), .ids = ids_};
  const Function* function = store_.find(execution.scope, execution.function_name, at);
  const Snapshot* snapshot = function ? store_.find_version(*function, execution.version) : nullptr;
  if (!snapshot) {
    found->invoked = false;
    end_durable_execution(
        execution, "FAILED", std::nullopt,
        message_only(
            fmt::format("Function not found: {}",
                        lambda::function_arn(execution.scope, execution.function_name, execution.version))),
        at.now);
    settle(*found);
    co_return;
  }
  ++execution.token;
  execution.suspended = false;
  Invocation invocation{.request_id = found->first_request.empty() ? ids_.uuid() : found->first_request,
                        .version = snapshot->version,
                        .invoked_arn = execution.invoked_arn,
                        .payload = durable_envelope(execution),
                        .trace_id = execution.trace_id,
                        .tenant_id = execution.tenant_id,
                        .tail_log = found->tail_log};
  found->first_request.clear();
  execution.news.clear();
  save(*found);
  const std::string request_id = invocation.request_id;
  auto running = inner_.run(std::move(invocation));
  const Result<Outcome> outcome = co_await std::move(running);
  found = active(arn);
  if (!found) co_return;
  found->invoked = false;
  if (stopping_) co_return;
  judge(*found, outcome, at.now, request_id);
  save(*found);
}

/// What comes after an invocation.
void DurableEngine::judge(Active& active, const Result<Outcome>& outcome, Instant from,
                          const std::string& request_id) {
  DurableExecution& execution = active.execution;
  const Instant now = clock_.now();
  if (!outcome) {
    if (execution.running()) invocation_failed(active, Json{{"ErrorMessage", outcome.error().message}});
    return;
  }
  active.last = *outcome;
  const bool crashed = !outcome->function_error.empty();
  const Json problem = crashed ? error_object(outcome->payload, "The function failed.") : Json(nullptr);
  note_durable_invocation(execution, from, now, request_id, problem);
  ++execution.token;  // what the invocation still holds is good for nothing any more
  if (!execution.running()) return;
  if (crashed) return invocation_failed(active, problem);

  const Json answer = parse_bounded<Json>(outcome->payload);
  const std::string status = answer.is_object() ? text_of(answer, "Status") : std::string();
  const Json* error = answer.is_object() ? find_member(answer, "Error") : nullptr;
  const Json* result = answer.is_object() ? find_member(answer, "Result") : nullptr;
  if (status == "SUCCEEDED" && error)
    return invocation_failed(active, message_only("Cannot provide an Error for SUCCEEDED status."));
  if (status == "FAILED" && result)
    return invocation_failed(active, message_only("Cannot provide a Result for FAILED status."));
  if (status == "SUCCEEDED" || status == "FAILED") {
    end_durable_execution(
        execution, status,
        result && result->is_string() ? std::optional(result->get<std::string>()) : std::nullopt,
        error ? *error : Json(nullptr), now);
    return settle(active);
  }
  if (status != "PENDING") {
    return invocation_failed(active,
                             message_only(status.empty() ? "Response status is required"
                                                         : "Unexpected invocation status: " + status));
  }
  execution.failed_invocations = 0;
  if (!execution.news.empty()) return drive(execution.arn());
  if (!awaits_anything(execution))
    return invocation_failed(active,
                             message_only("Cannot return PENDING status with no pending operations."));
  execution.suspended = true;
}

void DurableEngine::invocation_failed(Active& active, Json error) {
  DurableExecution& execution = active.execution;
  if (++execution.failed_invocations > most_failed_invocations) {
    end_durable_execution(execution, "FAILED", std::nullopt, std::move(error), clock_.now());
    return settle(active);
  }
  active.retrying = clock_.call_at(clock_.now() + retry_delay, [this, arn = execution.arn()] {
    if (Active* again = this->active(arn)) again->retrying = 0;
    drive(arn);
  });
}

/// The function may want to go on.
void DurableEngine::wake(Active& active) {
  save(active);
  // Who is invoked asks for news by checkpoints, or meets them when it says that it waits.
  if (!active.invoked && active.retrying == 0) drive(active.execution.arn());
}

void DurableEngine::disarm(Active& active, const std::string& operation) {
  for (const char* kind : {"", "/timeout", "/heartbeat"}) {
    const auto timer = active.timers.find(operation + kind);
    if (timer == active.timers.end()) continue;
    clock_.cancel(timer->second);
    active.timers.erase(timer);
  }
}

void DurableEngine::arm_timer(Active& active, const std::string& key, Instant when,
                              std::function<void(Active&, DurableOperation&)> what,
                              const std::string& operation) {
  active.timers[key] =
      clock_.call_at(when, [this, arn = active.execution.arn(), key, operation, what = std::move(what)] {
        Active* found = this->active(arn);
        if (!found) return;
        found->timers.erase(key);
        DurableOperation* due = found->execution.find(operation);
        if (!due || !found->execution.running()) return;
        what(*found, *due);
        disarm(*found, operation);
        wake(*found);
      });
}

void DurableEngine::arm(Active& active, DurableOperation& operation) {
  const std::string id = operation.id();
  disarm(active, id);
  if (operation.type() == "WAIT" && operation.status() == "STARTED") {
    arm_timer(
        active, id, instant_of(operation.record.at("WaitDetails").at("ScheduledEndTimestamp")),
        [this](Active& of, DurableOperation& due) { end_durable_wait(of.execution, due, clock_.now()); }, id);
  } else if (operation.type() == "STEP" && operation.status() == "PENDING") {
    arm_timer(
        active, id, instant_of(operation.record.at("StepDetails").at("NextAttemptTimestamp")),
        [](Active& of, DurableOperation& due) { ready_durable_step(of.execution, due); }, id);
  } else if (operation.type() == "CALLBACK" && operation.status() == "STARTED") {
    const Json* options = find_member(operation.options, "CallbackOptions");
    const auto limit = [&](const char* member, const char* kind, Instant since, std::string_view text) {
      const std::int64_t most = options ? number_of(*options, member, 0) : 0;
      if (most <= 0) return;
      arm_timer(
          active, id + kind, since + std::chrono::seconds(most),
          [this, text](Active& of, DurableOperation& due) {
            end_durable_callback(of.execution, due, "TIMED_OUT", std::nullopt, message_only(text),
                                 clock_.now());
          },
          id);
    };
    limit("TimeoutSeconds", "/timeout", instant_of(operation.record.at("StartTimestamp")),
          "Callback timed out");
    limit("HeartbeatTimeoutSeconds", "/heartbeat", operation.heard_of, "Callback timed out on heartbeat");
  } else if (operation.type() == "CHAINED_INVOKE" && operation.status() == "STARTED") {
    const Json* options = find_member(operation.options, "ChainedInvokeOptions");
    const std::string& payload = text_of(operation.options, "Payload");
    ChainedCall call{.scope = active.execution.scope,
                     .function = options ? text_of(*options, "FunctionName") : std::string(),
                     .payload = payload.empty() ? "{}" : payload,
                     .trace_id = active.execution.trace_id,
                     .tenant_id = options ? text_of(*options, "TenantId") : std::string()};
    tasks_.spawn("chained invocation", chain(active.execution.arn(), id, std::move(call)));
  }
}

Task<> DurableEngine::chain(std::string arn, std::string operation, ChainedCall call) {
  auto calling = chain_(std::move(call));
  const Result<Outcome> outcome = co_await std::move(calling);
  Active* found = active(arn);
  DurableOperation* asked = found ? found->execution.find(operation) : nullptr;
  if (!asked || asked->status() != "STARTED" || !found->execution.running() || stopping_) co_return;
  const Instant now = clock_.now();
  if (!outcome) {
    Json error{{"ErrorType", std::string(outcome.error().shape->code)},
               {"ErrorMessage", outcome.error().message}};
    end_durable_invoke(found->execution, *asked, "FAILED", std::nullopt, std::move(error), now);
  } else if (!outcome->function_error.empty()) {
    end_durable_invoke(found->execution, *asked, "FAILED", std::nullopt,
                       error_object(outcome->payload, "The function failed."), now);
  } else {
    end_durable_invoke(found->execution, *asked, "SUCCEEDED", outcome->payload, nullptr, now);
  }
  wake(*found);
}

void DurableEngine::arm_execution(Active& active) {
  const DurableExecution& execution = active.execution;
  const std::string arn = execution.arn();
  if (execution.running()) {
    active.deadline =
        clock_.call_at(execution.started + std::chrono::seconds(execution.timeout_seconds), [this, arn] {
          Active* late = this->active(arn);
          if (!late) return;
          late->deadline = 0;
          end_durable_execution(late->execution, "TIMED_OUT", std::nullopt,
                                message_only("Execution timed out"), clock_.now());
          settle(*late);
        });
  } else {
    active.retention =
        clock_.call_at(*execution.ended + std::chrono::days(execution.retention_days), [this, arn] {
          if (Active* old = this->active(arn)) old->retention = 0;
          erase(arn);
        });
  }
}

/// The execution has ended: nothing of it waits any more, and who waits for it goes on.
void DurableEngine::settle(Active& active) {
  for (const auto& [key, timer] : active.timers) clock_.cancel(timer);
  active.timers.clear();
  for (TimerId* timer : {&active.deadline, &active.retrying})
    if (*timer != 0) clock_.cancel(std::exchange(*timer, 0));
  arm_execution(active);
  save(active);
  for (const OneShot<bool>& waiter : std::exchange(active.waiters, {})) waiter.set(true);
}

void DurableEngine::clear() {
  for (auto& [arn, active] : executions_) {
    for (const auto& [key, timer] : active.timers) clock_.cancel(timer);
    for (const TimerId timer : {active.deadline, active.retention, active.retrying})
      if (timer != 0) clock_.cancel(timer);
    for (const OneShot<bool>& waiter : active.waiters) waiter.set(false);
  }
  executions_.clear();
  names_.clear();
}

void DurableEngine::function_gone(const Scope& scope, std::string_view function) {
  for (auto& [arn, active] : executions_) {
    DurableExecution& execution = active.execution;
    if (!execution.running() || execution.scope != scope || execution.function_name != function) continue;
    end_durable_execution(
        execution, "FAILED", std::nullopt,
        message_only(fmt::format("Function not found: {}",
                                 lambda::function_arn(scope, execution.function_name, execution.version))),
        clock_.now());
    settle(active);
  }
}

Task<> DurableEngine::stop() {
  stopping_ = true;
  for (auto& [arn, active] : executions_) {
    for (const auto& [key, timer] : active.timers) clock_.cancel(timer);
    active.timers.clear();
    for (TimerId* timer : {&active.deadline, &active.retention, &active.retrying})
      if (*timer != 0) clock_.cancel(std::exchange(*timer, 0));
    for (const OneShot<bool>& waiter : std::exchange(active.waiters, {})) waiter.set(false);
  }
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace aviary::lambda
