#include <gmock/gmock.h>

#include "service_fixture.hpp"

namespace aviary::lambda {
namespace {

using ::testing::ElementsAre;

class Layers : public ServiceFixture {
 protected:
  static std::string layer(std::string_view rest, std::string_view account = "123456789012",
                           std::string_view region = "us-east-1") {
    return "arn:aws:lambda:" + std::string(region) + ":" + std::string(account) +
           ":layer:" + std::string(rest);
  }
  static Json new_layer(std::string name, Json more = Json::object()) {
    Json input{{"LayerName", std::move(name)}, {"Content", {{"ZipFile", "PK layer"}}}};
    input.update(more);
    return input;
  }
  std::string publish_layer(const std::string& name, const std::string& code = "PK layer", Extra extra = {}) {
    return answer("PublishLayerVersion", new_layer(name, {{"Content", {{"ZipFile", code}}}}),
                  std::move(extra))["LayerVersionArn"];
  }
  std::vector<std::uint64_t> numbers(Json input) {
    std::vector<std::uint64_t> found;
    const Json page = answer("ListLayerVersions", std::move(input));
    for (const Json& version : page["LayerVersions"]) found.push_back(version["Version"]);
    return found;
  }
  Json layers_of(const std::string& function) {
    return answer("GetFunctionConfiguration", {{"FunctionName", function}}).value("Layers", Json::array());
  }
  static Refusal gone() {
    return {"ResourceNotFoundException", 404, "The resource you requested does not exist."};
  }
  const Extra other_{.account = "111122223333"};
};

TEST_F(Layers, ArePublishedAsRecorded) {
  // test_layer_lifecycle, publish_result.
  const Json published =
      answer("PublishLayerVersion", new_layer("l", {{"Description", "d"},
                                                    {"LicenseInfo", "MIT"},
                                                    {"CompatibleRuntimes", {"python3.9"}},
                                                    {"CompatibleArchitectures", {"x86_64"}}}));
  const std::string digest = base64_encode(sha256("PK layer"));
  EXPECT_EQ(published,
            (Json{{"LayerArn", layer("l")},
                  {"LayerVersionArn", layer("l:1")},
                  {"Version", 1},
                  {"Description", "d"},
                  {"LicenseInfo", "MIT"},
                  {"CompatibleRuntimes", {"python3.9"}},
                  {"CompatibleArchitectures", {"x86_64"}},
                  {"CreatedDate", lambda_timestamp(clock_.now())},
                  {"Content",
                   {{"Location", "http://127.0.0.1:4566/_aviary/code/" + hex_encode(sha256("PK layer"))},
                    {"CodeSha256", digest},
                    {"CodeSize", 8}}}}));
  EXPECT_EQ(answer("GetLayerVersion", {{"LayerName", "l"}, {"VersionNumber", 1}}), published);
  EXPECT_EQ(answer("GetLayerVersion", {{"LayerName", layer("l")}, {"VersionNumber", 1}}), published);
  EXPECT_EQ(answer("GetLayerVersionByArn", {{"Arn", layer("l:1")}}), published);
}

TEST_F(Layers, ListsThatWereNotGivenAreNotShown) {
  // test_layer_s3_content (neither given), test_layer_exceptions / publish_empty_result (both given, empty).
  const Json neither = answer("PublishLayerVersion", new_layer("l"));
  EXPECT_FALSE(neither.contains("CompatibleRuntimes"));
  EXPECT_FALSE(neither.contains("CompatibleArchitectures"));
  EXPECT_FALSE(neither.contains("LicenseInfo"));
  EXPECT_EQ(neither["Description"], "");
  const Json empty = answer(
      "PublishLayerVersion",
      new_layer("l", {{"CompatibleRuntimes", Json::array()}, {"CompatibleArchitectures", Json::array()}}));
  EXPECT_EQ(empty["CompatibleRuntimes"], Json::array());
  EXPECT_EQ(empty["CompatibleArchitectures"], Json::array());
}

TEST_F(Layers, NumbersAreNeverUsedAgain) {
  // test_layer_lifecycle: also when all versions are gone.
  publish_layer("l");
  publish_layer("l");
  EXPECT_THAT(numbers({{"LayerName", "l"}}), ElementsAre(2, 1));
  answer("DeleteLayerVersion", {{"LayerName", "l"}, {"VersionNumber", 1}});
  answer("DeleteLayerVersion", {{"LayerName", layer("l")}, {"VersionNumber", 2}});
  EXPECT_THAT(numbers({{"LayerName", "l"}}), ElementsAre());
  EXPECT_EQ(answer("ListLayers", Json::object())["Layers"], Json::array());
  EXPECT_EQ(publish_layer("l"), layer("l:3"));
  EXPECT_EQ(refusal("GetLayerVersion", {{"LayerName", "l"}, {"VersionNumber", 1}}), gone());
}

TEST_F(Layers, LookingForNothing) {
  // test_layer_exceptions.
  publish_layer("l");
  const auto get = [&](std::string name, int number) {
    return refusal("GetLayerVersion", {{"LayerName", std::move(name)}, {"VersionNumber", number}});
  };
  EXPECT_EQ(get("none", 1), gone());
  EXPECT_EQ(get("l", 2), gone());
  for (const int number : {0, -1}) {
    EXPECT_EQ(get("l", number), invalid("Layer Version Cannot be less than 1"));
    EXPECT_EQ(refusal("DeleteLayerVersion", {{"LayerName", "l"}, {"VersionNumber", number}}),
              invalid("Layer Version Cannot be less than 1"));
  }
  for (const char* version : {"l:2", "l:0", "l:01", "none:1", "l:99999999999999999999"})
    EXPECT_EQ(refusal("GetLayerVersionByArn", {{"Arn", layer(version)}}), gone()) << version;
  EXPECT_EQ(refusal("GetLayerVersionByArn", {{"Arn", "arn:aws:lambda:::awslayer:AmazonLinux1803"}}), gone());
  EXPECT_EQ(refusal("GetLayerVersionByArn", {{"Arn", layer("l:1", "123456789012", "eu-west-1")}}), gone());
  EXPECT_THAT(numbers({{"LayerName", "none"}}), ElementsAre());
  EXPECT_TRUE(call("DeleteLayerVersion", {{"LayerName", "none"}, {"VersionNumber", 1}}));
  EXPECT_TRUE(call("DeleteLayerVersion", {{"LayerName", "l"}, {"VersionNumber", 2}}));
  EXPECT_EQ(answer("GetLayerVersion", {{"LayerName", "l"}, {"VersionNumber", 1}})["Version"], 1);
}

TEST_F(Layers, BadCodeIsRefusedAndCostsNoNumber) {
  const auto refused = [&](Json content) {
    return refusal("PublishLayerVersion", {{"LayerName", "l"}, {"Content", std::move(content)}});
  };
  EXPECT_EQ(refused({{"ZipFile", "no zip"}}),
            invalid("Could not unzip uploaded file. Please check your file, then try to upload again."));
  EXPECT_EQ(refused({{"ZipFile", ""}}), invalid("Uploaded file must be a non-empty zip"));
  EXPECT_EQ(
      refused({{"S3Bucket", "b"}, {"S3Key", "k"}}),
      invalid("Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified "
              "bucket does not exist"));
  codes_.unzipped_size = 262144001;
  EXPECT_EQ(refused({{"ZipFile", "PK"}}), invalid("Unzipped size must be smaller than 262144000 bytes"));
  codes_.unzipped_size = 0;
  EXPECT_EQ(publish_layer("l"), layer("l:1"));
}

/// A bucket with one object.
class OneObject final : public CodeSource {
 public:
  Task<Fetched> fetch(Scope caller, std::string bucket, std::string key, std::string version,
                      std::uint64_t most_bytes) override {
    if (most_bytes < size) co_return Fetched{.bytes = {}, .problem = Problem{"EntityTooLarge", "too large"}};
    asked = caller.account + " " + bucket + " " + key + " " + version;
    co_return Fetched{.bytes = "PK from S3", .problem = std::nullopt};
  }
  std::uint64_t size = 10;
  std::string asked;
};

TEST_F(Layers, CodeComesFromABucketAsWell) {
  OneObject bucket;
  LambdaService service(LambdaDependencies{.clock = clock_,
                                           .ids = ids_,
                                           .router = router_,
                                           .journal = journal_,
                                           .codes = codes_,
                                           .runner = runner_,
                                           .executor = loop_.get_executor(),
                                           .code_source = &bucket});
  wire::Request http;
  Call call{.operation = service.model().find_operation("PublishLayerVersion"),
            .account = "123456789012",
            .region = "us-east-1",
            .request_id = ids_.uuid(),
            .now = clock_.now(),
            .input = {{"LayerName", "l"},
                      {"Content", {{"S3Bucket", "b"}, {"S3Key", "k.zip"}, {"S3ObjectVersion", "v"}}}},
            .payload = {},
            .http = &http,
            .base_url = {}};
  Call larger = call;
  const Result<Reply> reply = testing::run_task(loop_, service.call(std::move(call)));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->output["Content"]["CodeSha256"], base64_encode(sha256("PK from S3")));
  EXPECT_EQ(bucket.asked, "123456789012 b k.zip v");
  // No package of that size unpacks to what is allowed: it is not even read.
  bucket.size = std::uint64_t{300} << 20;
  const Result<Reply> refused = testing::run_task(loop_, service.call(std::move(larger)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "Unzipped size must be smaller than 262144000 bytes");
  testing::run_task(loop_, service.stop());
}

TEST_F(Layers, ListsAreNarrowed) {
  const auto make = [&](std::string name, std::vector<std::string> runtimes,
                        std::vector<std::string> architectures) {
    answer("PublishLayerVersion", new_layer(std::move(name), {{"CompatibleRuntimes", runtimes},
                                                              {"CompatibleArchitectures", architectures}}));
  };
  make("a", {"python3.12"}, {"x86_64"});
  make("a", {"nodejs20.x"}, {"x86_64", "arm64"});
  make("b", {"python3.12", "python3.13"}, {"arm64"});
  answer("PublishLayerVersion", new_layer("c"));
  const auto listed = [&](Json filter) {
    std::vector<std::string> found;
    const Json page = answer("ListLayers", std::move(filter));
    for (const Json& each : page["Layers"]) {
      EXPECT_EQ(each["LayerArn"], layer(each["LayerName"].get<std::string>()));
      found.push_back(each["LatestMatchingVersion"]["LayerVersionArn"]);
    }
    return found;
  };
  EXPECT_THAT(listed(Json::object()), ElementsAre(layer("a:2"), layer("b:1"), layer("c:1")));
  EXPECT_THAT(listed({{"CompatibleRuntime", "python3.12"}}), ElementsAre(layer("a:1"), layer("b:1")));
  EXPECT_THAT(listed({{"CompatibleArchitecture", "arm64"}}), ElementsAre(layer("a:2"), layer("b:1")));
  EXPECT_THAT(listed({{"CompatibleRuntime", "python3.12"}, {"CompatibleArchitecture", "arm64"}}),
              ElementsAre(layer("b:1")));
  EXPECT_THAT(numbers({{"LayerName", "a"}, {"CompatibleRuntime", "nodejs20.x"}}), ElementsAre(2));
  EXPECT_THAT(numbers({{"LayerName", "a"}, {"CompatibleArchitecture", "x86_64"}}), ElementsAre(2, 1));
  const Json item = answer("ListLayerVersions", {{"LayerName", "b"}})["LayerVersions"][0];
  EXPECT_FALSE(item.contains("Content")) << "recorded: list_layer_versions_predelete";
  EXPECT_EQ(item["LayerVersionArn"], layer("b:1"));
}

TEST_F(Layers, ListsArePaged) {
  for (int i = 0; i < 5; ++i) publish_layer("many");
  for (char name = 'a'; name < 'f'; ++name) publish_layer(std::string(1, name));
  answer("DeleteLayerVersion", {{"LayerName", "b"}, {"VersionNumber", 1}});
  const auto pages = [&](std::string_view operation, Json input, const char* member) {
    std::vector<std::size_t> sizes;
    std::vector<std::string> seen;
    input["MaxItems"] = 2;
    for (int turn = 0; turn < 9; ++turn) {
      const Json page = answer(operation, input);
      sizes.push_back(page[member].size());
      for (const Json& each : page[member])
        seen.push_back(each.contains("LayerName") ? each["LayerName"].get<std::string>()
                                                  : each["Version"].dump());
      if (!page.contains("NextMarker")) break;
      input["Marker"] = page["NextMarker"];
    }
    return std::pair(sizes, seen);
  };
  EXPECT_EQ(
      pages("ListLayers", Json::object(), "Layers"),
      std::pair(std::vector<std::size_t>({2, 2, 1}), std::vector<std::string>({"a", "c", "d", "e", "many"})));
  EXPECT_EQ(
      pages("ListLayerVersions", {{"LayerName", "many"}}, "LayerVersions"),
      std::pair(std::vector<std::size_t>({2, 2, 1}), std::vector<std::string>({"5", "4", "3", "2", "1"})));
  EXPECT_EQ(refusal("ListLayers", {{"Marker", "nonsense"}}), invalid("Invalid marker."));
}

TEST_F(Layers, ADeletedVersionMayBeTheMarker) {
  for (int i = 0; i < 4; ++i) publish_layer("l");
  const Json page = answer("ListLayerVersions", {{"LayerName", "l"}, {"MaxItems", 2}});
  answer("DeleteLayerVersion", {{"LayerName", "l"}, {"VersionNumber", 3}});
  EXPECT_THAT(numbers({{"LayerName", "l"}, {"Marker", page["NextMarker"]}}), ElementsAre(2, 1));
}

TEST_F(Layers, FunctionsUseThemInOrder) {
  const std::string one = publish_layer("one", "PK 1");
  const std::string two = publish_layer("two", "PK two");
  const Json created = answer("CreateFunction", new_function("f", {{"Layers", {two, one}}}));
  const Json both{{{"Arn", two}, {"CodeSize", 6}}, {{"Arn", one}, {"CodeSize", 4}}};
  EXPECT_EQ(created["Layers"], both);
  EXPECT_EQ(layers_of("f"), both);
  EXPECT_EQ(invoke("f"), "$LATEST");
  const Function* function = service_->store().find({"123456789012", "us-east-1"}, "f", {clock_.now(), ids_});
  ASSERT_EQ(function->latest.version->layers.size(), 2U);
  EXPECT_EQ(function->latest.version->layers[0], codes_.open(base64_encode(sha256("PK two"))));
  EXPECT_EQ(function->latest.version->layers[1], codes_.open(base64_encode(sha256("PK 1"))));
  // Another member changed: they stay. An empty list: they go.
  answer("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Timeout", 5}});
  EXPECT_EQ(layers_of("f"), both);
  answer("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Layers", Json::array()}});
  EXPECT_EQ(layers_of("f"), Json::array());
}

TEST_F(Layers, WhatAFunctionMayNotUse) {
  // test_layer_function_exceptions, test_layer_function_quota_exception.
  for (int i = 0; i < 3; ++i) publish_layer("l");
  answer("CreateFunction", new_function("f"));
  const auto refused = [&](std::vector<std::string> layers) {
    const Refusal created = refusal("CreateFunction", new_function("new", {{"Layers", layers}}));
    const Refusal updated =
        refusal("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Layers", layers}});
    EXPECT_EQ(created, updated);
    return updated;
  };
  const std::string two_versions =
      "Two different versions of the same layer are not allowed to be referenced in the same function. ";
  EXPECT_EQ(
      refused({layer("l:1"), layer("l:2")}),
      invalid(two_versions + layer("l:1") + " and " + layer("l:2") + " are versions of the same layer."));
  EXPECT_EQ(
      refused({layer("l:1"), layer("l:2"), layer("l:3")}),
      invalid(two_versions + layer("l:1") + " and " + layer("l:2") + " are versions of the same layer."));
  EXPECT_EQ(
      refused({layer("l:1"), layer("l:1")}),
      invalid(two_versions + layer("l:1") + " and " + layer("l:1") + " are versions of the same layer."));
  EXPECT_EQ(refused({layer("none:1")}), invalid("Layer version " + layer("none:1") + " does not exist."));
  EXPECT_EQ(refused({layer("l:9")}), invalid("Layer version " + layer("l:9") + " does not exist."));
  EXPECT_EQ(refused({"arn:aws:lambda:::awslayer:AmazonLinux1803"}),
            invalid("Layer version arn:aws:lambda:::awslayer:AmazonLinux1803 does not exist."));
  EXPECT_EQ(refused({layer("l:1", "123456789012", "eu-west-1")}),
            invalid("Layers are not in the same region as the function. Layers are expected to be in region "
                    "us-east-1."));
  std::vector<std::string> six;
  for (char name = 'a'; name < 'g'; ++name) six.push_back(publish_layer(std::string(1, name)));
  EXPECT_EQ(refused(six), invalid("Cannot reference more than 5 layers."));
  EXPECT_EQ(layers_of("f"), Json::array());
  six.pop_back();
  answer("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Layers", six}});
  EXPECT_EQ(layers_of("f").size(), 5U);
}

TEST_F(Layers, TheLimitIsOnCodeAndLayersTogether) {
  codes_.unzipped_size = 100'000'000;
  const std::string one = publish_layer("one", "PK 1");
  const std::string two = publish_layer("two", "PK 2");
  codes_.unzipped_size = 62'144'001;
  const Refusal too_large = invalid("Unzipped size must be smaller than 262144000 bytes");
  EXPECT_EQ(refusal("CreateFunction", new_function("f", {{"Layers", {one, two}}})), too_large);
  answer("CreateFunction", new_function("f", {{"Layers", {one}}}));
  EXPECT_EQ(refusal("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Layers", {one, two}}}),
            too_large);
  codes_.unzipped_size = 62'144'000;
  answer("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", "PK smaller"}});
  answer("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Layers", {one, two}}});
  codes_.unzipped_size = 62'144'001;
  EXPECT_EQ(refusal("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", "PK larger"}}), too_large);
}

TEST_F(Layers, AVersionKeepsWhatItWasPublishedWith) {
  const std::string first = publish_layer("settings", "PK first");
  answer("CreateFunction", new_function("f", {{"Layers", {first}}, {"Publish", true}}));
  const std::string second = publish_layer("settings", "PK second");
  answer("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Layers", {second}}});
  EXPECT_EQ(answer("PublishVersion", {{"FunctionName", "f"}})["Version"], "2") << "the layers are part of it";
  const Json before = layers_of("f:1");
  answer("DeleteLayerVersion", {{"LayerName", "settings"}, {"VersionNumber", 1}});
  settle();
  // Recorded: get_fn_config_postdelete.
  EXPECT_EQ(layers_of("f:1"), before);
  EXPECT_NE(codes_.open(base64_encode(sha256("PK first"))), nullptr) << "version 1 needs it";
  EXPECT_EQ(refusal("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Layers", {first}}}),
            invalid("Layer version " + first + " does not exist."));
  restart();
  EXPECT_EQ(layers_of("f:1"), before);
  ASSERT_NE(codes_.open(base64_encode(sha256("PK first"))), nullptr);
  const Function* function = service_->store().find({"123456789012", "us-east-1"}, "f", {clock_.now(), ids_});
  EXPECT_EQ(function->versions.at(1).version->layers.at(0), codes_.open(base64_encode(sha256("PK first"))));
  // The last user goes, and the code with it.
  answer("DeleteFunction", {{"FunctionName", "f:1"}});
  settle();
  EXPECT_EQ(codes_.open(base64_encode(sha256("PK first"))), nullptr);
  EXPECT_NE(codes_.open(base64_encode(sha256("PK second"))), nullptr);
}

TEST_F(Layers, CodeThatNobodyUsesGoesWithItsVersion) {
  publish_layer("l", "PK mine");
  publish_layer("copy", "PK mine");
  EXPECT_EQ(codes_.size(), 1U) << "content-addressed";
  answer("DeleteLayerVersion", {{"LayerName", "l"}, {"VersionNumber", 1}});
  settle();
  EXPECT_EQ(codes_.size(), 1U);
  answer("DeleteLayerVersion", {{"LayerName", "copy"}, {"VersionNumber", 1}});
  settle();
  EXPECT_EQ(codes_.size(), 0U);
}

TEST_F(Layers, CountIntoTheAccountsCodeSize) {
  // test_account_settings_total_code_size: each version counts, also of the same bytes.
  const auto total = [&] {
    return answer("GetAccountSettings", Json::object())["AccountUsage"]["TotalCodeSize"].get<int>();
  };
  publish_layer("l");
  EXPECT_EQ(total(), 8);
  publish_layer("l");
  EXPECT_EQ(total(), 16);
  answer("DeleteLayerVersion", {{"LayerName", "l"}, {"VersionNumber", 1}});
  EXPECT_EQ(total(), 8);
}

TEST_F(Layers, ComeBackAfterARestart) {
  answer("PublishLayerVersion", new_layer("l", {{"Description", "ü"},
                                                {"LicenseInfo", "MIT"},
                                                {"CompatibleRuntimes", {"python3.12"}},
                                                {"CompatibleArchitectures", Json::array()}}));
  publish_layer("l", "PK 2");
  publish_layer("l", "PK 3");
  publish_layer("gone");
  answer("DeleteLayerVersion", {{"LayerName", "l"}, {"VersionNumber", 3}});
  answer("DeleteLayerVersion", {{"LayerName", "gone"}, {"VersionNumber", 1}});
  publish_layer("l", "PK other", other_);
  answer("AddLayerVersionPermission", {{"LayerName", "l"},
                                       {"VersionNumber", 2},
                                       {"StatementId", "s"},
                                       {"Action", "lambda:GetLayerVersion"},
                                       {"Principal", "111122223333"}});
  const auto everything = [&] {
    Json seen;
    seen["layers"] = answer("ListLayers", Json::object());
    seen["theirs"] = answer("ListLayers", Json::object(), other_);
    seen["versions"] = answer("ListLayerVersions", {{"LayerName", "l"}});
    seen["one"] = answer("GetLayerVersion", {{"LayerName", "l"}, {"VersionNumber", 1}});
    seen["two"] = answer("GetLayerVersion", {{"LayerName", "l"}, {"VersionNumber", 2}}, Extra{});
    seen["policy"] = answer("GetLayerVersionPolicy", {{"LayerName", "l"}, {"VersionNumber", 2}});
    return seen;
  };
  const Json before = everything();
  restart();
  EXPECT_EQ(everything(), before);
  EXPECT_EQ(publish_layer("l"), layer("l:4"));
  EXPECT_EQ(publish_layer("gone"), layer("gone:2"));
  service_->reset();
  EXPECT_EQ(answer("ListLayers", Json::object())["Layers"], Json::array());
}

TEST_F(Layers, OfAFunctionThatHoldsToSignaturesAreSigned) {
  const std::string stamp = "PK layer META-INF/aws_signer_signature_v1.0.SF";
  const std::string config =
      answer("CreateCodeSigningConfig",
             {{"AllowedPublishers", {{"SigningProfileVersionArns", {"arn"}}}},
              {"CodeSigningPolicies",
               {{"UntrustedArtifactOnDeployment", "Enforce"}}}})["CodeSigningConfig"]["CodeSigningConfigArn"];
  publish_layer("plain");
  publish_layer("stamped", stamp);
  publish_layer("late");
  answer("CreateFunction", new_function("f", {{"Layers", {layer("plain:1")}}}));
  answer("PutFunctionCodeSigningConfig", {{"FunctionName", "f"}, {"CodeSigningConfigArn", config}});
  restart();
  const auto with = [](const std::vector<std::string>& layers) {
    return Json{{"FunctionName", "f"}, {"Layers", layers}};
  };
  answer("UpdateFunctionConfiguration", with({layer("plain:1"), layer("stamped:1")}));
  const Json before = layers_of("f");
  const Refusal refused = refusal("UpdateFunctionConfiguration", with({layer("late:1")}));
  EXPECT_EQ(refused.code, "CodeVerificationFailedException");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(layers_of("f"), before);
  Json input = new_function("g", {{"Layers", {layer("plain:1")}}, {"CodeSigningConfigArn", config}});
  input["Code"] = {{"ZipFile", stamp}};
  EXPECT_EQ(refusal("CreateFunction", input).code, "CodeVerificationFailedException");
  input["Layers"] = {layer("stamped:1")};
  answer("CreateFunction", input);
  answer("UpdateCodeSigningConfig", {{"CodeSigningConfigArn", config},
                                     {"CodeSigningPolicies", {{"UntrustedArtifactOnDeployment", "Warn"}}}});
  answer("UpdateFunctionConfiguration", with({layer("late:1")}));
}

}  // namespace
}  // namespace aviary::lambda
