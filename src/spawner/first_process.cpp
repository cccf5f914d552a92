#include "spawner/first_process.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <utility>

#include "spawner/execute.hpp"
#include "spawner/processes.hpp"
#include "spawner/protocol.hpp"
#include "spawner/system.hpp"

namespace aviary::spawner {
namespace {

constexpr int socket_place = 3;
constexpr std::int64_t memory_period_ms = 50;
constexpr std::int64_t folder_period_ms = 500;
constexpr unsigned move_mount_by_descriptor = 4;  // MOVE_MOUNT_F_EMPTY_PATH

class FirstProcess {
 public:
  explicit FirstProcess(int socket) : socket_(socket) {}
  [[noreturn]] void run();

 private:
  Failure build(const Packet& packet, const std::vector<int>& mounts);
  Failure make_world(const Packet& packet, const std::vector<int>& mounts);
  Failure enter_image(const std::string& world, int root);
  Failure furnish(const Packet& packet, const std::vector<int>& mounts);
  void start(const Packet& packet, int output);
  void start_beside(const Packet& packet, int output);
  pid_t spawn(const Packet& packet, int output, int input, Failure& failure);
  bool wake_spare(const Packet& packet);
  void reap();
  void watch();
  int wait_ms() const;
  void handle(Received& received);
  void say(Op op, std::vector<std::int64_t> numbers, std::vector<std::string> texts = {}) {
    send_packet(socket_, Packet{op, 0, std::move(numbers), std::move(texts)});
  }

  int socket_;
  bool isolated_ = true;
  std::int64_t uid_ = 0;
  std::int64_t gid_ = 0;
  std::int64_t processes_ = 1024;
  std::uint64_t memory_limit_ = 0;  ///< 0 when a cgroup sees to it
  std::uint64_t folder_limit_ = 0;  ///< 0 when the file system sees to it
  std::string folder_;
  std::optional<Processes> members_;

  pid_t main_ = 0;
  pid_t spare_ = 0;                       ///< started ahead: waits to be told what it is to run
  Descriptor trigger_{};                  ///< what it reads
  std::map<pid_t, std::int64_t> beside_;  ///< serials of the programs that run beside the main one
  bool stopped_ = false;
  bool over_memory_ = false;
  std::uint64_t peak_ = 0;
  std::int64_t next_memory_ = 0;
  std::int64_t next_folder_ = 0;
};

Failure FirstProcess::build(const Packet& packet, const std::vector<int>& mounts) {
  isolated_ = packet.number(build::isolated) != 0;
  uid_ = packet.number(build::uid);
  gid_ = packet.number(build::gid);
  memory_limit_ = static_cast<std::uint64_t>(packet.number(build::sample_bytes));
  folder_limit_ = static_cast<std::uint64_t>(packet.number(build::watch_bytes));
  processes_ = packet.number(build::processes);
  folder_ = packet.text(1);
  if (members_ && packet.number(build::has_root) != 0)
    return {EBUSY, "mount the image: there is a root already"};
  if (!members_) {
    members_.emplace(isolated_);
    if (Failure failure = make_world(packet, mounts)) return failure;
  }
  return isolated_ ? furnish(packet, mounts) : Failure();
}

/// What all sandboxes see; what is this one's own comes with `furnish`, which may be later.
Failure FirstProcess::make_world(const Packet& packet, const std::vector<int>& mounts) {
  if (!isolated_) {
    // Nothing dies with this process here, so it has to live to kill the others: the end of the socket tells
    // it.
    ::prctl(PR_SET_PDEATHSIG, 0);
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return failed("become the reaper");
    return {};
  }
  // From here on nothing of the same user can look into this process.
  ::prctl(PR_SET_DUMPABLE, 0);
  constexpr std::string_view name = "169-254-10-1";
  if (::sethostname(name.data(), name.size()) != 0) return failed("set the host name");
  // What came with the copy of the spawner's mounts is locked in place; a bind of it is ours to make the
  // root.
  const std::string world = packet.text(0);
  if (::mount(world.c_str(), world.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
    return failed("bind the world");
  if (packet.number(build::has_root) != 0) {
    if (mounts.empty()) return {EINVAL, "mount the image"};
    return enter_image(world, mounts.front());
  }
  if (::chdir(world.c_str()) != 0) return failed("enter the world");
  if (::mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    return failed("mount /proc");
  if (pivot_root(".", ".") != 0) return failed("change the root");
  if (::umount2(".", MNT_DETACH) != 0) return failed("leave the old root");
  if (::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID, nullptr) != 0)
    return failed("make / read-only");
  if (::chdir("/") != 0) return failed("enter /");
  return {};
}

/// The image in place of what the machine has, with what every sandbox needs of it. Where things are mounted
/// are folders and files of the image's top, and no links: who unpacked it has seen to that.
Failure FirstProcess::enter_image(const std::string& world, int root) {
  const std::string place = world + "/var/task";
  if (move_mount(root, "", AT_FDCWD, place.c_str(), move_mount_by_descriptor) != 0)
    return failed("mount the image");
  if (::chdir(place.c_str()) != 0) return failed("enter the image");
  for (const char* path : {"dev", "etc/resolv.conf", "etc/hosts"})
    if (::mount((world + "/" + path).c_str(), path, nullptr, MS_BIND | MS_REC, nullptr) != 0)
      return failed(std::string("bind /") + path);
  if (::mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    return failed("mount /proc");
  if (pivot_root(".", ".") != 0) return failed("change the root");
  if (::umount2(".", MNT_DETACH) != 0) return failed("leave the old root");
  if (::chdir("/") != 0) return failed("enter /");
  return {};
}

Failure FirstProcess::furnish(const Packet& packet, const std::vector<int>& mounts) {
  if (mounts.empty()) return {};
  const bool image = packet.number(build::has_root) != 0;
  std::size_t next = image ? 1 : 0;
  const auto attach = [&mounts, &next](const char* place) {
    return next < mounts.size() &&
           move_mount(mounts[next++], "", AT_FDCWD, place, move_mount_by_descriptor) == 0;
  };
  if (!image && !attach("/var/task")) return failed("mount /var/task");
  if (!attach("/tmp")) return failed("mount /tmp");
  if (packet.number(build::has_opt) != 0 && !attach("/opt")) return failed("mount /opt");
  if (packet.number(build::has_hosts) != 0 && !attach("/etc/hosts")) return failed("mount /etc/hosts");
  if (spare_ != 0) {
    const rlimit limit{static_cast<rlim_t>(processes_), static_cast<rlim_t>(processes_)};
    ::prlimit(spare_, RLIMIT_NPROC, &limit, nullptr);
  }
  return {};
}

/// 0 if there is none, with the reason.
pid_t FirstProcess::spawn(const Packet& packet, int output, int input, Failure& failure) {
  const auto arguments = static_cast<std::size_t>(packet.number(start::arguments));
  std::vector<char*> argv;
  std::vector<char*> environment;
  bool framed = input >= 0;
  for (std::size_t i = 1; i < packet.texts.size(); ++i) {
    (i <= arguments ? argv : environment).push_back(const_cast<char*>(packet.texts[i].c_str()));
    framed = framed || (i > arguments && packet.texts[i].rfind(telemetry_variable, 0) == 0);
  }
  std::string waits(waiting_variable);
  if (input >= 0) environment.push_back(waits.data());
  argv.push_back(nullptr);
  environment.push_back(nullptr);
  Execution what{argv.data(), environment.data(), packet.texts[0].c_str(), output, input, framed, uid_, gid_,
                 processes_,  isolated_};
  const pid_t pid = ::vfork();
  if (pid == 0) execute(what);
  if (pid < 0) {
    failure = failed("fork");
    return 0;
  }
  if (what.error_number != 0) {
    ::waitpid(pid, nullptr, 0);
    failure = {what.error_number, what.step};
    return 0;
  }
  return pid;
}

/// Tells the process that waits what it is to run; false if there is none, or it cannot be told.
bool FirstProcess::wake_spare(const Packet& packet) {
  // What a pipe takes at once; more would have to wait for somebody who reads.
  constexpr std::size_t most = 60000;
  if (spare_ == 0) return false;
  std::string told = packet.texts[0] + '\0';
  for (std::size_t i = 1 + static_cast<std::size_t>(packet.number(start::arguments)); i < packet.texts.size();
       ++i)
    told += packet.texts[i] + '\0';
  const bool whole = told.size() <= most &&
                     ::write(trigger_.get(), told.data(), told.size()) == static_cast<ssize_t>(told.size());
  trigger_.reset();
  if (!whole) {
    ::kill(spare_, SIGKILL);
    ::waitpid(spare_, nullptr, 0);
    spare_ = 0;
  }
  return whole;
}

void FirstProcess::start(const Packet& packet, int output) {
  const auto arguments = static_cast<std::size_t>(packet.number(start::arguments));
  const bool waits = packet.number(start::waits) != 0;
  if (main_ != 0 || (waits && spare_ != 0) || output < 0 || arguments == 0 ||
      packet.texts.size() < 1 + arguments) {
    say(Op::Started, {main_ != 0 ? EBUSY : EINVAL, 0}, {"start"});
    return;
  }
  Failure failure;
  if (waits) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      failure = failed("make a pipe");
    } else {
      const Descriptor input(ends[0]);
      trigger_.reset(ends[1]);
      spare_ = spawn(packet, output, input.get(), failure);
    }
    say(Op::Started, {failure.error_number, 0}, {failure.step});
    return;
  }
  peak_ = 0;
  over_memory_ = false;
  stopped_ = false;
  const pid_t pid = wake_spare(packet) ? std::exchange(spare_, 0) : spawn(packet, output, -1, failure);
  if (pid == 0) {
    say(Op::Started, {failure.error_number, 0}, {failure.step});
    return;
  }
  main_ = pid;
  next_memory_ = next_folder_ = monotonic_ms();
  const Packet told{Op::Started, 0, {0, pid}, {}};
  if (isolated_)
    send_packet_about(socket_, told, pid);
  else
    send_packet(socket_, told);
}

void FirstProcess::start_beside(const Packet& packet, int output) {
  const auto arguments = static_cast<std::size_t>(packet.number(beside::arguments));
  const std::int64_t serial = packet.number(beside::serial);
  Failure failure{EINVAL, "start"};
  pid_t pid = 0;
  if (output >= 0 && arguments != 0 && packet.texts.size() >= 1 + arguments) {
    failure = {};
    pid = spawn(packet, output, -1, failure);
  }
  if (pid == 0) {
    say(Op::StartedBeside, {failure.error_number, serial, 0}, {failure.step});
    return;
  }
  beside_.emplace(pid, serial);
  const Packet told{Op::StartedBeside, 0, {0, serial, pid}, {}};
  if (isolated_)
    send_packet_about(socket_, told, pid);
  else
    send_packet(socket_, told);
}

void FirstProcess::reap() {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return;
    if (pid == spare_) {
      spare_ = 0;
      trigger_.reset();
    }
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (const auto other = beside_.find(pid); other != beside_.end()) {
      say(Op::ExitedBeside, {other->second, WIFEXITED(status) ? WEXITSTATUS(status) : 0, signal});
      beside_.erase(other);
    }
    if (pid != main_) continue;
    main_ = 0;
    // What the runtime leaves behind does not outlive it, nor hold its output open. Programs beside it are
    // given time to end; who started them sees to it.
    if (beside_.empty()) members_->kill();
    say(Op::Exited, {WIFEXITED(status) ? WEXITSTATUS(status) : 0, signal,
                     signal == SIGKILL && over_memory_ ? 1 : 0, static_cast<std::int64_t>(peak_)});
  }
}

std::uint64_t folder_bytes(int directory, const char* path, int depth, std::size_t& entries) {
  std::uint64_t bytes = 0;
  const int fd = ::openat(directory, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return 0;
  DIR* opened = ::fdopendir(fd);
  if (opened == nullptr) {
    ::close(fd);
    return 0;
  }
  while (const dirent* entry = ::readdir(opened)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat status;
    if (::fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
    if (++entries > 100000) break;  // a bomb of files; what is known by now decides
    if (S_ISDIR(status.st_mode) && depth < 64) bytes += folder_bytes(fd, entry->d_name, depth + 1, entries);
  }
  ::closedir(opened);
  return bytes;
}

void FirstProcess::watch() {
  if (main_ == 0 || stopped_) return;
  const std::int64_t now = monotonic_ms();
  if (memory_limit_ != 0 && now >= next_memory_) {
    const auto usage = members_->usage();
    if (usage.bytes > peak_) {
      peak_ = usage.bytes;
      say(Op::Peak, {static_cast<std::int64_t>(peak_)});
    }
    if (usage.bytes > memory_limit_) {
      over_memory_ = true;
      members_->kill();
    } else if (usage.count > static_cast<std::size_t>(processes_)) {
      members_->kill();
    }
    next_memory_ = now + memory_period_ms;
  }
  if (folder_limit_ != 0 && now >= next_folder_) {
    std::size_t entries = 0;
    if (folder_bytes(AT_FDCWD, folder_.c_str(), 0, entries) > folder_limit_ || entries > 100000)
      members_->kill();
    next_folder_ = monotonic_ms() + folder_period_ms;
  }
}

int FirstProcess::wait_ms() const {
  if (main_ == 0 || stopped_ || (memory_limit_ == 0 && folder_limit_ == 0)) return -1;
  return static_cast<int>(memory_limit_ != 0 ? memory_period_ms : folder_period_ms);
}

void FirstProcess::handle(Received& received) {
  switch (received.packet.op) {
    case Op::Build: {
      const Failure failure = build(received.packet, received.descriptors);
      say(Op::Built, {failure.error_number}, {failure.step});
      break;
    }
    case Op::Start:
      start(received.packet, received.descriptors.empty() ? -1 : received.descriptors.front());
      break;
    case Op::StartBeside:
      start_beside(received.packet, received.descriptors.empty() ? -1 : received.descriptors.front());
      break;
    case Op::Freeze:
      stopped_ = true;
      if (main_ != 0) members_->signal(SIGSTOP);
      break;
    case Op::Thaw:
      stopped_ = false;
      if (main_ != 0) members_->signal(SIGCONT);
      break;
    case Op::Terminate:
      if (main_ != 0) ::kill(main_, SIGTERM);
      break;
    case Op::KillFirst:
      if (main_ != 0) ::kill(main_, SIGKILL);
      break;
    case Op::Kill:
      if (members_) members_->kill();
      break;
    default:
      break;
  }
  for (const int descriptor : received.descriptors) ::close(descriptor);
}

void FirstProcess::run() {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_SETMASK, &children, nullptr);
  const int signals = ::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  for (;;) {
    pollfd waits[2] = {{socket_, POLLIN, 0}, {signals, POLLIN, 0}};
    ::poll(waits, 2, wait_ms());
    if (waits[1].revents != 0) {
      signalfd_siginfo ignored;
      while (::read(signals, &ignored, sizeof ignored) > 0) {
      }
      reap();
    }
    if (waits[0].revents != 0) {
      Received received;
      if (receive_packet(socket_, received) == Reception::Ended) break;
      if (received.packet.op != Op::Hello || !received.descriptors.empty()) handle(received);
    }
    watch();
  }
  if (members_) members_->kill();
  ::_exit(0);
}

}  // namespace

void run_first_process(int socket) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "aviary-sandbox");
  ::dup2(socket, socket_place);
  close_from(socket_place + 1);
  ::fcntl(socket_place, F_SETFD, FD_CLOEXEC);
  const int nothing = ::open("/dev/null", O_RDWR);
  if (nothing >= 0) {
    for (int standard = 0; standard < 3; ++standard) ::dup2(nothing, standard);
    ::close(nothing);
  }
  ::setsid();
  ::umask(022);
  FirstProcess(socket_place).run();
}

}  // namespace aviary::spawner
