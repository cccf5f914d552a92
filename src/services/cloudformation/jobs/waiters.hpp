#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ports/clock.hpp"
#include "ports/one_shot.hpp"

namespace aviary::cloudformation {

/// Coroutines that wait for something to happen to what a key names: a stack, an address for responses. They
/// look for themselves whether it was what they wait for. Lives on the loop's thread; whoever ends wakes all
/// before.
class Waiters {
 public:
  explicit Waiters(Clock& clock) : clock_(clock) {}

  /// Until the key is woken; at the deadline, by the clock, at the latest.
  Task<> wait(std::string key, std::optional<Instant> deadline) {
    const OneShot<bool> woken;
    const std::uint64_t own = ++last_;
    waiting_.emplace(own, std::pair(std::move(key), woken));
    TimerId timer = 0;
    if (deadline) timer = clock_.call_at(*deadline, [woken] { woken.set(false); });
    co_await woken.wait_regardless();
    if (timer != 0) clock_.cancel(timer);
    waiting_.erase(own);
  }
  void wake(std::string_view key) {
    for (const auto& [own, each] : waiting_)
      if (each.first == key) each.second.set(true);
  }
  void wake_all() {
    for (const auto& [own, each] : waiting_) each.second.set(true);
  }
  std::size_t size() const noexcept { return waiting_.size(); }

 private:
  Clock& clock_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::pair<std::string, OneShot<bool>>> waiting_;  ///< few: one a resource
};

}  // namespace aviary::cloudformation
