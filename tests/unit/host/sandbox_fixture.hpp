#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "host/sandbox_launcher.hpp"

namespace aviary::host {

using namespace std::chrono_literals;

/// What became of one process.
struct Ran {
  std::string output;
  std::optional<ExitStatus> exit;
  std::optional<LaunchProblem> problem;
};

/// Real sandboxes on a loop of the test's own.
struct SandboxTest : ::testing::Test {
  boost::asio::io_context io{1};
  std::filesystem::path folder;
  std::unique_ptr<HostLauncher> launcher;

  void SetUp() override {
    char name[] = "/tmp/aviary-test-XXXXXX";
    folder = ::mkdtemp(name);
    ::chmod(folder.c_str(), 0755);
    std::filesystem::create_directories(folder / "code");
    std::filesystem::create_directories(folder / "state");
    launch(Isolation::Auto);
  }

  void TearDown() override {
    launcher.reset();
    EXPECT_TRUE(std::filesystem::is_empty(folder / "state")) << "something was left in the state folder";
    std::filesystem::remove_all(folder);
  }

  void launch(Isolation isolation) {
    launcher.reset();
    LauncherOptions options;
    options.state_parent = folder / "state";
    options.isolation = isolation;
    launcher = make_launcher(io.get_executor(), std::move(options));
  }

  void write(const std::string& path, const std::string& content, unsigned mode = 0644) {
    std::filesystem::create_directories((folder / path).parent_path());
    std::ofstream(folder / path) << content;
    ::chmod((folder / path).c_str(), mode);
  }

  /// Runs the loop until `done`, at most `most`. False when it took longer.
  bool until(const std::function<bool()>& done, std::chrono::milliseconds most = 10s) {
    const auto end = std::chrono::steady_clock::now() + most;
    io.restart();
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io.run_one_for(5ms);
      if (io.stopped()) io.restart();
    }
    return true;
  }

  template <class T>
  T await(Task<T> task) {
    std::optional<T> result;
    boost::asio::co_spawn(io, std::move(task), [&result](std::exception_ptr error, T value) {
      if (error) std::rethrow_exception(error);
      result.emplace(std::move(value));
    });
    EXPECT_TRUE(until([&result] { return result.has_value(); })) << "a task did not end";
    return std::move(*result);
  }

  SandboxSpec spec() {
    SandboxSpec wanted;
    wanted.id = "test";
    wanted.task_root = folder / "code";
    return wanted;
  }

  std::unique_ptr<Sandbox> create(SandboxSpec wanted) {
    auto made = await(launcher->create(std::move(wanted)));
    if (!made) {
      ADD_FAILURE() << made.error().step << ": " << std::strerror(made.error().error_number);
      return nullptr;
    }
    return std::move(*made);
  }
  std::unique_ptr<Sandbox> create() { return create(spec()); }

  /// Starts; `ran` collects and must outlive the process.
  bool start(Sandbox& sandbox, std::vector<std::string> argv, Ran& ran) {
    ProcessSpec process;
    process.argv = std::move(argv);
    process.environment = {{"PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"},
                           {"LAMBDA_TASK_ROOT", "/var/task"}};
    ProcessEvents events;
    events.output = [&ran](std::string_view bytes) { ran.output += bytes; };
    events.exited = [&ran](ExitStatus status) { ran.exit = status; };
    const auto begun = await(sandbox.start(std::move(process), std::move(events)));
    if (!begun) ran.problem = begun.error();
    return begun.has_value();
  }

  Ran run(Sandbox& sandbox, std::vector<std::string> argv, std::chrono::milliseconds most = 10s) {
    Ran ran;
    if (start(sandbox, std::move(argv), ran) && !until([&ran] { return ran.exit.has_value(); }, most)) {
      ADD_FAILURE() << "the process did not end; it said: " << ran.output;
      sandbox.kill();
      until([&ran] { return ran.exit.has_value(); });
    }
    return ran;
  }
  Ran shell(Sandbox& sandbox, const std::string& script) { return run(sandbox, {"/bin/sh", "-c", script}); }
  /// In a sandbox of its own.
  std::string shell(const std::string& script) {
    const auto sandbox = create();
    return sandbox ? shell(*sandbox, script).output : std::string();
  }

  bool isolated() {
    const auto facts = await(launcher->prepare());
    return facts && facts->isolation == Isolation::Namespaces;
  }
};

}  // namespace aviary::host
