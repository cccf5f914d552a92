// CloudWatch Logs' core: what an invoke's lines cost, and how fast stored text is searched. Goals: both
// within 5 % of an invoke's time (some 100 µs), searching at 500 MB/s and more.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "ports/journal.hpp"
#include "services/logs/core/account_subscriptions.hpp"
#include "services/logs/core/event_search.hpp"
#include "services/logs/core/ingestion.hpp"
#include "services/logs/core/log_store.hpp"

namespace {

using namespace aviary;
using namespace aviary::logs;

const Scope scope{"123456789012", "eu-west-1"};
constexpr Millis start = 1'700'006'400'000;

const std::vector<std::string> invoke_lines{
    "START RequestId: 8f507cfc-xmpl-4697-b07a-ac58fc914c95 Version: 6\n",
    "2026-01-31T12:00:00.000Z\t8f507cfc-xmpl-4697-b07a-ac58fc914c95\tINFO\tprocessing order 17 of customer "
    "4711\n",
    "END RequestId: 8f507cfc-xmpl-4697-b07a-ac58fc914c95\n",
    "REPORT RequestId: 8f507cfc-xmpl-4697-b07a-ac58fc914c95\tDuration: 12.34 ms\tBilled Duration: 13 "
    "ms\tMemory Size: "
    "128 MB\tMax Memory Used: 45 MB\t\n"};

class NoMetrics final : public MetricSink {
 public:
  void put(const MetricSample&) override {}
};
class NoSubscribers final : public Subscribers {
 public:
  void add(const LogGroup&, const SubscriptionFilter&, std::string_view, SubscribedEvent) override {}
};

/// As LogsService does it for each line of a function.
void lines_of_an_invoke(benchmark::State& state) {
  NoJournal journal;
  LogStore store(journal, {});
  NoMetrics metrics;
  NoSubscribers subscribers;
  const AccountSubscriptions of_accounts;
  Ingestion ingestion(&metrics, subscribers, of_accounts);
  const std::uint64_t id = store.open_stream(scope, "/aws/lambda/f", "2026/01/31/[6]1f0e", start).id;
  Millis now = start;
  for (auto _ : state) {
    ++now;
    for (const std::string& line : invoke_lines) {
      LogStream* stream = store.find_stream(id);
      const EventKey key = store.append(*stream, now, now, line);
      ingestion.on_event(*stream->group, stream->name, key, line);
    }
  }
}
BENCHMARK(lines_of_an_invoke);

/// FilterLogEvents over some 48 MB in a thousand streams; the rate is of stored text.
void search(benchmark::State& state, const char* pattern_text) {
  NoJournal journal;
  LogStore store(journal, {.budget = 256U << 20U});
  std::vector<std::uint64_t> streams;
  for (int i = 0; i < 1000; ++i)
    streams.push_back(
        store.open_stream(scope, "/aws/lambda/f", "2026/01/31/[6]" + std::to_string(i), start).id);
  std::size_t bytes = 0;
  for (int i = 0; bytes < 48'000'000; ++i) {
    const std::string& line = invoke_lines[static_cast<std::size_t>(i) % invoke_lines.size()];
    store.append(*store.find_stream(streams[static_cast<std::size_t>(i / 4) % streams.size()]), start + i,
                 start + i, line);
    bytes += line.size();
  }
  const FilterPattern pattern = *FilterPattern::parse(pattern_text);
  for (auto _ : state) {
    EventSearch found(streams, pattern, {}, {});
    while (!found.run(store, std::size_t{4} << 20U)) {
    }
    benchmark::DoNotOptimize(found.found().size());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
  state.counters["MB_per_s"] =
      benchmark::Counter(static_cast<double>(bytes) / 1e6 * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate);
}
BENCHMARK_CAPTURE(search, for_a_term, "ERROR")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, for_two_terms, "Task timed")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, for_a_json_field, "{ $.latency > 100 }")->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
