#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <vector>

#include "execution/runner.hpp"
#include "models/lambda.hpp"

/// Resetting and shutting down: everything that runs or waits comes to its end, and is told why.
namespace aviary::execution {

using namespace std::chrono_literals;

AwsError Runner::interruption(std::string_view by) {
  return {models::lambda::errors::ServiceException,
          fmt::format("The invocation was interrupted: the emulator {}.", by)};
}

void Runner::end_all(const AwsError& reason) {
  detach_all(reason);  // first: what waited there is among the others now
  std::vector<JobPtr> waiting;
  const auto take_waiting = [&waiting](Pool& pool) {
    tell_snapshot(pool, {.kind = lambda::SnapshotOutcome::Kind::Interrupted});
    for (JobPtr& job : std::exchange(pool.waiting, {})) waiting.push_back(std::move(job));
  };
  for (Wanted& entry : std::exchange(wanted_, {})) {
    around_.stopwatch.cancel(entry.timer);
    --entry.pool->wanted;
    take_waiting(*entry.pool);
  }
  std::vector<std::shared_ptr<Environment>> all;
  for (const auto& [key, pool] : pools_) {
    take_waiting(*pool);
    pool->least = 0;
    pool->most = SIZE_MAX;
    if (std::exchange(pool->provisioned, 0) != 0) gate_.provision(*pool->version, 0);
  }
  for (const PoolPtr& pool : inhabited_pools()) {
    take_waiting(*pool);
    all.insert(all.end(), pool->all.begin(), pool->all.end());
  }
  std::sort(all.begin(), all.end(),
            [](const auto& x, const auto& y) { return x->identity().id < y->identity().id; });
  for (JobPtr& job : waiting) settle(std::move(job), reason);
  for (const auto& environment : all) environment->end(reason);
  std::vector<PoolPtr> left;  // those that waited for room and never had an environment
  for (const auto& [key, pool] : pools_) left.push_back(pool);
  for (const PoolPtr& pool : left) drop_if_empty(pool);
  if (housekeeping_ != 0) around_.stopwatch.cancel(std::exchange(housekeeping_, 0));
  around_.observations->settle();
}

Task<> Runner::reset() {
  end_all(interruption("was reset"));
  // What the environments held goes with the loop's next turns.
  for (int turn = 0; turn < 2; ++turn)
    co_await boost::asio::post(around_.executor, boost::asio::use_awaitable);
}

Task<> Runner::shutdown(std::chrono::nanoseconds grace) {
  closed_ = true;
  if (in_flight_ > 0 && grace > 0ns) {
    const OneShot<bool> drained;
    drained_ = drained;
    const TimerId timer = around_.stopwatch.call_after(grace, [drained] { drained.set(false); });
    co_await drained.wait();
    around_.stopwatch.cancel(timer);
    drained_.reset();
  }
  end_all(interruption("was shut down"));
  co_await around_.tasks.join();
  for (int turn = 0; turn < 2; ++turn)
    co_await boost::asio::post(around_.executor, boost::asio::use_awaitable);
}

}  // namespace aviary::execution
