#include "host/runtime_catalog.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>

#include "host/runtime_client.hpp"
#include "runtimes/files.hpp"

extern char** environ;

namespace aviary::host {
namespace {

namespace fs = std::filesystem;

/// Digits parted by dots, from the first digit on.
std::vector<int> numbers_in(std::string_view text) {
  std::vector<int> numbers;
  std::size_t at = text.find_first_of("0123456789");
  while (at != std::string_view::npos && at < text.size() && text[at] >= '0' && text[at] <= '9' &&
         numbers.size() < 3) {
    int number = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && number < 100000; ++at)
      number = number * 10 + (text[at] - '0');
    numbers.push_back(number);
    if (at >= text.size() || text[at] != '.') break;
    ++at;
  }
  return numbers;
}

/// What a program prints within two seconds, both outputs.
std::string output_of(const fs::path& program, const char* argument) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  std::string name = program.string();
  std::string option = argument;
  char* argv[] = {name.data(), option.data(), nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, name.c_str(), &actions, nullptr, argv, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string text;
  if (error == 0) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    for (;;) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      pollfd wait{ends[0], POLLIN, 0};
      if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) <= 0) break;
      char part[512];
      const ssize_t length = ::read(ends[0], part, sizeof part);
      if (length <= 0 || text.size() > 4096) break;
      text.append(part, static_cast<std::size_t>(length));
    }
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  ::close(ends[0]);
  return text;
}

bool below(const fs::path& path, std::string_view folder) {
  const std::string text = path.string();
  return text.starts_with(folder) && (text.size() == folder.size() || text[folder.size()] == '/');
}

/// Oldest versions that our clients run on.
const std::map<std::string, int, std::less<>>& oldest() {
  static const std::map<std::string, int, std::less<>> versions{
      {"python", 308}, {"nodejs", 16}, {"ruby", 300}, {"java", 11}};
  return versions;
}

/// One number to compare versions of a family by, as AWS names them.
int step(std::string_view family, const std::vector<int>& version) {
  if (version.empty()) return -1;
  if (family == "nodejs") return version[0];
  if (family == "java") return version[0] == 1 && version.size() > 1 ? version[1] : version[0];
  return version[0] * 100 + (version.size() > 1 ? version[1] : 0);
}

bool has_client(std::string_view family) {
  for (const auto& file : runtimes::files())
    if (file.path.starts_with(family) && file.path.size() > family.size() && file.path[family.size()] == '/')
      return true;
  return false;
}

std::vector<std::string> command(const std::string& family, const std::string& program, int wanted,
                                 const std::vector<int>& version) {
  if (family == "python") return {program, "-S", "/var/runtime/python/bootstrap.py"};
  if (family == "ruby") return {program, "--disable=gems", "/var/runtime/ruby/bootstrap.rb"};
  if (family == "java")
    return {program,
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "-XX:-UsePerfData",
            "-cp",
            "/var/runtime/java/aviary-runtime.jar",
            "aviary.runtime.Bootstrap"};
  // Lambda's own flags (execution contract, section 11), for the version asked for, if this one knows them.
  std::vector<std::string> argv{program};
  const bool knows_require = version[0] > 22 ||
                             (version[0] == 22 && version.size() > 1 && version[1] >= 12) ||
                             (version[0] == 20 && version.size() > 1 && version[1] >= 19);
  const bool knows_detect = version[0] >= 22;
  if ((wanted == 20 || wanted == 22) && knows_require) argv.emplace_back("--no-experimental-require-module");
  if (wanted == 22 && knows_detect) argv.emplace_back("--no-experimental-detect-module");
  argv.emplace_back("/var/runtime/nodejs/bootstrap.cjs");
  return argv;
}

/// Execution contract, section 4. GEM_HOME is left to the host's ruby, whose gems are not in /var/runtime.
std::vector<std::pair<std::string, std::string>> additions(const std::string& family,
                                                           const std::vector<int>& wanted) {
  if (family == "python") return {{"PYTHONPATH", "/var/runtime"}, {"PWD", "/var/task"}, {"SHLVL", "0"}};
  if (family == "nodejs")
    return {{"NODE_PATH", fmt::format("/opt/nodejs/node{}/node_modules:/opt/nodejs/node_modules:/var/runtime/"
                                      "node_modules:/var/runtime:/var/task",
                                      wanted[0])}};
  if (family == "ruby") {
    const std::string line = fmt::format("{}.{}.0", wanted[0], wanted.size() > 1 ? wanted[1] : 0);
    return {
        {"GEM_PATH",
         fmt::format("/var/task/vendor/bundle/ruby/{0}:/opt/ruby/gems/{0}:/var/runtime:/var/runtime/ruby/{0}",
                     line)},
        {"RUBYLIB", "/var/task:/var/runtime/lib:/opt/ruby/lib"}};
  }
  return {};
}

}  // namespace

std::pair<std::string, std::vector<int>> parse_runtime(std::string_view runtime) {
  for (const std::string_view family : {"provided", "python", "nodejs", "ruby", "java"}) {
    if (!runtime.starts_with(family)) continue;
    const std::string_view rest = runtime.substr(family.size());
    if (family == "provided")
      return rest.empty() || rest[0] == '.'
                 ? std::pair<std::string, std::vector<int>>{std::string(family), {}}
                 : std::pair<std::string, std::vector<int>>{};
    if (rest.empty() || rest[0] < '0' || rest[0] > '9') return {};
    auto version = numbers_in(rest);
    if (family == "nodejs" || family == "java") version.resize(1);
    return {std::string(family), std::move(version)};
  }
  return {};
}

HostRuntimeCatalog::HostRuntimeCatalog(CatalogOptions options) : options_(std::move(options)) {
  if (options_.home.empty())
    if (const char* home = std::getenv("HOME"); home != nullptr) options_.home = home;
  if (!options_.path.empty()) return;
  const char* path = std::getenv("PATH");
  for (std::string_view rest = path == nullptr ? "" : path; !rest.empty();) {
    const std::size_t end = rest.find(':');
    if (end != 0) options_.path.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  options_.path.emplace_back("/usr/local/bin");
  options_.path.emplace_back("/usr/bin");
}

void HostRuntimeCatalog::add(std::string family, const fs::path& program, std::string_view version,
                             bool given) {
  if (::access(program.c_str(), X_OK) != 0) return;
  std::error_code error;
  const fs::path real = fs::canonical(program, error);
  if (error || fs::is_directory(real, error)) return;
  // A version manager's shim is a script that asks the manager, which is not there inside.
  if (program.parent_path().filename() == "shims" || real.parent_path().filename() == "shims") return;
  if (has_its_own(real.native())) return;
  for (const auto& known : found_)
    if (known.family == family && fs::equivalent(known.program, real, error)) return;
  Interpreter interpreter{std::move(family), real, numbers_in(version), {}, given};
  if (!below(real, "/usr") && !below(real, "/bin") && !below(real, "/lib")) {
    interpreter.folder =
        real.parent_path().filename() == "bin" ? real.parent_path().parent_path() : real.parent_path();
    if (interpreter.folder == "/") return;
  }
  found_.push_back(std::move(interpreter));
}

void HostRuntimeCatalog::search_path() {
  std::vector<fs::path> seen;
  for (const auto& named : options_.path) {
    std::error_code ignored;
    if (named.filename() == "shims") continue;
    const fs::path folder = fs::canonical(named, ignored);
    if (ignored || std::find(seen.begin(), seen.end(), folder) != seen.end()) continue;
    seen.push_back(folder);
    for (int minor = 30; minor >= 8; --minor) {
      const std::string name = fmt::format("python3.{}", minor);
      add("python", folder / name, name.substr(6));
    }
    // What `python3` and `ruby` lead to usually names its version.
    const fs::path python = fs::canonical(folder / "python3", ignored);
    if (!ignored)
      add("python", python,
          numbers_in(python.filename().string()).size() > 1 ? python.filename().string() : "");
    add("nodejs", folder / "node", "");
    add("nodejs", folder / "nodejs", "");
    for (int minor = 9; minor >= 0; --minor)
      add("ruby", folder / fmt::format("ruby3.{}", minor), fmt::format("3.{}", minor));
    add("ruby", folder / "ruby", "");
    add("java", folder / "java", "");
  }
}

void HostRuntimeCatalog::search_version_managers() {
  const auto from = [](const char* variable, const fs::path& otherwise) {
    const char* value = std::getenv(variable);
    return value != nullptr && *value == '/' ? fs::path(value) : otherwise;
  };
  /// Every folder in `parent` whose name has a version is one installation.
  const auto each = [this](const char* family, const fs::path& parent, const fs::path& program) {
    std::error_code ignored;
    std::vector<fs::path> folders;
    for (fs::directory_iterator entry(parent, ignored), end; entry != end; entry.increment(ignored))
      folders.push_back(entry->path());
    std::sort(folders.begin(), folders.end(), [](const fs::path& a, const fs::path& b) {
      return numbers_in(a.filename().string()) > numbers_in(b.filename().string());
    });
    for (const auto& folder : folders) {
      const std::string name = folder.filename().string();
      if (!numbers_in(name).empty()) add(family, folder / program, name);
    }
  };
  const fs::path& home = options_.home;
  const fs::path asdf = from("ASDF_DATA_DIR", home / ".asdf") / "installs";
  each("python", from("PYENV_ROOT", home / ".pyenv") / "versions", "bin/python3");
  each("python", home / ".local/share/uv/python", "bin/python3");
  each("python", asdf / "python", "bin/python3");
  each("nodejs", from("NVM_DIR", home / ".nvm") / "versions/node", "bin/node");
  each("nodejs", home / ".local/share/fnm/node-versions", "installation/bin/node");
  each("nodejs", home / ".volta/tools/image/node", "bin/node");
  each("nodejs", asdf / "nodejs", "bin/node");
  each("ruby", from("RBENV_ROOT", home / ".rbenv") / "versions", "bin/ruby");
  each("ruby", asdf / "ruby", "bin/ruby");
  each("java", home / ".sdkman/candidates/java", "bin/java");
  each("java", asdf / "java", "bin/java");
  std::error_code ignored;
  for (fs::directory_iterator entry("/usr/lib/jvm", ignored), end; entry != end; entry.increment(ignored))
    add("java", entry->path() / "bin/java", "");
}

void HostRuntimeCatalog::search() {
  if (searched_) return;
  searched_ = true;
  for (const auto& [runtime, program] : options_.given) {
    auto [family, version] = parse_runtime(runtime);
    if (family.empty()) family = family_named(runtime);
    add(family, program, version.empty() ? std::string() : fmt::format("{}", fmt::join(version, ".")), true);
  }
  search_path();
  search_version_managers();
}

const std::vector<int>& HostRuntimeCatalog::version_of(Interpreter& interpreter) {
  if (!interpreter.version.empty() && (interpreter.version.size() > 2 || interpreter.given))
    return interpreter.version;
  if (interpreter.family == "java") {
    // Every JDK since 9 says so beside itself; starting it would take a while.
    std::ifstream release(interpreter.program.parent_path().parent_path() / "release");
    for (std::string line; std::getline(release, line);)
      if (line.starts_with("JAVA_VERSION=")) interpreter.version = numbers_in(line);
    if (!interpreter.version.empty()) return interpreter.version;
  }
  const bool java = interpreter.family == "java";
  auto told = numbers_in(output_of(interpreter.program, java ? "-version" : "--version"));
  if (!told.empty()) interpreter.version = std::move(told);
  if (interpreter.version.empty())
    interpreter.version = {0};  // it does not run: never asked again, never chosen
  return interpreter.version;
}

std::optional<RuntimeCommand> HostRuntimeCatalog::find(std::string_view runtime) {
  const auto [family, wanted] = parse_runtime(runtime);
  if (family == "provided") return RuntimeCommand{};
  if (family.empty() || !has_client(family)) return std::nullopt;
  search();
  const int target = step(family, wanted);
  Interpreter* best = nullptr;
  int distance = 0;
  for (auto& interpreter : found_) {
    if (interpreter.family != family) continue;
    const int has = step(family, interpreter.version.empty() ? version_of(interpreter) : interpreter.version);
    if (has < oldest().find(family)->second) continue;
    // As near as can be; of two equally near ones the newer, of two of one version the first found.
    const int off = has > target ? has - target : target - has;
    if (best != nullptr && (off > distance || (off == distance && step(family, best->version) >= has)))
      continue;
    best = &interpreter;
    distance = off;
  }
  if (best == nullptr) return std::nullopt;
  const auto& version = version_of(*best);
  RuntimeCommand result;
  result.argv = command(family, best->program.string(), wanted[0], version);
  result.version = fmt::format("{}", fmt::join(version, "."));
  result.exact = distance == 0;
  result.can_wait = family == "python" || family == "nodejs" || family == "ruby";
  result.environment = additions(family, wanted);
  use_client(result, runtime, family);
  return result;
}

std::string HostRuntimeCatalog::install_hint(std::string_view runtime) {
  const auto [family, version] = parse_runtime(runtime);
  if (family == "python")
    return fmt::format("install the package python{0}.{1}, or: pyenv install {0}.{1}", version[0],
                       version.size() > 1 ? version[1] : 0);
  if (family == "nodejs") return fmt::format("install the package nodejs, or: nvm install {}", version[0]);
  if (family == "ruby")
    return fmt::format("install the package ruby, or: rbenv install {}.{}", version[0],
                       version.size() > 1 ? version[1] : 0);
  if (family == "java") return fmt::format("install the package openjdk-{}-jre-headless", version[0]);
  if (family == "provided") return "nothing to install: the function brings its own bootstrap";
  return fmt::format("{} cannot be run; provided.al2023 with a bootstrap can", runtime);
}

std::vector<fs::path> HostRuntimeCatalog::folders() {
  search();
  std::vector<fs::path> all;
  for (const auto& interpreter : found_)
    if (!interpreter.folder.empty() && std::find(all.begin(), all.end(), interpreter.folder) == all.end())
      all.push_back(interpreter.folder);
  for (const auto& [runtime, folder] : options_.clients) {
    std::string ignored;
    const auto client = client_command(family_named(runtime), folder, ignored);
    if (client && std::find(all.begin(), all.end(), client->folder) == all.end())
      all.push_back(client->folder);
  }
  return all;
}

const std::vector<Interpreter>& HostRuntimeCatalog::interpreters() {
  search();
  return found_;
}

}  // namespace aviary::host
