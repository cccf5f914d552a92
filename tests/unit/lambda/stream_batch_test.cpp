#include "services/lambda/core/stream_batch.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "support/memory_journal.hpp"

namespace aviary::lambda {
namespace {

using namespace std::chrono_literals;
using Next = Verdict::Next;
const Instant start{1'700'000'000s};

EventSourceMapping mapping() {
  EventSourceMapping made;
  made.uuid = "m";
  made.scope = {.account = "123456789012", .region = "us-east-1"};
  made.function = "f";
  made.qualifier = "prod";
  made.source = "arn:aws:kinesis:us-east-1:123456789012:stream/s";
  return made;
}

StreamRecord record(int number, Instant arrived = start) {
  StreamRecord made;
  made.sequence_number = std::to_string(number);
  made.partition_key = "k";
  made.arrived = arrived;
  made.event = {{"kinesis", {{"data", "eA=="}}}, {"invokeIdentityArn", ""}};
  made.bytes = 40;
  return made;
}

std::vector<StreamRecord> records(int count) {
  std::vector<StreamRecord> made;
  for (int i = 0; i < count; ++i) made.push_back(record(i));
  return made;
}

BatchOutcome answered(std::string payload) { return {.kind = BatchOutcome::Kind::Done, .payload = payload}; }
BatchOutcome failed() { return {.kind = BatchOutcome::Kind::Failed, .problem = "no", .version = "3"}; }

TEST(StreamBatch, IsNoLargerThanItMayBe) {
  std::deque<StreamRecord> waiting;
  for (int i = 0; i < 5; ++i) waiting.push_back(record(i));
  EXPECT_EQ(cut_batch(waiting, 3, std::nullopt).count, 3U);
  EXPECT_TRUE(cut_batch(waiting, 3, std::nullopt).full);
  EXPECT_EQ(cut_batch(waiting, 10, std::nullopt).count, 5U);
  EXPECT_FALSE(cut_batch(waiting, 10, std::nullopt).full);
  for (StreamRecord& each : waiting) each.bytes = 2 * 1024 * 1024;
  EXPECT_EQ(cut_batch(waiting, 10, std::nullopt).count, 2U);  // 6 MB with what stands around them
  EXPECT_TRUE(cut_batch(waiting, 10, std::nullopt).full);
  waiting.front().bytes = 7 * 1024 * 1024;
  EXPECT_EQ(cut_batch(waiting, 10, std::nullopt).count, 1U);
}

TEST(StreamBatch, EndsWithItsWindow) {
  const WindowState window = window_of(start + 61s, 60);
  EXPECT_EQ(window.start.time_since_epoch() % 60s, 0s);
  EXPECT_EQ(window.end - window.start, 60s);
  std::deque<StreamRecord> waiting{record(1, window.start), record(2, window.end - 1ms),
                                   record(3, window.end)};
  const Cut cut = cut_batch(waiting, 10, window);
  EXPECT_EQ(cut.count, 2U);
  EXPECT_TRUE(cut.full);
}

TEST(StreamBatch, KeysHaveOneLane) {
  EXPECT_EQ(lane_of("a", 1), 0U);
  for (const char* key : {"a", "b", "c"}) {
    EXPECT_EQ(lane_of(key, 10), lane_of(key, 10));
    EXPECT_LT(lane_of(key, 10), 10U);
  }
  std::set<std::size_t> used;
  for (int i = 0; i < 200; ++i) used.insert(lane_of(std::to_string(i), 10));
  EXPECT_EQ(used.size(), 10U);
}

TEST(StreamBatch, WhatFailedIsTriedAgainSplitOrGivenUp) {
  EventSourceMapping settings = mapping();
  const auto batch = records(4);
  EXPECT_EQ(judge_batch(settings, batch, answered("null"), 0, false).next, Next::Done);
  EXPECT_EQ(judge_batch(settings, batch, failed(), 1000, false).next, Next::Retry);  // without end
  settings.maximum_retries = 2;
  EXPECT_EQ(judge_batch(settings, batch, failed(), 1, false).next, Next::Retry);
  EXPECT_EQ(judge_batch(settings, batch, failed(), 2, false).next, Next::Discard);
  settings.bisects = true;
  EXPECT_EQ(judge_batch(settings, batch, failed(), 2, false).next, Next::Bisect);
  EXPECT_EQ(judge_batch(settings, records(1), failed(), 2, false).next, Next::Discard);
  const BatchOutcome throttled{.kind = BatchOutcome::Kind::Throttled};
  EXPECT_EQ(judge_batch(settings, batch, throttled, 2, false).next, Next::Wait);
  EXPECT_LE(retry_pause(1000), 30s);
}

TEST(StreamBatch, ItemsBeforeTheFirstThatFailedAreDone) {
  EventSourceMapping settings = mapping();
  settings.reports_failures = true;
  const auto batch = records(4);
  const auto judge = [&](const char* answer) {
    return judge_batch(settings, batch, answered(answer), 0, false);
  };
  EXPECT_EQ(judge(R"({"batchItemFailures":[]})").next, Next::Done);
  const Verdict partly = judge(R"({"batchItemFailures":[{"itemIdentifier":"3"},{"itemIdentifier":"1"}]})");
  EXPECT_EQ(partly.next, Next::Retry);
  EXPECT_EQ(partly.done, (std::vector<bool>{true, false, false, false}));
  // An answer that makes no sense fails them all.
  for (const char* answer : {R"({"batchItemFailures":[{"itemIdentifier":"7"}]})",
                             R"({"batchItemFailures":[{"itemIdentifier":""}]})",
                             R"({"batchItemFailures":[{"other":"1"}]})", R"({"batchItemFailures":5})"}) {
    EXPECT_EQ(judge(answer).next, Next::Retry) << answer;
    EXPECT_EQ(judge(answer).done, std::vector<bool>(4, false)) << answer;
  }
}

TEST(StreamBatch, AWindowWantsAState) {
  const auto batch = records(1);
  const Verdict with = judge_batch(mapping(), batch, answered(R"({"state":{"sum":3}})"), 0, true);
  EXPECT_EQ(with.next, Next::Done);
  EXPECT_EQ(with.state, R"({"sum":3})");
  EXPECT_EQ(judge_batch(mapping(), batch, answered("{}"), 0, true).next, Next::Retry);
  const std::string big = R"({"state":{"x":")" + std::string(1024 * 1024, 'x') + R"("}})";
  EXPECT_TRUE(judge_batch(mapping(), batch, answered(big), 0, true).state_too_big);
}

TEST(StreamBatch, OldRecordsAreNotGiven) {
  EventSourceMapping settings = mapping();
  BatchPart part;
  part.records = {record(1, start - 90s), record(2, start - 61s), record(3, start - 60s)};
  EXPECT_TRUE(part.take_expired(settings, start).empty());
  settings.maximum_record_age = 60;
  EXPECT_EQ(part.take_expired(settings, start).size(), 2U);
  ASSERT_EQ(part.records.size(), 1U);
  EXPECT_EQ(part.records.front().sequence_number, "3");
}

TEST(StreamBatch, HalvesGoOnInOrderAndWhoComesOnBeginsAnew) {
  BatchPart whole;
  whole.records = records(5);
  BatchParts parts(std::move(whole));
  EXPECT_EQ(parts.go_on(parts.next(), {.next = Next::Bisect}), std::nullopt);
  BatchPart first = parts.next();
  EXPECT_EQ(first.records.size(), 2U);
  first.attempts = 3;
  EXPECT_EQ(parts.go_on(std::move(first), {.next = Next::Retry, .done = {true, false}}), retry_pause(-1));
  first = parts.next();
  EXPECT_EQ(first.attempts, 0);
  EXPECT_EQ(first.records.front().sequence_number, "1");
  EXPECT_EQ(parts.go_on(std::move(first), {.next = Next::Wait, .done = {false}}), retry_pause(0));
  first = parts.next();
  EXPECT_EQ(first.attempts, 0);
  EXPECT_EQ(first.waits, 1);
  EXPECT_EQ(parts.go_on(std::move(first), {}), std::nullopt);
  EXPECT_EQ(parts.next().records.front().sequence_number, "2");
  EXPECT_TRUE(parts.empty());
}

TEST(StreamBatch, TheEventIsAsTheGuideShowsIt) {
  const auto batch = records(1);
  EXPECT_EQ(
      stream_event(batch, mapping(), "arn:aws:iam::123456789012:role/r", std::nullopt),
      R"({"Records":[{"kinesis":{"data":"eA=="},"invokeIdentityArn":"arn:aws:iam::123456789012:role/r"}]})");
  WindowState window = window_of(start, 60);
  window.state = R"({"sum":1})";
  const Json event = Json::parse(
      stream_event({}, mapping(), "", WindowFacts{.window = &window, .shard = "sh", .final = true}));
  EXPECT_EQ(event.at("Records"), Json::array());
  EXPECT_EQ(event.at("window"), (Json{{"start", "2023-11-14T22:13:00Z"}, {"end", "2023-11-14T22:14:00Z"}}));
  EXPECT_EQ(event.at("state"), (Json{{"sum", 1}}));
  EXPECT_EQ(event.at("shardId"), "sh");
  EXPECT_EQ(event.at("eventSourceARN"), mapping().source);
  EXPECT_TRUE(event.at("isFinalInvokeForWindow").get<bool>());
  EXPECT_FALSE(event.at("isWindowTerminatedEarly").get<bool>());
}

TEST(StreamBatch, DestinationsHearWhichRecordsWereGivenUp) {
  EventSourceMapping settings = mapping();
  settings.on_failure = "arn:aws:sqs:us-east-1:123456789012:failed";
  BatchOutcome last = failed();
  last.request_id = "rid";
  const std::vector<StreamRecord> batch{record(1, start), record(2, start + 1s)};
  const GivenUp given_up{
      .shard = "sh", .condition = "RetryAttemptsExhausted", .invokes = 3, .last = &last, .payload = "{}"};
  const OutgoingMessage message = failure_message(settings, batch, given_up, start + 5s, "id");
  EXPECT_EQ(message.target, settings.on_failure);
  EXPECT_EQ(Json::parse(message.body), Json::parse(R"({
    "requestContext": {"requestId": "rid", "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:f:prod",
                       "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 3},
    "responseContext": {"statusCode": 200, "executedVersion": "3", "functionError": "Unhandled"},
    "version": "1.0", "timestamp": "2023-11-14T22:13:25.000Z",
    "KinesisBatchInfo": {"shardId": "sh", "startSequenceNumber": "1", "endSequenceNumber": "2",
                         "approximateArrivalOfFirstRecord": "2023-11-14T22:13:20.000Z",
                         "approximateArrivalOfLastRecord": "2023-11-14T22:13:21.000Z", "batchSize": 2,
                         "streamArn": "arn:aws:kinesis:us-east-1:123456789012:stream/s"}})"));
  settings.on_failure = "arn:aws:s3:::failed";
  const OutgoingMessage whole = failure_message(settings, batch, given_up, start + 5s, "id");
  EXPECT_EQ(Json::parse(whole.body).at("payload"), "{}");
  EXPECT_EQ(whole.object_key, "aws/lambda/m/sh/2023/11/14/2023-11-14T22.13.25-id");
}

TEST(StreamCheckpoints, ChildrenWaitForTheirParents) {
  const std::vector<StreamShard> shards{{.id = "a", .open = false},
                                        {.id = "b"},
                                        {.id = "c", .parents = {"a", "b"}},
                                        {.id = "d", .parents = {"gone"}}};
  using Names = std::vector<std::string>;
  StreamCheckpoints::ByShard known;
  EXPECT_EQ(readable_shards(shards, known), (Names{"a", "b", "d"}));
  known["a"].done = true;
  EXPECT_EQ(readable_shards(shards, known), (Names{"b", "d"}));
  known["b"].done = true;
  EXPECT_EQ(readable_shards(shards, known), (Names{"c", "d"}));
}

TEST(StreamCheckpoints, Last) {
  testing::MemoryJournal journal;
  StreamCheckpoints checkpoints(journal);
  const WindowState window{.start = start, .end = start + 60s, .state = R"({"a":1})"};
  checkpoints.put(
      "m", "s1",
      {.position = {.kind = StreamPosition::Kind::After, .sequence_number = "7"}, .window = window});
  checkpoints.put("m", "s2", {.done = true});
  checkpoints.put("other", "s1", {});
  checkpoints.forget("other");
  StreamCheckpoints again(journal);
  again.restore();
  EXPECT_EQ(again.of("m").at("s1").position.sequence_number, "7");
  EXPECT_EQ(again.of("m").at("s1").window, window);
  EXPECT_TRUE(again.of("m").at("s2").done);
  EXPECT_TRUE(again.of("other").empty());
}

TEST(StreamFilters, LookIntoWhatTheDataEncodes) {
  const auto passes = [](const char* pattern, const std::string& data) {
    auto parsed = EventPattern::parse(std::string_view(pattern));
    std::vector<EventPattern> patterns{std::get<EventPattern>(parsed)};
    const OrderedJson event{{"kinesis", {{"partitionKey", "1"}, {"data", base64_encode(data)}}},
                            {"eventName", "aws:kinesis:record"}};
    return passes_filters(SourceKind::Kinesis, patterns, event);
  };
  EXPECT_TRUE(passes(R"({"data":{"temperature":[{"numeric":[">",20]}]}})", R"({"temperature":21})"));
  EXPECT_FALSE(passes(R"({"data":{"temperature":[{"numeric":[">",20]}]}})", R"({"temperature":20})"));
  EXPECT_FALSE(passes(R"({"data":{"temperature":[20]}})", "no JSON"));
  EXPECT_TRUE(passes(R"({"data":["plain"]})", "plain"));
  EXPECT_FALSE(passes(R"({"data":["plain"]})", R"({"a":1})"));
  EXPECT_TRUE(passes(R"({"partitionKey":["1"]})", "\xff\xfe"));
  EXPECT_FALSE(passes(R"({"partitionKey":["2"]})", "x"));
}

}  // namespace
}  // namespace aviary::lambda
