#include "services/cloudwatch/core/aggregate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "services/cloudwatch/core/series.hpp"
#include "services/cloudwatch/core/statistic.hpp"

namespace aviary::cloudwatch {
namespace {

double statistic(const Aggregate& samples, std::string_view name) {
  return Statistic::parse(name)->of(samples).value();
}

TEST(Aggregate, KnowsCountSumMinimumAndMaximumExactly) {
  Aggregate a;
  for (const double value : {3.5, -2.0, 10.0, 3.5}) a.add(value);
  EXPECT_EQ(a.count(), 4);
  EXPECT_EQ(a.sum(), 15);
  EXPECT_EQ(a.min(), -2);
  EXPECT_EQ(a.max(), 10);
  EXPECT_EQ(a.average(), 3.75);
}

TEST(Aggregate, NeedsNoBinsForCountersAndErrors) {
  Aggregate errors;
  for (int i = 0; i < 900; ++i) errors.add(i % 9 == 0 ? 1 : 0);
  EXPECT_EQ(errors.bins(), nullptr);
  EXPECT_EQ(errors.count_of_max(), 100);
  EXPECT_EQ(statistic(errors, "p50"), 0);
  EXPECT_EQ(statistic(errors, "p99"), 1);
}

/// Exact percentile, by the definition of the nearest rank.
double exact(std::vector<double> values, double p) {
  std::ranges::sort(values);
  const auto rank = static_cast<std::size_t>(std::ceil(p / 100 * static_cast<double>(values.size()) - 1e-9));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

TEST(Aggregate, PercentilesAreWithinOnePercent) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> durations(3, 1.5);
  std::normal_distribution<double> around_zero(0, 100);
  for (int round = 0; round < 20; ++round) {
    Aggregate a;
    Aggregate b;
    std::vector<double> values;
    for (int i = 0; i < 1000; ++i) {
      values.push_back(round % 2 ? durations(random) : around_zero(random));
      (i % 3 ? a : b).add(values.back());
    }
    a.merge(b);
    for (const double p : {0.0, 0.1, 1.0, 10.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
      const double wanted = exact(values, p);
      EXPECT_NEAR(statistic(a, "p" + std::to_string(p)), wanted, std::fabs(wanted) * 0.01 + 1e-9) << p;
    }
  }
}

TEST(Aggregate, TrimmedStatisticsAreWithinOnePercent) {
  std::vector<double> values;
  Aggregate a;
  for (int i = 1; i <= 1000; ++i) {
    values.push_back(i);
    a.add(i);
  }
  // The mean of 1..900, 101..900, and so on.
  EXPECT_NEAR(statistic(a, "tm90"), 450.5, 4.6);
  EXPECT_NEAR(statistic(a, "TM(10%:90%)"), 500.5, 5.1);
  EXPECT_NEAR(statistic(a, "TM(:90%)"), 450.5, 4.6);
  EXPECT_NEAR(statistic(a, "IQM"), 500.5, 5.1);
  EXPECT_NEAR(statistic(a, "tc90"), 900, 9);
  EXPECT_NEAR(statistic(a, "ts90"), 900 * 450.5, 900 * 4.6);
  EXPECT_NEAR(statistic(a, "TC(100:200)"), 100, 2.1);
  EXPECT_NEAR(statistic(a, "PR(:300)"), 30, 0.4);
  EXPECT_NEAR(statistic(a, "PR(100:)"), 90, 0.3);
  // Everything above 980 counts as 980.
  EXPECT_NEAR(statistic(a, "wm98"), (980 * 981 / 2.0 + 20 * 980) / 1000, 5.1);
}

TEST(Aggregate, StatisticSetsHaveNoPercentiles) {
  Aggregate a;
  a.add_set(10, 100, 1, 50);
  EXPECT_EQ(statistic(a, "Sum"), 100);
  EXPECT_FALSE(Statistic::parse("p50")->of(a));
  // "unless the SampleCount value of the statistic set is 1, or Min and Max are equal" (PutMetricData)
  Aggregate b;
  b.add_set(5, 35, 7, 7);
  EXPECT_EQ(statistic(b, "p50"), 7);
  a.merge(b);
  EXPECT_EQ(a.count(), 15);
  EXPECT_FALSE(Statistic::parse("p50")->of(a));
}

TEST(Statistic, ReadsTheCommonSyntax) {
  for (const std::string_view good : {"Average", "p0", "p100", "p99.99", "tm99", "TM(150:1000)", "TM(2%:98%)",
                                      "PR(1:2)", "TS(80%:)", "WM(:95%)", "IQM", "tc0.5"})
    EXPECT_TRUE(Statistic::parse(good)) << good;
  for (const std::string_view bad : {"", "average", "p", "p101", "p-1", "pxx", "TM()", "TM(:)", "TM(10%:5%)",
                                     "TM(1%:5)", "PR(1%:2%)", "TM90", "tm", "Sum "})
    EXPECT_FALSE(Statistic::parse(bad)) << bad;
  EXPECT_EQ(Statistic::parse("p99")->least_samples(), 1000);
  EXPECT_EQ(Statistic::parse("p10")->least_samples(), 100);
}

TEST(BucketCodec, GivesBackWhatWentIn) {
  std::vector<Bucket> buckets;
  std::mt19937_64 random(3);
  EpochSeconds at = 1'700'000'040;
  for (int i = 0; i < 500; ++i) {
    Bucket b;
    b.width = static_cast<Width>(random() % 4);
    at = floor_to(at + static_cast<EpochSeconds>(random() % 3 ? seconds_of(b.width) : random() % 100'000),
                  seconds_of(b.width));
    b.start = at;
    const int kind = static_cast<int>(random() % 5);
    for (unsigned n = 0; n < 1 + random() % 20; ++n) {
      if (kind == 0) b.samples.add(1);
      if (kind == 1) b.samples.add(static_cast<double>(random() % 2));
      if (kind == 2) b.samples.add(static_cast<double>(random() % 100'000) / 100);
      if (kind == 3) b.samples.add(-static_cast<double>(random() % 1000));
      if (kind == 4) b.samples.add_set(3, 10, 1, 8);
    }
    buckets.push_back(b);
  }
  std::vector<std::uint8_t> bytes;
  EpochSeconds previous = 0;
  for (const Bucket& b : buckets) {
    append_bucket(bytes, b, previous);
    previous = b.start;
  }
  std::span<const std::uint8_t> rest = bytes;
  previous = 0;
  for (const Bucket& wanted : buckets) {
    const Bucket got = take_bucket(rest, previous, true);
    previous = got.start;
    ASSERT_EQ(got.start, wanted.start);
    ASSERT_EQ(got.width, wanted.width);
    EXPECT_EQ(got.samples.count(), wanted.samples.count());
    EXPECT_EQ(got.samples.sum(), wanted.samples.sum());
    EXPECT_EQ(got.samples.min(), wanted.samples.min());
    EXPECT_EQ(got.samples.max(), wanted.samples.max());
    EXPECT_EQ(Statistic::parse("p70")->of(got.samples), Statistic::parse("p70")->of(wanted.samples));
  }
  EXPECT_TRUE(rest.empty());
}

TEST(Series, ReadsTheSameWhateverTheOrderOfArrival) {
  std::mt19937_64 random(11);
  std::vector<std::pair<EpochSeconds, double>> samples;
  for (int i = 0; i < 2000; ++i)
    samples.emplace_back(1'700'000'000 + static_cast<EpochSeconds>(random() % 40'000),
                         static_cast<double>(random() % 1000));
  const auto read = [](const Series& series) {
    std::vector<std::array<double, 4>> all;
    series.read(0, 2'000'000'000, true, [&](const Bucket& b) {
      all.push_back({static_cast<double>(b.start), b.samples.count(), b.samples.sum(),
                     Statistic::parse("p90")->of(b.samples).value()});
    });
    return all;
  };
  Series shuffled;
  for (const auto& [at, value] : samples) shuffled.add(at, Width::Minute, value);
  std::ranges::sort(samples);
  Series sorted;
  for (const auto& [at, value] : samples) sorted.add(at, Width::Minute, value);
  EXPECT_EQ(read(shuffled), read(sorted));
  EXPECT_GT(read(sorted).size(), 600U);
}

TEST(Series, RollsUpWithAgeAndForgetsInTheEnd) {
  Series series;
  const EpochSeconds start = 1'700'006'400;  // a full hour
  for (int minute = 0; minute < 600; ++minute) series.add(start + minute * 60, Width::Minute, minute);
  const Retention retention{.seconds = 60, .minutes = 3600, .five_minutes = 7200, .hours = 6 * 3600};
  const EpochSeconds now = start + 600 * 60;
  series.compact(now, retention, true);
  double count = 0;
  std::size_t buckets = 0;
  series.read(0, now, false, [&](const Bucket& b) {
    count += b.samples.count();
    ++buckets;
    const EpochSeconds age = now - b.start;
    EXPECT_LE(age, 6 * 3600);
    if (age > 2 * 3600 + 3600) {
      EXPECT_EQ(b.width, Width::Hour);
    }
    if (age < 3600) {
      EXPECT_EQ(b.width, Width::Minute);
    }
  });
  EXPECT_EQ(count, 360);
  EXPECT_LT(buckets, 90U);
  EXPECT_EQ(series.oldest(), start + 4 * 3600);
}

}  // namespace
}  // namespace aviary::cloudwatch
