#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <map>

#include "engine/container_request.hpp"
#include "engine/engine.hpp"
#include "engine/engine_frames.hpp"

namespace aviary::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(EngineFrames, AreTakenApartWhereverTheyAreCut) {
  const std::string bytes = std::string("\1\0\0\0\0\0\0\5hello\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\6 world", 35);
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    EngineFrames frames;
    std::string written;
    for (std::size_t at = 0; at < bytes.size(); at += size) written += frames.take(bytes.substr(at, size));
    EXPECT_EQ(written, "hello world") << size;
  }
}

TEST(EngineSockets, DockerFirstThenPodman) {
  std::map<std::string, std::string> variables;
  const auto variable = [&variables](const char* name) { return variables[name]; };
  EXPECT_THAT(engine_sockets("auto", variable),
              ElementsAre("/var/run/docker.sock", "/run/podman/podman.sock"));
  variables = {{"DOCKER_HOST", "unix:///mine.sock"}, {"XDG_RUNTIME_DIR", "/run/user/7"}};
  EXPECT_THAT(engine_sockets("docker", variable),
              ElementsAre("/mine.sock", "/var/run/docker.sock", "/run/user/7/docker.sock"));
  EXPECT_THAT(engine_sockets("podman", variable),
              ElementsAre("/run/user/7/podman/podman.sock", "/run/podman/podman.sock"));
  variables["DOCKER_HOST"] = "tcp://elsewhere:2375";
  EXPECT_EQ(engine_sockets("docker", variable).front(), "/var/run/docker.sock");
  EXPECT_THAT(engine_sockets("none", variable), IsEmpty());
  EXPECT_THAT(engine_sockets("/a/socket", variable), ElementsAre("/a/socket"));
}

TEST(ContainerRequest, SaysEverythingThatTheFunctionNeeds) {
  SandboxSpec spec;
  spec.container_image = "app:v1";
  spec.memory_bytes = 256 << 20;
  spec.task_root = "/code";
  spec.layers = {"/layer"};
  ProcessSpec process;
  process.argv = {"app.handler"};
  process.working_directory = "/srv";
  process.environment = {{"A", "1"}};
  const EngineImage image = engine_image({{"Config", {{"Entrypoint", {"/entry", "-x"}}, {"Cmd", {"own"}}}}});
  const Json request = container_request(spec, process, image, "host", {{"aviary.server", "me"}});
  EXPECT_EQ(request["Image"], "app:v1");
  EXPECT_EQ(request["Entrypoint"], Json({"/entry", "-x"}));
  EXPECT_EQ(request["Cmd"], Json({"app.handler"}));
  EXPECT_EQ(request["WorkingDir"], "/srv");
  EXPECT_EQ(request["Env"], Json({"A=1"}));
  const Json& mounts = request["HostConfig"]["Mounts"];
  ASSERT_EQ(mounts.size(), 2U);
  EXPECT_EQ(mounts[0]["Source"], "/code");
  EXPECT_EQ(mounts[0]["Target"], "/var/task");
  EXPECT_EQ(mounts[0]["ReadOnly"], true);
  EXPECT_EQ(mounts[1]["Target"], "/opt");
  EXPECT_EQ(request["HostConfig"]["Memory"], 256 << 20);
  EXPECT_EQ(request["HostConfig"]["MemorySwap"], 256 << 20);
  process = {};
  process.working_directory.clear();
  process.entry_point = {"/mine"};
  process.environment = {{"_HANDLER", ""}};
  const Json other = container_request({}, process, image, "host", {});
  EXPECT_EQ(other["Entrypoint"], Json({"/mine"}));
  EXPECT_EQ(other["Cmd"], Json({"own"})) << "an engine would forget the image's command";
  EXPECT_EQ(other["Env"], Json({"_HANDLER=own"}));
  EXPECT_FALSE(other.contains("WorkingDir"));
  EXPECT_TRUE(engine_image(Json::array()).command.empty());
  EXPECT_TRUE(engine_image({{"Config", {{"Cmd", nullptr}, {"Entrypoint", 7}}}}).entry_point.empty());
}

TEST(ContainerRequest, NamesBreakNoRequest) {
  EXPECT_EQ(image_in_path("public.ecr.aws/lambda/python:3.12"), "public.ecr.aws/lambda/python:3.12");
  EXPECT_EQ(image_in_path("a b\r\nX: y?z#"), "a%20b%0D%0AX:%20y%3Fz%23");
}

TEST(ContainerStarts, RefusalsByTheEnginesWords) {
  const LaunchProblem absent = start_refusal(
      "failed to create task: OCI runtime create failed: exec: \"nope\": executable file not found in $PATH");
  EXPECT_EQ(absent.error_number, ENOENT);
  EXPECT_EQ(absent.step, "exec");
  EXPECT_EQ(start_refusal("exec: \"/etc/passwd\": permission denied: unknown").error_number, EACCES);
  EXPECT_EQ(start_refusal("chdir to cwd (\"/x\") set in config.json failed: no such file or directory").step,
            "enter the working directory");
  EXPECT_EQ(start_refusal("exec /app: exec format error").error_number, ENOEXEC);
  EXPECT_THAT(start_refusal("cgroups are full").advice, HasSubstr("cgroups are full"));
}

TEST(ContainerEnds, AsShellsTellThem) {
  EXPECT_EQ(container_exit(7, false).code, 7);
  EXPECT_EQ(container_exit(137, false).signal, SIGKILL);
  EXPECT_EQ(container_exit(139, false).signal, SIGSEGV);
  EXPECT_TRUE(container_exit(137, true).out_of_memory);
  EXPECT_EQ(container_exit(255, false).code, 255);
}

}  // namespace
}  // namespace aviary::engine
