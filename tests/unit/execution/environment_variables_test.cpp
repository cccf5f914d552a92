#include "execution/environment_variables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace aviary::execution {
namespace {

std::map<std::string, std::string> variables(const std::string& runtime,
                                             std::map<std::string, std::string> user = {},
                                             const std::string& log_format = "Text",
                                             Variables from_catalog = {}) {
  auto configuration = std::make_shared<lambda::Configuration>();
  configuration->runtime = runtime;
  configuration->handler = "app.handler";
  configuration->memory_mb = 256;
  configuration->environment = std::move(user);
  configuration->log_format = log_format;
  lambda::Version version{};
  version.scope = {"111122223333", "eu-west-1"};
  version.function_name = "fun";
  version.number = "7";
  version.configuration = configuration;
  RuntimeCommand command;
  command.environment = std::move(from_catalog);
  std::map<std::string, std::string> all;
  for (auto& [name, value] : process_variables(
           version, command,
           {"127.0.0.1:9001", "/aws/lambda/fun", "2026/01/12/[7]0123", "http://127.0.0.1:4566"})) {
    EXPECT_TRUE(all.emplace(name, value).second) << name << " twice";
  }
  return all;
}

// Recorded from AWS on 2026-01-12 and 2026-02-18: the contract's table.
TEST(EnvironmentVariables, AreThoseOfAws) {
  const auto all = variables("python3.13");
  const std::map<std::string, std::string> expected{
      {"TZ", ":UTC"},
      {"LANG", "en_US.UTF-8"},
      {"PATH", "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"},
      {"LD_LIBRARY_PATH",
       "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"},
      {"LAMBDA_TASK_ROOT", "/var/task"},
      {"LAMBDA_RUNTIME_DIR", "/var/runtime"},
      {"AWS_LAMBDA_FUNCTION_NAME", "fun"},
      {"AWS_LAMBDA_FUNCTION_VERSION", "7"},
      {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"},
      {"AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/fun"},
      {"AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/12/[7]0123"},
      {"AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"},
      {"AWS_REGION", "eu-west-1"},
      {"AWS_DEFAULT_REGION", "eu-west-1"},
      {"AWS_ACCESS_KEY_ID", "111122223333"},
      {"AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"},
      {"AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"},
      {"AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1:2000"},
      {"_AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1"},
      {"_AWS_XRAY_DAEMON_PORT", "2000"},
      {"_HANDLER", "app.handler"},
      {"AWS_EXECUTION_ENV", "AWS_Lambda_python3.13"},
      {"_LAMBDA_TELEMETRY_LOG_FD", "62"},
      {"PYTHONPATH", "/var/runtime"},
      {"PWD", "/var/task"},
      {"SHLVL", "0"},
      {"AWS_ENDPOINT_URL", "http://127.0.0.1:4566"},
  };
  for (const auto& [name, value] : expected) {
    ASSERT_TRUE(all.contains(name)) << name;
    EXPECT_EQ(all.at(name), value) << name;
  }
  EXPECT_EQ(all.size(), expected.size() + 2) << "and the secret and the token of the role";
}

TEST(EnvironmentVariables, CustomRuntimesHaveNoExecutionEnvironment) {
  const auto al2023 = variables("provided.al2023");
  EXPECT_FALSE(al2023.contains("AWS_EXECUTION_ENV"));
  EXPECT_FALSE(al2023.contains("_LAMBDA_TELEMETRY_LOG_FD"));
  EXPECT_FALSE(al2023.contains("PWD"));
  EXPECT_EQ(al2023.at("PATH"), "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin");
  const auto al2 = variables("provided.al2");
  EXPECT_EQ(al2.at("PATH"), "/usr/local/bin:/usr/bin/:/bin:/opt/bin");
  EXPECT_EQ(al2.at("LD_LIBRARY_PATH"),
            "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib");
}

TEST(EnvironmentVariables, EachFamilyAddsItsOwn) {
  EXPECT_EQ(variables("nodejs20.x").at("NODE_PATH"),
            "/opt/nodejs/node20/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/"
            "runtime:/var/task");
  EXPECT_EQ(variables("nodejs18.x").at("NODE_EXTRA_CA_CERTS"), "/var/runtime/ca-cert.pem");
  EXPECT_FALSE(variables("nodejs20.x").contains("NODE_EXTRA_CA_CERTS"));
  EXPECT_EQ(variables("ruby3.3").at("GEM_PATH"),
            "/var/task/vendor/bundle/ruby/3.3.0:/opt/ruby/gems/3.3.0:/var/runtime:/var/runtime/ruby/3.3.0");
  EXPECT_EQ(variables("ruby3.3").at("PATH"),
            "/var/lang/bin:/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin");
  EXPECT_FALSE(variables("java21").contains("SHLVL"));
}

TEST(EnvironmentVariables, JsonLoggingIsToldToTheRuntime) {
  EXPECT_FALSE(variables("python3.13").contains("AWS_LAMBDA_LOG_FORMAT"));
  const auto json = variables("python3.13", {}, "JSON");
  EXPECT_EQ(json.at("AWS_LAMBDA_LOG_FORMAT"), "JSON");
  EXPECT_EQ(json.at("AWS_LAMBDA_LOG_LEVEL"), "INFO");
}

TEST(EnvironmentVariables, TheUsersWinOverAllButTheReserved) {
  const auto all = variables("python3.13",
                             {{"PATH", "/mine"},
                              {"TZ", "Europe/Berlin"},
                              {"COLOUR", "blue"},
                              {"AWS_ENDPOINT_URL", "http://other"},
                              {"PYTHONPATH", "/user"},
                              {"_HANDLER", "evil.handler"},
                              {"AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1"},
                              {"AWS_REGION", "mars-north-1"}},
                             "Text", {{"PYTHONPATH", "/catalog"}, {"EXTRA", "1"}});
  EXPECT_EQ(all.at("PATH"), "/mine");
  EXPECT_EQ(all.at("TZ"), "Europe/Berlin");
  EXPECT_EQ(all.at("COLOUR"), "blue");
  EXPECT_EQ(all.at("AWS_ENDPOINT_URL"), "http://other");
  EXPECT_EQ(all.at("PYTHONPATH"), "/user");
  EXPECT_EQ(all.at("EXTRA"), "1");
  EXPECT_EQ(all.at("_HANDLER"), "app.handler");
  EXPECT_EQ(all.at("AWS_LAMBDA_RUNTIME_API"), "127.0.0.1:9001");
  EXPECT_EQ(all.at("AWS_REGION"), "eu-west-1");
}

TEST(RuntimeLabel, IsWhatInitStartSays) {
  EXPECT_EQ(runtime_label("python3.13"), "python:3.13");
  EXPECT_EQ(runtime_label("nodejs20.x"), "nodejs:20");
  EXPECT_EQ(runtime_label("provided.al2023"), "provided:al2023");
  EXPECT_EQ(runtime_label("provided"), "provided");
  EXPECT_EQ(runtime_label("java21"), "java:21");
}

}  // namespace
}  // namespace aviary::execution
