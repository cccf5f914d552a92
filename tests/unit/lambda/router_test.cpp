#include "services/lambda/core/router.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ports/random.hpp"
#include "services/lambda/core/route_log.hpp"

namespace aviary::lambda {
namespace {

Routing split(double weight) {
  return {.version = "5", .additional_version = "6", .additional_weight = weight};
}

TEST(Router, SendsNumbersBelowTheWeightToTheAdditionalVersion) {
  EXPECT_EQ(route(split(0.1), 0.0), "6");
  EXPECT_EQ(route(split(0.1), 0.0999), "6");
  EXPECT_EQ(route(split(0.1), 0.1), "5");
  EXPECT_EQ(route(split(0.0), 0.0), "5");
  EXPECT_EQ(route(split(1.0), 0.9999999), "6");
  EXPECT_EQ(route({.version = "5"}, 0.0), "5");
}

TEST(Router, SharesFollowTheWeight) {
  SeededRandom random(7, "router");
  int additional = 0;
  for (int i = 0; i < 100'000; ++i) additional += route(split(0.1), random.uniform()) == "6";
  EXPECT_GT(split_p_value(static_cast<std::uint64_t>(additional), 100'000, 0.1), 0.001) << additional;
}

/// The promise of the exact mode: each window of n invokes has n·w of the additional version, to within one.
TEST(Router, ExactSharesHoldInEveryWindow) {
  for (const double weight : {0.0, 0.01, 0.1, 0.25, 1.0 / 3, 0.5, 0.9, 0.999, 1.0}) {
    RouterState state;
    const Routing routing = split(weight);
    std::vector<int> sums{0};
    for (int i = 0; i < 3000; ++i)
      sums.push_back(sums.back() + (route(routing, next_exact(routing, state)) == "6"));
    for (std::size_t window = 1; window <= 400; ++window) {
      for (std::size_t start = 0; start + window < sums.size(); start += 7) {
        const double count = sums[start + window] - sums[start];
        ASSERT_LE(std::abs(count - static_cast<double>(window) * weight), 1.0 + 1e-9)
            << "weight " << weight << ", window of " << window << " from " << start;
      }
    }
  }
}

TEST(Router, ExactSharesStayExactForEver) {
  RouterState state;
  const Routing routing = split(0.1);
  for (int round = 0; round < 20'000; ++round) {
    int additional = 0;
    for (int i = 0; i < 100; ++i) additional += route(routing, next_exact(routing, state)) == "6";
    ASSERT_EQ(additional, 10);
  }
}

TEST(Router, AStickyCustomerStaysWhenTheCanaryGrows) {
  int below_tenth = 0;
  for (int customer = 0; customer < 20'000; ++customer) {
    const std::string key = "customer-" + std::to_string(customer);
    const double number = sticky_number(key, "payments");
    ASSERT_EQ(number, sticky_number(key, "payments"));
    if (route(split(0.1), number) == "6") {
      ++below_tenth;
      ASSERT_EQ(route(split(0.5), number), "6");
    }
  }
  EXPECT_GT(split_p_value(static_cast<std::uint64_t>(below_tenth), 20'000, 0.1), 0.001) << below_tenth;
  EXPECT_NE(sticky_number("a", "payments"), sticky_number("a", "orders"));
}

TEST(Router, SettingsAreReadAndWrittenAsTheOptionSpellsThem) {
  for (const std::string text :
       {"random", "exact", "sticky=header:X-User", "sticky=context:/custom/id", "sticky=payload:/a/0"}) {
    const auto settings = parse_router_settings(text);
    ASSERT_TRUE(settings) << text;
    EXPECT_EQ(to_string(*settings), text);
  }
  for (const std::string text :
       {"", "Random", "sticky", "sticky=header:", "sticky=cookie:a", "sticky=payload:/a~2"}) {
    EXPECT_FALSE(parse_router_settings(text)) << text;
  }
}

TEST(RouteLog, CountsAndJudgesTheSplit) {
  RouteLog log(50);
  const auto source = std::make_shared<const RouteSource>(
      RouteSource{.alias_arn = "arn:aws:lambda:us-east-1:123456789012:function:pay:prod",
                  .revision_id = "r1",
                  .routing = split(0.1),
                  .mode = RouterMode::Random});
  for (int i = 0; i < 100; ++i)
    log.record({.when = {}, .source = source, .drawn = 0.5, .additional = i % 10 == 0});
  log.record({.when = {}, .source = source, .additional = true, .forced = true});
  Json report = log.report("pay:prod", 10);
  ASSERT_EQ(report["aliases"].size(), 1U);
  const Json& alias = report["aliases"][0];
  EXPECT_EQ(alias["invokes"], 100);
  EXPECT_EQ(alias["versions"][0],
            (Json{{"version", "5"}, {"count", 90}, {"share", 0.9}, {"expected_share", 0.9}}));
  EXPECT_EQ(alias["versions"][1],
            (Json{{"version", "6"}, {"count", 10}, {"share", 0.1}, {"expected_share", 0.1}}));
  EXPECT_EQ(alias["plausible"], true);
  ASSERT_EQ(report["decisions"].size(), 10U);
  EXPECT_EQ(report["decisions"][0]["forced"], true);
  EXPECT_EQ(report["decisions"][0]["version"], "6");
  EXPECT_EQ(log.report("", 1000)["decisions"].size(), 50U) << "the ring is bounded";
  EXPECT_EQ(log.report("ay:prod")["aliases"].size(), 0U) << "only whole names match";

  for (int i = 0; i < 40; ++i) log.record({.when = {}, .source = source, .additional = true});
  EXPECT_EQ(log.report("pay:prod")["aliases"][0]["plausible"], false);

  const auto changed = std::make_shared<const RouteSource>(RouteSource{.alias_arn = source->alias_arn,
                                                                       .revision_id = "r2",
                                                                       .routing = split(0.5),
                                                                       .mode = RouterMode::Random});
  log.record({.when = {}, .source = changed});
  report = log.report("pay:prod");
  ASSERT_EQ(report["aliases"].size(), 1U);
  EXPECT_EQ(report["aliases"][0]["invokes"], 1);
  EXPECT_EQ(report["aliases"][0]["revision_id"], "r2");
}

TEST(RouteLog, WhatWasPickedIsRememberedOverChangesOfTheWeights) {
  RouteLog log(10);
  const std::string arn = "arn:aws:lambda:us-east-1:123456789012:function:pay:prod";
  const auto record = [&](Routing routing, int primary, int additional) {
    const auto source = std::make_shared<const RouteSource>(
        RouteSource{.alias_arn = arn, .revision_id = "r", .routing = std::move(routing), .mode = {}});
    for (int i = 0; i < primary; ++i) log.record({.when = {}, .source = source});
    for (int i = 0; i < additional; ++i) log.record({.when = {}, .source = source, .additional = true});
    log.record({.when = {}, .source = source, .forced = true});
  };
  record({.version = "5"}, 100, 0);
  EXPECT_TRUE(log.picked(arn, "6").empty());
  record({.version = "5", .additional_version = "6", .additional_weight = 0.1}, 90, 10);
  record({.version = "5", .additional_version = "6", .additional_weight = 0.5}, 50, 50);
  record({.version = "6"}, 1000, 0);
  record({.version = "6", .additional_version = "7", .additional_weight = 0.5}, 3, 2);
  using Counts = std::map<std::string, std::uint64_t>;
  EXPECT_EQ(log.picked(arn, "5"), (Counts{{"5", 140}, {"6", 60}}));
  EXPECT_EQ(log.picked(arn, "7"), (Counts{{"6", 3}, {"7", 2}}));
  EXPECT_EQ(log.picked(arn, "6"), (Counts{{"5", 140}, {"6", 63}, {"7", 2}}));
  EXPECT_TRUE(log.picked("another", "5").empty());
  log.forget(arn);
  EXPECT_TRUE(log.picked(arn, "5").empty());
}

TEST(RouteLog, PlausibilityIsABinomialTest) {
  // Computed apart, with exact integers: the sum of all outcomes no likelier than the one seen.
  EXPECT_NEAR(split_p_value(3, 100, 0.1), 0.01784377, 1e-7);
  EXPECT_NEAR(split_p_value(0, 30, 0.1), 0.06821795, 1e-7);
  EXPECT_EQ(split_p_value(0, 100, 0.0), 1);
  EXPECT_EQ(split_p_value(1, 100, 0.0), 0);
  EXPECT_NEAR(split_p_value(2000, 20'000, 0.1), 1, 1e-9);
}

}  // namespace
}  // namespace aviary::lambda
