#include <fmt/format.h>

#include "service_fixture.hpp"

// Texts of refusals: tests/aws/services/logs/*.snapshot.json of LocalStack, recorded from AWS in 2026.
namespace aviary::logs {
namespace {

using ::testing::ElementsAre;

class LogEvents : public ServiceFixture {
 protected:
  Json get(Json more = Json::object()) {
    more["logGroupName"] = "g";
    more["logStreamName"] = "s";
    return answer("GetLogEvents", std::move(more));
  }
  std::vector<std::string> filter(Json more = Json::object()) {
    more["logGroupName"] = "g";
    std::vector<std::string> all;
    for (;;) {
      const Json page = answer("FilterLogEvents", more);
      EXPECT_EQ(page["searchedLogStreams"], Json::array());
      for (std::string& text : column(page["events"], "message")) all.push_back(std::move(text));
      if (!page.contains("nextToken")) return all;
      more["nextToken"] = page["nextToken"];
    }
  }
  Json put_at(std::vector<Millis> times, const std::string& message = "m") {
    Json events = Json::array();
    for (const Millis at : times) events.push_back({{"timestamp", at}, {"message", message}});
    return {{"logGroupName", "g"}, {"logStreamName", "s"}, {"logEvents", std::move(events)}};
  }
};

TEST_F(LogEvents, ArePutInOrder) {
  EXPECT_EQ(refusal("PutLogEvents", put_at({now()})), no_group);
  answer("CreateLogGroup", {{"logGroupName", "g"}});
  EXPECT_EQ(refusal("PutLogEvents", put_at({now()})), no_stream);
  make("g", "s");
  EXPECT_EQ(refusal("PutLogEvents", put_at({now(), now() - 1})),
            (Refusal{"InvalidParameterException",
                     "Log events in a single PutLogEvents request must be in chronological order."}));
  const Json reply = answer("PutLogEvents", put_at({now() - 1, now(), now()}));
  EXPECT_EQ(reply["nextSequenceToken"].get<std::string>().size(), 56U);
  EXPECT_FALSE(reply.contains("rejectedLogEventsInfo"));
  // Any token does, also a wrong one.
  Json again = put_at({now() - 100});
  again["sequenceToken"] = "nonsense";
  answer("PutLogEvents", again);
  EXPECT_EQ(get()["events"].size(), 4U);
  EXPECT_EQ(get()["events"][0]["timestamp"], now() - 100);
}

TEST_F(LogEvents, TooOldAndTooNewOnesAreLeftOut) {
  make("g", "s");
  const Millis hour = 3'600'000;
  EXPECT_EQ(answer("PutLogEvents", put_at({now() - 15 * day, now() - 14 * day - 1, now() - 1, now() + hour,
                                           now() + 3 * hour}))["rejectedLogEventsInfo"],
            (Json{{"tooOldLogEventEndIndex", 2}, {"tooNewLogEventStartIndex", 4}}));
  EXPECT_EQ(get()["events"].size(), 2U);
  answer("PutRetentionPolicy", {{"logGroupName", "g"}, {"retentionInDays", 3}});
  EXPECT_EQ(
      answer("PutLogEvents", put_at({now() - 20 * day, now() - 4 * day, now()}))["rejectedLogEventsInfo"],
      (Json{{"tooOldLogEventEndIndex", 1}, {"expiredLogEventEndIndex", 2}}));
  EXPECT_EQ(answer("PutLogEvents", put_at({now() - 20 * day}))["rejectedLogEventsInfo"],
            (Json{{"tooOldLogEventEndIndex", 1}}));
  EXPECT_EQ(answer("PutLogEvents", put_at({now() + day}))["rejectedLogEventsInfo"],
            (Json{{"tooNewLogEventStartIndex", 0}}));
}

TEST_F(LogEvents, BatchesHaveLimits) {
  make("g", "s");
  EXPECT_EQ(refusal("PutLogEvents", put_at({now() - day - 1, now()})).message,
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  answer("PutLogEvents", put_at({now() - day, now()}));
  EXPECT_EQ(refusal("PutLogEvents", put_at({now()}, std::string(1 << 20, 'x'))).message,
            "Log event too large: 1048602 bytes exceeds limit of 1048576");
  EXPECT_EQ(refusal("PutLogEvents", put_at({now(), now()}, std::string(1 << 19, 'x'))).message,
            "Upload too large: 1048628 bytes exceeds limit of 1048576");
  answer("PutLogEvents", put_at({now()}, std::string((1 << 20) - 26, 'x')));
}

TEST_F(LogEvents, AreReadForwardUntilTheTokenStaysTheSame) {
  make("g", "s");
  std::vector<std::string> messages;
  for (int i = 0; i < 25; ++i) messages.push_back(fmt::format("message {}", i));
  put("g", "s", messages);
  Json page = get({{"limit", 10}, {"startFromHead", true}});
  EXPECT_EQ(page["events"][0]["message"], "message 0");
  EXPECT_EQ(page["events"][0]["ingestionTime"], now());
  std::vector<std::string> all = column(page["events"], "message");
  for (int pages = 0; pages < 10; ++pages) {
    const Json next = get({{"limit", 10}, {"nextToken", page["nextForwardToken"]}});
    const bool end = next["nextForwardToken"] == page["nextForwardToken"];
    for (std::string& text : column(next["events"], "message")) all.push_back(std::move(text));
    page = next;
    if (end) break;
  }
  EXPECT_EQ(all, messages);
  EXPECT_TRUE(page["events"].empty());
  // What comes later is behind that token, what came before is back from it.
  put("g", "s", {"late"});
  EXPECT_THAT(column(get({{"nextToken", page["nextForwardToken"]}})["events"], "message"),
              ElementsAre("late"));
  EXPECT_EQ(get({{"nextToken", page["nextBackwardToken"]}, {"limit", 1}})["events"][0]["message"],
            "message 24");
}

TEST_F(LogEvents, AreReadBackwardFromTheEnd) {
  make("g", "s");
  put("g", "s", {"1", "2", "3", "4", "5"});
  const Json last = get({{"limit", 2}});
  EXPECT_THAT(column(last["events"], "message"), ElementsAre("4", "5"));
  const Json middle = get({{"limit", 2}, {"nextToken", last["nextBackwardToken"]}});
  EXPECT_THAT(column(middle["events"], "message"), ElementsAre("2", "3"));
  const Json first = get({{"limit", 2}, {"nextToken", middle["nextBackwardToken"]}});
  EXPECT_THAT(column(first["events"], "message"), ElementsAre("1"));
  const Json none = get({{"limit", 2}, {"nextToken", first["nextBackwardToken"]}});
  EXPECT_TRUE(none["events"].empty());
  EXPECT_EQ(none["nextBackwardToken"], first["nextBackwardToken"]);
  EXPECT_THAT(column(get({{"limit", 2}, {"nextToken", middle["nextForwardToken"]}})["events"], "message"),
              ElementsAre("4", "5"));
}

TEST_F(LogEvents, AnEmptyStreamHasTokensToo) {
  make("g", "s");
  const Json page = get();
  EXPECT_TRUE(page["events"].empty());
  put("g", "s", {"first"});
  EXPECT_THAT(column(get({{"nextToken", page["nextForwardToken"]}})["events"], "message"),
              ElementsAre("first"));
  EXPECT_EQ(refusal("GetLogEvents",
                    {{"logGroupName", "g"}, {"logStreamName", "s"}, {"nextToken", "invalid-token"}}),
            (Refusal{"InvalidParameterException", "The specified nextToken is invalid."}));
  EXPECT_EQ(refusal("GetLogEvents", {{"logGroupName", "no"}, {"logStreamName", "s"}}), no_group);
  EXPECT_EQ(refusal("GetLogEvents", {{"logGroupName", "g"}, {"logStreamName", "no"}}), no_stream);
}

TEST_F(LogEvents, TimesAreInclusiveOrNotAsDocumented) {
  make("g", "s");
  answer("PutLogEvents", put_at({now() - 3, now() - 2, now() - 1}));
  EXPECT_EQ(get({{"startTime", now() - 2}, {"endTime", now() - 1}})["events"].size(), 1U);
  EXPECT_EQ(filter({{"startTime", now() - 2}, {"endTime", now() - 1}}).size(), 2U);
}

TEST_F(LogEvents, AreFilteredOverAllStreamsInOrder) {
  make("g", "s1");
  make("g", "s2");
  make("g", "t");
  put("g", "s1", {"ERROR a", "ok b"});
  put("g", "t", {"x", "y", "ERROR c"});
  advance(std::chrono::seconds(1));
  put("g", "s2", {"ERROR d"});
  put("g", "s1", {"ERROR e"});
  EXPECT_THAT(filter(), ElementsAre("x", "ERROR a", "y", "ok b", "ERROR c", "ERROR d", "ERROR e"));
  EXPECT_THAT(filter({{"limit", 2}}),
              ElementsAre("x", "ERROR a", "y", "ok b", "ERROR c", "ERROR d", "ERROR e"));
  EXPECT_THAT(filter({{"filterPattern", "ERROR"}, {"limit", 1}}),
              ElementsAre("ERROR a", "ERROR c", "ERROR d", "ERROR e"));
  EXPECT_THAT(filter({{"logStreamNamePrefix", "s"}, {"filterPattern", "ERROR"}}),
              ElementsAre("ERROR a", "ERROR d", "ERROR e"));
  EXPECT_THAT(filter({{"logStreamNames", {"t", "s2"}}, {"filterPattern", "ERROR"}}),
              ElementsAre("ERROR c", "ERROR d"));
  const Json event = answer("FilterLogEvents", {{"logGroupName", "g"}, {"limit", 1}})["events"][0];
  EXPECT_EQ(event["logStreamName"], "t");
  EXPECT_EQ(event["eventId"].get<std::string>().size(), 56U);
}

TEST_F(LogEvents, FiltersRefuse) {
  make("g", "s");
  EXPECT_EQ(refusal("FilterLogEvents", {{"logGroupName", "no"}}), no_group);
  EXPECT_EQ(refusal("FilterLogEvents", {{"logGroupName", "g"}, {"logStreamNames", {"no"}}}), no_stream);
  EXPECT_EQ(refusal("FilterLogEvents", {{"logGroupName", "g"}, {"nextToken", "invalid-token"}}),
            (Refusal{"InvalidParameterException", "The specified nextToken is invalid."}));
  EXPECT_EQ(refusal("FilterLogEvents", {{"logGroupName", "g"}, {"filterPattern", "a:b"}}),
            (Refusal{"InvalidParameterException", "Invalid character(s) in term ':'"}));
  EXPECT_EQ(refusal("FilterLogEvents",
                    {{"logGroupName", "g"}, {"logStreamNames", {"s"}}, {"logStreamNamePrefix", "s"}})
                .code,
            "InvalidParameterException");
}

TEST_F(LogEvents, OfFunctionsComeInFast) {
  const std::uint64_t stream = service_->open_stream({"123456789012", "us-east-1"}, "/aws/lambda/f",
                                                     "2024/01/15/[7]abc", clock_.now());
  EXPECT_TRUE(service_->append(stream, clock_.now(), "START\n"));
  EXPECT_TRUE(service_->append(stream, clock_.now(), "bad \xff byte\n"));
  const Json page = answer("FilterLogEvents", {{"logGroupName", "/aws/lambda/f"}});
  EXPECT_THAT(column(page["events"], "message"), ElementsAre("START\n", "bad \xEF\xBF\xBD byte\n"));
  answer("DeleteLogGroup", {{"logGroupName", "/aws/lambda/f"}});
  EXPECT_FALSE(service_->append(stream, clock_.now(), "gone\n"));
}

TEST_F(LogEvents, MemoryIsBoundedAndSaysSo) {
  start({.budget = 1 << 20});
  make("g", "s");
  for (int i = 0; i < 40; ++i) put("g", "s", std::vector<std::string>(100, std::string(1000, 'x')));
  const Json counts = service_->counts();
  EXPECT_EQ(counts["budget_bytes"], 1 << 20);
  EXPECT_LE(counts["bytes"], 1 << 20);
  EXPECT_EQ(counts["events"].get<int>() + counts["dropped_events"].get<int>(), 4000);
  EXPECT_GT(counts["dropped_events"], 2000);
  service_->reset();
  EXPECT_EQ(service_->counts()["bytes"], 0);
  EXPECT_EQ(refusal("GetLogEvents", {{"logGroupName", "g"}, {"logStreamName", "s"}}), no_group);
}

}  // namespace
}  // namespace aviary::logs
