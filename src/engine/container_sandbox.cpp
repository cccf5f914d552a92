#include "engine/container_sandbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <deque>
#include <utility>

#include "base/log.hpp"
#include "engine/engine_frames.hpp"
#include "host/connection_owner.hpp"
#include "host/process_identity.hpp"
#include "ports/one_shot.hpp"

namespace aviary::engine {
namespace {

/// What a container wrote last may still be on its way when it has ended: no longer than this.
constexpr std::chrono::milliseconds patience_for_logs{1000};

LaunchProblem creation_refusal(const EngineAnswer& answer, const std::string& image) {
  if (answer.status == 404)
    return {ENOENT, "create the container",
            fmt::format("The image {0} is not here: docker pull {0} (or podman pull), or start the server "
                        "with --engine-pull.",
                        image)};
  return {EIO, "create the container",
          fmt::format("No container could be made of {}: {}", image, answer.text)};
}

/// A number or a truth value of an inspected container's state; 0 if there is none.
std::int64_t state_number(const EngineAnswer& inspected, const char* name) {
  if (!inspected.body.is_object()) return 0;
  const auto state = inspected.body.find("State");
  if (state == inspected.body.end() || !state->is_object()) return 0;
  const auto value = state->find(name);
  if (value == state->end()) return 0;
  if (value->is_boolean()) return value->get<bool>() ? 1 : 0;
  return value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

}  // namespace

struct ContainerSandbox::State {
  std::shared_ptr<Engine> engine;
  SandboxSpec spec;
  EngineImage image;
  std::string id{};  ///< of the running container
  ProcessEvents events{};
  std::optional<OneShot<bool>> output_ended{};
  int process = 0;  ///< as the engine's machine counts
  std::uint64_t peak = 0;
  bool starting = false;
  bool running = false;
  bool unwanted = false;  ///< killed while it was starting
  bool destroyed = false;
  unsigned serial = 0;
  HeldFolder opt{};
  bool frozen = false;
  /// What the engine is to be asked next, one after the other: a paused container takes no signal.
  std::deque<std::string> orders{};
  bool obeying = false;
};

ContainerSandbox::ContainerSandbox(std::shared_ptr<Engine> engine, SandboxSpec spec, EngineImage image,
                                   HeldFolder opt)
    : state_(std::make_shared<State>(State{std::move(engine), std::move(spec), std::move(image)})) {
  state_->opt = std::move(opt);
}

ContainerSandbox::~ContainerSandbox() {
  state_->destroyed = true;
  state_->events = {};
  state_->running = false;
  if (!state_->id.empty()) state_->engine->remove(std::exchange(state_->id, {}));
}

Task<boost::system::result<void, LaunchProblem>> ContainerSandbox::start(ProcessSpec process,
                                                                         ProcessEvents events) {
  return start(state_, std::move(process), std::move(events));
}

Task<boost::system::result<void, LaunchProblem>> ContainerSandbox::start(std::shared_ptr<State> state,
                                                                         ProcessSpec process,
                                                                         ProcessEvents events) {
  if (state->running || state->starting) co_return LaunchProblem{EBUSY, "start a second process"};
  struct Attempt {
    std::shared_ptr<State> state;
    ~Attempt() { state->starting = false; }
  };
  const Attempt attempt{state};
  state->starting = true;
  state->unwanted = false;
  Engine& engine = *state->engine;
  const std::string name = fmt::format("aviary-{}-{}", state->spec.id, ++state->serial);
  Json body =
      container_request(state->spec, process, state->image, engine.options().network, engine.labels());
  auto creating = engine.call("POST", "/containers/create?name=" + name, std::move(body));
  const EngineAnswer created = co_await std::move(creating);
  if (created.status != 201 || !created.body.is_object() || !created.body.contains("Id") ||
      !created.body["Id"].is_string())
    co_return creation_refusal(created, state->spec.container_image);
  const std::string id = created.body["Id"].get<std::string>();
  /// Not left behind, however this ends.
  struct Made {
    std::shared_ptr<State> state;
    std::string id;
    bool kept = false;
    ~Made() {
      if (!kept) state->engine->remove(id);
    }
  };
  Made made{state, id};
  auto starting = engine.call("POST", fmt::format("/containers/{}/start", id));
  const EngineAnswer started = co_await std::move(starting);
  if (started.status != 204 && started.status != 304) co_return start_refusal(started.text);
  auto looking = engine.call("GET", fmt::format("/containers/{}/json", id));
  const EngineAnswer inspected = co_await std::move(looking);
  if (state->destroyed || state->unwanted) co_return LaunchProblem{ECANCELED, "start the container"};
  state->peak = 0;
  state->frozen = false;
  state->process = static_cast<int>(state_number(inspected, "Pid"));
  made.kept = true;
  state->id = id;
  state->events = std::move(events);
  state->running = true;
  state->output_ended.emplace();
  engine.spawn("output of a container", read(state, id));
  engine.spawn("end of a container", watch(state, id));
  co_return boost::system::result<void, LaunchProblem>();
}

Task<boost::system::result<void, LaunchProblem>> ContainerSandbox::start_beside(ProcessSpec, ProcessEvents) {
  co_return LaunchProblem{ENOTSUP, "start a program beside a container's"};
}

Task<> ContainerSandbox::read(std::shared_ptr<State> state, std::string id) {
  const auto frames = std::make_shared<EngineFrames>();
  auto piece = [state, id, frames](std::string_view bytes) {
    const std::string written = frames->take(bytes);
    if (state->id == id && !written.empty() && state->events.output) state->events.output(written);
  };
  const OneShot<bool> ended = *state->output_ended;
  auto following =
      state->engine->follow(fmt::format("/containers/{}/logs?follow=1&stdout=1&stderr=1", id), piece);
  co_await std::move(following);
  ended.set(true);
}

Task<> ContainerSandbox::watch(std::shared_ptr<State> state, std::string id) {
  const OneShot<bool> output_ended = *state->output_ended;
  auto waiting = state->engine->call("POST", fmt::format("/containers/{}/wait", id), nullptr,
                                     std::chrono::milliseconds(0));
  const EngineAnswer waited = co_await std::move(waiting);
  if (state->id != id) co_return;
  auto looking = state->engine->call("GET", fmt::format("/containers/{}/json", id));
  const EngineAnswer inspected = co_await std::move(looking);
  Stopwatch& stopwatch = state->engine->stopwatch();
  const TimerId timer = stopwatch.call_after(patience_for_logs, [output_ended] { output_ended.set(true); });
  auto reading = output_ended.wait();
  co_await std::move(reading);
  stopwatch.cancel(timer);
  if (state->id != id) co_return;
  ExitStatus status{0, SIGKILL, false};  // the engine is gone, and with it all that can be known
  if (waited.status == 200 && waited.body.is_object() && waited.body.contains("StatusCode")) {
    const Json& code = waited.body["StatusCode"];
    status = container_exit(code.is_number_integer() ? code.get<std::int64_t>() : 0,
                            state_number(inspected, "OOMKilled") != 0);
  }
  state->running = false;
  state->frozen = false;
  state->process = 0;
  state->id.clear();
  state->engine->remove(id);
  const ProcessEvents events = std::exchange(state->events, {});
  if (events.exited) events.exited(status);
}

void ContainerSandbox::order(const std::shared_ptr<State>& state, std::string_view what) {
  if (!state->running || state->id.empty()) return;
  state->orders.push_back(fmt::format("/containers/{}/{}", state->id, what));
  if (!std::exchange(state->obeying, true)) state->engine->spawn("orders to a container", obey(state));
}

Task<> ContainerSandbox::obey(std::shared_ptr<State> state) {
  while (!state->orders.empty()) {
    std::string target = std::move(state->orders.front());
    state->orders.pop_front();
    const bool pausing = target.ends_with("/pause");
    auto calling = state->engine->call("POST", std::move(target));
    const EngineAnswer answer = co_await std::move(calling);
    if (answer.status == 0) log::warn("a container could not be reached: {}", answer.text);
    // It is so already, or it has ended meanwhile; Podman says that in words.
    const bool fine = answer.status < 300 || answer.status == 304 || answer.status == 404 ||
                      answer.status == 409 || answer.text.find("state improper") != std::string::npos;
    if (fine || !pausing || !state->engine->pauses()) continue;
    log::warn("containers go on between invocations, as the engine does not pause them: {}", answer.text);
    state->engine->stop_pausing();
  }
  state->obeying = false;
}

void ContainerSandbox::freeze() {
  if (state_->frozen || !state_->running || !state_->engine->pauses()) return;
  state_->frozen = true;
  order(state_, "pause");
}

void ContainerSandbox::thaw() {
  if (std::exchange(state_->frozen, false)) order(state_, "unpause");
}

void ContainerSandbox::terminate() {
  thaw();
  order(state_, "kill?signal=SIGTERM");
}

void ContainerSandbox::kill() {
  state_->unwanted = state_->starting;
  thaw();
  order(state_, "kill?signal=SIGKILL");
}

std::uint64_t ContainerSandbox::peak_memory_bytes() {
  if (state_->process > 0) state_->peak = std::max(state_->peak, host::most_memory_of(state_->process));
  return state_->peak;
}

std::optional<int> ContainerSandbox::pid() const {
  if (!state_->running || state_->process <= 0) return std::nullopt;
  return state_->process;
}

bool ContainerSandbox::owns_connection(std::uint16_t peer_port, std::uint16_t local_port) {
  if (!state_->running && !state_->starting) return false;
  const int process = state_->process;
  // Another user's processes cannot be looked into; nor those of an engine on another machine.
  if (process <= 0 || !host::can_inspect(process)) return true;
  const auto owner = host::connection_owner(peer_port, local_port);
  return owner && host::descends_with_socket(process, owner->inode);
}

}  // namespace aviary::engine
