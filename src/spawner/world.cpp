#include "spawner/world.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "spawner/protocol.hpp"

namespace aviary::spawner {
namespace {

constexpr unsigned tree_clone = 1;  // OPEN_TREE_CLONE
constexpr unsigned tree_recursive = 0x8000;
constexpr unsigned tree_cloexec = O_CLOEXEC;

/// Folders and files of /etc that libraries and interpreters read; none of them holds a secret.
constexpr const char* shown_in_etc[] = {
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/gai.conf",
    "/etc/gemrc",
    "/etc/host.conf",
    "/etc/java",
    "/etc/java-11-openjdk",
    "/etc/java-17-openjdk",
    "/etc/java-21-openjdk",
    "/etc/java-25-openjdk",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/magic",
    "/etc/mime.types",
    "/etc/os-release",
    "/etc/pki",
    "/etc/protocols",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/ssl/openssl.cnf",
    "/etc/terminfo",
};

std::string number(std::int64_t value) { return std::to_string(value); }

bool same_file(const std::string& a, const std::string& b) {
  struct stat x;
  struct stat y;
  return ::stat(a.c_str(), &x) == 0 && ::stat(b.c_str(), &y) == 0 && x.st_dev == y.st_dev &&
         x.st_ino == y.st_ino;
}

std::string real_path(const char* path) {
  char resolved[PATH_MAX];
  return ::realpath(path, resolved) != nullptr ? std::string(resolved) : std::string();
}

std::string hosts_text(const std::string& of_host, const std::string& address = "127.0.0.1") {
  // The Telemetry API tells extensions to listen on sandbox.localdomain.
  return "127.0.0.1 localhost 169-254-10-1\n" + address + " sandbox sandbox.localdomain\n" +
         "::1 localhost ip6-localhost\n" + of_host;
}

}  // namespace

Descriptor detached_copy(const char* path, bool read_only) {
  Descriptor tree(open_tree(AT_FDCWD, path, tree_clone | tree_recursive | tree_cloexec));
  if (tree && seal_mount(tree.get(), "", read_only) != 0) tree.reset();
  return tree;
}

Descriptor detached_mount(const char* source, const char* scratch, const char* type, unsigned long flags,
                          const char* options) {
  if (::mount(source, scratch, type, flags, options) != 0) return {};
  Descriptor tree(open_tree(AT_FDCWD, scratch, tree_clone | tree_cloexec));
  const int error_number = errno;
  ::umount2(scratch, MNT_DETACH);
  errno = error_number;
  return tree;
}

Failure World::enter_own_namespaces() {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (uid == 0) {
    if (::unshare(CLONE_NEWNS) != 0) return failed("make a mount namespace");
  } else {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return failed("make a user namespace");
    write_file("/proc/self/setgroups", "deny");
    if (!write_file("/proc/self/uid_map", "0 " + number(uid) + " 1") ||
        !write_file("/proc/self/gid_map", "0 " + number(gid) + " 1"))
      return failed("map the user");
  }
  // Mounts made or removed on the host later are followed; nothing made here gets out.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return failed("make mounts private");
  // Each sandbox has a user of its own. A machine may refuse that and allow the rest: in a chroot, or by
  // user.max_user_namespaces. And it may refuse a /proc to those who see parts of their own covered, as in
  // most containers (mount_namespaces(7), proc(5)).
  const pid_t trial = clone_with(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS);
  if (trial == 0)
    ::_exit(::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0 ? 0 : errno);
  if (trial < 0) return failed("make a user namespace");
  int status = 0;
  ::waitpid(trial, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
  return failed("mount a new /proc");
}

bool World::put(const std::string& path, const std::string& content, unsigned mode) {
  const std::string target = place_ + path;
  ::unlink(target.c_str());
  const Descriptor file(::open(target.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, mode));
  if (!file) return false;
  ::fchmod(file.get(), mode);
  return ::write(file.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size());
}

Failure World::bind(const std::string& from, const std::string& to, bool folder, bool devices) {
  const std::string target = place_ + to;
  const std::string parent = target.substr(0, target.rfind('/'));
  if (!make_folders(folder ? target : parent, 0755)) return failed("make the folder " + to);
  if (!folder) Descriptor(::open(target.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (devices) {
    if (::mount(from.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0) return failed("bind " + from);
    return {};
  }
  const Descriptor tree = detached_copy(from.c_str(), true);
  if (!tree) return failed("copy the mount " + from);
  if (move_mount(tree.get(), "", AT_FDCWD, target.c_str(), 4) != 0) return failed("bind " + from);
  return {};
}

/// Shows `path` as the host has it: a link as the same link, anything else read-only. What is absent stays
/// absent.
Failure World::mirror(const std::string& path) {
  struct stat status;
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISLNK(status.st_mode)) {
    if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode)) return {};
    return bind(path, path, S_ISDIR(status.st_mode));
  }
  char link[PATH_MAX];
  const ssize_t length = ::readlink(path.c_str(), link, sizeof link - 1);
  if (length < 0) return {};
  link[length] = 0;
  const std::string target = place_ + path;
  make_folders(target.substr(0, target.rfind('/')), 0755);
  if (::symlink(link, target.c_str()) != 0 && errno != EEXIST) return failed("link " + path);
  return {};
}

Failure World::make_etc() {
  make_folders(place_ + "/etc/ssl", 0755);
  const std::string uid = number(sandbox_uid);
  const std::string gid = number(sandbox_gid);
  const bool written =
      put("/etc/passwd",
          "root:x:0:0:root:/root:/bin/bash\nsbx_user1051:x:" + uid + ":" + gid +
              "::/home/sbx_user1051:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n") &&
      put("/etc/group", "root:x:0:\nsbx_user1051:x:" + gid + ":\nnogroup:x:65534:\n") &&
      put("/etc/nsswitch.conf",
          "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\n") &&
      put("/etc/hostname", "169-254-10-1\n");
  if (!written) return failed("write /etc");
  refresh();
  for (const char* path : shown_in_etc) {
    if (Failure failure = mirror(path)) return failure;
  }
  return {};
}

void World::refresh() {
  std::string resolver = read_file("/etc/resolv.conf");
  if (resolver != resolver_ && put("/etc/resolv.conf", resolver)) resolver_ = std::move(resolver);
  std::string hosts = hosts_text(read_file("/etc/hosts"));
  if (hosts != hosts_ && put("/etc/hosts", hosts)) hosts_ = std::move(hosts);
}

std::string World::hosts_with(const std::string& address) const {
  return hosts_text(read_file("/etc/hosts"), address);
}

Failure World::make_devices() {
  for (const char* name : {"null", "zero", "full", "random", "urandom"}) {
    const std::string path = std::string("/dev/") + name;
    if (Failure failure = bind(path, path, false, true)) return failure;
  }
  const std::pair<const char*, const char*> links[] = {{"/proc/self/fd", "fd"},
                                                       {"/proc/self/fd/0", "stdin"},
                                                       {"/proc/self/fd/1", "stdout"},
                                                       {"/proc/self/fd/2", "stderr"}};
  for (const auto& [target, name] : links)
    if (::symlink(target, (place_ + "/dev/" + name).c_str()) != 0) return failed("link /dev");
  return {};
}

/// On Amazon Linux /bin/sh is bash; bootstraps rely on it.
Failure World::make_shell() {
  const std::string shell = real_path("/bin/sh");
  const std::string bash = real_path("/bin/bash");
  if (bash.empty() || shell.size() < 5 || shell.compare(shell.size() - 5, 5, "/dash") != 0) return {};
  const Descriptor tree = detached_copy(bash.c_str(), true);
  if (!tree || move_mount(tree.get(), "", AT_FDCWD, (place_ + shell).c_str(), 4) != 0)
    return failed("put bash in dash's place");
  return {};
}

Failure World::make(const std::string& place, const std::string& runtime_folder,
                    const std::vector<std::string>& folders) {
  place_ = place;
  if (!make_folders(place_, 0755)) return failed("make the world's folder");
  if (::mount("aviary", place_.c_str(), "tmpfs", MS_NOSUID, "mode=755,size=4m,nr_inodes=8192") != 0)
    return failed("mount the world");
  for (const char* folder : {"/usr", "/etc", "/dev", "/proc", "/tmp", "/opt", "/var/task", "/var/runtime"})
    if (!make_folders(place_ + folder, 0755)) return failed("make the world's folders");
  for (const char* path : {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store"}) {
    if (Failure failure = mirror(path)) return failure;
  }
  if (Failure failure = make_etc()) return failure;
  if (Failure failure = make_devices()) return failure;
  if (Failure failure = make_shell()) return failure;
  if (!put("/lambda-entrypoint.sh", "#!/bin/sh\nexec \"$@\"\n", 0755))
    return failed("write /lambda-entrypoint.sh");
  if (!runtime_folder.empty()) {
    if (Failure failure = bind(runtime_folder, "/var/runtime", true)) return failure;
  }
  for (const auto& folder : folders) {
    struct stat status;
    if (::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) continue;
    if (same_file(folder, place_ + folder)) continue;  // below one that is shown already
    if (Failure failure = bind(folder, folder, true)) return failure;
  }
  return {};
}

}  // namespace aviary::spawner
