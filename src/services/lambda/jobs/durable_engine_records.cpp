#include <fmt/format.h>

#include "services/lambda/jobs/durable_engine.hpp"

/// How durable executions last: a record for each execution, each of its operations, each event of its
/// history, so that a checkpoint writes what it changed and nothing else.
namespace aviary::lambda {
namespace {

std::string part_key(const std::string& arn, std::size_t number) {
  return fmt::format("{}/{:08}", arn, number);
}

}  // namespace

void DurableEngine::save(Active& active) {
  DurableExecution& execution = active.execution;
  if (!journal_.durable()) {
    execution.unsaved.clear();
    return;
  }
  const std::string arn = execution.arn();
  heads_.save(arn, durable_head(execution));
  for (const std::size_t i : std::exchange(execution.unsaved, {}))
    operation_records_.save(part_key(arn, i), durable_record(execution.operations[i]));
  for (; execution.saved_events < execution.events.size(); ++execution.saved_events)
    event_records_.save(part_key(arn, execution.saved_events), execution.events[execution.saved_events]);
}

void DurableEngine::erase(const std::string& arn) {
  Active* found = active(arn);
  if (!found) return;
  const DurableExecution& execution = found->execution;
  heads_.erase(arn);
  for (std::size_t i = 0; i < execution.operations.size(); ++i) operation_records_.erase(part_key(arn, i));
  for (std::size_t i = 0; i < execution.events.size(); ++i) event_records_.erase(part_key(arn, i));
  names_.erase({execution.scope, execution.name});
  executions_.erase(arn);
}

void DurableEngine::restore() {
  heads_.load([this](std::string_view arn, const Json& head) {
    Active& active = executions_[std::string(arn)];
    active.execution = durable_execution_from(head);
    names_.insert_or_assign({active.execution.scope, active.execution.name}, std::string(arn));
  });
  const auto owner = [this](std::string_view key) {
    return active(std::string(key.substr(0, key.rfind('/'))));
  };
  operation_records_.load([&](std::string_view key, const Json& record) {
    Active* of = owner(key);
    if (!of) return;
    DurableOperation operation = durable_operation_from(record);
    of->execution.index.emplace(operation.id(), of->execution.operations.size());
    of->execution.operations.push_back(std::move(operation));
  });
  event_records_.load([&](std::string_view key, const Json& record) {
    if (Active* of = owner(key)) {
      of->execution.events.push_back(record);
      ++of->execution.saved_events;
    }
  });
  for (auto& [arn, active] : executions_) {
    arm_execution(active);
    if (!active.execution.running()) continue;
    for (DurableOperation& operation : active.execution.operations) arm(active, operation);
    if (!active.execution.suspended || !active.execution.news.empty()) drive(arn);
  }
}

}  // namespace aviary::lambda
