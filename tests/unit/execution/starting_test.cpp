#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "world.hpp"

/// How a runtime is found and started, and what is said when it cannot be.
namespace aviary::testing {
namespace {

using execution::Options;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CustomRuntime : public ::testing::Test {
 protected:
  CustomRuntime() {
    world.configuration.runtime = "provided.al2023";
    world.host.program = echo;
  }
  World world;
};

TEST_F(CustomRuntime, StartsTheBootstrapOfThePackage) {
  world.invoke(world.version());
  EXPECT_THAT(world.host.processes.front()->spec.argv, ElementsAre("/var/task/bootstrap"));
  EXPECT_EQ(world.host.processes.front()->spec.working_directory, "/var/task");
}

TEST_F(CustomRuntime, ElseTheBootstrapOfALayer) {
  world.host.refuse_exec["/var/task/bootstrap"] = {ENOENT, "exec"};
  const auto call = world.invoke(world.version(), "1");
  EXPECT_EQ(call->payload(), "1");
  EXPECT_THAT(world.host.processes.front()->spec.argv, ElementsAre("/opt/bootstrap"));
}

TEST_F(CustomRuntime, LayersOfTheSameBytesAreOneFolder) {
  const auto blob = [](const char* digest) { return std::make_shared<CodeBlob>(CodeBlob{digest, 1, 1}); };
  auto version = std::make_shared<lambda::Version>(*world.version());
  version->layers = {blob("a"), blob("b"), blob("a")};
  world.invoke(version);
  // Merged in order, so of the two the last one decides; the kernel refuses to merge a folder with itself.
  EXPECT_THAT(world.host.specs.front().layers, ElementsAre("/fake/b", "/fake/a"));
}

TEST_F(CustomRuntime, ElseSaysThatThereIsNone) {
  world.host.refuse_exec["/var/task/bootstrap"] = {ENOENT, "exec"};
  world.host.refuse_exec["/opt/bootstrap"] = {ENOENT, "exec"};
  const auto version = world.version();
  const auto call = world.invoke(version);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(
      call->payload(),
      R"({"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: req-1 Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"})");
  EXPECT_EQ(call->outcome().function_error, "Unhandled");
  world.host.refuse_exec.clear();
  EXPECT_EQ(world.invoke(version, "1")->payload(), "1");
}

TEST_F(CustomRuntime, NamesWhatTheKernelRefused) {
  world.host.refuse_exec["/var/task/bootstrap"] = {EACCES, "exec"};
  EXPECT_THAT(world.invoke(world.version())->payload(),
              HasSubstr("fork/exec /var/task/bootstrap: permission denied"));
  world.host.refuse_exec["/var/task/bootstrap"] = {ENOEXEC, "exec"};
  EXPECT_THAT(world.invoke(world.version())->payload(),
              HasSubstr("fork/exec /var/task/bootstrap: exec format error"));
  // It is there, and what its first line names is not: mostly a carriage return's doing.
  world.host.refuse_exec["/var/task/bootstrap"] = {ENOENT, "exec the interpreter"};
  EXPECT_THAT(world.invoke(world.version())->payload(),
              HasSubstr("fork/exec /var/task/bootstrap: no such file or directory"));
}

TEST(ManagedRuntime, RunsTheInterpreterOfTheCatalog) {
  World world;
  world.host.program = echo;
  world.configuration.memory_mb = 512;
  world.configuration.ephemeral_storage_mb = 1024;
  world.invoke(world.version());
  EXPECT_THAT(world.host.processes.front()->spec.argv,
              ElementsAre("/usr/bin/python3.13", "/var/runtime/bootstrap.py"));
  EXPECT_EQ(world.host.processes.front()->variable("_HANDLER"), "app.handler");
  ASSERT_EQ(world.host.specs.size(), 1U);
  EXPECT_EQ(world.host.specs[0].memory_bytes, 512ULL << 20);
  EXPECT_EQ(world.host.specs[0].tmp_bytes, 1024ULL << 20);
  EXPECT_EQ(world.host.specs[0].task_root, "/fake/code");
  EXPECT_EQ(world.host.specs[0].id.size(), 32U);
}

TEST(ManagedRuntime, AWrapperStartsIt) {
  World world;
  world.host.program = echo;
  world.configuration.environment.emplace()["AWS_LAMBDA_EXEC_WRAPPER"] = "/opt/wrap";
  world.invoke(world.version());
  EXPECT_THAT(world.host.processes.front()->spec.argv,
              ElementsAre("/opt/wrap", "/usr/bin/python3.13", "/var/runtime/bootstrap.py"));
}

// Recorded: exit status 127.
TEST(ManagedRuntime, AMissingWrapperIsAnExitStatus) {
  World world;
  world.host.program = echo;
  world.configuration.environment.emplace()["AWS_LAMBDA_EXEC_WRAPPER"] = "/opt/wrap";
  world.host.refuse_exec["/opt/wrap"] = {ENOENT, "exec"};
  const auto call = world.invoke(world.version());
  ASSERT_TRUE(call->done());
  EXPECT_EQ(
      call->payload(),
      R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: req-1 Error: Runtime exited with error: exit status 127"})");
}

TEST(ManagedRuntime, AMissingInterpreterNamesThePackage) {
  World world;
  world.configuration.runtime = "ruby3.4";
  const auto call = world.invoke(world.version());
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->error().shape->status, 502);
  EXPECT_EQ(call->error().shape->code, "InvalidRuntimeException");
  EXPECT_THAT(call->error().message, HasSubstr("Install ruby3.4."));
  EXPECT_EQ(world.host.sandboxes_made, 0);
  EXPECT_TRUE(world.runner->environments().empty());
}

TEST(ManagedRuntime, ANeighbouringVersionIsToldInTheFunctionsLog) {
  World world;
  KeptLog log;
  world.runner->add_sink(log);
  world.host.program = echo;
  world.catalog.commands["python3.12"] = {{"/usr/bin/python3.11"}, "3.11.7", false, {}};
  world.configuration.runtime = "python3.12";
  EXPECT_TRUE(world.invoke(world.version())->outcome().function_error.empty());
  EXPECT_THAT(log.text, HasSubstr("python3.12 is not installed here, version 3.11.7 runs in its place"));
  world.runner->remove_sink(log);
}

TEST(ManagedRuntime, UnlessNeighboursAreNotAllowed) {
  Options options;
  options.allow_neighbour_runtime = false;
  World world(options);
  world.catalog.commands["python3.12"] = {{"/usr/bin/python3.11"}, "3.11.7", false, {}};
  world.configuration.runtime = "python3.12";
  EXPECT_EQ(world.invoke(world.version())->error().shape->code, "InvalidRuntimeException");
}

TEST(Refusals, AnotherArchitectureIsToldWhatIsThere) {
  Options options;
  options.architectures = {"x86_64"};
  World world(options);
  world.configuration.architectures = {"arm64"};
  const auto call = world.invoke(world.version());
  EXPECT_EQ(call->error().shape->code, "InvalidRuntimeException");
  EXPECT_THAT(call->error().message, HasSubstr("is for arm64, and this machine runs x86_64"));
  world.configuration.architectures = {"x86_64"};
  world.host.program = echo;
  EXPECT_TRUE(world.invoke(world.version("2"))->outcome().function_error.empty());
}

TEST(Refusals, ImagesCannotRunHere) {
  World world;
  world.configuration.package_type = "Image";
  EXPECT_EQ(world.invoke(world.version())->error().shape->status, 502);
}

TEST(Refusals, CodeThatIsGone) {
  World world;
  world.code.problem = CodeProblem::Gone;
  EXPECT_EQ(world.invoke(world.version())->error().shape->code, "ServiceException");
}

TEST(Refusals, NoSandboxNoListenerNoProcess) {
  World world;
  world.host.program = echo;
  world.host.refuse_sandbox = LaunchProblem{EPERM, "mount /tmp"};
  EXPECT_THAT(world.invoke(world.version())->error().message, HasSubstr("mount /tmp"));
  world.host.refuse_sandbox.reset();
  world.host.endpoints.refuse = "too many open files";
  EXPECT_THAT(world.invoke(world.version())->error().message, HasSubstr("too many open files"));
  world.host.endpoints.refuse.clear();
  world.host.refuse_exec["/usr/bin/python3.13"] = {ENOMEM, "clone"};
  EXPECT_THAT(world.invoke(world.version())->error().message, HasSubstr("clone"));
  world.host.refuse_exec.clear();
  EXPECT_EQ(world.invoke(world.version(), "1")->payload(), "1");
  EXPECT_EQ(world.host.sandboxes, 1);
}

TEST(Starting, AProcessThatIsHeardBeforeTheLaunchersWord) {
  // Under load the first `next` may be read before the launcher has told that the process is there; until
  // then nobody can say whose the connection is.
  World world;
  world.host.word_delay = 5ms;
  world.host.program = echo;
  const auto version = world.version();
  const auto call = world.invoke(version, "1");
  EXPECT_FALSE(call->done());
  world.pass(10ms);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->payload(), "1");
  EXPECT_EQ(world.host.processes_started, 1);
}

TEST(Starting, AProcessThatEndsBeforeTheLaunchersWord) {
  World world;
  world.host.word_delay = 5ms;
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> { co_return process->exit(3); };
  const auto call = world.invoke(world.version());
  world.pass(1s);
  ASSERT_TRUE(call->done());
  EXPECT_THAT(call->payload(), HasSubstr("exit status 3"));
}

TEST(Starting, ASandboxThatDiedIsReplaced) {
  // Code that killed its whole sandbox must not cost the next invocation more than a cold start.
  World world;
  world.host.program = echo;
  const auto version = world.version();
  world.invoke(version);
  world.host.processes.front()->crash(9);
  world.settle();
  world.host.refuse_once = LaunchProblem{ESRCH, "start in a sandbox that is gone"};
  const auto call = world.invoke(version, "2");
  ASSERT_TRUE(call->done());
  ASSERT_TRUE(call->result->has_value());
  EXPECT_EQ(call->payload(), "2");
  EXPECT_EQ(world.host.sandboxes_made, 2);
  EXPECT_EQ(world.host.sandboxes, 1);
}

TEST(Starting, ACallerThatGoesAwayLeavesItsEnvironmentInOrder) {
  World world;
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto initialising = process->sleep(50ms);
    co_await std::move(initialising);
    auto running = echo(process);
    co_await std::move(running);
  };
  const auto version = world.version();
  {
    TaskGroup callers(world.loop.get_executor());
    lambda::Invocation invocation;
    invocation.request_id = "gone";
    invocation.version = version;
    invocation.payload = "{}";
    callers.spawn("caller", [](execution::Runner& runner, lambda::Invocation what) -> Task<> {
      auto running = runner.run(std::move(what));
      co_await std::move(running);
    }(*world.runner, std::move(invocation)));
    world.settle();
    callers.cancel();
    world.pass(100ms);
    EXPECT_EQ(callers.size(), 0U);
  }
  EXPECT_EQ(world.runner->in_flight(), 0U);
  EXPECT_EQ(world.invoke(version, "1")->payload(), "1");
  EXPECT_EQ(world.host.processes_started, 1);
}

}  // namespace
}  // namespace aviary::testing
