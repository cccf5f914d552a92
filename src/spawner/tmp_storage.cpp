#include "spawner/tmp_storage.hpp"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "spawner/world.hpp"

namespace aviary::spawner {
namespace {

constexpr std::uint64_t loop_major = 7;
/// Images that are wanted faster than this one after the other are a burst.
constexpr std::int64_t burst_ms = 100;

bool run(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  char* environment[] = {nullptr};
  const pid_t pid = ::vfork();
  if (pid == 0) {
    ::execve(argv[0], argv.data(), environment);
    ::_exit(127);
  }
  int status = 0;
  return pid > 0 && ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Copies only what is not a hole.
bool copy_sparse(int from, int to, std::uint64_t size) {
  static char part[1 << 16];
  if (::ftruncate(to, static_cast<off_t>(size)) != 0) return false;
  off_t at = 0;
  while ((at = ::lseek(from, at, SEEK_DATA)) >= 0) {
    const off_t end = ::lseek(from, at, SEEK_HOLE);
    while (at < end) {
      const ssize_t length =
          ::pread(from, part, std::min<std::size_t>(sizeof part, static_cast<std::size_t>(end - at)), at);
      if (length <= 0 || ::pwrite(to, part, static_cast<std::size_t>(length), at) != length) return false;
      at += length;
    }
  }
  return true;
}

/// A loop device over `image`, which it lets go of by itself when its last user has. Nothing when there is
/// none to get.
Descriptor attach_loop(int image, const std::string& place, std::string& device) {
  const Descriptor control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control) return {};
  for (int attempt = 0; attempt < 16; ++attempt) {
    const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return {};
    device = "/dev/loop" + std::to_string(number);
    Descriptor loop(::open(device.c_str(), O_RDWR | O_CLOEXEC));
    if (!loop && errno == ENOENT) {
      // A container's /dev does not get the nodes of new devices.
      device = place + "/loop" + std::to_string(number);
      ::mknod(device.c_str(), S_IFBLK | 0600, ::makedev(loop_major, static_cast<unsigned>(number)));
      loop.reset(::open(device.c_str(), O_RDWR | O_CLOEXEC));
    }
    if (!loop) return {};
    loop_config config{};
    config.fd = static_cast<std::uint32_t>(image);
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (::ioctl(loop.get(), LOOP_CONFIGURE, &config) == 0) return loop;
    if (errno != EBUSY) return {};  // else somebody else was faster
  }
  return {};
}

std::uint64_t machine_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  return pages <= 0 ? 0
                    : static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

void TmpStorage::open(std::string place, bool memory_is_charged) {
  place_ = std::move(place);
  make_folders(place_, 0755);
  open_beside();
  memory_is_charged_ = memory_is_charged;
  memory_bound_ = machine_memory() / 8;
  images_ = ::geteuid() == 0 && ::access("/dev/loop-control", W_OK) == 0;
}

void TmpStorage::open_beside() {
  scratch_ = place_ + "/scratch-" + std::to_string(::getpid());
  make_folders(scratch_, 0755);
}

bool TmpStorage::make_template(std::uint64_t bytes, const std::string& path) {
  const char* maker = "";
  for (const char* candidate : {"/usr/sbin/mkfs.ext4", "/sbin/mkfs.ext4", "/usr/bin/mkfs.ext4"})
    if (*maker == 0 && ::access(candidate, X_OK) == 0) maker = candidate;
  if (*maker == 0) return false;
  // The file system's own tables come on top of what the function may fill.
  const std::uint64_t tables = (8ULL << 20) + bytes / 48;
  const Descriptor image(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!image || ::ftruncate(image.get(), static_cast<off_t>(bytes + tables)) != 0) return false;
  if (!run({maker, "-q", "-F", "-m", "0", "-O", "^has_journal,^resize_inode", "-E",
            "lazy_itable_init=1,nodiscard,root_owner=0:0", path}))
    return false;
  std::string device;
  const Descriptor loop = attach_loop(image.get(), place_, device);
  if (!loop || ::mount(device.c_str(), scratch_.c_str(), "ext4", MS_NOSUID | MS_NODEV, "") != 0) return false;
  ::rmdir((scratch_ + "/lost+found").c_str());
  const bool open_to_all = ::chmod(scratch_.c_str(), 01777) == 0;
  return ::umount2(scratch_.c_str(), 0) == 0 && open_to_all;
}

Descriptor TmpStorage::make_image(std::uint64_t bytes) {
  if (!images_) return {};
  last_image_ms_ = monotonic_ms();
  const std::string own = "-" + std::to_string(::getpid());
  const std::string known = place_ + "/template-" + std::to_string(bytes);
  Descriptor from(::open(known.c_str(), O_RDONLY | O_CLOEXEC));
  if (!from) {
    const std::string made = known + own;
    if (!make_template(bytes, made) || ::rename(made.c_str(), known.c_str()) != 0) {
      ::unlink(made.c_str());
      images_ = false;  // what does not work once does not work here
      return {};
    }
    from.reset(::open(known.c_str(), O_RDONLY | O_CLOEXEC));
  }
  const std::string path = place_ + "/image" + own + "-" + std::to_string(++serial_);
  const Descriptor image(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  ::unlink(path.c_str());
  struct stat status;
  if (!from || !image || ::fstat(from.get(), &status) != 0) return {};
  if (!copy_sparse(from.get(), image.get(), static_cast<std::uint64_t>(status.st_size))) return {};
  std::string device;
  const Descriptor loop = attach_loop(image.get(), place_, device);
  if (!loop) return {};
  // Nothing here has to survive anything: no barriers, so that a function's fsync does not wait for the real
  // disk.
  return detached_mount(device.c_str(), scratch_.c_str(), "ext4", MS_NOSUID | MS_NODEV | MS_NOATIME,
                        "nobarrier");
}

TmpKind TmpStorage::kind_for(std::uint64_t bytes) const {
  if (images_) return TmpKind::Image;
  return !memory_is_charged_ && bytes <= memory_bound_ ? TmpKind::Memory : TmpKind::Folder;
}

std::optional<TmpFolder> TmpStorage::make(const std::string& name, std::uint64_t bytes, Failure& failure) {
  TmpFolder made;
  if (images_ && monotonic_ms() - last_image_ms_ > burst_ms) {
    made.kind = TmpKind::Image;
    made.mount = make_image(bytes);
    if (made.mount) return made;
  }
  if (kind_for(bytes) == TmpKind::Memory) {
    made.kind = TmpKind::Memory;
    const std::string options = "mode=1777,size=" + std::to_string(bytes);
    made.mount = detached_mount("tmp", scratch_.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str());
    if (made.mount) return made;
  }
  made.kind = TmpKind::Folder;
  made.folder = place_ + "/" + name;
  if (::mkdir(made.folder.c_str(), 0700) != 0 || ::chmod(made.folder.c_str(), 01777) != 0) {
    failure = failed("make /tmp");
    return std::nullopt;
  }
  made.mount = detached_copy(made.folder.c_str(), false);
  if (!made.mount) {
    failure = failed("mount /tmp");
    return std::nullopt;
  }
  return made;
}

}  // namespace aviary::spawner
