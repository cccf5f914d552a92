#include "host/launcher_core.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.hpp"
#include "runtimes/files.hpp"

namespace aviary::host {
namespace {

/// Above every range that systemd and the distributions hand out; 65536 for each server.
constexpr std::int64_t first_uid = 0x70000000;
constexpr std::int64_t uids_a_server = 65536;

}  // namespace

HostLauncher::Core::Core(boost::asio::any_io_executor executor, LauncherOptions options)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      isolation_(options_.isolation),
      spares_(options_.spare_processes) {
  auto state = StateFolder::open(options_.state_parent);
  if (state)
    state_.emplace(std::move(*state));
  else
    problem_ = state.error();
}

std::filesystem::path HostLauncher::Core::runtime_folder() const {
  return state_ ? state_->path() / "runtime" : std::filesystem::path();
}

std::optional<LaunchProblem> HostLauncher::Core::start() {
  if (!state_) return problem_;
  for (const auto& file : runtimes::files())
    if (!state_->write("runtime/" + std::string(file.path), file.content, file.executable))
      return LaunchProblem{errno, "write the runtime clients"};
  // Lambda's node 16 and 18 read their certificate authorities from there, beside those that node brings.
  // With none of them it reads this to the end and says nothing.
  if (!state_->write("runtime/ca-cert.pem", "# Further certificate authorities: none.\n", false))
    return LaunchProblem{errno, "write the runtime clients"};
  compiler_ = std::make_shared<ClientCompiler>(executor_, runtime_folder());
  auto link = SpawnerLink::start(executor_, state_->path());
  if (!link) return link.error();
  link_ = *link;
  facts_ = LauncherFacts();
  facts_.spawner_pid = link_->pid();
  link_->on_loss([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->lose();
  });
  link_->listen(0, [weak = weak_from_this()](const spawner::Packet& packet) {
    if (const auto self = weak.lock()) self->greeted(packet);
  });
  spawner::Packet hello{spawner::Op::Hello, 0, {}, {state_->path(), runtime_folder()}};
  const std::int64_t base = ::geteuid() == 0 ? first_uid + state_->index() * uids_a_server : 0;
  hello.numbers = {static_cast<std::int64_t>(isolation_), base};
  for (const auto& folder : options_.folders) hello.texts.push_back(folder);
  link_->send(hello, {state_->lock(), state_->claim()});
  return std::nullopt;
}

void HostLauncher::Core::greeted(const spawner::Packet& packet) {
  if (packet.op != spawner::Op::Ready) return;
  if (packet.number(0) != 0) {
    const LaunchProblem refusal{static_cast<int>(packet.number(0)), packet.text(0)};
    const auto link = std::exchange(link_, nullptr);
    link->close();
    if (isolation_ != Isolation::Auto) {
      problem_ = refusal;
      wake_waiting();
      return;
    }
    const std::string why = fmt::format("{}: {}", refusal.step, std::strerror(refusal.error_number));
    log::warn(
        "this machine refuses namespaces ({}): functions run as plain processes, not isolated from each "
        "other or from "
        "your files",
        why);
    isolation_ = Isolation::None;
    problem_ = start();
    facts_.refusal = why;
    if (problem_) wake_waiting();
    return;
  }
  const std::string refusal = facts_.refusal;
  const int pid = facts_.spawner_pid;
  facts_ = {true,
            static_cast<Isolation>(packet.number(1)),
            refusal,
            static_cast<TmpKind>(packet.number(2)),
            packet.number(3) != 0,
            packet.number(4) != 0,
            pid};
  wake_waiting();
}

Task<boost::system::result<void, LaunchProblem>> HostLauncher::Core::ready() {
  auto self = shared_from_this();
  if (self->closed_) co_return LaunchProblem{ESHUTDOWN, "launch after shutdown"};
  if (self->link_ && self->facts_.running) co_return boost::system::result<void, LaunchProblem>();
  if (!self->link_) {
    self->problem_ = self->start();
    if (self->problem_) co_return *self->problem_;
  }
  OneShot<bool> answered;
  self->waiting_.push_back(answered);
  co_await answered.wait();
  if (self->problem_) co_return *self->problem_;
  if (!self->link_) co_return LaunchProblem{EPIPE, "start the spawner"};
  co_return boost::system::result<void, LaunchProblem>();
}

void HostLauncher::Core::wake_waiting() {
  for (const auto& one : std::exchange(waiting_, {})) one.set(true);
}

void HostLauncher::Core::lose() {
  if (closed_) return;
  log::error("the spawner (process {}) died; its sandboxes died with it", facts_.spawner_pid);
  link_.reset();
  spares_.clear();
  facts_.running = false;
  if (state_) state_->clear();
  const auto handlers = lost_handlers_;
  for (const auto& [handle, lost] : handlers)
    if (lost) lost();
  wake_waiting();
}

void HostLauncher::Core::enter(std::uint32_t handle, SpawnerLink::Handler handler,
                               std::function<void()> lost) {
  lost_handlers_[handle] = std::move(lost);
  if (link_) link_->listen(handle, std::move(handler));
}

void HostLauncher::Core::leave(std::uint32_t handle) {
  lost_handlers_.erase(handle);
  if (link_) link_->forget(handle);
}

void HostLauncher::Core::close() {
  if (closed_) return;
  closed_ = true;
  compiler_.reset();  // before its folder goes
  spares_.clear();
  if (const auto link = std::exchange(link_, nullptr)) link->close();
  const auto handlers = lost_handlers_;
  for (const auto& [handle, lost] : handlers)
    if (lost) lost();
  wake_waiting();
  state_.reset();
}

}  // namespace aviary::host
