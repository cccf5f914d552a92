#include "host/client_compiler.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>

namespace aviary::host {
namespace {

constexpr const char* client = "/var/runtime/python/bootstrap.py";
/// Not while the first cold start is still at work.
constexpr std::chrono::milliseconds delay_before{400};
constexpr std::chrono::milliseconds delay_between_looks{50};

}  // namespace

ClientCompiler::ClientCompiler(boost::asio::any_io_executor executor, std::filesystem::path runtime_folder)
    : timer_(std::move(executor)), runtime_folder_(std::move(runtime_folder)) {}

ClientCompiler::~ClientCompiler() {
  if (running_ == 0) return;
  ::kill(running_, SIGKILL);
  ::waitpid(running_, nullptr, 0);
}

void ClientCompiler::saw(const std::vector<std::string>& argv) {
  if (argv.empty() || std::find(argv.begin(), argv.end(), client) == argv.end()) return;
  if (!known_.insert(argv.front()).second) return;
  waiting_.push_back(argv.front());
  if (waiting_.size() == 1 && running_ == 0) wait(delay_before);
}

void ClientCompiler::wait(std::chrono::milliseconds delay) {
  timer_.expires_after(delay);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!error && self) self->step();
  });
}

void ClientCompiler::step() {
  if (running_ != 0) {
    if (::waitpid(running_, nullptr, WNOHANG) == 0) {
      wait(delay_between_looks);
      return;
    }
    running_ = 0;
  }
  if (waiting_.empty()) return;
  std::string interpreter = waiting_.back();
  waiting_.pop_back();
  std::string isolated = "-S";
  std::string script = (runtime_folder_ / "python/bootstrap.py").string();
  std::string compile = "--compile";
  char* argv[] = {interpreter.data(), isolated.data(), script.data(), compile.data(), nullptr};
  char* environment[] = {nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (const int standard : {0, 1, 2})
    ::posix_spawn_file_actions_addopen(&actions, standard, "/dev/null", O_RDWR, 0);
  if (::posix_spawn(&running_, interpreter.c_str(), &actions, nullptr, argv, environment) != 0) running_ = 0;
  ::posix_spawn_file_actions_destroy(&actions);
  if (running_ != 0) ::setpriority(PRIO_PROCESS, static_cast<id_t>(running_), 10);
  wait(delay_between_looks);
}

}  // namespace aviary::host
