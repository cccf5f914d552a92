#include "ports/simulated_time.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace aviary {
namespace {

using namespace std::chrono_literals;

TEST(SimulatedClock, RunsEachCallbackAtItsOwnMoment) {
  SimulatedClock clock;
  const Instant start = clock.now();
  std::vector<Instant> seen;
  clock.call_at(start + 5s, [&] { seen.push_back(clock.now()); });
  clock.call_at(start + 2s, [&] {
    seen.push_back(clock.now());
    clock.call_at(clock.now() + 1s, [&] { seen.push_back(clock.now()); });
  });
  clock.advance(4s);
  EXPECT_EQ(seen, (std::vector<Instant>{start + 2s, start + 3s}));
  EXPECT_EQ(clock.now(), start + 4s);
  EXPECT_EQ(clock.next_due(), start + 5s);
  EXPECT_TRUE(clock.run_next());
  EXPECT_FALSE(clock.run_next());
}

TEST(SimulatedClock, APastMomentIsDueAtOnceAndTimeStaysPut) {
  SimulatedClock clock;
  const Instant start = clock.now();
  bool ran = false;
  clock.call_at(start - 1h, [&] { ran = true; });
  clock.advance(0us);
  EXPECT_TRUE(ran);
  EXPECT_EQ(clock.now(), start);
}

Task<> two_sleeps(Stopwatch& stopwatch, std::vector<std::chrono::nanoseconds>& seen) {
  co_await sleep_for(stopwatch, 10ms);
  seen.push_back(stopwatch.elapsed());
  co_await sleep_for(stopwatch, 10ms);
  seen.push_back(stopwatch.elapsed());
}

TEST(SimulatedStopwatch, LetsCoroutinesSettleBetweenMoments) {
  boost::asio::io_context io{1};
  SimulatedStopwatch stopwatch;
  std::vector<std::chrono::nanoseconds> seen;
  boost::asio::co_spawn(io, two_sleeps(stopwatch, seen), boost::asio::detached);
  const auto settle = [&] {
    io.restart();
    io.poll();
  };
  settle();
  stopwatch.advance(1s, settle);
  EXPECT_EQ(seen, (std::vector<std::chrono::nanoseconds>{10ms, 20ms}));
}

}  // namespace
}  // namespace aviary
