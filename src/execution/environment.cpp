#include "execution/environment.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "execution/runtime_api/runtime_api.hpp"
#include "execution/telemetry_records.hpp"
#include "wire/body_stream.hpp"

namespace aviary::execution {
namespace {

using namespace std::chrono_literals;

/// A payload up to this size is kept for a runtime that asks twice; a larger one is moved out.
constexpr std::size_t kept_payload = 1 << 20;
/// Between the answer on the socket and the last output in the pipe. One turn of the loop is enough; while
/// output keeps coming it is given a few more.
constexpr auto drain_step = 1ms;
constexpr int most_drains = 10;
/// Connections that are known to be an environment's own, before they are asked about anew.
constexpr std::size_t most_verified = 2048;
/// Reading the peak costs a few system calls: not on every warm invocation.
constexpr auto memory_age = 100ms;

}  // namespace

Environment::Environment(Surroundings& around, EnvironmentOwner& owner, EnvironmentIdentity identity)
    : around_(around),
      owner_(owner),
      identity_(std::move(identity)),
      log_(identity_, around.observations, around.clock),
      deadline_(around.stopwatch, [this] { deadline_passed(); }),
      created_(around.stopwatch.elapsed()) {}

void Environment::move(Event event) {
  const auto to = after(state_, event);
  if (!to)
    throw std::logic_error(fmt::format("environment {}: event {} refused while {}", identity_.id,
                                       static_cast<int>(event), name(state_)));
  state_ = *to;
}

void Environment::take(JobPtr job) {
  job_ = std::move(job);
  request_id_ = job_->invocation.request_id;
  invoked_arn_ = job_->invocation.invoked_arn;
  trace_id_.clear();
  if (identity_.version->configuration->tracing_mode == "Active") trace_id_ = job_->invocation.trace_id;
  spilled_ = job_->spilled && !identity_.provisioned;
  payload_given_ = false;
  streaming_ = false;
  ++invocations_;
  if (state_ == State::Idle) {
    restore_without_hooks();
    deliver();
    return;
  }
  if (state_ == State::Snapshotted) {
    restore();
    return;
  }
  move(Event::Restart);
  phase_ = platform_log::InitPhase::Invoke;
  if (job_->invocation.tail_log) log_.begin_tail();
  around_.tasks.spawn("restart environment", restart(shared_from_this()));
}

void Environment::deliver() {
  move(Event::Deliver);
  // An init inside the invocation counts as part of it, for the time-out as for the duration.
  const bool init_counts = fresh_ && phase_ == platform_log::InitPhase::Invoke;
  const auto moment = now();
  started_ = init_counts ? init_started_ : moment;
  set_deadline(started_ + timeout());
  const Instant wall = around_.options.process_time ? around_.options.process_time() : around_.clock.now();
  const auto remaining = started_ + timeout() - moment;
  deadline_ms_ =
      std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch() + remaining).count();
  if (frozen_) {
    frozen_ = false;
    sandbox_->thaw();
  }
  if (job_->invocation.tail_log && !log_.tailing()) log_.begin_tail();
  log_start();
  if (companions_) [[unlikely]]
    deliver_to_extensions();
  if (job_->fault)
    hold_event();
  else
    release_waiter(true);
}

void Environment::log_start() {
  if (!log_.wanted()) return;
  log_.start(around_.clock.now(), request_id_, job_->invocation.invoked_arn, trace_id_);
}

RuntimeState Environment::runtime_state() const {
  switch (state_) {
    case State::Idle:
      return RuntimeState::Ready;
    case State::Invoking:
      return RuntimeState::Running;
    case State::Responded:
      return RuntimeState::ResponseSent;
    case State::Snapshotted:
      return RuntimeState::RestoreReady;
    case State::Restoring:
      return RuntimeState::Restoring;
    default:
      return init_failure_ ? RuntimeState::InitError : RuntimeState::Started;
  }
}

std::string_view Environment::request_id() const {
  if (state_ == State::Invoking || state_ == State::Responded) return request_id_;
  return {};
}

bool Environment::owns(const wire::Request& request) {
  if (!sandbox_) return false;
  // Asking the host costs system calls: once a connection. A connection whose name is not known is asked
  // about anew: its port alone could be somebody else's by now.
  if (request.connection != 0 && verified_.contains(request.connection)) return true;
  if (!sandbox_->owns_connection(request.peer_port, request.local_port)) return false;
  if (verified_.size() >= most_verified) verified_.clear();
  if (request.connection != 0) verified_.insert(request.connection);
  return true;
}

OneShot<bool> Environment::wants_event() {
  OneShot<bool> waiter;
  switch (state_) {
    case State::Initialising:
      release_waiter(false);
      waiter_ = waiter;
      waits_for_restore_ = false;
      if (companions_) [[unlikely]] {
        tell_init_runtime_done(nullptr);
        if (!extensions_wait()) break;
      }
      if (fault_timer_ == 0) init_succeeded();
      break;
    case State::Restoring:
      waiter_ = waiter;
      restored();
      break;
    case State::Idle:
      // It lost its connection and asks again: the new request is the one that somebody listens to.
      release_waiter(false);
      waiter_ = waiter;
      break;
    case State::Invoking:
      if (held_) {
        release_waiter(false);
        waiter_ = waiter;
      } else {
        waiter.set(true);
      }
      break;
    case State::Responded:
      release_waiter(false);
      waiter_ = waiter;
      if (companions_) [[unlikely]] {
        runtime_came_back();
        if (!extensions_wait()) break;
      }
      finish_invocation();
      break;
    default:
      waiter.set(false);
  }
  return waiter;
}

/// Everybody is back for the next event.
void Environment::finish_invocation() {
  move(Event::Ready);
  deadline_.clear();
  if (settling_) return;
  close_log();
  become_free();
}

std::optional<Delivery> Environment::take_event() {
  if (state_ != State::Invoking || !job_ || payload_given_ || held_) return std::nullopt;
  std::string& payload = job_->invocation.payload;
  Delivery delivery{&job_->invocation, {}, deadline_ms_};
  payload_given_ = payload.size() > kept_payload;
  delivery.payload = payload_given_ ? std::move(payload) : payload;
  return delivery;
}

std::shared_ptr<wire::BodyStream> Environment::receive(const wire::Request& request) {
  if (state_ != State::Invoking || !job_ || streaming_) return nullptr;
  if (!runtime_api::streams_response(job_->invocation, request) || !owns(request)) return nullptr;
  streaming_ = true;
  return runtime_api::begin_stream(job_->invocation, request);
}

std::uint64_t Environment::streamed_bytes() const {
  return streaming_ && job_ ? job_->invocation.stream->written() : 0;
}

void Environment::respond(std::string payload) {
  Ending ending;
  ending.outcome.streamed = streaming_;
  ending.outcome.payload = std::move(payload);
  answered(std::move(ending));
}

void Environment::fail(Failure failure) { answered(failed(failure)); }

Environment::Ending Environment::failed(const Failure& failure) {
  Ending ending;
  ending.outcome.payload = failure_payload(failure, request_id_);
  ending.outcome.function_error = "Unhandled";
  ending.outcome.streamed = streaming_;
  ending.end = failure.end;
  ending.error_type = failure.type;
  ending.log_line = platform_log::failure(around_.clock.now(), request_id_, failure);
  return ending;
}

/// The runtime has posted what the invocation came to.
void Environment::answered(Ending ending) {
  move(Event::Respond);
  drop_fault();
  ending.outcome.duration = now() - started_;
  if (companions_) [[unlikely]] {
    companions_->response_latency = ending.outcome.duration;
    companions_->produced_bytes = streaming_ ? streamed_bytes() : ending.outcome.payload.size();
  }
  ending_ = std::move(ending);
  if (job_->invocation.tail_log) {
    settle_after_drain();
    return;
  }
  // Nobody reads this log right now: the caller need not wait for it.
  if (!around_.observations->logs() && !companions_) {
    settle();
    return;
  }
  lambda::Outcome outcome = std::move(ending_->outcome);  // its durations stay readable for the log
  outcome.cold = fresh_;
  outcome.init_duration = fresh_ ? init_duration_ : 0ns;
  outcome.restore_duration = restore_duration_.value_or(0ns);
  outcome.started = started_ - skipped_;
  owner_.settle(std::move(job_), std::move(outcome));
}

/// What the function wrote before it answered may still be in its pipe, and belongs to this invocation's log.
void Environment::settle_after_drain() {
  settling_ = true;
  output_seen_ = false;
  drains_ = 0;
  drain_timer_ = around_.stopwatch.call_after(drain_step, [this] { drained(); });
}

void Environment::drained() {
  drain_timer_ = 0;
  if (std::exchange(output_seen_, false) && ++drains_ < most_drains) {
    drain_timer_ = around_.stopwatch.call_after(drain_step, [this] { drained(); });
    return;
  }
  settling_ = false;
  // The log that the caller waits for ends when the last extension is through.
  if (companions_ && state_ == State::Responded) return;
  settle();
  if (available()) become_free();
}

/// Closes the log and answers the caller.
void Environment::settle() {
  cancel_timer(drain_timer_);
  settling_ = false;
  close_log();
}

/// Writes END and REPORT, tells the observers, and answers whoever has no answer yet.
void Environment::close_log() {
  if (!ending_) return;
  // A runtime writes what the function said before it posts the answer: all of it is in the pipe by now.
  if (sandbox_) sandbox_->collect_output();
  Ending ending = std::move(*ending_);
  ending_.reset();
  lambda::Outcome& outcome = ending.outcome;
  std::optional<std::chrono::nanoseconds> after_runtime;
  if (companions_) [[unlikely]] {
    tell_runtime_done(ending.end, ending.error_type);
    if (companions_->runtime_back) {
      const auto ended = companions_->cut_off.value_or(now());
      after_runtime = ended - *companions_->runtime_back;
      outcome.duration = ended - started_;
    }
  }
  outcome.cold = fresh_;
  outcome.init_duration = fresh_ ? init_duration_ : 0ns;
  const auto restore_took = std::exchange(restore_duration_, std::nullopt);
  outcome.restore_duration = restore_took.value_or(0ns);
  outcome.started = started_ - skipped_;
  fresh_ = false;
  refresh_memory(log_.tailing());
  log_.flush();
  std::optional<Instant> over;
  if (log_.wanted()) {
    const Instant at = around_.clock.now();
    over = at;
    const platform_log::Report report{.request_id = request_id_,
                                      .duration = outcome.duration,
                                      .init_duration = outcome.init_duration,
                                      .max_memory_bytes = memory_bytes_,
                                      .end = ending.end,
                                      .error_type = ending.error_type,
                                      .tenant_id = identity_.tenant_id,
                                      .restore_duration = restore_took,
                                      .trace = trace_id_};
    log_.end(at, ending.log_line, report);
    if (companions_ && companions_->telemetry) [[unlikely]] {
      if (!ending.log_line.empty()) companions_->telemetry->platform("fault", OrderedJson(ending.log_line));
      companions_->telemetry->platform("end", telemetry_records::end(request_id_));
      companions_->telemetry->platform("report", telemetry_records::report(*identity_.version, report));
    }
  }
  if (log_.tailing()) outcome.log_tail = log_.take_tail();
  if (around_.observations->counts()) {
    InvocationRecord record{identity_.version, request_id_, invoked_arn_, ending.end, ending.error_type};
    record.duration = outcome.duration;
    record.init_duration = outcome.init_duration;
    record.after_runtime = after_runtime;
    record.billed_ms = platform_log::billed_ms(outcome.duration, outcome.init_duration) +
                       platform_log::billed_ms(restore_took.value_or(0ns), 0ns);
    record.max_memory_bytes = memory_bytes_;
    record.cold = outcome.cold;
    record.provisioned = identity_.provisioned;
    record.spilled = spilled_;
    record.at = over;
    around_.observations->invocation(record);
  }
  if (job_) owner_.settle(std::move(job_), std::move(outcome));
}

void Environment::become_free() {
  free_since_ = around_.stopwatch.elapsed();
  owner_.environment_free(*this);
}

void Environment::release_waiter(bool event) {
  if (!waiter_) return;
  const OneShot<bool> waiter = std::move(*waiter_);
  waiter_.reset();
  waiter.set(event);
}

void Environment::refresh_memory(bool at_once) {
  if (!sandbox_) return;
  const auto moment = now();
  if (memory_bytes_ != 0 && !at_once && moment - memory_read_at_ < memory_age) return;
  memory_read_at_ = moment;
  if (const std::uint64_t peak = sandbox_->peak_memory_bytes(); peak != 0) memory_bytes_ = peak;
  if (forced_exit_ && forced_exit_->out_of_memory)
    memory_bytes_ = static_cast<std::uint64_t>(identity_.version->configuration->memory_mb) << 20;
}

void Environment::cancel_timer(TimerId& timer) {
  if (timer != 0) around_.stopwatch.cancel(std::exchange(timer, 0));
}

}  // namespace aviary::execution
