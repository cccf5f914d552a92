#include <gmock/gmock.h>

#include "service_fixture.hpp"

namespace aviary::lambda {
namespace {

using Versions = ServiceFixture;
using Aliases = ServiceFixture;

TEST_F(Versions, APublishedVersionIsASnapshot) {
  // test_version_lifecycle.
  answer("CreateFunction", new_function("f", {{"Description", "No version :("}}));
  answer("UpdateFunctionConfiguration",
         {{"FunctionName", "f"}, {"Description", "First version :)"}, {"MemorySize", 256}});
  const Json first =
      answer("PublishVersion", {{"FunctionName", "f"}, {"Description", "First version description :)"}});
  EXPECT_EQ(first["Version"], "1");
  EXPECT_EQ(first["FunctionArn"], arn("f:1"));
  EXPECT_EQ(first["Description"], "First version description :)");
  EXPECT_EQ(first["State"], "Active");
  EXPECT_EQ(first["LastUpdateStatus"], "Successful");
  EXPECT_EQ(answer("GetFunctionConfiguration", {{"FunctionName", "f"}, {"Qualifier", "1"}}), first);

  answer("UpdateFunctionConfiguration",
         {{"FunctionName", "f"}, {"Description", "Second version :))"}, {"MemorySize", 512}});
  answer("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", "PK two"}});
  EXPECT_EQ(answer("GetFunctionConfiguration", {{"FunctionName", "f:1"}}), first);
  const Json second = answer("PublishVersion", {{"FunctionName", "f"}});
  EXPECT_EQ(second["Version"], "2");
  EXPECT_EQ(second["Description"], "Second version :))");
  EXPECT_EQ(answer("PublishVersion", {{"FunctionName", "f"}, {"Description", "ignored"}}), second)
      << "nothing changed";

  const Json list = answer("ListVersionsByFunction", {{"FunctionName", "f"}})["Versions"];
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0]["FunctionArn"], arn("f:$LATEST"));
  EXPECT_EQ(list[2]["FunctionArn"], arn("f:2"));
}

TEST_F(Versions, PublishingTellsTheLatestApart) {
  answer("CreateFunction", new_function("f"));
  const std::string before = answer("GetFunctionConfiguration", {{"FunctionName", "f"}})["RevisionId"];
  const Json published = answer("PublishVersion", {{"FunctionName", "f"}, {"RevisionId", before}});
  const std::string after = answer("GetFunctionConfiguration", {{"FunctionName", "f"}})["RevisionId"];
  EXPECT_NE(after, before);
  EXPECT_NE(after, published["RevisionId"]);
  EXPECT_EQ(refusal("PublishVersion", {{"FunctionName", "f"}, {"RevisionId", before}}), stale());
  const std::string digest = published["CodeSha256"];
  EXPECT_EQ(refusal("PublishVersion", {{"FunctionName", "f"}, {"CodeSha256", "somenonexistentsha256"}}),
            invalid("CodeSHA256 (somenonexistentsha256) is different from current CodeSHA256 in $LATEST (" +
                    digest + "). Please try again with the CodeSHA256 in $LATEST."));
  answer("PublishVersion", {{"FunctionName", "f"}, {"CodeSha256", digest}});
}

TEST_F(Versions, PublishingWithCreationOrUpdateWaitsWithIt) {
  // test_publish_version_on_create, test_publish_with_update.
  const Json created = answer("CreateFunction", new_function("f", {{"Publish", true}}));
  EXPECT_EQ(created["Version"], "1");
  EXPECT_EQ(created["FunctionArn"], arn("f"));
  EXPECT_EQ(created["State"], "Pending");
  EXPECT_FALSE(created.contains("LastUpdateStatus"));
  const Json version = answer("GetFunctionConfiguration", {{"FunctionName", "f:1"}});
  EXPECT_EQ(version["State"], "Active");
  EXPECT_EQ(version["LastUpdateStatus"], "Successful");
  EXPECT_NE(version["RevisionId"], created["RevisionId"]);
  EXPECT_EQ(answer("PublishVersion", {{"FunctionName", "f"}}), version) << "nothing changed since";

  start({.store = {.activation_delay = std::chrono::seconds(1)}});
  answer("CreateFunction", new_function("g"));
  clock_.advance(std::chrono::seconds(1));
  const Json updated =
      answer("UpdateFunctionCode", {{"FunctionName", "g"}, {"ZipFile", "PK two"}, {"Publish", true}});
  EXPECT_EQ(updated["Version"], "1");
  EXPECT_EQ(updated["FunctionArn"], arn("g:1"));
  EXPECT_EQ(updated["State"], "Pending");
  EXPECT_FALSE(updated.contains("LastUpdateStatus"));
  EXPECT_EQ(answer("GetFunctionConfiguration", {{"FunctionName", "g:$LATEST"}})["LastUpdateStatus"],
            "InProgress");
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(answer("GetFunctionConfiguration", {{"FunctionName", "g:1"}})["State"], "Active");
}

TEST_F(Versions, NumbersAreNeverUsedAgain) {
  publish("f", 3);
  answer("DeleteFunction", {{"FunctionName", "f"}, {"Qualifier", "3"}});
  EXPECT_EQ(refusal("GetFunction", {{"FunctionName", "f:3"}}), missing("f:3"));
  EXPECT_EQ(answer("PublishVersion", {{"FunctionName", "f"}})["Version"], "4")
      << "3 is gone, so there is something new";
  EXPECT_EQ(call("DeleteFunction", {{"FunctionName", "f"}, {"Qualifier", "99"}})->status, 0)
      << "no error: 204";
  EXPECT_EQ(refusal("DeleteFunction", {{"FunctionName", "f"}, {"Qualifier", "$LATEST"}}),
            invalid("$LATEST version cannot be deleted without deleting the function."));
  EXPECT_EQ(refusal("DeleteFunction", {{"FunctionName", "f:prod"}}),
            invalid("Deletion of aliases is not currently supported."));
  EXPECT_EQ(refusal("GetFunction", {{"FunctionName", "f:01"}}), missing("f:01"));
}

TEST_F(Versions, AVersionThatAnAliasNamesStays) {
  publish("f", 3);
  answer("CreateAlias", {{"FunctionName", "f"},
                         {"Name", "prod"},
                         {"FunctionVersion", "1"},
                         {"RoutingConfig", {{"AdditionalVersionWeights", {{"2", 0.1}}}}}});
  answer("CreateAlias", {{"FunctionName", "f"}, {"Name", "beta"}, {"FunctionVersion", "2"}});
  const auto refused = [&](const char* version) {
    return refusal("DeleteFunction", {{"FunctionName", "f"}, {"Qualifier", version}});
  };
  EXPECT_EQ(refused("1"),
            conflicting("Unable to delete version because the following aliases reference it: [prod]"));
  EXPECT_EQ(refused("2"),
            conflicting("Unable to delete version because the following aliases reference it: [beta, prod]"));
  EXPECT_EQ(refused("3").code, "none");
}

TEST_F(Versions, ListsPageByMarker) {
  publish("f", 120);
  std::vector<std::string> versions;
  Json input{{"FunctionName", "f"}, {"MaxItems", 10000}};
  for (int pages = 0; pages < 5; ++pages) {
    const Json page = answer("ListVersionsByFunction", input);
    EXPECT_LE(page["Versions"].size(), 50U) << "AWS's own bound";
    for (const Json& version : page["Versions"]) versions.push_back(version["Version"]);
    if (!page.contains("NextMarker")) break;
    input["Marker"] = page["NextMarker"];
  }
  ASSERT_EQ(versions.size(), 121U);
  EXPECT_EQ(versions[0], "$LATEST");
  for (int i = 1; i <= 120; ++i) EXPECT_EQ(versions[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_F(Aliases, TheStoryOfTheArticle) {
  publish("payment-processor", 6);
  answer("CreateAlias", {{"FunctionName", "payment-processor"}, {"Name", "prod"}, {"FunctionVersion", "5"}});
  const Json target{{"FunctionName", "payment-processor"}, {"Name", "prod"}};
  const auto update = [&](Json more) {
    Json input = target;
    input.update(more);
    return answer("UpdateAlias", input);
  };
  EXPECT_FALSE(answer("GetAlias", target).contains("RoutingConfig"));
  EXPECT_EQ(update({{"FunctionVersion", "5"},
                    {"RoutingConfig", {{"AdditionalVersionWeights", {{"6", 0.1}}}}}})["RoutingConfig"],
            (Json{{"AdditionalVersionWeights", {{"6", 0.1}}}}));
  // The article's own spelling, over plain REST.
  const Json half = update({{"FunctionVersion", "5"},
                            {"RoutingConfig", {{"AdditionalVersionWeight", 0.5}, {"FunctionVersion", "6"}}}});
  EXPECT_EQ(half["RoutingConfig"], (Json{{"AdditionalVersionWeights", {{"6", 0.5}}}}));
  // A change of the description alone leaves the weights; promotion and roll-back clear them.
  EXPECT_EQ(update({{"Description", "half way"}})["RoutingConfig"], half["RoutingConfig"]);
  const Json promoted = update({{"FunctionVersion", "6"}});
  EXPECT_EQ(promoted["FunctionVersion"], "6");
  EXPECT_EQ(promoted["Description"], "half way");
  EXPECT_FALSE(promoted.contains("RoutingConfig"));
  EXPECT_EQ(invoke("payment-processor:prod"), "6");
  update({{"FunctionVersion", "5"}, {"RoutingConfig", {{"AdditionalVersionWeights", {{"6", 0.1}}}}}});
  EXPECT_FALSE(
      update({{"RoutingConfig", {{"AdditionalVersionWeights", Json::object()}}}}).contains("RoutingConfig"));
}

TEST_F(Aliases, AnOmittedRoutingConfigMayBeKept) {
  start({.store = {.keep_omitted_routing = true}});
  publish("f", 3);
  answer("CreateAlias", {{"FunctionName", "f"},
                         {"Name", "prod"},
                         {"FunctionVersion", "1"},
                         {"RoutingConfig", {{"AdditionalVersionWeights", {{"2", 0.1}}}}}});
  const Json kept =
      answer("UpdateAlias", {{"FunctionName", "f"}, {"Name", "prod"}, {"FunctionVersion", "3"}});
  EXPECT_EQ(kept["RoutingConfig"], (Json{{"AdditionalVersionWeights", {{"2", 0.1}}}}));
  EXPECT_EQ(
      refusal("UpdateAlias", {{"FunctionName", "f"}, {"Name", "prod"}, {"FunctionVersion", "2"}}).status,
      400);
}

TEST_F(Aliases, RefusalsAreThoseRecorded) {
  // test_notfound_and_invalid_routingconfigs.
  publish("f", 2);
  const auto create = [&](const char* version, Json weights, const char* function = "f",
                          const char* name = "custom") {
    return refusal("CreateAlias", {{"FunctionName", function},
                                   {"Name", name},
                                   {"FunctionVersion", version},
                                   {"RoutingConfig", {{"AdditionalVersionWeights", std::move(weights)}}}});
  };
  // Half of the short form.
  EXPECT_EQ(refusal("CreateAlias", {{"FunctionName", "f"},
                                    {"Name", "half"},
                                    {"FunctionVersion", "1"},
                                    {"RoutingConfig", {{"FunctionVersion", "2"}}}}),
            invalid("RoutingConfig has a FunctionVersion, but no AdditionalVersionWeight."));
  EXPECT_EQ(create("1", {{"1", 0.8}, {"2", 0.2}}),
            invalid("Number of items in AdditionalVersionWeights cannot be greater than 1"));
  EXPECT_EQ(
      create("1", {{"1", 0.5}}),
      invalid(
          "Invalid function version 1. Function version 1 is already included in routing configuration."));
  EXPECT_EQ(create("10", {{"2", 0.5}}), missing("f:10"));
  EXPECT_EQ(create("1", {{"10", 0.5}}), missing("f:10"));
  EXPECT_EQ(create("1", {{"2", 0.5}}, "f-unknown"), missing("f-unknown:1"));
  EXPECT_EQ(create("$LATEST", {{"1", 0.5}}),
            invalid("$LATEST is not supported for an alias pointing to more than 1 version"));
  EXPECT_TRUE(last_error_->omit_type);
  EXPECT_EQ(create("1", {{"2", 0.5}}).code, "none");
  EXPECT_EQ(create("1", {{"2", 0.5}}), conflicting("Alias already exists: " + arn("f:custom")));

  const Json unknown{{"FunctionName", "f"}, {"Name", "non-existent"}};
  EXPECT_EQ(refusal("GetAlias", unknown).message, "Cannot find alias arn: " + arn("f:non-existent"));
  EXPECT_EQ(refusal("UpdateAlias", unknown).message, "Alias not found: " + arn("f:non-existent"));
  EXPECT_EQ(refusal("UpdateAlias", {{"FunctionName", "f"}, {"Name", "custom"}, {"RevisionId", "wrong"}}),
            stale());
  EXPECT_EQ(refusal("DeleteAlias", unknown).code, "none") << "recorded: 204";
}

TEST_F(Aliases, EachUpdateGivesANewRevisionAndGuardsIt) {
  publish("f", 1);
  const std::string first =
      answer("CreateAlias", {{"FunctionName", "f"}, {"Name", "a"}, {"FunctionVersion", "1"}})["RevisionId"];
  EXPECT_EQ(answer("GetAlias", {{"FunctionName", "f"}, {"Name", "a"}})["RevisionId"], first);
  const std::string second =
      answer("UpdateAlias", {{"FunctionName", "f"}, {"Name", "a"}, {"RevisionId", first}})["RevisionId"];
  EXPECT_NE(second, first);
  EXPECT_EQ(refusal("UpdateAlias", {{"FunctionName", "f"}, {"Name", "a"}, {"RevisionId", first}}), stale());
}

TEST_F(Aliases, ListsFilterAndPage) {
  publish("f", 2);
  for (const char* name : {"a", "b", "c", "d"}) {
    answer("CreateAlias",
           {{"FunctionName", "f"}, {"Name", name}, {"FunctionVersion", *name < 'c' ? "1" : "2"}});
  }
  const Json page = answer("ListAliases", {{"FunctionName", "f"}, {"MaxItems", 3}});
  EXPECT_EQ(page["Aliases"].size(), 3U);
  const Json rest =
      answer("ListAliases", {{"FunctionName", "f"}, {"MaxItems", 3}, {"Marker", page["NextMarker"]}});
  ASSERT_EQ(rest["Aliases"].size(), 1U);
  EXPECT_EQ(rest["Aliases"][0]["Name"], "d");
  EXPECT_FALSE(rest.contains("NextMarker"));
  const Json second = answer("ListAliases", {{"FunctionName", "f"}, {"FunctionVersion", "2"}});
  ASSERT_EQ(second["Aliases"].size(), 2U);
  EXPECT_EQ(second["Aliases"][0]["Name"], "c");
  EXPECT_EQ(answer("GetFunction", {{"FunctionName", "f:a"}})["Configuration"]["FunctionArn"], arn("f:a"));
  EXPECT_EQ(answer("GetFunction", {{"FunctionName", "f:a"}})["Configuration"]["Version"], "1");
}

}  // namespace
}  // namespace aviary::lambda
