#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "execution/environment_variables.hpp"
#include "execution/image_settings.hpp"

namespace aviary::execution {
namespace {

using ::testing::ElementsAre;

lambda::Configuration with(const Json& image_config) {
  lambda::Configuration configuration;
  configuration.package_type = "Image";
  configuration.recorded["ImageConfigResponse"] = {{"ImageConfig", image_config}};
  return configuration;
}

TEST(ImageSettingsOf, ImageConfigTakesThePlaceOfEach) {
  const ImageSettings image{{"/entry"}, {"app.handler"}, "/srv", {}};
  EXPECT_EQ(overridden(image, lambda::Configuration{}), image);
  EXPECT_EQ(overridden(image, with({{"EntryPoint", Json::array()}, {"Command", Json::array()}})), image);
  const ImageSettings changed =
      overridden(image, with({{"Command", {"a", "b"}}, {"WorkingDirectory", "/x"}}));
  EXPECT_THAT(changed.entry_point, ElementsAre("/entry"));
  EXPECT_THAT(arguments_of(changed), ElementsAre("/entry", "a", "b"));
  EXPECT_EQ(changed.working_directory, "/x");
  EXPECT_EQ(program_of(overridden(image, with({{"EntryPoint", {"/other"}}}))), "/other");
  EXPECT_THAT(arguments_of({}), ElementsAre("")) << "something whose absence can be told";
}

TEST(ImageSettingsOf, ProgramsAreLookedForInPath) {
  EXPECT_THAT(program_places("/run", {}), ElementsAre("/run"));
  EXPECT_THAT(program_places("./run", {{"PATH", "/a"}}), ElementsAre("./run"));
  EXPECT_THAT(program_places("run", {{"PATH", "/a::/b"}}), ElementsAre("/a/run", "/b/run"));
  EXPECT_EQ(program_places("run", {}).front(), "/usr/local/sbin/run");
}

TEST(ImageVariables, LambdasOverTheImagesUnderTheFunctions) {
  auto configuration = std::make_shared<lambda::Configuration>();
  configuration->package_type = "Image";
  configuration->environment = {{"MINE", "function"}, {"AWS_REGION", "never"}};
  lambda::Version version{};
  version.scope = {"123456789012", "eu-west-1"};
  version.function_name = "f";
  version.number = "3";
  version.configuration = configuration;
  const Variables of_image{
      {"PATH", "/bin"}, {"MINE", "image"}, {"AWS_REGION", "image"}, {"LAMBDA_TASK_ROOT", "/app"}};
  const VariableContext context{"127.0.0.1:9", "/group", "stream", "http://127.0.0.1:4566"};
  const Variables variables = image_variables(version, of_image, "app.handler", context);
  const auto value = [&variables](std::string_view name) {
    for (const auto& [key, text] : variables)
      if (key == name) return text;
    return std::string("-");
  };
  EXPECT_EQ(value("PATH"), "/bin");
  EXPECT_EQ(value("MINE"), "function");
  EXPECT_EQ(value("AWS_REGION"), "eu-west-1");
  EXPECT_EQ(value("LAMBDA_TASK_ROOT"), "/app");
  EXPECT_EQ(value("LAMBDA_RUNTIME_DIR"), "/var/runtime");
  EXPECT_EQ(value("_HANDLER"), "app.handler");
  EXPECT_EQ(value("AWS_LAMBDA_RUNTIME_API"), "127.0.0.1:9");
  EXPECT_EQ(value("AWS_LAMBDA_FUNCTION_VERSION"), "3");
  EXPECT_EQ(value("AWS_EXECUTION_ENV"), "-");
  EXPECT_EQ(value("_LAMBDA_TELEMETRY_LOG_FD"), "-");
}

}  // namespace
}  // namespace aviary::execution
