#include <gtest/gtest.h>

#include "services/cloudformation/core/custom_resource.hpp"
#include "services/cloudformation/core/dynamic_references.hpp"
#include "services/cloudformation/core/inline_code.hpp"
#include "services/cloudformation/core/stack_store.hpp"
#include "support/memory_journal.hpp"

namespace aviary::cloudformation {
namespace {

DynamicReference only(const std::string& text) {
  const Result<std::vector<DynamicReference>> found = dynamic_references({{"P", text}});
  EXPECT_TRUE(found && found->size() == 1) << text;
  return found && !found->empty() ? found->front() : DynamicReference{};
}

std::string refused(const std::string& text) {
  const Result<std::vector<DynamicReference>> found = dynamic_references({{"P", text}});
  return found ? "" : found.error().message;
}

TEST(DynamicReferences, AreRead) {
  const DynamicReference parameter = only("a {{resolve:ssm:/app/url:3}} b");
  EXPECT_EQ(parameter.text, "{{resolve:ssm:/app/url:3}}");
  EXPECT_EQ(parameter.name, "/app/url");
  EXPECT_EQ(parameter.version, "3");
  EXPECT_EQ(parameter.place, "P");
  EXPECT_EQ(only("{{resolve:ssm:arn:aws:ssm:us-east-1:123456789012:parameter/a:2}}").name,
            "arn:aws:ssm:us-east-1:123456789012:parameter/a");
  const DynamicReference secret = only("{{resolve:secretsmanager:db:SecretString:password:AWSPREVIOUS}}");
  EXPECT_EQ(secret.name, "db");
  EXPECT_EQ(secret.json_key, "password");
  EXPECT_EQ(secret.stage, "AWSPREVIOUS");
  const DynamicReference by_arn = only(
      "{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:123456789012:secret:db-abcdef:SecretString:"
      "p::v}}");
  EXPECT_EQ(by_arn.name, "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-abcdef");
  EXPECT_EQ(by_arn.json_key, "p");
  EXPECT_EQ(by_arn.version, "v");
  EXPECT_EQ(only("{{resolve:ssm-secure:x:1}}").from, DynamicReference::From::SsmSecure);
  const Json nested{{"A", {{"B", {"{{resolve:ssm:x}}"}}}}};
  EXPECT_EQ(dynamic_references(nested)->front().place, "A/B");
}

TEST(DynamicReferences, MalformedOnesAreRefused) {
  EXPECT_EQ(refused("{{resolve:ssm:}}"),
            "Incorrect format is used in the following SSM reference: [{{resolve:ssm:}}]");
  EXPECT_NE(refused("{{resolve:ssm:x:latest}}"), "");
  EXPECT_NE(refused("{{resolve:ssm:x:1:2}}"), "");
  EXPECT_NE(refused("{{resolve:secretsmanager:db:SecretBinary}}"), "");
  EXPECT_NE(refused("{{resolve:secretsmanager:db:SecretString:k:stage:version}}"), "");
  EXPECT_NE(refused("{{resolve:vault:x}}"), "");
  EXPECT_EQ(refused("{{resolve:ssm:x"), "");  // no reference at all
}

TEST(DynamicReferences, ValuesTakeTheirPlaceOnce) {
  const std::map<std::string, std::string> values{{"{{resolve:ssm:a}}", "{{resolve:ssm:b}}"},
                                                  {"{{resolve:ssm:b}}", "no"}};
  EXPECT_EQ(with_dynamic_values({{"L", {"x{{resolve:ssm:a}}y", 1, nullptr}}}, values),
            Json({{"L", {"x{{resolve:ssm:b}}y", 1, nullptr}}}));
}

TEST(DynamicReferences, AKeyOfASecret) {
  DynamicReference reference;
  reference.name = "db";
  EXPECT_EQ(*value_of_secret(reference, {{"SecretString", "plain"}}), "plain");
  EXPECT_FALSE(value_of_secret(reference, {{"SecretBinary", "x"}}));
  reference.json_key = "p";
  EXPECT_EQ(*value_of_secret(reference, {{"SecretString", R"({"p": 5432})"}}), "5432");
  EXPECT_EQ(value_of_secret(reference, {{"SecretString", "plain"}}).error().message,
            "Could not parse SecretString JSON");
  EXPECT_EQ(value_of_secret(reference, {{"SecretString", "{}"}}).error().message,
            "Could not find a value associated with JSONKey in SecretString");
}

class CustomAnswers : public ::testing::Test {
 protected:
  CustomAnswers() {
    context.stack_id = "arn:stack";
    context.logical_id = "Thing";
    request.request_type = "Create";
    request.request_id = "r-1";
  }
  CustomAnswer read(Json changes) {
    Json answer{{"Status", "SUCCESS"},          {"StackId", "arn:stack"},    {"RequestId", "r-1"},
                {"LogicalResourceId", "Thing"}, {"PhysicalResourceId", "p"}, {"Data", {{"A", "1"}}}};
    answer.merge_patch(changes);
    return read_custom_answer(answer.dump(), request, context);
  }
  Context context;
  CustomRequest request;
};

TEST_F(CustomAnswers, GoodOnes) {
  const CustomAnswer answer = read({{"NoEcho", true}});
  EXPECT_TRUE(answer.success);
  EXPECT_EQ(answer.physical_id, "p");
  EXPECT_EQ(answer.data, Json({{"A", "1"}}));
  EXPECT_TRUE(answer.no_echo);
  request.request_type = "Delete";
  EXPECT_TRUE(read({{"PhysicalResourceId", nullptr}}).success);
}

TEST_F(CustomAnswers, BadOnes) {
  EXPECT_EQ(read({{"Status", "FAILED"}, {"Reason", "no"}}).problem,
            "Received response status [FAILED] from custom resource. Message returned: no (RequestId: r-1)");
  EXPECT_EQ(read({{"PhysicalResourceId", nullptr}}).problem,
            "Vendor response doesn't contain PhysicalResourceId attribute");
  for (const char* member : {"StackId", "RequestId", "LogicalResourceId"}) {
    EXPECT_FALSE(read({{member, nullptr}}).success) << member;
    EXPECT_FALSE(read({{member, "another"}}).success) << member;
  }
  EXPECT_FALSE(read({{"Status", "MAYBE"}}).success);
  EXPECT_FALSE(read({{"Data", "text"}}).success);
  EXPECT_EQ(read({{"Data", {{"A", std::string(5000, 'x')}}}}).problem, "Response object is too long.");
  for (const char* body : {"", "no", "[]", "{", "null"})
    EXPECT_EQ(read_custom_answer(body, request, context).problem, "Response is not valid JSON") << body;
}

TEST_F(CustomAnswers, EventsCarryTexts) {
  request.type = "Custom::Thing";
  request.properties = {{"ServiceToken", "arn:f"}, {"Size", 3}, {"On", true}, {"Deep", {{"L", {1, "a"}}}}};
  request.old_properties = Json{{"Size", 2}};
  request.physical_id = "p";
  const Json event = custom_event(request, context);
  EXPECT_EQ(
      event["ResourceProperties"],
      Json::parse(R"({"ServiceToken": "arn:f", "Size": "3", "On": "true", "Deep": {"L": ["1", "a"]}})"));
  EXPECT_EQ(event["OldResourceProperties"]["Size"], "2");
  EXPECT_EQ(event["PhysicalResourceId"], "p");
  EXPECT_EQ(custom_timeout({{"ServiceTimeout", "30"}}), std::chrono::seconds(30));
  EXPECT_EQ(custom_timeout({{"ServiceTimeout", "soon"}}), std::chrono::seconds(3600));
}

TEST(Signals, AreRead) {
  EXPECT_TRUE(read_signal(R"({"Status":"SUCCESS","UniqueId":"1","Data":"d"})")->success);
  EXPECT_FALSE(read_signal(R"({"Status":"FAILURE","UniqueId":"1","Reason":"r"})")->success);
  EXPECT_FALSE(read_signal(R"({"Status":"SUCCESS"})"));
  EXPECT_FALSE(read_signal("nonsense"));
}

TEST(InlineCode, ComesWithTheResponseModuleWhenItNamesIt) {
  EXPECT_EQ(inline_package("python3.11", "print(1)").find("cfnresponse"), std::string::npos);
  EXPECT_NE(inline_package("python3.11", "import cfnresponse").find("cfnresponse.py"), std::string::npos);
  EXPECT_NE(
      inline_package("nodejs20.x", "require('cfn-response')").find("node_modules/cfn-response/index.js"),
      std::string::npos);
  EXPECT_EQ(inline_package("java21", "x"), "");
}

TEST(StackStores, EverythingLasts) {
  testing::MemoryJournal journal;
  SeededRandom ids(1, "stacks");
  Instant now(std::chrono::hours(24));
  {
    StackStore store(journal, ids);
    Stack fresh;
    fresh.id = "arn:1";
    fresh.name = "app";
    fresh.account = "123456789012";
    fresh.region = "us-east-1";
    fresh.parent_id = "arn:0";
    fresh.wish.text = "text";
    fresh.wish.parameters = {{"K", "v", "r", true}};
    fresh.outputs = {{"O", "v", "d", "e"}};
    ChangeSet set;
    set.name = "c";
    set.status = "CREATE_COMPLETE";
    fresh.change_sets["c"] = set;
    Stack& stack = store.add(std::move(fresh));
    store.set_status(stack, "CREATE_COMPLETE", "why", now);
    StackResource resource;
    resource.logical_id = "R";
    resource.type = "Custom::X";
    resource.physical_id = "p";
    resource.attributes = {{"A", 1}};
    resource.properties = {{"Secret", "s"}};
    resource.shown = {{"Secret", "****"}};
    resource.no_echo = true;
    store.set_status(stack, stack.resources["R"] = resource, "CREATE_COMPLETE", "", now);
  }
  StackStore again(journal, ids);
  again.restore(now);
  Stack* stack = again.find("123456789012", "us-east-1", "app");
  ASSERT_NE(stack, nullptr);
  EXPECT_EQ(stack->reason, "why");
  EXPECT_EQ(stack->parent_id, "arn:0");
  EXPECT_EQ(stack->wish.parameters[0].resolved, "r");
  EXPECT_EQ(stack->outputs[0].export_name, "e");
  EXPECT_EQ(stack->change_sets.at("c").status, "CREATE_COMPLETE");
  EXPECT_EQ(stack->resources.at("R").attributes["A"], 1);
  EXPECT_TRUE(stack->resources.at("R").no_echo);
  ASSERT_EQ(stack->events.size(), 2U);
  EXPECT_LT(stack->events[0].at, stack->events[1].at);
  EXPECT_EQ(stack->events[1].properties, R"({"Secret":"****"})");
  EXPECT_NE(again.find_export("123456789012", "us-east-1", "e"), nullptr);
  EXPECT_EQ(again.find_export("123456789012", "eu-west-1", "e"), nullptr);
}

TEST(StackStores, WhatTheEndOfTheServerCutShortHasFailed) {
  testing::MemoryJournal journal;
  SeededRandom ids(1, "stacks");
  {
    StackStore store(journal, ids);
    Stack fresh;
    fresh.id = "arn:1";
    fresh.name = "app";
    store.set_status(store.add(std::move(fresh)), "UPDATE_IN_PROGRESS", "", {});
  }
  StackStore again(journal, ids);
  again.restore({});
  EXPECT_EQ(again.by_id("arn:1")->status, "UPDATE_FAILED");
}

}  // namespace
}  // namespace aviary::cloudformation
