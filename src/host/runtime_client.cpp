#include "host/runtime_client.hpp"

#include <algorithm>
#include <array>
#include <fstream>

#include "base/json.hpp"
#include "host/runtime_catalog.hpp"

/// AWS's own runtime clients in place of ours.
namespace aviary::host {
namespace {

namespace fs = std::filesystem;

/// What `npx aws-lambda-ric` would run.
std::string node_program(const fs::path& folder) {
  std::ifstream file(folder / "package.json");
  const Json package = Json::parse(file, nullptr, false);
  if (!package.is_object()) return {};
  const auto bin = package.find("bin");
  if (bin == package.end()) return {};
  if (bin->is_string()) return bin->get<std::string>();
  if (!bin->is_object() || bin->empty()) return {};
  const auto named = bin->find("aws-lambda-ric");
  const Json& program = named != bin->end() ? *named : bin->front();
  return program.is_string() ? program.get<std::string>() : std::string();
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

}  // namespace

std::string family_named(std::string_view runtime) {
  std::string family = parse_runtime(runtime).first;
  if (family.empty()) family = runtime == "node" ? "nodejs" : runtime;
  return family;
}

bool has_its_own(std::string_view path) {
  constexpr std::array<std::string_view, 6> own{"/opt", "/tmp", "/var/task", "/var/runtime", "/proc", "/dev"};
  return std::any_of(own.begin(), own.end(), [path](std::string_view folder) {
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
  });
}

std::optional<ClientCommand> client_command(std::string_view family, const fs::path& given,
                                            std::string& problem) {
  std::error_code error;
  const fs::path folder = fs::canonical(given, error);
  if (error || !fs::is_directory(folder, error)) {
    problem = "there is no such folder";
    return std::nullopt;
  }
  if (has_its_own(folder.native())) {
    problem = "a sandbox has its own folder at that path: put it elsewhere";
    return std::nullopt;
  }
  ClientCommand made;
  made.folder = folder;
  if (family == "nodejs") {
    const std::string program = node_program(folder);
    if (program.empty() || !is_file(folder / program)) {
      problem = "no package.json there with the program aws-lambda-ric";
      return std::nullopt;
    }
    made.arguments = {(folder / program).lexically_normal().string()};
    // What it needs is beside it.
    if (folder.parent_path().filename() == "node_modules") made.folder = folder.parent_path();
  } else if (family == "python") {
    if (!is_file(folder / "awslambdaric" / "__main__.py")) {
      problem = "no module awslambdaric there";
      return std::nullopt;
    }
    made.arguments = {"-m", "awslambdaric"};
    made.module_path = folder;
  } else if (family == "ruby") {
    if (!is_file(folder / "bin" / "aws_lambda_ric")) {
      problem = "no bin/aws_lambda_ric there";
      return std::nullopt;
    }
    made.arguments = {"-I" + (folder / "lib").string(), (folder / "bin" / "aws_lambda_ric").string()};
  } else {
    problem = "there are clients for nodejs, python and ruby only";
    return std::nullopt;
  }
  return made;
}

void HostRuntimeCatalog::use_client(RuntimeCommand& command, std::string_view runtime,
                                    std::string_view family) const {
  const auto given = [this](std::string_view name) -> const fs::path* {
    for (const auto& [whose, folder] : options_.clients)
      if (whose == name) return &folder;
    return nullptr;
  };
  // One for the very runtime goes before the family's.
  const fs::path* folder = given(runtime);
  if (folder == nullptr) folder = given(family);
  if (folder == nullptr && family == "nodejs") folder = given("node");
  if (folder == nullptr) return;
  std::string ignored;
  const auto client = client_command(family, *folder, ignored);
  if (!client) return;
  // Of ours stays the interpreter, and of node its flags.
  if (family == "nodejs")
    command.argv.pop_back();
  else
    command.argv.resize(1);
  command.argv.insert(command.argv.end(), client->arguments.begin(), client->arguments.end());
  command.can_wait = false;
  command.wants_handler = true;
  if (client->module_path.empty()) return;
  for (auto& [name, value] : command.environment)
    if (name == "PYTHONPATH") value = client->module_path.string() + ":" + value;
}

}  // namespace aviary::host
