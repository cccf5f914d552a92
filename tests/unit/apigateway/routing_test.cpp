#include "services/apigateway/core/routing.hpp"

#include <gtest/gtest.h>

namespace aviary::apigateway {
namespace {

std::string chosen(const std::vector<std::string>& keys, std::string_view method, std::string_view path) {
  const std::optional<RouteChoice> choice = choose_route(keys, method, path);
  return choice ? keys[choice->index] : "none";
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
TEST(Routes, ChoosesAsTheDeveloperGuideSays) {
  const std::vector<std::string> keys{"GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}",
                                      "ANY /{proxy+}", "$default"};
  EXPECT_EQ(chosen(keys, "GET", "/pets/dog/1"), "GET /pets/dog/1");
  EXPECT_EQ(chosen(keys, "GET", "/pets/dog/2"), "GET /pets/dog/{id}");
  EXPECT_EQ(chosen(keys, "GET", "/pets/cat/1"), "GET /pets/{proxy+}");
  EXPECT_EQ(chosen(keys, "POST", "/test/5"), "ANY /{proxy+}");
  EXPECT_EQ(chosen(keys, "GET", "/"), "$default");
}

TEST(Routes, AMethodComesBeforeAnyAndNoneIsNone) {
  EXPECT_EQ(chosen({"ANY /a", "GET /a"}, "GET", "/a"), "GET /a");
  EXPECT_EQ(chosen({"ANY /a", "GET /a"}, "PUT", "/a"), "ANY /a");
  EXPECT_EQ(chosen({"GET /a"}, "PUT", "/a"), "none");
  EXPECT_EQ(chosen({"GET /a"}, "GET", "/a/b"), "none");
}

TEST(Routes, ParametersAreDecoded) {
  const auto match = match_path("/items/{id}/{rest+}", "/items/a%20b/c/d%2Fe");
  ASSERT_TRUE(match);
  EXPECT_EQ(match->parameters[0], (std::pair<std::string, std::string>("id", "a b")));
  EXPECT_EQ(match->parameters[1], (std::pair<std::string, std::string>("rest", "c/d/e")));
}

TEST(IntegrationUris, NameAFunctionInEitherForm) {
  const std::string arn = "arn:aws:lambda:us-east-1:123456789012:function:f:prod";
  EXPECT_EQ(function_in_uri(arn), arn);
  EXPECT_EQ(function_in_uri("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + arn +
                            "/invocations"),
            arn);
  EXPECT_EQ(function_in_uri("https://example.com"), "");
  EXPECT_EQ(function_in_uri("arn:aws:sqs:us-east-1:123456789012:q"), "");
  EXPECT_EQ(with_stage_variables("f:${stageVariables.alias}!${stageVariables.none}", {{"alias", "prod"}}),
            "f:prod!");
}

}  // namespace
}  // namespace aviary::apigateway
