#include "execution/managed_environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "execution/runtime_api/invocation_path.hpp"
#include "execution/runtime_api/runtime_api.hpp"
#include "execution/telemetry_records.hpp"
#include "models/lambda.hpp"
#include "wire/body_stream.hpp"

namespace aviary::execution {

using namespace std::chrono_literals;

ManagedEnvironment::ManagedEnvironment(Surroundings& around, EnvironmentOwner& owner,
                                       EnvironmentIdentity identity)
    : Environment(around, owner, std::move(identity)), board_(identity_.side_by_side) {}

ManagedEnvironment::~ManagedEnvironment() {
  for (const auto& [id, invocation] : running_)
    if (invocation->deadline != 0) around_.stopwatch.cancel(invocation->deadline);
  board_.release_all();
}

std::unique_ptr<RuntimeListener> ManagedEnvironment::open_listener(std::string& problem) {
  const auto self = std::static_pointer_cast<ManagedEnvironment>(shared_from_this());
  auto listener = runtime_api::listen_concurrent(around_.endpoints, self, problem);
  if (listener) listener->expect_runtimes(identity_.side_by_side);
  return listener;
}

/// No invocation waits for this init: the log says what it took.
void ManagedEnvironment::note_snapshot() {
  const auto duration = std::exchange(init_duration_, 0ns);
  fresh_ = false;
  ready_at_ = now();
  if (log_.wanted())
    log_.platform(platform_log::init_done(*identity_.version, around_.clock.now(), duration,
                                          identity_.initialization_type));
}

// ------------------------------------------------------------------------------------------------- invoking

bool ManagedEnvironment::takes() {
  if (state_ != State::Idle || board_.idle() == 0) return false;
  // A runtime that has ended must not be given an event.
  if (listener_) board_.drop_lost([this](std::uint64_t of) { return listener_->connected(of); });
  return board_.takes();
}

std::size_t ManagedEnvironment::arriving() const {
  if (state_ != State::Idle || now() - ready_at_ >= arrival_time) return 0;
  const std::size_t most = identity_.side_by_side;
  return most - std::min(most, std::max(asked_, running_.size()));
}

void ManagedEnvironment::give(JobPtr job) {
  const std::string id = job->invocation.request_id;
  if (board_.begin(id) != BeginCheck::Begun) {
    owner_.settle(std::move(job),
                  AwsError{models::lambda::errors::ServiceException,
                           fmt::format("Client.DuplicatedInvokeId: {} runs in this environment.", id)});
    return;
  }
  auto made = std::make_unique<Running>();
  Running& invocation = *made;
  invocation.request_id = id;
  invocation.invoked_arn = job->invocation.invoked_arn;
  if (identity_.version->configuration->tracing_mode == "Active")
    invocation.trace_id = job->invocation.trace_id;
  invocation.started = now();
  invocation.begun = around_.clock.now();
  invocation.deadline_ms = process_now_ms() + std::chrono::milliseconds(timeout()).count();
  invocation.deadline = around_.stopwatch.call_after(timeout(), [this, id] { time_out(id); });
  invocation.job = std::move(job);
  running_.emplace(id, std::move(made));
  ++invocations_;
  const lambda::Invocation& what = invocation.job->invocation;
  if (what.tail_log) {
    ++tails_;
    watch_log();
  }
  if (log_.wanted()) log_.start(invocation.begun, id, what.invoked_arn, invocation.trace_id);
  if (companions_ && companions_->telemetry)
    companions_->telemetry->platform("start",
                                     telemetry_records::start(*identity_.version, id, what.trace_id));
}

/// Lines of invocations that run side by side are told apart by the request id that stands in them.
void ManagedEnvironment::watch_log() {
  if (tails_ == 0) {
    log_.set_tap(nullptr);
    return;
  }
  log_.set_tap([this](std::string_view line) {
    for (const auto& [id, invocation] : running_) {
      if (!invocation->job || !invocation->job->invocation.tail_log) continue;
      if (line.find(id) == std::string_view::npos) continue;
      invocation->tail += line;
      if (invocation->tail.size() > 4 * FunctionLog::tail_bytes)
        invocation->tail.erase(0, invocation->tail.size() - FunctionLog::tail_bytes);
    }
  });
}

ManagedEnvironment::Running* ManagedEnvironment::find(std::string_view request_id) {
  const auto found = running_.find(request_id);
  return found == running_.end() ? nullptr : found->second.get();
}

std::shared_ptr<WaitingRuntime> ManagedEnvironment::wait(std::uint64_t connection) {
  if (listener_) board_.drop_lost([this](std::uint64_t of) { return listener_->connected(of); });
  std::shared_ptr<WaitingRuntime> runtime = board_.wait(connection);
  if (!runtime) return nullptr;
  ++asked_;
  if (state_ == State::Idle) {
    become_free();
  } else if (state_ == State::Initialising) {
    // The first one ends the init, and the extensions have had their say.
    waiter_.emplace();
    if (companions_) tell_init_runtime_done(nullptr);
    if (!companions_ || extensions_wait()) init_succeeded();
  } else {
    runtime->event.set(false);
  }
  return runtime;
}

std::optional<Delivery> ManagedEnvironment::take_event_of(const std::string& request_id) {
  Running* invocation = find(request_id);
  if (invocation == nullptr || state_ != State::Idle) return std::nullopt;
  return Delivery{&invocation->job->invocation, std::move(invocation->job->invocation.payload),
                  invocation->deadline_ms};
}

PostCheck ManagedEnvironment::post(std::string_view request_id, bool error, std::uint64_t connection) {
  const Running* invocation = find(request_id);
  // What comes piece by piece has been accepted with its first one.
  const bool goes_on =
      invocation != nullptr && invocation->streaming && invocation->streams_on == connection && !error;
  if (!goes_on) {
    const PostCheck check = error ? board_.fail(request_id) : board_.respond(request_id);
    if (check != PostCheck::Accepted) return check;
  }
  posted_ = request_id;
  return PostCheck::Accepted;
}

void ManagedEnvironment::respond(std::string payload) {
  Running* invocation = find(posted_);
  if (invocation == nullptr) return;
  Ending ending;
  ending.outcome.payload = std::move(payload);
  finish(*invocation, std::move(ending));
  become_free();
}

void ManagedEnvironment::fail(Failure failure) {
  Running* invocation = find(posted_);
  if (invocation == nullptr) return;
  finish(*invocation, failed(*invocation, failure));
  become_free();
}

std::shared_ptr<wire::BodyStream> ManagedEnvironment::receive(const wire::Request& request) {
  std::string_view path = request.path();
  constexpr std::string_view version_prefix = "/2018-06-01";
  if (state_ != State::Idle || !path.starts_with(version_prefix)) return nullptr;
  const auto of = runtime_api::invocation_path(path.substr(version_prefix.size()));
  Running* invocation = of ? find(of->id) : nullptr;
  if (invocation == nullptr || invocation->streaming) return nullptr;
  const lambda::Invocation& what = invocation->job->invocation;
  if (!runtime_api::streams_response(what, request) || !owns(request)) return nullptr;
  if (board_.respond(of->id) != PostCheck::Accepted) return nullptr;
  invocation->streaming = true;
  invocation->streams_on = request.connection;
  return runtime_api::begin_stream(what, request);
}

std::uint64_t ManagedEnvironment::streamed_bytes() const {
  const auto found = running_.find(posted_);
  if (found == running_.end() || !found->second->streaming) return 0;
  return found->second->job->invocation.stream->written();
}

// --------------------------------------------------------------------------------------------------- ending

Environment::Ending ManagedEnvironment::failed(const Running& invocation, const Failure& failure) {
  Ending ending;
  ending.outcome.payload = failure_payload(failure, invocation.request_id);
  ending.outcome.function_error = "Unhandled";
  ending.end = failure.end;
  ending.error_type = failure.type;
  ending.log_line = platform_log::failure(around_.clock.now(), invocation.request_id, failure);
  return ending;
}

/// Its caller has waited long enough. The runtime is not told, and goes on: only what it posts then is
/// refused.
void ManagedEnvironment::time_out(const std::string& request_id) {
  Running* invocation = find(request_id);
  if (invocation == nullptr) return;
  invocation->deadline = 0;
  finish(*invocation, failed(*invocation, timed_out(timeout())));
  become_free();
}

/// Writes END and REPORT, tells the observers, and answers the caller.
void ManagedEnvironment::finish(Running& invocation, Ending ending) {
  cancel_timer(invocation.deadline);
  const bool timeout = ending.end == InvocationEnd::Timeout;
  lambda::Outcome& outcome = ending.outcome;
  const std::size_t produced =
      invocation.streaming ? invocation.job->invocation.stream->written() : outcome.payload.size();
  outcome.streamed = invocation.streaming;
  outcome.duration = now() - invocation.started;
  outcome.started = invocation.started;
  const bool tail = invocation.job->invocation.tail_log;
  if (sandbox_) sandbox_->collect_output();
  refresh_memory(tail);
  const bool tells = companions_ && companions_->telemetry;
  if (tells)
    companions_->telemetry->platform(
        "runtimeDone",
        telemetry_records::runtime_done({invocation.request_id, ending.end, ending.error_type,
                                         outcome.duration, produced, invocation.begun, outcome.duration}));
  std::optional<Instant> over;
  if (log_.wanted()) {
    over = around_.clock.now();
    const platform_log::Report report{.request_id = invocation.request_id,
                                      .duration = outcome.duration,
                                      .max_memory_bytes = memory_bytes_,
                                      .end = ending.end,
                                      .error_type = ending.error_type,
                                      .tenant_id = {},
                                      .restore_duration = {},
                                      .trace = invocation.trace_id};
    log_.end(*over, ending.log_line, report);
    if (tells)
      companions_->telemetry->platform("report", telemetry_records::report(*identity_.version, report));
  }
  if (tail) {
    if (invocation.tail.size() > FunctionLog::tail_bytes)
      invocation.tail.erase(0, invocation.tail.size() - FunctionLog::tail_bytes);
    outcome.log_tail = std::move(invocation.tail);
    --tails_;
    watch_log();
  }
  if (around_.observations->counts()) {
    InvocationRecord record{identity_.version, invocation.request_id, invocation.invoked_arn, ending.end,
                            ending.error_type};
    record.duration = outcome.duration;
    record.billed_ms = platform_log::billed_ms(outcome.duration, 0ns);
    record.max_memory_bytes = memory_bytes_;
    record.at = over;
    around_.observations->invocation(record);
  }
  if (timeout)
    board_.time_out(invocation.request_id);
  else
    board_.finish(invocation.request_id);
  JobPtr job = std::move(invocation.job);
  running_.erase(running_.find(invocation.request_id));
  owner_.settle(std::move(job), std::move(outcome));
}

void ManagedEnvironment::fail_all(const Failure& failure) {
  while (!running_.empty()) {
    Running& first = *running_.begin()->second;
    finish(first, failed(first, failure));
  }
}

void ManagedEnvironment::refuse(JobPtr job, const Failure& failure) {
  Running invocation;
  invocation.request_id = job->invocation.request_id;
  Ending ending = failed(invocation, failure);
  if (around_.observations->counts())
    around_.observations->invocation(InvocationRecord{identity_.version, invocation.request_id,
                                                      job->invocation.invoked_arn, ending.end,
                                                      ending.error_type});
  owner_.settle(std::move(job), std::move(ending.outcome));
}

/// The runtime's first process has ended, and with it all that ran here.
void ManagedEnvironment::process_exited(ExitStatus status) {
  if (!launching_ && state_ == State::Idle) {
    const Failure failure = companions_ && companions_->failure ? *companions_->failure : exited(status);
    fail_all(failure);
  }
  Environment::process_exited(status);
}

void ManagedEnvironment::end(const AwsError& reason) {
  if (state_ == State::Dead) return;
  for (auto& [id, invocation] : std::exchange(running_, {})) {
    cancel_timer(invocation->deadline);
    owner_.settle(std::move(invocation->job), reason);
  }
  tails_ = 0;
  watch_log();
  Environment::end(reason);
}

void ManagedEnvironment::let_go() {
  board_.release_all();
  Environment::let_go();
}

EnvironmentInfo ManagedEnvironment::info() const {
  EnvironmentInfo info = Environment::info();
  if (running_.empty()) return info;
  info.state = "invoking";
  info.idle = {};
  return info;
}

}  // namespace aviary::execution
