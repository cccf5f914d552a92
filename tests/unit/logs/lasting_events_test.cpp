// Events that last: what one process was told, the next one tells.
#include <gmock/gmock.h>

#include "service_fixture.hpp"

namespace aviary::logs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LastingEvents : public ServiceFixture {
 protected:
  /// The next process; the last one was killed.
  void kill() {
    testing::MemoryJournal kept = journal_;
    service_.reset();
    journal_ = kept;
    restart();
  }
  void say(const std::string& line) {
    const std::uint64_t stream = service_->open_stream({"123456789012", "us-east-1"}, "/aws/lambda/f",
                                                       "2024/01/15/[1]abc", clock_.now());
    ASSERT_TRUE(service_->append(stream, clock_.now(), line));
  }
  std::vector<std::string> messages(const std::string& group) {
    const Result<Reply> found = call("FilterLogEvents", {{"logGroupName", group}});
    return found ? column(found->output["events"], "message") : std::vector<std::string>{};
  }
};

TEST_F(LastingEvents, WhatWasAcknowledgedSurvivesAKill) {
  make("g", "s");
  put("g", "s", {"one", "two"});
  kill();
  EXPECT_THAT(messages("g"), ElementsAre("one", "two"));
  put("g", "s", {"three"});
  kill();
  kill();
  EXPECT_THAT(messages("g"), ElementsAre("one", "two", "three"));
}

TEST_F(LastingEvents, WhatFunctionsSayIsWrittenASecondLater) {
  say("hello\n");
  say("world\n");
  const std::size_t before = journal_.writes;
  say("!\n");
  EXPECT_EQ(journal_.writes, before);
  stopwatch_.advance(std::chrono::seconds(1), [this] { settle(); });
  EXPECT_EQ(journal_.writes, before + 2) << "the stream, and all lines in one record";
  say("too late\n");
  kill();
  EXPECT_THAT(messages("/aws/lambda/f"), ElementsAre("hello\n", "world\n", "!\n"));
}

TEST_F(LastingEvents, AnswersWaitForWhatTheyPromiseOnly) {
  make("g", "s");
  say("hello\n");
  stopwatch_.advance(std::chrono::seconds(1), [this] { settle(); });
  EXPECT_EQ(journal_.unawaited, 1U);
  say("before\n");
  put("g", "s", {"one"});
  EXPECT_EQ(journal_.unawaited, 1U) << "what functions said goes with it";
  say("again\n");
  stopwatch_.advance(std::chrono::seconds(1), [this] { settle(); });
  EXPECT_EQ(journal_.unawaited, 2U);
}

TEST_F(LastingEvents, AStopWritesAll) {
  say("the last word\n");
  restart();
  EXPECT_THAT(messages("/aws/lambda/f"), ElementsAre("the last word\n"));
  const Json stream = answer("DescribeLogStreams", {{"logGroupName", "/aws/lambda/f"}})["logStreams"][0];
  EXPECT_EQ(stream["logStreamName"], "2024/01/15/[1]abc");
  EXPECT_EQ(stream["lastEventTimestamp"], now());
  EXPECT_EQ(stream["creationTime"], now());
}

TEST_F(LastingEvents, AnAcknowledgementTakesWhatFunctionsSaidBeforeWithIt) {
  make("g", "s");
  say("before\n");
  put("g", "s", {"one"});
  kill();
  EXPECT_THAT(messages("/aws/lambda/f"), ElementsAre("before\n"));
}

TEST_F(LastingEvents, PagesGoOnWhereTheyWere) {
  make("g", "s");
  put("g", "s", {"one", "two"});
  const Json page =
      answer("GetLogEvents", {{"logGroupName", "g"}, {"logStreamName", "s"}, {"startFromHead", true}});
  kill();
  put("g", "s", {"three"});
  const Json next = answer("GetLogEvents", {{"logGroupName", "g"},
                                            {"logStreamName", "s"},
                                            {"startFromHead", true},
                                            {"nextToken", page["nextForwardToken"]}});
  EXPECT_THAT(column(next["events"], "message"), ElementsAre("three"));
}

TEST_F(LastingEvents, WhatWasDeletedStaysAway) {
  make("g", "s");
  put("g", "s", {"one"});
  answer("DeleteLogStream", {{"logGroupName", "g"}, {"logStreamName", "s"}});
  answer("CreateLogStream", {{"logGroupName", "g"}, {"logStreamName", "s"}});
  make("h", "s");
  put("h", "s", {"two"});
  answer("DeleteLogGroup", {{"logGroupName", "h"}});
  kill();
  EXPECT_THAT(messages("g"), IsEmpty());
  make("h", "s");
  EXPECT_THAT(messages("h"), IsEmpty());
}

TEST_F(LastingEvents, ANumberThatWasUsedUpIsNotGivenAgain) {
  make("g", "s");
  put("g", "s", {"one"});
  answer("DeleteLogStream", {{"logGroupName", "g"}, {"logStreamName", "s"}});
  kill();
  answer("CreateLogStream", {{"logGroupName", "g"}, {"logStreamName", "t"}});
  kill();
  EXPECT_THAT(messages("g"), IsEmpty());
}

TEST_F(LastingEvents, WhatHasExpiredMeanwhileDoesNotComeBack) {
  make("g", "s");
  answer("PutRetentionPolicy", {{"logGroupName", "g"}, {"retentionInDays", 1}});
  put("g", "s", {"one"});
  clock_.advance(std::chrono::hours(25));
  kill();
  EXPECT_THAT(messages("g"), IsEmpty());
  EXPECT_EQ(service_->counts()["events"], 0);
}

TEST_F(LastingEvents, TheOldestGoOutOfTheJournalToo) {
  start({.budget = 256 * 1024});
  make("g", "s");
  const std::string kilobyte(1024, 'x');
  for (int i = 0; i < 1000; ++i) put("g", "s", {std::to_string(i) + kilobyte});
  const Json counts = service_->counts();
  EXPECT_LE(counts["journal_bytes"], 300 * 1024);
  EXPECT_LE(journal_.records(), 100U);
  kill();
  const std::vector<std::string> kept = messages("g");
  ASSERT_GT(kept.size(), 100U);
  EXPECT_LT(kept.size(), 260U);
  EXPECT_EQ(kept.back(), "999" + kilobyte);
}

TEST_F(LastingEvents, SmallWritesAreNotWrittenAgainAndAgain) {
  make("g", "s");
  const std::size_t before = journal_.written_bytes;
  for (int i = 0; i < 1000; ++i) put("g", "s", {std::string(100, 'x')});
  // 144 bytes each, and the rest of a page that is not full yet.
  EXPECT_LT(journal_.written_bytes - before, 1000U * 4'500);
  EXPECT_LT(journal_.records(), 60U);
}

TEST_F(LastingEvents, AResetForgetsThem) {
  make("g", "s");
  put("g", "s", {"one"});
  say("hello\n");
  service_->reset();
  journal_.clear();
  stopwatch_.advance(std::chrono::seconds(2), [this] { settle(); });
  kill();
  EXPECT_EQ(service_->counts()["events"], 0);
  EXPECT_EQ(service_->counts()["streams"], 0);
}

}  // namespace
}  // namespace aviary::logs
