// Metric data that lasts: what one process has gathered, the next one tells.
#include <gmock/gmock.h>

#include "ports/simulated_time.hpp"
#include "service_fixture.hpp"

namespace aviary::cloudwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LastingMetrics : public CloudWatch {
 protected:
  LastingMetrics() { restart(); }

  /// The next process; the last one has stopped well, or was killed.
  void restart() {
    service = nullptr;
    service = std::make_unique<CloudWatchService>(
        CloudWatchDependencies{.clock = clock, .journal = journal, .stopwatch = &stopwatch});
    service->restore();
  }
  void stop() {
    testing::run_task(loop, service->stop());
    service->write_down();
  }
  std::vector<double> sums(int minutes = 60) {
    const Json answer = ok("GetMetricStatistics", {{"Namespace", "Shop"},
                                                   {"MetricName", "Errors"},
                                                   {"StartTime", now() - minutes * 60},
                                                   {"EndTime", now() + 60},
                                                   {"Period", 60},
                                                   {"Statistics", {"Sum"}}});
    std::map<double, double> by_time;
    for (const Json& point : answer["Datapoints"])
      by_time[point["Timestamp"].get<double>()] = point["Sum"].get<double>();
    std::vector<double> found;
    for (const auto& [at, sum] : by_time) found.push_back(sum);
    return found;
  }

  SimulatedStopwatch stopwatch;
};

TEST_F(LastingMetrics, SurviveAStop) {
  put(1);
  put(2);
  advance(60);
  put(4);
  stop();
  restart();
  EXPECT_THAT(sums(), ElementsAre(3, 4));
}

TEST_F(LastingMetrics, AddUpOnceHoweverOftenItIsRestarted) {
  for (int i = 0; i < 5; ++i) {
    put(1);
    stop();
    restart();
  }
  EXPECT_THAT(sums(), ElementsAre(5));
  advance(60);
  put(7);
  put(2, 60);  // late
  stop();
  restart();
  EXPECT_THAT(sums(), ElementsAre(7, 7));
}

TEST_F(LastingMetrics, AreWrittenEachSecondAndLoseOnlyTheOpenMinuteInACrash) {
  put(1);
  advance(60);
  put(2);
  stopwatch.advance(std::chrono::seconds(1));
  restart();
  EXPECT_THAT(sums(), ElementsAre(1));
  EXPECT_EQ(stopwatch.pending(), 0U) << "nothing to write: nothing waits";
}

TEST_F(LastingMetrics, OfManySeriesCostOneWrite) {
  for (int minute = 0; minute < 3; ++minute) {
    for (int i = 0; i < 200; ++i)
      ok("PutMetricData",
         {{"Namespace", "Shop"}, {"MetricData", {{{"MetricName", "m" + std::to_string(i)}, {"Value", i}}}}});
    advance(60);
  }
  const std::size_t names = journal.writes;
  stopwatch.advance(std::chrono::seconds(1));
  EXPECT_LE(journal.writes - names, 1U);
  EXPECT_LT(journal.written_bytes, 200U * 200U);
}

TEST_F(LastingMetrics, KeepDistributionsAndUnits) {
  for (int i = 1; i <= 100; ++i)
    ok("PutMetricData", {{"Namespace", "Shop"},
                         {"MetricData", {{{"MetricName", "Time"}, {"Value", i}, {"Unit", "Milliseconds"}}}}});
  stop();
  restart();
  const Json point = ok("GetMetricStatistics", {{"Namespace", "Shop"},
                                                {"MetricName", "Time"},
                                                {"StartTime", now() - 60},
                                                {"EndTime", now() + 60},
                                                {"Period", 60},
                                                {"ExtendedStatistics", {"p90"}}})["Datapoints"][0];
  EXPECT_EQ(point["Unit"], "Milliseconds");
  EXPECT_NEAR(point["ExtendedStatistics"]["p90"].get<double>(), 90, 1);
}

TEST_F(LastingMetrics, AreForgottenByAReset) {
  put(1);
  service->reset();
  journal.clear();
  stop();
  restart();
  EXPECT_THAT(sums(), IsEmpty());
  put(3);
  stop();
  restart();
  EXPECT_THAT(sums(), ElementsAre(3));
}

TEST(MetricLog, BeginsAnew) {
  testing::MemoryJournal journal;
  const Scope scope{"123456789012", "eu-west-1"};
  Bucket bucket{.start = 600, .width = Width::Minute, .samples = {}};
  bucket.samples.add(1.5, 2);
  MetricLog first(journal);
  first.introduce(1, scope, "a", "Count");
  for (int i = 0; i < 10'000; ++i) first.add(1, bucket);
  first.flush();
  EXPECT_GT(journal.records(), 2U) << "records have an end";
  first.begin_anew();
  EXPECT_EQ(journal.records(), 0U);
  first.introduce(1, scope, "b", "None");
  first.add(1, bucket);
  first.flush();
  MetricLog second(journal);
  std::string names;
  double count = 0;
  second.load([&](std::uint32_t, const MetricLog::Name& name) { names += name.key + name.unit; },
              [&](std::uint32_t, const Bucket& each) { count += each.samples.count(); });
  EXPECT_EQ(names, "bNone");
  EXPECT_EQ(count, 2);
}

}  // namespace
}  // namespace aviary::cloudwatch
