// Alarms against a model that is simple, slow and knows nothing of how they work: it keeps every sample and
// every word said by hand, and tells an alarm's whole life anew whenever it is asked. Thousands of random
// series, in time and late, and the same life twice for each seed.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "ports/simulated_time.hpp"
#include "services/cloudwatch/core/alarms.hpp"
#include "services/cloudwatch/jobs/alarm_timer.hpp"

namespace aviary::simulation {
namespace {

using cloudwatch::AlarmState;

struct Plan {
  long period = 60;
  int periods = 1;
  int to_alarm = 1;
  std::string missing = "missing";
  std::string comparison = "GreaterThanThreshold";
  std::string statistic = "Sum";
  double threshold = 5;
};

/// "Configuring how CloudWatch alarms treat missing data", read aloud.
class SlowModel {
 public:
  explicit SlowModel(const Plan& plan, long created) : plan_(plan), created_(created) {}

  void sample(long at, double value) { samples_.emplace_back(at, value); }
  void by_hand(long at, std::string state) { by_hand_.emplace(at, std::move(state)); }

  /// The state after everything that is due at `now` has been done, told from the beginning.
  std::string state(long now) const {
    const long step = plan_.period < 60 ? 10 : 60;
    std::string current = "INSUFFICIENT_DATA";
    auto hand = by_hand_.begin();
    for (long at = created_ - created_ % step + step; at <= now; at += step) {
      for (; hand != by_hand_.end() && hand->first < at; ++hand) current = hand->second;
      current = decide(at, current);
    }
    for (; hand != by_hand_.end(); ++hand) current = hand->second;
    return current;
  }

 private:
  std::optional<double> value(long from, long until) const {
    double sum = 0;
    double most = -1e9;
    int count = 0;
    for (const auto& [at, value] : samples_) {
      if (at < from || at >= until) continue;
      sum += value;
      most = std::max(most, value);
      ++count;
    }
    if (count == 0) return std::nullopt;
    if (plan_.statistic == "Average") return sum / count;
    if (plan_.statistic == "Maximum") return most;
    if (plan_.statistic == "SampleCount") return count;
    return sum;
  }

  bool bad(double value) const {
    if (plan_.comparison == "GreaterThanThreshold") return value > plan_.threshold;
    if (plan_.comparison == "LessThanThreshold") return value < plan_.threshold;
    if (plan_.comparison == "LessThanOrEqualToThreshold") return value <= plan_.threshold;
    return value >= plan_.threshold;
  }

  std::string decide(long end, const std::string& current) const {
    std::vector<char> seen;  // the newest first: X, 0 or -
    for (int back = 1; back <= plan_.periods + 2; ++back) {
      const std::optional<double> v = value(end - back * plan_.period, end - (back - 1) * plan_.period);
      seen.push_back(!v ? '-' : bad(*v) ? 'X' : '0');
    }
    std::string real;
    for (const char c : seen)
      if (c != '-' && static_cast<int>(real.size()) < plan_.periods) real += c;
    const auto alarms = [this](const std::string& points) {
      int bad_ones = 0;
      for (const char c : points) bad_ones += c == 'X';
      return bad_ones >= plan_.to_alarm;
    };
    if (static_cast<int>(real.size()) == plan_.periods) return alarms(real) ? "ALARM" : "OK";
    std::string filled = real;
    if (plan_.missing == "breaching") filled.resize(static_cast<std::size_t>(plan_.periods), 'X');
    if (plan_.missing == "breaching" || plan_.missing == "notBreaching")
      return alarms(filled) ? "ALARM" : "OK";
    if (alarms(real)) return "ALARM";
    if (real.find('0') != std::string::npos) return "OK";
    if (plan_.missing == "ignore") return current;
    // Nothing but breaching datapoints, or nothing at all: the oldest of them decides by its age.
    for (int age = plan_.periods + 2; age >= plan_.to_alarm && age > 0; --age)
      if (seen[static_cast<std::size_t>(age - 1)] == 'X') return "ALARM";
    return "INSUFFICIENT_DATA";
  }

  Plan plan_;
  long created_;
  std::vector<std::pair<long, double>> samples_;
  std::multimap<long, std::string> by_hand_;
};

Plan random_plan(Random& random) {
  const auto pick = [&random](std::vector<std::string> of) { return of[random.next() % of.size()]; };
  Plan plan;
  plan.period = std::vector<long>{60, 60, 60, 120, 300, 10, 20}[random.next() % 7];
  plan.periods = 1 + static_cast<int>(random.next() % 4);
  plan.to_alarm = 1 + static_cast<int>(random.next() % static_cast<std::uint64_t>(plan.periods));
  plan.missing = pick({"missing", "ignore", "breaching", "notBreaching"});
  plan.comparison = pick({"GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold",
                          "LessThanOrEqualToThreshold"});
  plan.statistic = pick({"Sum", "Average", "Maximum", "SampleCount"});
  plan.threshold = static_cast<double>(random.next() % 8);
  return plan;
}

/// One alarm's life; the trace is every state it showed, and every change that others were told of.
std::string live(std::uint64_t seed, bool late) {
  SeededRandom random(seed, "alarms");
  const Plan plan = random_plan(random);
  SimulatedClock clock(Instant(std::chrono::seconds(1'700'000'017 + static_cast<long>(random.next() % 60))));
  cloudwatch::MetricStore metrics;
  NoJournal journal;
  cloudwatch::Alarms alarms(metrics, journal, nullptr);
  cloudwatch::AlarmTimer timer(clock, alarms);
  std::string trace;
  alarms.subscribe([&trace](const cloudwatch::AlarmEvent& event) {
    trace += " [" + std::string(name_of(event.from)) + ">" + std::string(name_of(event.to)) + "]";
  });
  const cloudwatch::Scope scope{"123456789012", "eu-west-1"};
  const cloudwatch::MetricId metric{"Shop", "Errors"};
  const long created = cloudwatch::to_seconds(clock.now());
  Json settings{{"AlarmName", "a"},
                {"Namespace", "Shop"},
                {"MetricName", "Errors"},
                {"Statistic", plan.statistic},
                {"Period", plan.period},
                {"EvaluationPeriods", plan.periods},
                {"DatapointsToAlarm", plan.to_alarm},
                {"Threshold", plan.threshold},
                {"ComparisonOperator", plan.comparison},
                {"TreatMissingData", plan.missing}};
  EXPECT_TRUE(alarms.put_metric_alarm(scope, settings, clock.now()));
  SlowModel model(plan, created);
  const long reach = plan.period * (plan.periods + 2);
  const long beat = plan.period < 60 ? 3 : 17;
  // Stretches without any data, with some, and with much.
  std::uint64_t density = 2;
  for (int turn = 0; turn < 120; ++turn) {
    if (turn % 15 == 0) density = random.next() % 5;
    clock.advance(
        std::chrono::seconds(static_cast<long>(1 + random.next() % static_cast<std::uint64_t>(beat))));
    const long now = cloudwatch::to_seconds(clock.now());
    if (random.next() % 5 < density) {
      long at = now;
      if (late) at -= static_cast<long>(random.next() % static_cast<std::uint64_t>(reach - plan.period));
      const auto value = static_cast<double>(random.next() % 10);
      const auto width = plan.period < 60 ? cloudwatch::Width::Second : cloudwatch::Width::Minute;
      metrics.put(scope, metric, "None", width, {.at = at, .value = value}, now);
      // A sample of standard resolution is one of its minute.
      model.sample(plan.period < 60 ? at : at - at % 60, value);
      alarms.on_data(scope, metric.key(), at, clock.now());
    }
    if (random.next() % 40 == 0 && now % 10 != 0) {
      const AlarmState state = std::vector{AlarmState::Ok, AlarmState::Alarm}[random.next() % 2];
      EXPECT_TRUE(alarms.set_state(scope, "a", state, "by hand", "", clock.now()));
      model.by_hand(now, std::string(name_of(state)));
    }
    const std::string is(name_of(*alarms.state_of(scope, "a")));
    EXPECT_EQ(is, model.state(now)) << "seed " << seed << (late ? " late" : "") << ", turn " << turn << ", "
                                    << settings << trace;
    if (is != model.state(now)) break;
    trace += " " + is;
  }
  return trace;
}

TEST(AlarmSimulation, AgreesWithTheSlowModel) {
  for (std::uint64_t seed = 0; seed < 3000 && !::testing::Test::HasFailure(); ++seed) live(seed, false);
}

TEST(AlarmSimulation, AgreesWhenDataComesLate) {
  for (std::uint64_t seed = 0; seed < 3000 && !::testing::Test::HasFailure(); ++seed) live(seed, true);
}

TEST(AlarmSimulation, LivesTheSameLifeTwice) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) EXPECT_EQ(live(seed, true), live(seed, true)) << seed;
}

/// The same samples in time, and all shuffled within what an alarm looks back: the same state in the end.
TEST(AlarmSimulation, OrderOfArrivalDoesNotMatter) {
  const cloudwatch::Scope scope{"123456789012", "eu-west-1"};
  const cloudwatch::MetricId metric{"Shop", "Errors"};
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    SeededRandom random(seed, "order");
    const Plan plan = [&random] {
      Plan any = random_plan(random);
      any.period = 60;
      return any;
    }();
    const Json settings{{"AlarmName", "a"},
                        {"Namespace", "Shop"},
                        {"MetricName", "Errors"},
                        {"Statistic", plan.statistic},
                        {"Period", 60},
                        {"EvaluationPeriods", plan.periods},
                        {"Threshold", plan.threshold},
                        {"DatapointsToAlarm", plan.to_alarm},
                        {"ComparisonOperator", plan.comparison},
                        {"TreatMissingData", plan.missing}};
    const long start = 1'700'000'040;
    const int minutes = plan.periods + 1;
    std::vector<std::pair<long, double>> samples;
    for (int i = 0; i < minutes; ++i)
      if (random.next() % 3 != 0)
        samples.emplace_back(start + 60 * i + 5, static_cast<double>(random.next() % 10));
    const auto end_state = [&](bool in_time) {
      SimulatedClock clock{Instant(std::chrono::seconds(start))};
      cloudwatch::MetricStore metrics;
      NoJournal journal;
      cloudwatch::Alarms alarms(metrics, journal, nullptr);
      cloudwatch::AlarmTimer timer(clock, alarms);
      EXPECT_TRUE(alarms.put_metric_alarm(scope, settings, clock.now()));
      const auto deliver = [&](const std::pair<long, double>& sample) {
        metrics.put(scope, metric, "None", cloudwatch::Width::Minute,
                    {.at = sample.first, .value = sample.second}, cloudwatch::to_seconds(clock.now()));
        alarms.on_data(scope, metric.key(), sample.first, clock.now());
      };
      std::vector<std::pair<long, double>> order = samples;
      if (in_time) {
        for (const auto& sample : order) {
          clock.advance(std::chrono::seconds(sample.first - cloudwatch::to_seconds(clock.now())));
          deliver(sample);
        }
        clock.advance(std::chrono::seconds(start + 60 * minutes + 10 - cloudwatch::to_seconds(clock.now())));
      } else {
        clock.advance(std::chrono::seconds(60 * minutes + 10));
        for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.next() % i]);
        for (const auto& sample : order) deliver(sample);
      }
      return *alarms.state_of(scope, "a");
    };
    EXPECT_EQ(end_state(true), end_state(false)) << "seed " << seed << " " << settings;
  }
}

}  // namespace
}  // namespace aviary::simulation
