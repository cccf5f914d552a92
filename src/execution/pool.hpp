#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "execution/managed_environment.hpp"
#include "services/lambda/core/capacity.hpp"
#include "services/lambda/core/snap_start.hpp"

namespace aviary::execution {

/// The environments of one version, of one tenant where the function isolates tenants, and the invocations
/// that wait for one of them.
struct Pool {
  Pool(lambda::VersionHandle of, std::string whose)
      : version(std::move(of)),
        tenant_id(std::move(whose)),
        from_snapshot(lambda::starts_from_snapshot(*version)),
        side_by_side(lambda::side_by_side(*version)) {}

  lambda::VersionHandle version;
  const std::string tenant_id;  ///< empty: everybody's
  const bool from_snapshot;     ///< its environments start from snapshots
  /// How many invocations each of its environments, which then are `ManagedEnvironment`s, takes at once; 0:
  /// one after the other.
  const std::size_t side_by_side;
  bool retired = false;
  std::uint64_t code_stamp = 0;    ///< see `Job::code_stamp`; what its environments were begun with, or newer
  std::deque<JobPtr> waiting;      ///< first come, first served
  std::vector<Environment*> idle;  ///< the last one used is the next: the others may age and end
  std::vector<Environment*> stopped;    ///< without a process, taken when nothing idles
  std::vector<Environment*> snapshots;  ///< free, made ahead for SnapStart: taken when nothing idles
  std::vector<Environment*> kept;       ///< free, and made ahead for provisioned concurrency: taken first
  std::vector<Environment*> partly;     ///< run invocations, and have a runtime for one more
  std::vector<std::shared_ptr<Environment>> all;
  std::size_t coming = 0;       ///< of `all`: on their way to take a waiting invocation
  std::size_t wanted = 0;       ///< environments that waiting invocations ask for, and that have no room yet
  std::size_t least = 0;        ///< on a capacity provider: environments that are kept, and
  std::size_t most = SIZE_MAX;  ///< how many there may be
  std::size_t provisioned = 0;  ///< how many environments are to be kept ready
  std::size_t provisioned_running = 0;  ///< invocations that were taken out of them
  std::string provisioning_failure;     ///< why no more of them are made
  bool snapshot_coming = false;         ///< one of `all` is on its way to `snapshots`
  std::vector<OneShot<lambda::SnapshotOutcome>> snapshot_waiters;
  TimerId refill_timer = 0;    ///< makes the next one
  TimerId patience_timer = 0;  ///< looks again after those that wait for an environment about to be free

  bool scaled() const noexcept { return least != 0 || most != SIZE_MAX; }
  bool empty() const noexcept { return all.empty() && waiting.empty() && provisioned == 0 && !scaled(); }
  /// How many waiting invocations one environment that comes is enough for.
  std::size_t each() const noexcept { return side_by_side == 0 ? 1 : side_by_side; }

  /// One that can take an invocation now, removed from the free ones; null if none.
  Environment* take_free() {
    for (auto* list : {&kept, &idle, &snapshots, &stopped}) {
      if (list->empty()) continue;
      Environment* environment = list->back();
      list->pop_back();
      return environment;
    }
    return nullptr;
  }
  /// How many runtimes have answered and are about to ask for their next event.
  std::size_t returning() const {
    std::size_t count = 0;
    for (const auto& environment : all) {
      if (side_by_side != 0)
        count += static_cast<const ManagedEnvironment&>(*environment).returning();
      else if (environment->state() == State::Responded)
        ++count;
    }
    return count;
  }
  /// How many waiting invocations are seen to: by environments that come, and by runtimes that do.
  std::size_t seen_to() const {
    std::size_t count = (coming + wanted) * each();
    if (side_by_side != 0)
      for (const auto& environment : all)
        count += static_cast<const ManagedEnvironment&>(*environment).arriving();
    return count;
  }
  void remove_free(Environment& environment) {
    std::erase(idle, &environment);
    std::erase(stopped, &environment);
    std::erase(kept, &environment);
    std::erase(snapshots, &environment);
  }
  void add_free(Environment& environment) {
    remove_free(environment);
    auto& list = environment.identity().provisioned      ? kept
                 : environment.spare                     ? snapshots
                 : environment.state() == State::Stopped ? stopped
                                                         : idle;
    list.push_back(&environment);
  }
  /// Those made ahead; only the ones that have been ready, or all.
  std::size_t count_provisioned(bool only_ready) const {
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [only_ready](const auto& e) {
      return e->identity().provisioned && (e->was_free || !only_ready);
    }));
  }
};

}  // namespace aviary::execution
