#include "execution/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cassert>
#include <unordered_set>
#include <utility>

#include "base/log.hpp"
#include "models/lambda.hpp"

namespace aviary::execution {
namespace {

using namespace std::chrono_literals;

namespace rows = models::lambda::errors;

/// How long an invocation counts on an environment that has answered and is about to ask for its next event.
/// Without this a caller who invokes again as soon as it has its answer would often meet a cold start.
constexpr auto patience = 10ms;

}  // namespace

Runner::Runner(Ports ports, Options options)
    : around_{ports.executor,           ports.launcher, ports.catalog,   ports.code,         ports.clock,
              ports.stopwatch,          ports.random,   ports.endpoints, std::move(options), StartGate(0),
              TaskGroup(ports.executor)},
      gate_(around_.options.account_concurrency) {
  around_.observations = std::make_shared<Observations>(ports.clock, ports.stopwatch);
  around_.live_folders = ports.live_folders;
  around_.images = ports.images;
  around_.gate = StartGate(std::max<std::size_t>(1, around_.options.concurrent_starts));
}

Runner::~Runner() {
  assert(homes_.empty() && "a runner is shut down before it goes");
  around_.observations->close();
}

Task<Result<lambda::Outcome>> Runner::run(lambda::Invocation invocation) {
  auto job = std::make_unique<Job>();
  job->invocation = std::move(invocation);
  if (closed_) {
    observe_unrun(*job, InvocationEnd::Refused, "ServiceException");
    co_return interruption("is shutting down");
  }
  if (const CodeHandle code = job->invocation.version->code; is_live(code) && around_.live_folders) {
    auto looking = around_.live_folders->stamp(code->folder);
    job->code_stamp = co_await std::move(looking);
    if (closed_) {
      observe_unrun(*job, InvocationEnd::Refused, "ServiceException");
      co_return interruption("is shutting down");
    }
  }
  const lambda::Version& version = *job->invocation.version;
  const Result<Charge> charge = gate_.enter(version, provisioned_free(version));
  if (!charge) {
    observe_unrun(*job, InvocationEnd::Throttled, "TooManyRequestsException");
    co_return charge.error();
  }
  job->charge = *charge;
  if (faults_ != nullptr) [[unlikely]] {
    job->fault = faults_->draw(job->invocation);
    if (job->fault && job->fault->kind == Fault::Kind::Throttle) {
      gate_.leave(version, job->charge);
      observe_unrun(*job, InvocationEnd::Throttled, "TooManyRequestsException");
      co_return rate_exceeded("ConcurrentInvocationLimitExceeded");
    }
  }
  ++in_flight_;
  if (around_.observations->counts()) around_.observations->place_taken(place_of(*job));
  const OneShot<Result<lambda::Outcome>> answer = job->answer;
  submit(std::move(job));
  auto waiting = answer.wait();
  Result<lambda::Outcome> result = co_await std::move(waiting);
  co_return result;
}

void Runner::settle(JobPtr job, Result<lambda::Outcome> result) {
  const lambda::Version& version = *job->invocation.version;
  gate_.leave(version, job->charge);
  if (job->charge == Charge::Provisioned) {
    const PoolPtr pool = find_pool(version);
    if (pool && pool->provisioned_running > 0) --pool->provisioned_running;
  }
  --in_flight_;
  if (around_.observations->counts()) around_.observations->place_left(place_of(*job));
  if (!result) {
    const bool throttled = result.error().shape == &rows::TooManyRequestsException;
    observe_unrun(*job, throttled ? InvocationEnd::Throttled : InvocationEnd::Refused,
                  result.error().shape->code);
  }
  job->answer.set(std::move(result));
  if (in_flight_ == 0 && drained_) drained_->set(true);
}

PlaceNotice Runner::place_of(const Job& job) const {
  const PoolPtr pool = find_pool(*job.invocation.version);
  return {.version = job.invocation.version,
          .invoked_arn = job.invocation.invoked_arn,
          .charge = job.charge,
          .provisioned = pool ? pool->provisioned : 0};
}

void Runner::observe_unrun(const Job& job, InvocationEnd end, std::string_view error_type) {
  if (!around_.observations->counts()) return;
  const InvocationRecord record{job.invocation.version, job.invocation.request_id, job.invocation.invoked_arn,
                                end, error_type};
  around_.observations->invocation(record);
}

Runner::PoolPtr Runner::pool_of(const lambda::VersionHandle& version, const std::string& tenant_id) {
  PoolPtr& pool = pools_[{version->serial, tenant_id}];
  if (!pool) pool = std::make_shared<Pool>(version, tenant_id);
  return pool;
}

Runner::PoolPtr Runner::find_pool(const lambda::Version& version, const std::string& tenant_id) const {
  const auto found = pools_.find({version.serial, tenant_id});
  return found == pools_.end() ? nullptr : found->second;
}

Runner::PoolPtr Runner::pool_of(const Environment& environment) const {
  return homes_.at(environment.identity().id);
}

void Runner::submit(JobPtr job) {
  if (Attachment* attachment = attached_to(*job->invocation.version)) {
    // What goes wrong on purpose happens in environments: somebody who debugs is left alone.
    job->fault.reset();
    attachment->take(std::move(job));
    return;
  }
  PoolPtr pool = pool_of(job->invocation.version, job->invocation.tenant_id);
  if (pool->code_stamp != job->code_stamp) {
    // The developer's folder has changed: what runs may finish, and nothing more is given to it.
    if (pool->code_stamp != 0) {
      retire(*pool->version);
      pool = pool_of(job->invocation.version, job->invocation.tenant_id);
    }
    pool->code_stamp = job->code_stamp;
  }
  if (pool->side_by_side != 0) [[unlikely]] {
    submit_side_by_side(pool, std::move(job));
    return;
  }
  if (job->charge == Charge::Provisioned)
    ++pool->provisioned_running;
  else
    job->spilled = pool->provisioned > 0;
  Environment* environment = pool->take_free();
  // Taken, or there is none: for the next one that finds nothing warm.
  if (pool->from_snapshot && (environment == nullptr || std::exchange(environment->spare, false)))
    refill_snapshots(pool);
  if (environment != nullptr) {
    environment->take(std::move(job));
    return;
  }
  job->queued_at = around_.stopwatch.elapsed();
  pool->waiting.push_back(std::move(job));
  cover(pool);
}

/// Sees to it that every waiting invocation has an environment that will come for it.
void Runner::cover(const PoolPtr& pool) {
  const std::size_t on_their_way = pool->seen_to();
  if (pool->waiting.size() <= on_their_way) return;
  std::size_t missing = pool->waiting.size() - on_their_way;

  const auto impatient_since = around_.stopwatch.elapsed() - patience;
  std::size_t patient = 0;
  for (auto job = pool->waiting.rbegin(); job != pool->waiting.rend() && (*job)->queued_at > impatient_since;
       ++job)
    ++patient;
  if (patient > 0) {
    const auto returning = pool->returning();
    const std::size_t spared = std::min({missing, patient, returning});
    missing -= spared;
    if (spared > 0) look_again(pool, patience);
  }
  if (pool->side_by_side != 0) missing = allowed_environments(pool, missing);
  for (; missing > 0; --missing) want_environment(pool);
}

/// Whether what still waits then has an environment that will come for it.
void Runner::look_again(const PoolPtr& pool, std::chrono::nanoseconds after) {
  if (pool->patience_timer != 0) return;
  const std::weak_ptr<Pool> weak = pool;
  pool->patience_timer = around_.stopwatch.call_after(after, [this, weak] {
    const PoolPtr still = weak.lock();
    if (!still) return;
    still->patience_timer = 0;
    cover(still);
  });
}

void Runner::want_environment(const PoolPtr& pool) {
  if (wanted_.empty() && make_room()) {
    launch(pool);
    return;
  }
  ++pool->wanted;
  const std::weak_ptr<Pool> weak = pool;
  const TimerId timer = around_.stopwatch.call_after(around_.options.room_wait, [this, weak] {
    if (const PoolPtr still = weak.lock()) give_up_waiting(still);
  });
  wanted_.push_back({pool, timer});
}

/// Gives what room there is to those who wait for it, in order.
void Runner::serve_wanted() {
  if (std::exchange(serving_, true)) return;
  while (!wanted_.empty()) {
    const PoolPtr pool = wanted_.front().pool;
    const bool needed = pool->waiting.size() > pool->coming * pool->each();
    if (needed && !make_room()) break;
    around_.stopwatch.cancel(wanted_.front().timer);
    wanted_.pop_front();
    --pool->wanted;
    if (needed) launch(pool);
  }
  serving_ = false;
}

/// The oldest request for room of this pool has waited long enough; with it the first invocation that no
/// starting environment will take.
void Runner::give_up_waiting(const PoolPtr& pool) {
  const auto entry =
      std::find_if(wanted_.begin(), wanted_.end(), [&](const Wanted& w) { return w.pool == pool; });
  if (entry == wanted_.end()) return;
  wanted_.erase(entry);
  --pool->wanted;
  const std::size_t served = pool->coming * pool->each();
  if (pool->waiting.size() <= served) return;
  const auto job = pool->waiting.begin() + static_cast<std::ptrdiff_t>(served);
  JobPtr given_up = std::move(*job);
  pool->waiting.erase(job);
  settle(std::move(given_up), rate_exceeded("ConcurrentInvocationLimitExceeded"));
  drop_if_empty(pool);
}

EnvironmentIdentity Runner::new_identity(const lambda::VersionHandle& version, std::string tenant_id,
                                         std::string_view initialization_type) {
  const std::string& own_group = version->configuration->log_group;
  const std::string day = iso8601(around_.clock.now(), 0);
  EnvironmentIdentity identity;
  identity.id = ++last_id_;
  identity.version = version;
  identity.tenant_id = std::move(tenant_id);
  identity.provisioned = initialization_type == "provisioned-concurrency";
  identity.initialization_type = initialization_type;
  identity.side_by_side = lambda::side_by_side(*version);
  identity.log_group = own_group.empty() ? "/aws/lambda/" + version->function_name : own_group;
  const bool shared_group = identity.log_group != "/aws/lambda/" + version->function_name;
  identity.log_stream =
      fmt::format("{}/{}/{}/{}[{}]{}", day.substr(0, 4), day.substr(5, 2), day.substr(8, 2),
                  shared_group ? version->function_name : "", version->number, around_.random.hex(32));
  return identity;
}

std::shared_ptr<Environment> Runner::make_environment(const PoolPtr& pool) {
  EnvironmentOwner& owner = *this;
  if (pool->side_by_side != 0)
    return std::make_shared<ManagedEnvironment>(
        around_, owner, new_identity(pool->version, pool->tenant_id, "lambda-managed-instances"));
  return std::make_shared<Environment>(
      around_, owner,
      new_identity(pool->version, pool->tenant_id, pool->from_snapshot ? "snap-start" : "on-demand"));
}

void Runner::launch(const PoolPtr& pool) {
  const std::shared_ptr<Environment> environment = make_environment(pool);
  pool->all.push_back(environment);
  ++pool->coming;
  homes_.emplace(environment->identity().id, pool);
  environment->begin();
}

/// Whether there is room for one more environment, after ending the one that has been free longest if need
/// be.
bool Runner::make_room() {
  if (homes_.size() < around_.options.max_environments) return true;
  Environment* oldest = nullptr;
  for (const auto& [key, pool] : pools_) {
    if (pool->all.size() <= pool->least) continue;
    for (const auto* list : {&pool->idle, &pool->stopped, &pool->snapshots})
      for (Environment* environment : *list)
        if (oldest == nullptr || environment->free_since() < oldest->free_since()) oldest = environment;
  }
  if (oldest == nullptr) return false;
  oldest->end(AwsError{});
  return homes_.size() < around_.options.max_environments;
}

void Runner::environment_free(Environment& environment) {
  const PoolPtr pool = pool_of(environment);
  if (std::exchange(environment.coming, false)) --pool->coming;
  if (pool->side_by_side != 0) [[unlikely]] {
    side_by_side_free(pool, static_cast<ManagedEnvironment&>(environment));
    return;
  }
  if (environment.identity().provisioned && !keep_provisioned(pool, environment)) return;
  if (environment.spare && !keep_snapshot(pool, environment)) return;
  environment.was_free = true;
  if (!pool->waiting.empty()) {
    pool->remove_free(environment);
    if (std::exchange(environment.spare, false)) refill_snapshots(pool);
    JobPtr job = std::move(pool->waiting.front());
    pool->waiting.pop_front();
    environment.take(std::move(job));
    return;
  }
  if (pool->retired || closed_) {
    environment.end(AwsError{});
    return;
  }
  pool->add_free(environment);
  schedule_housekeeping();
  if (!wanted_.empty()) serve_wanted();
}

void Runner::environment_lost(Environment& environment, JobPtr job) {
  const PoolPtr pool = pool_of(environment);
  pool->waiting.push_front(std::move(job));
  environment.end(AwsError{});  // and the invocation is covered by another one
}

void Runner::environment_refused(Environment& environment, AwsError problem) {
  const PoolPtr pool = pool_of(environment);
  if (environment.identity().provisioned) {
    pool->provisioning_failure = problem.message;
  } else if (environment.spare) {
    log::warn("no snapshot of {}:{} could be made ahead: {}", pool->version->function_name,
              pool->version->number, problem.message);
  } else if (!pool->waiting.empty()) {
    JobPtr job = std::move(pool->waiting.front());
    pool->waiting.pop_front();
    settle(std::move(job), std::move(problem));
  }
  environment.end(AwsError{});
}

void Runner::environment_gone(Environment& environment) {
  const PoolPtr pool = pool_of(environment);
  if (std::exchange(environment.coming, false)) --pool->coming;
  pool->remove_free(environment);
  std::erase(pool->partly, &environment);
  if (environment.spare && !environment.was_free) {
    pool->snapshot_coming = false;
    tell_snapshot(*pool, {});
  }
  homes_.erase(environment.identity().id);
  const auto self = std::find_if(pool->all.begin(), pool->all.end(),
                                 [&](const auto& e) { return e.get() == &environment; });
  // It is still running its own code: let go of it from the loop.
  boost::asio::post(around_.executor, [last = std::move(*self)] {});
  pool->all.erase(self);
  cover(pool);
  fill_provisioned(pool);
  fill_scaled(pool);
  drop_if_empty(pool);
  serve_wanted();
}

bool Runner::still_wanted(const Environment& environment) {
  const PoolPtr pool = pool_of(environment);
  if (environment.identity().provisioned) return pool->count_provisioned(false) <= pool->provisioned;
  if (environment.spare) return !pool->retired;
  if (pool->side_by_side != 0)
    return !environment.coming || pool->waiting.size() > (pool->coming - 1) * pool->each();
  return pool->waiting.size() >= pool->coming;
}

const Fault* Runner::fault_at_start(const Environment& environment) {
  const PoolPtr pool = pool_of(environment);
  return pool->waiting.empty() ? nullptr : pool->waiting.front()->fault.get();
}

void Runner::drop_if_empty(const PoolPtr& pool) {
  if (!pool->empty()) return;
  if (pool->patience_timer != 0) around_.stopwatch.cancel(std::exchange(pool->patience_timer, 0));
  if (pool->refill_timer != 0) around_.stopwatch.cancel(std::exchange(pool->refill_timer, 0));
  const auto found = pools_.find({pool->version->serial, pool->tenant_id});
  if (found != pools_.end() && found->second == pool) pools_.erase(found);
}

void Runner::retire(const lambda::Version& version) {
  const auto first = pools_.lower_bound({version.serial, {}});
  const auto last = pools_.lower_bound({version.serial + 1, {}});
  if (first == last) return;
  std::vector<PoolPtr> gone;  // one, or one for each tenant
  for (auto found = first; found != last; ++found) gone.push_back(found->second);
  pools_.erase(first, last);
  gate_.provision(version, 0);
  for (const PoolPtr& pool : gone) {
    pool->retired = true;
    pool->provisioned = 0;
    pool->least = 0;
    tell_snapshot(*pool, {.kind = lambda::SnapshotOutcome::Kind::Interrupted});
  }
  for (const PoolPtr& pool : gone)
    while (Environment* environment = pool->take_free()) environment->end(AwsError{});
}

/// Those that have environments, retired ones too; always in the same order, so that a seed repeats a run.
std::vector<Runner::PoolPtr> Runner::inhabited_pools() const {
  std::vector<PoolPtr> pools;
  std::unordered_set<PoolPtr> seen;
  for (const auto& [id, pool] : homes_)
    if (seen.insert(pool).second) pools.push_back(pool);
  return pools;
}

}  // namespace aviary::execution
