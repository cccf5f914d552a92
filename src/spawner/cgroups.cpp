#include "spawner/cgroups.hpp"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "spawner/system.hpp"

namespace aviary::spawner {
namespace {

constexpr std::int64_t leftover_patience_ms = 3000;

/// A hierarchy: where it is mounted, and the server's own group in it.
struct Hierarchy {
  std::string mount;
  std::string own;
};

template <class Visit>
void each_line(const std::string& text, Visit visit) {
  std::size_t start = 0;
  while (start < text.size()) {
    std::size_t end = text.find('\n', start);
    if (end == std::string::npos) end = text.size();
    visit(text.substr(start, end - start));
    start = end + 1;
  }
}

bool has_word(const std::string& list, std::string_view word, char separator) {
  std::size_t start = 0;
  while (start <= list.size()) {
    std::size_t end = list.find(separator, start);
    if (end == std::string::npos) end = list.size();
    std::string_view item(list.data() + start, end - start);
    if (!item.empty() && item.back() == '\n') item.remove_suffix(1);
    if (item == word) return true;
    start = end + 1;
  }
  return false;
}

/// `controller` "" finds v2. In a container the path of our own group may be that of the host, out of sight:
/// the mount's root is our own then.
Hierarchy find_hierarchy(std::string_view controller) {
  Hierarchy found;
  each_line(read_file("/proc/self/mountinfo", 1 << 20), [&](const std::string& line) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos || !found.mount.empty()) return;
    const std::string tail = line.substr(dash + 3);
    const bool v2 = tail.rfind("cgroup2 ", 0) == 0;
    const bool v1 = tail.rfind("cgroup ", 0) == 0;
    const std::size_t options = tail.rfind(' ');
    if (controller.empty() ? !v2 : !(v1 && has_word(tail.substr(options + 1), controller, ','))) return;
    std::size_t at = 0;
    for (int field = 0; field < 4; ++field) at = line.find(' ', at) + 1;
    found.mount = line.substr(at, line.find(' ', at) - at);
  });
  if (found.mount.empty()) return found;
  found.own = found.mount;
  each_line(read_file("/proc/self/cgroup"), [&](const std::string& line) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) return;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (controller.empty() ? !controllers.empty() : !has_word(controllers, controller, ',')) return;
    const std::string path = line.substr(second + 1);
    if (path != "/" && ::access((found.mount + path).c_str(), F_OK) == 0) found.own = found.mount + path;
  });
  return found;
}

/// Something of that name can only be a leftover: the server's number is claimed.
bool make_group(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) == 0) return true;
  if (errno != EEXIST) return false;
  Cgroups::remove_leftover(path);
  return ::mkdir(path.c_str(), 0755) == 0;
}

std::uint64_t counter(const std::string& text, std::string_view name) {
  std::uint64_t value = 0;
  each_line(text, [&](const std::string& line) {
    if (line.size() > name.size() && line.compare(0, name.size(), name) == 0 && line[name.size()] == ' ')
      value = ::strtoull(line.c_str() + name.size() + 1, nullptr, 10);
  });
  return value;
}

}  // namespace

void Cgroups::find(const std::string& name) {
  const Hierarchy memory = find_hierarchy("memory");
  if (!memory.own.empty() && make_group(memory.own + "/" + name)) {
    memory_ = memory.own + "/" + name;
    // A limit that cannot be set is no limit.
    if (::access((memory_ + "/memory.limit_in_bytes").c_str(), W_OK) != 0) {
      ::rmdir(memory_.c_str());
      memory_.clear();
    }
  }
  const Hierarchy cpu = find_hierarchy("cpu");
  if (!cpu.own.empty() && make_group(cpu.own + "/" + name)) cpu_ = cpu.own + "/" + name;

  const Hierarchy unified = find_hierarchy("");
  if (unified.own.empty()) return;
  // Controllers reach our groups only through a parent that hands them down: our own group if it may have
  // children with controllers (the root, or one delegated to us), else the one above, as a sibling of ours.
  std::string parent = unified.own;
  if (!has_word(read_file((parent + "/cgroup.subtree_control").c_str()), "memory", ' ') &&
      parent != unified.mount) {
    const std::string above = parent.substr(0, parent.rfind('/'));
    if (has_word(read_file((above + "/cgroup.subtree_control").c_str()), "memory", ' ') &&
        ::access((above + "/cgroup.procs").c_str(), W_OK) == 0)
      parent = above;
  }
  const std::string group = parent + "/" + name;
  if (!make_group(group)) return;
  if (::access((group + "/cgroup.procs").c_str(), W_OK) != 0) {
    ::rmdir(group.c_str());
    return;
  }
  freezer_ = group;
  if (memory_.empty() && write_file((group + "/cgroup.subtree_control").c_str(), "+memory")) {
    memory_ = group;
    memory_v2_ = true;
    write_file((group + "/cgroup.subtree_control").c_str(), "+cpu");
  }
}

std::vector<std::string> Cgroups::parents() const {
  std::vector<std::string> all;
  for (const auto& path : {memory_, cpu_, freezer_})
    if (!path.empty() && std::find(all.begin(), all.end(), path) == all.end()) all.push_back(path);
  return all;
}

bool Cgroups::make(const std::string& name) const {
  for (const auto& parent : parents())
    if (::mkdir((parent + "/" + name).c_str(), 0755) != 0 && errno != EEXIST) return false;
  return true;
}

bool Cgroups::limit(const std::string& name, std::uint64_t memory_bytes) const {
  if (memory_.empty()) return true;
  const std::string group = memory_ + "/" + name;
  const std::string limit = std::to_string(memory_bytes);
  if (memory_v2_) {
    write_file((group + "/memory.swap.max").c_str(), "0");
    return write_file((group + "/memory.max").c_str(), limit);
  }
  if (!write_file((group + "/memory.limit_in_bytes").c_str(), limit)) return false;
  // Memory and swap together, where swap is accounted: Lambda has none.
  write_file((group + "/memory.memsw.limit_in_bytes").c_str(), limit);
  return true;
}

bool Cgroups::enter(const std::string& name, pid_t pid) const {
  const std::string text = std::to_string(pid);
  for (const auto& parent : parents())
    if (!write_file((parent + "/" + name + "/cgroup.procs").c_str(), text)) return false;
  return true;
}

std::uint64_t Cgroups::memory_kills(const std::string& name) const {
  if (memory_.empty()) return 0;
  const char* file = memory_v2_ ? "/memory.events" : "/memory.oom_control";
  return counter(read_file((memory_ + "/" + name + file).c_str()), "oom_kill");
}

void Cgroups::reset_peak(const std::string& name) const {
  if (memory_.empty()) return;
  // v2 can only be reset per descriptor, so its peak is that of the sandbox's life.
  if (!memory_v2_) write_file((memory_ + "/" + name + "/memory.max_usage_in_bytes").c_str(), "0");
}

void Cgroups::thaw(const std::string& name) const {
  if (!freezer_.empty()) write_file(freeze_file(name).c_str(), "0");
}

bool Cgroups::remove(const std::string& name) const {
  bool gone = true;
  for (const auto& parent : parents())
    if (::rmdir((parent + "/" + name).c_str()) != 0 && errno != ENOENT) gone = false;
  return gone;
}

void Cgroups::remove_parents() const {
  for (const auto& parent : parents()) remove_leftover(parent);
}

std::string Cgroups::peak_file(const std::string& name) const {
  if (memory_.empty()) return {};
  return memory_ + "/" + name + (memory_v2_ ? "/memory.peak" : "/memory.max_usage_in_bytes");
}

std::string Cgroups::freeze_file(const std::string& name) const {
  return freezer_.empty() ? std::string() : freezer_ + "/" + name + "/cgroup.freeze";
}

void Cgroups::remove_leftover(const std::string& parent) {
  std::vector<std::string> groups;
  if (DIR* entries = ::opendir(parent.c_str())) {
    while (const dirent* entry = ::readdir(entries))
      if (entry->d_type == DT_DIR && entry->d_name[0] != '.') groups.push_back(parent + "/" + entry->d_name);
    ::closedir(entries);
  }
  groups.push_back(parent);
  // Killed processes leave their group only when the machine has come round to ending them.
  const std::int64_t patience_end = monotonic_ms() + leftover_patience_ms;
  for (const auto& group : groups) {
    while (::rmdir(group.c_str()) != 0 && errno == EBUSY && monotonic_ms() < patience_end) {
      write_file((group + "/cgroup.freeze").c_str(), "0");
      each_line(read_file((group + "/cgroup.procs").c_str()), [](const std::string& line) {
        const pid_t pid = ::atoi(line.c_str());
        if (pid > 1 && pid != ::getpid()) ::kill(pid, SIGKILL);
      });
      ::usleep(2000);
    }
  }
}

}  // namespace aviary::spawner
