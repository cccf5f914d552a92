#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "host/system_clock.hpp"

namespace aviary::host {
namespace {

using namespace std::chrono_literals;

struct ClockTest : ::testing::Test {
  boost::asio::io_context io{1};
  SystemClock clock{io.get_executor()};

  void drive(Duration by) {
    // Coroutines that still sleep count as work, so the loop would not end by itself.
    boost::asio::co_spawn(io, clock.advance(by), [this](std::exception_ptr) { io.stop(); });
    io.restart();
    io.run();
  }
};

TEST_F(ClockTest, RealTimeIsTheMachinesTime) {
  const auto off = clock.now() - std::chrono::floor<Duration>(std::chrono::system_clock::now());
  EXPECT_LT(std::chrono::abs(off), 100ms);
}

TEST_F(ClockTest, RealTimersFireInOrder) {
  std::string seen;
  clock.call_at(clock.now() + 20ms, [&] { seen += 'b'; });
  clock.call_at(clock.now() + 5ms, [&] { seen += 'a'; });
  const TimerId never = clock.call_at(clock.now() + 10ms, [&] { seen += 'x'; });
  EXPECT_TRUE(clock.cancel(never));
  io.run();
  EXPECT_EQ(seen, "ab");
}

TEST_F(ClockTest, ScaledTimeRunsFaster) {
  clock.set_mode(ClockMode::Scaled, 3600.0);
  const auto began = std::chrono::steady_clock::now();
  bool ran = false;
  clock.call_at(clock.now() + 1min, [&] { ran = true; });
  io.run();
  EXPECT_TRUE(ran);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
}

TEST_F(ClockTest, ManualTimeStandsStillUntilDriven) {
  clock.set_mode(ClockMode::Manual);
  const Instant start = clock.now();
  std::vector<Duration> seen;
  clock.call_at(start + 30min, [&] { seen.push_back(clock.now() - start); });
  clock.call_at(start + 10min, [&] { seen.push_back(clock.now() - start); });
  io.run_for(5ms);
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(clock.now(), start);
  EXPECT_EQ(clock.next_due(), start + 10min);
  drive(40min);
  EXPECT_EQ(seen, (std::vector<Duration>{10min, 30min}));
  EXPECT_EQ(clock.now(), start + 40min);
}

Task<> hourly(SystemClock& clock, int times, std::vector<Instant>& seen) {
  for (int i = 0; i < times; ++i) {
    co_await sleep_until(clock, clock.now() + 1h);
    seen.push_back(clock.now());
  }
}

TEST_F(ClockTest, WhatACallbackWakesRunsAtItsOwnMoment) {
  clock.set_mode(ClockMode::Manual);
  const Instant start = clock.now();
  std::vector<Instant> seen;
  boost::asio::co_spawn(io, hourly(clock, 5, seen), boost::asio::detached);
  io.poll();
  drive(3h);
  EXPECT_EQ(seen, (std::vector<Instant>{start + 1h, start + 2h, start + 3h}));
  drive(2h);
  EXPECT_EQ(seen.size(), 5U);
}

TEST_F(ClockTest, AdvancingRealTimeShiftsIt) {
  bool ran = false;
  clock.call_at(clock.now() + 24h, [&] { ran = true; });
  drive(25h);
  EXPECT_TRUE(ran);
  EXPECT_GT(clock.now(), std::chrono::floor<Duration>(std::chrono::system_clock::now()) + 24h);
}

TEST_F(ClockTest, SetNowGoesBackWithoutRunningAnything) {
  clock.set_mode(ClockMode::Manual);
  const Instant start = clock.now();
  bool ran = false;
  clock.call_at(start + 1h, [&] { ran = true; });
  boost::asio::co_spawn(io, clock.set_now(start - 1h), boost::asio::detached);
  io.run();
  EXPECT_EQ(clock.now(), start - 1h);
  EXPECT_FALSE(ran);
}

TEST(StopwatchTest, CancelledTimeOutsDoNotTouchTheKernel) {
  boost::asio::io_context io{1};
  SystemStopwatch stopwatch(io.get_executor());
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(stopwatch.cancel(stopwatch.call_after(3s, [] { FAIL(); })));
  EXPECT_EQ(stopwatch.times_armed(), 1U);
  bool ran = false;
  stopwatch.call_after(1ms, [&] { ran = true; });
  EXPECT_EQ(stopwatch.times_armed(), 2U);
  io.run_for(20ms);
  EXPECT_TRUE(ran);
}

TEST(StopwatchTest, FiresNotBeforeItsDelay) {
  boost::asio::io_context io{1};
  SystemStopwatch stopwatch(io.get_executor());
  std::chrono::nanoseconds at{};
  const auto began = stopwatch.elapsed();
  stopwatch.call_after(10ms, [&] { at = stopwatch.elapsed(); });
  io.run();
  EXPECT_GE(at - began, 10ms);
}

TEST(StopwatchTest, GoesAwayWithTimersPending) {
  boost::asio::io_context io{1};
  {
    SystemStopwatch stopwatch(io.get_executor());
    stopwatch.call_after(1ms, [] { FAIL(); });
  }
  io.run_for(10ms);
}

TEST(RandomSeed, Differs) { EXPECT_NE(random_seed(), random_seed()); }

}  // namespace
}  // namespace aviary::host
