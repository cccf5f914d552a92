#include <utility>

#include "execution/environment.hpp"
#include "models/lambda.hpp"

/// SnapStart: an environment that has been initialised waits until an invocation takes it; then its runtime
/// runs the function's hooks and asks for the event. AWS restores a copy of one snapshot; here each
/// environment is initialised anew, ahead of time.
namespace aviary::execution {
namespace {

using namespace std::chrono_literals;

namespace rows = models::lambda::errors;

/// Developer guide, "SnapStartTimeoutException": loading and after-restore hooks together.
constexpr auto restore_limit = 10s;

}  // namespace

bool Environment::from_snapshot() const { return identity_.initialization_type == "snap-start"; }

OneShot<bool> Environment::wants_restore() {
  OneShot<bool> waiter;
  if (state_ != State::Initialising && state_ != State::Snapshotted) {
    waiter.set(false);
    return waiter;
  }
  release_waiter(false);
  waiter_ = waiter;
  if (state_ == State::Snapshotted) return waiter;
  waits_for_restore_ = true;
  if (companions_) [[unlikely]] {
    // The snapshot is of the extensions too: it waits until they have initialised.
    tell_init_runtime_done(nullptr);
    if (!extensions_wait()) return waiter;
  }
  snapshot_made();
  return waiter;
}

void Environment::snapshot_made() {
  if (companions_) [[unlikely]]
    tell_init_end(now() - init_started_, nullptr);
  move(Event::Snapshot);
  place_.release();
  cancel_timer(hold_timer_);
  deadline_.clear();
  note_snapshot();
  if (job_)
    restore();
  else
    become_free();
}

/// The init was of the snapshot, and is no part of an invocation.
void Environment::note_snapshot() {
  if (!from_snapshot() || phase_ == platform_log::InitPhase::Invoke) return;
  const auto duration = now() - init_started_;
  init_duration_ = 0ns;
  if (log_.wanted())
    log_.platform(platform_log::init_done(*identity_.version, around_.clock.now(), duration,
                                          identity_.initialization_type));
}

void Environment::restore() {
  move(Event::Restore);
  restore_started_ = now();
  set_deadline(restore_started_ + restore_limit);
  if (frozen_) {
    frozen_ = false;
    sandbox_->thaw();
  }
  if (log_.wanted()) log_.platform(platform_log::restore_start(*identity_.version, around_.clock.now()));
  if (companions_) [[unlikely]]
    tell_restore_start();
  release_waiter(true);
}

/// The hooks have run, and the runtime wants its event.
void Environment::restored() {
  move(Event::Ready);
  deadline_.clear();
  note_restore(now() - restore_started_);
  deliver();
}

void Environment::note_restore(std::chrono::nanoseconds duration) {
  restore_duration_ = duration;
  if (log_.wanted())
    log_.platform(platform_log::restore_report(*identity_.version, around_.clock.now(), duration,
                                               InvocationEnd::Success));
  if (companions_) [[unlikely]]
    tell_restore_end(duration, InvocationEnd::Success, {});
}

/// A runtime that knows nothing of snapshots waits in `next` already.
void Environment::restore_without_hooks() {
  if (!from_snapshot() || !fresh_ || phase_ == platform_log::InitPhase::Invoke) return;
  if (log_.wanted()) log_.platform(platform_log::restore_start(*identity_.version, around_.clock.now()));
  if (companions_) [[unlikely]]
    tell_restore_start();
  note_restore(0ns);
}

/// As the runtime clients name it (awslambdaric, `FaultException.AFTER_RESTORE_ERROR`).
void Environment::fail_restore() { restore_broken("Runtime.AfterRestoreError"); }

void Environment::restore_broken(std::string_view error_type) {
  restore_failed(InvocationEnd::FunctionError, error_type,
                 {rows::SnapStartException,
                  "The afterRestore() runtime hook encountered an error. For more information, check the "
                  "Amazon CloudWatch logs."});
}

void Environment::restore_timed_out() {
  restore_failed(
      InvocationEnd::Timeout, {},
      {rows::SnapStartTimeoutException, "Lambda couldn't restore the snapshot within the timeout limit."});
}

void Environment::restore_failed(InvocationEnd how, std::string_view error_type, const AwsError& error) {
  if (sandbox_) sandbox_->collect_output();
  const auto duration = now() - restore_started_;
  if (log_.wanted())
    log_.platform(platform_log::restore_report(*identity_.version, around_.clock.now(), duration, how));
  if (companions_) [[unlikely]]
    tell_restore_end(duration, how, error_type);
  end(error);
}

}  // namespace aviary::execution
