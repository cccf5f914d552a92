#include <csignal>

#include "sandbox_fixture.hpp"

/// Processes that are started ahead of their function.
namespace aviary::host {
namespace {

/// Says what it started with, and what it was told, each NUL as a space.
constexpr const char* script =
    R"(if [ "$AVIARY_WAIT" ]; then told=$(tr '\0' ' '); sleep 0.2; set -- $told; cd "$1"; else told=plain; fi
echo "early=$PYTHONEARLY folder=$PWD code=$(cat mine) tmp=$(touch /tmp/x && echo yes) told=$told"
)";

struct SandboxSpareTest : SandboxTest {
  void SetUp() override {
    SandboxTest::SetUp();
    if (!isolated()) GTEST_SKIP() << "no namespaces here";
    write("code/mine", "hello");
  }

  ProcessSpec waiting(std::string value, std::string early = "1") const {
    ProcessSpec process;
    process.argv = {"/bin/sh", "-c", script};
    process.environment = {{"PYTHONEARLY", std::move(early)}, {"VALUE", std::move(value)}};
    process.can_wait = true;
    return process;
  }

  std::string run(ProcessSpec process) {
    SandboxSpec wanted = spec();
    wanted.first_process = process;
    const auto sandbox = create(wanted);
    Ran ran;
    ProcessEvents events;
    events.output = [&ran](std::string_view bytes) { ran.output += bytes; };
    events.exited = [&ran](ExitStatus status) { ran.exit = status; };
    const auto begun = await(sandbox->start(std::move(process), std::move(events)));
    EXPECT_TRUE(begun);
    pid = sandbox->pid().value_or(0);
    EXPECT_TRUE(until([&ran] { return ran.exit.has_value(); }));
    EXPECT_EQ(ran.exit ? ran.exit->code : -1, 0);
    return ran.output;
  }

  /// Until one that was started ahead is met, at most so often.
  std::string run_until_met(const ProcessSpec& process) {
    for (int attempt = 0; attempt < 100; ++attempt) {
      std::string output = run(process);
      if (output.find("told=plain") == std::string::npos) return output;
      until([] { return false; }, 50ms);
    }
    return "never met";
  }

  int pid = 0;
};

TEST_F(SandboxSpareTest, TheSecondOfAKindMeetsOneThatWaits) {
  EXPECT_EQ(run(waiting("a")), "early=1 folder=/var/task code=hello tmp=yes told=plain\n");
  EXPECT_EQ(run_until_met(waiting("b")),
            "early=1 folder=/var/task code=hello tmp=yes told=/var/task PYTHONEARLY=1 VALUE=b \n");
  EXPECT_GT(pid, 0);
}

TEST_F(SandboxSpareTest, WhatAnInterpreterReadsAtItsStartMakesAKind) {
  run(waiting("a"));
  run_until_met(waiting("a"));
  EXPECT_THAT(run(waiting("a", "other")), testing::HasSubstr("early=other folder=/var/task code=hello"));
  EXPECT_THAT(run_until_met(waiting("c", "other")), testing::HasSubstr("PYTHONEARLY=other VALUE=c"));
}

TEST_F(SandboxSpareTest, WhatCannotWaitIsNotStartedAhead) {
  auto process = waiting("a");
  process.can_wait = false;
  run(process);
  until([] { return false; }, 200ms);
  EXPECT_THAT(run(process), testing::HasSubstr("told=plain"));
}

TEST_F(SandboxSpareTest, ARestartInTheSameSandboxIsAPlainStart) {
  run(waiting("a"));
  run_until_met(waiting("a"));
  SandboxSpec wanted = spec();
  wanted.first_process = waiting("a");
  const auto sandbox = create(wanted);
  for (int i = 0; i < 2; ++i) {
    Ran ran;
    ProcessEvents events;
    events.output = [&ran](std::string_view bytes) { ran.output += bytes; };
    events.exited = [&ran](ExitStatus status) { ran.exit = status; };
    ASSERT_TRUE(await(sandbox->start(waiting("a"), std::move(events))));
    ASSERT_TRUE(until([&ran] { return ran.exit.has_value(); }));
    if (i == 1) {
      EXPECT_THAT(ran.output, testing::HasSubstr("told=plain"));
    }
  }
}

/// More than a pipe takes at once goes to a new process.
TEST_F(SandboxSpareTest, AnEnvironmentTooLargeToTellIsAPlainStart) {
  run(waiting("a"));
  run_until_met(waiting("a"));
  EXPECT_THAT(run(waiting(std::string(100'000, 'x'))), testing::HasSubstr("told=plain"));
}

TEST_F(SandboxSpareTest, NoneAreKeptWhenNoneAreWanted) {
  LauncherOptions options;
  options.state_parent = folder / "state";
  options.spare_processes = 0;
  launcher.reset();
  launcher = make_launcher(io.get_executor(), std::move(options));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(run(waiting("a")), testing::HasSubstr("told=plain"));
    until([] { return false; }, 100ms);
  }
}

}  // namespace
}  // namespace aviary::host
