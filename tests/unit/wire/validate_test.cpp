// Every text here that names Lambda was recorded from AWS (the tests of LocalStack keep the recordings), or
// follows the same words where a comment says so.
#include "wire/validate.hpp"

#include <gtest/gtest.h>

#include "models/ecr.hpp"
#include "requests.hpp"
#include "wire/pattern.hpp"

namespace aviary::wire {
namespace {

const std::string create_name_pattern =
    R"((arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?)";
const std::string get_name_pattern =
    R"((arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?)";
const std::string resource_pattern =
    R"(arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+))";
const std::string layer_version_pattern =
    R"((arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+))";
const std::string runtimes =
    "[nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, "
    "python3.10, "
    "python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, "
    "dotnet8, "
    "java11, dotnet6, nodejs18.x, provided.al2, java8.al2]";
const std::string all_runtimes =
    "[ruby3.5, ruby2.6, dotnetcore1.0, python3.7, nodejs8.10, nasa, ruby2.7, python2.7-greengrass, "
    "dotnetcore2.0, "
    "python3.8, java21, dotnet6, dotnetcore2.1, python3.9, java11, nodejs6.10, provided, dotnetcore3.1, "
    "dotnet8, "
    "java25, java17, nodejs, nodejs4.3, java8.al2, go1.x, dotnet10, nodejs20.x, go1.9, byol, nodejs10.x, "
    "provided.al2023, nodejs22.x, python3.10, java8, nodejs12.x, python3.11, nodejs24.x, nodejs8.x, "
    "python3.12, "
    "nodejs14.x, nodejs8.9, nodejs26.x, python3.13, python3.14, nodejs16.x, python3.15, provided.al2, "
    "nodejs4.3-edge, nodejs18.x, ruby3.2, python3.4, ruby3.3, ruby3.4, ruby2.5, python3.6, python2.7]";

std::string refusal(std::string_view method, std::string_view target, std::string body = {}) {
  const Result<Decoded> decoded = decode_lambda(method, target, std::move(body));
  if (decoded) return "accepted";
  EXPECT_EQ(decoded.error().shape, &errors::ValidationException);
  return decoded.error().message;
}

std::string one(std::string_view value, std::string_view member, std::string_view constraint) {
  return "1 validation error detected: Value " + std::string(value) + " at '" + std::string(member) +
         "' failed to satisfy constraint: " + std::string(constraint);
}
std::string like(const std::string& pattern) {
  return "Member must satisfy regular expression pattern: " + pattern;
}

/// A CreateFunction that is right but for what is added.
std::string create_function(const std::string& more, const std::string& name = "f") {
  return R"({"FunctionName":")" + name +
         R"(","Role":"arn:aws:iam::123456789012:role/r","Code":{"ZipFile":"UEs="},"Handler":"h.h")" + more +
         "}";
}
std::string refused_create(const std::string& more) {
  return refusal("POST", "/2015-03-31/functions", create_function(more));
}
std::string refused_name(const std::string& name) {
  return refusal("POST", "/2015-03-31/functions", create_function("", name));
}

TEST(LambdaValidation, CreateFunctionAcceptsWhatIsRight) {
  EXPECT_EQ(refused_create(""), "accepted");
  // The service answers these two in its own words, under InvalidParameterValueException.
  EXPECT_EQ(refused_create(R"(,"Runtime":"non-existent-runtime")"), "accepted");
  EXPECT_EQ(refused_name(std::string(65, 'a')), "accepted");
}

TEST(LambdaValidation, FunctionNameOfCreateFunction) {
  for (const std::string name :
       {"invalid:function:name", "my-function!", "*", "my-function:invalid!",
        "invalid-account:function:my-function", "function:my-function:$LATEST:extra",
        "arn:aws:lambda:invalid-region:123456789012:function:f",
        "arn:aws:ec2:us-east-1:123456789012:instance:i-1",
        "arn:aws:lambda:us-east-1:123456789012:function:f:1:2", "arn:aws:lambda::123456789012:function:f",
        "arn:aws:lambda:us-east-1::function:f", "arn:aws:lambda:us-east-1:123456789012:function:f:$LATES"})
    EXPECT_EQ(refused_name(name), one("'" + name + "'", "functionName", like(create_name_pattern)));
  EXPECT_EQ(refused_name("arn:aws:lambda:us-east-1:123456789012:function"), "accepted");
  const std::string long_arn = "arn:aws:lambda:us-east-1:123456789012:function:" + std::string(100, 'a');
  EXPECT_EQ(refused_name(long_arn),
            one("'" + long_arn + "'", "functionName", "Member must have length less than or equal to 140"));
  const std::string both = "arn:aws:lambda:invalid-region:123456789012:function:" + std::string(170, 'a');
  EXPECT_EQ(refused_name(both),
            "2 validation errors detected: Value '" + both +
                "' at 'functionName' failed to satisfy constraint: " + like(create_name_pattern) +
                "; Value '" + both +
                "' at 'functionName' failed to satisfy constraint: Member must have length less "
                "than or equal to 140");
}

TEST(LambdaValidation, FunctionNameAndQualifierOfOthers) {
  const std::string path = "/2015-03-31/functions/";
  for (const auto& [method, suffix] : {std::pair{"GET", ""}, {"DELETE", ""}, {"POST", "/invocations"}}) {
    const std::string name = "arn:aws:lambda:us-east-1:123400000000@function:myfn";
    EXPECT_EQ(refusal(method, path + name + suffix),
              one("'" + name + "'", "functionName", like(get_name_pattern)));
    const std::string long_name =
        "arn:aws:lambda:invalid-region:123456789012:function:" + std::string(170, 'a');
    EXPECT_EQ(refusal(method, path + long_name + suffix),
              one("'" + long_name + "'", "functionName", like(get_name_pattern)));
    EXPECT_EQ(refusal(method, path + std::string(65, 'a') + suffix), "accepted");
    EXPECT_EQ(refusal(method, path + "f" + suffix + "?Qualifier=invalid%21"),
              one("'invalid!'", "qualifier", like(R"(\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+)")));
    const std::string qualifier(129, 'q');
    EXPECT_EQ(refusal(method, path + "f" + suffix + "?Qualifier=" + qualifier),
              one("'" + qualifier + "'", "qualifier", "Member must have length less than or equal to 128"));
    EXPECT_EQ(refusal(method, path + "f" + suffix + "?Qualifier=$latest"), "accepted");
  }
}

TEST(LambdaValidation, MembersOfCreateFunction) {
  EXPECT_EQ(refusal("POST", "/2015-03-31/functions",
                    R"({"FunctionName":"f","Role":"r1","Code":{"ZipFile":"UEs="}})"),
            one("'r1'", "role", like(R"(arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+)")));
  EXPECT_EQ(refused_create(R"(,"Architectures":["x86_64","arm64"])"),
            one("'[x86_64, arm64]'", "architectures", "Member must have length less than or equal to 1"));
  EXPECT_EQ(refused_create(R"(,"Architectures":["X86_64"])"),
            one("'[X86_64]'", "architectures",
                "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], "
                "Member must not "
                "be null]"));
  EXPECT_EQ(refused_create(R"(,"SnapStart":{"ApplyOn":"invalidOption"})"),
            one("'invalidOption'", "snapStart.applyOn",
                "Member must satisfy enum value set: [PublishedVersions, None]"));
  EXPECT_EQ(refused_create(R"(,"VpcConfig":{"SubnetIds":["bad"]})"),
            one("'[bad]'", "vpcConfig.subnetIds",
                "Member must satisfy constraint: [Member must have length less than or equal to 1024, Member "
                "must have "
                "length greater than or equal to 0, Member must satisfy regular expression pattern: "
                "subnet-[0-9a-z]*]"));
  EXPECT_EQ(refused_create(R"(,"VpcConfig":{"SecurityGroupIds":["bad"]})"),
            one("'[bad]'", "vpcConfig.securityGroupIds",
                "Member must satisfy constraint: [Member must have length less than or equal to 1024, Member "
                "must have "
                "length greater than or equal to 0, Member must satisfy regular expression pattern: "
                "sg-[0-9a-zA-Z]*]"));
  EXPECT_EQ(refusal("PUT", "/2015-03-31/functions/f/configuration",
                    R"({"Layers":["arn:aws:lambda:us-east-1:123456789012:layer:l"]})"),
            one("'[arn:aws:lambda:us-east-1:123456789012:layer:l]'", "layers",
                "Member must satisfy constraint: [Member must have length less than or equal to 2048, Member "
                "must have "
                "length greater than or equal to 1, " +
                    like(layer_version_pattern) + ", Member must not be null]"));
}

TEST(LambdaValidation, Aliases) {
  const std::string path = "/2015-03-31/functions/f/aliases";
  EXPECT_EQ(refusal("POST", path, R"({"Name":"2024","FunctionVersion":"1"})"),
            one("'2024'", "name", like("(?!^[0-9]+$)([a-zA-Z0-9-_]+)")));
  const auto weights = [&](const std::string& entry) {
    return refusal(
        "POST", path,
        R"({"Name":"a","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{)" + entry + "}}}");
  };
  const std::string range =
      "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must "
      "have value "
      "greater than or equal to 0.0, Member must not be null]";
  EXPECT_EQ(weights(R"("2":2)"), one("'{2=2.0}'", "routingConfig.additionalVersionWeights", range));
  EXPECT_EQ(weights(R"("2":-1)"), one("'{2=-1.0}'", "routingConfig.additionalVersionWeights", range));
  EXPECT_EQ(weights(R"("2":null)"), one("'{2=null}'", "routingConfig.additionalVersionWeights", range));
  EXPECT_EQ(
      weights(R"("$LATEST":0.5)"),
      one("'{$LATEST=0.5}'", "routingConfig.additionalVersionWeights",
          "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member "
          "must "
          "have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]"));
  EXPECT_EQ(weights(R"("2":0.5)"), "accepted");
}

TEST(LambdaValidation, EnumsInTheOrderAwsPrintsThem) {
  EXPECT_EQ(refusal("GET", "/2015-03-31/functions?FunctionVersion=invalid"),
            one("'invalid'", "functionVersion", "Member must satisfy enum value set: [ALL]"));
  EXPECT_EQ(refusal("PUT", "/2024-08-31/functions/f/recursion-config", R"({"RecursiveLoop":"InvalidValue"})"),
            one("'InvalidValue'", "recursiveLoop", "Member must satisfy enum value set: [Terminate, Allow]"));
  EXPECT_EQ(
      refusal("POST", "/2021-10-31/functions/f/url", R"({"AuthType":"NONE","InvokeMode":"UNKNOWN"})"),
      one("'UNKNOWN'", "invokeMode", "Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]"));
  EXPECT_EQ(refusal("POST", "/2015-03-31/event-source-mappings",
                    R"({"FunctionName":"f","StartingPosition":"invalid"})"),
            one("'invalid'", "startingPosition",
                "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"));
  EXPECT_EQ(refusal("GET", "/2018-10-31/layers?CompatibleRuntime=runtimedoesnotexist"),
            one("'runtimedoesnotexist'", "compatibleRuntime",
                "Member must satisfy enum value set: " + all_runtimes));
  EXPECT_EQ(refusal("GET", "/2018-10-31/layers?CompatibleArchitecture=archdoesnotexist"),
            one("'archdoesnotexist'", "compatibleArchitecture",
                "Member must satisfy enum value set: [x86_64, arm64]"));
}

TEST(LambdaValidation, EveryViolationAtOnce) {
  const auto publish = [](const std::string& more) {
    return refusal("POST", "/2018-10-31/layers/l/versions", R"({"Content":{"ZipFile":"UEs="},)" + more + "}");
  };
  const std::string rest =
      "' at 'compatibleArchitectures' failed to satisfy constraint: Member must satisfy constraint: [Member "
      "must "
      "satisfy enum value set: [x86_64, arm64], Member must not be null]";
  EXPECT_EQ(
      publish(R"("CompatibleRuntimes":["invalidruntime"],"CompatibleArchitectures":["invalidarch"])"),
      "2 validation errors detected: Value '[invalidruntime]' at 'compatibleRuntimes' failed to satisfy "
      "constraint: Member must satisfy enum value set: " +
          runtimes + "; Value '[invalidarch]" + rest);
  EXPECT_EQ(publish(R"("CompatibleRuntimes":["invalidruntime","invalidruntime2","nodejs20.x"],)"
                    R"("CompatibleArchitectures":["invalidarch","x86_64"])"),
            "2 validation errors detected: Value '[invalidruntime, invalidruntime2, nodejs20.x]' at "
            "'compatibleRuntimes' failed to satisfy constraint: Member must satisfy enum value set: " +
                runtimes + "; Value '[invalidarch, x86_64]" + rest);
}

TEST(LambdaValidation, OtherOperations) {
  EXPECT_EQ(
      refusal("PUT", "/2019-09-30/functions/f/provisioned-concurrency?Qualifier=1",
              R"({"ProvisionedConcurrentExecutions":0})"),
      one("'0'", "provisionedConcurrentExecutions", "Member must have value greater than or equal to 1"));
  EXPECT_EQ(
      refusal(
          "POST", "/2015-03-31/functions/f/policy",
          R"({"StatementId":"example.com","Action":"lambda:InvokeFunction","Principal":"s3.amazonaws.com"})"),
      one("'example.com'", "statementId", like("([a-zA-Z0-9-_]+)")));
  EXPECT_EQ(refusal("POST", "/2015-03-31/functions/f/policy?Qualifier=invalid-qualifier-with-?-char",
                    R"({"StatementId":"s","Action":"lambda:InvokeFunction","Principal":"s3.amazonaws.com"})"),
            one("'invalid-qualifier-with-?-char'", "qualifier",
                like(R"(\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+)")));
  const std::string destination = "arn:aws:_-/!lambda:us-east-1:111111111111:function:f";
  EXPECT_EQ(
      refusal("PUT", "/2019-09-25/functions/f/event-invoke-config",
              R"({"DestinationConfig":{"OnFailure":{"Destination":")" + destination + R"("}}})"),
      one("'" + destination + "'", "destinationConfig.onFailure.destination",
          like(
              R"($|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*))")));
  for (const char* method : {"POST", "GET", "PUT", "DELETE"})
    for (const std::string qualifier : {"1", "$LATEST"})
      EXPECT_EQ(refusal(method, "/2021-10-31/functions/f/url?Qualifier=" + qualifier,
                        method == std::string_view("POST") ? R"({"AuthType":"NONE"})" : ""),
                one("'" + qualifier + "'", "qualifier", like(R"(((?!^\d+$)^[0-9a-zA-Z-_]+$))")));
  EXPECT_EQ(refusal("GET",
                    "/2018-10-31/layers?find=LayerVersion&Arn=arn:aws:lambda:us-east-1:123456789012:layer:l"),
            one("'arn:aws:lambda:us-east-1:123456789012:layer:l'", "arn", like(layer_version_pattern)));
  EXPECT_EQ(refusal("POST", "/2018-10-31/layers/l/versions/1/policy",
                    R"({"StatementId":"s","Action":"*","Principal":"*"})"),
            one("'*'", "action", like("lambda:GetLayerVersion")));
}

TEST(LambdaValidation, Tags) {
  EXPECT_EQ(refusal("POST", "/2017-03-31/tags/arn%3Aaws%3Asomething", R"({"Tags":{"a":"b"}})"),
            one("'arn:aws:something'", "resource", like(resource_pattern)));
  const std::string mapping =
      "arn:aws:lambda:us-east-1:123456789012:event-source-mapping:01234567-89ab-cdef-0123-456789abcdef";
  EXPECT_EQ(refusal("POST", "/2017-03-31/tags/" + mapping + ":alias", R"({"Tags":{"a":"b"}})"),
            one("'" + mapping + ":alias'", "resource", like(resource_pattern)));
  EXPECT_EQ(refusal("DELETE", "/2017-03-31/tags/" + mapping),
            one("null", "tagKeys", "Member must not be null"));
  EXPECT_EQ(refusal("DELETE", "/2017-03-31/tags/" + mapping + "?tagKeys=a&tagKeys=b"), "accepted");
}

// Seen by users of CreateFunction (many forum threads): what is secret is not repeated.
TEST(LambdaValidation, SensitiveValuesAreNotShown) {
  EXPECT_EQ(refused_create(R"(,"Environment":{"Variables":{"1BAD":"secret"}})"),
            "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map "
            "keys must "
            "satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]");
}

TEST(LambdaValidation, MissingMembersAndTheirPaths) {
  EXPECT_EQ(
      refusal("POST", "/2015-03-31/functions", "{}"),
      "3 validation errors detected: Value null at 'functionName' failed to satisfy constraint: Member must "
      "not "
      "be null; Value null at 'role' failed to satisfy constraint: Member must not be null; Value null at "
      "'code' failed to satisfy constraint: Member must not be null");
  EXPECT_EQ(refused_create(R"(,"FileSystemConfigs":[{"LocalMountPath":"/mnt/a"}])"),
            one("null", "fileSystemConfigs.1.member.arn", "Member must not be null"));
}

TEST(LambdaValidation, StopsAtTenAsAwsDoes) {
  // Twelve wrong members.
  const std::string text =
      refusal("POST", "/2015-03-31/functions",
              R"({"FunctionName":"!","Role":"!","Code":{"S3Bucket":"!!!","S3Key":""},"Timeout":0,
 "MemorySize":1,"PackageType":"!","TracingConfig":{"Mode":"!"},"Architectures":["!"],"KMSKeyArn":"!",
 "SnapStart":{"ApplyOn":"!"},"EphemeralStorage":{"Size":1},"LoggingConfig":{"LogFormat":"!"}})");
  EXPECT_TRUE(text.starts_with("10 validation errors detected: Value '!' at 'functionName'")) << text;
}

/// As the service itself words it, one at a time.
TEST(Validation, SomeServicesTellTheFirstOnly) {
  const models::Operation& create = *models::ecr::service.find_operation("CreateRepository");
  ASSERT_EQ(violation_words(create), ViolationWords::First);
  EXPECT_EQ(violation_words(*models::lambda::service.find_operation("CreateFunction")), ViolationWords::All);
  const auto said = [&](const Json& input) {
    const Result<> valid = validate(*create.input, input, violation_words(create));
    return valid ? std::string() : valid.error().message;
  };
  const std::string start = "Invalid parameter at 'repositoryName' failed to satisfy constraint: ";
  EXPECT_EQ(said({{"repositoryName", "team/app"}}), "");
  EXPECT_EQ(said({{"repositoryName", "Bad_Name!"}}),
            start + R"('must satisfy regular expression ')"
                    R"([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*'')");
  EXPECT_EQ(said({{"repositoryName", "a"}}), start + "'must have length greater than or equal to 2'");
  EXPECT_EQ(said({{"repositoryName", std::string(257, 'a')}}),
            start + "'must have length less than or equal to 256'");
  EXPECT_EQ(said(Json::object()), start + "'must not be null'");
  EXPECT_EQ(said({{"repositoryName", "a"}, {"imageTagMutability", "X"}}),
            start + "'must have length greater than or equal to 2'");
}

TEST(Pattern, EveryPatternOfTheModelsCompiles) {
  for (const models::Operation& operation : models::lambda::service.operations) {
    ASSERT_NE(operation.input, nullptr);
    std::vector<const models::Shape*> todo{operation.input};
    std::vector<const models::Shape*> seen;
    while (!todo.empty()) {
      const models::Shape* shape = todo.back();
      todo.pop_back();
      if (shape == nullptr || std::find(seen.begin(), seen.end(), shape) != seen.end()) continue;
      seen.push_back(shape);
      if (!shape->pattern.empty()) {
        EXPECT_NO_THROW(matches_pattern(shape->pattern, "x")) << shape->pattern;
      }
      todo.insert(todo.end(), {shape->element, shape->key});
      for (const models::Member& member : shape->members) todo.push_back(member.shape);
    }
  }
}

TEST(Pattern, IsAnchoredAsJavaDoesIt) {
  EXPECT_TRUE(matches_pattern("[0-9]+", "12"));
  EXPECT_FALSE(matches_pattern("[0-9]+", "12\n"));
  EXPECT_FALSE(matches_pattern("[0-9]+", ""));
  EXPECT_TRUE(matches_pattern("a|ab", "ab"));
  EXPECT_TRUE(matches_pattern("$|x", ""));
  EXPECT_FALSE(matches_pattern("(?!^[0-9]+$)([a-z0-9]+)", "2024"));
  EXPECT_TRUE(matches_pattern(".", "\xC3\xA9"));
  EXPECT_FALSE(matches_pattern(".*", "\xFF"));
}

// A pattern with nested repetition, and a text that makes a naive matcher try every way to cut it.
TEST(Pattern, NoTextHangsIt) {
  EXPECT_FALSE(matches_pattern("(a+)+b", std::string(100'000, 'a')));
  EXPECT_FALSE(
      matches_pattern("(([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])\\.)*x", std::string(100'000, 'a')));
  EXPECT_TRUE(matches_pattern("arn:([a-z])+:x", "arn:" + std::string(50'000, 'a') + ":x"));
}

}  // namespace
}  // namespace aviary::wire
