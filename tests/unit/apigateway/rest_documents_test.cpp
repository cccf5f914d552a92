#include <gtest/gtest.h>

#include "services/apigateway/core/json_path.hpp"
#include "services/apigateway/core/json_schema.hpp"
#include "services/apigateway/core/openapi.hpp"
#include "services/apigateway/core/parameter_mapping.hpp"
#include "services/apigateway/core/patch.hpp"
#include "services/apigateway/core/routing.hpp"

namespace aviary::apigateway {
namespace {

constexpr PatchRule rules[] = {{"/name"},
                               {"/timeout", PatchKind::Integer},
                               {"/on", PatchKind::Flag},
                               {"/variables/*"},
                               {"/types/*", PatchKind::List}};

Json patched(Json document, const char* operations) {
  const std::string problem = apply_patch(document, Json::parse(operations), rules);
  return problem.empty() ? document : Json(problem);
}

TEST(Patches, ChangeWhatTheRulesName) {
  EXPECT_EQ(patched({{"name", "a"}}, R"([{"op": "replace", "path": "/name", "value": "b"},
                                          {"op": "replace", "path": "/timeout", "value": "7"},
                                          {"op": "replace", "path": "/on", "value": "true"}])"),
            Json({{"name", "b"}, {"timeout", 7}, {"on", true}}));
  EXPECT_EQ(patched({{"types", {"x"}}}, R"([{"op": "add", "path": "/types/image~1png"},
                                             {"op": "remove", "path": "/types/x"}])"),
            Json({{"types", {"image/png"}}}));
  EXPECT_EQ(
      patched({{"variables", {{"a", "1"}}}}, R"([{"op": "replace", "path": "/variables/b", "value": "2"},
                                                        {"op": "remove", "path": "/variables/a"}])"),
      Json({{"variables", {{"b", "2"}}}}));
  EXPECT_EQ(patched({{"variables", {{"a", "1"}}}}, R"([{"op": "remove", "path": "/variables"}])"),
            Json::object());
}

TEST(Patches, RefuseTheRest) {
  EXPECT_NE(patched(Json::object(), R"([{"op": "replace", "path": "/other", "value": "b"}])")
                .get<std::string>()
                .find("Invalid patch path  '/other' specified for op 'replace'. Must be one of: [/name,"),
            std::string::npos);
  EXPECT_TRUE(
      patched(Json::object(), R"([{"op": "replace", "path": "/timeout", "value": "x"}])").is_string());
  EXPECT_TRUE(patched(Json::object(), R"([{"op": "test", "path": "/name"}])").is_string());
  EXPECT_TRUE(patched(Json::object(), R"([{"op": "replace", "path": "", "value": "x"}])").is_string());
}

TEST(JsonPaths, FindOneOrMany) {
  const OrderedJson document = OrderedJson::parse(R"({"a": [{"b": 1}, {"b": 2}], "c d": 3})");
  EXPECT_EQ(find_by_path(document, "$.a[1].b"), OrderedJson(2));
  EXPECT_EQ(find_by_path(document, "$['c d']"), OrderedJson(3));
  EXPECT_EQ(find_by_path(document, "$.a[*].b"), OrderedJson::parse("[1, 2]"));
  EXPECT_EQ(find_by_path(document, "$..b"), OrderedJson::parse("[1, 2]"));
  EXPECT_EQ(find_by_path(document, "$.a[-1].b"), OrderedJson(2));
  for (const char* none : {"$.x", "a", "$[", "$.a[?(@.b)]", "$.a[9]", "$."})
    EXPECT_EQ(find_by_path(document, none), std::nullopt) << none;
}

std::string fits(const char* schema, const char* document) {
  return schema_problem(Json::parse(schema), Json::parse(document), {{"Pet", {{"type", "string"}}}});
}

TEST(Schemas, SayWhatDoesNotFit) {
  constexpr const char* person = R"({"type": "object", "required": ["name"], "additionalProperties": false,
    "properties": {"name": {"type": "string", "minLength": 2}, "age": {"type": "integer", "minimum": 0},
                   "pet": {"$ref": "https://apigateway.amazonaws.com/restapis/x/models/Pet"}}})";
  EXPECT_EQ(fits(person, R"({"name": "Jo", "age": 7, "pet": "Rex"})"), "");
  for (const char* bad :
       {"[]", "{}", R"({"name": "J"})", R"({"name": "Jo", "age": 1.5})", R"({"name": "Jo", "x": 1})",
        R"({"name": "Jo", "age": -1})", R"({"name": "Jo", "pet": 1})"})
    EXPECT_NE(fits(person, bad), "") << bad;
  EXPECT_NE(fits(R"({"$ref": "#"})", "1"), "");
  EXPECT_EQ(fits(R"({"oneOf": [{"type": "string"}, {"enum": [1]}]})", "1"), "");
  EXPECT_NE(fits(R"({"items": {"type": "string"}, "uniqueItems": true})", R"(["a", "a"])"), "");
}

TEST(Schemas, EndAlsoWhenTheyBranchWithoutEnd) {
  EXPECT_NE(fits(R"({"anyOf": [{"$ref": "#"}, {"$ref": "#"}, {"$ref": "#"}]})", "1"), "");
}

TEST(Mappings, ReadRequestAndAnswer) {
  TemplateInput input;
  input.body = R"({"a": {"b": 1}})";
  input.params = {{"path", {{"id", "7"}}}, {"querystring", {{"q", "x"}}}, {"header", {{"X-A", "1"}}}};
  input.context = {{"authorizer", {{"principalId", "me"}}}};
  input.stage_variables = {{"color", "blue"}};
  EXPECT_EQ(mapped_value("'*'", input), "*");
  EXPECT_EQ(mapped_value("method.request.header.x-a", input), "1");
  EXPECT_EQ(mapped_value("method.request.body.a", input), R"({"b":1})");
  EXPECT_EQ(mapped_value("context.authorizer.principalId", input), "me");
  EXPECT_EQ(mapped_value("stageVariables.color", input), "blue");
  EXPECT_EQ(mapped_value("method.request.querystring.none", input), std::nullopt);
  EXPECT_EQ(mapped_value("integration.response.body.x", input), std::nullopt);
  const IntegrationAnswer answer{.headers = {{"ETag", "e"}}, .body = R"({"x": [true]})"};
  EXPECT_EQ(mapped_value("integration.response.body.x[0]", input, &answer), "true");
  EXPECT_EQ(mapped_value("integration.response.header.etag", input, &answer), "e");
}

TEST(OpenApi, BothVersionsSayTheSame) {
  const Json integration{{"type", "aws_proxy"},
                         {"httpMethod", "POST"},
                         {"uri", "arn:x"},
                         {"responses", {{"default", {{"statusCode", 200}}}}}};
  const ImportedApi second = read_openapi(
      {{"swagger", "2.0"},
       {"info", {{"title", "shop"}, {"version", 1.0}}},
       {"definitions", {{"Pet", {{"type", "object"}}}}},
       {"securityDefinitions",
        {{"auth",
          {{"type", "apiKey"},
           {"name", "Authorization"},
           {"in", "header"},
           {"x-amazon-apigateway-authtype", "custom"},
           {"x-amazon-apigateway-authorizer", {{"type", "token"}, {"authorizerUri", "arn:a"}}}}}}},
       {"paths",
        {{"/items/{id}",
          {{"post",
            {{"parameters",
              {{{"in", "path"}, {"name", "id"}, {"required", true}},
               {{"in", "body"}, {"schema", {{"$ref", "#/definitions/Pet"}}}}}},
             {"security", {{{"auth", Json::array()}}}},
             {"x-amazon-apigateway-integration", integration}}}}}}}});
  EXPECT_EQ(second.problem, "");
  const Json& method = second.methods["/items/{id}"]["POST"];
  EXPECT_EQ(method["authorizationType"], "CUSTOM");
  EXPECT_EQ(method["_authorizer"], "auth");
  EXPECT_EQ(method["requestModels"]["application/json"], "Pet");
  EXPECT_EQ(method["requestParameters"]["method.request.path.id"], true);
  EXPECT_EQ(method["methodIntegration"]["type"], "AWS_PROXY");
  EXPECT_EQ(method["methodIntegration"]["integrationResponses"]["200"]["statusCode"], "200");
  EXPECT_EQ(second.authorizers["auth"]["identitySource"], "method.request.header.Authorization");

  const ImportedApi third = read_openapi(
      {{"openapi", "3.0.1"},
       {"info", {{"title", "shop"}}},
       {"components", {{"schemas", {{"Pet", Json::object()}}}}},
       {"x-amazon-apigateway-binary-media-types", {"image/png"}},
       {"paths",
        {{"/",
          {{"x-amazon-apigateway-any-method",
            {{"requestBody",
              {{"content", {{"application/json", {{"schema", {{"$ref", "#/components/schemas/Pet"}}}}}}}}},
             {"x-amazon-apigateway-integration", integration}}}}}}}});
  EXPECT_EQ(third.methods["/"]["ANY"]["requestModels"]["application/json"], "Pet");
  EXPECT_EQ(third.api["binaryMediaTypes"], Json::array({"image/png"}));
}

TEST(Paths, AreResources) {
  EXPECT_EQ(resource_segments("/a/{b}/{c+}/"), (std::vector<std::string>{"a", "{b}", "{c+}"}));
  EXPECT_EQ(resource_segments("/"), std::vector<std::string>{});
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "/a";
  for (const std::string& bad : {std::string("//a"), std::string("/a b"), std::string("/{}"), deep})
    EXPECT_EQ(resource_segments(bad), std::nullopt) << bad;
}

TEST(OpenApi, RefusesWhatItIsNot) {
  EXPECT_NE(read_openapi(Json::array()).problem, "");
  EXPECT_NE(read_openapi({{"openapi", "2.0"}}).problem, "");
  EXPECT_NE(read_openapi({{"swagger", "2.0"}, {"paths", {{"items", Json::object()}}}}).problem, "");
  EXPECT_EQ(read_openapi({{"swagger", "2.0"}, {"info", 7}, {"paths", 7}}).problem, "");
}

}  // namespace
}  // namespace aviary::apigateway
