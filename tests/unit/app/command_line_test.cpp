#include "app/command_line.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace aviary::app {
namespace {

CommandLine parse(std::vector<std::string> words) {
  words.insert(words.begin(), "aviary");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

TEST(CommandLine, ServeIsWhatHappensWithoutAVerb) {
  EXPECT_EQ(parse({}).verb, Verb::Serve);
  EXPECT_EQ(parse({}).options.port, 4566);
  EXPECT_EQ(parse({"serve", "--port", "0"}).options.port, 0);
  EXPECT_EQ(parse({"--port", "0"}).options.port, 0);
  EXPECT_EQ(parse({"doctor"}).verb, Verb::Doctor);
}

TEST(CommandLine, MistakesAreRefused) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"--port", "x"},
                                                                 {"--port", "70000"},
                                                                 {"--nonsense"},
                                                                 {"serve", "again", "again"},
                                                                 {"--clock", "scaled=0"},
                                                                 {"--account", "12"},
                                                                 {"--routing", "sticky"},
                                                                 {"--isolation", "docker"}}) {
    const CommandLine parsed = parse(words);
    EXPECT_EQ(parsed.verb, Verb::None) << words[0];
    EXPECT_EQ(parsed.exit_code, 2) << words[0];
  }
  EXPECT_EQ(parse({"--help"}).exit_code, 0);
  EXPECT_EQ(parse({"--version"}).exit_code, 0);
}

TEST(CommandLine, TheEnvironmentStandsInAndTheCommandLineWins) {
  setenv("AVIARY_PORT", "4000", 1);
  setenv("AVIARY_DATA_DIR", "/some/where", 1);
  setenv("AVIARY_ALLOW_HOST", "a.example,b.example", 1);
  EXPECT_EQ(parse({}).options.port, 4000);
  EXPECT_EQ(parse({}).options.data_dir, "/some/where");
  EXPECT_EQ(parse({}).options.allow_host, (std::vector<std::string>{"a.example", "b.example"}));
  EXPECT_EQ(parse({"--port", "4001"}).options.port, 4001);
  unsetenv("AVIARY_PORT");
  unsetenv("AVIARY_DATA_DIR");
  unsetenv("AVIARY_ALLOW_HOST");
}

TEST(CommandLine, AConfigurationFileStandsInBelowBoth) {
  const std::string path = ::testing::TempDir() + "aviary-command-line-test.toml";
  std::ofstream(path) << "port = 4002\nseed = 7\nrouting = \"exact\"\nno-freeze = true\n";
  const CommandLine parsed = parse({"--config", path});
  EXPECT_EQ(parsed.options.port, 4002);
  EXPECT_EQ(parsed.options.seed, 7U);
  EXPECT_EQ(parsed.options.routing, "exact");
  EXPECT_FALSE(parsed.options.freeze);
  EXPECT_EQ(parse({"--config", path, "--port", "1"}).options.port, 1);
  setenv("AVIARY_PORT", "2", 1);
  EXPECT_EQ(parse({"--config", path}).options.port, 2);
  unsetenv("AVIARY_PORT");
  setenv("AVIARY_CONFIG", path.c_str(), 1);
  EXPECT_EQ(parse({}).options.port, 4002);
  unsetenv("AVIARY_CONFIG");
  EXPECT_EQ(parse({"--config", "/nowhere/at/all.toml"}).exit_code, 2);
}

}  // namespace
}  // namespace aviary::app
