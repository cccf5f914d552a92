#include <gtest/gtest.h>

#include "services/events/api/events_service.hpp"
#include "support/service_calls.hpp"
#include "unit/events/recorded_targets.hpp"

namespace aviary::events {
namespace {

constexpr const char* bus = "arn:aws:events:us-east-1:123456789012:event-bus/default";
constexpr const char* archive = "arn:aws:events:us-east-1:123456789012:archive/a";

class EventArchives : public testing::ServiceCalls {
 protected:
  EventArchives() { start(); }
  void start() {
    service = std::make_unique<EventsService>(
        EventsDependencies{.clock = clock, .ids = ids, .journal = journal, .targets = &targets});
    service->restore();
  }
  std::vector<Json> shipped() const {
    std::vector<Json> bodies;
    for (const Shipment& each : targets.shipments) bodies.push_back(Json::parse(each.body));
    return bodies;
  }
  void put(const char* source) {
    ok("PutEvents", {{"Entries", {{{"Source", source}, {"DetailType", "t"}, {"Detail", R"({"n":1})"}}}}});
  }
  double now() const { return std::chrono::duration<double>(clock.now().time_since_epoch()).count(); }

  Service& subject() override { return *service; }

  SeededRandom ids{1, "events"};
  RecordedTargets targets;
  std::unique_ptr<EventsService> service;
};

TEST_F(EventArchives, KeepWhatFitsAndLast) {
  EXPECT_EQ(ok("CreateArchive", {{"ArchiveName", "a"},
                                 {"EventSourceArn", bus},
                                 {"EventPattern", R"({"source":["shop"]})"},
                                 {"RetentionDays", 2}})["ArchiveArn"],
            archive);
  put("shop");
  put("other");
  EXPECT_EQ(ok("DescribeArchive", {{"ArchiveName", "a"}})["EventCount"], 1);
  start();
  put("shop");
  const Json shown = ok("DescribeArchive", {{"ArchiveName", "a"}});
  EXPECT_EQ(shown["EventCount"], 2);
  EXPECT_EQ(shown["State"], "ENABLED");
  EXPECT_EQ(shown["EventPattern"], R"({"source":["shop"]})");
  EXPECT_EQ(ok("ListArchives", {{"NamePrefix", "a"}})["Archives"].size(), 1U);
  EXPECT_EQ(ok("ListArchives", {{"NamePrefix", "b"}})["Archives"].size(), 0U);
  clock.advance(std::chrono::hours(24 * 3));
  EXPECT_EQ(ok("DescribeArchive", {{"ArchiveName", "a"}})["EventCount"], 0);
  put("shop");
  ok("UpdateArchive", {{"ArchiveName", "a"}, {"EventPattern", R"({"source":["none"]})"}});
  put("shop");
  EXPECT_EQ(ok("DescribeArchive", {{"ArchiveName", "a"}})["EventCount"], 1);
  ok("DeleteArchive", {{"ArchiveName", "a"}});
  EXPECT_EQ(journal.records(), 0U);
}

TEST_F(EventArchives, AreReplayedToTheRulesThatAreNamed) {
  for (const char* name : {"one", "two"}) {
    ok("PutRule", {{"Name", name}, {"EventPattern", R"({"source":["shop"]})"}});
    ok("PutTargets",
       {{"Rule", name}, {"Targets", {{{"Id", "t"}, {"Arn", "arn:aws:sqs:us-east-1:123456789012:q"}}}}});
  }
  ok("CreateArchive", {{"ArchiveName", "a"}, {"EventSourceArn", bus}});
  put("shop");
  EXPECT_EQ(shipped().size(), 2U);
  const Json wanted{
      {"ReplayName", "r"},
      {"EventSourceArn", archive},
      {"EventStartTime", now() - 60},
      {"EventEndTime", now() + 60},
      {"Destination", {{"Arn", bus}, {"FilterArns", {"arn:aws:events:us-east-1:123456789012:rule/two"}}}}};
  EXPECT_EQ(ok("StartReplay", wanted)["State"], "STARTING");
  ASSERT_EQ(shipped().size(), 3U);
  EXPECT_EQ(shipped()[2]["replay-name"], "r");
  EXPECT_EQ(shipped()[2]["id"], shipped()[0]["id"]);
  EXPECT_EQ(ok("DescribeReplay", {{"ReplayName", "r"}})["State"], "COMPLETED");
  // What is replayed is not kept again.
  EXPECT_EQ(ok("DescribeArchive", {{"ArchiveName", "a"}})["EventCount"], 1);
  EXPECT_EQ(error("StartReplay", wanted), "ResourceAlreadyExistsException: Replay r already exists.");
  EXPECT_EQ(error("CancelReplay", {{"ReplayName", "r"}}),
            "IllegalStatusException: Replay r is not in a valid state for this operation.");
  start();
  EXPECT_EQ(ok("ListReplays", Json::object())["Replays"].size(), 1U);
}

TEST_F(EventArchives, RefuseWhatCannotBe) {
  EXPECT_EQ(error("DescribeArchive", {{"ArchiveName", "a"}}),
            "ResourceNotFoundException: Archive a does not exist.");
  EXPECT_EQ(error("CreateArchive", {{"ArchiveName", "a"}, {"EventSourceArn", std::string(bus) + "x"}}),
            "ResourceNotFoundException: Event bus defaultx does not exist.");
  EXPECT_EQ(error("CreateArchive", {{"ArchiveName", "a"}, {"EventSourceArn", bus}, {"EventPattern", "["}})
                .substr(0, 61),
            "InvalidEventPatternException: Event pattern is not valid. Rea");
  ok("CreateArchive", {{"ArchiveName", "a"}, {"EventSourceArn", bus}});
  EXPECT_EQ(error("CreateArchive", {{"ArchiveName", "a"}, {"EventSourceArn", bus}}),
            "ResourceAlreadyExistsException: Archive a already exists.");
  EXPECT_EQ(error("ListArchives", {{"NamePrefix", "a"}, {"State", "ENABLED"}}),
            "ValidationException: At most one filter is allowed for ListArchives. Use either : State, "
            "EventSourceArn, or NamePrefix.");
  Json wanted{{"ReplayName", "r"},
              {"EventSourceArn", archive},
              {"EventStartTime", now()},
              {"EventEndTime", now()},
              {"Destination", {{"Arn", bus}}}};
  EXPECT_EQ(error("StartReplay", wanted),
            "ValidationException: Parameter EventEndTime is not valid. Reason: EventStartTime must be before "
            "EventEndTime.");
  wanted["EventStartTime"] = 1e300;
  EXPECT_EQ(error("StartReplay", wanted).substr(0, 62),
            "ValidationException: Parameter EventEndTime is not valid. Reas");
  ok("UpdateArchive", {{"ArchiveName", "a"}, {"RetentionDays", 2147483647}});
  put("shop");
  EXPECT_EQ(ok("DescribeArchive", {{"ArchiveName", "a"}})["EventCount"], 1);
  wanted["Destination"]["Arn"] = archive;
  EXPECT_EQ(
      error("StartReplay", wanted),
      "ValidationException: Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.");
  wanted["Destination"]["Arn"] = bus;
  wanted["EventSourceArn"] = "arn:aws:events:us-east-1:123456789012:archive/none";
  EXPECT_EQ(
      error("StartReplay", wanted),
      "ValidationException: Parameter EventSourceArn is not valid. Reason: Archive none does not exist.");
  EXPECT_EQ(error("DescribeReplay", {{"ReplayName", "r"}}),
            "ResourceNotFoundException: Replay r does not exist.");
}

TEST_F(EventArchives, AStatementOfAPolicyGivesWayToItsSuccessor) {
  const auto permit = [&](const char* principal, Json more) {
    Json input{{"StatementId", "s"}, {"Action", "events:PutEvents"}, {"Principal", principal}};
    input.update(more);
    ok("PutPermission", std::move(input));
    return Json::parse(ok("DescribeEventBus", Json::object())["Policy"].get<std::string>())["Statement"];
  };
  permit("111122223333", Json::object());
  EXPECT_EQ(error("PutPermission", {{"StatementId", "s"}, {"Principal", "*"}}),
            "ValidationException: Parameter Action must be specified.");
  EXPECT_EQ(error("PutPermission", {{"StatementId", "s"}, {"Principal", "*"}, {"Action", "events:*"}}),
            "ValidationException: Provided value in parameter 'action' is not supported.");
  const Json statements = permit(
      "*", {{"Condition", {{"Type", "StringEquals"}, {"Key", "aws:PrincipalOrgID"}, {"Value", "o-1"}}}});
  ASSERT_EQ(statements.size(), 1U);
  EXPECT_EQ(statements[0]["Principal"], "*");
  EXPECT_EQ(statements[0]["Condition"], (Json{{"StringEquals", {{"aws:PrincipalOrgID", "o-1"}}}}));
}

}  // namespace
}  // namespace aviary::events
