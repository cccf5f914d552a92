#include <gmock/gmock.h>

#include "service_fixture.hpp"

namespace aviary::lambda {
namespace {

using Functions = ServiceFixture;

TEST_F(Functions, ANewFunctionHasTheRecordedDefaults) {
  // test_function_lifecycle / create_response, with the defaults of test_function_state.
  Json created = answer("CreateFunction", new_function("f"));
  EXPECT_TRUE(created["RuntimeVersionConfig"]["RuntimeVersionArn"].get<std::string>().starts_with(
      "arn:aws:lambda:us-east-1::runtime:"));
  EXPECT_EQ(created["RevisionId"].get<std::string>().size(), 36U);
  for (const char* varying : {"RuntimeVersionConfig", "RevisionId", "CodeSha256"}) created.erase(varying);
  EXPECT_EQ(created, (Json{{"FunctionName", "f"},
                           {"FunctionArn", arn("f")},
                           {"Runtime", "python3.12"},
                           {"Role", "arn:aws:iam::123456789012:role/lambda"},
                           {"Handler", "index.handler"},
                           {"CodeSize", 6},
                           {"Description", ""},
                           {"Timeout", 3},
                           {"MemorySize", 128},
                           {"LastModified", "2024-01-15T10:30:00.000+0000"},
                           {"Version", "$LATEST"},
                           {"PackageType", "Zip"},
                           {"Architectures", {"x86_64"}},
                           {"EphemeralStorage", {{"Size", 512}}},
                           {"TracingConfig", {{"Mode", "PassThrough"}}},
                           {"SnapStart", {{"ApplyOn", "None"}, {"OptimizationStatus", "Off"}}},
                           {"LoggingConfig", {{"LogFormat", "Text"}, {"LogGroup", "/aws/lambda/f"}}},
                           {"State", "Pending"},
                           {"StateReason", "The function is being created."},
                           {"StateReasonCode", "Creating"}}));
}

TEST_F(Functions, EachChangeOfStatusGivesANewRevision) {
  // test_function_lifecycle: uuid:1 to uuid:6.
  std::vector<std::string> revisions{answer("CreateFunction", new_function("f"))["RevisionId"]};
  Json now = answer("GetFunction", {{"FunctionName", "f"}})["Configuration"];
  EXPECT_EQ(now["State"], "Active");
  EXPECT_EQ(now["LastUpdateStatus"], "Successful");
  EXPECT_FALSE(now.contains("StateReason"));
  revisions.push_back(now["RevisionId"]);
  Json updated = answer("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Timeout", 10}});
  EXPECT_EQ(updated["State"], "Active");
  EXPECT_EQ(updated["LastUpdateStatus"], "InProgress");
  EXPECT_EQ(updated["LastUpdateStatusReason"], "The function is being created.");
  EXPECT_EQ(updated["LastUpdateStatusReasonCode"], "Creating");
  revisions.push_back(updated["RevisionId"]);
  revisions.push_back(answer("GetFunctionConfiguration", {{"FunctionName", "f"}})["RevisionId"]);
  revisions.push_back(
      answer("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", "PK two"}})["RevisionId"]);
  revisions.push_back(answer("GetFunctionConfiguration", {{"FunctionName", "f"}})["RevisionId"]);
  EXPECT_EQ(std::set<std::string>(revisions.begin(), revisions.end()).size(), 6U);
  EXPECT_EQ(answer("GetFunctionConfiguration", {{"FunctionName", "f"}})["RevisionId"], revisions.back());
}

TEST_F(Functions, SlowActivationRefusesWhatAwsRefuses) {
  start({.store = {.activation_delay = std::chrono::seconds(5)}});
  answer("CreateFunction", new_function("f"));
  const Refusal pending = conflicting(
      "The operation cannot be performed at this time. The function is currently in the following state: "
      "Pending");
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}}), pending);
  EXPECT_EQ(refusal("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Timeout", 10}}), pending);
  clock_.advance(std::chrono::seconds(5));
  EXPECT_EQ(invoke("f"), "$LATEST");
  answer("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Timeout", 10}});
  // test_lambda_concurrent_code_updates, test_lambda_concurrent_config_updates.
  const Refusal busy = conflicting(
      "The operation cannot be performed at this time. An update is in progress for resource: " + arn("f"));
  EXPECT_EQ(refusal("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", "PK two"}}), busy);
  EXPECT_EQ(refusal("UpdateFunctionConfiguration", {{"FunctionName", "f"}, {"Timeout", 11}}), busy);
  EXPECT_EQ(refusal("PublishVersion", {{"FunctionName", "f"}}), busy);
  EXPECT_EQ(invoke("f"), "$LATEST");
  clock_.advance(std::chrono::seconds(5));
  answer("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", "PK two"}});
}

TEST_F(Functions, StaleRevisionsAreRefused) {
  answer("CreateFunction", new_function("f"));
  const Json wrong{{"FunctionName", "f"}, {"RevisionId", "0"}, {"ZipFile", "PK two"}};
  EXPECT_EQ(refusal("UpdateFunctionCode", wrong), stale());
  EXPECT_EQ(refusal("UpdateFunctionConfiguration", wrong), stale());
  EXPECT_EQ(refusal("PublishVersion", wrong), stale());
  const std::string right = answer("GetFunctionConfiguration", {{"FunctionName", "f"}})["RevisionId"];
  answer("UpdateFunctionCode", {{"FunctionName", "f"}, {"RevisionId", right}, {"ZipFile", "PK two"}});
}

TEST_F(Functions, WhatIsMissingIsNamedAsEachOperationNamesIt) {
  // test_ops_on_nonexisting_fn, test_ops_on_nonexisting_version, test_invoke_exceptions.
  EXPECT_EQ(refusal("GetFunction", {{"FunctionName", "f"}}), missing("f"));
  EXPECT_EQ(refusal("GetFunctionConfiguration", {{"FunctionName", "f"}}), missing("f"));
  EXPECT_EQ(refusal("DeleteFunction", {{"FunctionName", "f"}}), missing("f"));
  EXPECT_EQ(refusal("DeleteFunction", {{"FunctionName", "f"}, {"Qualifier", "1"}}), missing("f"));
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}}), missing("f:$LATEST"));
  EXPECT_EQ(refusal("GetFunction", {{"FunctionName", "f:$LATEST"}, {"Qualifier", "$LATEST"}}),
            missing("f:$LATEST"));
  answer("CreateFunction", new_function("f"));
  EXPECT_EQ(refusal("GetFunction", {{"FunctionName", "f"}, {"Qualifier", "1221"}}), missing("f:1221"));
  EXPECT_EQ(refusal("GetFunction", {{"FunctionName", "f:nope"}}), missing("f:nope"));
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}, {"Qualifier", "nope"}}), missing("f:nope"));
  EXPECT_EQ(refusal("GetFunction", {{"FunctionName", "f:1"}, {"Qualifier", "2"}}),
            invalid("The derived qualifier from the function name does not match the specified qualifier."));
  EXPECT_EQ(refusal("GetFunction", {{"FunctionName", "f"}}, {.region = "eu-west-1"}).status, 404);
  EXPECT_EQ(refusal("GetFunction", {{"FunctionName", arn("f")}}, {.region = "eu-west-1"}).message,
            "Functions from 'us-east-1' are not reachable in this region ('eu-west-1')");
}

TEST_F(Functions, NamesOfNewFunctionsAreCheckedAsRecorded) {
  const std::string long_name(65, 'a');
  EXPECT_EQ(refusal("CreateFunction", new_function(long_name)),
            invalid("1 validation error detected: Value '" + long_name +
                    "' at 'functionName' failed to satisfy constraint: Member must have length less than or "
                    "equal to 64"));
  EXPECT_EQ(refusal("CreateFunction", new_function("arn:aws:lambda:us-east-1:111122223333:function:f")),
            (Refusal{"AccessDeniedException", 403, ""}));
  EXPECT_TRUE(last_error_->omit_message);
  const Refusal qualified = refusal("CreateFunction", new_function("f:1"));
  EXPECT_EQ(qualified.code, "ValidationException");
  EXPECT_EQ(
      qualified.message,
      R"(1 validation error detected: Value 'f:1' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?)");
  EXPECT_EQ(answer("CreateFunction", new_function("123456789012:function:partial"))["FunctionArn"],
            arn("partial"));
  EXPECT_EQ(answer("CreateFunction", new_function(arn("whole")))["FunctionName"], "whole");
  EXPECT_EQ(refusal("CreateFunction", new_function("whole")), conflicting("Function already exist: whole"));
}

TEST_F(Functions, ConfigurationsAreCheckedAsRecorded) {
  const auto refused = [&](Json more) {
    return refusal("CreateFunction", new_function("f", std::move(more)));
  };
  const std::string known =
      "[nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, "
      "python3.10, "
      "python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, "
      "dotnet8, "
      "java11, dotnet6, nodejs18.x, provided.al2, java8.al2]";
  EXPECT_EQ(
      refused({{"Runtime", "PYTHON3.9"}}),
      invalid(
          "Value PYTHON3.9 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: " +
          known + " or be a valid ARN"));
  EXPECT_EQ(
      refused({{"Runtime", "python3.7"}}),
      invalid("The runtime parameter of python3.7 is no longer supported for creating or updating AWS Lambda "
              "functions. We recommend you use a supported runtime while creating or updating functions."));
  EXPECT_EQ(
      refused({{"Handler", nullptr}}),
      invalid(
          "Runtime and Handler are mandatory parameters for functions created with deployment packages."));
  EXPECT_EQ(refused({{"Timeout", 901}}).message,
            "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must "
            "have value "
            "less than or equal to 900");
  EXPECT_EQ(
      refused({{"MemorySize", 10241}}).message,
      "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240");
  EXPECT_EQ(
      refused({{"Environment", {{"Variables", {{"LARGE_VAR", std::string(5000, 'x')}}}}}}),
      invalid(
          "Lambda was unable to configure your environment variables because the environment variables you "
          "have provided exceeded the 4KB limit. String measured: {\"LARGE_VAR\":\"" +
          std::string(5000, 'x') + "\"}"));
  EXPECT_EQ(
      refused({{"Environment", {{"Variables", {{"AWS_REGION", "x"}, {"A_B", "y"}}}}}}),
      invalid(
          "Lambda was unable to configure your environment variables because the environment variables you "
          "have provided contains reserved keys that are currently not supported for modification. Reserved "
          "keys used in this request: AWS_REGION"));
  EXPECT_EQ(refused({{"PackageType", "Image"}, {"Code", {{"ImageUri", "i"}}}}),
            invalid("Please don't provide Handler or Runtime or Layer when the intended function PackageType "
                    "is Image."));
  Json tags = Json::object();
  for (int i = 0; i < 51; ++i) tags["t" + std::to_string(i)] = "v";
  EXPECT_EQ(refused({{"Tags", tags}}), invalid("Number of tags exceeds resource tag limit."));
  EXPECT_EQ(refused({{"Layers", {"arn:aws:lambda:us-east-1:123456789012:layer:l:1"}}}),
            invalid("Layer version arn:aws:lambda:us-east-1:123456789012:layer:l:1 does not exist."));
  EXPECT_EQ(refused({{"Layers", {"arn:aws:lambda:eu-west-1:123456789012:layer:l:1"}}}),
            invalid("Layers are not in the same region as the function. Layers are expected to be in region "
                    "us-east-1."));
  EXPECT_EQ(refused({{"Layers", Json::array({"1", "2", "3", "4", "5", "6"})}}),
            invalid("Cannot reference more than 5 layers."));
  EXPECT_EQ(refused({{"SnapStart", {{"ApplyOn", "PublishedVersions"}}}, {"Runtime", "nodejs20.x"}}),
            invalid("nodejs20.x is not supported for SnapStart enabled functions."));
  EXPECT_TRUE(answer("ListFunctions", Json::object())["Functions"].empty())
      << "a refused request leaves no trace";
}

TEST_F(Functions, CodeIsCheckedAsRecorded) {
  const auto refused = [&](Json code) {
    return refusal("CreateFunction", new_function("f", {{"Code", std::move(code)}}));
  };
  EXPECT_EQ(refused({{"ZipFile", "no zip"}}),
            invalid("Could not unzip uploaded file. Please check your file, then try to upload again."));
  EXPECT_EQ(refused({{"ZipFile", ""}}), invalid("Uploaded file must be a non-empty zip"));
  EXPECT_EQ(
      refused({{"ZipFile", "PK" + std::string(52428800, 'x')}}),
      (Refusal{"RequestEntityTooLargeException", 413, "Zipped size must be smaller than 52428800 bytes"}));
  EXPECT_EQ(refused(Json::object()), invalid("Please provide a source for function code."));
  EXPECT_EQ(refused({{"S3Bucket", "bucket"}, {"S3Key", "key"}}),
            invalid("Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The "
                    "specified bucket "
                    "does not exist"));
  EXPECT_EQ(refusal("CreateFunction", new_function("f"), {.headers = {{"content-length", "70167212"}}}),
            (Refusal{"RequestEntityTooLargeException", 413,
                     "Request must be smaller than 70167211 bytes for the CreateFunction operation"}));
  codes_.unzipped_size = 262144001;
  EXPECT_EQ(refused({{"ZipFile", "PK"}}), invalid("Unzipped size must be smaller than 262144000 bytes"));
}

TEST_F(Functions, ImagesAndZipsDoNotMix) {
  answer("CreateFunction", new_function("zip"));
  Json image = answer("CreateFunction",
                      {{"FunctionName", "image"},
                       {"PackageType", "Image"},
                       {"Role", "arn:aws:iam::123456789012:role/lambda"},
                       {"ImageConfig", {{"Command", {"app.handler"}}}},
                       {"Code", {{"ImageUri", "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1"}}}});
  EXPECT_FALSE(image.contains("Runtime"));
  EXPECT_FALSE(image.contains("RuntimeVersionConfig"));
  EXPECT_EQ(image["CodeSize"], 0);
  EXPECT_EQ(image["ImageConfigResponse"], (Json{{"ImageConfig", {{"Command", {"app.handler"}}}}}));
  const Json code = answer("GetFunction", {{"FunctionName", "image"}})["Code"];
  EXPECT_EQ(code["RepositoryType"], "ECR");
  EXPECT_EQ(code["ResolvedImageUri"], "123456789012.dkr.ecr.us-east-1.amazonaws.com/app@sha256:" +
                                          image["CodeSha256"].get<std::string>());
  EXPECT_EQ(refusal("UpdateFunctionCode", {{"FunctionName", "image"}, {"ZipFile", "PK"}}),
            invalid("Please provide ImageUri when updating a function with packageType Image."));
  EXPECT_EQ(refusal("UpdateFunctionCode", {{"FunctionName", "zip"}, {"ImageUri", "i"}}),
            invalid("Please don't provide ImageUri when updating a function with packageType Zip."));
}

TEST_F(Functions, WhatIsRecordedComesBack) {
  const Json more{{"Environment", {{"Variables", {{"STAGE", "prod"}}}}},
                  {"VpcConfig", {{"SubnetIds", {"subnet-1"}}, {"SecurityGroupIds", {"sg-1"}}}},
                  {"DeadLetterConfig", {{"TargetArn", "arn:aws:sqs:us-east-1:123456789012:dead"}}},
                  {"FileSystemConfigs", {{{"Arn", "a"}, {"LocalMountPath", "/mnt/x"}}}},
                  {"KMSKeyArn", "arn:aws:kms:us-east-1:123456789012:key/1"},
                  {"LoggingConfig", {{"LogFormat", "JSON"}, {"LogGroup", "mine"}}},
                  {"TracingConfig", {{"Mode", "Active"}}},
                  {"EphemeralStorage", {{"Size", 1024}}},
                  {"Architectures", {"arm64"}},
                  {"Tags", {{"team", "payments"}}}};
  Json created = answer("CreateFunction", new_function("f", more));
  for (const char* name : {"Environment", "DeadLetterConfig", "FileSystemConfigs", "KMSKeyArn",
                           "TracingConfig", "EphemeralStorage", "Architectures"}) {
    EXPECT_EQ(created[name], more[name]) << name;
  }
  EXPECT_EQ(created["LoggingConfig"], (Json{{"LogFormat", "JSON"},
                                            {"LogGroup", "mine"},
                                            {"ApplicationLogLevel", "INFO"},
                                            {"SystemLogLevel", "INFO"}}));
  EXPECT_EQ(created["VpcConfig"]["SubnetIds"], Json::array({"subnet-1"}));
  EXPECT_TRUE(created["VpcConfig"]["VpcId"].get<std::string>().starts_with("vpc-"));
  EXPECT_FALSE(created.contains("Tags"));
  EXPECT_EQ(answer("GetFunction", {{"FunctionName", "f"}})["Tags"], more["Tags"]);

  Json updated = answer("UpdateFunctionConfiguration", {{"FunctionName", "f"},
                                                        {"LoggingConfig", {{"LogFormat", "Text"}}},
                                                        {"DeadLetterConfig", {{"TargetArn", ""}}},
                                                        {"Environment", {{"Variables", Json::object()}}}});
  EXPECT_EQ(updated["LoggingConfig"], (Json{{"LogFormat", "Text"}, {"LogGroup", "mine"}}));
  EXPECT_FALSE(updated.contains("DeadLetterConfig"));
  EXPECT_EQ(updated["Environment"], (Json{{"Variables", Json::object()}}));
  EXPECT_EQ(updated["KMSKeyArn"], more["KMSKeyArn"]);
}

TEST_F(Functions, TheCodeLocationDownloads) {
  answer("CreateFunction", new_function("f"));
  const std::string location = answer("GetFunction", {{"FunctionName", "f"}})["Code"]["Location"];
  const std::string prefix = "http://127.0.0.1:4566/_aviary/code/";
  ASSERT_TRUE(location.starts_with(prefix)) << location;
  EXPECT_EQ(testing::run_task(loop_, service_->code_package(location.substr(prefix.size()))), "PK one");
  EXPECT_EQ(testing::run_task(loop_, service_->code_package("00ff")), std::nullopt);
  EXPECT_EQ(testing::run_task(loop_, service_->code_package("../x")), std::nullopt);
}

TEST_F(Functions, ADryRunChangesNothing) {
  answer("CreateFunction", new_function("f"));
  const Json before = answer("GetFunction", {{"FunctionName", "f"}});
  const Json preview =
      answer("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", "PK longer"}, {"DryRun", true}});
  EXPECT_EQ(preview["CodeSize"], 9);
  EXPECT_EQ(answer("GetFunction", {{"FunctionName", "f"}}), before);
  EXPECT_TRUE(runner_.retired.empty());
}

TEST_F(Functions, AnUpdateRetiresTheEnvironmentsOfTheOldLatest) {
  answer("CreateFunction", new_function("f"));
  invoke("f");
  answer("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", "PK two"}});
  invoke("f");
  ASSERT_EQ(runner_.runs.size(), 2U);
  EXPECT_THAT(runner_.retired, ::testing::ElementsAre(runner_.runs[0].version->serial));
  EXPECT_NE(runner_.runs[0].version->serial, runner_.runs[1].version->serial);
  invoke("f");
  EXPECT_EQ(runner_.runs[1].version->serial, runner_.runs[2].version->serial)
      << "settling keeps warm environments";
}

TEST_F(Functions, DeletingTakesEverythingAndNumbersStartAgain) {
  publish("f", 2);
  answer("CreateAlias", {{"FunctionName", "f"}, {"Name", "prod"}, {"FunctionVersion", "2"}});
  runner_.retired.clear();
  answer("DeleteFunction", {{"FunctionName", "f"}});
  EXPECT_EQ(runner_.retired.size(), 3U);
  EXPECT_EQ(refusal("GetAlias", {{"FunctionName", "f"}, {"Name", "prod"}}), missing("f"));
  EXPECT_EQ(codes_.size(), 0U) << "code that nobody holds is collected";
  publish("f", 1);
  EXPECT_EQ(answer("ListVersionsByFunction", {{"FunctionName", "f"}})["Versions"].back()["Version"], "1");
}

TEST_F(Functions, ListsPageByMarker) {
  for (int i = 0; i < 7; ++i) publish("f" + std::to_string(i), i);
  std::vector<std::string> names;
  Json input{{"MaxItems", 3}};
  for (int pages = 0; pages < 10; ++pages) {
    const Json page = answer("ListFunctions", input);
    ASSERT_LE(page["Functions"].size(), 3U);
    for (const Json& function : page["Functions"]) {
      names.push_back(function["FunctionName"]);
      // Recorded: lists have none of these.
      for (const char* absent : {"State", "LastUpdateStatus", "RuntimeVersionConfig"})
        EXPECT_FALSE(function.contains(absent));
    }
    if (!page.contains("NextMarker")) break;
    input["Marker"] = page["NextMarker"];
  }
  EXPECT_THAT(names, ::testing::ElementsAre("f0", "f1", "f2", "f3", "f4", "f5", "f6"));

  std::vector<std::string> arns;
  input = {{"MaxItems", 4}, {"FunctionVersion", "ALL"}};
  for (int pages = 0; pages < 20; ++pages) {
    const Json page = answer("ListFunctions", input);
    ASSERT_LE(page["Functions"].size(), 4U);
    for (const Json& function : page["Functions"]) arns.push_back(function["FunctionArn"]);
    if (!page.contains("NextMarker")) break;
    input["Marker"] = page["NextMarker"];
  }
  std::vector<std::string> expected;
  for (int i = 0; i < 7; ++i) {
    const std::string name = "f" + std::to_string(i);
    expected.push_back(arn(name + ":$LATEST"));
    for (int v = 1; v <= i; ++v) expected.push_back(arn(name + ":" + std::to_string(v)));
  }
  EXPECT_EQ(arns, expected);
  EXPECT_EQ(refusal("ListFunctions", {{"Marker", "nonsense"}}).status, 400);
}

TEST_F(Functions, StateIsApartPerAccountAndRegion) {
  answer("CreateFunction", new_function("f"));
  EXPECT_TRUE(answer("ListFunctions", Json::object(), {.region = "eu-west-1"})["Functions"].empty());
  EXPECT_TRUE(answer("ListFunctions", Json::object(), {.account = "111122223333"})["Functions"].empty());
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", "f"}}, {.account = "111122223333"}).status, 404);
  EXPECT_EQ(answer("GetFunction", {{"FunctionName", arn("f")}},
                   {.account = "111122223333"})["Configuration"]["FunctionArn"],
            arn("f"));
}

TEST_F(Functions, AccountSettingsCountWhatIsThere) {
  publish("f", 2);
  const Json settings = answer("GetAccountSettings", Json::object());
  EXPECT_EQ(settings["AccountUsage"], (Json{{"FunctionCount", 1}, {"TotalCodeSize", 9 * 3}}));
  EXPECT_EQ(settings["AccountLimit"]["CodeSizeZipped"], 52428800);
}

}  // namespace
}  // namespace aviary::lambda
