#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "models/lambda.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/jobs/durable_engine.hpp"

/// What functions and others ask of durable executions: checkpoints, callbacks, where they stand, to stop.
namespace aviary::lambda {
namespace {

/// A callback's id tells whose it is: ARN, operation and a random part, in Base64 as its pattern wants it.
std::string callback_id_of(const std::string& arn, const std::string& operation, Random& ids) {
  return base64_encode(fmt::format("{}\n{}\n{}", arn, operation, ids.hex(16)));
}

}  // namespace

Result<Json> DurableEngine::checkpoint(const std::string& arn, const Json& input) {
  Active* found = active(arn);
  if (!found) return invalid_parameter("Invalid checkpoint token");
  DurableExecution& execution = found->execution;
  const std::string& client_token = text_of(input, "ClientToken");
  if (!client_token.empty() && client_token == found->client_token) return found->last_answer;
  if (!execution.running() || !found->invoked ||
      text_of(input, "CheckpointToken") != execution.checkpoint_token())
    return invalid_parameter("Invalid checkpoint token");
  const Json* updates = find_member(input, "Updates");
  const Json none = Json::array();
  if (!updates) updates = &none;
  if (const Result<> fits = check_durable_updates(execution, *updates); !fits) return fits.error();

  const Instant now = clock_.now();
  for (const Json& update : *updates) {
    const std::string& id = text_of(update, "Id");
    apply_durable_update(execution, update, now, callback_id_of(arn, id, ids_));
    if (DurableOperation* operation = execution.find(id); operation && execution.running())
      arm(*found, *operation);
  }
  ++execution.token;
  Json operations = Json::array();
  for (const std::string& id : std::exchange(execution.news, {}))
    if (const DurableOperation* operation = execution.find(id)) operations.push_back(operation->record);
  Json answer{{"CheckpointToken", execution.checkpoint_token()},
              {"NewExecutionState", {{"Operations", std::move(operations)}}}};
  found->client_token = client_token;
  found->last_answer = answer;
  if (execution.running())
    save(*found);
  else
    settle(*found);
  return answer;
}

Result<const DurableExecution*> DurableEngine::find(const std::string& arn) const {
  const auto found = executions_.find(arn);
  if (found == executions_.end()) return durable_execution_not_found(arn);
  return &found->second.execution;
}

std::vector<const DurableExecution*> DurableEngine::of_function(const Scope& scope,
                                                                std::string_view function) const {
  std::vector<const DurableExecution*> all;
  for (const auto& [arn, active] : executions_)
    if (active.execution.scope == scope && active.execution.function_name == function)
      all.push_back(&active.execution);
  return all;
}

std::size_t DurableEngine::running() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(executions_, [](const auto& one) { return one.second.invoked; }));
}

Result<Instant> DurableEngine::stop_execution(const std::string& arn, Json error) {
  Active* found = active(arn);
  if (!found) return durable_execution_not_found(arn);
  if (found->execution.running()) {
    end_durable_execution(found->execution, "STOPPED", std::nullopt, std::move(error), clock_.now());
    settle(*found);
  }
  return *found->execution.ended;
}

Result<std::pair<DurableEngine::Active*, DurableOperation*>> DurableEngine::callback(
    const std::string& callback_id) {
  const AwsError unknown = invalid_parameter("Invalid callback ID.");
  const std::optional<std::string> told = base64_decode(callback_id);
  if (!told) return unknown;
  const std::size_t first = told->find('\n');
  const std::size_t second = first == std::string::npos ? first : told->find('\n', first + 1);
  if (second == std::string::npos) return unknown;
  Active* found = active(told->substr(0, first));
  DurableOperation* operation =
      found ? found->execution.find(told->substr(first + 1, second - first - 1)) : nullptr;
  const Json* details = operation ? find_member(operation->record, "CallbackDetails") : nullptr;
  if (!details || text_of(*details, "CallbackId") != callback_id) return unknown;
  if (operation->status() == "TIMED_OUT")
    return AwsError(models::lambda::errors::CallbackTimeoutException, "The callback has timed out.");
  if (operation->status() != "STARTED" || !found->execution.running())
    return invalid_parameter("The callback has already been completed.");
  return std::pair(found, operation);
}

Result<> DurableEngine::end_callback(const std::string& callback_id, std::string_view status,
                                     std::optional<std::string> result, Json error) {
  const auto found = callback(callback_id);
  if (!found) return found.error();
  const auto [active, operation] = *found;
  const std::string id = operation->id();
  end_durable_callback(active->execution, *operation, status, std::move(result), std::move(error),
                       clock_.now());
  disarm(*active, id);
  wake(*active);
  return {};
}

Result<> DurableEngine::heartbeat(const std::string& callback_id) {
  const auto found = callback(callback_id);
  if (!found) return found.error();
  const auto [active, operation] = *found;
  operation->heard_of = clock_.now();
  active->execution.unsaved.insert(active->execution.index.at(operation->id()));
  arm(*active, *operation);
  save(*active);
  return {};
}

}  // namespace aviary::lambda
