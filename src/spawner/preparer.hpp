#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "spawner/cgroups.hpp"
#include "spawner/system.hpp"
#include "spawner/tmp_storage.hpp"

namespace aviary::spawner {

/// A process beside the spawner for what the kernel takes its time over, ahead of demand: entering control
/// groups (up to 15 ms: the kernel waits for every processor to pass by) and loop devices. The spawner stays
/// free for the sandboxes that there are.
class Preparer {
 public:
  /// Forks it. It ends when the spawner does.
  Failure start(const Cgroups& cgroups, const TmpStorage& storage);
  bool running() const noexcept { return static_cast<bool>(socket_); }
  int socket() const noexcept { return socket_.get(); }
  pid_t pid() const noexcept { return pid_; }
  void stop() { socket_.reset(); }

  /// Asks for `process` to be put into the groups `name`, and for an image of `bytes` for its /tmp (0: none).
  bool ask(std::uint32_t serial, const std::string& name, pid_t process, std::uint64_t bytes);
  struct Answer {
    std::uint32_t serial = 0;
    bool entered = false;
    Descriptor tmp{};  ///< none if images do not work here
  };
  /// False when there is none; stops when the process is gone.
  bool hear(Answer& answer);

 private:
  Descriptor socket_;
  pid_t pid_ = 0;
};

}  // namespace aviary::spawner
