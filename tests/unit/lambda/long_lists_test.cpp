#include <set>

#include "service_fixture.hpp"

/// Lists of an account that has very many functions.
namespace aviary::lambda {
namespace {

constexpr std::size_t functions = 10'000;

class LongLists : public ServiceFixture {
 protected:
  /// Every page that follows from the first, and what is in them: each item once, 50 a page.
  std::size_t pages(std::string_view operation, Json input, const char* member, const char* id) {
    std::set<std::string> seen;
    std::size_t count = 0;
    for (;;) {
      const Json page = answer(operation, input);
      ++count;
      for (const Json& one : page[member])
        EXPECT_TRUE(seen.insert(one[id].get<std::string>()).second) << "twice";
      items = seen.size();
      if (!page.contains("NextMarker")) return count;
      EXPECT_EQ(page[member].size(), 50U);
      input["Marker"] = page["NextMarker"];
      if (count > functions) return count;
    }
  }
  std::size_t items = 0;
};

TEST_F(LongLists, HavePagesOfFifty) {
  for (std::size_t i = 0; i < functions; ++i) answer("CreateFunction", new_function("f" + std::to_string(i)));
  EXPECT_EQ(pages("ListFunctions", Json::object(), "Functions", "FunctionName"), 200U);
  EXPECT_EQ(items, functions);
  EXPECT_EQ(pages("ListFunctions", {{"MaxItems", 10000}}, "Functions", "FunctionName"), 200U)
      << "more than 50 are never given";
  answer("PublishVersion", {{"FunctionName", "f77"}});
  EXPECT_EQ(pages("ListFunctions", {{"FunctionVersion", "ALL"}}, "Functions", "FunctionArn"), 201U);
  EXPECT_EQ(items, functions + 1);
  // What a page ended with may be gone by the next.
  const Json first = answer("ListFunctions", Json::object());
  const std::string last = first["Functions"].back()["FunctionName"];
  answer("DeleteFunction", {{"FunctionName", last}});
  const Json second = answer("ListFunctions", {{"Marker", first["NextMarker"]}});
  EXPECT_GT(second["Functions"].front()["FunctionName"].get<std::string>(), last);
  EXPECT_EQ(second["Functions"].size(), 50U);
}

TEST_F(LongLists, OfWhatAFunctionHasToo) {
  answer("CreateFunction", new_function("f"));
  for (int i = 0; i < 120; ++i) {
    const std::string name = "a" + std::to_string(i);
    answer("CreateAlias", {{"FunctionName", "f"}, {"Name", name}, {"FunctionVersion", "$LATEST"}});
    answer("PutFunctionEventInvokeConfig",
           {{"FunctionName", "f"}, {"Qualifier", name}, {"MaximumRetryAttempts", 1}});
    answer("CreateFunctionUrlConfig", {{"FunctionName", "f"}, {"Qualifier", name}, {"AuthType", "NONE"}});
    answer("PublishLayerVersion", {{"LayerName", name}, {"Content", {{"ZipFile", "PK layer"}}}});
    answer("PublishLayerVersion", {{"LayerName", "many"}, {"Content", {{"ZipFile", "PK layer"}}}});
    answer("CreateCodeSigningConfig", {{"AllowedPublishers", {{"SigningProfileVersionArns", {"arn"}}}}});
  }
  const Json of_f{{"FunctionName", "f"}};
  EXPECT_EQ(pages("ListAliases", of_f, "Aliases", "Name"), 3U);
  EXPECT_EQ(items, 120U);
  EXPECT_EQ(pages("ListFunctionEventInvokeConfigs", of_f, "FunctionEventInvokeConfigs", "FunctionArn"), 3U);
  EXPECT_EQ(items, 120U);
  EXPECT_EQ(pages("ListFunctionUrlConfigs", of_f, "FunctionUrlConfigs", "FunctionArn"), 3U);
  EXPECT_EQ(items, 120U);
  EXPECT_EQ(pages("ListLayers", Json::object(), "Layers", "LayerName"), 3U);
  EXPECT_EQ(items, 121U);
  EXPECT_EQ(pages("ListLayerVersions", {{"LayerName", "many"}}, "LayerVersions", "LayerVersionArn"), 3U);
  EXPECT_EQ(items, 120U);
  EXPECT_EQ(pages("ListCodeSigningConfigs", Json::object(), "CodeSigningConfigs", "CodeSigningConfigArn"),
            3U);
  EXPECT_EQ(items, 120U);
}

}  // namespace
}  // namespace aviary::lambda
