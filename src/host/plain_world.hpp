#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ports/sandbox.hpp"

namespace aviary::host {

/// Stands in for a sandbox's file system where there are no namespaces: rewrites the paths that a function
/// would see inside to where things really are.
struct PlainWorld {
  const SandboxSpec& spec;
  std::filesystem::path runtime_folder;
  std::string temporary;

  /// Arguments, working directory and environment: every element of a ':'-separated list that starts with
  /// /var/task, /var/runtime or /opt; the latter becomes all layers that have it, the last one first. Adds
  /// TMPDIR, PYTHONDONTWRITEBYTECODE, and AVIARY_OPT_DIR, the layers, when there are any.
  void translate(ProcessSpec& process) const;

 private:
  std::vector<std::string> in_layers(std::string_view path) const;
  std::string real(std::string_view path) const;
  std::string real_list(std::string_view list) const;
};

}  // namespace aviary::host
