#include "services/logs/core/log_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "ports/journal.hpp"
#include "ports/random.hpp"

namespace aviary::logs {
namespace {

const Scope here{"123456789012", "us-east-1"};

std::vector<std::string> texts(const LogStream& stream) {
  std::vector<std::string> all;
  for (const auto& chunk : stream.chunks) {
    for (std::size_t i = 0; i < chunk->size(); ++i) all.emplace_back((*chunk)[i].text);
  }
  return all;
}

TEST(LogStore, MakesGroupAndStreamWhenTheyAreWrittenTo) {
  NoJournal journal;
  LogStore store(journal, {});
  LogStream& stream = store.open_stream(here, "/aws/lambda/f", "2024/01/15/[1]abc", 1000);
  EXPECT_EQ(&store.open_stream(here, "/aws/lambda/f", "2024/01/15/[1]abc", 2000), &stream);
  EXPECT_EQ(store.find_group(here, "/aws/lambda/f")->created, 1000);
  EXPECT_EQ(store.find_group({"123456789012", "eu-west-1"}, "/aws/lambda/f"), nullptr);
  store.append(stream, 5, 6, "hello\n");
  EXPECT_EQ(stream.first_event, 5);
  EXPECT_EQ(stream.last_ingestion, 6);
  EXPECT_THAT(texts(stream), ::testing::ElementsAre("hello\n"));
}

TEST(LogStore, KeepsEventsInOrderHoweverTheyCome) {
  NoJournal journal;
  LogStore store(journal, {});
  LogStream& stream = store.open_stream(here, "g", "s", 0);
  SeededRandom random(7, "order");
  std::multimap<Millis, std::string> expected;
  for (int i = 0; i < 5000; ++i) {
    const auto at = static_cast<Millis>(i < 2500 ? random.next() % 1000 : 1000 + i);
    std::string text = std::to_string(at) + std::string(random.next() % 200, 'x') + std::to_string(i);
    store.append(stream, at, i, text);
    expected.emplace(at, std::move(text));
  }
  std::vector<std::string> in_order;
  for (const auto& [at, text] : expected) in_order.push_back(text);
  EXPECT_EQ(texts(stream), in_order);
  EXPECT_EQ(stream.events(), 5000U);
  for (std::size_t i = 1; i < stream.chunks.size(); ++i)
    EXPECT_LT(stream.chunks[i - 1]->back_key(), stream.chunks[i]->front_key());
  EXPECT_EQ(stream.chunk_at(EventKey::lowest()), 0U);
  EXPECT_EQ(stream.chunk_at(EventKey::highest()), stream.chunks.size());
}

TEST(LogStore, ForgetsTheOldestWhenMemoryIsSpentAndSaysSo) {
  NoJournal journal;
  LogStore store(journal, {.budget = 1 << 20});
  LogStream* kept = nullptr;
  ASSERT_NE(store.create_group(here, "kept", 0), nullptr);
  kept = store.create_stream(*store.find_group(here, "kept"), "s", 0);
  store.append(*kept, 1, 1, "the very first");
  const std::string line(100, 'l');
  for (int i = 0; i < 100'000; ++i) {
    LogStream& stream = store.open_stream(here, "/aws/lambda/f", "s" + std::to_string(i / 1000), i);
    store.append(stream, i, i, line);
    ASSERT_LE(store.bytes(), (1U << 20) + EventChunk::full_bytes * 3);
  }
  const Json counts = store.counts();
  EXPECT_EQ(counts["dropped_events"].get<std::size_t>() + counts["events"].get<std::size_t>(), 100'001U);
  EXPECT_GT(counts["events"], 5000);
  EXPECT_GT(store.losses().newest, 80'000);
  // What Lambda made goes with its last event; what was made by name stays, empty.
  EXPECT_EQ(store.find_stream(*store.find_group(here, "/aws/lambda/f"), "s0"), nullptr);
  EXPECT_EQ(store.find_stream(*store.find_group(here, "kept"), "s"), kept);
  EXPECT_EQ(kept->events(), 0U);
  EXPECT_EQ(kept->last_event, 1);
}

TEST(LogStore, AccountsForEveryByte) {
  NoJournal journal;
  LogStore store(journal, {.budget = 1 << 18});
  SeededRandom random(3, "bytes");
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 200; ++i) {
      LogStream& stream = store.open_stream(here, "g" + std::to_string(random.next() % 3),
                                            "s" + std::to_string(random.next() % 5), 0);
      store.append(stream, static_cast<Millis>(random.next() % 100'000), 0,
                   std::string(random.next() % 3000, 'x'));
    }
    if (LogGroup* group = store.find_group(here, "g" + std::to_string(random.next() % 3))) {
      group->retention_days = static_cast<int>(random.next() % 2);
      store.expire(*group, day + static_cast<Millis>(random.next() % 100'000));
      if (random.next() % 5 == 0) store.erase_group(*group);
    }
  }
  while (!store.groups(here).empty()) store.erase_group(*store.groups(here).begin()->second);
  EXPECT_EQ(store.bytes(), 0U);
  EXPECT_EQ(store.counts()["events"], 0);
  EXPECT_EQ(store.counts()["streams"], 0);
}

TEST(LogStore, ExpiresWhatIsOlderThanItsRetention) {
  NoJournal journal;
  LogStore store(journal, {});
  LogStream& stream = store.open_stream(here, "g", "s", 0);
  for (int i = 0; i < 10; ++i) store.append(stream, i * day, 0, std::string(EventChunk::full_bytes, 'x'));
  LogGroup& group = *store.find_group(here, "g");
  store.expire(group, 10 * day);
  EXPECT_EQ(stream.events(), 10U);
  group.retention_days = 3;
  store.expire(group, 10 * day);
  EXPECT_EQ(stream.events(), 3U);
}

}  // namespace
}  // namespace aviary::logs
