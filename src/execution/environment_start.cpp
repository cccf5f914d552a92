#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.hpp"
#include "execution/environment.hpp"
#include "execution/environment_variables.hpp"
#include "execution/image_settings.hpp"
#include "execution/runtime_api/runtime_api.hpp"
#include "models/lambda.hpp"

/// How an environment comes up: sandbox, listener, process, init; and what a failed init leads to.
namespace aviary::execution {
namespace {

using namespace std::chrono_literals;
using platform_log::InitPhase;

namespace rows = models::lambda::errors;

/// Where Lambda looks for a custom runtime's bootstrap, in this order.
constexpr std::array<std::string_view, 2> bootstraps{"/var/task/bootstrap", "/opt/bootstrap"};

/// A runtime that reported a failed init is given this long to leave by itself, so that its last output is
/// seen.
constexpr auto leave_limit = 100ms;

/// An environment that nobody waits for has longer to initialise (developer guide, "Lambda execution
/// environment lifecycle": 130 seconds or the function's time-out, whichever is longer).
constexpr auto provisioned_init_limit = 130s;

AwsError code_problem(CodeProblem problem) {
  switch (problem) {
    case CodeProblem::Gone:
      return {rows::ServiceException, "The function's code is not in the store any more."};
    case CodeProblem::Disk:
      return {rows::ServiceException, "The function's code could not be unpacked: disk error."};
    default:
      return {rows::InvalidZipFileException, "Lambda could not unzip the deployment package."};
  }
}

}  // namespace

void Environment::begin() { around_.tasks.spawn("start environment", bring_up(shared_from_this())); }

Task<> Environment::bring_up([[maybe_unused]] std::shared_ptr<Environment> self) {
  auto turn = around_.gate.enter();
  StartGate::Place place = co_await std::move(turn);
  if (state_ == State::Dead) co_return;
  if (!owner_.still_wanted(*this)) {
    end(AwsError{});
    co_return;
  }
  place_ = std::move(place);
  auto preparing = prepare();
  const Result<> prepared = co_await std::move(preparing);
  if (state_ == State::Dead) co_return;
  if (!prepared) {
    owner_.environment_refused(*this, prepared.error());
    co_return;
  }
  auto launching = launch();
  co_await std::move(launching);
}

Task<> Environment::restart([[maybe_unused]] std::shared_ptr<Environment> self) {
  auto turn = around_.gate.enter();
  StartGate::Place place = co_await std::move(turn);
  if (state_ == State::Dead) co_return;
  place_ = std::move(place);
  auto launching = launch();
  co_await std::move(launching);
}

Result<> Environment::find_command() {
  const lambda::Configuration& configuration = *identity_.version->configuration;
  const auto& runnable = around_.options.architectures;
  for (const std::string& wanted : configuration.architectures)
    if (!runnable.empty() && std::find(runnable.begin(), runnable.end(), wanted) == runnable.end())
      return AwsError{
          rows::InvalidRuntimeException,
          fmt::format("The function is for {}, and this machine runs {}. Give it Architectures [{}], "
                      "or install an emulator for its programs (qemu-user-static).",
                      wanted, fmt::join(runnable, ", "), runnable.front())};
  if (contained_ || is_image()) return {};
  const std::string& runtime = configuration.runtime;
  auto found = around_.catalog.find(runtime);
  if (found) command_ = std::move(*found);
  if (custom_runtime(runtime)) return {};
  const bool usable = found && (command_.exact || around_.options.allow_neighbour_runtime);
  if (!usable)
    return AwsError{rows::InvalidRuntimeException,
                    fmt::format("No interpreter for {} on this machine. {}", runtime,
                                around_.catalog.install_hint(runtime))};
  // Nothing inside tells the JVM how much memory there is: the rest is for its code, its threads and
  // metadata.
  if (runtime.starts_with("java") && !command_.argv.empty())
    command_.argv.insert(command_.argv.begin() + 1, fmt::format("-Xmx{}m", configuration.memory_mb * 7 / 10));
  if (configuration.environment) {
    const auto wrapper = configuration.environment->find("AWS_LAMBDA_EXEC_WRAPPER");
    if (wrapper != configuration.environment->end()) wrapper_ = wrapper->second;
  }
  return {};
}

Task<Result<std::filesystem::path>> Environment::find_code() {
  const CodeHandle code = identity_.version->code;
  if (is_live(code)) {
    if (!around_.live_folders)
      co_return AwsError{rows::InvalidParameterValueException, "There is no hot reload here."};
    const LiveFolders::Result<std::filesystem::path> folder =
        around_.live_folders->find(code->folder.native());
    if (!folder) co_return AwsError{rows::InvalidParameterValueException, folder.error().text};
    co_return *folder;
  }
  auto unpacking = around_.code.unpacked(code);
  auto folder = co_await std::move(unpacking);
  if (!folder) co_return code_problem(folder.error());
  co_return std::move(*folder);
}

/// The code, and the layers upon it.
Task<Result<>> Environment::furnish(SandboxSpec& spec) {
  const lambda::Version& version = *identity_.version;
  auto finding = find_code();
  Result<std::filesystem::path> folder = co_await std::move(finding);
  if (!folder) co_return folder.error();
  spec.task_root = std::move(*folder);
  for (std::size_t i = 0; i < version.layers.size(); ++i) {
    auto layer_unpacking = around_.code.unpacked(version.layers[i]);
    auto layer = co_await std::move(layer_unpacking);
    if (!layer) co_return code_problem(layer.error());
    // Layers of the same bytes are one folder, and no folder can be merged with itself; the last one decides.
    std::erase(spec.layers, *layer);
    spec.layers.push_back(std::move(*layer));
  }
  co_return Result<>{};
}

Task<Result<>> Environment::prepare() {
  const lambda::Version& version = *identity_.version;
  SandboxSpec spec;
  find_container(spec);
  if (auto found = find_command(); !found) co_return found.error();
  spec.id = identity_.log_stream.substr(identity_.log_stream.find(']') + 1);
  spec.memory_bytes = static_cast<std::uint64_t>(version.configuration->memory_mb) << 20;
  spec.tmp_bytes = static_cast<std::uint64_t>(version.configuration->ephemeral_storage_mb) << 20;
  auto furnishing = is_image() ? find_image(spec) : furnish(spec);
  const Result<> furnished = co_await std::move(furnishing);
  if (!furnished) co_return furnished.error();
  if (command_.can_wait && wrapper_.empty()) spec.first_process = process_spec(0);
  if (state_ == State::Dead) co_return Result<>{};
  auto creating = around_.launcher.create(std::move(spec));
  auto sandbox = co_await std::move(creating);
  if (!sandbox) {
    const LaunchProblem& problem = sandbox.error();
    if (!problem.advice.empty()) co_return AwsError{rows::InvalidRuntimeException, problem.advice};
    co_return AwsError{rows::ServiceException, fmt::format("No sandbox could be made: {}: {}", problem.step,
                                                           std::strerror(problem.error_number))};
  }
  // An environment that ended meanwhile lets go of the sandbox right here.
  if (state_ == State::Dead) co_return Result<>{};
  sandbox_ = std::move(*sandbox);
  std::string problem;
  listener_ = open_listener(problem);
  if (!listener_) co_return AwsError{rows::ServiceException, "No Runtime API address: " + problem};
  if (!version.layers.empty() || is_image()) find_extensions();
  co_return Result<>{};
}

std::unique_ptr<RuntimeListener> Environment::open_listener(std::string& problem) {
  return runtime_api::listen(around_.endpoints, weak_from_this(), problem);
}

ProcessSpec Environment::process_spec(std::size_t candidate) const {
  if (contained_ || is_image()) return image_spec(candidate);
  const lambda::Version& version = *identity_.version;
  ProcessSpec spec;
  if (custom_runtime(version.configuration->runtime)) {
    spec.argv.emplace_back(bootstraps[candidate]);
  } else {
    if (!wrapper_.empty()) spec.argv.push_back(wrapper_);
    spec.argv.insert(spec.argv.end(), command_.argv.begin(), command_.argv.end());
    if (command_.wants_handler) spec.argv.push_back(version.configuration->handler);
  }
  spec.can_wait = command_.can_wait && wrapper_.empty();
  const std::string address = listener_ ? listener_->address() : std::string();
  spec.environment = process_variables(
      version, command_,
      {address, identity_.log_group, identity_.log_stream, around_.options.base_url,
       identity_.initialization_type, keys_of(around_.options, version), identity_.side_by_side});
  return spec;
}

ProcessEvents Environment::process_events() {
  ProcessEvents events;
  const std::uint64_t process = process_;
  events.output = [weak = weak_from_this(), process](std::string_view bytes) {
    const auto self = weak.lock();
    if (!self || self->process_ != process || (self->state_ == State::Dead && !self->companions_)) return;
    self->output_seen_ = true;
    self->log_.output(bytes);
  };
  events.exited = [weak = weak_from_this(), process](ExitStatus status) {
    const auto self = weak.lock();
    if (!self || self->process_ != process) return;
    if (self->state_ == State::Dead && self->companions_) {
      self->companions_->runtime_runs = false;
      if (self->companions_->runtime_gone) self->companions_->runtime_gone->set(true);
    }
    if (self->state_ == State::Dead || self->state_ == State::Stopped) return;
    self->process_exited(status);
  };
  return events;
}

void Environment::begin_init() {
  move(Event::Launch);
  ++process_;
  verified_.clear();
  init_failure_.reset();
  init_prolonged_ = false;
  waits_for_restore_ = false;
  forced_exit_.reset();
  fresh_ = true;
  memory_bytes_ = 0;
  init_duration_ = 0ns;
  init_started_ = now();
  early_exit_.reset();
  auto limit = phase_ == InitPhase::Init ? around_.options.init_timeout : timeout();
  if (phase_ == InitPhase::Init && (identity_.provisioned || from_snapshot() || identity_.side_by_side != 0))
    limit = std::max<std::chrono::nanoseconds>(provisioned_init_limit, timeout());
  set_deadline(init_started_ + limit);
  hold_timer_ = around_.stopwatch.call_after(around_.options.start_hold, [this] {
    hold_timer_ = 0;
    place_.release();
  });
  if (phase_ != InitPhase::Init || !log_.wanted()) return;
  const lambda::Version& version = *identity_.version;
  log_.platform(platform_log::init_start(version, around_.clock.now(), identity_.initialization_type));
  if (!command_.exact)
    log_.platform(
        fmt::format("[WARNING] aviary: {} is not installed here, version {} runs in its place. {}\n",
                    version.configuration->runtime, command_.version,
                    around_.catalog.install_hint(version.configuration->runtime)));
}

Task<> Environment::launch() {
  const std::shared_ptr<Sandbox> sandbox = sandbox_;
  const bool custom = custom_runtime(identity_.version->configuration->runtime);
  const std::size_t candidates = !candidates_.empty() ? candidates_.size() : custom ? bootstraps.size() : 1;
  begin_init();
  if (companions_) [[unlikely]] {
    begin_extensions();
    auto starting = start_extensions();
    const bool going_on = co_await std::move(starting);
    if (!going_on) co_return;
  }
  launching_ = true;
  std::optional<LaunchProblem> problem;
  std::size_t candidate = 0;
  for (; candidate < candidates; ++candidate) {
    ProcessSpec spec = process_spec(candidate);
    ProcessEvents events = process_events();
    auto starting = sandbox->start(std::move(spec), std::move(events));
    auto started = co_await std::move(starting);
    if (state_ == State::Dead) {
      launch_returned();
      sandbox->kill();
      co_return;
    }
    problem.reset();
    if (started) break;
    problem = started.error();
    if (problem->error_number != ENOENT || problem->step != "exec") break;
    if (state_ != State::Initialising) break;
  }
  if (companions_) companions_->runtime_runs = !problem;
  launch_returned();
  if (problem) {
    launch_failed(*problem, candidate);
  } else if (early_exit_) {
    process_exited(*early_exit_);
  } else if (state_ == State::Resetting) {
    sandbox->kill();  // the one before may have come too early for the process to be there
  }
}

void Environment::launch_returned() {
  launching_ = false;
  for (const OneShot<bool>& waiter : std::exchange(launch_waiters_, {})) waiter.set(true);
}

std::optional<OneShot<bool>> Environment::launch_settled() {
  if (!launching_) return std::nullopt;
  return launch_waiters_.emplace_back();
}

void Environment::launch_failed(const LaunchProblem& problem, std::size_t candidate) {
  const bool exec = problem.step.starts_with("exec");
  const bool lost = is_image() && problem.step == "enter the working directory";
  if (!exec && !lost) {
    // Nothing of the function's doing: the machine refused.
    AwsError error{rows::ServiceException, fmt::format("No process could be started: {}: {}", problem.step,
                                                       std::strerror(problem.error_number))};
    if (!problem.advice.empty()) error = AwsError{rows::InvalidRuntimeException, problem.advice};
    log::error("environment {}: {}", identity_.id, error.message);
    if (job_)
      owner_.environment_lost(*this, std::move(job_));
    else
      owner_.environment_refused(*this, std::move(error));
    return;
  }
  if (!init_failure_) {
    init_duration_ = now() - init_started_;
    if (lost) {
      init_failure_ = no_working_directory(process_spec(0).working_directory, problem.error_number);
    } else if (contained_ || is_image()) {
      init_failure_ = not_executable(program_of(image_), problem.error_number);
    } else if (custom_runtime(identity_.version->configuration->runtime)) {
      init_failure_ = candidate == bootstraps.size()
                          ? no_bootstrap()
                          : not_executable(bootstraps[candidate], problem.error_number);
    } else if (!wrapper_.empty()) {
      // Recorded from AWS: a missing wrapper is a shell's 127.
      init_failure_ = exited(ExitStatus{problem.error_number == ENOENT ? 127 : 126});
    } else {
      init_failure_ =
          not_executable(command_.argv.empty() ? "" : command_.argv.front(), problem.error_number);
    }
  }
  if (companions_ && shut_extensions()) return;
  process_gone();
  if (available()) become_free();
}

void Environment::init_succeeded() {
  if (prolong_init()) return;
  const bool counts = phase_ == InitPhase::Invoke;
  init_duration_ = counts ? 0ns : now() - init_started_;
  if (companions_) [[unlikely]]
    tell_init_end(now() - init_started_, nullptr);
  move(Event::Ready);
  note_snapshot();
  place_.release();
  cancel_timer(hold_timer_);
  deadline_.clear();
  if (job_)
    deliver();
  else
    become_free();
}

void Environment::fail_init(Failure failure) { init_failed(std::move(failure)); }

void Environment::init_failed(Failure failure) {
  init_failure_ = std::move(failure);
  init_failure_->end = InvocationEnd::Failure;
  init_duration_ = now() - init_started_;
  set_deadline(now() + leave_limit);
}

/// The process of the failed init is gone. The first time, init is done once more inside the first
/// invocation; the failure of that one is what the caller sees.
void Environment::conclude_failed_init() {
  const Failure failure = std::move(*init_failure_);
  init_failure_.reset();
  const auto duration = std::exchange(init_duration_, 0ns);
  if (companions_) tell_init_end(duration, &failure);
  if (log_.wanted())
    log_.platform(platform_log::init_report(*identity_.version, around_.clock.now(), phase_, duration,
                                            failure, identity_.initialization_type));
  phase_ = InitPhase::Invoke;
  failed_init_ = failure;
  if (!job_) return;
  log_start();
  ending_ = failed(failure);
  ending_->outcome.duration = duration;
  settle();
}

}  // namespace aviary::execution
