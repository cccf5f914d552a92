#include <algorithm>
#include <utility>
#include <vector>

#include "execution/runner.hpp"

/// What becomes of environments that nobody needs for a while.
namespace aviary::execution {

namespace {

/// After so many that have come to rest it is worth to see what can be given back.
constexpr std::size_t restful = 8;

}  // namespace

void Runner::schedule_housekeeping() {
  const Options& options = around_.options;
  const auto first =
      options.freeze_after ? std::min(*options.freeze_after, options.idle_timeout) : options.idle_timeout;
  const auto due = around_.stopwatch.elapsed() + first;
  if (housekeeping_ != 0) {
    if (housekeeping_at_ <= due) return;
    around_.stopwatch.cancel(housekeeping_);
  }
  housekeeping_at_ = due;
  housekeeping_ = around_.stopwatch.call_after(first, [this] { keep_house(); });
}

/// Stops the processes of what has been idle for a while, ends what has been free for long, and comes back
/// when the next one is due.
void Runner::keep_house() {
  housekeeping_ = 0;
  const Options& options = around_.options;
  const auto now = around_.stopwatch.elapsed();
  std::vector<Environment*> expired;
  auto next = std::chrono::nanoseconds::max();
  for (const auto& [key, pool] : pools_) {
    std::size_t left = pool->all.size();
    for (const auto* list : {&pool->idle, &pool->stopped, &pool->kept, &pool->snapshots}) {
      const bool ages = list != &pool->kept && list != &pool->snapshots;
      for (Environment* environment : *list) {
        const auto free_for = now - environment->free_since();
        if (ages && free_for >= options.idle_timeout && left > pool->least) {
          expired.push_back(environment);
          --left;
          continue;
        }
        if (ages && free_for < options.idle_timeout) next = std::min(next, options.idle_timeout - free_for);
        if (!options.freeze_after || pool->side_by_side != 0 || environment->frozen() ||
            environment->state() == State::Stopped)
          continue;
        if (free_for >= *options.freeze_after) {
          environment->freeze();
          ++come_to_rest_;
        } else
          next = std::min(next, *options.freeze_after - free_for);
      }
    }
  }
  for (Environment* environment : expired) environment->end(AwsError{});
  if (come_to_rest_ >= restful && in_flight_ == 0 && options.rested) {
    come_to_rest_ = 0;
    options.rested();
  }
  if (next == std::chrono::nanoseconds::max()) return;
  // Many environments that fall due one after the other are looked after together.
  next = std::max<std::chrono::nanoseconds>(next, std::chrono::milliseconds(20));
  if (housekeeping_ != 0) around_.stopwatch.cancel(housekeeping_);
  housekeeping_at_ = now + next;
  housekeeping_ = around_.stopwatch.call_after(next, [this] { keep_house(); });
}

}  // namespace aviary::execution
