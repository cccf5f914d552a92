#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace aviary::spawner {

/// The processes of one sandbox as its first process sees them: all of the pid namespace, or, without one,
/// its own descendants (it is their sub-reaper, so none gets away).
class Processes {
 public:
  /// `isolated` only in the first process of a new pid namespace: everything but the caller is then in the
  /// sandbox.
  explicit Processes(bool isolated);

  /// To all but the caller.
  void signal(int number) const;
  /// Until none is left to be killed, or a few rounds have passed (a process in the middle of a disk
  /// operation dies later).
  void kill() const;
  struct Usage {
    std::uint64_t bytes = 0;  ///< private memory of all, and the largest shared part once
    std::size_t count = 0;
  };
  Usage usage() const;

 private:
  std::vector<pid_t> list() const;
  bool isolated_;
};

}  // namespace aviary::spawner
