#include "ports/simulated_time.hpp"

#include <algorithm>

namespace aviary {
namespace {

/// Both simulated clocks move alike: to each due moment in turn, never past one, never back.
template <class Moment>
bool step(TimerQueue& timers, Moment& now, Moment limit, std::int64_t (*count)(Moment),
          Moment (*moment)(std::int64_t)) {
  const auto due = timers.next_due();
  if (!due || *due > count(limit)) return false;
  now = std::max(now, moment(*due));
  auto what = timers.take_due(*due);
  (*what)();
  return true;
}

std::int64_t instant_count(Instant at) { return at.time_since_epoch().count(); }
Instant count_instant(std::int64_t count) { return Instant(Duration(count)); }
std::int64_t nanoseconds_count(std::chrono::nanoseconds at) { return at.count(); }
std::chrono::nanoseconds count_nanoseconds(std::int64_t count) { return std::chrono::nanoseconds(count); }

}  // namespace

SimulatedClock::SimulatedClock(Instant start) : now_(start) {}

TimerId SimulatedClock::call_at(Instant when, std::function<void()> what) {
  return timers_.add(instant_count(when), std::move(what));
}

bool SimulatedClock::cancel(TimerId timer) { return timers_.cancel(timer); }

std::optional<Instant> SimulatedClock::next_due() const {
  const auto due = timers_.next_due();
  if (!due) return std::nullopt;
  return count_instant(*due);
}

void SimulatedClock::advance(Duration by, const Settle& settle) {
  const Instant end = now_ + by;
  while (step(timers_, now_, end, instant_count, count_instant)) {
    if (settle) settle();
  }
  now_ = std::max(now_, end);
}

bool SimulatedClock::run_next() { return step(timers_, now_, Instant::max(), instant_count, count_instant); }

TimerId SimulatedStopwatch::call_after(std::chrono::nanoseconds delay, std::function<void()> what) {
  return timers_.add((elapsed_ + std::max(delay, std::chrono::nanoseconds(0))).count(), std::move(what));
}

bool SimulatedStopwatch::cancel(TimerId timer) { return timers_.cancel(timer); }

std::optional<std::chrono::nanoseconds> SimulatedStopwatch::next_due() const {
  const auto due = timers_.next_due();
  if (!due) return std::nullopt;
  return std::chrono::nanoseconds(*due);
}

void SimulatedStopwatch::advance(std::chrono::nanoseconds by, const Settle& settle) {
  const auto end = elapsed_ + by;
  while (step(timers_, elapsed_, end, nanoseconds_count, count_nanoseconds)) {
    if (settle) settle();
  }
  elapsed_ = std::max(elapsed_, end);
}

bool SimulatedStopwatch::run_next() {
  return step(timers_, elapsed_, std::chrono::nanoseconds::max(), nanoseconds_count, count_nanoseconds);
}

}  // namespace aviary
