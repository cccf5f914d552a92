#include "app/lambda_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

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
  if (resources_.size() + of_events_.size() < most_resources) return;
  hand_over();
  last_ = nullptr;
  const auto idle = [](const auto& entry) { return entry.second.sets.back()->running == 0; };
  std::erase_if(resources_, idle);
  std::erase_if(of_events_, idle);
  std::erase_if(sets_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

LambdaMetrics::Resource& LambdaMetrics::resource_of(const lambda::Version& version,
                                                    std::string_view invoked_arn) {
  if (last_ != nullptr && version.serial == last_serial_ && invoked_arn == last_arn_) return *last_;
  const std::string_view qualifier = qualifier_of(invoked_arn, version.function_name);
  const auto known = resources_.find(InvokedView{version.serial, qualifier});
  if (known != resources_.end()) {
    last_ = &known->second;
    last_serial_ = version.serial;
    last_arn_ = invoked_arn;
    return *last_;
  }
  make_room();
  const bool through_alias = !qualifier.empty() && qualifier != version.number;
  Resource made = make_resource({version.scope.account, version.scope.region}, version.function_name,
                                qualifier, through_alias ? std::string_view(version.number) : "");
  return resources_.emplace(Invoked{version.serial, std::string(qualifier)}, std::move(made)).first->second;
}

LambdaMetrics::Resource& LambdaMetrics::asynchronous(const lambda::Scope& scope,
                                                     std::string_view function_name,
                                                     std::string_view qualifier) {
  std::string key = fmt::format("{}:{}:{}:{}", scope.account, scope.region, function_name, qualifier);
  if (const auto known = of_events_.find(key); known != of_events_.end()) return known->second;
  make_room();
  Resource made = make_resource({scope.account, scope.region}, function_name, qualifier, {});
  return of_events_.emplace(std::move(key), std::move(made)).first->second;
}

cloudwatch::EpochSeconds LambdaMetrics::seconds_at(std::optional<Instant> at) const {
  return static_cast<cloudwatch::EpochSeconds>(
      std::chrono::floor<std::chrono::seconds>(at ? *at : clock_.now()).time_since_epoch().count());
}

cloudwatch::MetricStore::Handle LambdaMetrics::handle_of(Set& set, Metric metric) {
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
  return handle;
}

void LambdaMetrics::record(Set& set, Metric metric, cloudwatch::EpochSeconds at, double value) {
  store_.record(handle_of(set, metric), at, value);
}

void LambdaMetrics::begin_minute(cloudwatch::EpochSeconds at) {
  const cloudwatch::EpochSeconds minute = at - at % 60;
  if (minute == minute_ && gathered_generation_ == store_.generation()) return;
  hand_over();
  minute_ = minute;
  gathered_generation_ = store_.generation();
}

void LambdaMetrics::gather(Resource& resource, Metric metric, double value) {
  resource.gathered[static_cast<std::size_t>(metric)].add(value);
}

void LambdaMetrics::hand_over() {
  // Not of metrics that have been forgotten meanwhile.
  const bool wanted = gathered_generation_ == store_.generation();
  for (Resource* resource : std::exchange(waiting_, {})) {
    resource->waits = false;
    for (std::size_t i = 0; i < gathered_metrics; ++i) {
      cloudwatch::Bucket bucket{.start = minute_, .samples = std::exchange(resource->gathered[i], {})};
      if (!wanted || bucket.samples.empty()) continue;
      for (const SetPtr& set : resource->sets)
        store_.merge(handle_of(*set, static_cast<Metric>(i)), bucket, minute_);
    }
  }
}

void LambdaMetrics::record(const Resource& resource, Metric metric, cloudwatch::EpochSeconds at,
                           double value) {
  for (const SetPtr& set : resource.sets) record(*set, metric, at, value);
}

void LambdaMetrics::publish_running(const Resource& resource, const execution::PlaceNotice& notice,
                                    cloudwatch::EpochSeconds at) {
  Set& account = *resource.sets.front();
  for (const SetPtr& set : resource.sets) {
    set->published[static_cast<std::size_t>(notice.charge)] = at;
    record(*set, Metric::ConcurrentExecutions, at, static_cast<double>(set->running));
  }
  if (notice.charge == execution::Charge::Unreserved)
    record(account, Metric::UnreservedConcurrentExecutions, at, static_cast<double>(account.unreserved));
  if (notice.charge != execution::Charge::Provisioned) return;
  for (const SetPtr& set : resource.sets) {
    record(*set, Metric::ProvisionedConcurrentExecutions, at, static_cast<double>(set->provisioned));
    if (set->resource.empty() || notice.provisioned == 0) continue;  // a share of what belongs to a version
    record(*set, Metric::ProvisionedConcurrencyUtilization, at,
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
  publish_running(resource, notice, seconds_at(notice.at));
}

void LambdaMetrics::on_place_left(const execution::PlaceNotice& notice) {
  const Resource& resource = resource_of(*notice.version, notice.invoked_arn);
  // With what has run until now, if this minute does not know of it: where this only ends, it was there.
  const cloudwatch::EpochSeconds at = seconds_at(notice.at);
  const Set& narrowest = *resource.sets.back();
  const cloudwatch::EpochSeconds published = narrowest.published[static_cast<std::size_t>(notice.charge)];
  if (published / 60 != at / 60 || narrowest.generation != store_.generation())
    publish_running(resource, notice, at);
  for (const SetPtr& set : resource.sets) {
    --set->running;
    if (notice.charge == execution::Charge::Unreserved) --set->unreserved;
    if (notice.charge == execution::Charge::Provisioned) --set->provisioned;
  }
}

void LambdaMetrics::on_invocation(const execution::InvocationRecord& invocation) {
  // What the machine could not run at all is no invocation.
  if (invocation.end == execution::InvocationEnd::Refused) return;
  Resource& resource = resource_of(*invocation.version, invocation.invoked_arn);
  const bool throttled = invocation.end == execution::InvocationEnd::Throttled;
  const cloudwatch::EpochSeconds at = seconds_at(invocation.at);
  begin_minute(at);
  if (!std::exchange(resource.waits, true)) waiting_.push_back(&resource);
  gather(resource, Metric::Throttles, throttled ? 1 : 0);
  if (throttled) return;
  gather(resource, Metric::Invocations, 1);
  gather(resource, Metric::Errors, is_error(invocation.end) ? 1 : 0);
  gather(resource, Metric::Duration, milliseconds(invocation.duration));
  if (invocation.after_runtime)
    record(resource, Metric::PostRuntimeExtensionsDuration, at, milliseconds(*invocation.after_runtime));
  if (invocation.provisioned) record(resource, Metric::ProvisionedConcurrencyInvocations, at, 1);
  if (invocation.spilled) record(resource, Metric::ProvisionedConcurrencySpilloverInvocations, at, 1);
}

void LambdaMetrics::on_event(const lambda::EventNotice& notice) {
  const Resource& resource = asynchronous(notice.scope, notice.function_name, notice.qualifier);
  const cloudwatch::EpochSeconds at = seconds_at({});
  switch (notice.happening) {
    case lambda::EventHappening::Received:
      record(resource, Metric::AsyncEventsReceived, at, 1);
      break;
    case lambda::EventHappening::Started:
      record(resource, Metric::AsyncEventAge, at, milliseconds(notice.age));
      break;
    case lambda::EventHappening::Dropped:
      record(resource, Metric::AsyncEventsDropped, at, 1);
      break;
    case lambda::EventHappening::RecursionDropped:
      record(resource, Metric::RecursiveInvocationsDropped, at, 1);
      break;
    case lambda::EventHappening::DeadLetterFailed:
      record(resource, Metric::DeadLetterErrors, at, 1);
      break;
    case lambda::EventHappening::DestinationFailed:
      record(resource, Metric::DestinationDeliveryFailures, at, 1);
      break;
  }
}

void LambdaMetrics::on_stream_batch(const lambda::StreamNotice& notice) {
  record(asynchronous(notice.scope, notice.function_name, notice.qualifier), Metric::IteratorAge,
         seconds_at({}), milliseconds(notice.age));
}

}  // namespace aviary::app
