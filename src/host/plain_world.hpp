#pragma once

#include <filesystem>
#include <string>

#include "ports/sandbox.hpp"

namespace aviary::host {

/// Stands in for a sandbox's file system where there are no namespaces: rewrites the paths that a function
/// would see inside to where things really are.
struct PlainWorld {
  const SandboxSpec& spec;
  std::filesystem::path runtime_folder;
  std::string temporary;

  /// Arguments, working directory and environment: every element of a ':'-separated list that starts with
  /// /var/task, /var/runtime or /opt. Adds TMPDIR, and AVIARY_OPT_DIR when there are layers (only the first
  /// can be shown).
  void translate(ProcessSpec& process) const;

 private:
  std::string real(std::string_view path) const;
  std::string real_list(std::string_view list) const;
};

}  // namespace aviary::host
