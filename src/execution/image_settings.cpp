#include "execution/image_settings.hpp"

#include <fmt/format.h>

namespace aviary::execution {
namespace {

const Json* image_config(const lambda::Configuration& configuration) {
  const auto response = configuration.recorded.find("ImageConfigResponse");
  if (response == configuration.recorded.end() || !response->is_object()) return nullptr;
  const auto config = response->find("ImageConfig");
  return config == response->end() || !config->is_object() ? nullptr : &*config;
}

void take_strings(const Json& config, const char* name, std::vector<std::string>& into) {
  const auto given = config.find(name);
  if (given != config.end() && given->is_array() && !given->empty()) given->get_to(into);
}

}  // namespace

ImageSettings overridden(ImageSettings image, const lambda::Configuration& configuration) {
  const Json* config = image_config(configuration);
  if (!config) return image;
  take_strings(*config, "EntryPoint", image.entry_point);
  take_strings(*config, "Command", image.command);
  const auto directory = config->find("WorkingDirectory");
  if (directory != config->end() && directory->is_string() &&
      !directory->get_ref<const std::string&>().empty())
    directory->get_to(image.working_directory);
  return image;
}

std::vector<std::string> arguments_of(const ImageSettings& image) {
  std::vector<std::string> arguments = image.entry_point;
  arguments.insert(arguments.end(), image.command.begin(), image.command.end());
  if (arguments.empty()) arguments.emplace_back();
  return arguments;
}

std::string program_of(const ImageSettings& image) { return arguments_of(image).front(); }

std::vector<std::string> program_places(const std::string& program,
                                        const std::vector<std::pair<std::string, std::string>>& environment) {
  if (program.empty() || program.find('/') != std::string::npos) return {program};
  std::string_view path = image_path;
  for (const auto& [name, value] : environment)
    if (name == "PATH" && !value.empty()) path = value;
  std::vector<std::string> places;
  while (!path.empty()) {
    const auto colon = path.find(':');
    const std::string_view folder = path.substr(0, colon);
    path = colon == std::string_view::npos ? std::string_view{} : path.substr(colon + 1);
    if (!folder.empty()) places.push_back(fmt::format("{}/{}", folder, program));
  }
  return places;
}

}  // namespace aviary::execution
