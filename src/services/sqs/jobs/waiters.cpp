#include "services/sqs/jobs/waiters.hpp"

namespace aviary::sqs {

Task<bool> Waiters::wait(QueueId queue, Instant until) {
  if (stopped_) co_return false;
  const OneShot<bool> signal;
  waiting_[queue].push_back(signal);
  const auto place = std::prev(waiting_[queue].end());
  const TimerId timer = clock_.call_at(until, [signal] { signal.set(true); });
  // What waits is settled by the queue, by the clock or by `stop`, and always takes itself off the list.
  co_await signal.wait_regardless();
  clock_.cancel(timer);
  const auto found = waiting_.find(queue);
  found->second.erase(place);
  if (found->second.empty()) waiting_.erase(found);
  co_return !stopped_;
}

void Waiters::wake(const QueueId& queue) {
  const auto found = waiting_.find(queue);
  if (found == waiting_.end()) return;
  // Somebody else goes first each time, in no order that the callers could fall in step with: of those that
  // wait for one queue none is left out. The same run gives the same turns.
  std::list<OneShot<bool>>& signals = found->second;
  turn_ = turn_ * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
  const auto first = std::next(signals.begin(), static_cast<std::ptrdiff_t>((turn_ >> 33) % signals.size()));
  signals.splice(signals.begin(), signals, first);
  for (const OneShot<bool>& signal : signals) signal.set(true);
}

void Waiters::wake_all() {
  for (const auto& [queue, signals] : waiting_)
    for (const OneShot<bool>& signal : signals) signal.set(true);
}

void Waiters::stop() {
  stopped_ = true;
  wake_all();
}

}  // namespace aviary::sqs
