#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>

#include "ports/clock.hpp"

namespace aviary::host {

/// How emulated time runs.
enum class ClockMode {
  Real,    ///< the machine's own time, shifted by whatever `advance` and `set_now` have added
  Scaled,  ///< `speed` emulated seconds in a real one
  Manual,  ///< stands still until it is driven
};

/// What a driver adds to driving; both may be empty.
struct DriveHooks {
  std::function<bool()> until{};  ///< asked before anything ran and after each timer: enough?
  std::function<Task<>()>
      settle{};  ///< awaited before the first timer and after each: what was started beyond the loop
};
struct Driven {
  std::size_t timers = 0;  ///< that ran
  bool reached = false;    ///< `until` said so: time stands at that moment, not `by` later
};

/// The emulated clock of a running server. All its timers share one kernel timer, armed for the earliest;
/// cancelling never touches the kernel, and setting one does only when it is due before what is armed.
///
/// Owned by the composition root, used on the loop's thread. Destroying it drops what is pending.
class SystemClock final : public Clock {
 public:
  explicit SystemClock(boost::asio::any_io_executor executor);
  ~SystemClock() override;
  SystemClock(const SystemClock&) = delete;
  SystemClock& operator=(const SystemClock&) = delete;

  Instant now() const override;
  TimerId call_at(Instant when, std::function<void()> what) override;
  bool cancel(TimerId timer) override;

  /// Time goes on from where it is; only its pace changes. `speed` must be positive and matters to `Scaled`
  /// only.
  void set_mode(ClockMode mode, double speed = 1.0);
  ClockMode mode() const noexcept;
  double speed() const noexcept;
  /// Whether somebody drives it right now.
  bool driven() const noexcept;
  std::optional<Instant> next_due() const;
  std::size_t pending() const noexcept;

  /// Runs what falls due within `by`, in order, one at a time, each at its own moment, and lets what it woke
  /// run before it goes on; then time stands `by` later. One drive at a time: a second waits for the first.
  Task<Driven> drive(Duration by, DriveHooks hooks);
  Task<> advance(Duration by);
  /// Forward like `drive`; backward at once, running nothing.
  Task<> set_now(Instant when, DriveHooks hooks = {});

 private:
  struct State;
  struct Drive;
  std::shared_ptr<State> state_;
};

/// Real elapsed time, with the same single kernel timer.
class SystemStopwatch final : public Stopwatch {
 public:
  explicit SystemStopwatch(boost::asio::any_io_executor executor);
  ~SystemStopwatch() override;
  SystemStopwatch(const SystemStopwatch&) = delete;
  SystemStopwatch& operator=(const SystemStopwatch&) = delete;

  std::chrono::nanoseconds elapsed() const override;
  TimerId call_after(std::chrono::nanoseconds delay, std::function<void()> what) override;
  bool cancel(TimerId timer) override;
  std::size_t pending() const noexcept;
  /// How often the kernel timer was set so far; for tests of the promise above.
  std::size_t times_armed() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// The machine's own time, whatever the emulated clock says: what function processes see.
Instant machine_time();

/// A seed from the kernel's entropy.
std::uint64_t random_seed();

}  // namespace aviary::host
