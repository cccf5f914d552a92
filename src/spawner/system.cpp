#include "spawner/system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace aviary::spawner {
namespace {

// linux/mount.h and sys/mount.h do not always go together, so the few facts needed are named here.
constexpr unsigned at_recursive = 0x8000;
constexpr std::uint64_t attribute_rdonly = 1;
constexpr std::uint64_t attribute_nosuid = 2;
constexpr std::uint64_t attribute_nodev = 4;
struct MountAttributes {
  std::uint64_t set;
  std::uint64_t clear;
  std::uint64_t propagation;
  std::uint64_t user_namespace;
};
constexpr long number_open_tree = 428;
constexpr long number_move_mount = 429;
constexpr long number_close_range = 436;
constexpr long number_mount_setattr = 442;

}  // namespace

void Descriptor::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

int open_tree(int directory, const char* path, unsigned flags) {
  return static_cast<int>(::syscall(number_open_tree, directory, path, flags));
}

int move_mount(int from, const char* from_path, int to, const char* to_path, unsigned flags) {
  return static_cast<int>(::syscall(number_move_mount, from, from_path, to, to_path, flags));
}

int seal_mount(int directory, const char* path, bool read_only) {
  MountAttributes attributes{};
  attributes.set = attribute_nosuid | attribute_nodev | (read_only ? attribute_rdonly : 0);
  return static_cast<int>(::syscall(number_mount_setattr, directory, path, AT_EMPTY_PATH | at_recursive,
                                    &attributes, sizeof attributes));
}

int pivot_root(const char* new_root, const char* put_old) {
  return static_cast<int>(::syscall(SYS_pivot_root, new_root, put_old));
}

int close_from(unsigned first) {
  if (::syscall(number_close_range, first, ~0U, 0U) == 0) return 0;
  const long most = ::sysconf(_SC_OPEN_MAX);
  for (long fd = first; fd < most; ++fd) ::close(static_cast<int>(fd));
  return 0;
}

pid_t clone_with(std::uint64_t flags) {
  clone_args arguments{};
  arguments.flags = flags;
  arguments.exit_signal = SIGCHLD;
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

std::string read_file(const char* path, std::size_t most) {
  std::string content;
  const Descriptor file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return content;
  char part[4096];
  while (content.size() < most) {
    const ssize_t length = ::read(file.get(), part, sizeof part);
    if (length <= 0) break;
    content.append(part, static_cast<std::size_t>(length));
  }
  return content;
}

bool write_file(const char* path, std::string_view content) {
  const Descriptor file(::open(path, O_WRONLY | O_CLOEXEC));
  if (!file) return false;
  const ssize_t length = ::write(file.get(), content.data(), content.size());
  return length == static_cast<ssize_t>(content.size());
}

bool make_folders(const std::string& path, mode_t mode) {
  for (std::size_t end = 1; end != std::string::npos && end < path.size();) {
    end = path.find('/', end);
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) return false;
    if (end != std::string::npos) ++end;
  }
  return true;
}

namespace {

/// Deeper folders are first moved up: a function may have nested them deeper than there are descriptors or
/// stack.
constexpr int deepest = 64;

struct Removal {
  int top;
  dev_t device;
  unsigned moved = 0;
};

int open_folder(int directory, const char* path) {
  constexpr int how = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int fd = ::openat(directory, path, how);
  if (fd < 0 && errno == EACCES && ::fchmodat(directory, path, 0700, 0) == 0)
    fd = ::openat(directory, path, how);
  return fd;
}

void empty_folder(int fd, int depth, Removal& removal) {
  struct stat status;
  if (::fstat(fd, &status) != 0) return;
  if ((status.st_mode & 0700) != 0700) ::fchmod(fd, 0700);
  DIR* entries = ::fdopendir(::dup(fd));
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == ".." || ::unlinkat(fd, entry->d_name, 0) == 0) continue;
    if (::unlinkat(fd, entry->d_name, AT_REMOVEDIR) == 0) continue;
    if (depth >= deepest) {
      const std::string place = ".aviary-" + std::to_string(removal.moved++);
      ::renameat(fd, entry->d_name, removal.top, place.c_str());
      continue;
    }
    const int below = open_folder(fd, entry->d_name);
    if (below < 0) continue;
    if (::fstat(below, &status) == 0 && status.st_dev == removal.device)
      empty_folder(below, depth + 1, removal);
    ::close(below);
    ::unlinkat(fd, entry->d_name, AT_REMOVEDIR);
  }
  ::closedir(entries);
}

}  // namespace

bool remove_tree(int directory, const char* path) {
  if (::unlinkat(directory, path, 0) == 0 || errno == ENOENT) return true;
  if (::unlinkat(directory, path, AT_REMOVEDIR) == 0) return true;
  const int top = open_folder(directory, path);
  if (top < 0) return false;
  struct stat status;
  ::fstat(top, &status);
  Removal removal{top, status.st_dev};
  bool gone = false;
  for (unsigned moved = 1; !gone && moved != removal.moved;) {
    moved = removal.moved;
    empty_folder(top, 0, removal);
    gone = ::unlinkat(directory, path, AT_REMOVEDIR) == 0;
  }
  ::close(top);
  return gone;
}

std::int64_t monotonic_ms() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

}  // namespace aviary::spawner
