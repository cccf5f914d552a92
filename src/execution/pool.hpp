#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "execution/environment.hpp"

namespace aviary::execution {

/// The environments of one version, and the invocations that wait for one of them.
struct Pool {
  explicit Pool(lambda::VersionHandle of) : version(std::move(of)) {}

  lambda::VersionHandle version;
  bool retired = false;
  std::deque<JobPtr> waiting;         ///< first come, first served
  std::vector<Environment*> idle;     ///< the last one used is the next: the others may age and end
  std::vector<Environment*> stopped;  ///< without a process, taken when nothing idles
  std::vector<std::shared_ptr<Environment>> all;
  std::size_t coming = 0;      ///< of `all`: on their way to take a waiting invocation
  std::size_t wanted = 0;      ///< environments that waiting invocations ask for, and that have no room yet
  TimerId patience_timer = 0;  ///< looks again after those that wait for an environment about to be free

  bool empty() const noexcept { return all.empty() && waiting.empty(); }

  /// One that can take an invocation now, removed from the free ones; null if none.
  Environment* take_free() {
    for (auto* list : {&idle, &stopped}) {
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
  }
  void add_free(Environment& environment) {
    remove_free(environment);
    (environment.state() == State::Stopped ? stopped : idle).push_back(&environment);
  }
};

}  // namespace aviary::execution
