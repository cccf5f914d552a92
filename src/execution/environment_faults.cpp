#include <algorithm>
#include <csignal>
#include <utility>

#include "execution/environment.hpp"
#include "execution/injected_error.hpp"

/// What goes wrong on purpose: delays, errors, the ends of processes. The environment's time runs ahead of
/// the stopwatch by whatever part of an injected delay nobody waits for.
namespace aviary::execution {
namespace {

/// How much of a delay really passes.
std::chrono::nanoseconds passing(std::chrono::nanoseconds delay, double pace) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(delay.count()) * pace));
}

}  // namespace

void Environment::skip(std::chrono::nanoseconds time) {
  if (time <= std::chrono::nanoseconds::zero()) return;
  skipped_ += time;
  deadline_.bring_forward(time);
  deadline_ms_ -= std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

void Environment::drop_fault() {
  held_ = false;
  cancel_timer(fault_timer_);
}

/// Goes on with `then` after the delay; or, where no more than `left` is there for it, with the time-out.
void Environment::wait_out(std::chrono::nanoseconds delay, std::chrono::nanoseconds left, double pace,
                           void (Environment::*then)()) {
  const bool too_long = delay >= left;
  delay = std::max(std::min(delay, left), std::chrono::nanoseconds::zero());
  const auto real = passing(delay, pace);
  fault_timer_ = around_.stopwatch.call_after(real, [this, then, too_long, rest = delay - real] {
    fault_timer_ = 0;
    skip(rest);
    if (too_long)
      deadline_passed();
    else
      (this->*then)();
  });
}

/// The runtime is up and waits; as far as anybody can see its init still goes on.
bool Environment::prolong_init() {
  if (init_prolonged_) return false;
  const Fault* fault = job_ ? job_->fault.get() : owner_.fault_at_start(*this);
  if (fault == nullptr || fault->cold_start.count() == 0) return false;
  init_prolonged_ = true;
  place_.release();
  cancel_timer(hold_timer_);
  const auto limit = phase_ == platform_log::InitPhase::Init ? around_.options.init_timeout : timeout();
  wait_out(fault->cold_start, init_started_ + limit - now(), fault->pace, &Environment::init_succeeded);
  return true;
}

/// Keeps the event from the runtime, which waits for it, until the fault has had its time.
void Environment::hold_event() {
  held_ = true;
  const Fault& fault = *job_->fault;
  const auto left = started_ + timeout() - now();
  wait_out(fault.kind == Fault::Kind::Timeout ? left : fault.latency, left, fault.pace, &Environment::strike);
}

void Environment::strike() {
  const Fault& fault = *job_->fault;
  switch (fault.kind) {
    case Fault::Kind::Error:
      inject_error(fault);
      break;
    case Fault::Kind::Crash:
    case Fault::Kind::OutOfMemory:
      // The process really ends; only what it ended of is not what the host saw.
      forced_exit_ = fault.kind == Fault::Kind::Crash ? fault.exit : ExitStatus{0, SIGKILL, true};
      sandbox_->kill();
      break;
    default:
      held_ = false;
      release_waiter(true);
  }
}

void Environment::inject_error(const Fault& fault) {
  InjectedError error = injected_error(*identity_.version, request_id_, around_.clock.now(), fault.error_type,
                                       fault.error_message);
  if (log_.wanted()) log_.output(error.output);
  Failure failure{InvocationEnd::FunctionError, accepted_error_type(fault.error_type), {}};
  failure.posted = true;
  failure.posted_payload = std::move(error.payload);
  answered(failed(failure));
  if (!waiter_) return;  // it lost its connection; it will ask again
  if (companions_) {
    runtime_came_back();
    if (!extensions_wait()) return;
  }
  finish_invocation();
}

}  // namespace aviary::execution
