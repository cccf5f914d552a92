// The part of the spawner that raises first processes, mostly ahead of demand.
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "spawner/first_process.hpp"
#include "spawner/spawner.hpp"

namespace aviary::spawner {

/// A first process in namespaces of its own, waiting to be told what its sandbox is to be.
Failure Spawner::raise(Sandbox& sandbox) {
  const bool isolated = isolation_ == Isolation::Namespaces;
  sandbox.name = std::to_string(++next_serial_);
  if (free_slots_.empty()) {
    sandbox.slot = next_slot_++;
  } else {
    sandbox.slot = free_slots_.back();
    free_slots_.pop_back();
  }
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return failed("make a socket");
  sandbox.socket.reset(ends[0]);
  const Descriptor other(ends[1]);
  const std::uint64_t spaces =
      isolated ? CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS : 0ULL;
  const pid_t first = clone_with(spaces);
  if (first == 0) run_first_process(other.get());
  if (first < 0) return failed("make namespaces");
  sandbox.first = first;
  if (!isolated) return {};
  // Root gives every sandbox a user of its own on the host; root itself is seen as root, so that code is
  // root's.
  const std::string process = "/proc/" + std::to_string(first);
  const std::string user = std::to_string(base_uid_ + sandbox.slot);
  const std::string own = base_uid_ != 0 ? user + " 1\n0 0 1\n" : "0 1\n";
  if (!write_file((process + "/uid_map").c_str(), std::to_string(sandbox_uid) + " " + own) ||
      !write_file((process + "/gid_map").c_str(), std::to_string(sandbox_gid) + " " + own))
    return failed("map the user");
  const int on = 1;
  ::setsockopt(sandbox.socket.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  return {};
}

bool Spawner::take_prepared(Sandbox& into) {
  if (prepared_.empty()) return false;
  into = std::move(prepared_.back());
  prepared_.pop_back();
  return true;
}

/// Has it make its root and mount its /proc, which all sandboxes have alike. Its answer counts only when it
/// is bad.
Failure Spawner::enter_world(Sandbox& sandbox) {
  if (isolation_ != Isolation::Namespaces) return {};
  // With the higher limit of processes: it can be lowered later, not raised.
  if (const int sent = send_packet(sandbox.socket.get(), build_packet(small_memory + 1)); sent != 0)
    return {sent, "tell the first process"};
  ++sandbox.unasked;
  return {};
}

/// With nothing else to do: the next first process, which the preparer then puts into its groups.
void Spawner::prepare_one() {
  const bool slow_parts = cgroups_.any() || (isolation_ == Isolation::Namespaces && tmp_.images());
  if (slow_parts && !preparer_.running()) {
    if (preparer_.start(cgroups_, tmp_)) {
      preparing_allowed_ = false;
      return;
    }
    listen(preparer_.socket(), preparer_key);
  }
  Sandbox next;
  if (raise(next) || enter_world(next)) {
    preparing_allowed_ = false;
    drop(next);
    return;
  }
  if (!slow_parts) {
    next.entered = true;
    prepared_.push_back(std::move(next));
    return;
  }
  const std::uint64_t image = isolation_ == Isolation::Namespaces && tmp_.images() ? usual_tmp_bytes : 0;
  const std::uint32_t serial = next_serial_;
  const bool asked = preparer_.ask(serial, next.name, next.first, image);
  preparing_.emplace(serial, std::move(next));
  if (!asked) preparing_allowed_ = false;
}

void Spawner::hear_preparer() {
  Preparer::Answer answer;
  while (preparer_.running() && preparer_.hear(answer)) {
    const auto found = preparing_.find(answer.serial);
    if (found == preparing_.end()) continue;
    Sandbox sandbox = std::move(found->second);
    preparing_.erase(found);
    sandbox.tmp = std::move(answer.tmp);
    sandbox.entered = answer.entered;
    if (answer.entered) {
      prepared_.push_back(std::move(sandbox));
    } else {
      preparing_allowed_ = false;
      drop(sandbox);
    }
  }
  if (preparer_.running()) return;
  preparing_allowed_ = false;
  for (auto& [serial, sandbox] : preparing_) drop(sandbox);
  preparing_.clear();
}

/// A process that a function to come will take over: an interpreter that has started and loaded its client.
/// It is made of a prepared sandbox when there is nothing else to do, and waits in it without code, layers
/// and /tmp, which `Create` of the same handle adds. Nothing is answered, but `Gone` if there will be none.
void Spawner::spare(Received& received) {
  if (isolation_ != Isolation::Namespaces || received.descriptors.size() != 1) {
    say(Op::Gone, received.packet.sandbox, {EINVAL});
    return;
  }
  wanted_spares_.push_back(std::move(received));
  received.descriptors.clear();
}

void Spawner::serve_spares() {
  if (wanted_spares_.empty() || (prepared_.empty() && preparing_allowed_)) return;
  Received wanted = std::move(wanted_spares_.front());
  wanted_spares_.pop_front();
  const Descriptor output(wanted.descriptors.front());
  const std::uint32_t handle = wanted.packet.sandbox;
  Sandbox& sandbox = sandboxes_[handle];
  sandbox.handle = handle;
  sandbox.spare = true;
  if (const Failure failure = make_spare(wanted, sandbox)) {
    say(Op::Gone, handle, {failure.error_number}, {failure.step});
    destroy(handle);
  }
}

Failure Spawner::make_spare(const Received& wanted, Sandbox& sandbox) {
  const std::uint32_t handle = sandbox.handle;
  if (!take_prepared(sandbox)) {
    if (Failure failure = raise(sandbox)) return failure;
  }
  sandbox.handle = handle;
  sandbox.spare = true;
  if (!sandbox.entered && !(cgroups_.make(sandbox.name) && cgroups_.enter(sandbox.name, sandbox.first)))
    return failed("enter the control group");
  sandbox.entered = true;
  world_.refresh();
  if (sandbox.unasked == 0) {
    if (const Failure failure = enter_world(sandbox)) return failure;
  }
  Packet start = wanted.packet;
  start.op = Op::Start;
  start.numbers.resize(start::waits + 1);
  start.numbers[start::waits] = 1;
  if (const int sent = send_packet(sandbox.socket.get(), start, {wanted.descriptors.front()}); sent != 0)
    return {sent, "tell the first process"};
  ++sandbox.unasked;
  listen(sandbox.socket.get(), first_sandbox_key + handle);
  return {};
}

/// Ends one that no sandbox was made of.
void Spawner::drop(Sandbox& sandbox) {
  if (sandbox.first > 0 && isolation_ == Isolation::Namespaces) ::kill(sandbox.first, SIGKILL);
  sandbox.socket.reset();
  if (sandbox.first > 0) ::waitpid(sandbox.first, nullptr, 0);
  remove_remains(sandbox);
}

}  // namespace aviary::spawner
