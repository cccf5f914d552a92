#include "execution/attachment.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "execution/runtime_api/runtime_api.hpp"
#include "wire/body_stream.hpp"

namespace aviary::execution {
namespace {

using namespace std::chrono_literals;

/// How often connections are looked at while a process is there.
constexpr auto look_every = 200ms;
/// A process that runs an event and has no connection for so long is gone: one that lives keeps its
/// connection, or opens the next one.
constexpr auto longest_silence = 3s;
/// What the process is told of its deadline: nobody steps through code against a clock.
constexpr std::chrono::hours suspended{24};

}  // namespace

Attachment::Attachment(Surroundings& around, Owner owner, EnvironmentIdentity identity)
    : around_(around),
      owner_(std::move(owner)),
      identity_(std::move(identity)),
      log_(identity_, around.observations, around.clock),
      created_(around.stopwatch.elapsed()) {}

Attachment::~Attachment() {
  if (timer_ != 0) around_.stopwatch.cancel(timer_);
}

std::string Attachment::open_address() {
  std::string problem;
  listener_ = runtime_api::listen(around_.endpoints, weak_from_this(), problem);
  if (listener_) address_ = listener_->address();
  return problem;
}

void Attachment::move(AttachEvent event) {
  const auto to = after(state_, event);
  if (!to)
    throw std::logic_error(fmt::format("attachment {}: event {} refused while {}", identity_.id,
                                       static_cast<int>(event), name(state_)));
  state_ = *to;
}

/// A process that has just been stopped must not be given an invocation: its connection is looked at first.
bool Attachment::attached() {
  if (state_ == AttachState::Waiting && !listener_->connected(connection_)) lose();
  return state_ != AttachState::Nobody;
}

void Attachment::take(JobPtr job) {
  waiting_.push_back(std::move(job));
  if (state_ == AttachState::Waiting) deliver_next();
}

void Attachment::deliver_next() {
  move(AttachEvent::Deliver);
  job_ = std::move(waiting_.front());
  waiting_.pop_front();
  ++invocations_;
  streaming_ = false;
  started_ = around_.stopwatch.elapsed();
  if (job_->invocation.tail_log) log_.begin_tail();
  if (log_.wanted())
    log_.platform(platform_log::start(*job_->invocation.version, around_.clock.now(),
                                      job_->invocation.request_id, job_->invocation.invoked_arn));
  if (!waiter_) return;
  const OneShot<bool> waiter = std::move(*waiter_);
  waiter_.reset();
  waiter.set(true);
}

RuntimeState Attachment::runtime_state() const {
  switch (state_) {
    case AttachState::Waiting:
      return RuntimeState::Ready;
    case AttachState::Running:
      return RuntimeState::Running;
    case AttachState::Responded:
      return RuntimeState::ResponseSent;
    default:
      return RuntimeState::Started;
  }
}

std::string_view Attachment::request_id() const {
  if (state_ == AttachState::Running && job_) return job_->invocation.request_id;
  return {};
}

/// Whoever was told the address may use it. The connection is remembered: it tells that the process lives.
bool Attachment::owns(const wire::Request& request) {
  connection_ = request.connection;
  one_call_each_ = wire::equals_ignoring_case(request.header("Connection"), "close");
  silent_since_ = 0ns;
  return true;
}

OneShot<bool> Attachment::wants_event() {
  OneShot<bool> waiter;
  if (closed_) {
    waiter.set(false);
    return waiter;
  }
  if (waiter_) std::exchange(waiter_, std::nullopt)->set(false);
  if (state_ == AttachState::Running) {
    // It asks once more for what it has: it lost its connection, or was started anew in the middle of it.
    waiter.set(true);
    return waiter;
  }
  waiter_ = waiter;
  move(AttachEvent::Next);
  watch();
  if (!waiting_.empty()) deliver_next();
  return waiter;
}

std::optional<Delivery> Attachment::take_event() {
  if (state_ != AttachState::Running || !job_) return std::nullopt;
  const Instant now = around_.options.process_time ? around_.options.process_time() : around_.clock.now();
  const auto deadline = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch() +
                                                                              std::chrono::hours(suspended));
  return Delivery{&job_->invocation, job_->invocation.payload, deadline.count()};
}

std::shared_ptr<wire::BodyStream> Attachment::receive(const wire::Request& request) {
  if (state_ != AttachState::Running || !job_ || streaming_) return nullptr;
  if (!runtime_api::streams_response(job_->invocation, request)) return nullptr;
  streaming_ = true;
  return runtime_api::begin_stream(job_->invocation, request);
}

std::uint64_t Attachment::streamed_bytes() const {
  return streaming_ && job_ ? job_->invocation.stream->written() : 0;
}

void Attachment::respond(std::string payload) {
  lambda::Outcome outcome;
  outcome.payload = std::move(payload);
  move(AttachEvent::Respond);
  finish(std::move(outcome), InvocationEnd::Success, {}, {});
}

void Attachment::fail(Failure failure) {
  move(AttachEvent::Respond);
  fail_running(failure);
}

/// It will end by itself; nothing waits for its init.
void Attachment::fail_init(Failure) {}

void Attachment::fail_running(const Failure& failure) {
  lambda::Outcome outcome;
  outcome.payload = failure_payload(failure, job_->invocation.request_id);
  outcome.function_error = "Unhandled";
  std::string line = platform_log::failure(around_.clock.now(), job_->invocation.request_id, failure);
  finish(std::move(outcome), failure.end, failure.type, std::move(line));
}

/// Closes the log and answers the caller.
void Attachment::finish(lambda::Outcome outcome, InvocationEnd end, std::string error_type,
                        std::string log_line) {
  const lambda::Invocation& invocation = job_->invocation;
  outcome.streamed = streaming_;
  outcome.duration = around_.stopwatch.elapsed() - started_;
  if (log_.wanted()) {
    const Instant at = around_.clock.now();
    const platform_log::Report report{invocation.request_id, outcome.duration, 0ns, 0, end, error_type};
    log_.platform(log_line);
    log_.platform(platform_log::end(*invocation.version, at, report));
    log_.platform(platform_log::report(*invocation.version, at, report));
  }
  if (log_.tailing()) outcome.log_tail = log_.take_tail();
  InvocationRecord record{invocation.version, invocation.request_id, invocation.invoked_arn, end, error_type};
  record.duration = outcome.duration;
  record.billed_ms = platform_log::billed_ms(outcome.duration, 0ns);
  around_.observations->invocation(record);
  owner_.settle(std::move(job_), std::move(outcome));
}

void Attachment::watch() {
  if (timer_ != 0 || closed_) return;
  timer_ = around_.stopwatch.call_after(look_every, [this] {
    timer_ = 0;
    look();
  });
}

/// Whether the process is still there.
void Attachment::look() {
  if (state_ == AttachState::Nobody) return;
  const bool connected = listener_->connected(connection_);
  if (connected) {
    silent_since_ = 0ns;
  } else if (state_ == AttachState::Waiting) {
    lose();
    return;
  } else if (silent_since_ == 0ns) {
    silent_since_ = around_.stopwatch.elapsed();
  } else if (!one_call_each_ && around_.stopwatch.elapsed() - silent_since_ >= longest_silence) {
    lose();
    return;
  }
  watch();
}

/// The process is gone. What it had fails as if it had exited; what waits for it goes the usual way.
void Attachment::lose() {
  const bool running = state_ == AttachState::Running;
  move(AttachEvent::Gone);
  silent_since_ = 0ns;
  if (waiter_) std::exchange(waiter_, std::nullopt)->set(false);
  if (running) fail_running(exited(ExitStatus{}));
  for (JobPtr& job : std::exchange(waiting_, {})) owner_.give_back(std::move(job));
}

void Attachment::close(const AwsError& reason) {
  if (std::exchange(closed_, true)) return;
  if (timer_ != 0) around_.stopwatch.cancel(std::exchange(timer_, 0));
  if (job_) owner_.settle(std::move(job_), reason);
  if (state_ != AttachState::Nobody) state_ = *after(state_, AttachEvent::Gone);
  if (waiter_) std::exchange(waiter_, std::nullopt)->set(false);
  for (JobPtr& job : std::exchange(waiting_, {})) owner_.give_back(std::move(job));
}

EnvironmentInfo Attachment::info() const {
  EnvironmentInfo info = info_of(identity_);
  info.version = "*";
  info.state = state_ == AttachState::Waiting ? "attached" : name(state_);
  info.age = around_.stopwatch.elapsed() - created_;
  info.invocations = invocations_;
  info.attached = true;
  return info;
}

}  // namespace aviary::execution
