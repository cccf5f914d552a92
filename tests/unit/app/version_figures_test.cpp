#include "app/version_figures.hpp"

#include <gtest/gtest.h>

namespace aviary::app {
namespace {

using cloudwatch::MetricId;
using Dimensions = std::vector<std::pair<std::string, std::string>>;
using namespace std::chrono_literals;

/// As Lambda's metrics are written (app/lambda_metrics.cpp), without the dimension sets that nobody asks
/// here.
struct Figures : ::testing::Test {
  void record(std::string_view metric, Dimensions dimensions, double value, Duration after = {}) {
    const auto at = std::chrono::floor<std::chrono::seconds>((begin + after).time_since_epoch()).count();
    const auto handle = store.resolve({"123456789012", "us-east-1"},
                                      {"AWS/Lambda", std::string(metric), std::move(dimensions)}, "Count");
    store.record(handle, at, value);
  }
  /// Version `version` of `function`, invoked by `qualifier`.
  void invoke(const std::string& function, const std::string& qualifier, const std::string& version,
              bool failed = false, Duration after = {}, double milliseconds = 10) {
    const std::string resource = qualifier.empty() ? function : function + ":" + qualifier;
    std::vector<Dimensions> sets{{{"FunctionName", function}, {"Resource", resource}}};
    if (!qualifier.empty() && qualifier != version)
      sets.push_back({{"ExecutedVersion", version}, {"FunctionName", function}, {"Resource", resource}});
    for (const Dimensions& set : sets) {
      record("Invocations", set, 1, after);
      record("Errors", set, failed ? 1 : 0, after);
      record("Duration", set, milliseconds, after);
    }
  }
  VersionFigures figures(rehearsal::Span span = {}) const {
    return {store, {"123456789012", "us-east-1"}, "orders", span};
  }
  cloudwatch::MetricStore store;
  Instant begin = *parse_iso8601("2026-01-01T00:00:00Z");
};

TEST_F(Figures, EveryWayToAVersionCounts) {
  invoke("orders", "5", "5");
  invoke("orders", "prod", "5");
  invoke("orders", "prod", "5", true);
  invoke("orders", "test", "5");
  invoke("orders", "prod", "6", true);
  invoke("orders-5", "prod", "5");
  invoke("other", "prod", "5");
  EXPECT_EQ(figures().counts("5").invokes, 4);
  EXPECT_EQ(figures().counts("5").errors, 1);
  EXPECT_EQ(figures().counts("6").invokes, 1);
  EXPECT_EQ(figures().counts("5", "prod").invokes, 2);
  EXPECT_EQ(figures().counts("7").invokes, 0);
  EXPECT_EQ(figures().through("prod"), (std::map<std::string, double>{{"5", 2}, {"6", 1}}));
}

TEST_F(Figures, LatestIsReachedWithoutAQualifierToo) {
  invoke("orders", "", "$LATEST");
  invoke("orders", "$LATEST", "$LATEST");
  EXPECT_EQ(figures().counts("$LATEST").invokes, 2);
}

TEST_F(Figures, ASpanCountsByWholeMinutes) {
  for (int minute = 0; minute < 10; ++minute) invoke("orders", "prod", "5", false, minute * 1min);
  const rehearsal::Span span{.from = begin + 2min + 30s, .until = begin + 5min};
  EXPECT_EQ(figures(span).counts("5").invokes, 4);  // minutes 2 to 5
  EXPECT_EQ(figures({.from = begin + 9min}).through("prod").at("5"), 1);
}

TEST_F(Figures, Durations) {
  for (int i = 1; i <= 100; ++i) invoke("orders", i % 2 ? "prod" : "5", "5", false, {}, i);
  EXPECT_NEAR(*figures().duration("5", "p99"), 99, 1.5);
  EXPECT_NEAR(*figures().duration("5", "p50"), 50, 1.5);
  EXPECT_EQ(*figures().duration("5", "Maximum"), 100);
  EXPECT_FALSE(figures().duration("6", "p99"));
  EXPECT_FALSE(figures().duration("5", "nonsense"));
}

}  // namespace
}  // namespace aviary::app
