#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "execution/attachment.hpp"
#include "execution/concurrency_gate.hpp"
#include "execution/environment.hpp"
#include "execution/pool.hpp"
#include "services/lambda/core/function_runner.hpp"

namespace aviary::execution {

/// The ports that running functions stands on. All outlive the runner.
struct Ports {
  boost::asio::any_io_executor executor;
  SandboxLauncher& launcher;
  RuntimeCatalog& catalog;
  CodeStore& code;
  Clock& clock;
  Stopwatch& stopwatch;
  Random& random;
  RuntimeEndpoints& endpoints;
  LiveFolders* live_folders = nullptr;  ///< null: no hot reload
  ImageStore* images = nullptr;         ///< null: no images on disk
};

/// Where a developer's process finds a function's events.
struct AttachmentInfo {
  std::string address;           ///< host:port, for AWS_LAMBDA_RUNTIME_API
  EnvironmentIdentity identity;  ///< log group and stream of what it runs
  bool attached = false;         ///< somebody is there
};

/// Runs invocations: finds each an environment of its version (the last used first), makes a new one where
/// none is free, bounds how many there are and how many start at once, ends what idles too long.
///
/// Lives on the loop and is the only owner of environments. `shutdown` must have completed before it is
/// destroyed. Invariant: every accepted invocation is answered exactly once, in `settle`.
class Runner final : public lambda::FunctionRunner, private EnvironmentOwner {
 public:
  Runner(Ports ports, Options options);
  ~Runner() override;

  /// The error is 429 TooManyRequestsException with its Reason; InvalidRuntimeException (502) where this
  /// machine cannot run the function at all, the message says what to install; ServiceException (500) when
  /// the sandbox fails, and for what a reset or a shutdown interrupts.
  Task<Result<lambda::Outcome>> run(lambda::Invocation invocation) override;
  void retire(const lambda::Version& version) override;
  void reserve(const lambda::Scope& scope, const std::string& function,
               std::optional<std::size_t> most) override;
  void provision(lambda::VersionHandle version, std::size_t count) override;
  lambda::Provisioned provisioned(const lambda::Version& version) const override;
  Task<lambda::SnapshotOutcome> snapshot(lambda::VersionHandle version) override;
  void scale(lambda::VersionHandle version, lambda::ScalingBounds bounds) override;

  /// Sinks and observers outlive the runner, or are removed before they go.
  void add_sink(LogSink& sink) { around_.observations->add(sink); }
  void remove_sink(LogSink& sink) { around_.observations->remove(sink); }
  void add_observer(InvocationObserver& observer) { around_.observations->add(observer); }
  void remove_observer(InvocationObserver& observer) { around_.observations->remove(observer); }
  /// For those who may hear of things later, and for whoever reads what they keep.
  Observations& observations() noexcept { return *around_.observations; }

  /// What goes wrong on purpose; null: nothing. Outlives the runner, or is taken away before it goes.
  void set_faults(FaultSource* faults) { faults_ = faults; }

  // Processes that the developer starts (runner_attached.cpp). Of a function as a whole: whatever version is
  // invoked goes to the process, without time-out.
  /// Opens a Runtime API address for the function, or finds the one that it has.
  Result<std::string> attach(const lambda::VersionHandle& version);
  std::optional<AttachmentInfo> attachment(const lambda::Version& version);
  /// Closes the address; what runs there is interrupted. False if there was none.
  bool detach(const lambda::Scope& scope, const std::string& function);

  std::vector<EnvironmentInfo> environments() const;
  /// Invocations accepted and not answered yet.
  std::size_t in_flight() const noexcept { return in_flight_; }

  /// Ends every environment and every invocation at once; new ones are welcome right after.
  Task<> reset();
  /// Refuses new invocations, lets what runs finish within `grace` (real time), then ends everything.
  Task<> shutdown(std::chrono::nanoseconds grace);

 private:
  using PoolPtr = std::shared_ptr<Pool>;
  using PoolKey = std::pair<std::uint64_t, std::string>;  ///< the version's serial, the tenant
  struct Wanted {
    PoolPtr pool;
    TimerId timer;
  };

  void environment_free(Environment& environment) override;
  void environment_lost(Environment& environment, JobPtr job) override;
  void environment_refused(Environment& environment, AwsError problem) override;
  void environment_gone(Environment& environment) override;
  bool still_wanted(const Environment& environment) override;
  const Fault* fault_at_start(const Environment& environment) override;
  void settle(JobPtr job, Result<lambda::Outcome> result) override;

  using AttachmentKey = std::pair<lambda::Scope, std::string>;
  static AttachmentKey attachment_key(const lambda::Version& version);
  Attachment* attached_to(const lambda::Version& version);
  void detach_all(const AwsError& reason);

  void submit(JobPtr job);
  PoolPtr pool_of(const lambda::VersionHandle& version, const std::string& tenant_id);
  PoolPtr find_pool(const lambda::Version& version, const std::string& tenant_id = {}) const;
  PoolPtr pool_of(const Environment& environment) const;
  std::vector<PoolPtr> inhabited_pools() const;
  void cover(const PoolPtr& pool);
  void want_environment(const PoolPtr& pool);
  void serve_wanted();
  void give_up_waiting(const PoolPtr& pool);
  std::shared_ptr<Environment> make_environment(const PoolPtr& pool);
  void launch(const PoolPtr& pool);
  // Provisioned concurrency (runner_provisioned.cpp).
  void fill_provisioned(const PoolPtr& pool);
  void shed_provisioned(const PoolPtr& pool);
  bool keep_provisioned(const PoolPtr& pool, Environment& environment);
  bool provisioned_free(const lambda::Version& version) const;
  // SnapStart (runner_snap_start.cpp).
  bool fill_snapshots(const PoolPtr& pool);
  void refill_snapshots(const PoolPtr& pool);
  bool keep_snapshot(const PoolPtr& pool, Environment& environment);
  static void tell_snapshot(Pool& pool, lambda::SnapshotOutcome outcome);
  // On capacity providers, side by side (runner_managed.cpp).
  void submit_side_by_side(const PoolPtr& pool, JobPtr job);
  void side_by_side_free(const PoolPtr& pool, ManagedEnvironment& environment);
  void sort_in(const PoolPtr& pool, ManagedEnvironment& environment);
  std::size_t allowed_environments(const PoolPtr& pool, std::size_t missing);
  void fill_scaled(const PoolPtr& pool);
  void look_again(const PoolPtr& pool, std::chrono::nanoseconds after);
  bool make_room();
  void drop_if_empty(const PoolPtr& pool);
  static AwsError interruption(std::string_view by);
  void end_all(const AwsError& reason);
  PlaceNotice place_of(const Job& job) const;
  void observe_unrun(const Job& job, InvocationEnd end, std::string_view error_type);
  void schedule_housekeeping();
  void keep_house();
  EnvironmentIdentity new_identity(const lambda::VersionHandle& version, std::string tenant_id,
                                   std::string_view initialization_type);

  Surroundings around_;
  FaultSource* faults_ = nullptr;
  std::map<PoolKey, PoolPtr> pools_;
  std::map<std::uint64_t, PoolPtr> homes_;  ///< by the environment's id: also of retired pools
  std::deque<Wanted> wanted_;               ///< environments that there is no room for yet, in order
  std::map<AttachmentKey, std::shared_ptr<Attachment>> attachments_;
  ConcurrencyGate gate_;
  std::size_t in_flight_ = 0;
  std::uint64_t last_id_ = 0;
  TimerId housekeeping_ = 0;
  std::chrono::nanoseconds housekeeping_at_{};
  std::size_t come_to_rest_ = 0;  ///< environments that were stopped since `rested` was told
  bool closed_ = false;
  bool serving_ = false;
  std::optional<OneShot<bool>> drained_;  ///< set when the last invocation was answered, during shutdown
};

}  // namespace aviary::execution
