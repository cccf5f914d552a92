#include "host/runtime_catalog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_folder.hpp"

namespace aviary::host {
namespace {

namespace fs = std::filesystem;

/// Interpreters are links to a real program: what counts is where they lie and what they are called.
struct CatalogTest : ::testing::Test {
  void program(const std::string& path) {
    fs::create_directories((folder.path() / path).parent_path());
    fs::copy_file("/bin/true", folder.path() / path);
  }
  HostRuntimeCatalog catalog(const std::vector<std::string>& chosen = {}) {
    return {chosen, {{folder.path() / "bin"}, {folder.path() / "pyenv", folder.path() / "nvm"}}};
  }
  testing::TemporaryFolder folder;
};

TEST_F(CatalogTest, FindsTheVeryVersion) {
  program("bin/python3.11");
  program("pyenv/3.12.1/bin/python3.12");
  auto found = catalog();
  const auto command = found.find("python3.12");
  ASSERT_TRUE(command);
  EXPECT_TRUE(command->exact);
  EXPECT_EQ(command->version, "3.12");
  EXPECT_EQ(command->argv, (std::vector<std::string>{(folder.path() / "pyenv/3.12.1/bin/python3.12").string(),
                                                     "-S", "/var/runtime/python/bootstrap.py"}));
}

TEST_F(CatalogTest, ElseTheNearestAndOfTwoTheNewer) {
  program("bin/python3.8");
  program("bin/python3.11");
  program("bin/python3.13");
  auto found = catalog();
  EXPECT_EQ(found.find("python3.12")->version, "3.13");
  EXPECT_FALSE(found.find("python3.12")->exact);
  EXPECT_EQ(found.find("python3.9")->version, "3.8");
  EXPECT_EQ(found.find("python3.14")->version, "3.13");
}

TEST_F(CatalogTest, NodeVersionsComeFromTheFoldersName) {
  program("nvm/v18.20.4/bin/node");
  program("nvm/v22.1.0/bin/node");
  auto found = catalog();
  EXPECT_EQ(found.find("nodejs18.x")->version, "18");
  EXPECT_TRUE(found.find("nodejs22.x")->exact);
  EXPECT_EQ(found.find("nodejs24.x")->version, "22");
  EXPECT_THAT(found.find("nodejs22.x")->argv, ::testing::Contains("--no-experimental-detect-module"));
  EXPECT_THAT(found.find("nodejs18.x")->argv,
              ::testing::Not(::testing::Contains("--no-experimental-require-module")));
}

TEST_F(CatalogTest, TheOptionWins) {
  program("bin/python3.12");
  program("mine/python");
  auto found = catalog({"python3.12=" + (folder.path() / "mine/python").string()});
  EXPECT_TRUE(found.problems().empty());
  EXPECT_EQ(found.find("python3.12")->argv.front(), (folder.path() / "mine/python").string());
}

TEST_F(CatalogTest, SaysWhatIsWrongWithTheOption) {
  EXPECT_EQ(catalog({"python3.12"}).problems().size(), 1U);
  EXPECT_EQ(catalog({"perl5=/usr/bin/perl"}).problems().size(), 1U);
  EXPECT_EQ(catalog({"python3.12=/nowhere"}).problems().size(), 1U);
}

TEST_F(CatalogTest, AShimIsNoInterpreter) {
  fs::create_directories(folder.path() / "bin");
  std::ofstream(folder.path() / "bin/python3.12") << "#!/bin/sh\nexit 1\n";
  fs::permissions(folder.path() / "bin/python3.12", fs::perms::owner_all);
  EXPECT_FALSE(catalog().find("python3.12"));
}

TEST_F(CatalogTest, CustomRuntimesBringTheirOwnAndUnknownOnesHaveNone) {
  auto found = catalog();
  ASSERT_TRUE(found.find("provided.al2023"));
  EXPECT_TRUE(found.find("provided.al2023")->argv.empty());
  EXPECT_FALSE(found.find("python3.12"));
  EXPECT_FALSE(found.find("dotnet8"));
  EXPECT_THAT(found.install_hint("python3.12"), ::testing::HasSubstr("python3.12"));
}

TEST_F(CatalogTest, NamesTheFoldersThatASandboxMustShow) {
  program("pyenv/3.12.1/bin/python3.12");
  const fs::path expected = fs::canonical(folder.path() / "pyenv/3.12.1");
  EXPECT_EQ(catalog().folders(), std::vector<fs::path>{expected});
  HostRuntimeCatalog system({}, {{"/usr/bin"}, {}});
  EXPECT_TRUE(system.folders().empty());
}

}  // namespace
}  // namespace aviary::host
