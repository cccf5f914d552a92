#include <gmock/gmock.h>
#include <malloc.h>

#include "service_fixture.hpp"

namespace aviary::cloudwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Metrics = CloudWatch;

Json datum(Json change) {
  Json one{{"MetricName", "Latency"}};
  one.merge_patch(change);
  return {{"Namespace", "Shop"}, {"MetricData", {one}}};
}

// test_put_metric_data_values_list, recorded at AWS by LocalStack.
TEST_F(Metrics, TakeValuesWithCounts) {
  ok("PutMetricData", datum({{"Values", {1.0, 10.0}}, {"Counts", {2, 4}}, {"Unit", "Count"}}));
  const Json answer = ok("GetMetricStatistics", {{"Namespace", "Shop"},
                                                 {"MetricName", "Latency"},
                                                 {"StartTime", now() - 60},
                                                 {"EndTime", now() + 60},
                                                 {"Period", 60},
                                                 {"Statistics", {"SampleCount", "Sum", "Maximum"}}});
  EXPECT_EQ(answer, (Json{{"Label", "Latency"},
                          {"Datapoints",
                           {{{"Maximum", 10.0},
                             {"SampleCount", 6.0},
                             {"Sum", 42.0},
                             {"Timestamp", now()},
                             {"Unit", "Count"}}}}}));
}

TEST_F(Metrics, AnswerOneDatapointForEachUnit) {
  ok("PutMetricData", datum({{"Value", 10}}));
  ok("PutMetricData", datum({{"Value", 5}, {"Unit", "Count"}}));
  const auto datapoints = [this](Json change) {
    Json input{
        {"Namespace", "Shop"}, {"MetricName", "Latency"},  {"StartTime", now() - 60}, {"EndTime", now() + 60},
        {"Period", 60},        {"Statistics", {"Average"}}};
    input.merge_patch(change);
    return ok("GetMetricStatistics", input)["Datapoints"];
  };
  EXPECT_THAT(datapoints(Json::object()), SizeIs(2));
  EXPECT_THAT(datapoints({{"Unit", "Count"}}), SizeIs(1));
  EXPECT_THAT(datapoints({{"Unit", "Bytes"}}), IsEmpty());
}

TEST_F(Metrics, TellPercentiles) {
  for (int i = 1; i <= 100; ++i) ok("PutMetricData", datum({{"Value", i}}));
  const Json point =
      ok("GetMetricStatistics",
         {{"Namespace", "Shop"},
          {"MetricName", "Latency"},
          {"StartTime", now() - 60},
          {"EndTime", now() + 60},
          {"Period", 60},
          {"ExtendedStatistics", {"p50", "tm99", "p100"}}})["Datapoints"][0]["ExtendedStatistics"];
  EXPECT_NEAR(point["p50"].get<double>(), 50, 0.5);
  EXPECT_NEAR(point["tm99"].get<double>(), 50, 0.5);
  EXPECT_EQ(point["p100"], 100);
}

TEST_F(Metrics, RefuseWhatAwsRefuses) {
  const std::string where = "MetricData.member.1";
  // test_invalid_dashboard_name and test_put_metric_data_validation, recorded at AWS by LocalStack.
  EXPECT_EQ(error("PutMetricData", datum({{"Value", 1}, {"Values", {1}}})),
            std::pair(std::string("InvalidParameterCombination"),
                      "The parameters " + where + ".Value and " + where +
                          ".Values are mutually exclusive and you have specified both."));
  EXPECT_EQ(error("PutMetricData", datum({{"Values", {1, 2}}, {"Counts", {1}}})),
            std::pair(std::string("InvalidParameterValue"), "The parameters " + where + ".Values and " +
                                                                where + ".Counts must be of the same size."));
  EXPECT_EQ(error("PutMetricData", datum({{"Value", 1e200}})).first, "InvalidParameterValue");
  EXPECT_EQ(error("PutMetricData", datum(Json::object())).first, "MissingParameter");
  EXPECT_EQ(error("PutMetricData", datum({{"Value", 1}, {"Timestamp", now() + 3 * 3600}})).first,
            "InvalidParameterValue");
  EXPECT_EQ(error("PutMetricData", datum({{"Value", 1}, {"Timestamp", now() - 15 * 86400}})).first,
            "InvalidParameterValue");
  EXPECT_EQ(error("PutMetricData", datum({{"Value", 1}, {"StorageResolution", 5}})).first,
            "InvalidParameterValue");
  EXPECT_EQ(service->metrics().size(), 0U) << "what is refused leaves no trace";
  const Json get{{"Namespace", "Shop"},  {"MetricName", "M"}, {"StartTime", 0},
                 {"EndTime", 86400 * 2}, {"Period", 60},      {"Statistics", {"Sum"}}};
  EXPECT_EQ(
      error("GetMetricStatistics", get),
      std::pair(
          std::string("InvalidParameterCombination"),
          std::string(
              "You have requested up to 2880 datapoints, which exceeds the limit of 1440. You may reduce the "
              "datapoints requested by increasing Period, or decreasing the time range.")));
  Json wrong = get;
  wrong["StartTime"] = 86400 * 3;
  EXPECT_EQ(error("GetMetricStatistics", wrong).second,
            "The parameter StartTime must be less than the parameter EndTime.");
  EXPECT_EQ(error("GetMetricStream", {{"Name", "s"}}).first, "NotImplemented");
}

TEST_F(Metrics, AreListedByNamespaceNameAndDimensions) {
  for (int i = 0; i < 600; ++i)
    ok("PutMetricData",
       datum({{"Value", 1},
              {"Dimensions",
               {{{"Name", "Host"}, {"Value", std::to_string(i)}}, {{"Name", "Az"}, {"Value", "a"}}}}}));
  ok("PutMetricData", {{"Namespace", "Shop2"}, {"MetricData", {{{"MetricName", "Latency"}, {"Value", 1}}}}});
  const Json first = ok("ListMetrics", {{"Namespace", "Shop"}});
  EXPECT_THAT(first["Metrics"], SizeIs(500));
  EXPECT_EQ(first["Metrics"][0]["Dimensions"][0]["Name"], "Az");
  const Json second = ok("ListMetrics", {{"Namespace", "Shop"}, {"NextToken", first["NextToken"]}});
  EXPECT_THAT(second["Metrics"], SizeIs(100));
  EXPECT_FALSE(second.contains("NextToken"));
  EXPECT_THAT(ok("ListMetrics", {{"Dimensions", {{{"Name", "Host"}, {"Value", "17"}}}}})["Metrics"],
              SizeIs(1));
  EXPECT_THAT(ok("ListMetrics", {{"Namespace", "Shop2"}})["Metrics"], SizeIs(1));
  EXPECT_THAT(ok("ListMetrics", {{"MetricName", "Nothing"}})["Metrics"], IsEmpty());
  advance(4 * 3600);
  EXPECT_THAT(ok("ListMetrics", {{"RecentlyActive", "PT3H"}})["Metrics"], IsEmpty());
}

TEST_F(Metrics, DataComesNewestFirstAndInPages) {
  for (int i = 0; i < 5; ++i) {
    ok("PutMetricData", datum({{"Value", i}}));
    advance(60);
  }
  const Json queries = {
      {{"Id", "m1"},
       {"MetricStat",
        {{"Metric", {{"Namespace", "Shop"}, {"MetricName", "Latency"}}}, {"Period", 60}, {"Stat", "Sum"}}}},
      {{"Id", "e1"}, {"Expression", "m1 * 2"}, {"Label", "double"}}};
  Json input{{"MetricDataQueries", queries}, {"StartTime", now() - 300}, {"EndTime", now()}};
  Json answer = ok("GetMetricData", input);
  EXPECT_EQ(answer["MetricDataResults"][0]["Values"], (Json{4.0, 3.0, 2.0, 1.0, 0.0}));
  EXPECT_EQ(answer["MetricDataResults"][0]["Timestamps"][0], now() - 60);
  EXPECT_EQ(answer["MetricDataResults"][1]["Values"], (Json{8.0, 6.0, 4.0, 2.0, 0.0}));
  EXPECT_EQ(answer["MetricDataResults"][1]["Label"], "double");
  EXPECT_EQ(answer["MetricDataResults"][1]["StatusCode"], "Complete");
  input["ScanBy"] = "TimestampAscending";
  input["MaxDatapoints"] = 4;
  std::vector<double> all;
  int pages = 0;
  for (;; ++pages) {
    answer = ok("GetMetricData", input);
    for (const Json& result : answer["MetricDataResults"])
      for (const Json& value : result["Values"]) all.push_back(value);
    if (!answer.contains("NextToken")) break;
    input["NextToken"] = answer["NextToken"];
  }
  EXPECT_EQ(pages, 2);
  EXPECT_THAT(all, ElementsAre(0, 1, 2, 3, 4, 0, 2, 4, 6, 8));
  EXPECT_EQ(
      error("GetMetricData",
            {{"MetricDataQueries", {{{"Id", "M1"}, {"Expression", "1"}}}}, {"StartTime", 0}, {"EndTime", 60}})
          .first,
      "ValidationError");
}

TEST_F(Metrics, HighResolutionIsKept) {
  for (int i = 0; i < 20; ++i) {
    ok("PutMetricData", datum({{"Value", 1}, {"StorageResolution", 1}}));
    advance(1);
  }
  const auto sums = [this](int period) {
    std::vector<double> all;
    const Json answer = ok("GetMetricStatistics", {{"Namespace", "Shop"},
                                                   {"MetricName", "Latency"},
                                                   {"StartTime", now() - 20},
                                                   {"EndTime", now()},
                                                   {"Period", period},
                                                   {"Statistics", {"Sum"}}});
    for (const Json& point : answer["Datapoints"]) all.push_back(point["Sum"]);
    return all;
  };
  EXPECT_THAT(sums(1), SizeIs(20));
  EXPECT_THAT(sums(5), ElementsAre(5, 5, 5, 5));
  EXPECT_THAT(sums(60), ElementsAre(20));
}

TEST_F(Metrics, DashboardsAreKept) {
  const std::string body = R"({"widgets":[{"type":"text"}]})";
  ok("PutDashboard", {{"DashboardName", "shop"}, {"DashboardBody", body}});
  start();
  EXPECT_EQ(ok("GetDashboard", {{"DashboardName", "shop"}}),
            (Json{{"DashboardArn", "arn:aws:cloudwatch::123456789012:dashboard/shop"},
                  {"DashboardBody", body},
                  {"DashboardName", "shop"}}));
  EXPECT_EQ(ok("ListDashboards", {{"DashboardNamePrefix", "sh"}})["DashboardEntries"][0]["Size"],
            body.size());
  EXPECT_THAT(ok("ListDashboards", {{"DashboardNamePrefix", "no"}})["DashboardEntries"], IsEmpty());
  ok("DeleteDashboards", {{"DashboardNames", {"shop"}}});
  EXPECT_EQ(error("GetDashboard", {{"DashboardName", "shop"}}),
            std::pair(std::string("ResourceNotFound"), std::string("Dashboard shop does not exist")));
  EXPECT_EQ(error("PutDashboard", {{"DashboardName", "a b"}, {"DashboardBody", body}}).first,
            "InvalidParameterInput");
  EXPECT_EQ(error("PutDashboard", {{"DashboardName", "ab"}, {"DashboardBody", "nonsense"}}).first,
            "InvalidParameterInput");
}

TEST_F(Metrics, AreForgottenByAReset) {
  ok("PutMetricAlarm", alarm());
  put(1);
  service->reset();
  journal.clear();
  EXPECT_EQ(service->counts(), (Json{{"metrics", 0}, {"metric_bytes", 0}, {"alarms", 0}}));
  EXPECT_EQ(clock.timers(), 0U);
}

// A thousand functions in Lambda's dimension sets and metrics, and a tenth of the memory that ten thousand
// may take (tests/bench/cloudwatch.bench.cpp has all of them).
TEST(MetricStore, HoldsADayOfManyFunctionsWithinItsBudget) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "measures memory";
#endif
  const auto in_use = [] { return mallinfo2().uordblks + mallinfo2().hblkhd; };
  const std::size_t before = in_use();
  MetricStore store(MetricStore::Options{.budget = 16U << 20U, .retention = {}});
  const Scope scope{"123456789012", "eu-west-1"};
  std::vector<MetricStore::Handle> counters;
  std::vector<MetricStore::Handle> durations;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "order-processor-" + std::to_string(i);
    const std::vector<std::vector<std::pair<std::string, std::string>>> sets = {
        {{"FunctionName", name}},
        {{"FunctionName", name}, {"Resource", name + ":prod"}},
        {{"ExecutedVersion", "6"}, {"FunctionName", name}, {"Resource", name + ":prod"}}};
    for (const auto& dimensions : sets) {
      for (const char* metric : {"Invocations", "Errors", "Throttles"})
        counters.push_back(store.resolve(scope, {"AWS/Lambda", metric, dimensions}, "Count"));
      durations.push_back(store.resolve(scope, {"AWS/Lambda", "Duration", dimensions}, "Milliseconds"));
    }
  }
  std::uint64_t noise = 1;
  const EpochSeconds start = 1'700'006'400;
  for (int minute = 0; minute < 1440; minute += 3) {
    const EpochSeconds now = start + minute * 60;
    for (std::size_t i = 0; i < counters.size(); ++i) store.record(counters[i], now, i % 3 == 0 ? 1 : 0);
    for (const MetricStore::Handle handle : durations) {
      noise = noise * 6364136223846793005ULL + 1442695040888963407ULL;
      store.record(handle, now, static_cast<double>(noise >> 48) / 100);
    }
  }
  EXPECT_LT(in_use() - before, 20U << 20U);
  EXPECT_LT(store.bytes(), 17U << 20U);
  // The last quarter of an hour is there minute by minute, the day in sum.
  double last = 0;
  double day = 0;
  const MetricId metric{"AWS/Lambda", "Invocations", {{"FunctionName", "order-processor-17"}}};
  store.find(scope, metric)->units.front()->series.read(0, start + 86400, false, [&](const Bucket& bucket) {
    day += bucket.samples.sum();
    if (bucket.start >= start + 86400 - 900) last += bucket.width == Width::Minute ? 1 : 0;
  });
  EXPECT_EQ(last, 5);
  EXPECT_EQ(day, 480);
}

}  // namespace
}  // namespace aviary::cloudwatch
