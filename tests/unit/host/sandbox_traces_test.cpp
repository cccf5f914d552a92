#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "sandbox_fixture.hpp"

namespace aviary::host {
namespace {

std::size_t entries(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::size_t count = 0;
  for (std::filesystem::directory_iterator entry(folder, ignored), end; entry != end;
       entry.increment(ignored))
    ++count;
  return count;
}

/// What sandboxes could leave behind on the machine.
struct Traces {
  std::size_t descriptors = entries("/proc/self/fd");
  std::size_t mounts = lines("/proc/self/mountinfo");
  std::size_t children = direct_children();
  std::size_t groups = control_groups();
  std::size_t loops = loop_devices();

  static std::size_t lines(const char* path) {
    std::ifstream file(path);
    return static_cast<std::size_t>(
        std::count(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>(), '\n'));
  }
  static std::size_t direct_children() {
    std::ifstream file("/proc/self/task/" + std::to_string(::getpid()) + "/children");
    return static_cast<std::size_t>(
        std::distance(std::istream_iterator<int>(file), std::istream_iterator<int>()));
  }
  /// Of this test's own state folders: others may be at work on the machine.
  static std::size_t control_groups() { return 0; }
  static std::size_t loop_devices() {
    std::size_t count = 0;
    std::error_code ignored;
    for (std::filesystem::directory_iterator entry("/sys/block", ignored), end; entry != end;
         entry.increment(ignored)) {
      std::ifstream file(entry->path() / "loop/backing_file");
      std::string backing;
      std::getline(file, backing);
      count += backing.find("/aviary-test-") != std::string::npos ? 1 : 0;
    }
    return count;
  }
};

std::vector<std::string> group_parents(const std::filesystem::path& state) {
  std::vector<std::string> parents;
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry(state, ignored), end; entry != end;
       entry.increment(ignored)) {
    std::ifstream file(entry->path() / "cgroups");
    for (std::string line; std::getline(file, line);) parents.push_back(line);
  }
  return parents;
}

std::size_t groups_below(const std::vector<std::string>& parents) {
  std::size_t count = 0;
  for (const auto& parent : parents) {
    std::error_code ignored;
    for (std::filesystem::directory_iterator entry(parent, ignored), end; entry != end;
         entry.increment(ignored))
      count += entry->is_directory(ignored) ? 1 : 0;
  }
  return count;
}

std::size_t processes_with(const std::string& mark) {
  std::size_t count = 0;
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry("/proc", ignored), end; entry != end;
       entry.increment(ignored)) {
    std::ifstream file(entry->path() / "cmdline");
    std::ostringstream text;
    text << file.rdbuf();  // unlike an iterator, no exception when the process ends meanwhile
    const std::string line = text.str();
    count += line.find(mark) != std::string::npos ? 1 : 0;
  }
  return count;
}

struct SandboxTracesTest : SandboxTest {};

TEST_F(SandboxTracesTest, TwoHundredCyclesLeaveNothing) {
  { ASSERT_TRUE(create()); }  // the spawner is up from here on
  const auto parents = group_parents(folder / "state");
  const Traces before;
  int failures = 0;
  for (int i = 0; i < 200; ++i) {
    const auto sandbox = create();
    ASSERT_TRUE(sandbox);
    Ran ran;
    switch (i % 3) {
      case 0:
        ran = run(*sandbox, {"/bin/true"});
        failures += ran.exit && ran.exit->code == 0 ? 0 : 1;
        break;
      case 1:  // destroyed while it runs, with something in /tmp
        start(*sandbox, {"/bin/sh", "-c", "mkdir -p /tmp/a/b; echo x > /tmp/a/b/c; sleep 60 & sleep 60"},
              ran);
        break;
      default:
        start(*sandbox, {"/bin/sleep", "60"}, ran);
        sandbox->kill();
        failures += until([&ran] { return ran.exit.has_value(); }) ? 0 : 1;
    }
  }
  EXPECT_EQ(failures, 0);
  // What waits to be used is the spawner's: a bounded number, which goes with it, below.
  EXPECT_TRUE(until([&] { return groups_below(parents) <= 3 * parents.size(); }));
  const Traces after;
  EXPECT_EQ(after.descriptors, before.descriptors);
  EXPECT_EQ(after.mounts, before.mounts);
  EXPECT_EQ(after.children, before.children);
  launcher.reset();
  for (const auto& parent : parents) EXPECT_FALSE(std::filesystem::exists(parent)) << parent;
  EXPECT_TRUE(until([] { return Traces::loop_devices() == 0; }));
}

/// A server that is killed at once, with functions running. Its sandboxes are the spawner's to clear away.
TEST_F(SandboxTracesTest, AKilledServerLeavesNothing) {
  launcher.reset();
  const std::string mark = "80" + std::to_string(::getpid());
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t server = ::fork();
  if (server == 0) {
    io.notify_fork(boost::asio::io_context::fork_child);
    launch(Isolation::Auto);
    std::vector<std::unique_ptr<Sandbox>> sandboxes;
    Ran ran;
    for (int i = 0; i < 3; ++i) {
      sandboxes.push_back(create());
      if (!sandboxes.back() ||
          !start(*sandboxes.back(),
                 {"/bin/sh", "-c", "echo x > /tmp/x; setsid sleep " + mark + " & sleep " + mark}, ran))
        ::_exit(1);
    }
    sandboxes.front()->freeze();
    if (::write(ready[1], "r", 1) != 1) ::_exit(1);
    until([] { return false; }, 60s);
    ::_exit(0);
  }
  ::close(ready[1]);
  char byte = 0;
  EXPECT_EQ(::read(ready[0], &byte, 1), 1);
  ::close(ready[0]);
  EXPECT_GE(processes_with(mark), 3U);
  const auto parents = group_parents(folder / "state");
  ::kill(server, SIGKILL);
  ::waitpid(server, nullptr, 0);
  EXPECT_TRUE(until([&] { return processes_with(mark) == 0 && entries(folder / "state") == 0; }));
  EXPECT_EQ(processes_with(mark), 0U);
  for (const auto& parent : parents) EXPECT_FALSE(std::filesystem::exists(parent)) << parent;
  EXPECT_TRUE(until([] { return Traces::loop_devices() == 0; }));
}

/// Server and spawner killed together: what they left is found by the next server.
TEST_F(SandboxTracesTest, TheNextServerRemovesLeftovers) {
  launcher.reset();
  const std::string mark = "81" + std::to_string(::getpid());
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t server = ::fork();
  if (server == 0) {
    io.notify_fork(boost::asio::io_context::fork_child);
    launch(Isolation::Auto);
    const auto sandbox = create();
    Ran ran;
    if (!sandbox || !start(*sandbox, {"/bin/sleep", mark}, ran)) ::_exit(1);
    const int spawner = launcher->facts().spawner_pid;
    if (::write(ready[1], &spawner, sizeof spawner) != sizeof spawner) ::_exit(1);
    ::pause();
  }
  ::close(ready[1]);
  int spawner = 0;
  ASSERT_EQ(::read(ready[0], &spawner, sizeof spawner), static_cast<ssize_t>(sizeof spawner));
  ::close(ready[0]);
  const auto parents = group_parents(folder / "state");
  ::kill(server, SIGSTOP);  // so that the spawner does not see it go first
  ::kill(spawner, SIGKILL);
  ::kill(server, SIGKILL);
  ::waitpid(server, nullptr, 0);
  EXPECT_TRUE(until([&] { return processes_with(mark) == 0; })) << "processes die with the spawner";
  EXPECT_EQ(entries(folder / "state"), 1U);
  launch(Isolation::Auto);
  EXPECT_EQ(shell("echo next"), "next\n");
  EXPECT_EQ(entries(folder / "state"), 1U);
  launcher.reset();
  EXPECT_EQ(entries(folder / "state"), 0U);
  for (const auto& parent : parents) EXPECT_FALSE(std::filesystem::exists(parent)) << parent;
}

TEST_F(SandboxTracesTest, ServersSideBySideKeepApart) {
  LauncherOptions options;
  options.state_parent = folder / "state";
  auto other = make_launcher(io.get_executor(), options);
  const auto mine = create();
  const auto theirs = await(other->create(spec()));
  ASSERT_TRUE(theirs);
  EXPECT_EQ(entries(folder / "state"), 2U);
  other.reset();
  EXPECT_EQ(shell(*mine, "echo alive").output, "alive\n");
}

/// Medians, for people; the bounds only catch what is badly wrong.
TEST_F(SandboxTracesTest, IsQuick) {
  using Clock = std::chrono::steady_clock;
  const auto in_us = [](Clock::duration time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  };
  auto began = Clock::now();
  ASSERT_TRUE(await(launcher->prepare()));
  const auto prepare = in_us(Clock::now() - began);
  { ASSERT_TRUE(create()); }
  std::vector<long> creates, starts, ends, freezes, thaws;
  for (int i = 0; i < 40; ++i) {
    until([] { return false; }, 5ms);  // not a burst: the next /tmp is made ahead
    began = Clock::now();
    const auto sandbox = create();
    creates.push_back(in_us(Clock::now() - began));
    ASSERT_TRUE(sandbox);
    Ran ran;
    began = Clock::now();
    start(*sandbox, {"/bin/true"}, ran);
    starts.push_back(in_us(Clock::now() - began));
    until([&ran] { return ran.exit.has_value(); });
    ends.push_back(in_us(Clock::now() - began));
    Ran sleeper;
    start(*sandbox, {"/bin/sleep", "9"}, sleeper);
    began = Clock::now();
    sandbox->freeze();
    freezes.push_back(in_us(Clock::now() - began));
    until([] { return false; }, 1ms);
    began = Clock::now();
    sandbox->thaw();
    thaws.push_back(in_us(Clock::now() - began));
  }
  const auto median = [](std::vector<long>& values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  };
  std::printf("us: prepare %ld, create %ld, start %ld, /bin/true to its end %ld, freeze %ld, thaw %ld\n",
              prepare, median(creates), median(starts), median(ends), median(freezes), median(thaws));
  EXPECT_LT(median(creates) + median(ends), 100000);
}

/// Everything above and beside, once more without root's rights.
TEST(SandboxAsOrdinaryUser, PassesTheSameTests) {
  if (::geteuid() != 0) GTEST_SKIP() << "already an ordinary user";
  if (std::system("setpriv --reuid 65534 --regid 65534 --clear-groups true 2>/dev/null") != 0)
    GTEST_SKIP() << "no setpriv here";
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command = "cd /tmp && setpriv --reuid 65534 --regid 65534 --clear-groups " + self +
                              " --gtest_brief=1 --gtest_filter='*Sandbox*:-SandboxAsOrdinaryUser*'";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace aviary::host
