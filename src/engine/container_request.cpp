#include "engine/container_request.hpp"

#include <cerrno>
#include <csignal>

#include "base/encoding.hpp"

namespace aviary::engine {
namespace {

/// Lambda's quota of processes and threads.
constexpr int most_processes = 1024;

std::vector<std::string> strings_in(const Json& document, const char* name) {
  std::vector<std::string> strings;
  const auto list = document.find(name);
  if (list == document.end() || !list->is_array()) return strings;
  for (const Json& item : *list)
    if (item.is_string()) strings.push_back(item.get<std::string>());
  return strings;
}

}  // namespace

EngineImage engine_image(const Json& inspected) {
  EngineImage image;
  if (!inspected.is_object()) return image;
  const auto config = inspected.find("Config");
  if (config == inspected.end() || !config->is_object()) return image;
  image.entry_point = strings_in(*config, "Entrypoint");
  image.command = strings_in(*config, "Cmd");
  return image;
}

Json container_request(const SandboxSpec& spec, const ProcessSpec& process, const EngineImage& image,
                       const std::string& network, const Json& labels) {
  Json mounts = Json::array();
  const auto mount = [&mounts](const std::filesystem::path& from, const char* to) {
    mounts.push_back({{"Type", "bind"}, {"Source", from.native()}, {"Target", to}, {"ReadOnly", true}});
  };
  if (!spec.task_root.empty()) mount(spec.task_root, "/var/task");
  if (!spec.layers.empty()) mount(spec.layers.front(), "/opt");
  const auto& entry_point = process.entry_point.empty() ? image.entry_point : process.entry_point;
  const auto& command = process.argv.empty() ? image.command : process.argv;
  Json environment = Json::array();
  for (const auto& [name, value] : process.environment) {
    // Only now it is known what the image says itself.
    const bool handler = name == "_HANDLER" && value.empty() && !command.empty();
    environment.push_back(name + "=" + (handler ? command.front() : value));
  }
  Json request{
      {"Image", spec.container_image},
      {"Env", std::move(environment)},
      {"Labels", labels},
      {"Volumes", {{"/tmp", Json::object()}}},
      {"HostConfig",
       {{"NetworkMode", network},
        {"Memory", spec.memory_bytes},
        {"MemorySwap", spec.memory_bytes},
        {"PidsLimit", most_processes},
        {"ReadonlyRootfs", true},
        {"CapDrop", {"ALL"}},
        {"SecurityOpt", {"no-new-privileges"}},
        {"Mounts", std::move(mounts)}}},
  };
  // Given both, or an engine takes an entry point of ours as a reason to forget the image's command.
  if (!entry_point.empty()) request["Entrypoint"] = entry_point;
  if (!command.empty()) request["Cmd"] = command;
  if (!process.working_directory.empty()) request["WorkingDir"] = process.working_directory;
  return request;
}

std::string image_in_path(std::string_view image) {
  std::string path;
  for (const char c : image) {
    if (c == '/' || c == ':')
      path += c;
    else
      path += percent_encode(std::string_view(&c, 1));
  }
  return path;
}

LaunchProblem start_refusal(std::string_view message) {
  const auto says = [message](std::string_view words) {
    return message.find(words) != std::string_view::npos;
  };
  if (says("chdir to cwd"))
    return {says("permission denied") ? EACCES : ENOENT, "enter the working directory"};
  if (says("permission denied") && says("exec")) return {EACCES, "exec"};
  if (says("exec format error")) return {ENOEXEC, "exec"};
  if (says("executable file") || says("no such file or directory")) return {ENOENT, "exec"};
  return {EIO, "start the container", "The container could not be started: " + std::string(message)};
}

ExitStatus container_exit(std::int64_t code, bool out_of_memory) {
  constexpr std::int64_t by_signal = 128;
  if (out_of_memory) return {0, SIGKILL, true};
  if (code > by_signal && code < by_signal + 65) return {0, static_cast<int>(code - by_signal), false};
  return {static_cast<int>(code), 0, false};
}

}  // namespace aviary::engine
