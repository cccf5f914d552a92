#include "host/plain_world.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace aviary::host {
namespace {

bool below(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string moved(std::string_view path, std::string_view from, const std::filesystem::path& to) {
  return to.string() + std::string(path.substr(from.size()));
}

}  // namespace

/// As in the merged folder: of layers that have the same file the last one's comes first.
std::vector<std::string> PlainWorld::in_layers(std::string_view path) const {
  std::vector<std::string> found;
  for (auto layer = spec.layers.rbegin(); layer != spec.layers.rend(); ++layer) {
    std::string there = moved(path, "/opt", *layer);
    std::error_code absent;
    if (std::filesystem::exists(there, absent)) found.push_back(std::move(there));
  }
  if (found.empty()) found.push_back(moved(path, "/opt", spec.layers.back()));
  return found;
}

std::string PlainWorld::real(std::string_view path) const {
  if (below(path, "/var/task")) return moved(path, "/var/task", spec.task_root);
  if (below(path, "/var/runtime") && !runtime_folder.empty())
    return moved(path, "/var/runtime", runtime_folder);
  if (below(path, "/opt") && !spec.layers.empty()) return in_layers(path).front();
  return std::string(path);
}

std::string PlainWorld::real_list(std::string_view list) const {
  std::string text;
  for (std::size_t start = 0;;) {
    const std::size_t end = list.find(':', start);
    const std::string_view entry = list.substr(start, end == std::string_view::npos ? end : end - start);
    text += below(entry, "/opt") && !spec.layers.empty() ? fmt::format("{}", fmt::join(in_layers(entry), ":"))
                                                         : real(entry);
    if (end == std::string_view::npos) return text;
    text += ':';
    start = end + 1;
  }
}

void PlainWorld::translate(ProcessSpec& process) const {
  for (auto& argument : process.argv) argument = real(argument);
  process.working_directory = real(process.working_directory);
  bool has_tmp = false;
  bool told_of_bytecode = false;
  for (auto& [name, value] : process.environment) {
    value = real_list(value);
    has_tmp = has_tmp || name == "TMPDIR";
    told_of_bytecode = told_of_bytecode || name == "PYTHONDONTWRITEBYTECODE";
  }
  if (!has_tmp) process.environment.emplace_back("TMPDIR", temporary);
  // Else it would write beside the code, which is of others as well and read-only in a sandbox.
  if (!told_of_bytecode) process.environment.emplace_back("PYTHONDONTWRITEBYTECODE", "1");
  if (!spec.layers.empty()) process.environment.emplace_back("AVIARY_OPT_DIR", real_list("/opt"));
}

}  // namespace aviary::host
