#include "wire/router.hpp"

#include <gtest/gtest.h>

#include <string>

#include "requests.hpp"

namespace aviary::wire {
namespace {

using models::Operation;

std::string route(std::string_view method, std::string_view target) {
  const Request request{.method = method, .target = target, .headers = {}, .body = {}};
  const Result<Match> match = rest_json().route(models::lambda::service, request);
  if (!match) return std::string(match.error().shape->code);
  std::string text(match->operation->name);
  for (const auto& [name, value] : match->labels) text += " " + std::string(name) + "=" + value;
  return text;
}

/// A path that the operation's URI stands for, with a value in each label.
std::string example_path(const Operation& operation) {
  std::string path;
  for (std::size_t i = 0; i < operation.uri.size(); ++i) {
    if (operation.uri[i] != '{') {
      path += operation.uri[i];
      continue;
    }
    const std::size_t end = operation.uri.find('}', i);
    path += "value";
    i = end;
  }
  for (std::size_t i = 0; i < operation.required_query.size(); ++i)
    path += (i == 0 ? "?" : "&") + std::string(operation.required_query[i]);
  return path;
}

TEST(Router, KnowsEveryOperationOfLambda) {
  for (const Operation& operation : models::lambda::service.operations) {
    const std::string path = example_path(operation);
    const std::string routed = route(operation.method, path);
    EXPECT_EQ(routed.substr(0, routed.find(' ')), operation.name) << path;
    if (operation.required_query.empty()) {
      const std::string slashed = route(operation.method, path + "/");
      EXPECT_EQ(slashed.substr(0, slashed.find(' ')), operation.name) << path << "/";
    }
  }
}

TEST(Router, LiteralBeatsLabelAndRequiredQueryBeatsNone) {
  EXPECT_EQ(route("GET", "/2019-09-30/functions/f/provisioned-concurrency?List=ALL&MaxItems=3"),
            "ListProvisionedConcurrencyConfigs FunctionName=f");
  EXPECT_EQ(route("GET", "/2019-09-30/functions/f/provisioned-concurrency?Qualifier=1"),
            "GetProvisionedConcurrencyConfig FunctionName=f");
  EXPECT_EQ(route("GET", "/2019-09-30/functions/f/provisioned-concurrency?List=SOME"),
            "GetProvisionedConcurrencyConfig FunctionName=f");
  EXPECT_EQ(route("GET", "/2018-10-31/layers?find=LayerVersion&Arn=x"), "GetLayerVersionByArn");
  EXPECT_EQ(route("GET", "/2018-10-31/layers?MaxItems=1"), "ListLayers");
  EXPECT_EQ(route("GET", "/2019-09-25/functions/f/event-invoke-config/list"),
            "ListFunctionEventInvokeConfigs FunctionName=f");
}

TEST(Router, DecodesLabelsAsClientsEncodeThem) {
  const std::string arn = "arn:aws:lambda:us-east-1:123456789012:function:f:prod";
  EXPECT_EQ(route("GET", "/2015-03-31/functions/" + arn), "GetFunction FunctionName=" + arn);
  EXPECT_EQ(
      route("GET",
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af%3Aprod"),
      "GetFunction FunctionName=" + arn);
  EXPECT_EQ(route("GET", "/2017-03-31/tags/a%2Fb"), "ListTags Resource=a/b");
  EXPECT_EQ(route("GET", "/2015-03-31/functions/f%20g+h"), "GetFunction FunctionName=f g+h");
  EXPECT_EQ(route("GET", "/2015-03-31/functions/f%zz"), "SerializationException");
}

// AWS's front end says the same to an unknown path and to a known one with another method.
TEST(Router, RefusesWhatNoOperationHas) {
  for (const auto& [method, target] : {std::pair{"GET", "/"},
                                       {"GET", ""},
                                       {"GET", "//2015-03-31/functions"},
                                       {"GET", "/2015-03-31/functions//aliases"},
                                       {"GET", "/2015-03-31/functions/f//"},
                                       {"PATCH", "/2015-03-31/functions/f"},
                                       {"GET", "/2015-03-31/functions/f/invocations"},
                                       {"GET", "/2015-03-31/functions/f/aliases/a/b"},
                                       {"get", "/2015-03-31/functions/f"}})
    EXPECT_EQ(route(method, target), "AccessDeniedException") << method << " " << target;
}

TEST(Router, TellsItsAnswerAsAwsDoes) {
  const Request request{.method = "GET", .target = "/nowhere", .headers = {}, .body = {}};
  const Result<Match> match = rest_json().route(models::lambda::service, request);
  ASSERT_FALSE(match);
  const Response response = rest_json().encode_error(match.error());
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.body, R"({"Message":"Unable to determine service/operation name to be authorized"})");
}

// A service whose URIs have what Lambda's have not: greedy labels, labels at the root.
class MadeUp : public ::testing::Test {
 protected:
  static constexpr std::string_view policy[] = {"policy"};
  static constexpr Operation operations[] = {
      {.name = "DeleteTagging", .method = "DELETE", .uri = "/tags/{Arn+}/tagging"},
      {.name = "GetBucket", .method = "GET", .uri = "/{Bucket}"},
      {.name = "GetBucketPolicy", .method = "GET", .uri = "/{Bucket}", .required_query = {policy, 1}},
      {.name = "GetObject", .method = "GET", .uri = "/{Bucket}/{Key+}"},
      {.name = "ListBuckets", .method = "GET", .uri = "/"},
  };
  static constexpr models::Service service{.id = "made-up",
                                           .signing_name = {},
                                           .target_prefix = {},
                                           .api_version = {},
                                           .xml_namespace = {},
                                           .protocols = {},
                                           .operations = operations,
                                           .errors = {}};

  static std::string find(std::string_view method, std::string_view path, std::string_view query = {}) {
    const Router::Found found = Router(service).find(method, path, query);
    if (found.operation == nullptr) return "none";
    std::string text(found.operation->name);
    for (std::size_t i = 0; i < found.label_count; ++i)
      text += " " + std::string(found.labels[i].first) + "=" + std::string(found.labels[i].second);
    return text;
  }
};

TEST_F(MadeUp, GreedyLabelsTakeTheRestWithItsSlashes) {
  EXPECT_EQ(find("GET", "/b/k"), "GetObject Bucket=b Key=k");
  EXPECT_EQ(find("GET", "/b/dir/k.txt"), "GetObject Bucket=b Key=dir/k.txt");
  EXPECT_EQ(find("GET", "/b/dir/"), "GetObject Bucket=b Key=dir/");
  EXPECT_EQ(find("GET", "/b//k"), "GetObject Bucket=b Key=/k");
  EXPECT_EQ(find("DELETE", "/tags/a/b/tagging"), "DeleteTagging Arn=a/b");
  EXPECT_EQ(find("DELETE", "/tags/tagging"), "none");
}

TEST_F(MadeUp, TheShorterPathKeepsItsOwn) {
  EXPECT_EQ(find("GET", "/"), "ListBuckets");
  EXPECT_EQ(find("GET", "/b"), "GetBucket Bucket=b");
  EXPECT_EQ(find("GET", "/b/"), "GetBucket Bucket=b");
  EXPECT_EQ(find("GET", "/b", "policy"), "GetBucketPolicy Bucket=b");
  EXPECT_EQ(find("GET", "/b", "policy="), "GetBucketPolicy Bucket=b");
}

}  // namespace
}  // namespace aviary::wire
