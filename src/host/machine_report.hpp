#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/sandbox_launcher.hpp"

namespace aviary::host {

/// What this machine can do for functions: the facts behind `aviary doctor`.
struct MachineReport {
  std::string kernel{};  ///< release, e.g. "6.1.0-18-amd64"
  bool root = false;
  unsigned processors = 0;
  std::uint64_t memory_bytes = 0;  ///< of the machine, or of the container around us when that is less
  LauncherFacts sandboxes{};       ///< as a launcher that is up has found out
  /// What each fact means here, one line each, for people; `good` false where something is missing.
  struct Finding {
    bool good;
    std::string what;
    std::string advice{};  ///< what to do about it; empty if nothing can or need be done
  };
  std::vector<Finding> findings{};
};

/// `facts` from `HostLauncher::prepare`.
MachineReport examine_machine(const LauncherFacts& facts);

/// Physical memory, or the control group's limit when that is less: sizes the cap on environments.
std::uint64_t usable_memory_bytes();
/// What was freed goes back to the machine: after a burst much of it lies between what is still in use.
void give_back_memory();
/// What programs here may be built for, as Lambda names it: the machine's own first, then those that the
/// kernel hands to an emulator.
std::vector<std::string> runnable_architectures();

}  // namespace aviary::host
