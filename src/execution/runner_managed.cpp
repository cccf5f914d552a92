#include <algorithm>
#include <utility>

#include "execution/runner.hpp"

/// Versions on capacity providers: their environments take invocations side by side. AWS starts environments
/// by what those that run are busy with; here one starts when an invocation finds no runtime that waits.
namespace aviary::execution {
void Runner::submit_side_by_side(const PoolPtr& pool, JobPtr job) {
  // What goes wrong on purpose ends environments, and others' invocations with them: not here.
  job->fault.reset();
  for (auto* list : {&pool->partly, &pool->idle}) {
    while (!list->empty()) {
      auto& environment = static_cast<ManagedEnvironment&>(*list->back());
      list->pop_back();
      if (!environment.takes()) continue;
      environment.give(std::move(job));
      sort_in(pool, environment);
      return;
    }
  }
  job->queued_at = around_.stopwatch.elapsed();
  pool->waiting.push_back(std::move(job));
  cover(pool);
  if (!pool->waiting.empty()) look_again(pool, ManagedEnvironment::arrival_time);
}

/// To those that can take an invocation, if it can.
void Runner::sort_in(const PoolPtr& pool, ManagedEnvironment& environment) {
  std::erase(pool->partly, &environment);
  std::erase(pool->idle, &environment);
  if (pool->retired) return;
  if (environment.running() == 0)
    pool->idle.push_back(&environment);
  else if (environment.takes())
    pool->partly.push_back(&environment);
}

/// One of its runtimes waits, or an invocation has ended; or its process is gone.
void Runner::side_by_side_free(const PoolPtr& pool, ManagedEnvironment& environment) {
  if (environment.state() == State::Stopped) {
    if (const std::optional<Failure>& failure = environment.failed_init()) {
      if (!environment.was_free) pool->provisioning_failure = failure->type;
      for (std::size_t left = pool->each(); left > 0 && !pool->waiting.empty(); --left) {
        JobPtr job = std::move(pool->waiting.front());
        pool->waiting.pop_front();
        environment.refuse(std::move(job), *failure);
      }
    }
    environment.end(AwsError{});
    return;
  }
  environment.was_free = true;
  while (!pool->waiting.empty() && environment.takes()) {
    JobPtr job = std::move(pool->waiting.front());
    pool->waiting.pop_front();
    environment.give(std::move(job));
  }
  const bool surplus = pool->retired || closed_ || pool->all.size() > pool->most;
  if (surplus && environment.running() == 0 && (pool->waiting.empty() || pool->most == 0)) {
    environment.end(AwsError{});
    return;
  }
  sort_in(pool, environment);
  if (!pool->waiting.empty()) look_again(pool, ManagedEnvironment::arrival_time);
  schedule_housekeeping();
  if (!wanted_.empty()) serve_wanted();
}

/// How many environments are to be started for so many invocations; those that exceed what the version may
/// have are refused.
std::size_t Runner::allowed_environments(const PoolPtr& pool, std::size_t missing) {
  const std::size_t each = pool->each();
  const std::size_t there = pool->all.size() + pool->wanted;
  const std::size_t room = pool->most > there ? pool->most - there : 0;
  const std::size_t needed = (missing + each - 1) / each;
  if (needed <= room) return needed;
  for (std::size_t over = missing - room * each; over > 0 && !pool->waiting.empty(); --over) {
    JobPtr job = std::move(pool->waiting.back());
    pool->waiting.pop_back();
    settle(std::move(job), rate_exceeded("ConcurrentInvocationLimitExceeded"));
  }
  return room;
}

void Runner::scale(lambda::VersionHandle version, lambda::ScalingBounds bounds) {
  if (closed_ || lambda::side_by_side(*version) == 0) return;
  const PoolPtr pool = pool_of(version, {});
  pool->least = bounds.least;
  pool->most = bounds.most;
  pool->provisioning_failure.clear();
  while (pool->all.size() > pool->most && !pool->idle.empty()) {
    Environment* environment = pool->idle.back();
    pool->idle.pop_back();
    environment->end(AwsError{});
  }
  fill_scaled(pool);
  drop_if_empty(pool);
}

/// Makes those that are to be kept; none more once the init of one has failed.
void Runner::fill_scaled(const PoolPtr& pool) {
  if (closed_ || pool->retired || !pool->provisioning_failure.empty()) return;
  while (pool->all.size() < pool->least) {
    if (!make_room()) return;
    const std::shared_ptr<Environment> environment = make_environment(pool);
    environment->coming = false;  // for nobody that waits
    pool->all.push_back(environment);
    homes_.emplace(environment->identity().id, pool);
    environment->begin();
  }
}

}  // namespace aviary::execution
