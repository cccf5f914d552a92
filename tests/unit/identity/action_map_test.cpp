#include "services/iam/core/action_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "models/apigateway.hpp"
#include "models/apigatewayv2.hpp"
#include "models/cloudformation.hpp"
#include "models/cloudwatch.hpp"
#include "models/codedeploy.hpp"
#include "models/ecr.hpp"
#include "models/events.hpp"
#include "models/iam.hpp"
#include "models/kinesis.hpp"
#include "models/lambda.hpp"
#include "models/logs.hpp"
#include "models/s3.hpp"
#include "models/s3control.hpp"
#include "models/secretsmanager.hpp"
#include "models/sns.hpp"
#include "models/sqs.hpp"
#include "models/ssm.hpp"
#include "models/sts.hpp"

namespace aviary::iam {
namespace {

const models::Service* const services[] = {&models::apigateway::service,
                                           &models::apigatewayv2::service,
                                           &models::cloudformation::service,
                                           &models::cloudwatch::service,
                                           &models::codedeploy::service,
                                           &models::ecr::service,
                                           &models::events::service,
                                           &models::iam::service,
                                           &models::kinesis::service,
                                           &models::lambda::service,
                                           &models::logs::service,
                                           &models::s3::service,
                                           &models::s3control::service,
                                           &models::secretsmanager::service,
                                           &models::sns::service,
                                           &models::sqs::service,
                                           &models::ssm::service,
                                           &models::sts::service};

const Place place{"123456789012", "eu-west-1", "arn:aws:iam::123456789012:user/alice"};

const models::Service& named(std::string_view id) {
  for (const models::Service* service : services)
    if (service->id == id) return *service;
  throw std::logic_error("no such service");
}

/// `action resource`, one a line.
std::string demands(std::string_view service, std::string_view operation, Json input) {
  const models::Service& model = named(service);
  const models::Operation* found = model.find_operation(operation);
  if (found == nullptr) return "no such operation";
  std::string text;
  for (const Demand& each : demands_of(model, *found, input, place))
    text += (text.empty() ? "" : "\n") + each.action + ' ' + each.resource;
  return text;
}

TEST(ActionMap, EveryOperationOfEveryServiceNeedsSomething) {
  std::size_t none = 0;
  for (const models::Service* service : services) {
    EXPECT_TRUE(std::ranges::any_of(service_actions(), [&](const ServiceActions& each) {
      return each.service == service->id;
    })) << service->id;
    for (const models::Operation& operation : service->operations) {
      const std::vector<Demand> needed = demands_of(*service, operation, Json::object(), place);
      if (needed.empty()) ++none;
      for (const Demand& each : needed) {
        EXPECT_NE(each.action.find(':'), std::string::npos) << operation.name;
        EXPECT_FALSE(each.resource.empty()) << operation.name;
        EXPECT_EQ(each.resource.find('{'), std::string::npos) << operation.name << each.resource;
      }
    }
  }
  EXPECT_EQ(none, 2U);  // GetCallerIdentity and GetSessionToken
}

/// A row for an operation or a member that the model does not have would say nothing, quietly.
TEST(ActionMap, EveryRowIsAboutSomethingThatIsThere) {
  for (const ServiceActions& actions : service_actions()) {
    const models::Service& model = named(actions.service);
    std::set<std::string> members;
    for (const models::Operation& operation : model.operations)
      if (operation.input != nullptr)
        for (const models::Member& member : operation.input->members) members.emplace(member.name);
    const auto check = [&](std::string_view pattern) {
      for (std::size_t open = pattern.find('{'); open != std::string_view::npos;
           open = pattern.find('{', open + 1)) {
        const std::string_view inside = pattern.substr(open + 1, pattern.find('}', open) - open - 1);
        if (inside.starts_with('$')) continue;
        EXPECT_TRUE(members.contains(std::string(inside.substr(0, inside.find_first_of(".|")))))
            << actions.service << ' ' << pattern;
      }
    };
    for (const ActionRow& row : actions.rows) {
      EXPECT_NE(model.find_operation(row.operation), nullptr) << row.operation;
      check(row.resource);
      if (!row.when.empty()) {
        EXPECT_TRUE(members.contains(std::string(row.when))) << row.operation;
      }
    }
    for (const std::string_view pattern : actions.resources) check(pattern);
    for (const KeyRow& row : actions.keys) check(row.value);
  }
}

TEST(ActionMap, WhatOperationsNeed) {
  struct Case {
    const char *service, *operation, *input, *needed;
  };
  const Case cases[] = {
      {"lambda", "Invoke", R"({"FunctionName": "f"})",
       "lambda:InvokeFunction arn:aws:lambda:eu-west-1:123456789012:function:f"},
      {"lambda", "Invoke", R"({"FunctionName": "f", "Qualifier": "live"})",
       "lambda:InvokeFunction arn:aws:lambda:eu-west-1:123456789012:function:f:live"},
      {"lambda", "Invoke", R"({"FunctionName": "arn:aws:lambda:us-east-1:111122223333:function:f:2"})",
       "lambda:InvokeFunction arn:aws:lambda:us-east-1:111122223333:function:f:2"},
      {"lambda", "Invoke", R"({"FunctionName": "111122223333:function:f", "Qualifier": "2"})",
       "lambda:InvokeFunction arn:aws:lambda:eu-west-1:111122223333:function:f:2"},
      {"lambda", "ListFunctions", "{}", "lambda:ListFunctions *"},
      {"ssm", "GetParameter", R"({"Name": "/a/b:3"})",
       "ssm:GetParameter arn:aws:ssm:eu-west-1:123456789012:parameter/a/b"},
      {"ssm", "GetDocument", R"({"Name": "hello"})",
       "ssm:GetDocument arn:aws:ssm:eu-west-1:123456789012:document/hello"},
      {"ssm", "AddTagsToResource", R"({"ResourceType": "PatchBaseline", "ResourceId": "pb-1"})",
       "ssm:AddTagsToResource arn:aws:ssm:eu-west-1:123456789012:patchbaseline/pb-1"},
      {"s3control", "GetAccessPoint", R"({"AccountId": "123456789012", "Name": "readers"})",
       "s3:GetAccessPoint arn:aws:s3:eu-west-1:123456789012:accesspoint/readers"},
      {"s3control", "GetPublicAccessBlock", R"({"AccountId": "123456789012"})",
       "s3:GetAccountPublicAccessBlock *"},
      {"lambda", "CreateFunction", R"({"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/r"})",
       "lambda:CreateFunction arn:aws:lambda:eu-west-1:123456789012:function:f\n"
       "iam:PassRole arn:aws:iam::123456789012:role/r"},
      {"lambda", "UpdateFunctionConfiguration", R"({"FunctionName": "f"})",
       "lambda:UpdateFunctionConfiguration arn:aws:lambda:eu-west-1:123456789012:function:f"},
      {"lambda", "CreateEventSourceMapping", R"({"FunctionName": "f"})", "lambda:CreateEventSourceMapping *"},
      {"lambda", "GetLayerVersion", R"({"LayerName": "l", "VersionNumber": 3})",
       "lambda:GetLayerVersion arn:aws:lambda:eu-west-1:123456789012:layer:l:3"},
      {"sqs", "SendMessageBatch", R"({"QueueUrl": "http://127.0.0.1:4566/123456789012/q.fifo"})",
       "sqs:SendMessage arn:aws:sqs:eu-west-1:123456789012:q.fifo"},
      {"sqs", "ReceiveMessage", R"({"QueueUrl": "http://sqs.localhost/queue/eu-west-1/111122223333/q"})",
       "sqs:ReceiveMessage arn:aws:sqs:eu-west-1:111122223333:q"},
      {"sqs", "CreateQueue", R"({"QueueName": "q"})", "sqs:CreateQueue arn:aws:sqs:eu-west-1:123456789012:q"},
      {"sqs", "ListQueues", "{}", "sqs:ListQueues *"},
      {"sns", "PublishBatch", R"({"TopicArn": "arn:aws:sns:eu-west-1:123456789012:t"})",
       "sns:Publish arn:aws:sns:eu-west-1:123456789012:t"},
      {"sns", "GetSubscriptionAttributes",
       R"({"SubscriptionArn": "arn:aws:sns:eu-west-1:123456789012:t:u-u"})",
       "sns:GetSubscriptionAttributes arn:aws:sns:eu-west-1:123456789012:t"},
      {"s3", "ListObjectsV2", R"({"Bucket": "b"})", "s3:ListBucket arn:aws:s3:::b"},
      {"s3", "ListBuckets", "{}", "s3:ListAllMyBuckets *"},
      {"s3", "HeadObject", R"({"Bucket": "b", "Key": "k/l"})", "s3:GetObject arn:aws:s3:::b/k/l"},
      {"s3", "GetObject", R"({"Bucket": "b", "Key": "k", "VersionId": "v"})",
       "s3:GetObjectVersion arn:aws:s3:::b/k"},
      {"s3", "PutObject", R"({"Bucket": "b", "Key": "arn:aws:s3:::other/k"})",
       "s3:PutObject arn:aws:s3:::b/arn:aws:s3:::other/k"},
      {"s3", "PutObject", R"({"Bucket": "b", "Key": "k", "Tagging": "a=b"})",
       "s3:PutObject arn:aws:s3:::b/k\ns3:PutObjectTagging arn:aws:s3:::b/k"},
      {"s3", "CreateMultipartUpload", R"({"Bucket": "b", "Key": "k"})", "s3:PutObject arn:aws:s3:::b/k"},
      {"s3", "CopyObject", R"({"Bucket": "b", "Key": "k", "CopySource": "/c/a%20b?versionId=1"})",
       "s3:PutObject arn:aws:s3:::b/k\ns3:GetObject arn:aws:s3:::c/a b"},
      {"s3", "DeleteObjects", R"({"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}, {"Key": "l"}]}})",
       "s3:DeleteObject arn:aws:s3:::b/k\ns3:DeleteObject arn:aws:s3:::b/l"},
      {"events", "PutEvents", R"({"Entries": [{"Source": "a"}, {"EventBusName": "other"}]})",
       "events:PutEvents arn:aws:events:eu-west-1:123456789012:event-bus/default\n"
       "events:PutEvents arn:aws:events:eu-west-1:123456789012:event-bus/other"},
      {"events", "PutTargets", R"({"Rule": "r", "EventBusName": "b", "Targets": [{"Id": "1", "Arn": "x"}]})",
       "events:PutTargets arn:aws:events:eu-west-1:123456789012:rule/b/r"},
      {"events", "PutRule", R"({"Name": "r"})",
       "events:PutRule arn:aws:events:eu-west-1:123456789012:rule/r"},
      {"logs", "PutLogEvents", R"({"logGroupName": "/g", "logStreamName": "s"})",
       "logs:PutLogEvents arn:aws:logs:eu-west-1:123456789012:log-group:/g:log-stream:s"},
      {"logs", "FilterLogEvents", R"({"logGroupName": "/g"})",
       "logs:FilterLogEvents arn:aws:logs:eu-west-1:123456789012:log-group:/g:log-stream:"},
      {"kinesis", "PutRecord", R"({"StreamName": "s"})",
       "kinesis:PutRecord arn:aws:kinesis:eu-west-1:123456789012:stream/s"},
      {"ssm", "GetParameters", R"({"Names": ["/a/b", "c:3"]})",
       "ssm:GetParameters arn:aws:ssm:eu-west-1:123456789012:parameter/a/b\n"
       "ssm:GetParameters arn:aws:ssm:eu-west-1:123456789012:parameter/c"},
      {"secretsmanager", "GetSecretValue",
       R"({"SecretId": "arn:aws:secretsmanager:eu-west-1:1:secret:s-abcdef"})",
       "secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-west-1:1:secret:s-abcdef"},
      {"cloudwatch", "PutMetricData", R"({"Namespace": "n"})", "cloudwatch:PutMetricData *"},
      {"cloudformation", "DescribeStacks", R"({"StackName": "s"})",
       "cloudformation:DescribeStacks arn:aws:cloudformation:eu-west-1:123456789012:stack/s/*"},
      {"codedeploy", "CreateDeployment", R"({"applicationName": "a", "deploymentGroupName": "g"})",
       "codedeploy:CreateDeployment arn:aws:codedeploy:eu-west-1:123456789012:deploymentgroup:a/g"},
      {"apigateway", "GetResources", R"({"restApiId": "abc"})",
       "apigateway:GET arn:aws:apigateway:eu-west-1::/restapis/abc/resources"},
      {"apigatewayv2", "DeleteApi", R"({"ApiId": "abc"})",
       "apigateway:DELETE arn:aws:apigateway:eu-west-1::/apis/abc"},
      {"iam", "CreateRole", R"({"RoleName": "r", "Path": "/p/"})",
       "iam:CreateRole arn:aws:iam::123456789012:role/p/r"},
      {"iam", "AttachRolePolicy", R"({"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/P"})",
       "iam:AttachRolePolicy arn:aws:iam::123456789012:role/r"},
      {"iam", "GetUser", "{}", "iam:GetUser arn:aws:iam::123456789012:user/alice"},
      {"iam", "GetUser", R"({"UserName": "bob"})", "iam:GetUser arn:aws:iam::123456789012:user/bob"},
      {"sts", "AssumeRole", R"({"RoleArn": "arn:aws:iam::123456789012:role/r"})",
       "sts:AssumeRole arn:aws:iam::123456789012:role/r"},
      {"sts", "GetCallerIdentity", "{}", ""},
      {"ecr", "PutImage", R"({"repositoryName": "a/b"})",
       "ecr:PutImage arn:aws:ecr:eu-west-1:123456789012:repository/a/b"},
  };
  for (const Case& each : cases)
    EXPECT_EQ(demands(each.service, each.operation, Json::parse(each.input)), each.needed);
  EXPECT_EQ(spelled_action("sqs:SendMessage"), "sqs:sendmessage");
  EXPECT_EQ(spelled_action("sns:Publish"), "SNS:Publish");
  EXPECT_EQ(spelled_resource("s3:GetObject", "arn:aws:s3:::b/k"), "\"arn:aws:s3:::b/k\"");
  EXPECT_EQ(spelled_resource("iam:GetRole", "arn:aws:iam::123456789012:role/p/r"), "role r");
  for (const char* action : {"iam:CreateRole", "iam:PassRole", "sts:AssumeRole"})
    EXPECT_EQ(spelled_resource(action, "arn:aws:iam::123456789012:role/p/r"),
              "arn:aws:iam::123456789012:role/p/r");
}

TEST(ActionMap, WhatRequestsSayToConditions) {
  ContextKeys keys;
  add_request_keys(named("s3"), {{"Bucket", "b"}, {"Prefix", "home/"}}, place, keys);
  EXPECT_EQ(keys["s3:prefix"], std::vector<std::string>{"home/"});
  EXPECT_FALSE(keys.contains("s3:delimiter"));
  add_request_keys(named("lambda"), {{"FunctionName", "f"}, {"Tags", {{"env", "test"}}}}, place, keys);
  EXPECT_EQ(keys["aws:RequestTag/ENV"], std::vector<std::string>{"test"});
  add_request_keys(named("sns"),
                   {{"Protocol", "sqs"}, {"Tags", Json::array({{{"Key", "a"}, {"Value", "b"}}})}}, place,
                   keys);
  EXPECT_EQ(keys["sns:Protocol"], std::vector<std::string>{"sqs"});
  EXPECT_EQ(keys["aws:TagKeys"], (std::vector<std::string>{"env", "a"}));
}

}  // namespace
}  // namespace aviary::iam
