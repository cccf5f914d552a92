// The part of the spawner that makes a raised first process that of a function.
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "spawner/spawner.hpp"

namespace aviary::spawner {
namespace {

/// Lambda's quota of processes and threads, and what it sets at 128 MB.
constexpr std::int64_t most_processes = 1024;
constexpr std::int64_t processes_when_small = 742;

/// The overlay's option string: ':' and ',' part its words.
std::string escaped(const std::string& path) {
  std::string text;
  for (const char c : path) {
    if (c == ':' || c == ',' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

}  // namespace

Failure Spawner::find_opt(const Packet& packet, Descriptor& opt) {
  constexpr std::size_t first_layer = 2;
  if (packet.texts.size() == first_layer + 1) {
    opt = detached_copy(packet.texts[first_layer].c_str(), true);
    if (!opt) return failed("copy the mount of the layer");
  } else if (packet.texts.size() > first_layer) {
    // The overlay looks in its first folder first; of layers the last one wins.
    std::string lower = "lowerdir=";
    for (std::size_t i = packet.texts.size(); i-- > first_layer;)
      lower += escaped(packet.texts[i]) + (i > first_layer ? ":" : "");
    opt = detached_mount("overlay", tmp_.scratch().c_str(), "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV,
                         lower.c_str());
    if (!opt) return failed("merge the layers");
  }
  return {};
}

/// Where extensions will run: sandboxes share the machine's network, and each has to have an address of its
/// own for what all of its kind listen on.
Failure Spawner::find_hosts(const Packet& packet, Sandbox& sandbox, Descriptor& hosts) {
  constexpr std::size_t first_layer = 2;
  bool wanted = false;
  for (std::size_t i = first_layer; i < packet.texts.size(); ++i)
    wanted = wanted || ::access((packet.texts[i] + "/extensions").c_str(), F_OK) == 0;
  if (packet.number(2) != 0) wanted = ::access((packet.text(1) + "/opt/extensions").c_str(), F_OK) == 0;
  if (!wanted) return {};
  const auto low = static_cast<unsigned>(sandbox.slot % 64000) + 256;
  sandbox.address = "127." + std::to_string(64 + ::getpid() % 128) + "." + std::to_string(low / 256) + "." +
                    std::to_string(low % 256);
  const std::string path = hosts_file(sandbox);
  Descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (!write_file(path.c_str(), world_.hosts_with(sandbox.address))) return failed("write /etc/hosts");
  hosts = detached_copy(path.c_str(), true);
  return hosts ? Failure() : failed("copy the mount of /etc/hosts");
}

Packet Spawner::build_packet(std::int64_t memory) const {
  Packet build{Op::Build, 0, std::vector<std::int64_t>(build::has_root + 1), {world_.place(), std::string()}};
  build.numbers[build::isolated] = isolation_ == Isolation::Namespaces ? 1 : 0;
  build.numbers[build::uid] = sandbox_uid;
  build.numbers[build::gid] = sandbox_gid;
  build.numbers[build::sample_bytes] = cgroups_.has_memory() ? 0 : memory;
  build.numbers[build::processes] = memory <= small_memory ? processes_when_small : most_processes;
  return build;
}

/// Makes a raised first process that of this sandbox; it answers `Built`.
Failure Spawner::furnish(const Packet& packet, Sandbox& sandbox) {
  const auto memory = packet.number(0);
  const auto tmp_bytes = static_cast<std::uint64_t>(packet.number(1));
  const bool isolated = isolation_ == Isolation::Namespaces;
  if (!sandbox.entered && !(cgroups_.make(sandbox.name) && cgroups_.enter(sandbox.name, sandbox.first)))
    return failed("enter the control group");
  sandbox.entered = true;
  if (!cgroups_.limit(sandbox.name, static_cast<std::uint64_t>(memory))) return failed("limit the memory");

  Packet build = build_packet(memory);
  Descriptor task;
  Descriptor opt;
  Descriptor hosts;
  std::optional<TmpFolder> tmp;
  if (isolated) {
    world_.refresh();
    task = detached_copy(packet.text(1).c_str(), true);
    if (!task) return failed("copy the mount of the code");
    if (Failure failure = find_opt(packet, opt)) return failure;
    if (Failure failure = find_hosts(packet, sandbox, hosts)) return failure;
    Failure failure;
    if (sandbox.tmp && tmp_bytes == usual_tmp_bytes)
      tmp = TmpFolder{TmpKind::Image, std::move(sandbox.tmp), {}};
    else
      tmp = tmp_.make(sandbox.name, tmp_bytes, failure);
    sandbox.tmp.reset();
    if (!tmp) return failure;
    sandbox.folder = tmp->folder;
    build.texts[1] = "/tmp";
  } else {
    sandbox.folder = state_ + "/tmp/" + sandbox.name;
    if (!make_folders(sandbox.folder, 0755)) return failed("make /tmp");
    build.texts[1] = sandbox.folder;
  }
  build.numbers[build::has_opt] = opt ? 1 : 0;
  build.numbers[build::has_hosts] = hosts ? 1 : 0;
  build.numbers[build::has_root] = packet.number(2);
  build.numbers[build::watch_bytes] = sandbox.folder.empty() ? 0 : packet.number(1);
  int sent;
  if (!isolated)
    sent = send_packet(sandbox.socket.get(), build);
  else if (opt && hosts)
    sent = send_packet(sandbox.socket.get(), build, {task.get(), tmp->mount.get(), opt.get(), hosts.get()});
  else if (hosts)
    sent = send_packet(sandbox.socket.get(), build, {task.get(), tmp->mount.get(), hosts.get()});
  else if (opt)
    sent = send_packet(sandbox.socket.get(), build, {task.get(), tmp->mount.get(), opt.get()});
  else
    sent = send_packet(sandbox.socket.get(), build, {task.get(), tmp->mount.get()});
  if (sent != 0) return {sent, "tell the first process"};
  return {};
}

}  // namespace aviary::spawner
