#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "host/spawner_link.hpp"
#include "ports/sandbox.hpp"

namespace aviary::host {

/// A process that was started ahead, in a sandbox that is nobody's yet.
struct SpareProcess {
  std::uint32_t handle = 0;  ///< of its sandbox
  std::string kind{};
  int reading = -1;  ///< of its output pipe; whoever takes the process owns both
  int writing = -1;
};

/// Keeps interpreters started and waiting, of those kinds that functions were started with: of a cold start
/// only the function's own code is left then. Each is used once, by one sandbox, so that no environment
/// shares anything with another.
///
/// On the loop's thread. Owned by the launcher's core.
class SpareProcesses {
 public:
  /// `of_a_kind`: how many to keep of each; 0: none at all.
  explicit SpareProcesses(std::size_t of_a_kind) : of_a_kind_(of_a_kind) {}
  ~SpareProcesses() { clear(); }
  SpareProcesses(const SpareProcesses&) = delete;
  SpareProcesses& operator=(const SpareProcesses&) = delete;

  /// Equal for processes that can stand in for each other: the same command, and the same values of all
  /// variables that an interpreter reads as it starts.
  static std::string kind_of(const ProcessSpec& process);

  /// One of the kind, if there is one.
  std::optional<SpareProcess> take(const std::string& kind);
  /// A process of this kind was started: more are likely to be.
  void used(const ProcessSpec& process, const std::shared_ptr<SpawnerLink>& link,
            const std::function<std::uint32_t()>& next_handle);
  /// All are gone with their spawner.
  void clear();
  std::size_t size() const noexcept { return spares_.size(); }

 private:
  bool add(const ProcessSpec& process, const std::string& kind, SpawnerLink& link, std::uint32_t handle);
  void lost(std::uint32_t handle);
  void make_room(SpawnerLink& link);

  std::size_t of_a_kind_;
  std::deque<SpareProcess> spares_;      ///< the oldest first
  std::map<std::string, int> failures_;  ///< by kind
};

}  // namespace aviary::host
