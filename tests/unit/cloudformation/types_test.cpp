#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "services/cloudformation/core/imports.hpp"
#include "services/cloudformation/core/resource_type.hpp"

namespace aviary::cloudformation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

Context context() {
  Context made;
  made.account = "123456789012";
  made.region = "us-east-1";
  made.stack_name = "s";
  made.logical_id = "Thing";
  made.suffix = "ABCDEFGHIJKL";
  return made;
}

std::vector<std::string> operations(const Steps& steps) {
  std::vector<std::string> names;
  for (const Step& step : steps) names.push_back(step.operation);
  return names;
}

const ResourceType& type(std::string_view name) {
  const ResourceType* found = find_resource_type(name);
  if (found == nullptr) throw std::logic_error("no type " + std::string(name));
  return *found;
}

TEST(ResourceTypes, AreThereOnce) {
  const std::vector<std::string_view> names = resource_type_names();
  EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), names.size());
  EXPECT_THAT(names, IsSupersetOf({"AWS::Events::EventBusPolicy",
                                   "AWS::Events::Archive",
                                   "AWS::SNS::TopicInlinePolicy",
                                   "AWS::SQS::QueueInlinePolicy",
                                   "AWS::IAM::Group",
                                   "AWS::IAM::UserToGroupAddition",
                                   "AWS::ApiGateway::DomainName",
                                   "AWS::ApiGateway::BasePathMapping",
                                   "AWS::ApiGatewayV2::DomainName",
                                   "AWS::ApiGatewayV2::ApiMapping",
                                   "AWS::ApiGateway::ClientCertificate",
                                   "AWS::ApiGateway::DocumentationPart",
                                   "AWS::ApiGateway::DocumentationVersion",
                                   "AWS::ApiGateway::VpcLink",
                                   "AWS::ApiGatewayV2::Model",
                                   "AWS::ApiGatewayV2::RouteResponse",
                                   "AWS::ApiGatewayV2::IntegrationResponse",
                                   "AWS::ApiGatewayV2::VpcLink",
                                   "AWS::ApiGatewayV2::RoutingRule",
                                   "AWS::CloudWatch::Dashboard",
                                   "AWS::Lambda::CapacityProvider",
                                   "AWS::Logs::AccountPolicy",
                                   "AWS::Logs::DeliverySource",
                                   "AWS::Events::Endpoint",
                                   "AWS::IAM::VirtualMFADevice"}));
}

TEST(ResourceTypes, AnIntegrationSaysMappingsAsCallsDo) {
  const ResourceType& integration = type("AWS::ApiGatewayV2::Integration");
  const Json answers{{"200",
                      {{"ResponseParameters",
                        Json::array({{{"Destination", "overwrite:statuscode"}, {"Source", "201"}}})}}}};
  const Json before{{"ApiId", "a"},
                    {"RequestParameters", {{"append:header.a", "b"}, {"append:header.c", "d"}}},
                    {"ResponseParameters", answers}};
  EXPECT_EQ(integration.create(context(), before)[0].input["ResponseParameters"],
            (Json{{"200", {{"overwrite:statuscode", "201"}}}}));
  const Existing existing{.physical_id = "i", .properties = before};
  const Json input =
      integration
          .update(context(), existing, {{"ApiId", "a"}, {"RequestParameters", {{"append:header.a", "e"}}}})[0]
          .input;
  EXPECT_EQ(input["RequestParameters"], (Json{{"append:header.a", "e"}, {"append:header.c", ""}}));
  EXPECT_EQ(input["ResponseParameters"], (Json{{"200", Json::object()}}));
}

TEST(ResourceTypes, ARoutingRuleIsCalledByItsArn) {
  const ResourceType& rule = type("AWS::ApiGatewayV2::RoutingRule");
  const Json wanted{{"DomainNameArn", "arn:aws:apigateway:us-east-1::/domainnames/api.example.com"},
                    {"Priority", 1},
                    {"Conditions", Json::array()},
                    {"Actions", Json::array()}};
  EXPECT_EQ(rule.create(context(), wanted)[0].input["DomainName"], "api.example.com");
  const Existing existing{
      .physical_id = "arn:aws:apigateway:us-east-1:1:/domainnames/api.example.com/routingrules/abc",
      .properties = wanted};
  EXPECT_EQ(rule.update(context(), existing, wanted)[0].input["RoutingRuleId"], "abc");
  EXPECT_EQ(rule.remove(context(), existing)[0].input["RoutingRuleId"], "abc");
}

TEST(ResourceTypes, ThatCanBeImportedAreThere) {
  for (const std::string_view name : resource_type_names())
    if (const Importable* importable = find_importable(name)) {
      EXPECT_FALSE(importable->read("x").operation.empty()) << name;
    }
  EXPECT_EQ(find_importable("AWS::Lambda::Permission"), nullptr);
}

TEST(ResourceTypes, ADocumentIsAnotherOneUnlessItsUpdateMethodSaysSo) {
  const ResourceType& document = type("AWS::SSM::Document");
  EXPECT_TRUE(needs_another(document, "Content", {{"Content", "{}"}}));
  EXPECT_FALSE(needs_another(document, "Content", {{"Content", "{}"}, {"UpdateMethod", "NewVersion"}}));
  EXPECT_TRUE(needs_another(document, "Name", {{"UpdateMethod", "NewVersion"}}));
  EXPECT_FALSE(needs_another(document, "Tags", Json::object()));
  EXPECT_FALSE(needs_another(type("AWS::SSM::Association"), "Targets", Json::object()));
}

TEST(ResourceTypes, AnAccessPointsPolicyAndTagsFollow) {
  const ResourceType& point = type("AWS::S3::AccessPoint");
  const Json before{{"Bucket", "b"},
                    {"Name", "readers"},
                    {"Policy", {{"Statement", Json::array()}}},
                    {"Tags", Json::array({{{"Key", "a"}, {"Value", "1"}}})}};
  EXPECT_THAT(operations(point.create(context(), before)),
              ElementsAre("CreateAccessPoint", "PutAccessPointPolicy"));
  EXPECT_EQ(point.create(context(), before)[0].input["AccountId"], "123456789012");
  const Made made =
      point.made(context(), before, {{{"Alias", "readers-x-s3alias"}, {"AccessPointArn", "arn:aws:s3:x"}}});
  EXPECT_EQ(made.physical_id, "readers");
  EXPECT_EQ(made.attributes["NetworkOrigin"], "Internet");
  const Existing existing{made.physical_id, before, made.attributes};
  EXPECT_TRUE(point.update(context(), existing, before).empty());
  EXPECT_THAT(operations(point.update(context(), existing, {{"Bucket", "b"}, {"Name", "readers"}})),
              ElementsAre("DeleteAccessPointPolicy", "UntagResource"));
}

TEST(ResourceTypes, AProviderFollowsItsLists) {
  const ResourceType& provider = type("AWS::IAM::OIDCProvider");
  const Json before{{"Url", "https://a"}, {"ClientIdList", {"one", "two"}}};
  const Json after{{"Url", "https://a"}, {"ClientIdList", {"two", "three"}}, {"ThumbprintList", {"t"}}};
  EXPECT_EQ(provider.create(context(), before)[0].input["ClientIDList"], before["ClientIdList"]);
  EXPECT_THAT(operations(provider.update(context(), {.physical_id = "arn", .properties = before}, after)),
              ElementsAre("RemoveClientIDFromOpenIDConnectProvider", "AddClientIDToOpenIDConnectProvider",
                          "UpdateOpenIDConnectProviderThumbprint"));
  const ResourceType& profile = type("AWS::IAM::InstanceProfile");
  const Json with_role{{"Roles", {"r"}}};
  EXPECT_THAT(operations(profile.create(context(), with_role)),
              ElementsAre("CreateInstanceProfile", "AddRoleToInstanceProfile"));
  EXPECT_THAT(operations(profile.remove(context(), {.physical_id = "p", .properties = with_role})),
              ElementsAre("RemoveRoleFromInstanceProfile", "DeleteInstanceProfile"));
}

TEST(ResourceTypes, AStatementOfABusIsPutIntoItsPolicy) {
  const Json properties{{"EventBusName", "mine"},
                        {"StatementId", "new"},
                        {"Statement", {{"Effect", "Allow"}, {"Principal", "*"}}}};
  const ResourceType& policy = type("AWS::Events::EventBusPolicy");
  Steps steps = policy.create(context(), properties);
  EXPECT_THAT(operations(steps), ElementsAre("DescribeEventBus", "PutPermission"));
  const Json before{{"Policy", R"({"Version":"2012-10-17","Statement":[{"Sid":"old"},{"Sid":"new"}]})"}};
  steps[1].fill(steps[1].input, std::vector<Json>{before});
  const Json after = Json::parse(steps[1].input["Policy"].get<std::string>());
  ASSERT_EQ(after["Statement"].size(), 2U);
  EXPECT_EQ(after["Statement"][0]["Sid"], "old");
  EXPECT_EQ(after["Statement"][1], (Json{{"Sid", "new"}, {"Effect", "Allow"}, {"Principal", "*"}}));
  EXPECT_EQ(policy.made(context(), properties, {}).physical_id, "mine|new");
  EXPECT_THAT(operations(policy.create(context(), {{"StatementId", "s"}, {"Principal", "*"}})),
              ElementsAre("PutPermission"));
}

TEST(ResourceTypes, PoliciesUsersAndGroupsAreChangedInPlace) {
  const Existing managed{.physical_id = "arn", .properties = {{"PolicyDocument", "a"}, {"Roles", {"r"}}}};
  Steps steps = type("AWS::IAM::ManagedPolicy")
                    .update(context(), managed, {{"PolicyDocument", "b"}, {"Groups", {"g"}}});
  EXPECT_THAT(operations(steps), ElementsAre("GetPolicy", "CreatePolicyVersion", "DeletePolicyVersion",
                                             "DetachRolePolicy", "AttachGroupPolicy"));
  const Json shown{{"Policy", {{"DefaultVersionId", "v3"}}}};
  steps[2].fill(steps[2].input, std::vector<Json>{shown});
  EXPECT_EQ(steps[2].input["VersionId"], "v3");
  const Existing user{.physical_id = "u", .properties = {{"Groups", {"a", "b"}}}};
  EXPECT_THAT(operations(type("AWS::IAM::User").update(context(), user, {{"Groups", {"b", "c"}}})),
              ElementsAre("RemoveUserFromGroup", "AddUserToGroup"));
  const Existing addition{.physical_id = "x", .properties = {{"GroupName", "g"}, {"Users", {"a"}}}};
  EXPECT_THAT(operations(type("AWS::IAM::UserToGroupAddition")
                             .update(context(), addition, {{"GroupName", "h"}, {"Users", {"a"}}})),
              ElementsAre("RemoveUserFromGroup", "AddUserToGroup"));
}

TEST(ResourceTypes, WhatBelongsToLogsIsSpelledAsLogsDoes) {
  const Json destination{{"DestinationName", "d"}, {"TargetArn", "t"}, {"DestinationPolicy", "{}"}};
  Steps steps = type("AWS::Logs::Destination").create(context(), destination);
  EXPECT_THAT(operations(steps), ElementsAre("PutDestination", "PutDestinationPolicy"));
  EXPECT_EQ(steps[0].input, (Json{{"destinationName", "d"}, {"targetArn", "t"}}));
  steps = type("AWS::Logs::Transformer")
              .create(context(), {{"LogGroupIdentifier", "g"},
                                  {"TransformerConfig", {{{"ParseJSON", {{"Source", "@message"}}}}}}});
  EXPECT_EQ(steps[0].input["transformerConfig"][0]["parseJSON"]["source"], "@message");
  const Json delivery{{"DeliverySourceName", "s"}, {"DeliveryDestinationArn", "a"}, {"S3SuffixPath", "p"}};
  steps = type("AWS::Logs::Delivery").create(context(), delivery);
  EXPECT_EQ(steps[0].input["s3DeliveryConfiguration"]["suffixPath"], "p");
  const ResourceType& policy = type("AWS::Logs::AccountPolicy");
  const Json properties{{"PolicyName", "p"}, {"PolicyType", "SUBSCRIPTION_FILTER_POLICY"}};
  EXPECT_EQ(policy.made(context(), properties, {}).physical_id, "123456789012|SUBSCRIPTION_FILTER_POLICY|p");
  // Those of what is there change by calls of their own.
  const Json target{{"Name", "n"}, {"Tags", {{{"Key", "k"}, {"Value", "v"}}}}};
  const ResourceType& delivered = type("AWS::Logs::DeliveryDestination");
  EXPECT_EQ(delivered.create(context(), target)[0].input["tags"], (Json{{"k", "v"}}));
  const Existing existing{.physical_id = "n",
                          .properties = {{"Name", "n"}, {"DeliveryDestinationPolicy", "{}"}}};
  steps = delivered.update(context(), existing, target);
  EXPECT_FALSE(steps[0].input.contains("tags"));
  EXPECT_THAT(operations(steps),
              ElementsAre("PutDeliveryDestination", "DeleteDeliveryDestinationPolicy", "TagResource"));
}

TEST(ResourceTypes, AStreamChangesStepByStep) {
  const ResourceType& stream = type("AWS::Kinesis::Stream");
  EXPECT_THAT(operations(stream.create(context(), {{"ShardCount", 1}})), ElementsAre("CreateStream"));
  EXPECT_THAT(operations(stream.create(context(), {{"ShardCount", 1}, {"RetentionPeriodHours", "48"}})),
              ElementsAre("CreateStream", "DescribeStreamSummary", "IncreaseStreamRetentionPeriod"));
  const Existing existing{.physical_id = "n",
                          .properties = {{"ShardCount", 1}, {"RetentionPeriodHours", 48}}};
  EXPECT_THAT(operations(stream.update(context(), existing, {{"ShardCount", 2}})),
              ElementsAre("DescribeStreamSummary", "UpdateShardCount", "DescribeStreamSummary",
                          "DecreaseStreamRetentionPeriod"));
}

TEST(ResourceTypes, DomainNamesArePatched) {
  const Existing existing{
      .physical_id = "api.example.com",
      .properties = {{"RegionalCertificateArn", "a"}, {"Tags", {{{"Key", "k"}, {"Value", "v"}}}}}};
  const Steps steps =
      type("AWS::ApiGateway::DomainName").update(context(), existing, {{"RegionalCertificateArn", "b"}});
  EXPECT_THAT(operations(steps), ElementsAre("UpdateDomainName", "UntagResource"));
  EXPECT_EQ(steps[0].input["patchOperations"],
            Json::parse(R"([{"op": "replace", "path": "/regionalCertificateArn", "value": "b"}])"));
  EXPECT_EQ(steps[1].input["resourceArn"], "arn:aws:apigateway:us-east-1::/domainnames/api.example.com");
}

}  // namespace
}  // namespace aviary::cloudformation
