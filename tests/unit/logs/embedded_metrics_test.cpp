// The embedded metric format, by its specification:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
#include "services/logs/core/embedded_metrics.hpp"

#include "service_fixture.hpp"

namespace aviary::logs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EmbeddedMetrics : public ServiceFixture {
 protected:
  void SetUp() override { make("app", "one"); }

  Json document(Json directive) {
    return {{"_aws", {{"Timestamp", now()}, {"CloudWatchMetrics", Json::array({std::move(directive)})}}},
            {"Service", "checkout"},
            {"Region", "eu"},
            {"time", 100},
            {"sizes", {1, 2.5}},
            {"text", "no number"}};
  }
  static Json directive(Json metric) {
    return {{"Namespace", "Shop"},
            {"Dimensions", Json::array({Json::array({"Service"})})},
            {"Metrics", Json::array({std::move(metric)})}};
  }
  std::vector<RecordedMetrics::Sample> published(const std::string& text) {
    metrics_.samples.clear();
    put("app", "one", {text});
    return std::exchange(metrics_.samples, {});
  }
  RecordedMetrics::Sample fault(const char* name) {
    return {std::string("AWS/Logs/") + name + "{LogGroupName=app}", now(), 1, "Count"};
  }
};

TEST_F(EmbeddedMetrics, ArePublishedForEachSetOfDimensions) {
  Json both = directive({{"Name", "time"}, {"Unit", "Milliseconds"}});
  both["Dimensions"] = {{"Service"}, {"Service", "Region"}, Json::array()};
  EXPECT_THAT(published(document(both).dump()),
              ElementsAre(RecordedMetrics::Sample{"Shop/time{Service=checkout}", now(), 100, "Milliseconds"},
                          RecordedMetrics::Sample{"Shop/time{Service=checkout}{Region=eu}", now(), 100,
                                                  "Milliseconds"},
                          RecordedMetrics::Sample{"Shop/time", now(), 100, "Milliseconds"}));
}

TEST_F(EmbeddedMetrics, MayHaveManyValues) {
  EXPECT_THAT(published(document(directive({{"Name", "sizes"}})).dump()),
              ElementsAre(RecordedMetrics::Sample{"Shop/sizes{Service=checkout}", now(), 1, ""},
                          RecordedMetrics::Sample{"Shop/sizes{Service=checkout}", now(), 2.5, ""}));
}

TEST_F(EmbeddedMetrics, MayFollowWhatARuntimePutsInFront) {
  const std::string line =
      "2026-01-01T00:00:00.000Z\t8d7c\tINFO\t" + document(directive({{"Name", "time"}})).dump() + "\n";
  EXPECT_THAT(published(line),
              ElementsAre(RecordedMetrics::Sample{"Shop/time{Service=checkout}", now(), 100, ""}));
}

TEST_F(EmbeddedMetrics, TextLikeAnyOtherIsLeftAlone) {
  EXPECT_THAT(published(R"({"_aws": {"CloudWatchMetrics": [)"), IsEmpty());
  EXPECT_THAT(published(R"({"message": "\"_aws\" and \"CloudWatchMetrics\""})"), IsEmpty());
  EXPECT_THAT(published(R"("_aws" "CloudWatchMetrics")"), IsEmpty());
  EXPECT_THAT(published("START RequestId: 1"), IsEmpty());
}

TEST_F(EmbeddedMetrics, ThatAreWrongAreCounted) {
  Json nothing_there = directive({{"Name", "absent"}});
  EXPECT_THAT(published(document(nothing_there).dump()), ElementsAre(fault("EMFParsingErrors")));
  Json no_timestamp = document(directive({{"Name", "time"}}));
  no_timestamp["_aws"].erase("Timestamp");
  EXPECT_THAT(published(no_timestamp.dump()), ElementsAre(fault("EMFParsingErrors")));
  EXPECT_THAT(published(document(directive({{"Name", "text"}})).dump()),
              ElementsAre(fault("EMFValidationErrors")));
  EXPECT_THAT(published(document(directive({{"Name", "time"}, {"Unit", "Furlongs"}})).dump()),
              ElementsAre(fault("EMFValidationErrors")));
  EXPECT_THAT(published(document(directive({{"Name", "time"}, {"StorageResolution", 5}})).dump()),
              ElementsAre(fault("EMFValidationErrors")));
}

TEST_F(EmbeddedMetrics, AreAllOrNothing) {
  Json one_wrong = directive({{"Name", "time"}});
  one_wrong["Metrics"].push_back({{"Name", "text"}});
  EXPECT_THAT(published(document(one_wrong).dump()), ElementsAre(fault("EMFValidationErrors")));
}

}  // namespace
}  // namespace aviary::logs
