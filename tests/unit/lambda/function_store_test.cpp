#include "services/lambda/core/function_store.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "services/lambda/core/dispatcher.hpp"

namespace aviary::lambda {
namespace {

/// 100,000 versions of one function, an alias moved after each. Not a benchmark: the bound is so wide that
/// only a cost that grows with the number of versions can break it.
TEST(FunctionStore, StaysFlatOverAHundredThousandVersions) {
  using Stopwatch = std::chrono::steady_clock;
  constexpr int total = 100'000;
  constexpr int sample = 5'000;
  NoJournal journal;
  SeededRandom ids(1, "ids");
  SeededRandom chance(1, "router");
  RouteLog log;
  FunctionStore store(journal, {});
  RequestRates rates{{}};
  Dispatcher dispatcher(store, log, chance, rates, 1000);
  Instant now{std::chrono::seconds(1'705'314'600)};
  const auto at = [&] { return Moment{.now = now += std::chrono::milliseconds(1), .ids = ids}; };
  const Scope scope{.account = "123456789012", .region = "us-east-1"};
  const auto code = std::make_shared<const CodeBlob>(CodeBlob{"digest", 10, 10});
  const auto contents = [&](int i) {
    auto configuration = std::make_shared<Configuration>();
    configuration->runtime = "python3.12";
    configuration->timeout_seconds = 1 + i % 900;
    return Contents{.configuration = std::move(configuration), .code = code, .layers = {}};
  };
  ASSERT_TRUE(store.create({.scope = scope, .name = "f", .contents = contents(0), .tags = {}}, at()));

  Stopwatch::duration first{}, last{};
  for (int i = 1; i <= total; ++i) {
    const auto begin = Stopwatch::now();
    Function& function = *store.find(scope, "f", at());
    ASSERT_TRUE(store.replace_latest(function, contents(i), {}, Publish::No, at()));
    const Result<Snapshot> published = store.publish(function, {}, at());
    ASSERT_TRUE(published);
    AliasChange change;
    change.version = published->version->number;
    if (i > 1) change.additional = AdditionalVersion{std::to_string(i - 1), 0.1};
    change.has_routing = true;
    ASSERT_TRUE(i == 1 ? store.create_alias(function, "prod", change, at())
                       : store.update_alias(function, "prod", change, at()));
    const Result<InvokeTarget> target = dispatcher.resolve(scope, "f", "prod", {}, nullptr, at());
    ASSERT_TRUE(target);
    ASSERT_TRUE(target->version->number == std::to_string(i) ||
                target->version->number == std::to_string(i - 1));
    const auto took = Stopwatch::now() - begin;
    if (i > sample && i <= 2 * sample) first += took;
    if (i > total - sample) last += took;
  }
  EXPECT_EQ(store.totals().versions, static_cast<std::size_t>(total));
  EXPECT_LT(last, 8 * first) << "from " << first.count() / sample << " ns to " << last.count() / sample
                             << " ns each";
  EXPECT_EQ(store.find_version(*store.find(scope, "f", at()), "77777")->version->number, "77777");
  EXPECT_EQ(store.code_bytes(scope), 10U * (total + 1));
}

}  // namespace
}  // namespace aviary::lambda
