#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace aviary::spawner {

/// The control groups that this machine has and lets us use: memory from v1 or v2, cpu so that one sandbox
/// with a thousand processes weighs as much as one with one, and v2's freezer. All live below the server's
/// own groups, so limits that somebody set on the server hold for its sandboxes.
class Cgroups {
 public:
  /// Makes one parent named `name` in each usable hierarchy.
  void find(const std::string& name);
  bool has_memory() const noexcept { return !memory_.empty(); }
  bool any() const noexcept { return !memory_.empty() || !cpu_.empty() || !freezer_.empty(); }
  bool has_freezer() const noexcept { return !freezer_.empty(); }
  /// Every parent that was made: what a later run has to remove if this one cannot.
  std::vector<std::string> parents() const;

  bool make(const std::string& name) const;
  /// False when it could not be set (the group is then unusable).
  bool limit(const std::string& name, std::uint64_t memory_bytes) const;
  /// May take the kernel 15 ms.
  bool enter(const std::string& name, pid_t pid) const;
  std::uint64_t memory_kills(const std::string& name) const;
  void reset_peak(const std::string& name) const;
  void thaw(const std::string& name) const;
  /// False while it is still busy.
  bool remove(const std::string& name) const;
  void remove_parents() const;

  /// "" where there is none.
  std::string peak_file(const std::string& name) const;
  std::string freeze_file(const std::string& name) const;

  /// Kills what is in it, then removes it and its children.
  static void remove_leftover(const std::string& parent);

 private:
  std::string memory_;  ///< parent folders; "" where there is none
  std::string cpu_;
  std::string freezer_;  ///< of v2; also that of memory when memory is v2
  bool memory_v2_ = false;
};

}  // namespace aviary::spawner
