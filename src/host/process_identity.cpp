#include "host/process_identity.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace aviary::host {
namespace {

std::string name_of_host() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

/// In clock ticks since the machine started; empty when there is no such process. After the last ')' of
/// /proc/<pid>/stat, as the program's name may hold anything.
std::string start_time_of(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::size_t at = text.rfind(')');
  if (at == std::string::npos) return {};
  constexpr int fields_before = 20;
  for (int field = 0; field < fields_before && at != std::string::npos; ++field) at = text.find(' ', at + 1);
  return at == std::string::npos ? std::string() : text.substr(at + 1, text.find(' ', at + 1) - at - 1);
}

}  // namespace

std::string process_identity() {
  const std::string pid = std::to_string(::getpid());
  return fmt::format("{}/{}/{}", name_of_host(), pid, start_time_of(pid));
}

bool process_gone(std::string_view identity) {
  const auto last = identity.rfind('/');
  const auto middle = last == std::string_view::npos ? last : identity.rfind('/', last - 1);
  if (middle == std::string_view::npos || identity.substr(0, middle) != name_of_host()) return false;
  const std::string pid(identity.substr(middle + 1, last - middle - 1));
  if (pid.empty() || pid.find_first_not_of("0123456789") != std::string::npos) return false;
  return start_time_of(pid) != identity.substr(last + 1);
}

bool can_inspect(int pid) { return ::access(fmt::format("/proc/{}/fd", pid).c_str(), R_OK) == 0; }

std::uint64_t most_memory_of(int pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
  return 0;
}

}  // namespace aviary::host
