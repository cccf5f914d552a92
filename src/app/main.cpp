#include <fmt/format.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>

#include "app/command_line.hpp"
#include "app/verbs.hpp"
#include "aviary/emulator.hpp"
#include "base/log.hpp"

namespace {

/// Ends when told to: SIGINT and SIGTERM are blocked in every thread and waited for here.
int serve(aviary::EmulatorOptions options) {
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
  fmt::print("aviary ready on {}\n", emulator->endpoint());
  std::fflush(stdout);

  int received = 0;
  sigwait(&signals, &received);
  aviary::log::info("stopping on {}", received == SIGINT ? "SIGINT" : "SIGTERM");
  emulator->stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  aviary::app::CommandLine line = aviary::app::parse_command_line(argc, argv);
  switch (line.verb) {
    case aviary::app::Verb::Serve:
      return serve(std::move(line.options));
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
    case aviary::app::Verb::Prune:
      return aviary::app::prune_verb(line.server);
    case aviary::app::Verb::None:
      return line.exit_code;
  }
  return 0;
}
