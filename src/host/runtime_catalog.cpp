#include "host/runtime_catalog.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <tuple>

namespace aviary::host {
namespace {

namespace fs = std::filesystem;

/// What a runtime's name asks for: `python3.12` → python 3.12, `nodejs20.x` → nodejs 20, `ruby3.3` →
/// ruby 3.3.
struct Wanted {
  std::string family;
  int major = 0;
  int minor = 0;
};

bool take_number(std::string_view& text, int& into) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (failed != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

/// `3.12`, `20`, `20.x`, `v20.1.0`; the rest after minor is ignored when `loose`.
bool take_version(std::string_view text, int& major, int& minor, bool loose) {
  if (text.starts_with('v')) text.remove_prefix(1);
  if (!take_number(text, major)) return false;
  minor = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (text == "x" || text == "al2") return true;
    if (!take_number(text, minor)) return false;
  }
  return loose || text.empty();
}

std::optional<Wanted> parse_runtime(std::string_view runtime) {
  for (const std::string_view family : {"python", "nodejs", "ruby", "java"}) {
    Wanted wanted{.family = std::string(family)};
    if (runtime.starts_with(family) &&
        take_version(runtime.substr(family.size()), wanted.major, wanted.minor, false))
      return wanted;
  }
  return std::nullopt;
}

/// An ELF program that may be run, not a script that stands in for one (a shim of pyenv, asdf or nodenv).
bool is_program(const fs::path& path) {
  if (::access(path.c_str(), X_OK) != 0) return false;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char magic[4] = {};
  const bool elf = ::read(file, magic, sizeof magic) == 4 && std::string_view(magic, 4) ==
                                                                 "\x7f"
                                                                 "ELF";
  ::close(file);
  return elf;
}

/// The folder that a program outside the system's own needs: the one that holds its bin/.
fs::path folder_of(const fs::path& program) {
  for (const std::string_view system : {"/usr/", "/bin/", "/lib/"})
    if (program.native().starts_with(system)) return {};
  return program.parent_path().filename() == "bin" ? program.parent_path().parent_path()
                                                   : program.parent_path();
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    names.push_back(it->path().filename().string());
  std::ranges::sort(names);
  return names;
}

std::vector<fs::path> split_path(const char* text) {
  std::vector<fs::path> folders;
  std::string_view rest = text == nullptr ? "" : text;
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    if (folder.starts_with('/')) folders.emplace_back(folder);
  }
  return folders;
}

/// What `program --version` prints first; empty if it does not.
std::string ask_version(const fs::path& program) {
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) return {};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  std::string name = program.string();
  std::string option = "--version";
  char* argv[] = {name.data(), option.data(), nullptr};
  char* environment[] = {nullptr};
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, name.c_str(), &actions, nullptr, argv, environment);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe_ends[1]);
  std::string text;
  if (failed == 0) {
    char buffer[128];
    for (ssize_t n = 0; text.size() < 256 && (n = ::read(pipe_ends[0], buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(n));
    int status = 0;
    ::waitpid(pid, &status, 0);
  }
  ::close(pipe_ends[0]);
  return text.substr(0, text.find('\n'));
}

/// Of a program's name: `python3.12`, `node`, `nodejs`, `ruby3.1`, `ruby`, `python3`. Versions that a name
/// does not tell stay 0.
std::optional<Wanted> parse_program(std::string_view name) {
  if (name == "node" || name == "nodejs") return Wanted{.family = "nodejs"};
  for (const std::string_view family : {"python", "ruby"}) {
    if (!name.starts_with(family)) continue;
    Wanted found{.family = std::string(family)};
    const std::string_view version = name.substr(family.size());
    if (take_version(version, found.major, found.minor, false) && version.find('.') != std::string_view::npos)
      return found;
  }
  return std::nullopt;
}

class Finder {
 public:
  /// False if it is no program, or is known already.
  bool add(const fs::path& candidate, Wanted what) {
    std::error_code error;
    const fs::path program = fs::canonical(candidate, error);
    if (error || !is_program(program)) return false;
    const bool known = std::ranges::any_of(found, [&](const Interpreter& other) {
      return other.family == what.family && other.path == program && other.major == what.major &&
             other.minor == what.minor;
    });
    if (known) return false;
    found.push_back({std::move(what.family), what.major, what.minor, program, folder_of(program)});
    return true;
  }

  /// Programs whose names tell what they are.
  void search_programs(const fs::path& folder) {
    for (const std::string& name : names_in(folder))
      if (std::optional<Wanted> what = parse_program(name)) add(folder / name, std::move(*what));
  }

  /// `<folder>/<version>/bin/…`: the folder's name tells the version of what has none in its own.
  void search_versions(const fs::path& folder) {
    for (const std::string& version : names_in(folder)) {
      const fs::path bin = folder / version / "bin";
      Wanted what;
      if (!take_version(version, what.major, what.minor, true)) continue;
      std::error_code error;
      if (fs::exists(bin / "node", error)) {
        what.family = "nodejs";
        add(bin / "node", what);
      }
      if (fs::exists(bin / "ruby", error)) {
        what.family = "ruby";
        add(bin / "ruby", what);
      }
      what.family = "python";
      const fs::path python = bin / fmt::format("python{}.{}", what.major, what.minor);
      if (fs::exists(python, error)) add(python, what);
    }
  }

  std::vector<Interpreter> found;
};

/// How far one version stands from another. Python's and Ruby's minor versions are what Lambda counts.
int distance(const Interpreter& interpreter, const Wanted& wanted) {
  if (wanted.family == "nodejs" || wanted.family == "java") return std::abs(interpreter.major - wanted.major);
  return std::abs(interpreter.major - wanted.major) * 100 + std::abs(interpreter.minor - wanted.minor);
}

std::vector<std::string> command_of(const Interpreter& interpreter) {
  const std::string program = interpreter.path.string();
  if (interpreter.family == "python") return {program, "-S", "/var/runtime/python/bootstrap.py"};
  if (interpreter.family == "ruby") return {program, "--disable=gems", "/var/runtime/ruby/bootstrap.rb"};
  // As Lambda starts them; without the first flag Node.js loads an ES module where Lambda reports a syntax
  // error.
  std::vector<std::string> command{program};
  if (interpreter.major == 20 || interpreter.major == 22)
    command.emplace_back("--no-experimental-require-module");
  if (interpreter.major == 22) command.emplace_back("--no-experimental-detect-module");
  command.emplace_back("/var/runtime/nodejs/bootstrap.cjs");
  return command;
}

}  // namespace

std::string Interpreter::version() const {
  return family == "nodejs" || family == "java" ? std::to_string(major) : fmt::format("{}.{}", major, minor);
}

SearchPlaces SearchPlaces::of_this_machine() {
  SearchPlaces places;
  places.programs = split_path(std::getenv("PATH"));
  for (const char* usual : {"/usr/local/bin", "/usr/bin"})
    if (std::ranges::find(places.programs, fs::path(usual)) == places.programs.end())
      places.programs.emplace_back(usual);
  const char* home_text = std::getenv("HOME");
  const fs::path home = home_text != nullptr ? home_text : "";
  const auto root = [&home](const char* variable, const char* below_home) {
    const char* value = std::getenv(variable);
    if (value != nullptr && *value != '\0') return fs::path(value);
    return home.empty() ? fs::path() : home / below_home;
  };
  const fs::path pyenv = root("PYENV_ROOT", ".pyenv");
  const fs::path nvm = root("NVM_DIR", ".nvm");
  const fs::path asdf = root("ASDF_DATA_DIR", ".asdf");
  const fs::path rbenv = root("RBENV_ROOT", ".rbenv");
  if (!pyenv.empty()) places.versions.push_back(pyenv / "versions");
  if (!nvm.empty()) places.versions.push_back(nvm / "versions/node");
  if (!rbenv.empty()) places.versions.push_back(rbenv / "versions");
  for (const char* tool : {"python", "nodejs", "ruby"})
    if (!asdf.empty()) places.versions.push_back(asdf / "installs" / tool);
  return places;
}

HostRuntimeCatalog::HostRuntimeCatalog(const std::vector<std::string>& chosen, SearchPlaces places) {
  Finder finder;
  for (const std::string& pair : chosen) {
    const std::size_t equals = pair.find('=');
    const std::optional<Wanted> what = parse_runtime(std::string_view(pair).substr(0, equals));
    if (equals == std::string::npos || !what) {
      problems_.push_back(fmt::format(
          "--runtime-path is RUNTIME=PROGRAM as python3.12=/opt/python/bin/python3.12, not '{}'", pair));
    } else if (!finder.add(pair.substr(equals + 1), *what)) {
      problems_.push_back(fmt::format("--runtime-path {}: there is no such program", pair));
    }
  }
  for (const fs::path& folder : places.programs) finder.search_programs(folder);
  for (const fs::path& folder : places.versions) finder.search_versions(folder);
  interpreters_ = std::move(finder.found);
}

void HostRuntimeCatalog::learn_node_versions() {
  if (nodes_known_) return;
  nodes_known_ = true;
  for (Interpreter& interpreter : interpreters_)
    if (interpreter.family == "nodejs" && interpreter.major == 0)
      take_version(ask_version(interpreter.path), interpreter.major, interpreter.minor, true);
  std::erase_if(interpreters_, [](const Interpreter& each) { return each.major == 0; });
}

std::optional<RuntimeCommand> HostRuntimeCatalog::find(std::string_view runtime) {
  RuntimeCommand command;
  // A custom runtime brings its own program; who starts it knows where it lies.
  if (runtime.starts_with("provided")) return command;
  const std::optional<Wanted> wanted = parse_runtime(runtime);
  if (!wanted) return std::nullopt;
  if (wanted->family == "nodejs") learn_node_versions();
  const Interpreter* best = nullptr;
  for (const Interpreter& candidate : interpreters_) {
    if (candidate.family != wanted->family) continue;
    // The first found of equals stays: what the option names, then PATH's order.
    const auto rank = [&](const Interpreter& each) {
      return std::tuple(distance(each, *wanted), -each.major, wanted->family == "nodejs" ? 0 : -each.minor);
    };
    if (best == nullptr || rank(candidate) < rank(*best)) best = &candidate;
  }
  if (best == nullptr || best->family == "java") return std::nullopt;
  command.argv = command_of(*best);
  command.version = best->version();
  command.exact = distance(*best, *wanted) == 0;
  return command;
}

std::string HostRuntimeCatalog::install_hint(std::string_view runtime) {
  const std::optional<Wanted> wanted = parse_runtime(runtime);
  const std::string family = wanted ? wanted->family : std::string();
  if (family == "python")
    return fmt::format(
        "Install python{}.{} (Debian: apt-get install python3; any version: pyenv install {}.{}).",
        wanted->major, wanted->minor, wanted->major, wanted->minor);
  if (family == "nodejs")
    return fmt::format("Install Node.js {} (Debian: apt-get install nodejs; any version: nvm install {}).",
                       wanted->major, wanted->major);
  if (family == "ruby")
    return fmt::format("Install Ruby {}.{} (Debian: apt-get install ruby; any version: asdf install ruby).",
                       wanted->major, wanted->minor);
  return fmt::format(
      "Aviary has no client for the runtime {} yet; a custom runtime (provided.al2023) can bring its own.",
      runtime);
}

const std::vector<Interpreter>& HostRuntimeCatalog::interpreters() {
  learn_node_versions();
  return interpreters_;
}

std::vector<fs::path> HostRuntimeCatalog::folders() const {
  std::vector<fs::path> folders;
  for (const Interpreter& interpreter : interpreters_)
    if (!interpreter.folder.empty()) folders.push_back(interpreter.folder);
  std::ranges::sort(folders);
  const auto repeated = std::ranges::unique(folders);
  folders.erase(repeated.begin(), repeated.end());
  return folders;
}

}  // namespace aviary::host
