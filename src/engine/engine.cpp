#include "engine/engine.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "base/bounded_json.hpp"
#include "base/encoding.hpp"
#include "base/log.hpp"
#include "engine/container_request.hpp"

namespace aviary::engine {
namespace {

constexpr const char* server_label = "aviary.server";
constexpr int removal_attempts = 5;
constexpr std::chrono::milliseconds between_removals{200};

http::Outgoing engine_request(std::string method, std::string target, const Json& body) {
  http::Outgoing request{.host = "localhost", .method = std::move(method), .target = std::move(target)};
  if (!body.is_null()) {
    request.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    request.headers.emplace_back("Content-Type", "application/json");
  }
  return request;
}

}  // namespace

std::vector<std::string> engine_sockets(std::string_view engine,
                                        const std::function<std::string(const char*)>& variable) {
  if (engine == "none") return {};
  if (engine.starts_with('/')) return {std::string(engine)};
  std::vector<std::string> places;
  const std::string own = variable("XDG_RUNTIME_DIR");
  if (engine != "podman") {
    constexpr std::string_view unix_scheme = "unix://";
    if (const std::string host = variable("DOCKER_HOST"); host.starts_with(unix_scheme))
      places.push_back(host.substr(unix_scheme.size()));
    places.emplace_back("/var/run/docker.sock");
    if (!own.empty()) places.push_back(own + "/docker.sock");
  }
  if (engine != "docker") {
    if (!own.empty()) places.push_back(own + "/podman/podman.sock");
    places.emplace_back("/run/podman/podman.sock");
  }
  return places;
}

std::string find_engine_socket(std::string_view engine) {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  for (std::string& place : engine_sockets(engine, variable)) {
    std::error_code ignored;
    if (std::filesystem::is_socket(place, ignored)) return std::move(place);
  }
  return {};
}

std::string no_engine_advice(std::string_view engine, std::string_view image) {
  const std::string start =
      engine == "none" ? std::string("start the server without --engine none")
      : engine.starts_with('/')
          ? fmt::format("--engine names {}, where no engine listens", engine)
          : std::string("start Docker or Podman, or name the engine's socket with --engine");
  return fmt::format(
      "There is no container engine here to run the image {}: {}. An image folder on disk needs none: "
      "ImageUri oci:/path:tag, below --image-root.",
      image, start);
}

Engine::Engine(boost::asio::any_io_executor executor, Stopwatch& stopwatch, EngineOptions options,
               std::string identity)
    : executor_(std::move(executor)),
      stopwatch_(stopwatch),
      options_(std::move(options)),
      identity_(std::move(identity)),
      watching_(executor_),
      removing_(executor_) {}

Json Engine::labels() const { return {{server_label, identity_}}; }

Task<EngineAnswer> Engine::call(std::string method, std::string target, Json body,
                                std::chrono::milliseconds limit) {
  EngineAnswer answer;
  const std::string where = socket();
  if (where.empty()) {
    answer.text = "no container engine listens";
    co_return answer;
  }
  http::FetchLimits limits{.timeout = limit, .answer_bytes = 64U << 20U};
  auto request = engine_request(std::move(method), std::move(target), body);
  auto fetching = http::fetch_local(executor_, stopwatch_, where, std::move(request), limits);
  const auto response = co_await std::move(fetching);
  if (!response) {
    answer.text = fmt::format("the container engine at {} does not answer: {}", where, response.error().text);
    co_return answer;
  }
  answer.status = response->status;
  answer.body = parse_bounded<Json>(response->body);
  answer.text = response->body;
  if (answer.body.is_object() && answer.body.contains("message") && answer.body["message"].is_string())
    answer.text = answer.body["message"].get<std::string>();
  co_return answer;
}

Task<> Engine::follow(std::string target, std::function<void(std::string_view)> piece) {
  const std::string where = socket();
  if (where.empty()) co_return;
  auto request = engine_request("GET", std::move(target), nullptr);
  auto following = http::follow_local(executor_, where, std::move(request), std::move(piece));
  const auto ended = co_await std::move(following);
  if (!ended) log::debug("a container's output broke off: {}", ended.error().text);
}

void Engine::remove(std::string container) {
  removing_.spawn("removal of a container", removed(std::move(container)));
}

Task<> Engine::removed(std::string container) {
  EngineAnswer answer;
  // Podman refuses while it is still busy with a container's pause or end.
  for (int attempt = 0; attempt < removal_attempts; ++attempt) {
    auto removing = call("DELETE", fmt::format("/containers/{}?force=1&v=1", container));
    answer = co_await std::move(removing);
    if (answer.status == 204 || answer.status == 200 || answer.status == 404) co_return;
    if (answer.status == 0) break;
    auto waiting = sleep_for(stopwatch_, between_removals);
    co_await std::move(waiting);
  }
  log::warn("the container {} could not be removed: {}", container, answer.text);
}

Task<> Engine::remove_leftovers(std::function<bool(std::string_view)> gone) {
  if (socket().empty()) co_return;
  const Json filters{{"label", {server_label}}};
  auto listing = call("GET", "/containers/json?all=1&filters=" + percent_encode(filters.dump()));
  const EngineAnswer answer = co_await std::move(listing);
  if (answer.status != 200 || !answer.body.is_array()) co_return;
  for (const Json& container : answer.body) {
    if (!container.is_object() || !container.contains("Labels") || !container["Labels"].is_object()) continue;
    const Json& labels = container["Labels"];
    const auto label = labels.find(server_label);
    const auto id = container.find("Id");
    if (label == labels.end() || !label->is_string() || id == container.end() || !id->is_string()) continue;
    if (gone(label->get_ref<const std::string&>())) remove(id->get<std::string>());
  }
}

Task<> Engine::close() {
  watching_.cancel();
  auto watched = watching_.join();
  co_await std::move(watched);
  auto removed_all = removing_.join();
  co_await std::move(removed_all);
}

}  // namespace aviary::engine
