#include <signal.h>
#include <sys/wait.h>

#include <sstream>

#include "sandbox_fixture.hpp"

namespace aviary::host {
namespace {

using ::testing::HasSubstr;

/// Every test runs with namespaces, where there are any, and as plain processes.
struct SandboxLifeTest : SandboxTest, ::testing::WithParamInterface<Isolation> {
  void SetUp() override {
    SandboxTest::SetUp();
    launch(GetParam());
    const auto facts = await(launcher->prepare());
    if (!facts) GTEST_SKIP() << facts.error().step;
  }
};
INSTANTIATE_TEST_SUITE_P(, SandboxLifeTest, ::testing::Values(Isolation::Namespaces, Isolation::None),
                         [](const auto& info) {
                           return info.param == Isolation::None ? "Plain" : "Namespaces";
                         });

/// Living processes whose command line has this mark.
std::size_t marked_processes(const std::string& mark) {
  std::size_t count = 0;
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry("/proc", ignored), end; entry != end;
       entry.increment(ignored)) {
    if (entry->path().filename().string().find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry->path() / "cmdline");
    std::ostringstream text;
    text << file.rdbuf();  // unlike an iterator, no exception when the process ends meanwhile
    const std::string line = text.str();
    count += line.find(mark) != std::string::npos ? 1 : 0;
  }
  return count;
}

TEST_P(SandboxLifeTest, TellsOutputAndExitCode) {
  const auto sandbox = create();
  ASSERT_TRUE(sandbox);
  const Ran ran = shell(*sandbox, "echo out; echo err >&2; exit 3");
  EXPECT_EQ(ran.output, "out\nerr\n");
  ASSERT_TRUE(ran.exit);
  EXPECT_EQ(ran.exit->code, 3);
  EXPECT_EQ(ran.exit->signal, 0);
  EXPECT_FALSE(ran.exit->out_of_memory);
  EXPECT_FALSE(sandbox->pid());
}

TEST_P(SandboxLifeTest, TellsTheSignal) {
  const auto sandbox = create();
  ASSERT_TRUE(sandbox);
  for (const int signal : {SIGSEGV, SIGABRT, SIGKILL, SIGTERM}) {
    const Ran ran = shell(*sandbox, "kill -" + std::to_string(signal) + " $$; sleep 5");
    ASSERT_TRUE(ran.exit);
    EXPECT_EQ(ran.exit->signal, signal);
    EXPECT_FALSE(ran.exit->out_of_memory);
  }
}

TEST_P(SandboxLifeTest, AFailedExecIsAProblemNotAnExit) {
  write("code/plain", "text", 0644);
  write("code/strange", std::string("\x01\x02\x03", 3), 0755);
  const auto sandbox = create();
  ASSERT_TRUE(sandbox);
  const std::pair<const char*, int> cases[] = {
      {"/var/task/bootstrap", ENOENT}, {"/var/task/plain", EACCES}, {"/var/task/strange", ENOEXEC}};
  for (const auto& [program, error] : cases) {
    Ran ran;
    EXPECT_FALSE(start(*sandbox, {program}, ran));
    ASSERT_TRUE(ran.problem) << program;
    EXPECT_EQ(ran.problem->error_number, error) << program;
    EXPECT_EQ(ran.problem->step, "exec");
  }
  write("code/windows", "#!/bin/sh\r\necho hello\r\n", 0755);
  Ran ran;
  EXPECT_FALSE(start(*sandbox, {"/var/task/windows"}, ran));
  ASSERT_TRUE(ran.problem);
  EXPECT_EQ(ran.problem->error_number, ENOENT);
  EXPECT_EQ(ran.problem->step, "exec the interpreter");
  EXPECT_EQ(shell(*sandbox, "echo still usable").output, "still usable\n");
}

TEST_P(SandboxLifeTest, OneProcessAtATime) {
  const auto sandbox = create();
  Ran first;
  ASSERT_TRUE(start(*sandbox, {"/bin/sleep", "30"}, first));
  Ran second;
  EXPECT_FALSE(start(*sandbox, {"/bin/true"}, second));
  EXPECT_EQ(second.problem->error_number, EBUSY);
  sandbox->kill();
  ASSERT_TRUE(until([&] { return first.exit.has_value(); }));
  EXPECT_EQ(first.exit->signal, SIGKILL);
  EXPECT_FALSE(first.exit->out_of_memory);
}

TEST_P(SandboxLifeTest, KillEndsEveryProcess) {
  const std::string mark = "77" + std::to_string(::getpid());
  const auto sandbox = create();
  Ran ran;
  // A daemon with a session of its own, whose parent has gone.
  ASSERT_TRUE(start(*sandbox,
                    {"/bin/sh", "-c", "(setsid sleep " + mark + " &) ; trap '' TERM; echo up; sleep " + mark},
                    ran));
  ASSERT_TRUE(until([&] { return ran.output == "up\n" && marked_processes(mark) >= 2; }));
  sandbox->kill();
  ASSERT_TRUE(until([&] { return ran.exit && marked_processes(mark) == 0; }));
}

TEST_P(SandboxLifeTest, ExitEndsWhatWasLeftBehind) {
  const std::string mark = "78" + std::to_string(::getpid());
  const auto sandbox = create();
  const auto began = std::chrono::steady_clock::now();
  // It holds the output open, too.
  const Ran ran = shell(*sandbox, "setsid sleep " + mark + " & echo done");
  EXPECT_EQ(ran.output, "done\n");
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
  EXPECT_TRUE(until([&] { return marked_processes(mark) == 0; }));
}

TEST_P(SandboxLifeTest, DestroyingEndsEveryProcess) {
  const std::string mark = "79" + std::to_string(::getpid());
  Ran ran;
  auto sandbox = create();
  ASSERT_TRUE(start(*sandbox, {"/bin/sleep", mark}, ran));
  sandbox.reset();
  EXPECT_TRUE(until([&] { return marked_processes(mark) == 0; }));
  EXPECT_FALSE(ran.exit);  // nobody is told any more
}

TEST_P(SandboxLifeTest, TerminateIsSigterm) {
  const auto sandbox = create();
  Ran ran;
  ASSERT_TRUE(start(*sandbox,
                    {"/bin/sh", "-c", "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.01; done"},
                    ran));
  ASSERT_TRUE(until([&] { return ran.output == "up\n"; }));
  sandbox->terminate();
  ASSERT_TRUE(until([&] { return ran.exit.has_value(); }));
  EXPECT_EQ(ran.output, "up\nbye\n");
  EXPECT_EQ(ran.exit->code, 7);
}

TEST_P(SandboxLifeTest, FreezeStopsAndThawResumes) {
  const auto sandbox = create();
  Ran ran;
  ASSERT_TRUE(start(
      *sandbox,
      {"/bin/sh", "-c", "(while :; do echo c; sleep 0.01; done) & while :; do echo p; sleep 0.01; done"},
      ran));
  ASSERT_TRUE(until([&] { return ran.output.size() > 20; }));
  sandbox->freeze();
  sandbox->freeze();
  until([] { return false; }, 50ms);
  const std::size_t frozen = ran.output.size();
  until([] { return false; }, 150ms);
  EXPECT_EQ(ran.output.size(), frozen);
  sandbox->thaw();
  EXPECT_TRUE(until([&] { return ran.output.size() > frozen + 20; }));
  sandbox->freeze();
  sandbox->kill();  // also when frozen
  ASSERT_TRUE(until([&] { return ran.exit.has_value(); }));
  EXPECT_EQ(ran.exit->signal, SIGKILL);
  sandbox->thaw();
  sandbox->freeze();
  sandbox->kill();  // nothing to do any more
  EXPECT_EQ(shell(*sandbox, "echo again").output, "again\n");
}

TEST_P(SandboxLifeTest, TooMuchMemoryIsToldFromAPlainKill) {
  auto wanted = spec();
  wanted.memory_bytes = 64ULL << 20;
  const auto sandbox = create(wanted);
  const Ran ran = run(*sandbox, {"/usr/bin/python3", "-c", "x=[]\nwhile True: x.append(bytearray(1<<20))"});
  ASSERT_TRUE(ran.exit) << ran.output;
  EXPECT_EQ(ran.exit->signal, SIGKILL);
  EXPECT_TRUE(ran.exit->out_of_memory);
  EXPECT_GE(sandbox->peak_memory_bytes(), 50ULL << 20);
  // The next one starts from nothing.
  const Ran next = shell(*sandbox, "kill -9 $$");
  EXPECT_EQ(next.exit->signal, SIGKILL);
  EXPECT_FALSE(next.exit->out_of_memory);
}

TEST_P(SandboxLifeTest, KnowsThePeakOfMemory) {
  const auto sandbox = create();
  Ran ran;
  ASSERT_TRUE(start(*sandbox,
                    {"/usr/bin/python3", "-c",
                     "x = b'x' * (40 << 20); del x; print('up', flush=True); import time; time.sleep(30)"},
                    ran));
  ASSERT_TRUE(until([&] { return ran.output == "up\n"; }));
  EXPECT_GE(sandbox->peak_memory_bytes(), 40ULL << 20);
  EXPECT_LE(sandbox->peak_memory_bytes(), 128ULL << 20);
}

TEST_P(SandboxLifeTest, EndlessOutputIsHeldUp) {
  const auto sandbox = create();
  std::size_t bytes = 0;
  ProcessSpec process;
  process.argv = {"/bin/sh", "-c", "exec yes"};
  ProcessEvents events;
  bool ended = false;
  events.output = [&](std::string_view text) { bytes += text.size(); };
  events.exited = [&](ExitStatus) { ended = true; };
  ASSERT_TRUE(await(sandbox->start(process, events)));
  // The loop has time for others, and the rate is bounded.
  int turns = 0;
  boost::asio::steady_timer timer(io);
  std::function<void(boost::system::error_code)> tick = [&](boost::system::error_code error) {
    if (error) return;
    ++turns;
    timer.expires_after(1ms);
    timer.async_wait(tick);
  };
  tick({});
  until([] { return false; }, 400ms);
  timer.cancel();
  EXPECT_GT(turns, 20);
  EXPECT_GT(bytes, 1U << 20);
  EXPECT_LT(bytes, 16U << 20);
  sandbox->kill();
  EXPECT_TRUE(until([&] { return ended; }, 1s));
}

TEST_P(SandboxLifeTest, LargeOutputArrivesWhole) {
  const auto sandbox = create();
  const Ran ran = shell(*sandbox, "seq 1 200000");
  EXPECT_EQ(ran.output.size(), 1288895U);
  EXPECT_THAT(ran.output.substr(ran.output.size() - 14), HasSubstr("199999\n200000\n"));
}

TEST_P(SandboxLifeTest, AForkBombIsBounded) {
  if (GetParam() == Isolation::None) GTEST_SKIP() << "plain processes are only counted every 50 ms";
  const auto sandbox = create();
  Ran ran;
  ASSERT_TRUE(
      start(*sandbox,
            {"/usr/bin/python3", "-c",
             "import os,time\nn=0\ntry:\n  while True:\n    if os.fork()==0: time.sleep(60)\n    n+=1\n"
             "except OSError as e: print(n, e.strerror, flush=True)\ntime.sleep(60)"},
            ran));
  ASSERT_TRUE(until([&] { return !ran.output.empty() || ran.exit; }));
  if (!ran.exit) {
    EXPECT_LT(std::stoi(ran.output), 1024);
    EXPECT_THAT(ran.output, HasSubstr("Resource temporarily unavailable"));
  }
  sandbox->kill();
  EXPECT_TRUE(until([&] { return ran.exit.has_value(); }, 2s));
}

TEST_P(SandboxLifeTest, AnEndedFirstProcessIsToldAndTheSandboxIsDead) {
  Ran ran;
  const auto sandbox = create();
  ASSERT_TRUE(start(*sandbox, {"/bin/sleep", "30"}, ran));
  const int spawner = launcher->facts().spawner_pid;
  ASSERT_EQ(::kill(spawner, SIGKILL), 0);
  ASSERT_TRUE(until([&] { return ran.exit.has_value(); }));
  EXPECT_EQ(ran.exit->signal, SIGKILL);
  Ran again;
  EXPECT_FALSE(start(*sandbox, {"/bin/true"}, again));
  // A new spawner takes over for new sandboxes.
  const auto other = create();
  ASSERT_TRUE(other);
  EXPECT_EQ(shell(*other, "echo back").output, "back\n");
  EXPECT_NE(launcher->facts().spawner_pid, spawner);
}

TEST_P(SandboxLifeTest, ABurstOfCreationsAllSucceed) {
  constexpr int burst = 60;
  std::vector<std::unique_ptr<Sandbox>> made;
  int failures = 0;
  for (int i = 0; i < burst; ++i) {
    boost::asio::co_spawn(io, launcher->create(spec()), [&](std::exception_ptr, auto result) {
      if (result)
        made.push_back(std::move(*result));
      else
        ++failures;
    });
  }
  ASSERT_TRUE(until([&] { return made.size() + static_cast<std::size_t>(failures) == burst; }));
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(launcher->sandboxes(), static_cast<std::size_t>(burst));
  EXPECT_EQ(shell(*made.back(), "echo ok").output, "ok\n");
  made.clear();
  EXPECT_EQ(launcher->sandboxes(), 0U);
}

}  // namespace
}  // namespace aviary::host
