#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "spawner/cgroups.hpp"
#include "spawner/preparer.hpp"
#include "spawner/protocol.hpp"
#include "spawner/system.hpp"
#include "spawner/tmp_storage.hpp"
#include "spawner/world.hpp"

namespace aviary::spawner {

/// Up to here Lambda allows fewer processes.
inline constexpr std::int64_t small_memory = 128LL << 20;

/// Makes and ends sandboxes for one server. A process of its own, small and with one thread, so that forking
/// is cheap and safe whatever the server is. It lives as long as its socket to the server: when the server is
/// gone, however it went, it ends every sandbox, removes what is left of them, and goes.
class Spawner {
 public:
  explicit Spawner(int server) : server_(server) {}
  [[noreturn]] void run();

 private:
  // What an event is about; a sandbox's is its handle above `first_sandbox_key`.
  static constexpr std::uint64_t server_key = 0;
  static constexpr std::uint64_t signals_key = 1;
  static constexpr std::uint64_t preparer_key = 2;
  static constexpr std::uint64_t first_sandbox_key = 3;

  struct Sandbox {
    std::uint32_t handle = 0;
    std::string name{};    ///< of its control groups and folder
    bool entered = false;  ///< its first process is in them
    Descriptor tmp{};  ///< an image of the usual size, until it is mounted or found to be of the wrong one
    Descriptor socket{};
    pid_t first = 0;
    std::uint64_t kills = 0;  ///< out-of-memory kills seen when the running process was started
    std::string address{};    ///< of sandbox.localdomain, where it has one of its own
    std::string folder{};     ///< of /tmp, when it has to be removed
    std::int64_t slot = -1;   ///< offset of its user id
    bool running = false;
    bool spare = false;     ///< has no function yet: its process was started ahead
    int unasked = 0;        ///< answers still to come that only making it a spare brought about
    bool unwanted = false;  ///< destroyed: only its remains are waited for
  };

  void handle(Received& received);
  void hello(Received& received);
  Failure open(const Packet& packet);
  void create(const Packet& packet);
  Failure raise(Sandbox& sandbox);
  Failure furnish(const Packet& packet, Sandbox& sandbox);
  std::string hosts_file(const Sandbox& sandbox) const { return state_ + "/hosts-" + sandbox.name; }
  Failure find_hosts(const Packet& packet, Sandbox& sandbox, Descriptor& hosts);
  Failure find_opt(const Packet& packet, Descriptor& opt);
  void prepare_one();
  void hear_preparer();
  Failure enter_world(Sandbox& sandbox);
  bool take_prepared(Sandbox& into);
  void drop(Sandbox& sandbox);
  void spare(Received& received);
  void serve_spares();
  Failure make_spare(const Received& wanted, Sandbox& sandbox);
  Packet build_packet(std::int64_t memory) const;
  void forward(const Received& received);
  void destroy(std::uint32_t handle);
  void hear(std::uint32_t handle);
  void refuse(Sandbox& sandbox, const Failure& failure);
  void reap();
  void remove_remains(Sandbox& sandbox);
  void remove_folder(const std::string& folder);
  void finish_groups();
  [[noreturn]] void leave();
  void say(Op op, std::uint32_t sandbox, std::vector<std::int64_t> numbers,
           std::vector<std::string> texts = {});
  void listen(int descriptor, std::uint64_t key);

  int server_;
  std::string state_;
  Isolation isolation_ = Isolation::None;
  std::int64_t base_uid_ = 0;
  World world_;
  Cgroups cgroups_;
  TmpStorage tmp_;
  std::map<std::uint32_t, Sandbox> sandboxes_;
  std::vector<std::int64_t> free_slots_;
  std::int64_t next_slot_ = 0;
  Preparer preparer_;
  bool preparing_allowed_ = false;
  std::map<std::uint32_t, Sandbox> preparing_;  ///< first processes on their way into their groups, by serial
  std::vector<Sandbox> prepared_;
  std::deque<Received> wanted_spares_;  ///< with the output pipes, which are ours
  std::uint32_t next_serial_ = 0;
  std::vector<std::string> busy_groups_;  ///< that could not be removed yet
  Descriptor events_;
  Descriptor signals_;
};

}  // namespace aviary::spawner
