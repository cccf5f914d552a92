#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/image_layout.hpp"

namespace aviary::host {

/// Unpacks an image's layers (tar, plain or compressed by gzip or zstd), one upon the other, into an empty
/// folder, and makes what a sandbox mounts upon: /proc, /dev, /tmp, /etc/resolv.conf, /etc/hosts, and the
/// working directory. Blocking.
///
/// Whatever the layers say, nothing is written outside of the folder: every path is resolved with the folder
/// as its root, as the image's own programs would see it. Device files, owners and set-user-id bits are left
/// out.
std::optional<ImageProblem> unpack_layers(const std::vector<std::filesystem::path>& layers,
                                          const std::filesystem::path& folder, const ImageLimits& limits,
                                          const std::string& working_directory);

}  // namespace aviary::host
