#include "services/apigateway/core/parameter_changes.hpp"

#include <gtest/gtest.h>

namespace aviary::apigateway {
namespace {

std::optional<std::string> value_of(std::string_view name) {
  if (name == "request.header.a") return "one";
  if (name == "request.path.id") return "7";
  if (name == "context.stage") return "prod";
  return std::nullopt;
}

TEST(ParameterMappings, TextsAreFilledIn) {
  EXPECT_TRUE(mapped_text("$request.header.a", value_of) == "one");
  EXPECT_TRUE(mapped_text("/items/${request.path.id}/${context.stage}", value_of) == "/items/7/prod");
  EXPECT_TRUE(mapped_text("/public/$request.path.id", value_of) == "/public/7");
  EXPECT_TRUE(mapped_text("costs 5$, $context.nothing!", value_of) == "costs 5$, !");
}

TEST(ParameterMappings, ChangeRequestsByWhatWasBeforeAllOfThem) {
  Changeable changed{.headers = {{"A", "one"}, {"B", "x"}}, .query = {{"q", "1"}, {"q", "2"}}};
  apply_changes({{"append:header.b", "$request.header.a"},
                 {"remove:header.a", "''"},
                 {"overwrite:querystring.q", "${context.stage}"},
                 {"append:querystring.r", "$request.header.none"},
                 {"overwrite:path", "/v/$request.path.id"}},
                value_of, changed);
  EXPECT_EQ(changed.headers, (NamedTexts{{"B", "x"}, {"b", "one"}}));
  EXPECT_EQ(changed.query, (NamedTexts{{"q", "prod"}}));
  EXPECT_TRUE(changed.path == "/v/7");
}

TEST(ParameterMappings, ChangeAnswersAndTheirStatus) {
  Changeable changed{.headers = {{"Server", "x"}}, .status = 500};
  apply_changes({{"overwrite:statuscode", "403"}, {"overwrite:header.server", "aviary"}}, value_of, changed);
  EXPECT_TRUE(changed.status == 403);
  EXPECT_EQ(changed.headers, (NamedTexts{{"server", "aviary"}}));
}

TEST(ParameterMappings, ThatMayNotBeAreToldByKeyOrValue) {
  const auto told = [](const char* key, const char* value, bool of_answer = false) {
    return changes_problem(Json{{key, value}}, of_answer);
  };
  EXPECT_TRUE(told("append:header.x", "'a'").empty());
  EXPECT_TRUE(told("remove:header.x", "''").empty());
  EXPECT_TRUE(told("overwrite:path", "$request.body.a").empty());
  EXPECT_TRUE(told("overwrite:statuscode", "404", true).empty());
  EXPECT_TRUE(
      told("append:header.Authorization", "a").find("Operations on header Authorization are restricted") !=
      std::string::npos);
  for (const char* name :
       {"overwrite:header.x-amzn-a", "remove:header.VIA", "append:header.Access-Control-A"})
    EXPECT_FALSE(told(name, "''").empty());
  for (const char* name :
       {"append:path", "remove:path", "set:header.a", "append:header.", "overwrite:statuscode"})
    EXPECT_FALSE(told(name, "a").empty());
  for (const char* value : {"$request.cookie.a", "$response.header.a", "$request.body..a", "${context.}"})
    EXPECT_FALSE(told("append:header.a", value).empty());
  EXPECT_FALSE(told("overwrite:querystring.a", "a", true).empty());
  EXPECT_FALSE(told("append:header.a", "$request.header.a", true).empty());
}

}  // namespace
}  // namespace aviary::apigateway
