#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ports/sandbox.hpp"

namespace aviary::host {

struct CatalogOptions {
  /// Interpreters given by the user, before all others: a runtime (`python3.12`) or a family (`python`), and
  /// the program.
  std::vector<std::pair<std::string, std::filesystem::path>> given{};
  /// Folders of runtime clients that run instead of ours: a runtime or a family, and the folder; see
  /// `client_command`.
  std::vector<std::pair<std::string, std::filesystem::path>> clients{};
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
  void use_client(RuntimeCommand& command, std::string_view runtime, std::string_view family) const;
  const std::vector<int>& version_of(Interpreter& interpreter);

  CatalogOptions options_;
  std::vector<Interpreter> found_;
  bool searched_ = false;
};

/// How AWS's own runtime client for the family is started from the folder that it was installed into: of
/// Node.js `node_modules/aws-lambda-ric`, of Python the folder with the module `awslambdaric`, of Ruby the
/// gem `aws_lambda_ric` itself. The handler comes behind. Nothing, with what is wrong, if it is not there.
struct ClientCommand {
  std::vector<std::string> arguments{};  ///< after the interpreter's own
  std::filesystem::path module_path{};   ///< for PYTHONPATH
  std::filesystem::path folder{};        ///< to be shown in the sandbox
};
std::optional<ClientCommand> client_command(std::string_view family, const std::filesystem::path& folder,
                                            std::string& problem);

/// `python3.11` is {python, {3, 11}}, `nodejs20.x` {nodejs, {20}}, `provided.al2023` {provided, {}}; the
/// family is empty for what is no runtime of ours.
std::pair<std::string, std::vector<int>> parse_runtime(std::string_view runtime);

}  // namespace aviary::host
