#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

/// Processes that a developer attaches to a function.
namespace aviary::testing {
namespace {

using execution::after;
using execution::AttachEvent;
using execution::AttachState;
using ::testing::HasSubstr;

TEST(AttachState, MovesAsTheTableSaysAndNotOtherwise) {
  EXPECT_EQ(after(AttachState::Nobody, AttachEvent::Next), AttachState::Waiting);
  EXPECT_EQ(after(AttachState::Waiting, AttachEvent::Deliver), AttachState::Running);
  EXPECT_EQ(after(AttachState::Running, AttachEvent::Respond), AttachState::Responded);
  EXPECT_EQ(after(AttachState::Responded, AttachEvent::Next), AttachState::Waiting);
  for (const AttachState state : {AttachState::Waiting, AttachState::Running, AttachState::Responded})
    EXPECT_EQ(after(state, AttachEvent::Gone), AttachState::Nobody);
  EXPECT_EQ(after(AttachState::Nobody, AttachEvent::Deliver), std::nullopt);
  EXPECT_EQ(after(AttachState::Nobody, AttachEvent::Gone), std::nullopt);
  EXPECT_EQ(after(AttachState::Responded, AttachEvent::Respond), std::nullopt);
  EXPECT_EQ(after(AttachState::Running, AttachEvent::Deliver), std::nullopt);
}

Task<> says_attached(std::shared_ptr<FakeProcess> process) {
  for (;;) {
    auto asking = process->next();
    const FakeEvent event = co_await std::move(asking);
    if (event.request_id.empty()) co_return;
    auto answering = process->respond(event.request_id, "attached");
    co_await std::move(answering);
  }
}

class Attaching : public ::testing::Test {
 protected:
  Attaching() {
    world.host.program = echo;
    version = world.version();
    world.runner->add_sink(log);
    world.runner->add_observer(records);
  }
  ~Attaching() override {
    for (auto& process : processes) process->forget();
  }

  static Task<> live(Program program, std::shared_ptr<FakeProcess> process) {
    try {
      auto running = program(process);
      co_await std::move(running);
    } catch (const ProcessKilled&) {
    }
  }
  /// A process of the developer's, on a connection of its own.
  std::shared_ptr<FakeProcess> attach(Program program) {
    address = world.runner->attach(version).value();
    auto process = std::make_shared<FakeProcess>(world.loop.get_executor(), world.stopwatch,
                                                 world.host.endpoints.handlers.at(address), ProcessSpec{},
                                                 ProcessEvents{[](std::string_view) {}, [](ExitStatus) {}});
    process->connection = 7000 + processes.size();
    processes.push_back(process);
    world.tasks.spawn("attached process", live(std::move(program), process));
    world.settle();
    return process;
  }
  void disconnect(const std::shared_ptr<FakeProcess>& process) {
    world.host.endpoints.gone.insert(process->connection);
  }
  bool attached() { return world.runner->attachment(*version)->attached; }

  KeptLog log;
  KeptRecords records;
  World world;
  lambda::VersionHandle version;
  std::vector<std::shared_ptr<FakeProcess>> processes;
  std::string address;
};

TEST_F(Attaching, NobodyThereMeansTheUsualWay) {
  address = world.runner->attach(version).value();
  EXPECT_FALSE(attached());
  EXPECT_EQ(world.invoke(version, "1")->payload(), "1");
  EXPECT_EQ(world.host.processes_started, 1);
}

TEST_F(Attaching, InvocationsGoToTheProcess) {
  attach(says_attached);
  EXPECT_TRUE(attached());
  const auto call = world.invoke(version, "1", true);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->payload(), "attached");
  EXPECT_THAT(call->outcome().log_tail, HasSubstr("REPORT RequestId: req-1"));
  EXPECT_EQ(world.invoke(version, "2")->payload(), "attached");
  EXPECT_EQ(world.host.sandboxes_made, 0);
  ASSERT_EQ(records.records.size(), 2U);
  EXPECT_THAT(log.text, HasSubstr("START RequestId: req-2 Version: $LATEST"));
}

TEST_F(Attaching, WhateverVersionIsInvoked) {
  attach(says_attached);
  EXPECT_EQ(world.invoke(world.version("3"))->payload(), "attached");
}

TEST_F(Attaching, TheAddressStays) {
  attach(says_attached);
  EXPECT_EQ(world.runner->attach(version).value(), address);
}

TEST_F(Attaching, NoTimeOutRuns) {
  attach([](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto asking = process->next();
    const FakeEvent event = co_await std::move(asking);
    auto stepping = process->sleep(std::chrono::hours(1));
    co_await std::move(stepping);
    auto answering = process->respond(event.request_id, "at last");
    co_await std::move(answering);
    auto again = process->next();
    co_await std::move(again);
  });
  const auto call = world.invoke(version);
  world.pass(std::chrono::minutes(59));
  EXPECT_FALSE(call->done());
  world.pass(std::chrono::minutes(2));
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->payload(), "at last");
}

TEST_F(Attaching, OneAfterTheOther) {
  attach([](std::shared_ptr<FakeProcess> process) -> Task<> {
    for (;;) {
      auto asking = process->next();
      const FakeEvent event = co_await std::move(asking);
      auto working = process->sleep(1s);
      co_await std::move(working);
      auto answering = process->respond(event.request_id, event.answer.body);
      co_await std::move(answering);
    }
  });
  const auto first = world.invoke(version, "1");
  const auto second = world.invoke(version, "2");
  world.pass(1100ms);
  EXPECT_TRUE(first->done());
  EXPECT_FALSE(second->done());
  world.pass(1100ms);
  EXPECT_EQ(second->payload(), "2");
}

TEST_F(Attaching, AProcessThatLeftIsNotGivenAnything) {
  const auto process = attach(says_attached);
  disconnect(process);
  EXPECT_EQ(world.invoke(version, "1")->payload(), "1") << "an environment of the usual kind ran it";
  EXPECT_FALSE(attached());
}

TEST_F(Attaching, LeavingInTheMiddleEndsWhatRanAndGivesBackWhatWaited) {
  const auto process = attach([](std::shared_ptr<FakeProcess> p) -> Task<> {
    auto asking = p->next();
    co_await std::move(asking);
    auto hanging = p->sleep(std::chrono::hours(1));
    co_await std::move(hanging);
  });
  const auto running = world.invoke(version, "1");
  const auto waiting = world.invoke(version, "2");
  disconnect(process);
  world.pass(2s);
  EXPECT_FALSE(running->done()) << "it may be opening its next connection";
  world.pass(3s);
  ASSERT_TRUE(running->done());
  EXPECT_EQ(running->outcome().function_error, "Unhandled");
  EXPECT_THAT(running->payload(), HasSubstr("Runtime.ExitError"));
  ASSERT_TRUE(waiting->done());
  EXPECT_EQ(waiting->payload(), "2");
  process->kill();
  world.settle();
}

TEST_F(Attaching, AnotherProcessTakesTheEventUp) {
  const auto first = attach([](std::shared_ptr<FakeProcess> p) -> Task<> {
    auto asking = p->next();
    co_await std::move(asking);
    auto hanging = p->sleep(std::chrono::hours(1));
    co_await std::move(hanging);
  });
  const auto call = world.invoke(version, "1");
  first->kill();
  disconnect(first);
  world.settle();
  attach(says_attached);
  ASSERT_TRUE(call->done()) << "the debugger was restarted";
  EXPECT_EQ(call->payload(), "attached");
}

TEST_F(Attaching, ErrorsAreTheFunctions) {
  attach([](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto asking = process->next();
    const FakeEvent event = co_await std::move(asking);
    auto failing = process->fail(event.request_id, R"({"errorMessage":"no"})");
    co_await std::move(failing);
    auto again = process->next();
    co_await std::move(again);
  });
  const auto call = world.invoke(version);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->payload(), R"({"errorMessage":"no"})");
  EXPECT_EQ(call->outcome().function_error, "Unhandled");
}

TEST_F(Attaching, DetachingClosesTheAddress) {
  attach([](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto asking = process->next();
    co_await std::move(asking);
    auto hanging = process->sleep(std::chrono::hours(1));
    co_await std::move(hanging);
  });
  const auto running = world.invoke(version, "1");
  const auto waiting = world.invoke(version, "2");
  EXPECT_TRUE(world.runner->detach(version->scope, "fun"));
  world.settle();
  EXPECT_EQ(running->error().shape->code, "ServiceException");
  EXPECT_EQ(waiting->payload(), "2");
  EXPECT_FALSE(world.host.endpoints.handlers.contains(address));
  EXPECT_FALSE(world.runner->detach(version->scope, "fun"));
  processes.front()->kill();
  world.settle();
}

TEST_F(Attaching, ItIsSeenAmongWhatRuns) {
  attach(says_attached);
  const auto rows = world.runner->environments();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_TRUE(rows[0].attached);
  EXPECT_EQ(rows[0].state, "attached");
  EXPECT_EQ(rows[0].function_name, "fun");
}

}  // namespace
}  // namespace aviary::testing
