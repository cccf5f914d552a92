#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <optional>
#include <set>

#include "models/cloudformation.hpp"
#include "models/sqs.hpp"
#include "services/cloudformation/api/cloudformation_service.hpp"
#include "support/manual_clock.hpp"
#include "support/memory_journal.hpp"

namespace aviary::cloudformation {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The whole service, called as the gateway calls it, on other services that are scripted.
class Stacks : public ::testing::Test, public Cloud {
 protected:
  Stacks() { start(); }
  ~Stacks() override { stop(); }

  void start() {
    service = std::make_unique<CloudFormationService>(
        CloudFormationDependencies{.clock = clock,
                                   .ids = ids,
                                   .journal = journal,
                                   .cloud = *this,
                                   .responses_url = "http://here/",
                                   .records_unknown = false,
                                   .settling = std::chrono::seconds(2),
                                   .executor = loop.get_executor()});
    service->restore();
  }
  void stop() {
    boost::asio::co_spawn(loop, service->stop(), [](std::exception_ptr) {});
    settle();
    service.reset();
  }
  void settle() {
    loop.restart();
    loop.poll();
  }

  // Cloud
  Task<Result<Json>> call(Ask ask) override {
    asked.push_back(ask.service + ":" + ask.operation);
    if (ask.service == "cloudformation") {
      Result<Reply> reply = co_await service->call(call_of(ask.operation, std::move(ask.input)));
      if (!reply) co_return reply.error();
      co_return std::move(reply->output);
    }
    if (ask.operation == "Invoke") {
      events.push_back(Json::parse(ask.input.at("Payload").get<std::string>()));
      co_return Json::object();
    }
    if (ask.operation == "GetQueueAttributes" && !queues.contains(ask.input.value("QueueUrl", "")))
      co_return AwsError(models::sqs::errors::QueueDoesNotExist, "The specified queue does not exist.");
    if (ask.operation == "GetQueueUrl")
      co_return AwsError(models::sqs::errors::QueueDoesNotExist, "The specified queue does not exist.");
    if (ask.operation == "CreateQueue")
      co_return Json{{"QueueUrl", "http://queues/1/" + ask.input.at("QueueName").get<std::string>()}};
    if (ask.operation == "DescribeEventBus") {
      const std::string name = ask.input.at("Name");
      if (!buses.contains(name))
        co_return AwsError(models::sqs::errors::QueueDoesNotExist, "There is no such bus.");
      co_return Json{{"Name", name}, {"Arn", "arn:bus/" + name}};
    }
    if (ask.operation == "Publish") told.push_back(ask.input.at("Message"));
    if (ask.operation == "CreateStream") stream_is_there = clock.now() + std::chrono::seconds(2);
    if (ask.operation == "DescribeStreamSummary")
      co_return Json{{"StreamDescriptionSummary",
                      {{"StreamStatus", clock.now() < stream_is_there ? "CREATING" : "ACTIVE"}}}};
    if (ask.operation == "CreateAlias") co_return Json{{"AliasArn", "arn:f:live"}};
    if (ask.operation == "CreateDeployment") co_return Json{{"deploymentId", "d-1"}};
    if (ask.operation == "GetDeployment")
      co_return Json{{"deploymentInfo", {{"deploymentId", "d-1"}, {"status", deployment}}}};
    if (ask.operation == "DeleteEventBus") buses.erase(ask.input.at("Name").get<std::string>());
    co_return Json::object();
  }
  Task<Result<std::string>> fetch(std::string, std::string key, std::string) override {
    co_return templates[key];
  }

  Call call_of(std::string_view operation, Json input) {
    Call made{};
    made.operation = models::cloudformation::service.find_operation(operation);
    made.account = "123456789012";
    made.region = "us-east-1";
    made.now = clock.now();
    made.input = std::move(input);
    return made;
  }
  /// What came of it, and everything that could go on has gone on.
  Result<Reply> ask(std::string_view operation, Json input) {
    std::optional<Result<Reply>> result;
    boost::asio::co_spawn(loop, service->call(call_of(operation, std::move(input))),
                          [&](std::exception_ptr, Result<Reply> value) { result.emplace(std::move(value)); });
    settle();
    if (!result) throw std::logic_error("the call waits");
    return std::move(*result);
  }
  Json ok(std::string_view operation, Json input) {
    const Result<Reply> reply = ask(operation, std::move(input));
    EXPECT_TRUE(reply) << operation << ": " << (reply ? "" : reply.error().message);
    return reply ? reply->output : Json();
  }
  std::string refused(std::string_view operation, Json input) {
    const Result<Reply> reply = ask(operation, std::move(input));
    return reply ? "" : reply.error().message;
  }
  std::string status(const std::string& stack) {
    return ok("DescribeStacks", {{"StackName", stack}})["Stacks"][0]["StackStatus"];
  }
  /// `LogicalId STATUS reason`, oldest first.
  std::vector<std::string> story(const std::string& stack) {
    std::vector<std::string> lines;
    const Json rows = ok("DescribeStackEvents", {{"StackName", stack}})["StackEvents"];
    for (const Json& row : rows)
      lines.insert(lines.begin(), row["LogicalResourceId"].get<std::string>() + " " +
                                      row["ResourceStatus"].get<std::string>() + " " +
                                      row.value("ResourceStatusReason", ""));
    return lines;
  }
  /// The function behind the custom resource has done what the last event asks for.
  void answer(const Json& event, const std::string& id = "thing-1") {
    const std::string url = event["ResponseURL"];
    EXPECT_TRUE(service->receive_response(url.substr(url.rfind('/') + 1),
                                          Json{{"Status", "SUCCESS"},
                                               {"StackId", event["StackId"]},
                                               {"RequestId", event["RequestId"]},
                                               {"LogicalResourceId", event["LogicalResourceId"]},
                                               {"PhysicalResourceId", id}}
                                              .dump()));
    settle();
  }
  static std::string custom(const std::string& color, const std::string& more = "") {
    return "Resources:\n  Thing:\n    Type: Custom::Thing\n    Properties: {ServiceToken: "
           "'arn:aws:lambda:us-east-1:123456789012:function:maker', Color: " +
           color + more + "}\n";
  }

  boost::asio::io_context loop;
  testing::ManualClock clock;
  SeededRandom ids{1, "stacks"};
  testing::MemoryJournal journal;
  std::vector<std::string> asked;
  std::vector<Json> events;
  std::map<std::string, std::string> templates;
  std::set<std::string> queues;
  std::set<std::string> buses;
  Instant stream_is_there{};
  std::vector<std::string> told;  ///< messages to topics
  std::string deployment = "InProgress";
  std::unique_ptr<CloudFormationService> service;
};

TEST_F(Stacks, AResponseWakesTheResourceThatWaitsForIt) {
  ok("CreateStack", {{"StackName", "s"}, {"TemplateBody", custom("red")}});
  EXPECT_EQ(status("s"), "CREATE_IN_PROGRESS");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(clock.timers(), 1U);
  answer(events[0]);
  EXPECT_EQ(status("s"), "CREATE_COMPLETE");
  EXPECT_EQ(clock.timers(), 0U);
}

TEST_F(Stacks, AResponseThatDoesNotComeIsMissedByTheClock) {
  ok("CreateStack", {{"StackName", "s"}, {"TemplateBody", custom("red", ", ServiceTimeout: 60")}});
  clock.advance(std::chrono::seconds(59));
  settle();
  EXPECT_EQ(status("s"), "CREATE_IN_PROGRESS");
  clock.advance(std::chrono::seconds(1));
  settle();
  EXPECT_THAT(story("s"), Contains(HasSubstr("Thing CREATE_FAILED CloudFormation did not receive")));
  // What it may have made is to be taken away.
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1]["RequestType"], "Delete");
  EXPECT_TRUE(events[1]["PhysicalResourceId"].get<std::string>().starts_with("s-Thing-"));
  answer(events[1]);
  EXPECT_EQ(status("s"), "ROLLBACK_COMPLETE");
}

TEST_F(Stacks, SignalsWakeAConditionOneByOne) {
  ok("CreateStack", {{"StackName", "s"}, {"TemplateBody", R"(
Resources:
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
  Gate:
    Type: AWS::CloudFormation::WaitCondition
    Properties: {Handle: !Ref Handle, Timeout: 100, Count: 2}
)"}});
  const std::string url =
      ok("DescribeStackResource",
         {{"StackName", "s"}, {"LogicalResourceId", "Handle"}})["StackResourceDetail"]["PhysicalResourceId"];
  for (const char* id : {"one", "two"}) {
    EXPECT_EQ(status("s"), "CREATE_IN_PROGRESS");
    EXPECT_TRUE(service->receive_response(
        url.substr(url.rfind('/') + 1),
        Json{{"Status", "SUCCESS"}, {"UniqueId", id}, {"Data", "d"}, {"Reason", "r"}}.dump()));
    settle();
  }
  EXPECT_EQ(status("s"), "CREATE_COMPLETE");
}

TEST_F(Stacks, WhatIsPendingIsAskedAgainWhenTheClockHasSettledIt) {
  ok("CreateStack", {{"StackName", "s"}, {"TemplateBody", R"(
Resources:
  Stream: {Type: AWS::Kinesis::Stream, Properties: {Name: s, ShardCount: 1, RetentionPeriodHours: 48}}
)"}});
  const auto looks = [&] { return std::ranges::count(asked, "kinesis:DescribeStreamSummary"); };
  EXPECT_EQ(looks(), 1);
  EXPECT_EQ(clock.timers(), 1U);
  for (int i = 0; i < 10; ++i) settle();
  EXPECT_EQ(looks(), 1);
  clock.advance(std::chrono::seconds(2));
  settle();
  EXPECT_EQ(status("s"), "CREATE_COMPLETE");
  EXPECT_EQ(clock.timers(), 0U);
}

TEST_F(Stacks, ADeploymentSaysWhenItHasMoved) {
  const auto body = [](const char* version) {
    return std::string(
               "Resources:\n  Live:\n    Type: AWS::Lambda::Alias\n    UpdatePolicy: "
               "{CodeDeployLambdaAliasUpdate: {ApplicationName: a, DeploymentGroupName: g}}\n    Properties: "
               "{FunctionName: f, Name: live, FunctionVersion: '") +
           version + "'}\n";
  };
  ok("CreateStack", {{"StackName", "s"}, {"TemplateBody", body("1")}});
  ASSERT_EQ(status("s"), "CREATE_COMPLETE");
  ok("UpdateStack", {{"StackName", "s"}, {"TemplateBody", body("2")}});
  const auto looks = [&] { return std::ranges::count(asked, "codedeploy:GetDeployment"); };
  EXPECT_EQ(looks(), 1);
  EXPECT_EQ(clock.timers(), 0U);
  service->tell("d-2");
  settle();
  EXPECT_EQ(looks(), 1);
  service->tell("d-1");
  settle();
  EXPECT_EQ(looks(), 2);
  deployment = "Succeeded";
  service->tell("d-1");
  settle();
  EXPECT_EQ(status("s"), "UPDATE_COMPLETE");
}

TEST_F(Stacks, ANestedStackWakesItsParent) {
  templates["child.yaml"] = custom("red");
  ok("CreateStack",
     {{"StackName", "parent"},
      {"TemplateBody",
       "Resources:\n  Child:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: "
       "'https://s3.amazonaws.com/bucket/child.yaml'}\n"}});
  EXPECT_EQ(status("parent"), "CREATE_IN_PROGRESS");
  ASSERT_EQ(events.size(), 1U);
  answer(events[0]);
  EXPECT_EQ(status("parent"), "CREATE_COMPLETE");
  ok("DeleteStack", {{"StackName", "parent"}});
  ASSERT_EQ(events.size(), 2U);
  answer(events[1]);
  EXPECT_EQ(refused("DescribeStacks", {{"StackName", "parent"}}), "Stack with id parent does not exist");
}

TEST_F(Stacks, AnUpdateThatIsTakenBackGoesBack) {
  ok("CreateStack", {{"StackName", "s"}, {"TemplateBody", custom("red")}});
  answer(events[0]);
  EXPECT_EQ(refused("CancelUpdateStack", {{"StackName", "s"}}),
            "CancelUpdateStack cannot be called from current stack status");
  EXPECT_EQ(refused("CancelUpdateStack", {{"StackName", "none"}}), "Stack with id none does not exist");
  ok("UpdateStack", {{"StackName", "s"}, {"TemplateBody", custom("blue")}, {"DisableRollback", true}});
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1]["ResourceProperties"]["Color"], "blue");
  ok("CancelUpdateStack", {{"StackName", "s"}});
  EXPECT_EQ(status("s"), "UPDATE_ROLLBACK_IN_PROGRESS");
  EXPECT_EQ(refused("CancelUpdateStack", {{"StackName", "s"}}),
            "CancelUpdateStack cannot be called from current stack status");
  // What was asked for is asked to be what it was.
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[2]["RequestType"], "Update");
  EXPECT_EQ(events[2]["ResourceProperties"]["Color"], "red");
  answer(events[2]);
  EXPECT_EQ(status("s"), "UPDATE_ROLLBACK_COMPLETE");
  const std::vector<std::string> all = story("s");
  const std::vector<std::string> last(all.end() - 7, all.end());
  EXPECT_THAT(last, ElementsAre("Thing UPDATE_IN_PROGRESS ", "s UPDATE_ROLLBACK_IN_PROGRESS User Initiated",
                                "Thing UPDATE_FAILED Resource update cancelled", "Thing UPDATE_IN_PROGRESS ",
                                "Thing UPDATE_COMPLETE ", "s UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS ",
                                "s UPDATE_ROLLBACK_COMPLETE "));
  // It can be updated again.
  ok("UpdateStack", {{"StackName", "s"}, {"TemplateBody", custom("green")}});
  answer(events[3]);
  EXPECT_EQ(status("s"), "UPDATE_COMPLETE");
}

TEST_F(Stacks, ANestedUpdateIsTakenBackWithItsParents) {
  const auto parent = [](const char* file) {
    return std::string(
               "Resources:\n  Child:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: "
               "'https://s3.amazonaws.com/bucket/") +
           file + "'}\n";
  };
  templates["red.yaml"] = custom("red");
  templates["blue.yaml"] = custom("blue");
  ok("CreateStack", {{"StackName", "parent"}, {"TemplateBody", parent("red.yaml")}});
  answer(events[0]);
  ok("UpdateStack", {{"StackName", "parent"}, {"TemplateBody", parent("blue.yaml")}});
  ASSERT_EQ(events.size(), 2U);
  ok("CancelUpdateStack", {{"StackName", "parent"}});
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[2]["ResourceProperties"]["Color"], "red");
  answer(events[2]);
  EXPECT_EQ(status("parent"), "UPDATE_ROLLBACK_COMPLETE");
}

Json import_of(const std::string& logical, const std::string& url) {
  return Json::array({{{"ResourceType", "AWS::SQS::Queue"},
                       {"LogicalResourceId", logical},
                       {"ResourceIdentifier", {{"QueueUrl", url}}}}});
}

TEST_F(Stacks, ResourcesThatAreThereBecomeAStacks) {
  queues.insert("http://queues/1/mine");
  const std::string body =
      "Resources:\n  Queue: {Type: AWS::SQS::Queue, DeletionPolicy: Retain, Properties: {QueueName: mine}}\n";
  Json wanted{{"StackName", "s"},
              {"ChangeSetName", "c"},
              {"ChangeSetType", "IMPORT"},
              {"TemplateBody", body},
              {"ResourcesToImport", import_of("Queue", "http://queues/1/mine")}};
  ok("CreateChangeSet", wanted);
  const Json set = ok("DescribeChangeSet", {{"StackName", "s"}, {"ChangeSetName", "c"}});
  EXPECT_EQ(set["Status"], "CREATE_COMPLETE");
  EXPECT_EQ(set["Changes"][0]["ResourceChange"]["Action"], "Import");
  EXPECT_EQ(set["Changes"][0]["ResourceChange"]["PhysicalResourceId"], "http://queues/1/mine");
  ok("ExecuteChangeSet", {{"StackName", "s"}, {"ChangeSetName", "c"}});
  EXPECT_EQ(status("s"), "IMPORT_COMPLETE");
  EXPECT_THAT(story("s"),
              ElementsAre("s REVIEW_IN_PROGRESS User Initiated", "s IMPORT_IN_PROGRESS User Initiated",
                          "Queue IMPORT_IN_PROGRESS Resource import started.",
                          "Queue IMPORT_COMPLETE Resource import completed.", "s IMPORT_COMPLETE "));
  // From now on it is the stack's.
  EXPECT_EQ(refused("UpdateStack", {{"StackName", "s"}, {"TemplateBody", body}}),
            "No updates are to be performed.");
  ok("UpdateStack",
     {{"StackName", "s"}, {"TemplateBody", body + "Outputs:\n  Arn: {Value: !GetAtt Queue.Arn}\n"}});
  EXPECT_EQ(ok("DescribeStacks", {{"StackName", "s"}})["Stacks"][0]["Outputs"][0]["OutputValue"],
            "arn:aws:sqs:us-east-1:123456789012:mine");
  // Nobody else can have it.
  wanted["StackName"] = "other";
  ok("CreateChangeSet", wanted);
  ok("ExecuteChangeSet", {{"StackName", "other"}, {"ChangeSetName", "c"}});
  EXPECT_EQ(status("other"), "IMPORT_ROLLBACK_COMPLETE");
  EXPECT_THAT(story("other"),
              Contains(HasSubstr("Queue IMPORT_FAILED http://queues/1/mine already exists in "
                                 "stack arn:aws:cloudformation:us-east-1:123456789012:stack/s/")));
  EXPECT_THAT(asked, ::testing::Not(Contains("sqs:CreateQueue")));
}

TEST_F(Stacks, WhatCannotBeImportedIsSaidAtOnce) {
  const auto why = [&](const std::string& body, const Json& imports) {
    return refused("CreateChangeSet", {{"StackName", "s"},
                                       {"ChangeSetName", "c"},
                                       {"ChangeSetType", "IMPORT"},
                                       {"TemplateBody", body},
                                       {"ResourcesToImport", imports}});
  };
  const std::string queue = "Resources:\n  Q: {Type: AWS::SQS::Queue, DeletionPolicy: Retain}\n";
  const Json q = import_of("Q", "u");
  EXPECT_EQ(why(queue, Json::array()), "Must Provide at least one resource to import");
  EXPECT_EQ(
      why("Resources:\n  Q: {Type: AWS::SQS::Queue}\n", q),
      "The following resources to import [Q] must have DeletionPolicy attribute specified in the template.");
  EXPECT_EQ(why(queue + "  R: {Type: AWS::SQS::Queue, DeletionPolicy: Retain}\n", q),
            "Resources [R] is missing from ResourceToImport list");
  EXPECT_EQ(why(queue + "Outputs:\n  O: {Value: x}\n", q),
            "As part of the import operation, you cannot modify or add [Outputs]");
  Json other = q;
  other[0]["ResourceType"] = "AWS::Lambda::Permission";
  EXPECT_EQ(why(queue, other), "ResourceTypes [AWS::Lambda::Permission] are not supported for Import");
  other[0]["ResourceType"] = "AWS::SNS::Topic";
  EXPECT_THAT(why(queue, other),
              HasSubstr("Resource type in ResourceToImport: AWS::SNS::Topic; Resource type in "
                        "Template: AWS::SQS::Queue."));
  other = q;
  other[0]["ResourceIdentifier"] = {{"QueueName", "x"}};
  EXPECT_EQ(why(queue, other),
            "Invalid resource identifier for resource type AWS::SQS::Queue. Expected [QueueUrl]");
  // None of them has left a stack.
  EXPECT_EQ(refused("DescribeStacks", {{"StackName", "s"}}), "Stack with id s does not exist");
}

TEST_F(Stacks, AnImportOfWhatIsNotThereLeavesTheStackAsItWas) {
  ok("CreateStack", {{"StackName", "s"}, {"TemplateBody", "Resources:\n  A: {Type: AWS::SQS::Queue}\n"}});
  ASSERT_EQ(status("s"), "CREATE_COMPLETE");
  ok("CreateChangeSet",
     {{"StackName", "s"},
      {"ChangeSetName", "c"},
      {"ChangeSetType", "IMPORT"},
      {"TemplateBody",
       "Resources:\n  A: {Type: AWS::SQS::Queue}\n  Q: {Type: AWS::SQS::Queue, DeletionPolicy: Retain}\n"},
      {"ResourcesToImport", import_of("Q", "http://queues/1/gone")}});
  stop();
  start();  // the set lasts
  ok("ExecuteChangeSet", {{"StackName", "s"}, {"ChangeSetName", "c"}});
  EXPECT_EQ(status("s"), "IMPORT_ROLLBACK_COMPLETE");
  EXPECT_THAT(story("s"), Contains("Q IMPORT_FAILED Resource of type 'AWS::SQS::Queue' with identifier "
                                   "'http://queues/1/gone' was not found."));
  const Json rows = ok("DescribeStackResources", {{"StackName", "s"}})["StackResources"];
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["LogicalResourceId"], "A");
}

const char* const buses_template = R"(
Resources:
  Mine: {Type: AWS::Events::EventBus, DeletionPolicy: RetainExceptOnCreate, Properties: {Name: mine}}
  New: {Type: AWS::Events::EventBus, DependsOn: Mine, DeletionPolicy: Retain, Properties: {Name: new}}
)";

Json importing(const std::string& type, const std::string& body) {
  return {{"StackName", "s"},
          {"ChangeSetName", "c"},
          {"ChangeSetType", type},
          {"TemplateBody", body},
          {"ImportExistingResources", true}};
}

TEST_F(Stacks, WhatIsThereAlreadyIsImportedAndTheRestIsMade) {
  buses = {"mine"};
  ok("CreateChangeSet", importing("CREATE", buses_template));
  const Json set = ok("DescribeChangeSet", {{"StackName", "s"}, {"ChangeSetName", "c"}});
  EXPECT_EQ(set["ImportExistingResources"], true);
  ASSERT_EQ(set["Changes"].size(), 2U);
  EXPECT_EQ(set["Changes"][0]["ResourceChange"]["Action"], "Import");
  EXPECT_EQ(set["Changes"][0]["ResourceChange"]["PhysicalResourceId"], "mine");
  EXPECT_EQ(set["Changes"][1]["ResourceChange"]["Action"], "Add");
  stop();
  start();  // what was found lasts
  ok("ExecuteChangeSet", {{"StackName", "s"}, {"ChangeSetName", "c"}});
  EXPECT_EQ(status("s"), "CREATE_COMPLETE");
  const std::vector<std::string> all = story("s");
  const std::vector<std::string> first(all.begin() + 2, all.begin() + 5);
  EXPECT_THAT(first,
              ElementsAre("Mine IMPORT_IN_PROGRESS Resource import started.",
                          "Mine IMPORT_COMPLETE Resource import completed.", "New CREATE_IN_PROGRESS "));
  EXPECT_EQ(std::ranges::count(asked, "events:CreateEventBus"), 1);
  // Another stack does not take it: it is made there, or fails as ever.
  Json other = importing("CREATE", buses_template);
  other["StackName"] = "other";
  ok("CreateChangeSet", other);
  const Json changes = ok("DescribeChangeSet", {{"StackName", "other"}, {"ChangeSetName", "c"}})["Changes"];
  EXPECT_EQ(changes[0]["ResourceChange"]["Action"], "Add");
}

TEST_F(Stacks, WhatWasImportedIsLetGoOfWhenItsStackFails) {
  buses = {"mine"};
  const std::string broken =
      std::string(buses_template) + "  Broken: {Type: AWS::No::Type, DependsOn: New}\n";
  ok("CreateChangeSet", importing("CREATE", broken));
  ok("ExecuteChangeSet", {{"StackName", "s"}, {"ChangeSetName", "c"}});
  EXPECT_EQ(status("s"), "ROLLBACK_COMPLETE");
  EXPECT_THAT(story("s"), Contains("Mine IMPORT_ROLLBACK_COMPLETE "));
  EXPECT_TRUE(buses.contains("mine"));
}

TEST_F(Stacks, AnUpdateImportsToo) {
  ok("CreateStack", {{"StackName", "s"}, {"TemplateBody", "Resources:\n  A: {Type: AWS::SQS::Queue}\n"}});
  buses = {"mine"};
  ok("CreateChangeSet", importing("UPDATE", buses_template));
  ok("ExecuteChangeSet", {{"StackName", "s"}, {"ChangeSetName", "c"}});
  EXPECT_EQ(status("s"), "UPDATE_COMPLETE");
  EXPECT_THAT(story("s"), Contains("Mine IMPORT_COMPLETE Resource import completed."));
}

TEST_F(Stacks, WhatAStackWouldDeleteIsNotImportedUnasked) {
  buses = {"mine", "other"};
  const auto reason = [&](const std::string& body) {
    ok("CreateChangeSet", importing("CREATE", body));
    const Json set = ok("DescribeChangeSet", {{"StackName", "s"}, {"ChangeSetName", "c"}});
    ok("DeleteStack", {{"StackName", "s"}});
    return set["Status"].get<std::string>() + " " + set.value("StatusReason", "");
  };
  EXPECT_EQ(reason("Resources:\n  Mine: {Type: AWS::Events::EventBus, Properties: {Name: mine}}\n"),
            "FAILED CloudFormation is attempting to import some resources because they already exist in your "
            "account. The resources must have the DeletionPolicy attribute set to 'Retain' or "
            "'RetainExceptOnCreate' in the template for successful import. The affected resources are Mine "
            "({Name=mine})");
  // A name that comes of a function is none that is looked for.
  EXPECT_EQ(
      reason("Resources:\n  Mine: {Type: AWS::Events::EventBus, Properties: {Name: !Join ['', [mi, ne]]}}\n"
             "  Other: {Type: AWS::Events::EventBus, DeletionPolicy: Retain, Properties: {Name: other}}\n"),
      "CREATE_COMPLETE ");
}

const char* const beside_a_failure = R"(
Resources:
  Thing:
    Type: Custom::Thing
    Properties: {ServiceToken: 'arn:aws:lambda:us-east-1:123456789012:function:maker', ServiceTimeout: 1000}
  Gate:
    Type: AWS::CloudFormation::WaitCondition
    Properties: {Handle: !Ref Handle, Timeout: 10, Count: 1}
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
  Later: {Type: AWS::SQS::Queue, DependsOn: Thing}
)";

TEST_F(Stacks, AFailureEndsTheWaitForWhatIsBesideIt) {
  ok("CreateStack", {{"StackName", "s"}, {"TemplateBody", beside_a_failure}});
  ASSERT_EQ(events.size(), 1U);
  clock.advance(std::chrono::seconds(10));
  settle();
  EXPECT_THAT(story("s"), Contains("Thing CREATE_FAILED Resource creation cancelled"));
  EXPECT_THAT(story("s"),
              Contains("s ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Gate, "
                       "Thing]. Rollback requested by user."));
  // Its function may have made something all the same.
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1]["RequestType"], "Delete");
  answer(events[1]);
  EXPECT_EQ(status("s"), "ROLLBACK_COMPLETE");
}

TEST_F(Stacks, WithoutARollbackAFailureStopsOnlyWhatHangsOnIt) {
  ok("CreateStack", {{"StackName", "s"}, {"TemplateBody", beside_a_failure}, {"DisableRollback", true}});
  clock.advance(std::chrono::seconds(10));
  settle();
  EXPECT_EQ(status("s"), "CREATE_IN_PROGRESS");
  answer(events[0]);
  EXPECT_EQ(status("s"), "CREATE_FAILED");
  EXPECT_THAT(story("s"), Contains("Later CREATE_COMPLETE "));
}

TEST_F(Stacks, AChildThatIsBeingMadeIsTakenBackWithItsParent) {
  templates["child.yaml"] = custom("red");
  ok("CreateStack",
     {{"StackName", "parent"},
      {"TemplateBody",
       "Resources:\n  Child:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: "
       "'https://s3.amazonaws.com/bucket/child.yaml'}\n"
       "  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}\n"
       "  Gate: {Type: AWS::CloudFormation::WaitCondition, Properties: {Handle: !Ref Handle, Timeout: "
       "5}}\n"}});
  ASSERT_EQ(events.size(), 1U);
  clock.advance(std::chrono::seconds(5));
  settle();
  EXPECT_THAT(story("parent"), Contains("Child CREATE_FAILED Resource creation cancelled"));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1]["RequestType"], "Delete");
  answer(events[1]);
  EXPECT_EQ(status("parent"), "ROLLBACK_COMPLETE");
}

TEST_F(Stacks, ACreationThatTakesTooLongGoesBack) {
  ok("CreateStack", {{"StackName", "s"}, {"TemplateBody", custom("red")}, {"TimeoutInMinutes", 2}});
  EXPECT_EQ(ok("DescribeStacks", {{"StackName", "s"}})["Stacks"][0]["TimeoutInMinutes"], 2);
  clock.advance(std::chrono::seconds(119));
  settle();
  EXPECT_EQ(status("s"), "CREATE_IN_PROGRESS");
  clock.advance(std::chrono::seconds(1));
  settle();
  EXPECT_THAT(story("s"), Contains("Thing CREATE_FAILED Resource creation cancelled"));
  EXPECT_THAT(story("s"), Contains("s ROLLBACK_IN_PROGRESS Stack creation time exceeded the specified "
                                   "timeout. Rollback requested by user."));
  answer(events[1]);
  EXPECT_EQ(status("s"), "ROLLBACK_COMPLETE");
  // One that is through in time leaves no timer.
  ok("CreateStack", {{"StackName", "t"}, {"TemplateBody", custom("red")}, {"TimeoutInMinutes", 2}});
  answer(events[2]);
  EXPECT_EQ(status("t"), "CREATE_COMPLETE");
  EXPECT_EQ(clock.timers(), 0U);
}

TEST_F(Stacks, ACreationIsGivenUpToBeDeleted) {
  const std::string id = ok("CreateStack", {{"StackName", "s"}, {"TemplateBody", custom("red")}})["StackId"];
  ok("DeleteStack", {{"StackName", "s"}});
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1]["RequestType"], "Delete");
  EXPECT_EQ(status(id), "DELETE_IN_PROGRESS");
  answer(events[1]);
  EXPECT_EQ(status(id), "DELETE_COMPLETE");
}

TEST_F(Stacks, TopicsHearOfEachEvent) {
  const Json topics = Json::array({"arn:aws:sns:us-east-1:123456789012:news"});
  ok("CreateStack", {{"StackName", "s"},
                     {"TemplateBody", "Resources:\n  Q: {Type: AWS::SQS::Queue}\n"},
                     {"NotificationARNs", topics}});
  ASSERT_EQ(told.size(), story("s").size());
  EXPECT_THAT(told[0], HasSubstr("LogicalResourceId='s'\nNamespace='123456789012'\n"));
  EXPECT_THAT(told[0], HasSubstr("ResourceStatus='CREATE_IN_PROGRESS'\n"));
  EXPECT_THAT(told.back(), HasSubstr("ResourceStatus='CREATE_COMPLETE'\nResourceStatusReason=''\n"
                                     "ResourceType='AWS::CloudFormation::Stack'\nStackName='s'\n"));
  told.clear();
  ok("UpdateStack", {{"StackName", "s"},
                     {"TemplateBody", "Resources:\n  R: {Type: AWS::SQS::Queue}\n"},
                     {"NotificationARNs", Json::array()}});
  EXPECT_EQ(status("s"), "UPDATE_COMPLETE");
  EXPECT_TRUE(told.empty());
}

TEST_F(Stacks, WhatWasOnlyJustMadeGoesWhateverItsPolicy) {
  const std::string body =
      "Resources:\n  Q: {Type: AWS::SQS::Queue, DeletionPolicy: Retain}\n"
      "  Broken: {Type: AWS::No::Type, DependsOn: Q}\n";
  ok("CreateStack", {{"StackName", "s"}, {"TemplateBody", body}});
  EXPECT_THAT(story("s"), Contains("Q DELETE_SKIPPED "));
  ok("CreateStack", {{"StackName", "t"}, {"TemplateBody", body}, {"RetainExceptOnCreate", true}});
  EXPECT_THAT(story("t"), Contains("Q DELETE_COMPLETE "));
  EXPECT_THAT(story("t"), Contains("Broken DELETE_COMPLETE "));
  EXPECT_EQ(status("t"), "ROLLBACK_COMPLETE");
}

TEST_F(Stacks, WhatOthersImportStaysAsItIs) {
  const auto exporting = [](const char* value, const char* name) {
    return std::string("Resources:\n  Q: {Type: AWS::SQS::Queue}\nOutputs:\n  O: {Value: ") + value +
           ", Export: {Name: " + name + "}}\n";
  };
  ok("CreateStack", {{"StackName", "from"}, {"TemplateBody", exporting("one", "from-name")}});
  ok("CreateStack", {{"StackName", "to"},
                     {"Parameters", {{{"ParameterKey", "From"}, {"ParameterValue", "from"}}}},
                     {"TemplateBody", R"(
Parameters: {From: {Type: String}}
Resources:
  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: {'Fn::ImportValue': !Sub '${From}-name'}}}
)"}});
  ASSERT_EQ(status("to"), "CREATE_COMPLETE");
  EXPECT_EQ(ok("ListImports", {{"ExportName", "from-name"}})["Imports"], Json::array({"to"}));
  EXPECT_EQ(refused("DeleteStack", {{"StackName", "from"}}),
            "Export from-name cannot be deleted as it is in use by to");
  ok("UpdateStack", {{"StackName", "from"}, {"TemplateBody", exporting("two", "from-name")}});
  EXPECT_THAT(story("from"), Contains(HasSubstr("Export from-name cannot be updated as it is in use by to")));
  EXPECT_EQ(status("from"), "UPDATE_ROLLBACK_COMPLETE");
  ok("UpdateStack", {{"StackName", "from"}, {"TemplateBody", exporting("one", "another")}});
  EXPECT_THAT(story("from"), Contains(HasSubstr("Export from-name cannot be deleted as it is in use by to")));
  ok("DeleteStack", {{"StackName", "to"}});
  ok("UpdateStack", {{"StackName", "from"}, {"TemplateBody", exporting("two", "from-name")}});
  EXPECT_EQ(status("from"), "UPDATE_COMPLETE");
}

}  // namespace
}  // namespace aviary::cloudformation
