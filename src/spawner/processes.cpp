#include "spawner/processes.hpp"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "spawner/system.hpp"

namespace aviary::spawner {
namespace {

template <class Visit>
void each_process(Visit visit) {
  DIR* entries = ::opendir("/proc");
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries)) {
    const pid_t pid = ::atoi(entry->d_name);
    if (pid > 0) visit(pid);
  }
  ::closedir(entries);
}

pid_t parent_of(pid_t pid) {
  const std::string stat = read_file(("/proc/" + std::to_string(pid) + "/stat").c_str(), 1024);
  const std::size_t name_end = stat.rfind(')');
  int parent = 0;
  char state = 0;
  if (name_end == std::string::npos || ::sscanf(stat.c_str() + name_end + 1, " %c %d", &state, &parent) != 2)
    return 0;
  return parent;
}

}  // namespace

Processes::Processes(bool isolated) : isolated_(isolated && ::getpid() == 1) {}

std::vector<pid_t> Processes::list() const {
  std::vector<pid_t> members;
  if (isolated_) {
    each_process([&members](pid_t pid) {
      if (pid != 1) members.push_back(pid);
    });
    return members;
  }
  std::vector<std::pair<pid_t, pid_t>> parents;
  each_process([&parents](pid_t pid) { parents.emplace_back(pid, parent_of(pid)); });
  std::vector<pid_t> frontier{::getpid()};
  while (!frontier.empty()) {
    const pid_t parent = frontier.back();
    frontier.pop_back();
    for (const auto& [pid, its_parent] : parents) {
      if (its_parent != parent || pid == parent) continue;
      members.push_back(pid);
      frontier.push_back(pid);
    }
  }
  return members;
}

void Processes::signal(int number) const {
  if (isolated_) {
    ::kill(-1, number);
    return;
  }
  for (const pid_t pid : list()) ::kill(pid, number);
}

void Processes::kill() const {
  if (isolated_) {
    ::kill(-1, SIGKILL);
    return;
  }
  // Stopped first, so that a fork bomb does not outrun the killing.
  for (int round = 0; round < 20; ++round) {
    const auto members = list();
    if (members.empty()) return;
    for (const pid_t pid : members) ::kill(pid, SIGSTOP);
    for (const pid_t pid : members) ::kill(pid, SIGKILL);
    if (round > 0) ::usleep(2000);
  }
}

Processes::Usage Processes::usage() const {
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  Usage usage;
  std::uint64_t shared_most = 0;
  for (const pid_t pid : list()) {
    const std::string statm = read_file(("/proc/" + std::to_string(pid) + "/statm").c_str(), 256);
    unsigned long long size = 0;
    unsigned long long resident = 0;
    unsigned long long shared = 0;
    if (::sscanf(statm.c_str(), "%llu %llu %llu", &size, &resident, &shared) != 3) continue;
    ++usage.count;
    usage.bytes += (resident - std::min(resident, shared)) * page;
    shared_most = std::max<std::uint64_t>(shared_most, shared * page);
  }
  usage.bytes += shared_most;
  return usage;
}

}  // namespace aviary::spawner
