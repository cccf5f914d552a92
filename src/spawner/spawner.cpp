#include "spawner/spawner.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace aviary::spawner {
namespace {

constexpr int retry_ms = 20;
/// After this long without anything to do the next sandboxes are prepared, as many as this.
constexpr int idle_ms = 10;
constexpr std::size_t prepared_ahead = 3;

}  // namespace

void Spawner::say(Op op, std::uint32_t sandbox, std::vector<std::int64_t> numbers,
                  std::vector<std::string> texts) {
  send_packet(server_, Packet{op, sandbox, std::move(numbers), std::move(texts)});
}

void Spawner::listen(int descriptor, std::uint64_t key) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key;
  ::epoll_ctl(events_.get(), EPOLL_CTL_ADD, descriptor, &event);
}

Failure Spawner::open(const Packet& packet) {
  state_ = packet.text(hello::state_folder);
  isolation_ = static_cast<Isolation>(packet.number(hello::isolation));
  base_uid_ = packet.number(hello::base_uid);
  if (isolation_ != Isolation::None) {
    isolation_ = Isolation::Namespaces;
    if (Failure failure = World::enter_own_namespaces()) return failure;
  }
  cgroups_.find(state_.substr(state_.rfind('/') + 1));
  std::string parents;
  for (const auto& parent : cgroups_.parents()) parents += parent + "\n";
  const std::string list = state_ + "/cgroups";
  Descriptor(::open(list.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  write_file(list.c_str(), parents);
  tmp_.open(state_ + "/tmp", cgroups_.has_memory());
  if (isolation_ == Isolation::None) return {};
  const std::vector<std::string> folders(packet.texts.begin() + hello::first_extra, packet.texts.end());
  return world_.make(state_ + "/world", packet.text(hello::runtime_folder), folders);
}

void Spawner::hello(Received& received) {
  // The server's hold on its state folder and its number: ours for as long as we clean up after it.
  received.descriptors.clear();
  if (received.packet.texts.size() < hello::first_extra) return;
  const Failure failure = open(received.packet);
  preparing_allowed_ = !failure;
  // The folder stays the server's, which tries again without namespaces: removed and made anew it would be
  // one that nobody holds, and the next server to start would sweep it away.
  if (failure) state_.clear();
  say(Op::Ready, 0,
      {failure.error_number, static_cast<std::int64_t>(isolation_),
       static_cast<std::int64_t>(isolation_ == Isolation::None ? TmpKind::Host : tmp_.kind_for(512ULL << 20)),
       cgroups_.has_memory() ? 1 : 0, cgroups_.has_freezer() ? 1 : 0},
      {failure.step});
}

void Spawner::create(const Packet& packet) {
  std::erase_if(wanted_spares_, [&packet](Received& wanted) {
    const bool same = wanted.packet.sandbox == packet.sandbox;
    if (same) ::close(wanted.descriptors.front());
    return same;
  });
  Sandbox& sandbox = sandboxes_[packet.sandbox];
  const bool spare = std::exchange(sandbox.spare, false);
  Failure failure;
  // A prepared one has the machine's programs as its root already.
  const bool image = packet.number(2) != 0;
  if (!spare && (image || !take_prepared(sandbox))) failure = raise(sandbox);
  sandbox.handle = packet.sandbox;
  if (!failure) failure = furnish(packet, sandbox);
  if (failure) {
    refuse(sandbox, failure);
    return;
  }
  if (!spare) listen(sandbox.socket.get(), first_sandbox_key + packet.sandbox);
}

/// Says why there will be no sandbox, and ends what there is of it.
void Spawner::refuse(Sandbox& sandbox, const Failure& failure) {
  say(Op::Created, sandbox.handle, {failure.error_number}, {failure.step});
  destroy(sandbox.handle);
}

void Spawner::destroy(std::uint32_t handle) {
  const auto found = sandboxes_.find(handle);
  if (found == sandboxes_.end()) return;
  Sandbox& sandbox = found->second;
  sandbox.unwanted = true;
  // In a pid namespace everything dies with its first process; elsewhere that one kills the others first.
  if (sandbox.first > 0 && isolation_ == Isolation::Namespaces) ::kill(sandbox.first, SIGKILL);
  sandbox.socket.reset();
  if (sandbox.first > 0) return;
  remove_remains(sandbox);
  sandboxes_.erase(found);
}

void Spawner::forward(const Received& received) {
  const auto found = sandboxes_.find(received.packet.sandbox);
  const bool start = received.packet.op == Op::Start;
  const bool starts = start || received.packet.op == Op::StartBeside;
  const auto refuse_start = [&](int error, const char* step) {
    if (start) say(Op::Started, received.packet.sandbox, {error, 0}, {step});
    if (starts && !start)
      say(Op::StartedBeside, received.packet.sandbox, {error, received.packet.number(beside::serial), 0},
          {step});
  };
  if (found == sandboxes_.end() || found->second.unwanted) {
    refuse_start(ESRCH, "start in a sandbox that is gone");
    return;
  }
  Sandbox& sandbox = found->second;
  if (start) {
    cgroups_.reset_peak(sandbox.name);
    sandbox.kills = cgroups_.memory_kills(sandbox.name);
  }
  const int error = starts && !received.descriptors.empty()
                        ? send_packet(sandbox.socket.get(), received.packet, {received.descriptors.front()})
                        : send_packet(sandbox.socket.get(), received.packet);
  if (error != 0) refuse_start(error, "tell the first process");
}

/// From a sandbox's first process.
void Spawner::hear(std::uint32_t handle) {
  const auto found = sandboxes_.find(handle);
  if (found == sandboxes_.end() || !found->second.socket) return;
  Sandbox& sandbox = found->second;
  Received received;
  switch (receive_packet(sandbox.socket.get(), received)) {
    case Reception::Nothing:
      return;
    case Reception::Ended:
      sandbox.socket.reset();  // its end is seen as a child's death
      return;
    case Reception::Packet:
      break;
  }
  Packet& packet = received.packet;
  packet.sandbox = handle;
  if (sandbox.unasked > 0 && (packet.op == Op::Built || packet.op == Op::Started)) {
    // Nobody waits for it: only that there will be none is worth a word. A sandbox of which a function has
    // been made meanwhile does without the process.
    --sandbox.unasked;
    if (packet.number(0) == 0) return;
    if (sandbox.spare) {
      say(Op::Gone, handle, {packet.number(0)}, {packet.text(0)});
      destroy(handle);
    } else if (packet.op == Op::Built) {
      refuse(sandbox, {static_cast<int>(packet.number(0)), packet.text(0)});
    }
    return;
  }
  switch (packet.op) {
    case Op::Built:
      if (packet.number(0) != 0) {
        refuse(sandbox, {static_cast<int>(packet.number(0)), packet.text(0)});
      } else {
        say(Op::Created, handle,
            {0, base_uid_ != 0 && isolation_ == Isolation::Namespaces ? base_uid_ + sandbox.slot : 0},
            {std::string(), cgroups_.peak_file(sandbox.name), cgroups_.freeze_file(sandbox.name),
             sandbox.folder, sandbox.address});
      }
      return;
    case Op::Started:
      sandbox.running = packet.number(0) == 0;
      if (received.sender_pid > 0 && packet.numbers.size() > 1 && isolation_ == Isolation::Namespaces)
        packet.numbers[1] = received.sender_pid;
      break;
    case Op::Exited:
      sandbox.running = false;
      if (packet.numbers.size() == 4 && packet.numbers[1] == SIGKILL &&
          cgroups_.memory_kills(sandbox.name) > sandbox.kills)
        packet.numbers[2] = 1;
      break;
    case Op::StartedBeside:
      if (received.sender_pid > 0 && packet.numbers.size() > 2 && isolation_ == Isolation::Namespaces)
        packet.numbers[2] = received.sender_pid;
      break;
    case Op::ExitedBeside:
    case Op::Peak:
      break;
    default:
      return;
  }
  send_packet(server_, packet);
}

void Spawner::reap() {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return;
    const auto found = std::find_if(sandboxes_.begin(), sandboxes_.end(),
                                    [pid](const auto& entry) { return entry.second.first == pid; });
    if (found == sandboxes_.end()) {
      // One that was prepared; else a cleaner, or an orphan of a sandbox without namespaces.
      const auto gone = std::find_if(prepared_.begin(), prepared_.end(),
                                     [pid](const Sandbox& prepared) { return prepared.first == pid; });
      if (gone == prepared_.end()) continue;
      remove_remains(*gone);
      prepared_.erase(gone);
      continue;
    }
    Sandbox& sandbox = found->second;
    if (!sandbox.unwanted) {
      while (sandbox.socket && !sandbox.unwanted) hear(found->first);  // what it still had to say
      const bool out_of_memory = cgroups_.memory_kills(sandbox.name) > sandbox.kills;
      if (sandbox.running) say(Op::Exited, found->first, {0, SIGKILL, out_of_memory ? 1 : 0, 0});
      say(Op::Gone, found->first, {});
    }
    remove_remains(sandbox);
    sandboxes_.erase(found);
  }
}

void Spawner::remove_remains(Sandbox& sandbox) {
  if (!cgroups_.remove(sandbox.name)) busy_groups_.push_back(sandbox.name);
  if (!sandbox.folder.empty()) remove_folder(sandbox.folder);
  if (!sandbox.address.empty()) ::unlink(hosts_file(sandbox).c_str());
  if (sandbox.slot >= 0) free_slots_.push_back(sandbox.slot);
}

void Spawner::remove_folder(const std::string& folder) {
  if (::rmdir(folder.c_str()) == 0) return;
  // It may hold anything: somebody else takes the time.
  const pid_t cleaner = ::fork();
  if (cleaner > 0) return;
  if (cleaner == 0) close_from(3);
  remove_tree(AT_FDCWD, folder.c_str());
  if (cleaner == 0) ::_exit(0);
}

void Spawner::finish_groups() {
  std::vector<std::string> still;
  for (auto& name : busy_groups_)
    if (!cgroups_.remove(name)) still.push_back(std::move(name));
  busy_groups_ = std::move(still);
}

void Spawner::handle(Received& received) {
  switch (received.packet.op) {
    case Op::Hello:
      hello(received);
      break;
    case Op::Create:
      create(received.packet);
      break;
    case Op::Spare:
      spare(received);
      break;
    case Op::Start:
    case Op::StartBeside:
    case Op::Freeze:
    case Op::Thaw:
    case Op::Terminate:
    case Op::KillFirst:
    case Op::Kill:
      forward(received);
      break;
    case Op::Destroy:
      destroy(received.packet.sandbox);
      break;
    default:
      break;
  }
  for (const int descriptor : received.descriptors)
    if (descriptor >= 0) ::close(descriptor);
}

void Spawner::leave() {
  preparer_.stop();
  const auto end = [this](Sandbox& sandbox) {
    sandbox.unwanted = true;
    cgroups_.thaw(sandbox.name);
    if (sandbox.first > 0 && isolation_ == Isolation::Namespaces) ::kill(sandbox.first, SIGKILL);
    sandbox.socket.reset();
    sandbox.tmp.reset();
  };
  for (auto& [handle, sandbox] : sandboxes_) end(sandbox);
  for (auto& [serial, sandbox] : preparing_) end(sandbox);
  for (auto& sandbox : prepared_) end(sandbox);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    reap();
    if (::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD) break;
    ::usleep(2000);
  }
  cgroups_.remove_parents();
  if (!state_.empty()) {
    if (isolation_ == Isolation::Namespaces) ::umount2(world_.place().c_str(), MNT_DETACH);
    remove_tree(AT_FDCWD, state_.c_str());
  }
  ::_exit(0);
}

void Spawner::run() {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_SETMASK, &children, nullptr);
  signals_.reset(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  events_.reset(::epoll_create1(EPOLL_CLOEXEC));
  listen(server_, server_key);
  listen(signals_.get(), signals_key);
  for (;;) {
    const bool prepares = preparing_allowed_ && preparing_.empty() && prepared_.size() < prepared_ahead;
    const bool spares = !wanted_spares_.empty() && preparing_.empty();
    const int wait = prepares || spares ? idle_ms : busy_groups_.empty() ? -1 : retry_ms;
    epoll_event event;
    const int count = ::epoll_wait(events_.get(), &event, 1, wait);
    if (count == 0) {
      finish_groups();
      serve_spares();
      if (prepares) prepare_one();
    }
    if (count <= 0) continue;
    if (event.data.u64 == signals_key) {
      signalfd_siginfo ignored;
      while (::read(signals_.get(), &ignored, sizeof ignored) > 0) {
      }
      reap();
    } else if (event.data.u64 == preparer_key) {
      hear_preparer();
    } else if (event.data.u64 == server_key) {
      Received received;
      switch (receive_packet(server_, received)) {
        case Reception::Packet:
          handle(received);
          break;
        case Reception::Ended:
          leave();
        case Reception::Nothing:
          break;
      }
    } else {
      hear(static_cast<std::uint32_t>(event.data.u64 - first_sandbox_key));
    }
  }
}

}  // namespace aviary::spawner
