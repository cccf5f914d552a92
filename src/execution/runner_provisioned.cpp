#include <utility>
#include <vector>

#include "execution/runner.hpp"

/// Provisioned concurrency: environments that are made ahead and kept.
namespace aviary::execution {

void Runner::reserve(const lambda::Scope& scope, const std::string& function,
                     std::optional<std::size_t> most) {
  gate_.reserve(scope, function, most);
}

void Runner::provision(lambda::VersionHandle version, std::size_t count) {
  if (closed_ || lambda::side_by_side(*version) != 0) return;
  if (count == 0 && !find_pool(*version)) return;
  const PoolPtr pool = pool_of(version, {});
  pool->provisioned = count;
  pool->provisioning_failure.clear();
  gate_.provision(*version, count);
  shed_provisioned(pool);
  fill_provisioned(pool);
  drop_if_empty(pool);
}

lambda::Provisioned Runner::provisioned(const lambda::Version& version) const {
  const PoolPtr pool = find_pool(version);
  if (!pool) return {};
  return {.allocated = pool->count_provisioned(false),
          .available = pool->count_provisioned(true),
          .failure = pool->provisioning_failure};
}

/// Those that are ready and not yet taken: an environment that has answered counts as free, though its
/// runtime may still be on the way to its next event.
bool Runner::provisioned_free(const lambda::Version& version) const {
  const PoolPtr pool = find_pool(version);
  if (!pool || pool->provisioned == 0) return false;
  return pool->provisioned_running < pool->count_provisioned(true);
}

void Runner::fill_provisioned(const PoolPtr& pool) {
  if (closed_ || pool->retired || !pool->provisioning_failure.empty()) return;
  while (pool->count_provisioned(false) < pool->provisioned) {
    // Making room may come back here; without room it is tried again when an environment goes.
    if (!make_room()) return;
    auto environment =
        std::make_shared<Environment>(around_, static_cast<EnvironmentOwner&>(*this),
                                      new_identity(pool->version, {}, "provisioned-concurrency"));
    environment->coming = false;  // for nobody that waits
    pool->all.push_back(environment);
    homes_.emplace(environment->identity().id, pool);
    environment->begin();
  }
}

/// Ends free ones beyond what is wanted; the busy ones end when they become free.
void Runner::shed_provisioned(const PoolPtr& pool) {
  std::size_t there = pool->count_provisioned(false);
  while (there > pool->provisioned && !pool->kept.empty()) {
    Environment* environment = pool->kept.back();
    pool->kept.pop_back();
    environment->end(AwsError{});
    --there;
  }
}

/// Whether an environment of these that has just become free stays. One that lost its process is made anew;
/// one whose init failed is not, until provisioning is asked for again.
bool Runner::keep_provisioned(const PoolPtr& pool, Environment& environment) {
  const bool stopped = environment.state() == State::Stopped;
  if (stopped && !environment.was_free) pool->provisioning_failure = "FUNCTION_ERROR_INIT_FAILURE";
  const bool surplus = pool->count_provisioned(false) > pool->provisioned;
  if (!stopped && !surplus) return true;
  environment.end(AwsError{});
  return false;
}

}  // namespace aviary::execution
