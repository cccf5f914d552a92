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

TEST(CommandLine, VerbsThatTalkToAServer) {
  CommandLine parsed =
      parse({"assert", "prod is at version 5", "no error of version 5", "--junit", "report.xml"});
  EXPECT_EQ(parsed.verb, Verb::Assert);
  EXPECT_EQ(parsed.server.assertion.sentences.size(), 2U);
  EXPECT_EQ(parsed.server.assertion.junit, "report.xml");
  parsed = parse({"canary", "start", "orders:prod", "--to", "6", "--alarm", "a", "--alarm", "b", "--endpoint",
                  "http://127.0.0.1:1"});
  EXPECT_EQ(parsed.verb, Verb::Canary);
  EXPECT_EQ(parsed.server.canary.what, "start");
  EXPECT_EQ(parsed.server.canary.place, "orders:prod");
  EXPECT_EQ(parsed.server.canary.to, "6");
  EXPECT_EQ(parsed.server.canary.alarms, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(parsed.server.endpoint, "http://127.0.0.1:1");
  parsed = parse({"canary", "watch", "orders:prod", "--once"});
  EXPECT_TRUE(parsed.server.canary.once);
  parsed = parse({"prune", "orders", "--keep", "3", "--dry-run"});
  EXPECT_EQ(parsed.verb, Verb::Prune);
  EXPECT_EQ(parsed.server.prune.keep, 3U);
  EXPECT_FALSE(parsed.server.prune.days);
  EXPECT_TRUE(parsed.server.prune.dry_run);
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"canary"},
                                             {"canary", "dance"},
                                             {"canary", "start", "orders:prod"},
                                             {"canary", "watch"},
                                             {"canary", "watch", "a:b", "--interval", "0"},
                                             {"prune", "orders", "--keep", "-1"}}) {
    EXPECT_EQ(parse(words).verb, Verb::None);
    EXPECT_EQ(parse(words).exit_code, 2);
  }
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
  std::ofstream(path) << "port = 4002\nprot = 4003\n";
  EXPECT_EQ(parse({"--config", path}).exit_code, 2);
  std::ofstream(path) << "[section]\nport = 4002\n";
  EXPECT_EQ(parse({"--config", path}).exit_code, 2);
}

}  // namespace
}  // namespace aviary::app
