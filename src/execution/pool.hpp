#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "execution/environment.hpp"
#include "services/lambda/core/snap_start.hpp"

namespace aviary::execution {

/// The environments of one version, of one tenant where the function isolates tenants, and the invocations
/// that wait for one of them.
struct Pool {
  Pool(lambda::VersionHandle of, std::string whose)
      : version(std::move(of)),
        tenant_id(std::move(whose)),
        from_snapshot(lambda::starts_from_snapshot(*version)) {}

  lambda::VersionHandle version;
  const std::string tenant_id;  ///< empty: everybody's
  const bool from_snapshot;     ///< its environments start from snapshots
  bool retired = false;
  std::uint64_t code_stamp = 0;    ///< see `Job::code_stamp`; what its environments were begun with, or newer
  std::deque<JobPtr> waiting;      ///< first come, first served
  std::vector<Environment*> idle;  ///< the last one used is the next: the others may age and end
  std::vector<Environment*> stopped;    ///< without a process, taken when nothing idles
  std::vector<Environment*> snapshots;  ///< free, made ahead for SnapStart: taken when nothing idles
  std::vector<Environment*> kept;       ///< free, and made ahead for provisioned concurrency: taken first
  std::vector<std::shared_ptr<Environment>> all;
  std::size_t coming = 0;       ///< of `all`: on their way to take a waiting invocation
  std::size_t wanted = 0;       ///< environments that waiting invocations ask for, and that have no room yet
  std::size_t provisioned = 0;  ///< how many environments are to be kept ready
  std::size_t provisioned_running = 0;  ///< invocations that were taken out of them
  std::string provisioning_failure;     ///< why no more of them are made
  bool snapshot_coming = false;         ///< one of `all` is on its way to `snapshots`
  std::vector<OneShot<lambda::SnapshotOutcome>> snapshot_waiters;
  TimerId refill_timer = 0;    ///< makes the next one
  TimerId patience_timer = 0;  ///< looks again after those that wait for an environment about to be free

  bool empty() const noexcept { return all.empty() && waiting.empty() && provisioned == 0; }

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
