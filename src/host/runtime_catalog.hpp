#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ports/sandbox.hpp"

namespace aviary::host {

/// An interpreter that this machine has.
struct Interpreter {
  std::string family;  ///< python, nodejs, ruby, java
  int major = 0;
  int minor = 0;
  std::filesystem::path path;    ///< of the program itself, links resolved
  std::filesystem::path folder;  ///< what has to be visible inside a sandbox beside /usr; empty: nothing

  std::string version() const;  ///< "3.12", "20", "3.1"
};

/// Where to look, apart from the option. Tests bring folders of their own.
struct SearchPlaces {
  std::vector<std::filesystem::path> programs;  ///< folders of programs, as PATH has them
  std::vector<std::filesystem::path>
      versions;  ///< folders with one folder a version in it, each with bin/: pyenv, nvm, asdf
  /// PATH and the usual folders; `$PYENV_ROOT`, `$NVM_DIR`, `$ASDF_DATA_DIR` or their places below the home
  /// folder.
  static SearchPlaces of_this_machine();
};

/// Finds interpreters by name and place. Nothing is run but `node --version`, once for each Node.js that does
/// not carry its version in its path, when a function first wants one.
class HostRuntimeCatalog final : public RuntimeCatalog {
 public:
  /// `chosen`: `python3.12=/path/to/python`, as the option gives them; these win over what is found.
  HostRuntimeCatalog(const std::vector<std::string>& chosen, SearchPlaces places);

  /// The interpreter of that very version, else the nearest of its family (of two equally near, the newer).
  std::optional<RuntimeCommand> find(std::string_view runtime) override;
  std::string install_hint(std::string_view runtime) override;

  /// All that were found, for people.
  const std::vector<Interpreter>& interpreters();
  /// What sandboxes have to show of the host beside /usr, so that these interpreters run inside.
  std::vector<std::filesystem::path> folders() const;
  /// Entries of the option that name no runtime or no program, each with what is wrong.
  const std::vector<std::string>& problems() const noexcept { return problems_; }

 private:
  void learn_node_versions();

  std::vector<Interpreter> interpreters_;
  std::vector<std::string> problems_;
  bool nodes_known_ = false;
};

}  // namespace aviary::host
