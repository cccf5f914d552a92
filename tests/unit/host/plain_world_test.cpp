#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "host/plain_world.hpp"
#include "support/temporary_folder.hpp"

namespace aviary::host {
namespace {

using ::testing::Contains;
using ::testing::Pair;

class PlainWorldTest : public ::testing::Test {
 protected:
  PlainWorldTest() {
    for (const char* file : {"one/bin/tool", "one/python/x.py", "two/bin/tool", "two/settings.json"}) {
      const auto path = folder.path() / file;
      std::filesystem::create_directories(path.parent_path());
      std::ofstream(path) << file;
    }
    spec.task_root = "/code";
    spec.layers = {folder.path() / "one", folder.path() / "two"};
  }
  ProcessSpec translated(ProcessSpec process) const {
    PlainWorld{spec, "/clients", "/scratch"}.translate(process);
    return process;
  }
  std::string layer(const std::string& path) const { return (folder.path() / path).string(); }

  testing::TemporaryFolder folder;
  SandboxSpec spec;
};

TEST_F(PlainWorldTest, PathsOfASandboxBecomeThoseOfTheMachine) {
  const ProcessSpec process =
      translated({.argv = {"/var/runtime/python/bootstrap.py", "/var/taskless"},
                  .environment = {{"LAMBDA_TASK_ROOT", "/var/task"}, {"PLAIN", "a:b"}},
                  .working_directory = "/var/task/src"});
  EXPECT_EQ(process.argv, (std::vector<std::string>{"/clients/python/bootstrap.py", "/var/taskless"}));
  EXPECT_EQ(process.working_directory, "/code/src");
  EXPECT_THAT(process.environment, Contains(Pair("LAMBDA_TASK_ROOT", "/code")));
  EXPECT_THAT(process.environment, Contains(Pair("PLAIN", "a:b")));
  EXPECT_THAT(process.environment, Contains(Pair("TMPDIR", "/scratch")));
}

TEST_F(PlainWorldTest, LayersAreLookedThroughTheLastOneFirst) {
  const ProcessSpec process = translated(
      {.argv = {"/opt/bin/tool", "/opt/python/x.py"},
       .environment = {
           {"PATH", "/usr/bin:/opt/bin"}, {"SETTINGS", "/opt/settings.json"}, {"NONE", "/opt/lib"}}});
  EXPECT_EQ(process.argv, (std::vector<std::string>{layer("two/bin/tool"), layer("one/python/x.py")}));
  EXPECT_THAT(process.environment,
              Contains(Pair("PATH", "/usr/bin:" + layer("two/bin") + ":" + layer("one/bin"))));
  EXPECT_THAT(process.environment, Contains(Pair("SETTINGS", layer("two/settings.json"))));
  EXPECT_THAT(process.environment, Contains(Pair("NONE", layer("two/lib"))));
  EXPECT_THAT(process.environment, Contains(Pair("AVIARY_OPT_DIR", layer("two") + ":" + layer("one"))));
}

}  // namespace
}  // namespace aviary::host
