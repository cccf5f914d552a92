#include "services/cloudwatch/core/alarm_judgement.hpp"

#include <gtest/gtest.h>

#include "services/cloudwatch/core/number_text.hpp"

namespace aviary::cloudwatch {
namespace {

AlarmWatch watch(std::size_t periods, std::optional<std::size_t> datapoints, std::string_view missing,
                 std::string_view comparison = "GreaterThanThreshold", double threshold = 0) {
  Json settings{{"AlarmName", "a"},
                {"Namespace", "N"},
                {"MetricName", "M"},
                {"Statistic", "Sum"},
                {"Period", 60},
                {"EvaluationPeriods", periods},
                {"Threshold", threshold},
                {"ComparisonOperator", std::string(comparison)},
                {"TreatMissingData", std::string(missing)}};
  if (datapoints) settings["DatapointsToAlarm"] = *datapoints;
  return parse_watch(settings).value();
}

/// `0` does not breach, `X` does, `-` is missing; the newest on the right, as in the user guide's tables.
std::vector<Datapoint> range(std::string_view text) {
  std::vector<Datapoint> points;
  EpochSeconds at = 1'700'000'040;
  for (const char c : text) {
    if (c == ' ') continue;
    Datapoint point{.at = at, .value = std::nullopt, .samples = 1};
    if (c != '-') point.value = c == 'X' ? 1.0 : 0.0;
    points.push_back(point);
    at += 60;
  }
  return points;
}

std::string said(std::size_t periods, std::size_t datapoints, std::string_view missing,
                 std::string_view data) {
  const Judgement judgement = judge(watch(periods, datapoints, missing), range(data));
  return judgement.state ? std::string(name_of(*judgement.state)) : "retain";
}

struct Row {
  std::string_view data;
  std::string_view missing, ignore, breaching, not_breaching;
};

void check(std::size_t periods, std::size_t datapoints, const Row& row) {
  EXPECT_EQ(said(periods, datapoints, "missing", row.data), row.missing) << row.data;
  EXPECT_EQ(said(periods, datapoints, "ignore", row.data), row.ignore) << row.data;
  EXPECT_EQ(said(periods, datapoints, "breaching", row.data), row.breaching) << row.data;
  EXPECT_EQ(said(periods, datapoints, "notBreaching", row.data), row.not_breaching) << row.data;
}

// The tables of the user guide, "Configuring how CloudWatch alarms treat missing data".
TEST(AlarmJudgement, FollowsTheTableOfThreeOutOfThree) {
  for (const Row& row : {Row{"0 - X - X", "OK", "OK", "OK", "OK"},                        //
                         Row{"0 - - - -", "OK", "OK", "OK", "OK"},                        //
                         Row{"- - - - -", "INSUFFICIENT_DATA", "retain", "ALARM", "OK"},  //
                         Row{"0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM"},            //
                         Row{"- - X - -", "ALARM", "retain", "ALARM", "OK"}})
    check(3, 3, row);
}

TEST(AlarmJudgement, FollowsTheTableOfTwoOutOfThree) {
  for (const Row& row : {Row{"0 - X - X", "ALARM", "ALARM", "ALARM", "ALARM"},  //
                         Row{"0 0 X 0 X", "ALARM", "ALARM", "ALARM", "ALARM"},  //
                         Row{"0 - X - -", "OK", "OK", "ALARM", "OK"},           //
                         Row{"- - - - 0", "OK", "OK", "ALARM", "OK"},           //
                         Row{"- - - X -", "ALARM", "retain", "ALARM", "OK"}})
    check(2 + 1, 2, row);
}

// "Avoiding premature transitions to alarm state", and the rows of the guide's older edition.
TEST(AlarmJudgement, DoesNotAlarmPrematurely) {
  EXPECT_EQ(said(3, 3, "missing", "- - - - X"), "INSUFFICIENT_DATA");
  EXPECT_EQ(said(3, 3, "missing", "- - - X -"), "INSUFFICIENT_DATA");
  EXPECT_EQ(said(3, 3, "ignore", "- - - - X"), "retain");
  EXPECT_EQ(said(3, 3, "missing", "- - - X 0"), "OK");
  EXPECT_EQ(said(3, 3, "missing", "- - X - 0"), "OK");
  EXPECT_EQ(said(3, 3, "missing", "X - - - -"), "ALARM");
  EXPECT_EQ(said(3, 1, "missing", "- - - - X"), "ALARM");
  EXPECT_EQ(said(3, 2, "ignore", "- - - X X"), "ALARM");
}

TEST(AlarmJudgement, LooksBackTwoPeriodsFurther) {
  EXPECT_EQ(watch(3, 3, "missing").evaluation_range(), 5U);
  EXPECT_EQ(watch(8, 8, "breaching").evaluation_range(), 10U);
}

TEST(AlarmJudgement, IgnoresPercentilesOfFewSamples) {
  Json settings{{"AlarmName", "a"},
                {"Namespace", "N"},
                {"MetricName", "M"},
                {"ExtendedStatistic", "p90"},
                {"Period", 60},
                {"EvaluationPeriods", 1},
                {"Threshold", 0},
                {"ComparisonOperator", "GreaterThanThreshold"},
                {"EvaluateLowSampleCountPercentile", "ignore"}};
  const AlarmWatch p90 = parse_watch(settings).value();
  std::vector<Datapoint> points(3);
  points[2].value = 5;
  points[2].samples = 99;  // "fewer than 10/(1-percentile) data points"
  EXPECT_FALSE(judge(p90, points).state);
  points[2].samples = 100;
  EXPECT_EQ(judge(p90, points).state, AlarmState::Alarm);
}

std::string reason(const AlarmWatch& alarm, std::vector<Datapoint> points) {
  return reason_of(alarm, judge(alarm, points));
}

std::vector<Datapoint> values(std::vector<std::optional<double>> list) {
  std::vector<Datapoint> points;
  EpochSeconds at = 1'700'992'800;  // 2023-11-26T10:00:00Z
  for (const auto& value : list) {
    points.push_back({.at = at, .value = value, .samples = 1});
    at += 60;
  }
  return points;
}

TEST(AlarmReason, IsWordedAsAwsWordsIt) {
  using Values = std::vector<std::optional<double>>;
  const std::optional<double> none;
  // The forms are those of notifications that people have published; times and values are ours.
  EXPECT_EQ(reason(watch(2, 2, "missing", "GreaterThanThreshold", 5), values(Values{none, none, 7, 6})),
            "Threshold Crossed: 2 out of the last 2 datapoints [6.0 (26/11/23 10:03:00), 7.0 (26/11/23 "
            "10:02:00)] were "
            "greater than the threshold (5.0) (minimum 2 datapoints for OK -> ALARM transition).");
  EXPECT_EQ(
      reason(watch(2, 2, "missing", "GreaterThanThreshold", 5), values(Values{none, none, 7, 0})),
      "Threshold Crossed: 1 out of the last 2 datapoints [0.0 (26/11/23 10:03:00)] was not greater than the "
      "threshold (5.0) (minimum 1 datapoint for ALARM -> OK transition).");
  EXPECT_EQ(
      reason(watch(1, {}, "notBreaching", "GreaterThanThreshold", 2), values(Values{none, none, 21.5})),
      "Threshold Crossed: 1 datapoint [21.5 (26/11/23 10:02:00)] was greater than the threshold (2.0).");
  EXPECT_EQ(
      reason(watch(2, {}, "missing", "LessThanOrEqualToThreshold", 42), values(Values{none, none, 1, 0})),
      "Threshold Crossed: 2 datapoints [0.0 (26/11/23 10:03:00), 1.0 (26/11/23 10:02:00)] were less than or "
      "equal "
      "to the threshold (42.0).");
  EXPECT_EQ(
      reason(watch(2, {}, "breaching"), values(Values{none, none, none, none})),
      "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
      "[Breaching].");
  EXPECT_EQ(
      reason(watch(1, {}, "notBreaching"), values(Values{none, none, none})),
      "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
      "[NonBreaching].");
  EXPECT_EQ(
      reason(watch(3, 2, "breaching", "GreaterThanThreshold", 5), values(Values{none, none, 1, none, none})),
      "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as "
      "[Breaching].");
  EXPECT_EQ(reason(watch(1, {}, "missing"), values(Values{none, none, none})),
            "Insufficient Data: 1 datapoint was unknown.");
  EXPECT_EQ(reason(watch(3, 3, "missing"), values(Values{none, none, none, none, none})),
            "Insufficient Data: 3 datapoints were unknown.");
}

TEST(AlarmReason, DataIsTheJsonThatAwsWrites) {
  const AlarmWatch alarm = watch(2, 2, "missing", "GreaterThanThreshold", 5);
  const Judgement judgement = judge(alarm, values({std::nullopt, 1.5, 7, std::nullopt}));
  EXPECT_EQ(
      reason_data_of(alarm, judgement, Instant(std::chrono::milliseconds(1'700'993'040'123))),
      R"({"version":"1.0","queryDate":"2023-11-26T10:04:00.123+0000","startDate":"2023-11-26T10:01:00.000+0000",)"
      R"("statistic":"Sum","period":60,"recentDatapoints":[1.5,7.0],"threshold":5.0,"evaluatedDatapoints":[)"
      R"({"timestamp":"2023-11-26T10:02:00.000+0000","sampleCount":1.0,"value":7.0},)"
      R"({"timestamp":"2023-11-26T10:01:00.000+0000","sampleCount":1.0,"value":1.5}]})");
}

TEST(AlarmReason, NumbersAreJavas) {
  EXPECT_EQ(number_text(5), "5.0");
  EXPECT_EQ(number_text(0.0666851903306472), "0.0666851903306472");
  EXPECT_EQ(number_text(-12.5), "-12.5");
  EXPECT_EQ(number_text(0), "0.0");
  EXPECT_EQ(number_text(1e10), "1.0E10");
  EXPECT_EQ(number_text(1.5e-5), "1.5E-5");
  EXPECT_EQ(number_text(1234567), "1234567.0");
}

TEST(AlarmWatch, RefusesWhatAwsRefuses) {
  const Json good{{"AlarmName", "a"},  {"Namespace", "N"},
                  {"MetricName", "M"}, {"Statistic", "Sum"},
                  {"Period", 60},      {"EvaluationPeriods", 2},
                  {"Threshold", 1},    {"ComparisonOperator", "LessThanThreshold"}};
  ASSERT_TRUE(parse_watch(good));
  const auto refused = [&good](const Json& change) {
    Json settings = good;
    settings.merge_patch(change);
    const Result<AlarmWatch> watch = parse_watch(settings);
    return watch ? std::string() : watch.error().message;
  };
  EXPECT_EQ(refused({{"Period", 45}}), "Period must be 10, 20, 30 or a multiple of 60");
  EXPECT_EQ(
      refused({{"EvaluationPeriods", 1441}}),
      "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).");
  EXPECT_EQ(refused({{"ExtendedStatistic", "p90"}}),
            "Exactly one of Statistic or ExtendedStatistic must be specified");
  EXPECT_EQ(refused({{"Threshold", nullptr}}), "The parameter Threshold is required.");
  EXPECT_NE(refused({{"DatapointsToAlarm", 3}}), "");
  EXPECT_NE(refused({{"TreatMissingData", "perhaps"}}), "");
  EXPECT_NE(refused({{"Statistic", nullptr}, {"ExtendedStatistic", "p101"}}), "");
}

}  // namespace
}  // namespace aviary::cloudwatch
