#include "app/handler_guess.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.hpp"

namespace aviary::app {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

TEST(ExportedHandler, IsWhatTheSourceDefines) {
  EXPECT_EQ(exported_handler("python", "import os\n\ndef handler(event, context):\n"), "handler");
  EXPECT_EQ(exported_handler("python", "async def lambda_handler(event, context):\n"), "lambda_handler");
  EXPECT_EQ(exported_handler("python", "def lambda_handler(e, c):\n  pass\n\ndef handler(e, c):\n"),
            "handler");
  EXPECT_EQ(exported_handler("python", "def my_handler(event, context):\n"), "");
  EXPECT_EQ(exported_handler("python", "handler = 1\n"), "");
  EXPECT_EQ(exported_handler("nodejs", "exports.handler = async () => 1;"), "handler");
  EXPECT_EQ(exported_handler("nodejs", "module.exports.handler = () => 1;"), "handler");
  EXPECT_EQ(exported_handler("nodejs", "export const handler = async () => 1;"), "handler");
  EXPECT_EQ(exported_handler("nodejs", "export async function lambdaHandler() {}"), "lambdaHandler");
  EXPECT_EQ(exported_handler("nodejs", "const handler = 1;"), "");
  EXPECT_EQ(exported_handler("ruby", "def lambda_handler(event:, context:)\n"), "lambda_handler");
}

class GuessHandler : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, std::string_view text, bool program = false) {
    const fs::path file = folder.path() / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
    if (program) fs::permissions(file, fs::perms(0755));
    return file;
  }
  testing::TemporaryFolder folder;
};

TEST_F(GuessHandler, ByTheExtension) {
  const HandlerGuess guess = guess_handler(write("app.py", "def handler(event, context): pass\n"), false);
  EXPECT_EQ(guess.problem, "");
  EXPECT_EQ(guess.family, "python");
  EXPECT_EQ(guess.handler, "app.handler");
  EXPECT_EQ(guess.folder, folder.path());
}

TEST_F(GuessHandler, ANodeProjectBeginsAtItsPackage) {
  write("package.json", "{}");
  const HandlerGuess guess =
      guess_handler(write("src/handlers/orders.mjs", "export const handler = () => 1;"), false);
  EXPECT_EQ(guess.folder, folder.path());
  EXPECT_EQ(guess.handler, "src/handlers/orders.handler");
}

TEST_F(GuessHandler, AProgramIsABootstrap) {
  const HandlerGuess guess = guess_handler(write("server", "#!/bin/sh\n", true), false);
  EXPECT_EQ(guess.problem, "");
  EXPECT_EQ(guess.family, "provided");
}

TEST_F(GuessHandler, WhatCannotBeGuessedIsSaid) {
  EXPECT_THAT(guess_handler(write("app.py", "x = 1\n"), false).problem, HasSubstr("--handler app.NAME"));
  EXPECT_EQ(guess_handler(write("app.py", "x = 1\n"), true).problem, "");
  EXPECT_THAT(guess_handler(write("app.ts", ""), true).problem, HasSubstr("compiled"));
  EXPECT_THAT(guess_handler(write("notes.txt", ""), false).problem, HasSubstr("--runtime"));
  EXPECT_THAT(guess_handler(write("a.zip", "PK"), false).problem, HasSubstr("--handler"));
}

TEST(BestRuntime, IsTheNewestThatIsHere) {
  const auto only = [](std::string_view there) { return [there](std::string_view r) { return r == there; }; };
  EXPECT_EQ(best_runtime("python", only("python3.11")), "python3.11");
  EXPECT_EQ(best_runtime("nodejs", only("python3.11")), "nodejs24.x") << "a neighbour will do";
  EXPECT_EQ(best_runtime("cobol", only("")), "");
}

}  // namespace
}  // namespace aviary::app
