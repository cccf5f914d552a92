#include <gmock/gmock.h>

#include "service_fixture.hpp"

namespace aviary::cloudwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AlarmService : public CloudWatch {
 protected:
  std::vector<std::string> history(const std::string& name = "errors") {
    std::vector<std::string> summaries;
    const Json answer = ok("DescribeAlarmHistory", {{"AlarmName", name}, {"ScanBy", "TimestampAscending"}});
    for (const Json& item : answer["AlarmHistoryItems"]) summaries.push_back(item.at("HistorySummary"));
    return summaries;
  }
};

// More than 5 errors in 60 s over 2 periods: the alarm of the article that Aviary was founded on.
TEST_F(AlarmService, FollowErrorsIntoAlarmAndBack) {
  ok("PutMetricAlarm", alarm());
  EXPECT_EQ(state(), "INSUFFICIENT_DATA");
  EXPECT_EQ(reason(), "Unchecked: Initial alarm creation");
  put(0);
  advance(60);
  put(0);
  advance(59);
  EXPECT_EQ(state(), "OK");
  for (int minute = 0; minute < 2; ++minute) {
    advance(1);
    for (int i = 0; i < 6; ++i) put(1);
    advance(59);
    EXPECT_EQ(state(), "OK") << "two whole minutes must have breached";
  }
  EXPECT_THAT(actions.performed, SizeIs(1)) << "INSUFFICIENT_DATA to OK";
  actions.performed.clear();
  advance(1);  // 10:34:00
  EXPECT_EQ(state(), "ALARM");
  EXPECT_EQ(reason(),
            "Threshold Crossed: 2 datapoints [6.0 (15/01/24 10:33:00), 6.0 (15/01/24 10:32:00)] were greater "
            "than the "
            "threshold (5.0).");
  ASSERT_THAT(actions.performed, SizeIs(1));
  EXPECT_EQ(actions.performed[0].target, "arn:aws:sns:eu-west-1:123456789012:pager");
  EXPECT_EQ(actions.performed[0].subject, "ALARM: \"errors\" in EU (Ireland)");
  put(1);
  advance(60);
  EXPECT_EQ(state(), "OK");
  ASSERT_THAT(actions.performed, SizeIs(2));
  EXPECT_EQ(actions.performed[1].event["alarmData"]["state"]["value"], "OK");
  EXPECT_THAT(
      history(),
      ElementsAre("Alarm \"errors\" created", "Alarm updated from INSUFFICIENT_DATA to OK",
                  "Successfully executed action arn:aws:lambda:eu-west-1:123456789012:function:calm:prod",
                  "Alarm updated from OK to ALARM",
                  "Successfully executed action arn:aws:sns:eu-west-1:123456789012:pager",
                  "Alarm updated from ALARM to OK",
                  "Successfully executed action arn:aws:lambda:eu-west-1:123456789012:function:calm:prod"));
}

TEST_F(AlarmService, AreEvaluatedEveryMinuteOverPeriodsThatEndThen) {
  ok("PutMetricAlarm", alarm({{"Period", 300}, {"EvaluationPeriods", 1}}));
  advance(60);
  put(6);
  advance(60);  // the period from 10:27 to 10:32 has the six
  EXPECT_EQ(state(), "ALARM");
  EXPECT_THAT(reason(), HasSubstr("[6.0 (15/01/24 10:27:00)]"));
  put(0);
  advance(240);
  EXPECT_EQ(state(), "ALARM");
  advance(60);  // from 10:32 on there is only the nought
  EXPECT_EQ(state(), "OK");
}

TEST_F(AlarmService, OfTenSecondsSeeHighResolutionData) {
  ok("PutMetricAlarm", alarm({{"Period", 10}, {"EvaluationPeriods", 1}}));
  advance(2);
  ok("PutMetricData", {{"Namespace", "Shop"},
                       {"MetricData", {{{"MetricName", "Errors"}, {"Value", 9}, {"StorageResolution", 1}}}}});
  advance(7);
  EXPECT_EQ(state(), "INSUFFICIENT_DATA");
  advance(1);
  EXPECT_EQ(state(), "ALARM");
}

TEST_F(AlarmService, AreDecidedAgainByDataThatComesLate) {
  ok("PutMetricAlarm", alarm({{"TreatMissingData", "notBreaching"}}));
  advance(180);
  EXPECT_EQ(state(), "OK");
  advance(10);
  put(7, 70);  // 10:32
  EXPECT_EQ(state(), "OK");
  put(7, 130);  // 10:31
  EXPECT_EQ(state(), "ALARM") << "at once, not at the next minute";
}

TEST_F(AlarmService, ThatIgnoreMissingDataReplayWhatLateDataChanges) {
  ok("PutMetricAlarm", alarm({{"TreatMissingData", "ignore"}, {"EvaluationPeriods", 1}}));
  advance(60);
  put(0);
  advance(60);
  EXPECT_EQ(state(), "OK");
  advance(5 * 60);
  EXPECT_EQ(state(), "OK");
  // A breach in a minute of which nothing was known: had it come in time, the alarm would have kept it.
  put(9, 2 * 60);
  EXPECT_EQ(state(), "ALARM");
  advance(10 * 60);
  EXPECT_EQ(state(), "ALARM");
}

TEST_F(AlarmService, CanBeSetByHandUntilTheNextEvaluation) {
  ok("PutMetricAlarm", alarm());
  put(0);
  advance(60);
  EXPECT_EQ(state(), "OK");
  ok("SetAlarmState", {{"AlarmName", "errors"},
                       {"StateValue", "ALARM"},
                       {"StateReason", "testing"},
                       {"StateReasonData", "{\"a\":1}"}});
  EXPECT_EQ(state(), "ALARM");
  EXPECT_EQ(reason(), "testing");
  EXPECT_THAT(actions.performed, SizeIs(2));
  advance(60);
  EXPECT_EQ(state(), "OK");
  EXPECT_EQ(
      error("SetAlarmState",
            {{"AlarmName", "errors"}, {"StateValue", "OK"}, {"StateReason", ""}, {"StateReasonData", "{"}})
          .first,
      "InvalidFormat");
  EXPECT_EQ(
      error("SetAlarmState", {{"AlarmName", "nobody"}, {"StateValue", "OK"}, {"StateReason", ""}}).first,
      "ResourceNotFound");
}

TEST_F(AlarmService, DoNothingWhileTheirActionsAreDisabled) {
  ok("PutMetricAlarm", alarm());
  ok("DisableAlarmActions", {{"AlarmNames", {"errors"}}});
  ok("SetAlarmState", {{"AlarmName", "errors"}, {"StateValue", "ALARM"}, {"StateReason", "x"}});
  EXPECT_THAT(actions.performed, IsEmpty());
  EXPECT_FALSE(ok("DescribeAlarms", {})["MetricAlarms"][0]["ActionsEnabled"]);
  ok("EnableAlarmActions", {{"AlarmNames", {"errors"}}});
  ok("SetAlarmState", {{"AlarmName", "errors"}, {"StateValue", "OK"}, {"StateReason", "x"}});
  EXPECT_THAT(actions.performed, SizeIs(1));
}

TEST_F(AlarmService, WriteDownActionsThatFail) {
  ok("PutMetricAlarm", alarm({{"AlarmActions", {"arn:aws:sns:eu-west-1:123456789012:broken"}}}));
  ok("SetAlarmState", {{"AlarmName", "errors"}, {"StateValue", "ALARM"}, {"StateReason", "x"}});
  EXPECT_EQ(history().back(),
            "Failed to execute action arn:aws:sns:eu-west-1:123456789012:broken. Received error: \"Topic "
            "does not exist\"");
}

// What a topic gets, as LocalStack recorded it at AWS (test_put_metric_alarm, alarm-triggered-sqs-msg).
TEST_F(AlarmService, TellTopicsWhatAwsTellsThem) {
  ok("PutMetricAlarm", alarm({{"AlarmDescription", "testing"},
                              {"Unit", "Seconds"},
                              {"TreatMissingData", "ignore"},
                              {"Dimensions", {{{"Name", "InstanceId"}, {"Value", "abc"}}}}}));
  ok("SetAlarmState", {{"AlarmName", "errors"}, {"StateValue", "ALARM"}, {"StateReason", "testing alarm"}});
  const Json message = Json::parse(actions.performed.at(0).message);
  const Json wanted = Json::parse(R"json({
    "AWSAccountId": "123456789012", "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:pager"],
    "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:errors",
    "AlarmConfigurationUpdatedTimestamp": "2024-01-15T10:30:00.000+0000", "AlarmDescription": "testing",
    "AlarmName": "errors", "InsufficientDataActions": [], "NewStateReason": "testing alarm", "NewStateValue": "ALARM",
    "OKActions": ["arn:aws:lambda:eu-west-1:123456789012:function:calm:prod"],
    "OldStateValue": "INSUFFICIENT_DATA", "Region": "EU (Ireland)", "StateChangeTime": "2024-01-15T10:30:00.000+0000",
    "Trigger": {
    "ComparisonOperator" : "GreaterThanThreshold",
                           "Dimensions" : [ {"name" : "InstanceId", "value" : "abc"} ],
                                          "EvaluateLowSampleCountPercentile" : "",
                                                                               "EvaluationPeriods" : 2,
                                                                               "MetricName" : "Errors",
                                                                                              "Namespace"
        : "Shop",
          "Period" : 60,
          "Statistic" : "SUM",
                        "StatisticType" : "Statistic",
                                          "Threshold" : 5.0,
                                          "TreatMissingData" : "ignore",
                                                               "Unit" : "Seconds"}
})json");
  EXPECT_EQ(message, wanted) << message.dump(1);
}

// What a function gets (test_alarm_lambda_target).
TEST_F(AlarmService, TellFunctionsWhatAwsTellsThem) {
  ok("PutMetricAlarm", alarm({{"AlarmDescription", "d"}}));
  ok("SetAlarmState", {{"AlarmName", "errors"}, {"StateValue", "ALARM"}, {"StateReason", "testing alarm"}});
  const Json wanted = Json::parse(R"json({
    "source": "aws.cloudwatch", "alarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:errors",
    "accountId": "123456789012", "time": "2024-01-15T10:30:00.000+0000", "region": "eu-west-1",
    "alarmData": {"alarmName": "errors",
      "state": {"value": "ALARM", "reason": "testing alarm", "timestamp": "2024-01-15T10:30:00.000+0000"},
      "previousState": {"value": "INSUFFICIENT_DATA", "reason": "Unchecked: Initial alarm creation",
                        "timestamp": "2024-01-15T10:30:00.000+0000"},
      "configuration": {"description": "d", "metrics": [{"id": "m1", "returnData": true, "metricStat":
        {"metric": {"namespace": "Shop", "name": "Errors", "dimensions": {}}, "period": 60, "stat": "Sum"}}]}}})json");
  EXPECT_EQ(actions.performed.at(0).event, wanted) << actions.performed.at(0).event.dump(1);
}

TEST_F(AlarmService, OnMathWatchARate) {
  const auto stat = [](const char* name) {
    return Json{{"Metric", {{"Namespace", "Shop"}, {"MetricName", name}}}, {"Period", 60}, {"Stat", "Sum"}};
  };
  const Json settings{{"AlarmName", "rate"},
                      {"EvaluationPeriods", 1},
                      {"Threshold", 10},
                      {"ComparisonOperator", "GreaterThanThreshold"},
                      {"TreatMissingData", "notBreaching"},
                      {"Metrics",
                       {{{"Id", "e"}, {"MetricStat", stat("Errors")}, {"ReturnData", false}},
                        {{"Id", "n"}, {"MetricStat", stat("Requests")}, {"ReturnData", false}},
                        {{"Id", "rate"}, {"Expression", "IF(n > 0, 100 * e / n, 0)"}}}}};
  ok("PutMetricAlarm", settings);
  for (int i = 0; i < 9; ++i)
    ok("PutMetricData",
       {{"Namespace", "Shop"}, {"MetricData", {{{"MetricName", "Requests"}, {"Value", 1}}}}});
  put(1);
  advance(60);
  EXPECT_EQ(state("rate"), "ALARM");
  EXPECT_THAT(reason("rate"),
              HasSubstr("1 datapoint [11.11111111111111 (15/01/24 10:30:00)] was greater than"));
  advance(60 * 5);
  EXPECT_EQ(state("rate"), "OK");
  Json two = settings;
  two["Metrics"][0]["ReturnData"] = true;
  EXPECT_EQ(error("PutMetricAlarm", two),
            std::pair(std::string("ValidationError"),
                      std::string("Exactly one element of the metrics list should return data.")));
  EXPECT_FALSE(ok("DescribeAlarms", {{"AlarmNames", {"rate"}}})["MetricAlarms"][0]["Metrics"].empty());
}

TEST_F(AlarmService, CombineOthers) {
  ok("PutMetricAlarm", alarm());
  ok("PutMetricAlarm", alarm({{"AlarmName", "latency"}, {"MetricName", "Latency"}}));
  ok("PutCompositeAlarm",
     {{"AlarmName", "both"},
      {"AlarmRule", "ALARM(\"errors\") AND NOT OK(arn:aws:cloudwatch:eu-west-1:123456789012:alarm:latency)"},
      {"AlarmActions", {"arn:aws:sns:eu-west-1:123456789012:pager"}}});
  EXPECT_EQ(state("both"), "OK");
  EXPECT_EQ(
      reason("both"),
      "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:both was created and its alarm rule evaluates to OK");
  ok("SetAlarmState", {{"AlarmName", "errors"}, {"StateValue", "ALARM"}, {"StateReason", "x"}});
  EXPECT_EQ(state("both"), "ALARM");
  EXPECT_EQ(reason("both"),
            "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:errors transitioned to ALARM at Monday 15 "
            "January, 2024 10:30:00 UTC");
  EXPECT_THAT(actions.performed, SizeIs(2));
  ok("SetAlarmState", {{"AlarmName", "latency"}, {"StateValue", "OK"}, {"StateReason", "x"}});
  EXPECT_EQ(state("both"), "OK");
  EXPECT_EQ(
      error("PutCompositeAlarm", {{"AlarmName", "c"}, {"AlarmRule", "ALARM(gone) OR ALARM(errors)"}}).second,
      "Could not save the composite alarm as alarms [gone] in the alarm rule do not exist");
  EXPECT_EQ(error("PutCompositeAlarm", {{"AlarmName", "c"}, {"AlarmRule", "ALARM(errors) AND"}}).first,
            "ValidationError");
  EXPECT_THAT(ok("DescribeAlarms", {{"ChildrenOfAlarmName", "both"}})["MetricAlarms"], SizeIs(2));
  EXPECT_THAT(ok("DescribeAlarms", {{"ParentsOfAlarmName", "errors"}})["CompositeAlarms"], SizeIs(1));
}

TEST_F(AlarmService, HoldTheirActionsBackWhileSuppressed) {
  ok("PutMetricAlarm", alarm({{"AlarmActions", Json::array()}, {"OKActions", Json::array()}}));
  ok("PutMetricAlarm", alarm({{"AlarmName", "maintenance"},
                              {"MetricName", "Other"},
                              {"AlarmActions", Json::array()},
                              {"OKActions", Json::array()}}));
  ok("PutCompositeAlarm", {{"AlarmName", "page"},
                           {"AlarmRule", "ALARM(errors)"},
                           {"AlarmActions", {"arn:aws:sns:eu-west-1:123456789012:pager"}},
                           {"ActionsSuppressor", "maintenance"},
                           {"ActionsSuppressorWaitPeriod", 30},
                           {"ActionsSuppressorExtensionPeriod", 20}});
  const auto set = [this](const char* name, const char* value) {
    ok("SetAlarmState", {{"AlarmName", name}, {"StateValue", value}, {"StateReason", "x"}});
  };
  set("errors", "ALARM");
  EXPECT_EQ(state("page"), "ALARM");
  EXPECT_THAT(actions.performed, IsEmpty()) << "it waits for its suppressor";
  advance(30);
  EXPECT_THAT(actions.performed, SizeIs(1));
  set("errors", "OK");
  actions.performed.clear();
  advance(100);
  actions.performed.clear();
  set("maintenance", "ALARM");
  set("errors", "ALARM");
  EXPECT_EQ(
      ok("DescribeAlarms", {{"AlarmTypes", {"CompositeAlarm"}}})["CompositeAlarms"][0]["ActionsSuppressedBy"],
      "Alarm");
  set("maintenance", "OK");
  EXPECT_THAT(actions.performed, IsEmpty());
  advance(19);
  EXPECT_THAT(actions.performed, IsEmpty());
  advance(1);
  EXPECT_THAT(actions.performed, SizeIs(1));
}

TEST_F(AlarmService, LastOverARestart) {
  ok("PutMetricAlarm", alarm({{"Tags", {{{"Key", "team"}, {"Value", "shop"}}}}}));
  ok("PutCompositeAlarm", {{"AlarmName", "both"}, {"AlarmRule", "ALARM(errors)"}});
  ok("SetAlarmState", {{"AlarmName", "errors"}, {"StateValue", "ALARM"}, {"StateReason", "x"}});
  const Json before = ok("DescribeAlarms", {{"AlarmTypes", {"MetricAlarm", "CompositeAlarm"}}});
  const std::vector<std::string> told = history();
  start();
  EXPECT_EQ(ok("DescribeAlarms", {{"AlarmTypes", {"MetricAlarm", "CompositeAlarm"}}}), before);
  EXPECT_EQ(history(), told);
  EXPECT_EQ(state("both"), "ALARM");
  EXPECT_EQ(ok("ListTagsForResource", {{"ResourceARN", before["MetricAlarms"][0]["AlarmArn"]}})["Tags"],
            Json::parse(R"([{"Key":"team","Value":"shop"}])"));
  put(0);
  advance(60);
  EXPECT_EQ(state(), "OK") << "they are evaluated again";
  EXPECT_EQ(state("both"), "OK");
}

TEST_F(AlarmService, CanBeWatched) {
  std::vector<std::string> seen;
  const auto token = service->alarms().subscribe([&seen](const AlarmEvent& event) {
    seen.push_back(event.name + " " + std::string(name_of(event.to)));
  });
  EXPECT_FALSE(service->alarms().state_of(scope, "errors"));
  ok("PutMetricAlarm", alarm());
  ok("SetAlarmState", {{"AlarmName", "errors"}, {"StateValue", "ALARM"}, {"StateReason", "x"}});
  ok("SetAlarmState", {{"AlarmName", "errors"}, {"StateValue", "ALARM"}, {"StateReason", "y"}});
  service->alarms().unsubscribe(token);
  ok("SetAlarmState", {{"AlarmName", "errors"}, {"StateValue", "OK"}, {"StateReason", "x"}});
  EXPECT_THAT(seen, ElementsAre("errors ALARM"));
  EXPECT_EQ(clock.timers(), 1U) << "one timer for all alarms";
  ok("DeleteAlarms", {{"AlarmNames", {"errors"}}});
  advance(120);
  EXPECT_EQ(clock.timers(), 0U) << "and none without";
  EXPECT_THAT(history().back(), "Alarm \"errors\" deleted");
}

TEST_F(AlarmService, AreListedInPages) {
  for (int i = 0; i < 25; ++i)
    ok("PutMetricAlarm", alarm({{"AlarmName", "alarm-" + std::to_string(100 + i)}}));
  std::vector<std::string> names;
  Json input{{"MaxRecords", 10}, {"AlarmNamePrefix", "alarm-"}};
  for (;;) {
    const Json page = ok("DescribeAlarms", input);
    for (const Json& one : page["MetricAlarms"]) names.push_back(one["AlarmName"]);
    if (!page.contains("NextToken")) break;
    input["NextToken"] = page["NextToken"];
  }
  EXPECT_THAT(names, SizeIs(25));
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_EQ(error("DescribeAlarms", {{"NextToken", "nonsense"}}).first, "InvalidNextToken");
  EXPECT_EQ(error("DeleteAlarms", {{"AlarmNames", {"alarm-100", "nobody"}}}).first, "ResourceNotFound");
  EXPECT_THAT(ok("DescribeAlarms", {})["MetricAlarms"], SizeIs(25)) << "all or none";
  EXPECT_THAT(ok("DescribeAlarms", {{"ActionPrefix", "arn:aws:sns"}})["MetricAlarms"], SizeIs(25));
  EXPECT_THAT(ok("DescribeAlarms", {{"StateValue", "OK"}})["MetricAlarms"], IsEmpty());
}

}  // namespace
}  // namespace aviary::cloudwatch
