#include "host/machine_report.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <thread>

namespace aviary::host {
namespace {

std::string first_word(const std::string& path) {
  std::string word;
  std::ifstream(path) >> word;
  return word;
}

/// 0 when there is none, or it says "max".
std::uint64_t limit_in(const std::string& path) {
  std::uint64_t value = 0;
  std::ifstream(path) >> value;
  return value;
}

/// Switches by which distributions refuse user namespaces to ordinary users.
std::string why_refused() {
  if (first_word("/proc/sys/user/max_user_namespaces") == "0")
    return "allow user namespaces: sysctl user.max_user_namespaces=10000";
  if (first_word("/proc/sys/kernel/unprivileged_userns_clone") == "0")
    return "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1";
  if (first_word("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1")
    return "AppArmor restricts user namespaces: sysctl kernel.apparmor_restrict_unprivileged_userns=0";
  if (::access("/.dockerenv", F_OK) == 0 || ::access("/run/.containerenv", F_OK) == 0)
    return "this is a container: start it with --privileged, or with --cap-add SYS_ADMIN --security-opt "
           "seccomp=unconfined --security-opt apparmor=unconfined";
  return "Linux 5.12 or newer is needed, and the right to make user namespaces";
}

}  // namespace

std::uint64_t usable_memory_bytes() {
  const auto pages = static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES)));
  std::uint64_t usable = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const bool v2 = line.starts_with("0::");
    const std::size_t at = v2 ? 3 : line.find(":memory:");
    if (at == std::string::npos) continue;
    const std::string path = line.substr(v2 ? 3 : at + 8);
    // In a container the path may be the host's, and what is mounted is our own.
    for (const std::string& own : {path, std::string()}) {
      const std::uint64_t limit = limit_in((v2 ? "/sys/fs/cgroup" + own + "/memory.max"
                                               : "/sys/fs/cgroup/memory" + own + "/memory.limit_in_bytes"));
      if (limit != 0) usable = std::min(usable, limit);
    }
  }
  return usable;
}

MachineReport examine_machine(const LauncherFacts& facts) {
  MachineReport report;
  utsname system{};
  if (::uname(&system) == 0) report.kernel = system.release;
  report.root = ::geteuid() == 0;
  report.processors = std::thread::hardware_concurrency();
  report.memory_bytes = usable_memory_bytes();
  report.sandboxes = facts;
  auto& findings = report.findings;
  if (facts.isolation == Isolation::Namespaces) {
    findings.push_back({true, report.root ? "sandboxes: namespaces, a user of its own for each"
                                          : "sandboxes: namespaces of an ordinary user"});
  } else {
    findings.push_back({false,
                        fmt::format("sandboxes: none, functions are plain processes ({})", facts.refusal),
                        facts.refusal.empty() ? "" : why_refused()});
  }
  if (facts.memory_cgroup)
    findings.push_back({true, "memory limits: by the kernel (control group)"});
  else
    findings.push_back({true, "memory limits: by looking every 50 ms (no memory control group is open to us)",
                        report.root ? "" : "systemd-run --user --scope -p Delegate=yes aviary"});
  switch (facts.tmp) {
    case TmpKind::Image:
      findings.push_back({true, "/tmp: on disk, of its exact size (an image for each)"});
      break;
    case TmpKind::Memory:
      findings.push_back(
          {true, "/tmp: in memory, of its exact size; beyond an eighth of the machine's memory on disk"});
      break;
    case TmpKind::Folder:
      findings.push_back(
          {true, "/tmp: a folder on disk; a function that overfills it is killed within a second"});
      break;
    case TmpKind::Host:
      findings.push_back({false, "/tmp: the machine's own, shared by all"});
      break;
  }
  findings.push_back({true, facts.freezer ? "freezing between invokes: by the kernel (control group)"
                                          : "freezing between invokes: by signals"});
  return report;
}

std::vector<std::string> runnable_architectures() {
  utsname machine{};
  ::uname(&machine);
  const bool arm = std::string_view(machine.machine) == "aarch64";
  std::vector<std::string> all{arm ? "arm64" : "x86_64"};
  std::error_code ignored;
  const std::filesystem::path emulators = "/proc/sys/fs/binfmt_misc";
  if (std::filesystem::exists(emulators / (arm ? "qemu-x86_64" : "qemu-aarch64"), ignored))
    all.emplace_back(arm ? "x86_64" : "arm64");
  return all;
}

void give_back_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace aviary::host
