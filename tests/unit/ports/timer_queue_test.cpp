#include "ports/timer_queue.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace aviary {
namespace {

TEST(TimerQueue, TakesInOrderOfDueTimeAndThenOfMaking) {
  TimerQueue queue;
  std::string seen;
  queue.add(20, [&] { seen += 'c'; });
  queue.add(10, [&] { seen += 'a'; });
  queue.add(10, [&] { seen += 'b'; });
  EXPECT_EQ(queue.next_due(), 10);
  EXPECT_FALSE(queue.take_due(9));
  while (auto what = queue.take_due(100)) (*what)();
  EXPECT_EQ(seen, "abc");
  EXPECT_FALSE(queue.next_due());
}

TEST(TimerQueue, CancelsOnceAndOnlyWhatPends) {
  TimerQueue queue;
  const TimerId one = queue.add(1, [] {});
  EXPECT_TRUE(queue.cancel(one));
  EXPECT_FALSE(queue.cancel(one));
  const TimerId two = queue.add(1, [] {});  // the same slot, another id
  EXPECT_NE(one, two);
  EXPECT_FALSE(queue.cancel(one));
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_TRUE(queue.take_due(1));
  EXPECT_FALSE(queue.cancel(two));
  EXPECT_FALSE(queue.cancel(0));
  EXPECT_FALSE(queue.cancel(~0ULL));
}

TEST(TimerQueue, ACallbackMayAddAndCancel) {
  TimerQueue queue;
  int runs = 0;
  TimerId other = 0;
  queue.add(1, [&] {
    ++runs;
    EXPECT_TRUE(queue.cancel(other));
    queue.add(1, [&] { ++runs; });
  });
  other = queue.add(1, [&] { runs += 100; });
  while (auto what = queue.take_due(1)) (*what)();
  EXPECT_EQ(runs, 2);
}

TEST(TimerQueue, AgreesWithASortedMapOverRandomOperations) {
  std::mt19937_64 random(7);
  TimerQueue queue;
  std::map<std::pair<std::int64_t, std::uint64_t>, int> model;
  std::map<int, std::pair<TimerId, std::pair<std::int64_t, std::uint64_t>>> ids;
  std::uint64_t order = 0;
  int last_run = -1;
  for (int step = 0; step < 20000; ++step) {
    const auto what = random() % 10;
    if (what < 5) {
      const auto due = static_cast<std::int64_t>(random() % 1000);
      const TimerId id = queue.add(due, [&last_run, step] { last_run = step; });
      model[{due, order}] = step;
      ids[step] = {id, {due, order}};
      ++order;
    } else if (what < 8 && !ids.empty()) {
      auto victim = ids.lower_bound(static_cast<int>(random() % static_cast<unsigned>(step + 1)));
      if (victim == ids.end()) victim = ids.begin();
      ASSERT_TRUE(queue.cancel(victim->second.first));
      model.erase(victim->second.second);
      ids.erase(victim);
    } else {
      auto taken = queue.take_due(500);
      const bool expected = !model.empty() && model.begin()->first.first <= 500;
      ASSERT_EQ(taken.has_value(), expected);
      if (expected) {
        (*taken)();
        ASSERT_EQ(last_run, model.begin()->second);
        ids.erase(model.begin()->second);
        model.erase(model.begin());
      }
    }
    ASSERT_EQ(queue.size(), model.size());
  }
}

}  // namespace
}  // namespace aviary
