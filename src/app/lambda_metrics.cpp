#include "app/lambda_metrics.hpp"

#include <fmt/format.h>

namespace aviary::app {
namespace {

/// More than this many pairs of version and qualifier are not remembered: the next ones start over.
constexpr std::size_t most_resources = 50'000;

/// After the function's name in its ARN: `prod`, `6`, `$LATEST` or nothing.
std::string_view qualifier_of(std::string_view arn, std::string_view function_name) {
  const std::size_t name = arn.rfind(function_name);
  if (name == std::string_view::npos) return {};
  arn.remove_prefix(name + function_name.size());
  return arn.starts_with(':') ? arn.substr(1) : std::string_view{};
}

bool is_error(execution::InvocationEnd end) {
  return end == execution::InvocationEnd::FunctionError || end == execution::InvocationEnd::Failure ||
         end == execution::InvocationEnd::Timeout;
}

}  // namespace

LambdaMetrics::Resource& LambdaMetrics::resource_of(const execution::InvocationRecord& record) {
  const lambda::Version& version = *record.version;
  const std::string_view qualifier = qualifier_of(record.invoked_arn, version.function_name);
  if (generation_ != store_.generation() || resources_.size() > most_resources) resources_.clear();
  generation_ = store_.generation();
  Resource& resource = resources_[fmt::format("{}:{}", version.serial, qualifier)];
  if (!resource.invocations.empty()) return resource;

  const std::string& name = version.function_name;
  std::vector<std::vector<std::pair<std::string, std::string>>> sets{{}, {{"FunctionName", name}}};
  const std::string full = qualifier.empty() ? name : fmt::format("{}:{}", name, qualifier);
  sets.push_back({{"FunctionName", name}, {"Resource", full}});
  if (!qualifier.empty() && qualifier != version.number)
    sets.push_back({{"ExecutedVersion", version.number}, {"FunctionName", name}, {"Resource", full}});
  const cloudwatch::Scope scope{version.scope.account, version.scope.region};
  const auto resolve = [&](std::string_view metric, std::string_view unit, const auto& dimensions) {
    return store_.resolve(scope, {"AWS/Lambda", std::string(metric), dimensions}, unit);
  };
  for (const auto& dimensions : sets) {
    resource.invocations.push_back(resolve("Invocations", "Count", dimensions));
    resource.errors.push_back(resolve("Errors", "Count", dimensions));
    resource.throttles.push_back(resolve("Throttles", "Count", dimensions));
    resource.duration.push_back(resolve("Duration", "Milliseconds", dimensions));
  }
  resource.concurrency = resolve("ConcurrentExecutions", "Count", sets.front());
  return resource;
}

void LambdaMetrics::record(const Series& series, cloudwatch::EpochSeconds now, double value) {
  for (const Handle handle : series) store_.record(handle, now, value);
}

void LambdaMetrics::on_invocation(const execution::InvocationRecord& invocation) {
  // What the machine could not run at all is no invocation.
  if (invocation.end == execution::InvocationEnd::Refused) return;
  const auto now = static_cast<cloudwatch::EpochSeconds>(
      std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch().count());
  Resource& resource = resource_of(invocation);
  const bool throttled = invocation.end == execution::InvocationEnd::Throttled;
  record(resource.throttles, now, throttled ? 1 : 0);
  if (throttled) return;
  record(resource.invocations, now, 1);
  record(resource.errors, now, is_error(invocation.end) ? 1 : 0);
  record(resource.duration, now, std::chrono::duration<double, std::milli>(invocation.duration).count());
  store_.record(resource.concurrency, now, static_cast<double>(in_flight_()));
}

}  // namespace aviary::app
