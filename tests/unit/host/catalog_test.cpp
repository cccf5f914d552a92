#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "host/runtime_catalog.hpp"
#include "sandbox_fixture.hpp"

namespace aviary::host {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

/// A machine made of scripts that say which version they are. Not below /tmp, where sandboxes have their own.
struct CatalogTest : ::testing::Test {
  fs::path home;

  void SetUp() override {
    char name[] = "/var/tmp/aviary-catalog-XXXXXX";
    home = ::mkdtemp(name);
    for (const char* variable : {"PYENV_ROOT", "NVM_DIR", "RBENV_ROOT", "ASDF_DATA_DIR"})
      ::unsetenv(variable);
  }
  void TearDown() override { fs::remove_all(home); }

  void install(const std::string& path, const std::string& says) {
    const fs::path program = home / path;
    fs::create_directories(program.parent_path());
    std::ofstream(program) << "#!/bin/sh\necho " << says << "\n";
    ::chmod(program.c_str(), 0755);
  }
  HostRuntimeCatalog catalog(std::vector<std::pair<std::string, fs::path>> given = {}) {
    fs::create_directories(home / "bin");
    return HostRuntimeCatalog({std::move(given), {}, home, {home / "bin"}});
  }
};

TEST_F(CatalogTest, ReadsRuntimeNames) {
  EXPECT_EQ(parse_runtime("python3.11"), std::pair(std::string("python"), std::vector{3, 11}));
  EXPECT_EQ(parse_runtime("nodejs20.x"), std::pair(std::string("nodejs"), std::vector{20}));
  EXPECT_EQ(parse_runtime("java8.al2"), std::pair(std::string("java"), std::vector{8}));
  EXPECT_EQ(parse_runtime("provided.al2023").first, "provided");
  EXPECT_EQ(parse_runtime("dotnet8").first, "");
  EXPECT_EQ(parse_runtime("python").first, "");
}

TEST_F(CatalogTest, PrefersTheVeryVersion) {
  install("bin/python3.10", "Python 3.10.2");
  install(".pyenv/versions/3.11.7/bin/python3", "must not be asked");
  install(".pyenv/versions/3.12.1/bin/python3", "must not be asked");
  auto here = catalog();
  const auto found = here.find("python3.11");
  ASSERT_TRUE(found);
  EXPECT_THAT(found->argv, ElementsAre((home / ".pyenv/versions/3.11.7/bin/python3").string(), "-S",
                                       "/var/runtime/python/bootstrap.py"));
  EXPECT_EQ(found->version, "3.11.7");
  EXPECT_TRUE(found->exact);
  EXPECT_THAT(found->environment, Contains(Pair("PYTHONPATH", "/var/runtime")));
  EXPECT_EQ(here.find("python3.10")->version, "3.10.2");
  EXPECT_THAT(here.folders(), Contains(home / ".pyenv/versions/3.11.7"));
}

TEST_F(CatalogTest, TakesTheNearestOtherwise) {
  install(".pyenv/versions/3.9.18/bin/python3", "");
  install(".pyenv/versions/3.12.1/bin/python3", "");
  install(".pyenv/versions/3.6.15/bin/python3", "");  // too old for the client
  auto here = catalog();
  const auto newer = here.find("python3.14");
  ASSERT_TRUE(newer);
  EXPECT_EQ(newer->version, "3.12.1");
  EXPECT_FALSE(newer->exact);
  EXPECT_EQ(here.find("python3.8")->version, "3.9.18");
  EXPECT_EQ(here.find("python3.7")->version, "3.9.18");
}

TEST_F(CatalogTest, AsksProgramsWhoseNameDoesNotTell) {
  install("bin/node", "v20.20.2");
  install(".nvm/versions/node/v18.19.0/bin/node", "");
  auto here = catalog();
  const auto twenty = here.find("nodejs20.x");
  ASSERT_TRUE(twenty);
  EXPECT_TRUE(twenty->exact);
  EXPECT_THAT(twenty->argv, ElementsAre((home / "bin/node").string(), "--no-experimental-require-module",
                                        "/var/runtime/nodejs/bootstrap.cjs"));
  EXPECT_THAT(twenty->environment,
              Contains(Pair("NODE_PATH", HasSubstr("/opt/nodejs/node20/node_modules:"))));
  EXPECT_EQ(here.find("nodejs18.x")->version, "18.19.0");
  EXPECT_FALSE(here.find("nodejs22.x")->exact);
}

TEST_F(CatalogTest, IgnoresShims) {
  install("bin/shims/python3.11", "Python 3.11.7");
  HostRuntimeCatalog here({{}, {}, home, {home / "bin/shims"}});
  EXPECT_FALSE(here.find("python3.11"));
  EXPECT_THAT(here.install_hint("python3.11"), HasSubstr("python3.11"));
}

TEST_F(CatalogTest, TakesWhatIsGivenFirst) {
  install("bin/python3.11", "Python 3.11.2");
  install("mine/bin/snake", "Python 3.11.99");
  auto here = catalog({{"python3.11", home / "mine/bin/snake"}});
  EXPECT_EQ(here.find("python3.11")->argv.front(), (home / "mine/bin/snake").string());
}

TEST_F(CatalogTest, NamesWhatToInstall) {
  auto here = catalog();
  EXPECT_FALSE(here.find("ruby3.3"));
  EXPECT_THAT(here.install_hint("nodejs22.x"), HasSubstr("nvm install 22"));
  EXPECT_THAT(here.install_hint("java21"), HasSubstr("openjdk-21-jre-headless"));
  EXPECT_FALSE(here.find("dotnet8"));
  EXPECT_THAT(here.install_hint("dotnet8"), HasSubstr("provided.al2023"));
}

TEST_F(CatalogTest, CustomRuntimesNeedNothing) {
  const auto found = catalog().find("provided.al2023");
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->argv.empty());
  EXPECT_TRUE(found->exact);
}

/// The interpreters of this very machine run inside.
struct SandboxCatalogTest : SandboxTest {};

TEST_F(SandboxCatalogTest, InterpretersOfThisMachineRunInside) {
  HostRuntimeCatalog here;
  LauncherOptions options;
  options.state_parent = folder / "state";
  options.folders = here.folders();
  launcher.reset();
  launcher = make_launcher(io.get_executor(), options);
  const auto sandbox = create();
  ASSERT_TRUE(sandbox);
  int ran = 0;
  for (const char* runtime : {"python3.8", "python3.11", "python3.13", "nodejs20.x", "ruby3.3"}) {
    const auto found = here.find(runtime);
    if (!found) continue;
    ++ran;
    const Ran version = run(*sandbox, {found->argv.front(), "--version"});
    EXPECT_THAT(version.output, HasSubstr(found->version)) << runtime;
  }
  EXPECT_GT(ran, 0);
}

TEST_F(SandboxCatalogTest, ThePythonClientIsCompiledAfterItsFirstStart) {
  HostRuntimeCatalog here;
  const auto python = here.find("python3.11");
  if (!python) GTEST_SKIP() << "no Python here";
  LauncherOptions options;
  options.state_parent = folder / "state";
  options.folders = here.folders();
  launcher.reset();
  launcher = make_launcher(io.get_executor(), options);
  const auto sandbox = create();
  Ran ran;
  ASSERT_TRUE(start(*sandbox, python->argv, ran));  // it fails for want of a Runtime API: no matter
  const fs::path cache = launcher->runtime_folder() / "python/aviary_runtime/__pycache__";
  const auto is_compiled = [](const auto& entry) { return entry.path().extension() == ".pyc"; };
  EXPECT_TRUE(until([&] {  // it is written under another name first
    std::error_code absent;
    return std::ranges::any_of(fs::directory_iterator(cache, absent), is_compiled);
  }));
  EXPECT_EQ(shell(*sandbox, "ls /var/runtime/python/aviary_runtime/__pycache__ | grep -c 'pyc$'").exit->code,
            0);
}

TEST_F(CatalogTest, RunsAnotherClientThatWasGiven) {
  install("bin/node", "v20.20.2");
  install("bin/python3.11", "Python 3.11.7");
  const fs::path node = home / "app/node_modules/aws-lambda-ric";
  install("app/node_modules/aws-lambda-ric/bin/index.mjs", "nothing");
  std::ofstream(node / "package.json") << R"({"bin":{"aws-lambda-ric":"bin/index.mjs"}})";
  install("py/awslambdaric/__main__.py", "nothing");
  HostRuntimeCatalog here({{}, {{"nodejs20.x", node}, {"python", home / "py"}}, home, {home / "bin"}});
  const auto found = here.find("nodejs20.x");
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->wants_handler);
  EXPECT_FALSE(found->can_wait);
  EXPECT_EQ(found->argv.back(), (node / "bin/index.mjs").string());
  const auto python = here.find("python3.11");
  ASSERT_TRUE(python);
  EXPECT_THAT(python->argv, ElementsAre((home / "bin/python3.11").string(), "-m", "awslambdaric"));
  EXPECT_THAT(python->environment, Contains(Pair("PYTHONPATH", (home / "py").string() + ":/var/runtime")));
  EXPECT_THAT(here.folders(), Contains(home / "app/node_modules"));
  EXPECT_FALSE(here.find("nodejs22.x")->wants_handler) << "only the very runtime was given one";
}

TEST_F(CatalogTest, SaysWhatIsWrongWithAClient) {
  std::string problem;
  EXPECT_FALSE(client_command("nodejs", home, problem));
  EXPECT_THAT(problem, HasSubstr("package.json"));
  EXPECT_FALSE(client_command("python", home / "nowhere", problem));
  EXPECT_EQ(problem, "there is no such folder");
  EXPECT_FALSE(client_command("java", home, problem));
  EXPECT_FALSE(client_command("nodejs", "/tmp", problem));
  EXPECT_THAT(problem, HasSubstr("a sandbox has its own"));
}

}  // namespace
}  // namespace aviary::host
