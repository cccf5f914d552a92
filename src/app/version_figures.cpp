#include "app/version_figures.hpp"

#include <fmt/format.h>

#include <limits>

#include "services/cloudwatch/core/statistic.hpp"

namespace aviary::app {
namespace {

using cloudwatch::Aggregate;
using cloudwatch::EpochSeconds;
using cloudwatch::MetricId;
using Dimensions = std::vector<std::pair<std::string, std::string>>;

constexpr const char* lambda_namespace = "AWS/Lambda";

EpochSeconds seconds_in(Instant when) {
  return static_cast<EpochSeconds>(std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count());
}

std::string key_of(std::string_view metric, Dimensions dimensions) {
  return MetricId{lambda_namespace, std::string(metric), std::move(dimensions)}.key();
}

}  // namespace

void VersionFigures::add(const cloudwatch::MetricStore::Metric& metric, Aggregate& sum) const {
  EpochSeconds from = std::numeric_limits<EpochSeconds>::min();
  EpochSeconds until = std::numeric_limits<EpochSeconds>::max();
  constexpr EpochSeconds minute = 60;
  if (span_.from) from = seconds_in(*span_.from) / minute * minute;
  if (span_.until) until = seconds_in(*span_.until) + 1;
  for (const auto& unit : metric.units)
    unit->series.read(from, until, true,
                      [&sum](const cloudwatch::Bucket& bucket) { sum.merge(bucket.samples); });
}

Aggregate VersionFigures::total(std::string_view metric, std::string_view version,
                                std::string_view alias) const {
  Aggregate sum;
  const cloudwatch::Scope scope{scope_.account, scope_.region};
  const auto add_one = [&](const std::string& key) {
    if (const auto* found = metrics_.find(scope, std::string_view(key))) add(*found, sum);
  };
  if (!alias.empty()) {
    add_one(key_of(metric, {{"ExecutedVersion", std::string(version)},
                            {"FunctionName", function_},
                            {"Resource", fmt::format("{}:{}", function_, alias)}}));
    return sum;
  }
  const std::string through =
      key_of(metric, {{"ExecutedVersion", std::string(version)}, {"FunctionName", function_}});
  const auto& metrics = metrics_.metrics(scope);
  for (auto at = metrics.lower_bound(through); at != metrics.end() && at->first.starts_with(through); ++at)
    add(*at->second, sum);
  add_one(
      key_of(metric, {{"FunctionName", function_}, {"Resource", fmt::format("{}:{}", function_, version)}}));
  if (version == "$LATEST") add_one(key_of(metric, {{"FunctionName", function_}, {"Resource", function_}}));
  return sum;
}

rehearsal::CountFacts VersionFigures::counts(std::string_view version, std::string_view alias) const {
  return {.invokes = total("Invocations", version, alias).sum(),
          .errors = total("Errors", version, alias).sum(),
          .throttles = total("Throttles", version, alias).sum()};
}

std::optional<double> VersionFigures::duration(std::string_view version, std::string_view statistic,
                                               std::string_view alias) const {
  const auto parsed = cloudwatch::Statistic::parse(statistic);
  const Aggregate sum = total("Duration", version, alias);
  if (!parsed || sum.empty()) return std::nullopt;
  return parsed->of(sum);
}

std::map<std::string, double> VersionFigures::through(std::string_view alias) const {
  std::map<std::string, double> counts;
  const cloudwatch::Scope scope{scope_.account, scope_.region};
  const std::string resource = fmt::format("{}:{}", function_, alias);
  // Keys are in order of namespace, name and dimensions: those with ExecutedVersion lie together.
  const std::string prefix = key_of("Invocations", {}) + "ExecutedVersion";
  const auto& metrics = metrics_.metrics(scope);
  for (auto at = metrics.lower_bound(prefix); at != metrics.end() && at->first.starts_with(prefix); ++at) {
    const MetricId id = MetricId::from_key(at->first);
    const std::string* version = id.dimension("ExecutedVersion");
    const std::string* function = id.dimension("FunctionName");
    const std::string* of = id.dimension("Resource");
    if (!version || !function || !of || *function != function_ || *of != resource) continue;
    Aggregate sum;
    add(*at->second, sum);
    if (!sum.empty()) counts[*version] += sum.sum();
  }
  return counts;
}

}  // namespace aviary::app
