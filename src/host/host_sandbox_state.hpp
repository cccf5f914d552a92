#pragma once

#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "host/host_sandbox.hpp"

namespace aviary::host {

/// A program beside the first process.
struct Beside {
  ProcessEvents events;
  std::shared_ptr<OutputPump> pump;
  std::optional<OneShot<spawner::Packet>> started;
  int process = 0;
  bool delivering = false;  ///< its start has returned: events may be told
  std::optional<ExitStatus> exit;
};
using BesidePtr = std::shared_ptr<Beside>;

/// What a `start` sends: working directory, arguments, environment.
std::vector<std::string> texts_of(const ProcessSpec& process);

struct HostLauncher::HostSandbox::State : std::enable_shared_from_this<State> {
  State(std::shared_ptr<Core> shared, SandboxSpec wanted)
      : core(std::move(shared)), spec(std::move(wanted)), drained(core->executor()) {}

  std::shared_ptr<Core> core;
  SandboxSpec spec;
  std::uint32_t handle = 0;
  bool alive = false;  ///< a process can be started in it
  std::uint32_t user = 0;
  std::string peak_file;
  std::string freeze_file;
  std::string address;    ///< what sandbox.localdomain is inside; empty: as outside
  std::string plain_tmp;  ///< without namespaces: its folder for temporary files

  std::optional<SpareProcess> spare;  ///< waits in it for the first `start`

  std::optional<OneShot<spawner::Packet>> created;
  std::optional<OneShot<spawner::Packet>> started;
  ProcessEvents events;
  std::shared_ptr<OutputPump> pump;
  int process = 0;
  bool starting = false;
  bool running = false;     ///< from `started` until `exited` has been told
  bool delivering = false;  ///< `start` has returned: events may be told
  bool frozen = false;
  bool froze = false;  ///< its group may still be frozen when the next process comes
  std::optional<ExitStatus> exit;
  boost::asio::steady_timer drained;
  std::uint64_t peak = 0;
  std::map<std::int64_t, BesidePtr> beside;  ///< by serial, until the end of each was told
  std::int64_t last_serial = 0;

  void send(spawner::Op op) const {
    if (const auto link = core->link()) link->send(spawner::Packet{op, handle, {}, {}});
  }
  void handle_packet(const spawner::Packet& packet);
  void lost();
  void exited(ExitStatus status);
  void settle_exit();
  void tell_exit();
  void beside_exited(std::int64_t serial, ExitStatus status);
  bool open_output(int (&ends)[2]);
  void drop_spare() {
    if (!spare) return;
    ::close(spare->reading);
    ::close(spare->writing);
    spare.reset();
  }
  ~State() { drop_spare(); }
};

}  // namespace aviary::host
