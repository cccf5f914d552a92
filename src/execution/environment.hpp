#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/result.hpp"
#include "execution/companions.hpp"
#include "execution/concurrency_gate.hpp"
#include "execution/environment_state.hpp"
#include "execution/failure.hpp"
#include "execution/faults.hpp"
#include "execution/function_log.hpp"
#include "execution/lazy_deadline.hpp"
#include "execution/observations.hpp"
#include "execution/observers.hpp"
#include "execution/options.hpp"
#include "execution/platform_log.hpp"
#include "execution/runtime_api/session.hpp"
#include "execution/runtime_endpoints.hpp"
#include "execution/start_gate.hpp"
#include "ports/clock.hpp"
#include "ports/code_store.hpp"
#include "ports/images.hpp"
#include "ports/live_folders.hpp"
#include "ports/one_shot.hpp"
#include "ports/random.hpp"
#include "ports/sandbox.hpp"
#include "ports/task_group.hpp"
#include "services/lambda/core/function_runner.hpp"

namespace aviary::execution {

/// One invocation on its way, with the slot that its caller waits at.
struct Job {
  lambda::Invocation invocation;
  OneShot<Result<lambda::Outcome>> answer;
  Charge charge = Charge::Unreserved;
  bool spilled = false;  ///< runs on demand because what was provisioned is busy
  std::chrono::nanoseconds queued_at{};
  std::uint64_t code_stamp = 0;    ///< of the folder that its code is, when it came; 0: a package
  std::unique_ptr<Fault> fault{};  ///< null: nothing goes wrong on purpose
};
using JobPtr = std::unique_ptr<Job>;

/// What all environments of a runner stand on; outlives them.
struct Surroundings {
  boost::asio::any_io_executor executor;
  SandboxLauncher& launcher;
  RuntimeCatalog& catalog;
  CodeStore& code;
  Clock& clock;
  Stopwatch& stopwatch;
  Random& random;
  RuntimeEndpoints& endpoints;
  Options options;
  StartGate gate;
  TaskGroup tasks;
  std::shared_ptr<Observations> observations{};
  LiveFolders* live_folders = nullptr;
  ImageStore* images = nullptr;
};

class Environment;

/// Who environments tell when they change. An environment does nothing more after such a call, so the owner
/// may act on it at once.
class EnvironmentOwner {
 public:
  virtual ~EnvironmentOwner() = default;
  /// Idle or stopped, and ready to take an invocation. Also when an idle one lost its process.
  virtual void environment_free(Environment& environment) = 0;
  /// Its sandbox cannot start a process any more: the invocation that it was given needs another one.
  virtual void environment_lost(Environment& environment, JobPtr job) = 0;
  /// It could not be set up at all; it ends after this.
  virtual void environment_refused(Environment& environment, AwsError problem) = 0;
  virtual void environment_gone(Environment& environment) = 0;
  /// Whether somebody still waits for the new environment, now that its turn to start has come.
  virtual bool still_wanted(const Environment& environment) = 0;
  /// The fault of the invocation that the starting environment will take; null: none.
  virtual const Fault* fault_at_start(const Environment& environment) = 0;
  /// Answers the invocation's caller. Every job comes here exactly once.
  virtual void settle(JobPtr job, Result<lambda::Outcome> result) = 0;
};

/// One execution environment: a sandbox, at most one runtime process in it, at most one invocation. States
/// and what moves between them are in `environment_state.hpp`; this class carries the effects out.
///
/// Lives on the loop. Owned by the runner; the listener's handler and the process's callbacks hold weak
/// references. Ends by `end`: everything that it holds is let go of from the loop, never from inside a
/// callback of the sandbox.
///
/// What differs where it takes several invocations at once is in `ManagedEnvironment`, which derives from it.
class Environment : public Session,
                    public std::enable_shared_from_this<Environment>,
                    private ExtensionHost,
                    private Extensions::Owner {
 public:
  Environment(Surroundings& around, EnvironmentOwner& owner, EnvironmentIdentity identity);

  /// Starts it up in the background: sandbox, listener, process.
  void begin();
  bool available() const noexcept {
    return !settling_ && (state_ == State::Idle || state_ == State::Snapshotted || state_ == State::Stopped);
  }
  /// Runs the invocation; only while `available`.
  void take(JobPtr job);
  /// Ends it now. An invocation that has no answer yet gets `reason`.
  virtual void end(const AwsError& reason);
  virtual void freeze();

  State state() const noexcept { return state_; }
  bool frozen() const noexcept { return frozen_; }
  std::chrono::nanoseconds free_since() const noexcept { return free_since_; }
  const EnvironmentIdentity& identity() const noexcept { return identity_; }
  virtual EnvironmentInfo info() const;

  /// Whether it is on its way to its first invocation; the owner's mark, so that it counts each once.
  bool coming = true;
  /// Whether it has been free at least once; the owner's mark, by which provisioned ones count.
  bool was_free = false;
  /// Whether it was made ahead, from a snapshot, and has not been taken yet; the owner's mark.
  bool spare = false;
  /// Why its last init failed; nothing if none has.
  const std::optional<Failure>& failed_init() const noexcept { return failed_init_; }

  // The Runtime API's side.
  bool open() const override {
    return state_ != State::Dead && state_ != State::Resetting && state_ != State::Stopped;
  }
  RuntimeState runtime_state() const override;
  std::string_view request_id() const override;
  bool owns(const wire::Request& request) override;
  std::optional<OneShot<bool>> launch_settled() override;
  OneShot<bool> wants_event() override;
  std::optional<Delivery> take_event() override;
  void respond(std::string payload) override;
  std::shared_ptr<wire::BodyStream> receive(const wire::Request& request) override;
  std::uint64_t streamed_bytes() const override;
  void fail(Failure failure) override;
  void fail_init(Failure failure) override;
  ExtensionHost* extension_host() override;
  bool from_snapshot() const override;
  OneShot<bool> wants_restore() override;
  void fail_restore() override;

 protected:
  /// What an invocation came to, until its log is closed.
  struct Ending {
    lambda::Outcome outcome;
    InvocationEnd end = InvocationEnd::Success;
    std::string error_type{};
    std::string log_line{};
  };

  void move(Event event);
  /// Of this environment: ahead of the stopwatch by what was skipped of injected delays.
  std::chrono::nanoseconds now() const { return around_.stopwatch.elapsed() + skipped_; }
  void set_deadline(std::chrono::nanoseconds at) { deadline_.set(at - skipped_); }
  std::chrono::seconds timeout() const {
    return std::chrono::seconds{identity_.version->configuration->timeout_seconds};
  }

  // Starting (environment_start.cpp).
  Task<> bring_up(std::shared_ptr<Environment> self);
  Task<> restart(std::shared_ptr<Environment> self);
  Task<Result<>> prepare();
  virtual std::unique_ptr<RuntimeListener> open_listener(std::string& problem);
  Result<> find_command();
  Task<Result<std::filesystem::path>> find_code();
  Task<Result<>> furnish(SandboxSpec& spec);
  Task<> launch();
  ProcessSpec process_spec(std::size_t candidate) const;
  ProcessEvents process_events();
  void launch_returned();
  void launch_failed(const LaunchProblem& problem, std::size_t candidate);
  void begin_init();
  void init_succeeded();
  void init_failed(Failure failure);
  void conclude_failed_init();

  // Images and containers (environment_image.cpp).
  bool is_image() const { return identity_.version->configuration->package_type == "Image"; }
  Task<Result<>> find_image(SandboxSpec& spec);
  void find_container(SandboxSpec& spec);
  ProcessSpec image_spec(std::size_t candidate) const;

  // Invoking (environment.cpp).
  void deliver();
  void finish_invocation();
  void log_start();
  void answered(Ending ending);
  Ending failed(const Failure& failure);
  void settle_after_drain();
  void drained();
  void settle();
  void close_log();
  void become_free();
  void begin_reset();
  void deadline_passed();
  virtual void process_exited(ExitStatus status);
  void process_gone();
  void release_waiter(bool event);
  void refresh_memory(bool at_once);
  void cancel_timer(TimerId& timer);

  // Extensions (environment_extensions.cpp); but for the first three only where there are some.
  Companions& companions();
  void find_extensions();
  bool ends_gently() const;
  void begin_extensions();
  Task<bool> start_extensions();
  ProcessSpec extension_spec(const std::string& name) const;
  ProcessEvents extension_events(const std::string& name);
  void extension_output(const std::string& name, std::string_view bytes);
  void extension_exited(const std::string& name, ExitStatus status);
  bool extensions_wait() const;
  void deliver_to_extensions();
  void runtime_came_back();
  void mark_ending(const Failure& failure);
  void reset_with_extensions();
  bool shut_extensions();
  bool shutdown_expired();
  void finish_reset();
  Task<> wind_down(std::shared_ptr<Environment> self);
  virtual void let_go();
  std::int64_t process_now_ms() const;
  void start_telemetry();
  void tell_runtime_done(InvocationEnd end, std::string_view error_type);
  void tell_init_runtime_done(const Failure* failure);
  void tell_init_end(std::chrono::nanoseconds duration, const Failure* failure);
  void tell_restore_start();
  void tell_restore_end(std::chrono::nanoseconds duration, InvocationEnd how, std::string_view error_type);
  bool flush_before_freeze();
  void freeze_now();
  Extensions& extensions() override;
  const lambda::Version& function_version() const override { return *identity_.version; }
  bool subscribe(TelemetrySubscription subscription) override;
  bool registration_open() const override;
  void extension_registered() override;
  void extension_waits() override;
  void extension_failed(Failure failure) override;
  // Starting from snapshots (environment_restore.cpp).
  void snapshot_made();
  virtual void note_snapshot();
  void restore();
  void restored();
  void restore_without_hooks();
  void note_restore(std::chrono::nanoseconds duration);
  void restore_timed_out();
  void restore_broken(std::string_view error_type);
  void restore_failed(InvocationEnd how, std::string_view error_type, const AwsError& error);

  // Failing on purpose (environment_faults.cpp).
  void skip(std::chrono::nanoseconds time);
  void drop_fault();
  bool prolong_init();
  void hold_event();
  void wait_out(std::chrono::nanoseconds delay, std::chrono::nanoseconds left, double pace,
                void (Environment::*then)());
  void strike();
  void inject_error(const Fault& fault);

  Surroundings& around_;
  EnvironmentOwner& owner_;
  const EnvironmentIdentity identity_;
  FunctionLog log_;

  State state_ = State::Starting;
  std::shared_ptr<Sandbox> sandbox_;
  std::unique_ptr<RuntimeListener> listener_;
  RuntimeCommand command_;
  std::string wrapper_;                  ///< AWS_LAMBDA_EXEC_WRAPPER
  ImageSettings image_;                  ///< what runs, if it is an image or a container's
  bool contained_ = false;               ///< an engine's container runs it
  std::vector<std::string> candidates_;  ///< programs to try in turn: paths as seen inside
  StartGate::Place place_;
  TimerId hold_timer_ = 0;

  std::uint64_t process_ = 0;  ///< counts processes, so that events of an earlier one are known as such
  bool launching_ = false;     ///< `start` has not returned yet
  std::optional<ExitStatus> early_exit_;
  std::vector<OneShot<bool>> launch_waiters_;
  std::unordered_set<std::uint64_t> verified_;  ///< connections that are known to be its own

  platform_log::InitPhase phase_ = platform_log::InitPhase::Init;
  std::chrono::nanoseconds init_started_{};
  std::chrono::nanoseconds init_duration_{};
  std::optional<Failure> init_failure_;
  std::optional<Failure> failed_init_;
  std::chrono::nanoseconds restore_started_{};
  std::optional<std::chrono::nanoseconds> restore_duration_;  ///< until the log says it
  bool fresh_ = false;                                        ///< the process has not run an invocation yet

  JobPtr job_;
  std::string request_id_;
  std::string invoked_arn_;
  std::string trace_id_;                 ///< where the invocation is traced; else empty
  std::optional<OneShot<bool>> waiter_;  ///< the runtime in `next`
  bool waits_for_restore_ = false;       ///< or, while it initialises, in `restore/next`
  bool spilled_ = false;                 ///< the invocation's, as `Job::spilled`
  bool streaming_ = false;               ///< the response goes to the caller as it comes
  bool payload_given_ = false;           ///< it was moved out to the runtime and cannot be given again
  std::chrono::nanoseconds started_{};
  std::int64_t deadline_ms_ = 0;
  std::optional<Ending> ending_;  ///< the log of the invocation is not closed yet
  bool settling_ = false;         ///< an answer is held back: for the log, or for the process to be gone
  bool output_seen_ = false;
  int drains_ = 0;
  TimerId drain_timer_ = 0;
  LazyDeadline deadline_;

  std::unique_ptr<Companions> companions_;  ///< null as long as there are no extensions

  std::chrono::nanoseconds skipped_{};
  bool held_ = false;  ///< the event is kept from the runtime for now
  bool init_prolonged_ = false;
  TimerId fault_timer_ = 0;
  std::optional<ExitStatus> forced_exit_;  ///< what the process shall be said to have ended of

  const std::chrono::nanoseconds created_;
  std::chrono::nanoseconds free_since_{};
  bool frozen_ = false;
  std::uint64_t invocations_ = 0;
  std::uint64_t memory_bytes_ = 0;
  std::chrono::nanoseconds memory_read_at_{};
};

}  // namespace aviary::execution
