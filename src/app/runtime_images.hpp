#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aviary::app {

/// The image in which an engine runs packages of a runtime, by `--engine-runtime`: RUNTIME, RUNTIME=IMAGE or
/// all; AWS's own base image where none is named. Empty: our own sandboxes run them.
std::string image_for_runtime(const std::vector<std::string>& runtimes, std::string_view runtime);

}  // namespace aviary::app
