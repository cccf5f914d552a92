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

TEST_F(LastingEvents, TimesAndOrderComeBackWhateverTheyAre) {
  make("g", "s");
  make("h", "t");
  for (int i = 0; i < 300; ++i) put(i % 3 == 0 ? "h" : "g", i % 3 == 0 ? "t" : "s", {std::to_string(i), ""});
  clock_.advance(std::chrono::hours(30));
  put("g", "s", {"later", std::string(70'000, 'x')});
  const auto all = [this](const std::string& group) {
    return answer("FilterLogEvents", {{"logGroupName", group}}).dump();
  };
  const std::string of_g = all("g");
  const std::string of_h = all("h");
  kill();
  EXPECT_EQ(all("g"), of_g);
  EXPECT_EQ(all("h"), of_h);
}

/// What the first format has before each text.
struct FirstHead {
  std::uint64_t stream;
  std::uint64_t sequence;
  std::int64_t timestamp;
  std::int64_t ingested;
  std::uint64_t size;
};

TEST_F(LastingEvents, RecordsOfTheFirstFormatAreReadAndGoWhenTheirTimeHasCome) {
  make("g", "s");
  const std::int64_t at = now();
  const FirstHead head{1, 7, at, at, 3};
  std::string record(reinterpret_cast<const char*>(&head), sizeof head);
  record += "old";
  journal_.put("logs.events", "00000000000000000001", record + record.substr(0, 20));
  kill();
  put("g", "s", {"new"});
  kill();
  EXPECT_THAT(messages("g"), ElementsAre("old", "new"));
  start({.budget = 256 * 1024});
  service_->restore();
  for (int i = 0; i < 300; ++i) put("g", "s", {std::string(1024, 'x')});
  std::size_t left = 0;
  journal_.load("logs.events", [&left](std::string_view, std::string_view) { ++left; });
  EXPECT_EQ(left, 0U);
}

TEST_F(LastingEvents, ARecordThatIsCutShortGivesWhatIsWhole) {
  make("g", "s");
  put("g", "s", {"one", "two"});
  std::string record;
  journal_.load("logs.lines", [&record](std::string_view, std::string_view value) { record = value; });
  ASSERT_FALSE(record.empty());
  for (std::size_t size = record.size(); size-- > 0;) {
    journal_.put("logs.lines", "00000000000000000001", record.substr(0, size));
    kill();
    EXPECT_LE(messages("g").size(), 1U);
  }
  journal_.put("logs.lines", "00000000000000000001", std::string(40, '\xff'));
  kill();
  EXPECT_THAT(messages("g"), IsEmpty());
}

TEST_F(LastingEvents, SmallWritesAreNotWrittenAgainAndAgain) {
  make("g", "s");
  const std::size_t before = journal_.written_bytes;
  for (int i = 0; i < 1000; ++i) put("g", "s", {std::string(100, 'x')});
  // Some 110 bytes each, and the rest of a page that is not full yet.
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
