#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "services/cloudwatch/core/metric_query.hpp"
#include "services/cloudwatch/core/search_expression.hpp"

namespace aviary::cloudwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr EpochSeconds start = 1'700'000'040;
constexpr double none = -999;  // stands for a missing point, in data and in results
const Scope scope{"123456789012", "eu-west-1"};

/// Metrics `m1`, `m2`, … with one value a minute.
class MetricMath : public ::testing::Test {
 protected:
  void metric(const std::string& id, std::vector<double> values) {
    MetricQuery query;
    query.id = id;
    query.stat = MetricStat{.metric = {.metric_namespace = "Test", .name = id},
                            .period = 60,
                            .stat = "Sum",
                            .statistic = {Statistic::Kind::Sum}};
    query.return_data = false;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] != none)
        store_.put(scope, query.stat->metric, "None", Width::Minute,
                   {.at = start + static_cast<EpochSeconds>(i) * 60, .value = values[i]}, start);
    length_ = std::max(length_, values.size());
    queries_.push_back(std::move(query));
  }

  std::vector<QueryResult> run(const std::string& expression) {
    std::vector<MetricQuery> queries = queries_;
    MetricQuery query;
    query.id = "e1";
    query.expression = expression;
    queries.push_back(std::move(query));
    QuerySet set;
    EXPECT_EQ(set.prepare(std::move(queries)), "") << expression;
    return set.run(store_, scope, start, start + static_cast<EpochSeconds>(length_) * 60);
  }

  std::vector<double> spread(const TimeSeries& series) const {
    std::vector<double> values(length_, none);
    for (const TimeSeries::Point& point : series.points)
      values[static_cast<std::size_t>((point.at - start) / 60)] = point.value;
    return values;
  }

  std::vector<double> value(const std::string& expression) {
    const std::vector<QueryResult> results = run(expression);
    EXPECT_EQ(results.size(), 1U) << expression;
    EXPECT_THAT(results.at(0).messages, IsEmpty()) << expression;
    return spread(results.at(0).series);
  }

  MetricStore store_;
  std::vector<MetricQuery> queries_;
  std::size_t length_ = 0;
};

TEST_F(MetricMath, CalculatesWithMissingValuesAsZero) {
  metric("m1", {10, 20, none, 40});
  metric("m2", {2, none, none, 0});
  EXPECT_THAT(value("m1 + m2"), ElementsAre(12, 20, none, 40));
  EXPECT_THAT(value("m1 - m2 * 2"), ElementsAre(6, 20, none, 40));
  EXPECT_THAT(value("-m1"), ElementsAre(-10, -20, none, -40));
  // "If the value of a data point causes a function to attempt to divide by zero, the data point is dropped."
  EXPECT_THAT(value("m1 / m2"), ElementsAre(5, none, none, none));
  EXPECT_THAT(value("2 ^ 3 ^ 0 * m1"), ElementsAre(20, 40, none, 80));
  EXPECT_THAT(value("(1 + 1) * m1 / 4"), ElementsAre(5, 10, none, 20));
}

// The user guide's example of comparison and logical operators.
TEST_F(MetricMath, ComparesAsTheGuideShows) {
  metric("metric1", {30, 20, 0, 0});
  metric("metric2", {20, none, 20, none});
  EXPECT_THAT(value("metric1 < metric2"), ElementsAre(0, 0, 1, 0));
  EXPECT_THAT(value("metric1 >= 30"), ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(value("metric1 > 15 AND metric2 > 15"), ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(value("metric1 == 20 || metric2 == 20"), ElementsAre(1, 1, 1, 0));
}

// The user guide's tables of IF.
TEST_F(MetricMath, ChoosesAsTheGuideShows) {
  metric("metric1", {1, 1, 0, 0, none});
  metric("metric2", {30, none, 0, 0, 30});
  metric("metric3", {0, 0, 20, none, 20});
  EXPECT_THAT(value("IF(metric1, metric2, metric3)"), ElementsAre(30, 0, 20, none, none));
  EXPECT_THAT(value("IF(metric1, 5, metric3)"), ElementsAre(5, 5, 20, none, none));
  EXPECT_THAT(value("IF(metric1, metric2, 5)"), ElementsAre(30, 0, 5, 5, none));
  EXPECT_THAT(value("IF(metric1, metric2)"), ElementsAre(30, 0, none, none, none));
  EXPECT_THAT(value("IF(1 > 2, metric2, metric3)"), ElementsAre(0, 0, 20, none, 20));
}

TEST_F(MetricMath, Fills) {
  metric("m1", {none, 10, none, 30, none});
  metric("m2", {1, 2, 3, none, 5});
  EXPECT_THAT(value("FILL(m1, 0)"), ElementsAre(0, 10, 0, 30, 0));
  EXPECT_THAT(value("FILL(m1, REPEAT)"), ElementsAre(none, 10, 10, 30, 30));
  EXPECT_THAT(value("FILL(m1, LINEAR)"), ElementsAre(none, 10, 20, 30, none));
  EXPECT_THAT(value("FILL(m1, m2)"), ElementsAre(1, 10, 3, 30, 5));
  EXPECT_THAT(value("FILL(m1, MIN(m1))"), ElementsAre(10, 10, 10, 30, 10));
}

TEST_F(MetricMath, KnowsTheUsualFunctions) {
  metric("m1", {-1.5, 2.5, none, 4});
  metric("m2", {1, 10, 100, none});
  EXPECT_THAT(value("ABS(m1)"), ElementsAre(1.5, 2.5, none, 4));
  EXPECT_THAT(value("CEIL(m1)"), ElementsAre(-1, 3, none, 4));
  EXPECT_THAT(value("FLOOR(m1)"), ElementsAre(-2, 2, none, 4));
  EXPECT_THAT(value("LOG10(m2)"), ElementsAre(0, 1, 2, none));
  EXPECT_THAT(value("DIFF(m1)"), ElementsAre(none, 4, none, 1.5));
  EXPECT_THAT(value("DIFF_TIME(m1)"), ElementsAre(none, 60, none, 120));
  EXPECT_THAT(value("RATE(m2)"), ElementsAre(none, 0.15, 1.5, none));
  EXPECT_THAT(value("RUNNING_SUM(m2)"), ElementsAre(1, 11, 111, none));
  EXPECT_THAT(value("m2 / PERIOD(m2) * 60"), ElementsAre(1, 10, 100, none));
  EXPECT_THAT(value("m2 * 0 + SUM(m1)"), ElementsAre(5, 5, 5, none));
  EXPECT_THAT(value("m2 - AVG(m2)"), ElementsAre(-36, -27, 63, none));
  EXPECT_THAT(value("m2 - MAX(m2)"), ElementsAre(-99, -90, 0, none));
  EXPECT_THAT(value("m2 * 0 + DATAPOINT_COUNT(m2)"), ElementsAre(3, 3, 3, none));
  EXPECT_THAT(value("TIME_SERIES(7)"), ElementsAre(7, 7, 7, 7));
  EXPECT_THAT(value("MINUTE(m1)"), ElementsAre(14, 15, 16, 17));  // 22:14:00 on Tuesday, 14 November 2023
  EXPECT_THAT(value("DAY(m1) * 100 + HOUR(m1)"), ElementsAre(222, 222, 222, 222));
  EXPECT_THAT(value("YEAR(m1)"), ElementsAre(2023, 2023, 2023, 2023));
}

TEST_F(MetricMath, SummarisesSeveralSeriesMomentByMoment) {
  metric("errors1", {1, 2, none});
  metric("errors2", {3, none, none});
  metric("requests", {8, 8, 8});
  EXPECT_THAT(value("SUM([errors1, errors2])"), ElementsAre(4, 2, none));
  EXPECT_THAT(value("SUM(METRICS(\"errors\")) / requests"), ElementsAre(0.5, 0.25, 0));
  EXPECT_THAT(value("AVG(METRICS('errors'))"),
              ElementsAre(2, 1, none));  // "Missing values are treated as 0."
  EXPECT_THAT(value("MAX(METRICS())"), ElementsAre(8, 8, 8));
  EXPECT_THAT(value("requests * 0 + METRIC_COUNT(METRICS())"), ElementsAre(3, 3, 3));
  EXPECT_THAT(value("FIRST(SORT(METRICS(), SUM, DESC))"), ElementsAre(8, 8, 8));
  EXPECT_THAT(value("LAST(SORT(METRICS(), MAX, DESC, 2))"), ElementsAre(3, none, none));
}

TEST_F(MetricMath, ArraysGiveOneResultEach) {
  metric("m1", {1, 2});
  metric("m2", {3, none});
  const std::vector<QueryResult> results = run("METRICS() * 10");
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].series.id, "e1");
  EXPECT_EQ(results[0].series.label, "m1");
  EXPECT_THAT(spread(results[0].series), ElementsAre(10, 20));
  EXPECT_THAT(spread(results[1].series), ElementsAre(30, none));
  EXPECT_EQ(run("SLICE(METRICS(), 1)").size(), 1U);
  EXPECT_EQ(run("SLICE(METRICS(), 0, 2)").size(), 2U);
  EXPECT_EQ(run("REMOVE_EMPTY([m1, m2, IF(m1 > 5, m1)])").size(), 2U);
}

TEST_F(MetricMath, SaysWhatIsWrong) {
  metric("m1", {1});
  const auto problem = [this](const std::string& expression) {
    std::vector<MetricQuery> queries = queries_;
    MetricQuery query;
    query.id = "e1";
    query.expression = expression;
    queries.push_back(query);
    QuerySet set;
    return set.prepare(std::move(queries));
  };
  EXPECT_EQ(problem("m1 +"), "Error in expression 'e1': unexpected end of expression");
  EXPECT_EQ(problem("m1 $ 2"), "Error in expression 'e1': unexpected '$' at position 4");
  EXPECT_EQ(problem("m1 + m9"), "Error in expression 'e1': Unknown identifier 'm9'");
  EXPECT_NE(problem("(m1"), "");
  EXPECT_NE(problem(std::string(500, '(')), "");
  for (const char* wrong : {"AVG(m1)", "NOSUCH(m1)", "e1 + 1", "ABS(5)", "PERIOD(m1, m1)", "m1 * (1 / 0)",
                            "SORT(m1, LINEAR, ASC)"}) {
    const std::vector<QueryResult> results = run(wrong);
    ASSERT_EQ(results.size(), 1U) << wrong;
    EXPECT_THAT(results[0].messages, ::testing::SizeIs(1)) << wrong;
    EXPECT_THAT(results[0].series.points, IsEmpty()) << wrong;
  }
}

TEST_F(MetricMath, Searches) {
  const auto put = [this](std::string name, std::string function, double value) {
    store_.put(scope, {"AWS/Lambda", std::move(name), {{"FunctionName", std::move(function)}}}, "Count",
               Width::Minute, {.at = start, .value = value}, start);
  };
  put("Errors", "order-processor", 1);
  put("Errors", "order-mailer", 2);
  put("Invocations", "order-mailer", 9);
  length_ = 1;
  const auto labels = [this](const std::string& search) {
    std::vector<std::string> all;
    for (const QueryResult& result : run("SEARCH('" + search + "', 'Sum', 60)"))
      all.push_back(result.series.label);
    return all;
  };
  EXPECT_THAT(labels("{AWS/Lambda,FunctionName} MetricName=\"Errors\""),
              ElementsAre("order-mailer Errors", "order-processor Errors"));
  EXPECT_THAT(labels("{AWS/Lambda,FunctionName} Errors NOT mailer"), ElementsAre("order-processor Errors"));
  EXPECT_THAT(labels("{AWS/Lambda,FunctionName,Resource} Errors"), IsEmpty());
  EXPECT_THAT(labels("Namespace=\"AWS/Lambda\" FunctionName=mailer"),
              ElementsAre("order-mailer Errors", "order-mailer Invocations"));
  EXPECT_THAT(labels("FunctionName=(\"order-mailer\" OR \"x\") AND Invocations"),
              ElementsAre("order-mailer Invocations"));
  EXPECT_THAT(value("SUM(SEARCH('{AWS/Lambda,FunctionName} MetricName=\"Errors\"', 'Sum'))"), ElementsAre(3));
  EXPECT_FALSE(SearchExpression::parse("{AWS/Lambda"));
  EXPECT_FALSE(SearchExpression::parse("(a OR"));
}

// Recorded from AWS by LocalStack's tests (test_label_generation,
// test_get_metric_data_different_units_no_unit_in_query).
TEST(MetricQueries, LabelsAndUnitsAreAsRecorded) {
  MetricStore store;
  const auto query = [](std::string id, std::string stat, EpochSeconds period) {
    MetricQuery q;
    q.id = std::move(id);
    q.stat = MetricStat{
        .metric = {"N", "metric1"}, .period = period, .stat = stat, .statistic = *Statistic::parse(stat)};
    return q;
  };
  const auto labels = [&](std::vector<MetricQuery> queries) {
    QuerySet set;
    EXPECT_EQ(set.prepare(std::move(queries)), "");
    std::vector<std::string> all;
    for (const QueryResult& result : set.run(store, scope, start, start + 60))
      all.push_back(result.series.label);
    return all;
  };
  EXPECT_THAT(labels({query("a", "Sum", 60), query("b", "Minimum", 30)}),
              ElementsAre("metric1 Sum 60", "metric1 Minimum 30"));
  EXPECT_THAT(labels({query("a", "Sum", 60), query("b", "Minimum", 60)}),
              ElementsAre("metric1 Sum", "metric1 Minimum"));
  EXPECT_THAT(labels({query("a", "Sum", 60), query("b", "Sum", 30)}),
              ElementsAre("metric1 60", "metric1 30"));
  EXPECT_THAT(labels({query("a", "Sum", 60)}), ElementsAre("metric1"));

  const MetricId metric{"N", "metric1"};
  store.put(scope, metric, "Seconds", Width::Minute, {.at = start, .value = 60}, start);
  store.put(scope, metric, "Milliseconds", Width::Minute, {.at = start, .value = 60000}, start);
  QuerySet set;
  std::vector<MetricQuery> queries;
  queries.push_back(query("m1", "Sum", 60));
  ASSERT_EQ(set.prepare(std::move(queries)), "");
  const std::vector<QueryResult> results = set.run(store, scope, start, start + 60);
  ASSERT_EQ(results[0].series.points.size(), 1U);
  EXPECT_EQ(results[0].series.points[0].value, 60000);
  EXPECT_THAT(
      results[0].messages,
      ElementsAre(::testing::Pair("MultipleUnits", "Multiple units returned: '[Milliseconds, Seconds]'")));
}

}  // namespace
}  // namespace aviary::cloudwatch
