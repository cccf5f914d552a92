#include "engine/engine_launcher.hpp"

#include <fmt/format.h>

#include <cerrno>

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "engine/container_sandbox.hpp"

namespace aviary::engine {
namespace {

using Created = boost::system::result<std::unique_ptr<Sandbox>, LaunchProblem>;

/// A large image takes its time.
constexpr std::chrono::minutes pull_limit{15};

bool has_extensions(const std::filesystem::path& opt) {
  std::error_code none;
  return std::filesystem::is_directory(opt / "extensions", none);
}

/// The engine sends one document a line; a failure is among them, under status 200.
std::string pull_problem(const EngineAnswer& answer) {
  if (answer.status != 200) return answer.text;
  const auto at = answer.text.rfind("\"error\"");
  return at == std::string::npos ? std::string() : answer.text.substr(at, 500);
}

}  // namespace

Task<Created> EngineLauncher::create(SandboxSpec spec) {
  if (spec.container_image.empty()) {
    auto making = own_.create(std::move(spec));
    Created made = co_await std::move(making);
    co_return made;
  }
  const std::shared_ptr<Engine> engine = engine_;
  const std::string image = spec.container_image;
  if (engine->socket().empty())
    co_return LaunchProblem{ENOENT, "find a container engine",
                            no_engine_advice(engine->options().engine, image)};
  HeldFolder merged;
  if (spec.layers.size() > 1) {
    auto merging = layers_.find(spec.layers);
    auto made = co_await std::move(merging);
    if (!made) co_return made.error();
    merged = std::move(*made);
    spec.layers = {merged->path()};
  }
  if (!spec.layers.empty() && has_extensions(spec.layers.front()))
    log::warn("the extensions in {}'s layers do not run: it is a container", spec.id);
  const std::string there = fmt::format("/images/{}/json", image_in_path(image));
  auto looking = engine->call("GET", there);
  EngineAnswer found = co_await std::move(looking);
  if (found.status == 404 && engine->options().pull) {
    log::info("pulling {}", image);
    auto pulling =
        engine->call("POST", "/images/create?fromImage=" + percent_encode(image), nullptr, pull_limit);
    const EngineAnswer pulled = co_await std::move(pulling);
    if (const std::string problem = pull_problem(pulled); !problem.empty())
      co_return LaunchProblem{ENOENT, "pull the image",
                              fmt::format("The image {} could not be pulled: {}", image, problem)};
    auto again = engine->call("GET", there);
    found = co_await std::move(again);
  }
  if (found.status == 404)
    co_return LaunchProblem{
        ENOENT, "find the image",
        fmt::format("The image {0} is not here: docker pull {0} (or podman pull), or start the server with "
                    "--engine-pull.",
                    image)};
  if (found.status != 200)
    co_return LaunchProblem{EIO, "ask the container engine",
                            fmt::format("The image {} cannot be run: {}", image, found.text)};
  std::unique_ptr<Sandbox> sandbox = std::make_unique<ContainerSandbox>(
      engine, std::move(spec), engine_image(found.body), std::move(merged));
  co_return sandbox;
}

}  // namespace aviary::engine
