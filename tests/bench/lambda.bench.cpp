// The core of Lambda: picking a version, and what publishing, moving an alias and resolving it cost when a
// function has many versions already. The goal is that the last three do not depend on the argument.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "services/lambda/core/function_store.hpp"
#include "services/lambda/core/router.hpp"

namespace {

using namespace aviary;
using namespace aviary::lambda;

void pick_a_version(benchmark::State& state) {
  const Routing routing{"1", "2", 0.1};
  SeededRandom random(42, "routes");
  for (auto _ : state) benchmark::DoNotOptimize(route(routing, random.uniform()));
}
BENCHMARK(pick_a_version);

void pick_exactly(benchmark::State& state) {
  const Routing routing{"1", "2", 0.1};
  RouterState memory;
  for (auto _ : state) benchmark::DoNotOptimize(route(routing, next_exact(routing, memory)));
}
BENCHMARK(pick_exactly);

/// A function with `versions` published versions and an alias.
struct Filled {
  explicit Filled(std::int64_t versions) {
    NewFunction request;
    request.scope = scope;
    request.name = "f";
    request.contents = contents();
    if (!store.create(std::move(request), at)) std::abort();
    function = store.find(scope, "f", at);
    for (std::int64_t i = 0; i < versions; ++i) publish();
    AliasChange change;
    change.version = "1";
    if (!store.create_alias(*function, "live", change, at)) std::abort();
  }

  Contents contents() {
    auto configuration = std::make_shared<Configuration>();
    configuration->runtime = "provided.al2023";
    configuration->handler = "bootstrap";
    configuration->role = "arn:aws:iam::123456789012:role/r";
    configuration->description = std::to_string(++changes);  // an unchanged function is not published again
    return {std::move(configuration), code, {}};
  }
  void publish() {
    if (!store.replace_latest(*function, contents(), {}, Publish::No, at)) std::abort();
    store.settle(*function, at);
    if (!store.publish(*function, {}, at)) std::abort();
  }

  SeededRandom ids{42, "ids"};
  Moment at{Instant{}, ids};
  NoJournal journal;
  FunctionStore store{journal, {}};
  Scope scope{"123456789012", "us-east-1"};
  CodeHandle code = std::make_shared<const CodeBlob>(CodeBlob{"digest", 1000, 2000});
  Function* function = nullptr;
  std::uint64_t changes = 0;
};

void publish(benchmark::State& state) {
  Filled filled(state.range(0));
  for (auto _ : state) filled.publish();
}
// A fixed number of iterations: each adds a version.
BENCHMARK(publish)->Arg(10)->Arg(1000)->Arg(100'000)->Iterations(2000);

void move_alias(benchmark::State& state) {
  Filled filled(state.range(0));
  AliasChange change;
  change.has_routing = true;
  std::uint64_t next = 0;
  for (auto _ : state) {
    const auto count = static_cast<std::uint64_t>(state.range(0));
    change.version = std::to_string(next % count + 1);
    change.additional = AdditionalVersion{std::to_string((next + 1) % count + 1), 0.1};
    ++next;
    if (!filled.store.update_alias(*filled.function, "live", change, filled.at)) std::abort();
  }
}
BENCHMARK(move_alias)->Arg(10)->Arg(1000)->Arg(100'000);

void resolve_alias(benchmark::State& state) {
  Filled filled(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(filled.store.find_qualified(*filled.function, "live"));
}
BENCHMARK(resolve_alias)->Arg(10)->Arg(1000)->Arg(100'000);

}  // namespace

BENCHMARK_MAIN();
