#include "host/worker_threads.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "ports/task_group.hpp"

namespace aviary::host {
namespace {

std::size_t threads_of_this_process() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) count += entry.exists();
  return count;
}

Task<> square(WorkerThreads& pool, int number, std::vector<int>& results) {
  const auto loop_thread = std::this_thread::get_id();
  auto work = [number, loop_thread] {
    EXPECT_NE(std::this_thread::get_id(), loop_thread);
    return number * number;
  };
  const int result = co_await pool.run(work);
  EXPECT_EQ(std::this_thread::get_id(), loop_thread);
  results.push_back(result);
}

TEST(WorkerThreads, NoThreadBeforeTheFirstJobAndNoneAfter) {
  const auto before = threads_of_this_process();
  boost::asio::io_context loop{1};
  {
    WorkerThreads pool(loop.get_executor());
    EXPECT_EQ(threads_of_this_process(), before);
    bool done = false;
    pool.submit([] {}, [&done] { done = true; });
    EXPECT_EQ(threads_of_this_process(), before + 1);
    loop.run();
    EXPECT_TRUE(done);
  }
  EXPECT_EQ(threads_of_this_process(), before);
}

TEST(WorkerThreads, ResultsComeBackOnTheLoopsThread) {
  boost::asio::io_context loop{1};
  WorkerThreads pool(loop.get_executor());
  TaskGroup tasks(loop.get_executor());
  std::vector<int> results;
  for (int i = 0; i < 1000; ++i) tasks.spawn("square", square(pool, i, results));
  loop.run();
  ASSERT_EQ(results.size(), 1000U);
  long sum = 0;
  for (const int result : results) sum += result;
  EXPECT_EQ(sum, 999L * 1000 * 1999 / 6);
}

TEST(WorkerThreads, TwoJobsRunSideBySideAndAThirdWaits) {
  boost::asio::io_context loop{1};
  WorkerThreads pool(loop.get_executor(), 2);
  // Both first jobs wait for each other: one thread alone would never get past the latch.
  std::latch together(2);
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  int done = 0;
  for (int i = 0; i < 6; ++i) {
    pool.submit(
        [&, i] {
          const int now = ++running;
          int seen = most;
          while (now > seen && !most.compare_exchange_weak(seen, now)) {
          }
          if (i < 2) together.arrive_and_wait();
          --running;
        },
        [&done] { ++done; });
  }
  loop.run();
  EXPECT_EQ(done, 6);
  EXPECT_EQ(most, 2);
}

TEST(WorkerThreads, TheLoopStaysWhileAJobRuns) {
  boost::asio::io_context loop{1};
  WorkerThreads pool(loop.get_executor());
  std::latch posted(1);
  bool done = false;
  pool.submit([&posted] { posted.wait(); }, [&done] { done = true; });
  // Nothing but the job is pending: without outstanding work, run() would return right here.
  std::thread release([&posted] { posted.count_down(); });
  loop.run();
  release.join();
  EXPECT_TRUE(done);
}

TEST(WorkerThreads, DestructionFinishesWhatWasSubmitted) {
  boost::asio::io_context loop{1};
  std::atomic<int> finished = 0;
  {
    WorkerThreads pool(loop.get_executor());
    for (int i = 0; i < 100; ++i) pool.submit([&finished] { ++finished; }, [] {});
  }
  EXPECT_EQ(finished, 100);
}

TEST(WorkerThreads, WhatAJobOwnsIsGoneBeforeTheLoopHearsOfIt) {
  boost::asio::io_context loop{1};
  WorkerThreads pool(loop.get_executor());
  auto owned = std::make_shared<int>(1);
  std::weak_ptr<int> watched = owned;
  bool gone = false;
  pool.submit([owned = std::move(owned)] { EXPECT_EQ(*owned, 1); }, [&] { gone = watched.expired(); });
  loop.run();
  EXPECT_TRUE(gone);
}

}  // namespace
}  // namespace aviary::host
