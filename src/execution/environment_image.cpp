#include <fmt/format.h>

#include "execution/environment.hpp"
#include "execution/environment_variables.hpp"
#include "execution/image_settings.hpp"
#include "models/lambda.hpp"

/// What an environment runs that is no package in a sandbox of ours: an image, or what an engine's container
/// runs. The process is the runtime itself.
namespace aviary::execution {
namespace {

AwsError image_problem(const ImageProblem& problem) {
  return {models::lambda::errors::ServiceException, "The image could not be unpacked: " + problem.text};
}

}  // namespace

/// Whether an engine runs it: an image that only an engine knows, or a package whose runtime was given to
/// one.
void Environment::find_container(SandboxSpec& spec) {
  const lambda::Version& version = *identity_.version;
  const lambda::Configuration& configuration = *version.configuration;
  if (is_image()) {
    if (!version.code) spec.container_image = configuration.image_uri;
  } else if (around_.options.container_image) {
    spec.container_image = around_.options.container_image(configuration.runtime);
  }
  contained_ = !spec.container_image.empty();
  if (!contained_) return;
  if (is_image()) {
    image_ = overridden({}, configuration);
  } else if (custom_runtime(configuration.runtime)) {
    image_.entry_point = {"/var/task/bootstrap"};
    image_.working_directory = "/var/task";
  } else {
    image_.command = {configuration.handler};
  }
  candidates_ = {program_of(image_)};
}

Task<Result<>> Environment::find_image(SandboxSpec& spec) {
  if (contained_) co_return Result<>{};
  if (!around_.images)
    co_return AwsError{models::lambda::errors::InvalidRuntimeException, "There are no images on disk here."};
  auto unpacking = around_.images->unpacked(identity_.version->code);
  ImageStore::Result<UnpackedImage> unpacked = co_await std::move(unpacking);
  if (!unpacked) co_return image_problem(unpacked.error());
  spec.root = std::move(unpacked->root);
  image_ = overridden(std::move(unpacked->settings), *identity_.version->configuration);
  const ProcessSpec process = image_spec(0);
  candidates_ = program_places(program_of(image_), process.environment);
  co_return Result<>{};
}

ProcessSpec Environment::image_spec(std::size_t candidate) const {
  const lambda::Version& version = *identity_.version;
  ProcessSpec spec;
  const std::string address = listener_ ? listener_->address() : std::string();
  const VariableContext context{address,
                                identity_.log_group,
                                identity_.log_stream,
                                around_.options.base_url,
                                identity_.initialization_type,
                                keys_of(around_.options, version),
                                identity_.side_by_side};
  const std::string handler = is_image() ? image_.command.empty() ? std::string() : image_.command.front()
                                         : version.configuration->handler;
  spec.environment = image_variables(version, image_.environment, handler, context);
  spec.working_directory = image_.working_directory;
  if (contained_) {
    spec.entry_point = image_.entry_point;
    spec.argv = image_.command;
    return spec;
  }
  spec.argv = arguments_of(image_);
  if (candidate < candidates_.size()) spec.argv.front() = candidates_[candidate];
  if (spec.working_directory.empty()) spec.working_directory = "/";
  bool has_path = false;
  for (const auto& [name, value] : spec.environment) has_path = has_path || name == "PATH";
  if (!has_path) spec.environment.emplace_back("PATH", image_path);
  return spec;
}

}  // namespace aviary::execution
