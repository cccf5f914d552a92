#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "ports/sandbox.hpp"

namespace aviary::engine {

/// What an engine's image says about how it is run: `GET /images/{name}/json`.
struct EngineImage {
  std::vector<std::string> entry_point{};
  std::vector<std::string> command{};
};
EngineImage engine_image(const Json& inspected);

/// The body of `POST /containers/create` (Docker Engine API; Podman answers the same). Read-only but for
/// /tmp, without rights, with the function's memory, in the network from which the Runtime API is reached.
Json container_request(const SandboxSpec& spec, const ProcessSpec& process, const EngineImage& image,
                       const std::string& network, const Json& labels);

/// A name as a part of a path: slashes and colons stay.
std::string image_in_path(std::string_view image);

/// What a refusal of `start` means, by the engine's words: a program that is not there is the function's.
LaunchProblem start_refusal(std::string_view message);

/// How a container ended: an engine tells a signal as 128 and its number, as shells do.
ExitStatus container_exit(std::int64_t code, bool out_of_memory);

}  // namespace aviary::engine
