#include "host/system_clock.hpp"

#include <sys/random.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cmath>

#include "ports/one_shot.hpp"
#include "ports/timer_queue.hpp"

namespace aviary::host {
namespace {

using Steady = std::chrono::steady_clock;

/// The machine's wall clock may be set while we sleep, so no sleep of the emulated clock is longer than this.
constexpr std::chrono::nanoseconds longest_sleep = std::chrono::seconds(60);

/// One kernel timer for a whole queue. It is set again only when something is due earlier than what is armed,
/// so a time-out that is set and cancelled on every invoke costs no system call.
class Alarm {
 public:
  explicit Alarm(boost::asio::any_io_executor executor) : timer_(std::move(executor)) {}

  /// `wake` runs on the loop, not before `at`, unless the alarm was set anew in between.
  template <class Wake>
  void ensure(Steady::time_point at, Wake wake) {
    if (armed_ && *armed_ <= at) return;
    armed_ = at;
    ++times_armed_;
    timer_.expires_at(at);
    timer_.async_wait([wake = std::move(wake)](boost::system::error_code error) {
      if (!error) wake();
    });
  }
  void fired() { armed_.reset(); }
  void drop() {
    armed_.reset();
    timer_.cancel();
  }
  std::size_t times_armed() const noexcept { return times_armed_; }

 private:
  boost::asio::steady_timer timer_;
  std::optional<Steady::time_point> armed_;
  std::size_t times_armed_ = 0;
};

Instant wall() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

}  // namespace

struct SystemClock::State : std::enable_shared_from_this<SystemClock::State> {
  explicit State(boost::asio::any_io_executor executor) : alarm(std::move(executor)) {}

  Alarm alarm;
  TimerQueue timers;
  ClockMode mode = ClockMode::Real;
  double speed = 1.0;
  Duration shift{};               // Real: added to the wall clock
  Instant anchor{};               // Scaled and Manual: emulated time …
  Steady::time_point anchored{};  // … and the real moment at which it was that
  std::optional<Instant> driven;  // while somebody drives: where time stands
  std::vector<OneShot<bool>> waiting_drivers;
  bool driving = false;

  Instant now() const {
    if (driven) return *driven;
    switch (mode) {
      case ClockMode::Real:
        return wall() + shift;
      case ClockMode::Scaled: {
        const std::chrono::duration<double, std::micro> real = Steady::now() - anchored;
        return anchor + Duration(static_cast<std::int64_t>(real.count() * speed));
      }
      case ClockMode::Manual:
        break;
    }
    return anchor;
  }

  void stand_at(Instant when) {
    shift = when - wall();
    anchor = when;
    anchored = Steady::now();
  }

  void arm() {
    const auto due = timers.next_due();
    if (!due || driving) return;
    // Time that stands still has come to what is due now, and to nothing else.
    if (mode == ClockMode::Manual && Instant(Duration(*due)) > anchor) return;
    const double real = static_cast<double>((Instant(Duration(*due)) - now()).count()) /
                        (mode == ClockMode::Scaled ? speed : 1.0) * 1000.0;
    const double bounded = std::clamp(real, 0.0, static_cast<double>(longest_sleep.count()));
    const auto sleep = std::chrono::nanoseconds(static_cast<std::int64_t>(std::ceil(bounded)));
    alarm.ensure(Steady::now() + sleep, [self = weak_from_this()] {
      if (const auto state = self.lock()) state->wake();
    });
  }

  void wake() {
    alarm.fired();
    if (driving) return;
    // At most as many as there were: a callback that sets a timer for "now" must not keep the loop from
    // others.
    const std::int64_t until = now().time_since_epoch().count();
    for (std::size_t left = timers.size(); left > 0; --left) {
      const auto what = timers.take_due(until);
      if (!what) break;
      (*what)();
    }
    arm();
  }

  void finish_driving() {
    stand_at(*driven);
    driven.reset();
    driving = false;
    pass_turn_on();
    arm();
  }

  void pass_turn_on() {
    if (waiting_drivers.empty()) return;
    const auto next = waiting_drivers.front();
    waiting_drivers.erase(waiting_drivers.begin());
    next.set(true);
  }
};

namespace {

/// Turns of the loop granted to what a callback woke: a coroutine hops through a few posts before it waits
/// again.
constexpr int turns_to_settle = 32;

}  // namespace

/// Gives time back its own pace, and the turn to the next driver, however driving ends.
struct SystemClock::Drive {
  State& state;
  ~Drive() { state.finish_driving(); }
};

SystemClock::SystemClock(boost::asio::any_io_executor executor)
    : state_(std::make_shared<State>(std::move(executor))) {}
SystemClock::~SystemClock() { state_->alarm.drop(); }

Instant SystemClock::now() const { return state_->now(); }

TimerId SystemClock::call_at(Instant when, std::function<void()> what) {
  const TimerId timer = state_->timers.add(when.time_since_epoch().count(), std::move(what));
  if (state_->timers.next_due() == when.time_since_epoch().count()) state_->arm();
  return timer;
}

bool SystemClock::cancel(TimerId timer) { return state_->timers.cancel(timer); }

void SystemClock::set_mode(ClockMode mode, double speed) {
  State& state = *state_;
  state.stand_at(state.now());
  state.mode = mode;
  state.speed = speed > 0 ? speed : 1.0;
  state.alarm.drop();
  state.arm();
}

ClockMode SystemClock::mode() const noexcept { return state_->mode; }
double SystemClock::speed() const noexcept { return state_->speed; }
bool SystemClock::driven() const noexcept { return state_->driving; }
std::size_t SystemClock::pending() const noexcept { return state_->timers.size(); }

std::optional<Instant> SystemClock::next_due() const {
  const auto due = state_->timers.next_due();
  if (!due) return std::nullopt;
  return Instant(Duration(*due));
}

Task<Driven> SystemClock::drive(Duration by, DriveHooks hooks) {
  auto state = state_;
  while (state->driving) {
    OneShot<bool> turn;
    state->waiting_drivers.push_back(turn);
    co_await turn.wait();
  }
  Driven driven;
  state->driving = true;
  state->alarm.drop();
  const Instant start = state->now();
  const Instant end = start + std::max(by, Duration::zero());
  state->driven = start;
  const Drive drive{*state};  // also when the driver is cancelled half-way
  if (hooks.settle) {
    Task<> settling = hooks.settle();
    co_await std::move(settling);
  }
  driven.reached = hooks.until && hooks.until();
  if (driven.reached) co_return driven;
  for (;;) {
    const auto due = state->timers.next_due();
    if (!due || Instant(Duration(*due)) > end) break;
    state->driven = std::max(*state->driven, Instant(Duration(*due)));
    auto what = state->timers.take_due(*due);
    (*what)();
    what.reset();
    ++driven.timers;
    for (int turn = 0; turn < turns_to_settle; ++turn) co_await boost::asio::post(boost::asio::use_awaitable);
    if (hooks.settle) {
      Task<> settling = hooks.settle();
      co_await std::move(settling);
    }
    if (hooks.until && hooks.until()) {
      driven.reached = true;
      co_return driven;
    }
  }
  state->driven = end;
  co_return driven;
}

Task<> SystemClock::advance(Duration by) {
  auto drive_on = drive(by, DriveHooks{});
  co_await std::move(drive_on);
}

Task<> SystemClock::set_now(Instant when, DriveHooks hooks) {
  auto state = state_;
  const Instant now = state->now();
  if (when > now) {
    auto drive_on = drive(when - now, std::move(hooks));
    co_await std::move(drive_on);
    co_return;
  }
  if (!state->driving) {
    state->alarm.drop();
    state->stand_at(when);
    state->arm();
  }
}

struct SystemStopwatch::State : std::enable_shared_from_this<SystemStopwatch::State> {
  explicit State(boost::asio::any_io_executor executor) : alarm(std::move(executor)), origin(Steady::now()) {}

  Alarm alarm;
  TimerQueue timers;
  Steady::time_point origin;

  void arm() {
    const auto due = timers.next_due();
    if (!due) return;
    alarm.ensure(origin + std::chrono::nanoseconds(*due), [self = weak_from_this()] {
      if (const auto state = self.lock()) state->wake();
    });
  }

  void wake() {
    alarm.fired();
    const std::int64_t until = std::chrono::nanoseconds(Steady::now() - origin).count();
    for (std::size_t left = timers.size(); left > 0; --left) {
      const auto what = timers.take_due(until);
      if (!what) break;
      (*what)();
    }
    arm();
  }
};

SystemStopwatch::SystemStopwatch(boost::asio::any_io_executor executor)
    : state_(std::make_shared<State>(std::move(executor))) {}
SystemStopwatch::~SystemStopwatch() { state_->alarm.drop(); }

std::chrono::nanoseconds SystemStopwatch::elapsed() const { return Steady::now() - state_->origin; }

TimerId SystemStopwatch::call_after(std::chrono::nanoseconds delay, std::function<void()> what) {
  const std::int64_t due = (elapsed() + std::max(delay, std::chrono::nanoseconds(0))).count();
  const TimerId timer = state_->timers.add(due, std::move(what));
  if (state_->timers.next_due() == due) state_->arm();
  return timer;
}

bool SystemStopwatch::cancel(TimerId timer) { return state_->timers.cancel(timer); }
std::size_t SystemStopwatch::pending() const noexcept { return state_->timers.size(); }
std::size_t SystemStopwatch::times_armed() const noexcept { return state_->alarm.times_armed(); }

Instant machine_time() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  // getrandom of up to 256 bytes is neither short nor interrupted once the pool is ready.
  while (::getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) {
  }
  return seed;
}

}  // namespace aviary::host
