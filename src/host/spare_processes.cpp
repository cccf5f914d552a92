#include "host/spare_processes.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace aviary::host {
namespace {

/// In all, whatever their kind: each is an interpreter in memory.
constexpr std::size_t most_spares = 8;
/// After so many a kind is given up.
constexpr int most_failures = 3;

/// Names of variables that dynamic linkers, C libraries, interpreters and their clients look at before a
/// function is theirs.
constexpr std::array start_up_names{std::string_view{"LD_"},
                                    std::string_view{"PYTHON"},
                                    std::string_view{"NODE_"},
                                    std::string_view{"RUBY"},
                                    std::string_view{"GEM_"},
                                    std::string_view{"BUNDLE"},
                                    std::string_view{"LC_"},
                                    std::string_view{"LANG"},
                                    std::string_view{"TZ"},
                                    std::string_view{"MALLOC"},
                                    std::string_view{"GLIBC"},
                                    std::string_view{"UV_"},
                                    std::string_view{"SSL_"},
                                    std::string_view{"OPENSSL"},
                                    std::string_view{"HOME"},
                                    std::string_view{"PATH"},
                                    std::string_view{"LAMBDA_"},
                                    std::string_view{"AWS_EXECUTION_ENV"},
                                    std::string_view{"AWS_LAMBDA_EXEC_WRAPPER"}};

bool read_at_start(std::string_view name) {
  return std::any_of(start_up_names.begin(), start_up_names.end(),
                     [name](std::string_view known) { return name.starts_with(known); });
}

void close_ends(const SpareProcess& spare) {
  ::close(spare.reading);
  ::close(spare.writing);
}

}  // namespace

std::string SpareProcesses::kind_of(const ProcessSpec& process) {
  std::string kind;
  if (!process.can_wait) return kind;
  for (const auto& argument : process.argv) kind += argument + '\0';
  kind += '\0';
  for (const auto& [name, value] : process.environment)
    if (read_at_start(name)) kind += name + '=' + value + '\0';
  return kind;
}

std::optional<SpareProcess> SpareProcesses::take(const std::string& kind) {
  const auto found = std::find_if(spares_.begin(), spares_.end(),
                                  [&kind](const SpareProcess& spare) { return spare.kind == kind; });
  if (kind.empty() || found == spares_.end()) return std::nullopt;
  SpareProcess spare = std::move(*found);
  spares_.erase(found);
  return spare;
}

void SpareProcesses::used(const ProcessSpec& process, const std::shared_ptr<SpawnerLink>& link,
                          const std::function<std::uint32_t()>& next_handle) {
  const std::string kind = kind_of(process);
  if (kind.empty() || of_a_kind_ == 0 || !link) return;
  if (const auto found = failures_.find(kind); found != failures_.end() && found->second >= most_failures)
    return;
  auto missing = static_cast<std::ptrdiff_t>(of_a_kind_);
  missing -= std::count_if(spares_.begin(), spares_.end(),
                           [&kind](const SpareProcess& spare) { return spare.kind == kind; });
  for (; missing > 0; --missing) {
    if (spares_.size() >= most_spares) make_room(*link);
    if (!add(process, kind, *link, next_handle())) return;
  }
}

bool SpareProcesses::add(const ProcessSpec& process, const std::string& kind, SpawnerLink& link,
                         std::uint32_t handle) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  spawner::Packet wanted{spawner::Op::Spare, handle, {static_cast<std::int64_t>(process.argv.size())}, {"/"}};
  for (const auto& argument : process.argv) wanted.texts.push_back(argument);
  for (const auto& [name, value] : process.environment)
    if (read_at_start(name)) wanted.texts.push_back(name + '=' + value);
  link.listen(handle, [this, handle](const spawner::Packet& packet) {
    if (packet.op == spawner::Op::Gone) lost(handle);
  });
  link.send(wanted, {ends[1]});
  spares_.push_back({handle, kind, ends[0], ends[1]});
  return true;
}

/// It could not be started, or its sandbox has died.
void SpareProcesses::lost(std::uint32_t handle) {
  const auto found = std::find_if(spares_.begin(), spares_.end(),
                                  [handle](const SpareProcess& spare) { return spare.handle == handle; });
  if (found == spares_.end()) return;
  ++failures_[found->kind];
  close_ends(*found);
  spares_.erase(found);
}

void SpareProcesses::make_room(SpawnerLink& link) {
  const SpareProcess oldest = std::move(spares_.front());
  spares_.pop_front();
  link.forget(oldest.handle);
  link.send(spawner::Packet{spawner::Op::Destroy, oldest.handle, {}, {}});
  close_ends(oldest);
}

void SpareProcesses::clear() {
  for (const SpareProcess& spare : spares_) close_ends(spare);
  spares_.clear();
}

}  // namespace aviary::host
