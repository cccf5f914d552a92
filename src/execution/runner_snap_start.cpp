#include <utility>

#include "base/bounded_json.hpp"
#include "base/json.hpp"
#include "execution/runner.hpp"

/// SnapStart: of each version that was published with it, one environment is initialised ahead and waits,
/// frozen, for an invocation that finds nothing warm. One that is taken is replaced in the background.
namespace aviary::execution {
namespace {

using namespace std::chrono_literals;
using Kind = lambda::SnapshotOutcome::Kind;

/// Starting an interpreter would take the processor from the invocation that took the last one.
constexpr auto refill_delay = 100ms;

/// What a runtime reported is a document.
std::string reason_of(const Failure& failure) {
  if (!failure.posted) return failure.message;
  const Json payload = parse_bounded<Json>(failure.posted_payload);
  const Json message = payload.is_object() ? payload.value("errorMessage", Json()) : Json();
  return message.is_string() ? failure.type + ": " + message.get<std::string>() : failure.type;
}

/// As StateReasonCode names them.
std::string_view reason_code(const Failure& failure) {
  if (failure.end == InvocationEnd::Timeout) return "FunctionError.InitTimeout";
  if (failure.type == "Runtime.InvalidEntrypoint") return "FunctionError.InvalidEntryPoint";
  return "FunctionError.RuntimeInitError";
}

}  // namespace

Task<lambda::SnapshotOutcome> Runner::snapshot(lambda::VersionHandle version) {
  if (closed_) co_return lambda::SnapshotOutcome{.kind = Kind::Interrupted};
  const PoolPtr pool = pool_of(version, {});
  const OneShot<lambda::SnapshotOutcome> made;
  pool->snapshot_waiters.push_back(made);
  if (!fill_snapshots(pool)) {
    tell_snapshot(*pool, {});
    drop_if_empty(pool);
  }
  auto waiting = made.wait();
  lambda::SnapshotOutcome outcome = co_await std::move(waiting);
  co_return outcome;
}

/// False: there is none, and none is coming.
bool Runner::fill_snapshots(const PoolPtr& pool) {
  if (closed_ || pool->retired) return false;
  if (!pool->snapshots.empty()) {
    tell_snapshot(*pool, {});
    return true;
  }
  if (pool->snapshot_coming) return true;
  // What is made ahead takes nobody's place.
  if (homes_.size() >= around_.options.max_environments) return false;
  auto environment = std::make_shared<Environment>(around_, static_cast<EnvironmentOwner&>(*this),
                                                   new_identity(pool->version, {}, "snap-start"));
  environment->coming = false;  // for nobody that waits
  environment->spare = true;
  pool->snapshot_coming = true;
  pool->all.push_back(environment);
  homes_.emplace(environment->identity().id, pool);
  environment->begin();
  return true;
}

void Runner::refill_snapshots(const PoolPtr& pool) {
  if (pool->refill_timer != 0) return;
  const std::weak_ptr<Pool> weak = pool;
  pool->refill_timer = around_.stopwatch.call_after(refill_delay, [this, weak] {
    const PoolPtr still = weak.lock();
    if (!still) return;
    still->refill_timer = 0;
    fill_snapshots(still);
  });
}

/// Whether an environment that was made ahead and has just become free stays.
bool Runner::keep_snapshot(const PoolPtr& pool, Environment& environment) {
  const bool stopped = environment.state() == State::Stopped;
  if (!environment.was_free) {
    pool->snapshot_coming = false;
    lambda::SnapshotOutcome outcome;
    if (stopped) {
      outcome.kind = Kind::Failed;
      if (const auto& failure = environment.failed_init()) {
        outcome.code = reason_code(*failure);
        outcome.reason = reason_of(*failure);
      }
    }
    tell_snapshot(*pool, std::move(outcome));
  }
  if (!stopped && !pool->retired) return true;
  environment.end(AwsError{});
  return false;
}

void Runner::tell_snapshot(Pool& pool, lambda::SnapshotOutcome outcome) {
  for (const auto& waiter : std::exchange(pool.snapshot_waiters, {})) waiter.set(outcome);
}

}  // namespace aviary::execution
