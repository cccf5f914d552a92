#include <utility>

#include "execution/environment.hpp"

/// How what runs in an environment comes to its end: time-outs, exits, resets, freezing, the environment's
/// own.
namespace aviary::execution {
namespace {

using namespace std::chrono_literals;

/// A killed process is gone within milliseconds; after this long its environment is given up.
constexpr auto reset_limit = 1s;

}  // namespace

void Environment::begin_reset() {
  move(Event::Reset);
  drop_fault();
  release_waiter(false);
  if (companions_) [[unlikely]] {
    reset_with_extensions();
    return;
  }
  set_deadline(now() + reset_limit);
  sandbox_->kill();
}

void Environment::deadline_passed() {
  switch (state_) {
    case State::Initialising:
      if (!init_failure_) {
        init_failure_ = phase_ == platform_log::InitPhase::Init
                            ? Failure{InvocationEnd::Timeout, "Sandbox.Timedout", {}}
                            : timed_out(timeout());
        init_duration_ = now() - init_started_;
      }
      begin_reset();
      break;
    case State::Invoking:
      ending_ = failed(timed_out(timeout()));
      ending_->outcome.duration = now() - started_;
      settling_ = true;
      begin_reset();
      break;
    case State::Restoring:
      restore_timed_out();
      break;
    case State::Responded:
      // It has answered and does not come back for the next event: the time-out covers that too.
      if (companions_) mark_ending(timed_out(timeout()));
      begin_reset();
      break;
    case State::Resetting:
      if (companions_ && shutdown_expired()) break;
      // Even a killed process did not go: nothing can be done with this sandbox any more.
      process_gone();
      end(AwsError{});
      break;
    default:
      break;
  }
}

void Environment::process_exited(ExitStatus status) {
  if (launching_) {
    early_exit_ = status;
    return;
  }
  if (forced_exit_) status = *forced_exit_;
  refresh_memory(true);
  log_.end_output();
  if (companions_) companions_->runtime_runs = false;
  switch (state_) {
    case State::Initialising:
      if (!init_failure_) {
        init_failure_ = exited(status);
        init_duration_ = now() - init_started_;
      }
      break;
    case State::Restoring:
      restore_broken("Runtime.ExitError");
      return;
    case State::Invoking:
      ending_ = failed(exited(status));
      ending_->outcome.duration = now() - started_;
      break;
    default:
      break;
  }
  if (companions_ && shut_extensions()) return;
  process_gone();
  if (available()) become_free();
}

/// No process is left, for whatever reason: what waited for that is concluded.
void Environment::process_gone() {
  move(Event::ProcessGone);
  drop_fault();
  place_.release();
  cancel_timer(hold_timer_);
  deadline_.clear();
  release_waiter(false);
  frozen_ = false;
  if (init_failure_)
    conclude_failed_init();
  else
    settle();
}

void Environment::freeze() {
  if (companions_ && flush_before_freeze()) return;
  freeze_now();
}

void Environment::freeze_now() {
  if ((state_ != State::Idle && state_ != State::Snapshotted) || frozen_) return;
  frozen_ = true;
  sandbox_->freeze();
}

void Environment::end(const AwsError& reason) {
  if (state_ == State::Dead) return;
  const bool gently = ends_gently() && state_ != State::Resetting;
  if (sandbox_ && state_ != State::Stopped && !gently) sandbox_->kill();
  if (settling_ || ending_) settle();
  move(Event::End);
  deadline_.disarm();
  cancel_timer(drain_timer_);
  cancel_timer(hold_timer_);
  drop_fault();
  place_.release();
  if (companions_) {
    cancel_timer(companions_->freeze_timer);
    if (companions_->enrolled) companions_->enrolled->set(false);
  }
  if (job_) owner_.settle(std::move(job_), reason);
  if (gently) {
    around_.tasks.spawn("end environment", wind_down(shared_from_this()));
  } else {
    release_waiter(false);
    log_.end_output();
    let_go();
  }
  owner_.environment_gone(*this);
}

}  // namespace aviary::execution
