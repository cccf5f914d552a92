#include "host/state_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

#include "base/log.hpp"

namespace aviary::host {
namespace {

constexpr int most_servers = 4096;
/// At a start, and only where something was left: there is nothing to be held up yet.
constexpr std::chrono::milliseconds leftover_patience{3000};

std::filesystem::path disk_folder() {
  if (const char* chosen = std::getenv("TMPDIR"); chosen != nullptr && *chosen == '/') return chosen;
  struct statfs tmp;
  if (::statfs("/tmp", &tmp) == 0 && tmp.f_type == TMPFS_MAGIC && ::access("/var/tmp", W_OK) == 0)
    return "/var/tmp";
  return "/tmp";
}

/// Taken by binding a name that the kernel forgets with the last descriptor; -1 when somebody has it.
int claim_index(const std::string& name) {
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path + 1, sizeof address.sun_path - 2);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), length) == 0) return socket;
  ::close(socket);
  return -1;
}

enum class Hold { Held, Busy, Foreign, Absent };

/// Takes the folder if it is ours and nobody lives in it.
Hold hold(const std::filesystem::path& path, int& lock) {
  lock = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (lock < 0) return errno == ENOENT ? Hold::Absent : Hold::Foreign;
  struct stat held;
  struct stat named;
  Hold outcome = Hold::Held;
  if (::fstat(lock, &held) != 0 || held.st_uid != ::geteuid() || (held.st_mode & 022) != 0)
    outcome = Hold::Foreign;
  else if (::flock(lock, LOCK_EX | LOCK_NB) != 0)
    outcome = Hold::Busy;
  else if (::stat(path.c_str(), &named) != 0 || named.st_ino != held.st_ino || named.st_dev != held.st_dev)
    outcome = Hold::Busy;  // its owner removed it while we opened it
  if (outcome != Hold::Held) ::close(lock);
  return outcome;
}

/// Control groups of a server that is gone: kills what is in them. False while one of them is still busy:
/// killed processes leave their group only when the machine has come round to ending them.
bool remove_groups(const std::filesystem::path& folder, std::chrono::milliseconds patience) {
  const auto patience_end = std::chrono::steady_clock::now() + patience;
  bool gone = true;
  std::ifstream list(folder / "cgroups");
  for (std::string line; std::getline(list, line);) {
    const std::filesystem::path parent(line);
    if (!parent.is_absolute() || !parent.filename().string().starts_with("aviary-")) continue;
    std::error_code ignored;
    std::vector<std::filesystem::path> groups;
    for (std::filesystem::directory_iterator entry(parent, ignored), end; entry != end;
         entry.increment(ignored))
      if (entry->is_directory(ignored)) groups.push_back(entry->path());
    groups.push_back(parent);
    for (const auto& group : groups) {
      while (::rmdir(group.c_str()) != 0 && errno == EBUSY) {
        if (std::chrono::steady_clock::now() > patience_end) {
          gone = false;
          break;
        }
        std::ofstream(group / "cgroup.freeze") << "0";
        std::ifstream members(group / "cgroup.procs");
        for (pid_t pid = 0; members >> pid;)
          if (pid > 1 && pid != ::getpid()) ::kill(pid, SIGKILL);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
    }
  }
  return gone;
}

void remove_leftovers(const std::filesystem::path& parent, const std::string& prefix) {
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry(parent, ignored), end; entry != end;
       entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(prefix) || name.find_first_not_of("0123456789", prefix.size()) != std::string::npos)
      continue;
    int lock = -1;
    if (hold(entry->path(), lock) != Hold::Held) continue;
    log::debug("removing what an earlier server left in {}", entry->path().string());
    if (!remove_groups(entry->path(), leftover_patience)) {
      log::warn("processes of an earlier server are still ending; the next start looks again");
      ::close(lock);
      continue;
    }
    std::error_code error;
    std::filesystem::remove_all(entry->path(), error);
    if (error) log::warn("cannot remove {}: {}", entry->path().string(), error.message());
    ::close(lock);
  }
}

}  // namespace

boost::system::result<StateFolder, LaunchProblem> StateFolder::open(std::filesystem::path parent) {
  if (parent.empty()) parent = disk_folder();
  std::error_code ignored;
  std::filesystem::create_directories(parent, ignored);
  // Mount points and sockets want one true name.
  if (auto real = std::filesystem::canonical(parent, ignored); !ignored) parent = real;
  const std::string prefix = fmt::format("aviary-{}-", ::geteuid());
  remove_leftovers(parent, prefix);
  for (int index = 0; index < most_servers; ++index) {
    const std::string name = fmt::format("{}{}", prefix, index);
    const int claim = claim_index(name);
    if (claim < 0) continue;
    const auto path = parent / name;
    if (::mkdir(path.c_str(), 0700) != 0) {
      const int error = errno;
      ::close(claim);
      if (error == EEXIST) continue;
      return LaunchProblem{error, "make the state folder " + path.string()};
    }
    int lock = -1;
    if (hold(path, lock) == Hold::Held) return StateFolder(path, index, lock, claim);
    ::close(claim);
  }
  return LaunchProblem{EMFILE, "find a free state folder in " + parent.string()};
}

StateFolder::StateFolder(StateFolder&& other) noexcept
    : path_(std::move(other.path_)),
      index_(other.index_),
      lock_(std::exchange(other.lock_, -1)),
      claim_(std::exchange(other.claim_, -1)) {}

StateFolder& StateFolder::operator=(StateFolder&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(index_, other.index_);
  std::swap(lock_, other.lock_);
  std::swap(claim_, other.claim_);
  return *this;
}

StateFolder::~StateFolder() {
  if (lock_ < 0) return;
  // Usually the spawner has removed it already; without one there is little in it.
  std::error_code ignored;
  struct stat held;
  struct stat named;
  if (::fstat(lock_, &held) == 0 && ::stat(path_.c_str(), &named) == 0 && held.st_ino == named.st_ino)
    std::filesystem::remove_all(path_, ignored);
  ::close(lock_);
  ::close(claim_);
}

void StateFolder::clear() const {
  // The next spawner takes the same names and has more time for what is still busy now.
  remove_groups(path_, std::chrono::milliseconds(100));
  std::error_code ignored;
  std::vector<std::filesystem::path> entries;
  for (std::filesystem::directory_iterator entry(path_, ignored), end; entry != end; entry.increment(ignored))
    entries.push_back(entry->path());
  for (const auto& entry : entries) std::filesystem::remove_all(entry, ignored);
}

bool StateFolder::write(std::string_view relative, std::string_view content, bool executable) const {
  const auto target = path_ / relative;
  std::error_code error;
  std::filesystem::create_directories(target.parent_path(), error);
  if (error) return false;
  std::ofstream file(target, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file) return false;
  ::chmod(target.c_str(), executable ? 0755 : 0644);
  return true;
}

}  // namespace aviary::host
