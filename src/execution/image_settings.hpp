#pragma once

#include <string>
#include <vector>

#include "ports/images.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::execution {

/// The image's settings under a function's ImageConfig: each of EntryPoint, Command and WorkingDirectory that
/// is given and not empty takes the place of the image's own.
ImageSettings overridden(ImageSettings image, const lambda::Configuration& configuration);

/// Entry point and command together; never empty, so that there is something whose absence can be told.
std::vector<std::string> arguments_of(const ImageSettings& image);
/// The first of them.
std::string program_of(const ImageSettings& image);

/// Where a program that is named without a slash is looked for: each folder of PATH, as an engine does it.
std::vector<std::string> program_places(const std::string& program,
                                        const std::vector<std::pair<std::string, std::string>>& environment);

/// Where there is no PATH: an engine's own.
inline constexpr std::string_view image_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

}  // namespace aviary::execution
