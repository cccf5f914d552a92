#pragma once

#include <cstdint>
#include <iterator>
#include <list>
#include <map>
#include <utility>

#include "ports/clock.hpp"
#include "ports/one_shot.hpp"

namespace aviary {

/// Those that wait for something to come to what `Key` names: long polls, pollers. A wait ends when there is
/// news, when its moment has come, or when everything ends. Lives on the loop's thread.
template <class Key>
class Waiters {
 public:
  explicit Waiters(Clock& clock) : clock_(clock) {}

  /// Completes at `until` at the latest. Who waited looks again at what there is; false: everything ends.
  Task<bool> wait(Key key, Instant until) {
    if (stopped_) co_return false;
    const OneShot<bool> signal;
    waiting_[key].push_back(signal);
    const auto place = std::prev(waiting_[key].end());
    const TimerId timer = clock_.call_at(until, [signal] { signal.set(true); });
    // What waits is settled by news, by the clock or by `stop`, and always takes itself off the list.
    co_await signal.wait_regardless();
    clock_.cancel(timer);
    const auto found = waiting_.find(key);
    found->second.erase(place);
    if (found->second.empty()) waiting_.erase(found);
    co_return !stopped_;
  }

  /// There is news.
  void wake(const Key& key) {
    const auto found = waiting_.find(key);
    if (found == waiting_.end()) return;
    // Somebody else goes first each time, in no order that the callers could fall in step with: of those that
    // wait for one thing none is left out. The same run gives the same turns.
    std::list<OneShot<bool>>& signals = found->second;
    turn_ = turn_ * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    const auto first =
        std::next(signals.begin(), static_cast<std::ptrdiff_t>((turn_ >> 33) % signals.size()));
    signals.splice(signals.begin(), signals, first);
    for (const OneShot<bool>& signal : signals) signal.set(true);
  }

  /// Every wait ends.
  void wake_all() {
    for (const auto& [key, signals] : waiting_)
      for (const OneShot<bool>& signal : signals) signal.set(true);
  }

  /// Every wait ends, and later ones end at once.
  void stop() {
    stopped_ = true;
    wake_all();
  }

 private:
  Clock& clock_;
  std::map<Key, std::list<OneShot<bool>>> waiting_;
  std::uint64_t turn_ = 0;  ///< who goes first
  bool stopped_ = false;
};

}  // namespace aviary
