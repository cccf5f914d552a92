#include "host/plain_world.hpp"

namespace aviary::host {
namespace {

bool below(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

}  // namespace

std::string PlainWorld::real(std::string_view path) const {
  const auto moved = [&path](std::string_view from, const std::filesystem::path& to) {
    return to.string() + std::string(path.substr(from.size()));
  };
  if (below(path, "/var/task")) return moved("/var/task", spec.task_root);
  if (below(path, "/var/runtime") && !runtime_folder.empty()) return moved("/var/runtime", runtime_folder);
  if (below(path, "/opt") && !spec.layers.empty()) return moved("/opt", spec.layers.front());
  return std::string(path);
}

std::string PlainWorld::real_list(std::string_view list) const {
  std::string text;
  for (std::size_t start = 0;;) {
    const std::size_t end = list.find(':', start);
    text += real(list.substr(start, end == std::string_view::npos ? end : end - start));
    if (end == std::string_view::npos) return text;
    text += ':';
    start = end + 1;
  }
}

void PlainWorld::translate(ProcessSpec& process) const {
  for (auto& argument : process.argv) argument = real(argument);
  process.working_directory = real(process.working_directory);
  bool has_tmp = false;
  for (auto& [name, value] : process.environment) {
    value = real_list(value);
    has_tmp = has_tmp || name == "TMPDIR";
  }
  if (!has_tmp) process.environment.emplace_back("TMPDIR", temporary);
  if (!spec.layers.empty()) process.environment.emplace_back("AVIARY_OPT_DIR", spec.layers.front().string());
}

}  // namespace aviary::host
