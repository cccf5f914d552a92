#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "ports/sandbox.hpp"

namespace aviary::host {

struct CatalogOptions {
  /// Interpreters given by the user, before all others: a runtime (`python3.12`) or a family (`python`), and
  /// the program.
  std::vector<std::pair<std::string, std::filesystem::path>> given{};
  /// Where version managers keep theirs; empty: $HOME.
  std::filesystem::path home{};
  /// Folders to search for programs; empty: $PATH and the usual ones.
  std::vector<std::filesystem::path> path{};
};

/// An interpreter on this machine.
struct Interpreter {
  std::string family;              ///< python, nodejs, ruby, java
  std::filesystem::path program;   ///< as it is to be run
  std::vector<int> version;        ///< as far as known without running it: {3, 11}, {20, 20, 2}, or nothing
  std::filesystem::path folder{};  ///< to be shown in the sandbox; empty below /usr
  bool given = false;
};

/// Finds interpreters in PATH, in /usr, and where pyenv, uv, nvm, fnm, volta, rbenv, asdf and sdkman keep
/// them. Nothing is searched before the first question. Programs whose name does not tell their version are
/// asked once.
class HostRuntimeCatalog final : public RuntimeCatalog {
 public:
  explicit HostRuntimeCatalog(CatalogOptions options = {});

  /// For `provided*` a command without arguments: the caller finds the bootstrap.
  std::optional<RuntimeCommand> find(std::string_view runtime) override;
  std::string install_hint(std::string_view runtime) override;
  /// What a launcher has to show inside its sandboxes.
  std::vector<std::filesystem::path> folders();
  /// All, best first within a family.
  const std::vector<Interpreter>& interpreters();

 private:
  void search();
  void search_path();
  void search_version_managers();
  void add(std::string family, const std::filesystem::path& program, std::string_view version,
           bool given = false);
  const std::vector<int>& version_of(Interpreter& interpreter);

  CatalogOptions options_;
  std::vector<Interpreter> found_;
  bool searched_ = false;
};

/// `python3.11` is {python, {3, 11}}, `nodejs20.x` {nodejs, {20}}, `provided.al2023` {provided, {}}; the
/// family is empty for what is no runtime of ours.
std::pair<std::string, std::vector<int>> parse_runtime(std::string_view runtime);

}  // namespace aviary::host
