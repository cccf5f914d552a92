#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "execution/environment.hpp"
#include "execution/environment_variables.hpp"
#include "execution/telemetry_records.hpp"

/// Extensions in an environment: how they start, what they hold up, how they end it and how they are ended.
/// Nothing here runs in an environment without them.
namespace aviary::execution {
namespace {

using namespace std::chrono_literals;

/// How long ending an environment may take, with external extensions and with internal ones only, and what
/// of it is the runtime's; without any it takes no time at all [developer guide, "Shutdown phase"].
constexpr auto shutdown_limit = 2s;
constexpr auto internal_shutdown_limit = 500ms;
constexpr auto runtime_share = 300ms;
/// What has been killed is gone within milliseconds.
constexpr auto kill_limit = 1s;
/// A longer line of an extension is cut.
constexpr std::size_t longest_line = 256 * 1024;

/// Sets `what` to false after `limit`, unless it is set by then.
TimerId set_after(Stopwatch& stopwatch, const OneShot<bool>& what, std::chrono::nanoseconds limit) {
  return stopwatch.call_after(limit, [what] { what.set(false); });
}

std::string shutdown_event(std::string_view reason, std::int64_t deadline_ms) {
  OrderedJson event;
  event["eventType"] = "SHUTDOWN";
  event["shutdownReason"] = reason;
  event["deadlineMs"] = deadline_ms;
  return event.dump();
}

}  // namespace

ExtensionHost* Environment::extension_host() {
  switch (state_) {
    case State::Initialising:
    case State::Idle:
    case State::Invoking:
    case State::Responded:
    case State::Snapshotted:
    case State::Restoring:
      return this;
    case State::Resetting:
    case State::Dead:
      // Whoever is told to end still talks.
      return companions_ && sandbox_ ? this : nullptr;
    default:
      return nullptr;
  }
}

Companions& Environment::companions() {
  if (!companions_) {
    companions_ = std::make_unique<Companions>(static_cast<Extensions::Owner&>(*this), around_.random);
    companions_->runtime_runs = state_ != State::Starting;
    start_telemetry();
    if (!registration_open()) companions_->telemetry->close_subscriptions();
  }
  return *companions_;
}

Extensions& Environment::extensions() { return companions().registry; }

void Environment::find_extensions() {
  std::vector<std::string> programs = sandbox_->extensions();
  if (programs.empty()) return;
  companions_ = std::make_unique<Companions>(static_cast<Extensions::Owner&>(*this), around_.random);
  companions_->programs = std::move(programs);
}

/// A new process is about to start; whatever there was of the one before is gone.
void Environment::begin_extensions() {
  Companions& all = *companions_;
  if (all.telemetry) {
    log_.set_telemetry(nullptr);
    all.telemetry->close();
  }
  start_telemetry();
  all.registry.begin(all.programs);
  all.partial_lines.clear();
  all.alive = 0;
  all.runtime_runs = false;
  all.failure.reset();
  all.runtime_came = false;
  all.runtime_back.reset();
  all.runtime_done_told = true;
  all.shutting_down = false;
  all.killed = false;
}

ProcessSpec Environment::extension_spec(const std::string& name) const {
  ProcessSpec spec;
  spec.argv.push_back("/opt/extensions/" + name);
  spec.working_directory = "/";
  spec.environment = extension_variables(
      *identity_.version,
      {listener_->address(), identity_.log_group, identity_.log_stream, around_.options.base_url,
       identity_.initialization_type, keys_of(around_.options, *identity_.version), identity_.side_by_side});
  return spec;
}

ProcessEvents Environment::extension_events(const std::string& name) {
  ProcessEvents events;
  const std::uint64_t process = process_;
  events.output = [weak = weak_from_this(), process, name](std::string_view bytes) {
    const auto self = weak.lock();
    if (self && self->process_ == process) self->extension_output(name, bytes);
  };
  events.exited = [weak = weak_from_this(), process, name](ExitStatus status) {
    const auto self = weak.lock();
    if (self && self->process_ == process) self->extension_exited(name, status);
  };
  return events;
}

/// Starts the external ones and waits until each has registered. False: the runtime shall not start.
Task<bool> Environment::start_extensions() {
  const std::shared_ptr<Sandbox> sandbox = sandbox_;
  const std::uint64_t process = process_;
  const std::vector<std::string> programs = companions_->programs;
  const OneShot<bool> enrolled;
  companions_->enrolled = enrolled;
  if (programs.size() > Extensions::most) {
    extension_failed({InvocationEnd::Failure, "Extension.TooManyExtensions",
                      fmt::format("Extension limit ({}) reached", Extensions::most)});
    co_return false;
  }
  for (const std::string& name : programs) {
    launching_ = true;
    ProcessSpec spec = extension_spec(name);
    ProcessEvents events = extension_events(name);
    ++companions_->alive;
    auto starting = sandbox->start_beside(std::move(spec), std::move(events));
    const auto started = co_await std::move(starting);
    launch_returned();
    if (state_ == State::Dead) {
      sandbox->kill();
      co_return false;
    }
    if (!started) {
      --companions_->alive;
      companions_->registry.launch_failed(name);
      if (state_ == State::Initialising)
        extension_failed(extension_not_started(name, started.error().error_number));
    }
    if (state_ == State::Resetting && process_ == process && !companions_->shutting_down) {
      sandbox->kill();
      if (!shut_extensions()) finish_reset();
    }
    if (state_ != State::Initialising || process_ != process) co_return false;
  }
  if (!companions_->registry.all_registered()) {
    auto waiting = enrolled.wait();
    co_await std::move(waiting);
  }
  co_return state_ == State::Initialising&& process_ == process;
}

void Environment::extension_output(const std::string& name, std::string_view bytes) {
  if (!log_.wanted()) return;
  std::string& partial = companions_->partial_lines[name];
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const bool ends = newline != std::string_view::npos;
    partial += bytes.substr(0, ends ? newline + 1 : bytes.size());
    bytes.remove_prefix(ends ? newline + 1 : bytes.size());
    if (!ends && partial.size() < longest_line) return;
    if (!partial.ends_with('\n')) partial += '\n';
    log_.extension_line(std::exchange(partial, {}));
  }
}

void Environment::extension_exited(const std::string& name, ExitStatus status) {
  Companions& all = *companions_;
  if (std::string& partial = all.partial_lines[name]; !partial.empty()) {
    partial += '\n';
    log_.extension_line(std::exchange(partial, {}));
  }
  if (all.alive > 0) --all.alive;
  all.registry.exited(name);
  if (!all.shutting_down) {
    if (state_ != State::Dead && state_ != State::Stopped)
      extension_failed(execution::extension_exited(status));
    return;
  }
  if (all.alive > 0) {
    // Those that did not ask for SHUTDOWN have no say in how long it takes.
    if (!all.registry.shutting_down() && !std::exchange(all.killed, true) && sandbox_) sandbox_->kill();
    return;
  }
  if (all.programs_gone) all.programs_gone->set(true);
  if (state_ == State::Resetting && !all.runtime_runs) finish_reset();
}

bool Environment::registration_open() const { return state_ == State::Initialising && !waiter_; }

void Environment::extension_registered() {
  if (companions_->enrolled && companions_->registry.all_registered()) companions_->enrolled->set(true);
}

void Environment::extension_waits() {
  if (!waiter_ || !companions_->registry.all_wait()) return;
  if (state_ == State::Responded)
    finish_invocation();
  else if (state_ == State::Initialising && waits_for_restore_)
    snapshot_made();
  else if (state_ == State::Initialising && fault_timer_ == 0)
    init_succeeded();
}

void Environment::extension_failed(Failure failure) {
  Companions& all = *companions_;
  if (all.failure || all.shutting_down) return;
  all.failure = failure;
  switch (state_) {
    case State::Initialising:
      if (!init_failure_) {
        init_failure_ = std::move(failure);
        init_duration_ = now() - init_started_;
      }
      begin_reset();
      break;
    case State::Invoking:
      ending_ = failed(failure);
      ending_->outcome.duration = now() - started_;
      begin_reset();
      break;
    case State::Responded:
      mark_ending(failure);
      begin_reset();
      break;
    case State::Idle:
    case State::Snapshotted:
      // Nobody is told but the next invocation, which finds no process.
      sandbox_->kill();
      break;
    case State::Restoring:
      restore_broken(failure.type);
      break;
    default:
      break;
  }
}

/// The caller has its answer; the log says what came after it.
void Environment::mark_ending(const Failure& failure) {
  if (!ending_) return;
  companions_->cut_off = now();
  ending_->end = failure.end;
  ending_->error_type = failure.type;
  ending_->log_line = platform_log::failure(around_.clock.now(), request_id_, failure);
}

/// Whether the runtime alone is to go on, as far as extensions are concerned.
bool Environment::extensions_wait() const { return companions_->registry.all_wait(); }

void Environment::deliver_to_extensions() {
  Companions& all = *companions_;
  all.runtime_back.reset();
  all.cut_off.reset();
  all.begun = around_.clock.now();
  all.response_latency = {};
  all.produced_bytes = 0;
  all.runtime_done_told = false;
  const lambda::Invocation& invocation = job_->invocation;
  if (all.telemetry)
    all.telemetry->platform("start",
                            telemetry_records::start(*identity_.version, request_id_, invocation.trace_id));
  OrderedJson event;
  event["eventType"] = "INVOKE";
  event["deadlineMs"] = deadline_ms_;
  event["requestId"] = request_id_;
  event["invokedFunctionArn"] = invocation.invoked_arn;
  event["tracing"]["type"] = "X-Amzn-Trace-Id";
  event["tracing"]["value"] = invocation.trace_id;
  all.registry.deliver_invoke(event.dump(-1, ' ', false, OrderedJson::error_handler_t::replace));
}

void Environment::runtime_came_back() {
  Companions& all = *companions_;
  if (!all.runtime_back) all.runtime_back = now();
  if (ending_) tell_runtime_done(ending_->end, ending_->error_type);
}

/// `begin_reset` where there are extensions: the runtime goes first.
void Environment::reset_with_extensions() {
  Companions& all = *companions_;
  set_deadline(now() + kill_limit);
  if (all.enrolled) all.enrolled->set(false);
  if (all.runtime_runs || launching_) {
    if (all.alive > 0 && all.runtime_runs)
      sandbox_->kill_first();
    else
      sandbox_->kill();
    return;
  }
  if (!shut_extensions()) finish_reset();
}

/// The runtime is gone. Tells the extensions and gives them their time; false if there is nothing to wait
/// for.
bool Environment::shut_extensions() {
  Companions& all = *companions_;
  if (all.shutting_down) return true;
  if (all.alive == 0) return false;
  if (state_ == State::Idle || state_ == State::Snapshotted) {
    sandbox_->kill();
    return false;
  }
  const bool timeout = (ending_ && ending_->end == InvocationEnd::Timeout) ||
                       (init_failure_ && init_failure_->end == InvocationEnd::Timeout);
  if (state_ != State::Resetting) {
    move(Event::Reset);
    drop_fault();
    release_waiter(false);
  }
  if (ending_) tell_runtime_done(ending_->end, ending_->error_type);
  if (all.telemetry) all.telemetry->flush();
  all.shutting_down = true;
  const std::int64_t until = process_now_ms() + std::chrono::milliseconds(shutdown_limit).count();
  const bool wanted = all.registry.deliver_shutdown(shutdown_event(timeout ? "timeout" : "failure", until));
  if (!wanted) {
    all.killed = true;
    sandbox_->kill();
  }
  set_deadline(now() + (wanted ? std::chrono::nanoseconds(shutdown_limit) : kill_limit));
  return true;
}

/// Time is up for extensions that were told to end; false if they have been killed already.
bool Environment::shutdown_expired() {
  Companions& all = *companions_;
  if (!all.shutting_down || std::exchange(all.killed, true)) return false;
  sandbox_->kill();
  set_deadline(now() + kill_limit);
  return true;
}

void Environment::finish_reset() {
  process_gone();
  if (available()) become_free();
}

std::int64_t Environment::process_now_ms() const {
  const Instant wall = around_.options.process_time ? around_.options.process_time() : around_.clock.now();
  return std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch()).count();
}

/// Whether the environment's end takes its time.
bool Environment::ends_gently() const {
  return companions_ && sandbox_ && companions_->registry.any() &&
         (companions_->alive > 0 || companions_->runtime_runs);
}

/// After `end`: SIGTERM for the runtime, SHUTDOWN for the extensions, SIGKILL for who is left.
Task<> Environment::wind_down([[maybe_unused]] std::shared_ptr<Environment> self) {
  Companions& all = *companions_;
  Stopwatch& stopwatch = around_.stopwatch;
  const bool external = all.alive > 0;
  const auto until = stopwatch.elapsed() + (external ? shutdown_limit : internal_shutdown_limit);
  if (all.runtime_runs) {
    const OneShot<bool> gone;
    all.runtime_gone = gone;
    sandbox_->terminate();
    const TimerId timer = set_after(
        stopwatch, gone, external ? std::chrono::nanoseconds(runtime_share) : internal_shutdown_limit);
    auto waiting = gone.wait();
    co_await std::move(waiting);
    stopwatch.cancel(timer);
    all.runtime_gone.reset();
    if (all.runtime_runs && external) sandbox_->kill_first();
  }
  release_waiter(false);
  if (all.telemetry && all.telemetry->pending()) {
    const OneShot<bool> flushed = all.telemetry->flush();
    const TimerId timer = set_after(stopwatch, flushed, telemetry_flush_limit);
    auto waiting = flushed.wait();
    co_await std::move(waiting);
    stopwatch.cancel(timer);
  }
  if (all.alive > 0) {
    const OneShot<bool> gone;
    all.programs_gone = gone;
    all.shutting_down = true;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - stopwatch.elapsed());
    if (all.registry.deliver_shutdown(shutdown_event("spindown", process_now_ms() + left.count()))) {
      const TimerId timer = set_after(stopwatch, gone, until - stopwatch.elapsed());
      auto waiting = gone.wait();
      co_await std::move(waiting);
      stopwatch.cancel(timer);
    }
  }
  log_.end_output();
  let_go();
}

/// Everything that it holds goes, from the loop: this may be running inside a callback of the very things.
void Environment::let_go() {
  if (companions_) {
    companions_->registry.release_all();
    if (companions_->telemetry) {
      log_.set_telemetry(nullptr);
      companions_->telemetry->close();
    }
    if (sandbox_ && companions_->registry.any()) sandbox_->kill();
  }
  auto sandbox = std::move(sandbox_);
  boost::asio::post(around_.executor, [sandbox = std::move(sandbox), listener = std::move(listener_)] {});
}

}  // namespace aviary::execution
