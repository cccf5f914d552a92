#include <fmt/format.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <thread>

#include "app/command_line.hpp"
#include "app/verbs.hpp"
#include "aviary/emulator.hpp"
#include "base/log.hpp"
#include "host/start_memory.hpp"

namespace {

/// The stack that a server starts with: deployed from a thread of its own, as from another process.
class StackThread {
 public:
  StackThread(const std::string& endpoint, const aviary::app::DeployOptions& wanted) {
    if (wanted.file.empty()) return;
    thread_ = std::thread([this, endpoint, wanted] {
      aviary::app::deploy_to(endpoint, wanted, stopping_, [this](int status) { first_ = status; });
    });
  }
  /// Until the stack is there or has failed; the signal that came before that, else 0.
  int await_first(const sigset_t& signals) {
    const timespec between_looks{0, 10'000'000};
    while (thread_.joinable() && first_ < 0) {
      const int received = sigtimedwait(&signals, nullptr, &between_looks);
      if (received > 0) return received;
    }
    return 0;
  }
  bool failed() const { return first_ > 0; }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::atomic<bool> stopping_ = false;
  std::atomic<int> first_ = -1;
  std::thread thread_;
};

/// Ends when told to: SIGINT and SIGTERM are blocked in every thread and waited for here.
int serve(aviary::EmulatorOptions options, const aviary::app::DeployOptions& wanted) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  // An environment takes a few descriptors; the usual soft limit of 1,024 would end at some two hundred of
  // them.
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);
  }

  auto [emulator, problem] = aviary::Emulator::start(std::move(options));
  if (!emulator) {
    fmt::print(stderr, "aviary: {}\n", problem);
    return 1;
  }
  StackThread stack(emulator->endpoint(), wanted);
  int received = stack.await_first(signals);
  if (received == 0 && stack.failed() && !wanted.watch) {
    stack.stop();
    emulator->stop();
    return 1;
  }
  if (received == 0) {
    // Not fmt::print: it throws where nobody reads any more.
    std::puts(("aviary ready on " + emulator->endpoint()).c_str());
    std::fflush(stdout);
    aviary::host::release_start_memory();
    sigwait(&signals, &received);
  }
  aviary::log::info("stopping on {}", received == SIGINT ? "SIGINT" : "SIGTERM");
  stack.stop();
  emulator->stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  aviary::app::CommandLine line = aviary::app::parse_command_line(argc, argv);
  // A server outlives whoever reads its output; a command whose reader is gone ends, as commands do.
  const bool serves = line.verb == aviary::app::Verb::Serve || line.verb == aviary::app::Verb::Invoke;
  if (serves) std::signal(SIGPIPE, SIG_IGN);
  switch (line.verb) {
    case aviary::app::Verb::Serve:
      return serve(std::move(line.options), line.serve_template);
    case aviary::app::Verb::Doctor:
      return aviary::app::doctor(line.options);
    case aviary::app::Verb::Invoke:
      return aviary::app::invoke_once(std::move(line.options), line.invoke);
    case aviary::app::Verb::Clients:
      return aviary::app::write_clients(line.folder);
    case aviary::app::Verb::Operations:
      return aviary::app::print_operations();
    case aviary::app::Verb::Assert:
      return aviary::app::assert_verb(line.server);
    case aviary::app::Verb::Canary:
      return aviary::app::canary_verb(line.server);
    case aviary::app::Verb::Deploy:
      return aviary::app::deploy_verb(line.server);
    case aviary::app::Verb::Prune:
      return aviary::app::prune_verb(line.server);
    case aviary::app::Verb::None:
      return line.exit_code;
  }
  return 0;
}
