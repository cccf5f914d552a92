#include "ports/task_group.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <stdexcept>
#include <utility>

#include "ports/one_shot.hpp"
#include "ports/random.hpp"

namespace aviary {
namespace {

Task<> wait_for(OneShot<int> slot, int& seen) { seen = co_await slot.wait(); }
Task<> fail() {
  throw std::runtime_error("on purpose");
  co_return;
}
Task<> join(TaskGroup& group, bool& joined) {
  co_await group.join();
  joined = true;
}

TEST(OneShot, HandsAValueToAWaiter) {
  boost::asio::io_context loop;
  TaskGroup group(loop.get_executor());
  OneShot<int> slot;
  int seen = 0;
  group.spawn("waiter", wait_for(slot, seen));
  loop.poll();
  EXPECT_EQ(seen, 0);
  slot.set(7);
  slot.set(8);
  EXPECT_EQ(seen, 0) << "the waiter is resumed from the loop, not from inside set";
  loop.restart();
  loop.poll();
  EXPECT_EQ(seen, 7);
}

TEST(OneShot, KeepsAValueForALaterWaiter) {
  boost::asio::io_context loop;
  TaskGroup group(loop.get_executor());
  OneShot<int> slot;
  slot.set(7);
  int seen = 0;
  group.spawn("waiter", wait_for(slot, seen));
  loop.poll();
  EXPECT_EQ(seen, 7);
}

TEST(OneShot, AWaiterThatIsCancelledLeavesAndTheSlotMayStillBeSet) {
  boost::asio::io_context loop;
  TaskGroup group(loop.get_executor());
  OneShot<int> slot;
  int seen = 0;
  group.spawn("waiter", wait_for(slot, seen));
  loop.poll();
  EXPECT_EQ(group.size(), 1U);
  boost::asio::post(loop, [&group] { group.cancel(); });
  loop.restart();
  loop.poll();
  EXPECT_EQ(group.size(), 0U);
  slot.set(7);
  loop.restart();
  loop.poll();
  EXPECT_EQ(seen, 0);
}

TEST(TaskGroup, JoinsWhenTheLastTaskIsGoneEvenIfOneThrew) {
  boost::asio::io_context loop;
  TaskGroup group(loop.get_executor());
  TaskGroup outside(loop.get_executor());
  OneShot<int> slot;
  int seen = 0;
  bool joined = false;
  group.spawn("fails", fail());
  group.spawn("waits", wait_for(slot, seen));
  outside.spawn("joiner", join(group, joined));
  loop.poll();
  EXPECT_FALSE(joined);
  EXPECT_EQ(group.size(), 1U);
  slot.set(1);
  loop.restart();
  loop.poll();
  EXPECT_TRUE(joined);
}

TEST(Random, OneSeedGivesOneSequenceAndStreamsAreApart) {
  SeededRandom a(42, "router");
  SeededRandom b(42, "router");
  SeededRandom other(42, "ids");
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const auto value = a.next();
    EXPECT_EQ(value, b.next());
    differs = differs || value != other.next();
  }
  EXPECT_TRUE(differs);
}

TEST(Random, StreamsOfSimilarNamesAreApart) {
  // Bits in common: half of them for numbers that have nothing to do with each other.
  for (const auto& [one, two] : {std::pair("shard1", "shard2"), std::pair("1", "2"), std::pair("a9", "b9")}) {
    SeededRandom a(42, one);
    SeededRandom b(42, two);
    int common = 0;
    for (int i = 0; i < 1000; ++i) common += std::popcount(~(a.next() ^ b.next()));
    EXPECT_NEAR(common, 32'000, 700) << one << " and " << two;
  }
  // The same for seeds that are next to each other.
  SeededRandom a(1, "router");
  SeededRandom b(2, "router");
  int common = 0;
  for (int i = 0; i < 1000; ++i) common += std::popcount(~(a.next() ^ b.next()));
  EXPECT_NEAR(common, 32'000, 700);
}

TEST(Random, UuidIsVersionFour) {
  SeededRandom random(1, "ids");
  for (int i = 0; i < 100; ++i) {
    const std::string id = random.uuid();
    ASSERT_EQ(id.size(), 36U);
    EXPECT_EQ(id[14], '4');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
    EXPECT_EQ(id[8], '-');
    EXPECT_EQ(id[23], '-');
  }
}

}  // namespace
}  // namespace aviary
