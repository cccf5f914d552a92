// Programs that run in a sandbox beside its first process.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <filesystem>
#include <set>

#include "host/host_sandbox_state.hpp"
#include "host/plain_world.hpp"

namespace aviary::host {

using spawner::Op;
using spawner::Packet;

/// What a `start` sends: working directory, arguments, environment.
std::vector<std::string> texts_of(const ProcessSpec& process) {
  std::vector<std::string> texts;
  texts.reserve(1 + process.argv.size() + process.environment.size());
  texts.push_back(process.working_directory);
  for (const auto& argument : process.argv) texts.push_back(argument);
  for (const auto& [name, value] : process.environment) texts.push_back(name + "=" + value);
  return texts;
}

/// Tells it at once, with what the program has written until then.
void HostLauncher::HostSandbox::State::beside_exited(std::int64_t serial, ExitStatus status) {
  const auto found = beside.find(serial);
  if (found == beside.end()) return;
  const BesidePtr program = found->second;
  program->process = 0;
  program->exit = status;
  if (!program->delivering) return;
  beside.erase(found);
  if (program->pump) program->pump->finish();
  const ProcessEvents events = std::move(program->events);
  program->events = {};
  if (events.exited) events.exited(status);
}

std::vector<std::string> HostLauncher::HostSandbox::extensions() const {
  std::set<std::string> names;
  std::vector<std::filesystem::path> places = state_->spec.layers;
  if (const auto& root = state_->spec.root; !root.empty()) {
    // A link would be followed out of the image here.
    std::error_code absent;
    const bool plain =
        std::filesystem::is_directory(std::filesystem::symlink_status(root / "opt", absent)) &&
        std::filesystem::is_directory(std::filesystem::symlink_status(root / "opt" / "extensions", absent));
    if (plain) places = {root / "opt"};
  }
  for (const auto& layer : places) {
    std::error_code ignored;
    for (std::filesystem::directory_iterator entry(layer / "extensions", ignored), end;
         !ignored && entry != end; entry.increment(ignored))
      if (!entry->is_directory(ignored)) names.insert(entry->path().filename().string());
  }
  return {names.begin(), names.end()};
}

std::string HostLauncher::HostSandbox::local_address() const {
  return state_->address.empty() ? "127.0.0.1" : state_->address;
}

Task<boost::system::result<void, LaunchProblem>> HostLauncher::HostSandbox::start_beside(
    ProcessSpec process, ProcessEvents events) {
  return start_beside(state_, std::move(process), std::move(events));
}

Task<boost::system::result<void, LaunchProblem>> HostLauncher::HostSandbox::start_beside(
    std::shared_ptr<State> state, ProcessSpec process, ProcessEvents events) {
  const auto link = state->core->link();
  if (!state->alive || !link) co_return LaunchProblem{ESRCH, "start in a sandbox that is gone"};
  if (!state->plain_tmp.empty()) {
    const PlainWorld world{state->spec, state->core->runtime_folder(), state->plain_tmp};
    world.translate(process);
  }
  const std::int64_t serial = ++state->last_serial;
  const Packet wanted{Op::StartBeside,
                      state->handle,
                      {static_cast<std::int64_t>(process.argv.size()), serial},
                      texts_of(process)};
  if (spawner::encode(wanted).size() > spawner::largest_packet) co_return LaunchProblem{E2BIG, "exec"};
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) co_return LaunchProblem{errno, "make the output pipe"};
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  const auto program = std::make_shared<Beside>();
  OneShot<Packet> answer;
  program->started = answer;
  program->events = std::move(events);
  const std::weak_ptr<Beside> weak = program;
  program->pump = OutputPump::start(
      state->core->executor(), ends[0],
      [weak](std::string_view bytes) {
        const auto self = weak.lock();
        if (self && self->events.output) self->events.output(bytes);
      },
      [] {});
  state->beside.emplace(serial, program);
  link->send(wanted, {ends[1]});
  ::close(ends[1]);
  auto waiting = answer.wait_regardless();
  const Packet begun = co_await std::move(waiting);
  program->started.reset();
  if (begun.number(0) != 0) {
    state->beside.erase(serial);
    program->pump->drop();
    co_return LaunchProblem{static_cast<int>(begun.number(0)), begun.text(0)};
  }
  program->delivering = true;
  if (program->exit) {
    // From the loop: who started it has to know first that it did start.
    boost::asio::post(state->core->executor(),
                      [state, serial, status = *program->exit] { state->beside_exited(serial, status); });
  }
  co_return boost::system::result<void, LaunchProblem>();
}

}  // namespace aviary::host
