// CloudWatch's core: what recording costs the invoke path, what alarms cost a minute, and what a day of ten
// thousand functions takes. Goals: under 1 µs a metric, a thousand alarms under 10 ms, under 200 MiB.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "ports/journal.hpp"
#include "services/cloudwatch/core/alarms.hpp"
#include "services/cloudwatch/core/metric_store.hpp"

namespace {

using namespace aviary;
using namespace aviary::cloudwatch;

const Scope scope{"123456789012", "eu-west-1"};
constexpr EpochSeconds start = 1'700'006'400;

void record_a_counter(benchmark::State& state) {
  MetricStore store;
  const auto handle = store.resolve(scope, {"AWS/Lambda", "Invocations", {{"FunctionName", "f"}}}, "Count");
  for (auto _ : state) store.record(handle, start, 1);
}
BENCHMARK(record_a_counter);

void record_a_duration(benchmark::State& state) {
  MetricStore store;
  const auto handle =
      store.resolve(scope, {"AWS/Lambda", "Duration", {{"FunctionName", "f"}}}, "Milliseconds");
  std::uint64_t noise = 1;
  for (auto _ : state) {
    noise = noise * 6364136223846793005ULL + 1442695040888963407ULL;
    store.record(handle, start, static_cast<double>(noise >> 52));
  }
}
BENCHMARK(record_a_duration);

/// A sample that opens a new minute: the one before is packed.
void record_into_a_new_minute(benchmark::State& state) {
  MetricStore store;
  const auto handle = store.resolve(scope, {"AWS/Lambda", "Invocations", {{"FunctionName", "f"}}}, "Count");
  EpochSeconds now = start;
  for (auto _ : state) store.record(handle, now += 60, 1);
}
BENCHMARK(record_into_a_new_minute);

/// One minute of alarms, each on a metric of its own with a day of data.
void evaluate_alarms(benchmark::State& state) {
  MetricStore store;
  NoJournal journal;
  Alarms alarms(store, journal, nullptr);
  const auto count = static_cast<int>(state.range(0));
  EpochSeconds now = start;
  for (int i = 0; i < count; ++i) {
    const std::string name = "order-processor-" + std::to_string(i);
    const MetricId metric{"AWS/Lambda", "Errors", {{"FunctionName", name}}};
    const auto handle = store.resolve(scope, metric, "Count");
    for (int minute = 0; minute < 1440; ++minute)
      store.record(handle, start - 86400 + minute * 60, minute % 7 == 0);
    const Json settings{{"AlarmName", name},
                        {"Namespace", "AWS/Lambda"},
                        {"MetricName", "Errors"},
                        {"Dimensions", {{{"Name", "FunctionName"}, {"Value", name}}}},
                        {"Statistic", "Sum"},
                        {"Period", 60},
                        {"EvaluationPeriods", 2},
                        {"Threshold", 5},
                        {"ComparisonOperator", "GreaterThanThreshold"}};
    if (!alarms.put_metric_alarm(scope, settings, to_instant(start - 86400))) std::abort();
  }
  alarms.run_due(to_instant(now));
  for (auto _ : state) {
    now += 60;
    alarms.run_due(to_instant(now));
  }
}
BENCHMARK(evaluate_alarms)->Arg(1000)->Unit(benchmark::kMillisecond)->Iterations(5);

/// Ten thousand functions, each invoked in every minute of a day, with Lambda's metrics per version.
void day_of_ten_thousand_functions(benchmark::State& state) {
  const auto in_use = [] { return mallinfo2().uordblks + mallinfo2().hblkhd; };
  for (auto _ : state) {
    const std::size_t before = in_use();
    auto store = std::make_unique<MetricStore>();
    std::vector<MetricStore::Handle> counters;
    std::vector<MetricStore::Handle> durations;
    for (int i = 0; i < 10'000; ++i) {
      const std::string name = "order-processor-" + std::to_string(i);
      const std::vector<std::vector<std::pair<std::string, std::string>>> sets = {
          {{"FunctionName", name}},
          {{"FunctionName", name}, {"Resource", name + ":prod"}},
          {{"ExecutedVersion", "6"}, {"FunctionName", name}, {"Resource", name + ":prod"}}};
      for (const auto& dimensions : sets) {
        for (const char* metric : {"Invocations", "Errors", "Throttles", "ConcurrentExecutions"})
          counters.push_back(store->resolve(scope, {"AWS/Lambda", metric, dimensions}, "Count"));
        durations.push_back(store->resolve(scope, {"AWS/Lambda", "Duration", dimensions}, "Milliseconds"));
      }
    }
    std::size_t most = 0;
    std::uint64_t noise = 1;
    for (int minute = 0; minute < 1440; ++minute) {
      for (std::size_t i = 0; i < counters.size(); ++i)
        store->record(counters[i], start + minute * 60, i % 3 == 0);
      for (const MetricStore::Handle handle : durations) {
        noise = noise * 6364136223846793005ULL + 1442695040888963407ULL;
        store->record(handle, start + minute * 60, static_cast<double>(noise >> 48) / 100);
      }
      most = std::max(most, in_use() - before);
    }
    state.counters["MiB"] = static_cast<double>(in_use() - before) / (1 << 20);
    state.counters["MiB_at_most"] = static_cast<double>(most) / (1 << 20);
    state.counters["records/s"] = benchmark::Counter(
        1440.0 * static_cast<double>(counters.size() + durations.size()), benchmark::Counter::kIsRate);
  }
}
BENCHMARK(day_of_ten_thousand_functions)->Unit(benchmark::kSecond)->Iterations(1);

}  // namespace

BENCHMARK_MAIN();
