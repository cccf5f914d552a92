#include "app/lambda_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aviary::app {
namespace {

/// More than this many pairs of version and qualifier are not remembered: those that idle are found anew.
constexpr std::size_t most_resources = 50'000;

struct MetricRow {
  std::string_view name;
  std::string_view unit;
};
/// In the order of `LambdaMetrics::Metric`.
constexpr MetricRow metric_rows[] = {
    {"Invocations", "Count"},
    {"Errors", "Count"},
    {"Throttles", "Count"},
    {"Duration", "Milliseconds"},
    {"ConcurrentExecutions", "Count"},
    {"UnreservedConcurrentExecutions", "Count"},
    {"AsyncEventsReceived", "Count"},
    {"AsyncEventAge", "Milliseconds"},
    {"AsyncEventsDropped", "Count"},
    {"RecursiveInvocationsDropped", "Count"},
    {"DeadLetterErrors", "Count"},
    {"DestinationDeliveryFailures", "Count"},
    {"IteratorAge", "Milliseconds"},
    {"ProvisionedConcurrentExecutions", "Count"},
    {"ProvisionedConcurrencyInvocations", "Count"},
    {"ProvisionedConcurrencySpilloverInvocations", "Count"},
    {"ProvisionedConcurrencyUtilization", "Count"},
    {"PostRuntimeExtensionsDuration", "Milliseconds"},
};

/// After the function's name in its ARN: `prod`, `6`, `$LATEST` or nothing.
std::string_view qualifier_of(std::string_view arn, std::string_view function_name) {
  constexpr std::string_view before = ":function:";
  const std::size_t name = arn.find(before);
  if (name == std::string_view::npos) return {};
  arn.remove_prefix(std::min(arn.size(), name + before.size() + function_name.size()));
  return arn.starts_with(':') ? arn.substr(1) : std::string_view{};
}

bool is_error(execution::InvocationEnd end) {
  return end == execution::InvocationEnd::FunctionError || end == execution::InvocationEnd::Failure ||
         end == execution::InvocationEnd::Timeout;
}

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace

LambdaMetrics::SetPtr LambdaMetrics::set_of(const cloudwatch::Scope& scope, std::string_view function_name,
                                            std::string_view resource, std::string_view version) {
  SetPtr& set =
      sets_[fmt::format("{}:{}:{}:{}:{}", scope.account, scope.region, function_name, resource, version)];
  if (!set) {
    set = std::make_shared<Set>();
    set->scope = scope;
    set->function_name = function_name;
    set->resource = resource;
    set->version = version;
  }
  return set;
}

LambdaMetrics::Resource LambdaMetrics::make_resource(const cloudwatch::Scope& scope,
                                                     std::string_view function_name,
                                                     std::string_view qualifier, std::string_view version) {
  const std::string resource =
      qualifier.empty() ? std::string(function_name) : fmt::format("{}:{}", function_name, qualifier);
  Resource made{{set_of(scope, {}, {}, {}), set_of(scope, function_name, {}, {}),
                 set_of(scope, function_name, resource, {})}};
  if (!version.empty()) made.sets.push_back(set_of(scope, function_name, resource, version));
  return made;
}

/// Forgets what nothing runs of; it is made again when it is wanted.
void LambdaMetrics::make_room() {
  if (resources_.size() < most_resources) return;
  std::erase_if(resources_, [](const auto& entry) { return entry.second.sets.back()->running == 0; });
  std::erase_if(sets_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

LambdaMetrics::Resource& LambdaMetrics::resource_of(const lambda::Version& version,
                                                    std::string_view invoked_arn) {
  const std::string_view qualifier = qualifier_of(invoked_arn, version.function_name);
  std::string key = fmt::format("{}:{}", version.serial, qualifier);
  if (const auto known = resources_.find(key); known != resources_.end()) return known->second;
  make_room();
  const bool through_alias = !qualifier.empty() && qualifier != version.number;
  Resource made = make_resource({version.scope.account, version.scope.region}, version.function_name,
                                qualifier, through_alias ? std::string_view(version.number) : "");
  return resources_.emplace(std::move(key), std::move(made)).first->second;
}

LambdaMetrics::Resource& LambdaMetrics::asynchronous(const lambda::Scope& scope,
                                                     std::string_view function_name,
                                                     std::string_view qualifier) {
  // No serial begins like this.
  std::string key = fmt::format("event:{}:{}:{}:{}", scope.account, scope.region, function_name, qualifier);
  if (const auto known = resources_.find(key); known != resources_.end()) return known->second;
  make_room();
  Resource made = make_resource({scope.account, scope.region}, function_name, qualifier, {});
  return resources_.emplace(std::move(key), std::move(made)).first->second;
}

void LambdaMetrics::record(Set& set, Metric metric, double value) {
  if (set.generation != store_.generation()) {
    set.handles = {};
    set.generation = store_.generation();
  }
  cloudwatch::MetricStore::Handle& handle = set.handles[static_cast<std::size_t>(metric)];
  if (!handle.of) [[unlikely]] {
    const MetricRow& row = metric_rows[static_cast<std::size_t>(metric)];
    cloudwatch::MetricId id{"AWS/Lambda", std::string(row.name), {}};
    // In order of their names, as everywhere.
    if (!set.version.empty()) id.dimensions.emplace_back("ExecutedVersion", set.version);
    if (!set.function_name.empty()) id.dimensions.emplace_back("FunctionName", set.function_name);
    if (!set.resource.empty()) id.dimensions.emplace_back("Resource", set.resource);
    handle = store_.resolve(set.scope, id, row.unit);
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch().count();
  store_.record(handle, static_cast<cloudwatch::EpochSeconds>(now), value);
}

void LambdaMetrics::record(const Resource& resource, Metric metric, double value) {
  for (const SetPtr& set : resource.sets) record(*set, metric, value);
}

void LambdaMetrics::publish_running(const Resource& resource, const execution::PlaceNotice& notice) {
  Set& account = *resource.sets.front();
  for (const SetPtr& set : resource.sets)
    record(*set, Metric::ConcurrentExecutions, static_cast<double>(set->running));
  if (notice.charge == execution::Charge::Unreserved)
    record(account, Metric::UnreservedConcurrentExecutions, static_cast<double>(account.unreserved));
  if (notice.charge != execution::Charge::Provisioned) return;
  for (const SetPtr& set : resource.sets) {
    record(*set, Metric::ProvisionedConcurrentExecutions, static_cast<double>(set->provisioned));
    if (set->resource.empty() || notice.provisioned == 0) continue;  // a share of what belongs to a version
    record(*set, Metric::ProvisionedConcurrencyUtilization,
           static_cast<double>(set->provisioned) / static_cast<double>(notice.provisioned));
  }
}

void LambdaMetrics::on_place_taken(const execution::PlaceNotice& notice) {
  const Resource& resource = resource_of(*notice.version, notice.invoked_arn);
  for (const SetPtr& set : resource.sets) {
    ++set->running;
    if (notice.charge == execution::Charge::Unreserved) ++set->unreserved;
    if (notice.charge == execution::Charge::Provisioned) ++set->provisioned;
  }
  publish_running(resource, notice);
}

void LambdaMetrics::on_place_left(const execution::PlaceNotice& notice) {
  const Resource& resource = resource_of(*notice.version, notice.invoked_arn);
  // With what has run until now: in a minute in which this only ends, it was there.
  publish_running(resource, notice);
  for (const SetPtr& set : resource.sets) {
    --set->running;
    if (notice.charge == execution::Charge::Unreserved) --set->unreserved;
    if (notice.charge == execution::Charge::Provisioned) --set->provisioned;
  }
}

void LambdaMetrics::on_invocation(const execution::InvocationRecord& invocation) {
  // What the machine could not run at all is no invocation.
  if (invocation.end == execution::InvocationEnd::Refused) return;
  const Resource& resource = resource_of(*invocation.version, invocation.invoked_arn);
  const bool throttled = invocation.end == execution::InvocationEnd::Throttled;
  record(resource, Metric::Throttles, throttled ? 1 : 0);
  if (throttled) return;
  record(resource, Metric::Invocations, 1);
  record(resource, Metric::Errors, is_error(invocation.end) ? 1 : 0);
  record(resource, Metric::Duration, milliseconds(invocation.duration));
  if (invocation.after_runtime)
    record(resource, Metric::PostRuntimeExtensionsDuration, milliseconds(*invocation.after_runtime));
  if (invocation.provisioned) record(resource, Metric::ProvisionedConcurrencyInvocations, 1);
  if (invocation.spilled) record(resource, Metric::ProvisionedConcurrencySpilloverInvocations, 1);
}

void LambdaMetrics::on_event(const lambda::EventNotice& notice) {
  const Resource& resource = asynchronous(notice.scope, notice.function_name, notice.qualifier);
  switch (notice.happening) {
    case lambda::EventHappening::Received:
      record(resource, Metric::AsyncEventsReceived, 1);
      break;
    case lambda::EventHappening::Started:
      record(resource, Metric::AsyncEventAge, milliseconds(notice.age));
      break;
    case lambda::EventHappening::Dropped:
      record(resource, Metric::AsyncEventsDropped, 1);
      break;
    case lambda::EventHappening::RecursionDropped:
      record(resource, Metric::RecursiveInvocationsDropped, 1);
      break;
    case lambda::EventHappening::DeadLetterFailed:
      record(resource, Metric::DeadLetterErrors, 1);
      break;
    case lambda::EventHappening::DestinationFailed:
      record(resource, Metric::DestinationDeliveryFailures, 1);
      break;
  }
}

void LambdaMetrics::on_stream_batch(const lambda::StreamNotice& notice) {
  record(asynchronous(notice.scope, notice.function_name, notice.qualifier), Metric::IteratorAge,
         milliseconds(notice.age));
}

}  // namespace aviary::app
