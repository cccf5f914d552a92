#include "host/host_sandbox.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "host/connection_owner.hpp"
#include "host/host_sandbox_state.hpp"
#include "host/plain_world.hpp"

namespace aviary::host {
namespace {

using spawner::Op;
using spawner::Packet;

/// A process that outlived the first one in the middle of something may hold the pipe open: no longer than
/// this.
constexpr std::chrono::milliseconds patience_for_output{100};

std::uint64_t number_in(const std::string& path) {
  std::uint64_t value = 0;
  std::ifstream(path) >> value;
  return value;
}

std::uint64_t most_resident(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
  return 0;
}

}  // namespace

/// The pipe that the process to be started writes into. One that waits has it already.
bool HostLauncher::HostSandbox::State::open_output(int (&ends)[2]) {
  if (spare) {
    ends[0] = spare->reading;
    ends[1] = spare->writing;
    spare.reset();
    return true;
  }
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return true;
}

void HostLauncher::HostSandbox::State::handle_packet(const Packet& packet) {
  switch (packet.op) {
    case Op::Created:
      if (created) created->set(packet);
      break;
    case Op::Started:
      if (packet.number(0) == 0) {
        running = true;
        process = static_cast<int>(packet.number(1));
      }
      if (started) started->set(packet);
      break;
    case Op::StartedBeside:
      if (const auto found = beside.find(packet.number(1)); found != beside.end()) {
        found->second->process = static_cast<int>(packet.number(2));
        if (found->second->started) found->second->started->set(packet);
      }
      break;
    case Op::ExitedBeside:
      beside_exited(packet.number(0),
                    {static_cast<int>(packet.number(1)), static_cast<int>(packet.number(2))});
      break;
    case Op::Peak:
      peak = std::max(peak, static_cast<std::uint64_t>(packet.number(0)));
      break;
    case Op::Exited:
      peak = std::max(peak, static_cast<std::uint64_t>(packet.number(3)));
      exited({static_cast<int>(packet.number(0)), static_cast<int>(packet.number(1)), packet.number(2) != 0});
      break;
    case Op::Gone:
      lost();
      break;
    default:
      break;
  }
}

/// The spawner or the sandbox's first process is gone, and with it every process.
void HostLauncher::HostSandbox::State::lost() {
  alive = false;
  const Packet problem{Op::Created, handle, {EPIPE}, {"make a sandbox: the spawner died"}};
  if (created) created->set(problem);
  if (started) started->set(problem);
  const auto others = beside;
  for (const auto& [serial, program] : others) {
    if (program->started) program->started->set(problem);
    beside_exited(serial, {0, SIGKILL, false});
  }
  if (running && !exit) exited({0, SIGKILL, false});
}

void HostLauncher::HostSandbox::State::exited(ExitStatus status) {
  if (!running || exit) return;
  exit = status;
  process = 0;
  frozen = false;
  if (delivering) settle_exit();
}

/// Tells the exit once the output has been read to its end, or has had its time.
void HostLauncher::HostSandbox::State::settle_exit() {
  if (!pump || pump->ended()) {
    tell_exit();
    return;
  }
  drained.expires_after(patience_for_output);
  drained.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (error || !self || !self->exit) return;
    if (self->pump) self->pump->finish();
    self->tell_exit();
  });
}

void HostLauncher::HostSandbox::State::tell_exit() {
  if (!exit) return;
  const ExitStatus status = *exit;
  const auto told = std::move(events.exited);
  events = {};
  exit.reset();
  running = false;
  delivering = false;
  pump.reset();
  drained.cancel();
  if (told) told(status);
}

HostLauncher::HostSandbox::HostSandbox(std::shared_ptr<Core> core, SandboxSpec spec)
    : state_(std::make_shared<State>(std::move(core), std::move(spec))) {
  state_->spare = state_->core->take_spare(state_->spec.first_process);
  state_->spec.first_process.reset();  // its environment alone is some kilobytes
  state_->handle = state_->spare ? state_->spare->handle : state_->core->next_handle();
}

HostLauncher::HostSandbox::~HostSandbox() {
  State& state = *state_;
  state.send(Op::Destroy);
  state.core->leave(state.handle);
  state.alive = false;
  state.events = {};
  state.running = false;
  state.drained.cancel();
  if (state.pump) state.pump->drop();
  for (const auto& [serial, program] : std::exchange(state.beside, {})) {
    program->events = {};
    if (program->pump) program->pump->drop();
    if (program->started)
      program->started->set(Packet{Op::StartedBeside, state.handle, {ECANCELED}, {"sandbox destroyed"}});
  }
  const Packet problem{Op::Created, state.handle, {ECANCELED}, {"sandbox destroyed"}};
  if (state.started) state.started->set(problem);
}

Task<boost::system::result<void, LaunchProblem>> HostLauncher::HostSandbox::create() {
  return create(state_);
}

Task<boost::system::result<void, LaunchProblem>> HostLauncher::HostSandbox::create(
    std::shared_ptr<State> state) {
  std::weak_ptr<State> weak = state;
  state->core->enter(
      state->handle,
      [weak](const Packet& packet) {
        if (const auto self = weak.lock()) self->handle_packet(packet);
      },
      [weak] {
        if (const auto self = weak.lock()) self->lost();
      });
  const bool image = !state->spec.root.empty();
  if (image && state->core->facts().isolation == Isolation::None)
    co_return LaunchProblem{ENOTSUP, "run an image",
                            "An image runs in namespaces, which this machine or --isolation refuses: aviary "
                            "doctor says why."};
  Packet wanted{
      Op::Create, state->handle, {}, {state->spec.id, image ? state->spec.root : state->spec.task_root}};
  wanted.numbers = {static_cast<std::int64_t>(state->spec.memory_bytes),
                    static_cast<std::int64_t>(state->spec.tmp_bytes), image ? 1 : 0};
  for (const auto& layer : state->spec.layers) wanted.texts.push_back(layer);
  const auto link = state->core->link();
  if (!link) co_return LaunchProblem{EPIPE, "reach the spawner"};
  OneShot<Packet> answer;
  state->created = answer;
  link->send(wanted);
  const Packet made = co_await answer.wait();
  state->created.reset();
  if (made.number(0) != 0) co_return LaunchProblem{static_cast<int>(made.number(0)), made.text(0)};
  state->alive = true;
  state->user = static_cast<std::uint32_t>(made.number(1));
  state->peak_file = made.text(1);
  state->freeze_file = made.text(2);
  state->address = made.text(4);
  if (state->core->facts().isolation == Isolation::None) state->plain_tmp = made.text(3);
  co_return boost::system::result<void, LaunchProblem>();
}

Task<boost::system::result<void, LaunchProblem>> HostLauncher::HostSandbox::start(ProcessSpec process,
                                                                                  ProcessEvents events) {
  return start(state_, std::move(process), std::move(events));
}

Task<boost::system::result<void, LaunchProblem>> HostLauncher::HostSandbox::start(
    std::shared_ptr<State> state, ProcessSpec process, ProcessEvents events) {
  const auto link = state->core->link();
  if (!state->alive || !link) co_return LaunchProblem{ESRCH, "start in a sandbox that is gone"};
  if (state->running || state->starting) co_return LaunchProblem{EBUSY, "start a second process"};
  int ends[2];
  if (!state->open_output(ends)) co_return LaunchProblem{errno, "make the output pipe"};

  const ProcessSpec asked = process;
  if (!state->plain_tmp.empty()) {
    const PlainWorld world{state->spec, state->core->runtime_folder(), state->plain_tmp};
    world.translate(process);
  }
  const Packet wanted{
      Op::Start, state->handle, {static_cast<std::int64_t>(process.argv.size())}, texts_of(process)};
  if (spawner::encode(wanted).size() > spawner::largest_packet || process.argv.empty()) {
    ::close(ends[0]);
    ::close(ends[1]);
    co_return LaunchProblem{process.argv.empty() ? EINVAL : E2BIG, "exec"};
  }

  /// A start that is abandoned half-way must not leave a process that nobody listens to.
  struct Attempt {
    std::shared_ptr<State> state;
    int reading;
    ~Attempt() {
      state->starting = false;
      state->started.reset();
      if (reading < 0) return;
      ::close(reading);
      if (state->running) state->send(Op::Kill);
      state->running = false;
    }
  };
  Attempt attempt{state, ends[0]};
  state->starting = true;
  state->frozen = false;
  state->peak = 0;
  state->exit.reset();
  OneShot<Packet> answer;
  state->started = answer;
  if (std::exchange(state->froze, false) && !state->freeze_file.empty())
    std::ofstream(state->freeze_file) << "0";
  link->send(wanted, {ends[1]});
  ::close(ends[1]);
  const Packet begun = co_await answer.wait();
  if (begun.number(0) != 0) co_return LaunchProblem{static_cast<int>(begun.number(0)), begun.text(0)};

  attempt.reading = -1;
  state->events = std::move(events);
  std::weak_ptr<State> weak = state;
  auto sink = [weak](std::string_view bytes) {
    const auto self = weak.lock();
    if (self && self->events.output) self->events.output(bytes);
  };
  auto ended = [weak] {
    const auto self = weak.lock();
    if (self && self->exit) self->tell_exit();
  };
  state->pump = OutputPump::start(state->core->executor(), ends[0], std::move(sink), std::move(ended));
  state->delivering = true;
  state->core->started(asked);
  if (state->exit) state->settle_exit();  // by timer or by the pump, hence later
  co_return boost::system::result<void, LaunchProblem>();
}

void HostLauncher::HostSandbox::freeze() {
  State& state = *state_;
  if (state.frozen || !state.running || state.exit) return;
  state.frozen = true;
  state.froze = true;
  if (state.freeze_file.empty())
    state.send(Op::Freeze);
  else
    std::ofstream(state.freeze_file) << "1";
}

void HostLauncher::HostSandbox::thaw() {
  State& state = *state_;
  if (!state.frozen) return;
  state.frozen = false;
  if (state.freeze_file.empty())
    state.send(Op::Thaw);
  else
    std::ofstream(state.freeze_file) << "0";
}

void HostLauncher::HostSandbox::terminate() {
  thaw();
  if (state_->running && !state_->exit) state_->send(Op::Terminate);
}

void HostLauncher::HostSandbox::kill_first() {
  thaw();
  if (state_->running && !state_->exit) state_->send(Op::KillFirst);
}

void HostLauncher::HostSandbox::kill() {
  thaw();
  if (state_->running || state_->starting || !state_->beside.empty()) state_->send(Op::Kill);
}

void HostLauncher::HostSandbox::collect_output() {
  const std::shared_ptr<OutputPump> pump = state_->pump;  // what it hands over may end the sandbox
  const auto others = state_->beside;
  if (pump) pump->collect();
  for (const auto& [serial, program] : others)
    if (program->pump) program->pump->collect();
}

std::uint64_t HostLauncher::HostSandbox::peak_memory_bytes() {
  State& state = *state_;
  if (!state.peak_file.empty()) state.peak = std::max(state.peak, number_in(state.peak_file));
  if (state.peak_file.empty() && state.process != 0)
    state.peak = std::max(state.peak, most_resident(state.process));
  return state.peak;
}

std::optional<int> HostLauncher::HostSandbox::pid() const {
  if (!state_->running || state_->process == 0) return std::nullopt;
  return state_->process;
}

bool HostLauncher::HostSandbox::owns_connection(std::uint16_t peer_port, std::uint16_t local_port) {
  const State& state = *state_;
  const bool first = state.running && state.process != 0;
  if (!first && state.beside.empty()) return false;
  const auto owner = connection_owner(peer_port, local_port);
  if (!owner) return false;
  // Root gives every sandbox a user of its own; else all of ours look alike, and only the open descriptor
  // tells.
  if (state.user != 0) return owner->user == state.user;
  if (first && descends_with_socket(state.process, owner->inode)) return true;
  return std::any_of(state.beside.begin(), state.beside.end(), [&owner](const auto& entry) {
    return entry.second->process != 0 && descends_with_socket(entry.second->process, owner->inode);
  });
}

}  // namespace aviary::host
