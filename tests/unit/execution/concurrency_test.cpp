#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "world.hpp"

/// Many invocations: environments of their own, reuse, bounds, waiting.
namespace aviary::testing {
namespace {

using execution::Options;

/// Takes 100 ms to start and 50 ms for an event; answers with its own number.
Program slow(std::shared_ptr<int> started, std::shared_ptr<int> most_starting,
             std::chrono::nanoseconds init = 100ms) {
  auto starting = std::make_shared<int>(0);
  return [=](std::shared_ptr<FakeProcess> process) -> Task<> {
    const std::string number = std::to_string(++*started);
    *most_starting = std::max(*most_starting, ++*starting);
    auto initialising = process->sleep(init);
    co_await std::move(initialising);
    --*starting;
    for (;;) {
      auto asking = process->next();
      const FakeEvent event = co_await std::move(asking);
      auto working = process->sleep(50ms);
      co_await std::move(working);
      auto answering = process->respond(event.request_id, number);
      co_await std::move(answering);
    }
  };
}

class Concurrency : public ::testing::Test {
 protected:
  void make(Options options) {
    world = std::make_unique<World>(std::move(options));
    world->host.program = slow(started, most_starting);
  }
  std::shared_ptr<int> started = std::make_shared<int>(0);
  std::shared_ptr<int> most_starting = std::make_shared<int>(0);
  std::unique_ptr<World> world;
};

TEST_F(Concurrency, ConcurrentInvocationsGetEnvironmentsOfTheirOwn) {
  make({});
  const auto version = world->version();
  std::vector<World::CallPtr> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(world->invoke(version));
  world->pass(200ms);
  std::set<std::string> answers;
  for (const auto& call : calls) answers.insert(call->payload());
  EXPECT_EQ(answers.size(), 3U);
  const std::string again = world->invoke(version)->done() ? "" : "waiting";
  EXPECT_EQ(again, "waiting");
  world->pass(100ms);
  EXPECT_EQ(*started, 3) << "one of the three was used again";
}

TEST_F(Concurrency, TheLastOneUsedIsTheNext) {
  make({});
  const auto version = world->version();
  world->invoke(version);
  world->pass(10ms);
  world->invoke(version);
  world->pass(300ms);
  std::set<std::string> answers;
  for (int i = 0; i < 5; ++i) {
    const auto call = world->invoke(version);
    world->pass(60ms);
    answers.insert(call->payload());
  }
  EXPECT_EQ(answers.size(), 1U);
}

TEST_F(Concurrency, VersionsDoNotShareEnvironments) {
  make({});
  const auto one = world->version("1");
  const auto two = world->version("2");
  world->invoke(one);
  world->pass(200ms);
  const auto call = world->invoke(two);
  world->pass(200ms);
  EXPECT_EQ(call->payload(), "2");
  EXPECT_TRUE(call->outcome().cold);
}

// Message and reason: test_reserved_concurrency (recorded 2025-11-24) and the service's model.
TEST_F(Concurrency, BeyondTheAccountsLimitIsThrottled) {
  Options options;
  options.account_concurrency = 2;
  make(options);
  KeptRecords records;
  world->runner->add_observer(records);
  const auto version = world->version();
  const auto first = world->invoke(version);
  const auto second = world->invoke(version);
  const auto third = world->invoke(version);
  ASSERT_TRUE(third->done());
  EXPECT_EQ(third->error().shape->code, "TooManyRequestsException");
  EXPECT_EQ(third->error().shape->status, 429);
  EXPECT_EQ(third->error().message, "Rate Exceeded.");
  ASSERT_EQ(third->error().members.size(), 1U);
  EXPECT_EQ(third->error().members[0].first, "Reason");
  EXPECT_EQ(third->error().members[0].second, "ConcurrentInvocationLimitExceeded");
  EXPECT_EQ(records.records.at(0).end, execution::InvocationEnd::Throttled);
  auto other_account = std::make_shared<lambda::Version>(*version);
  other_account->serial = 77;
  other_account->scope.account = "999999999999";
  EXPECT_FALSE(world->invoke(other_account)->done()) << "limits are an account's own";
  world->pass(300ms);
  EXPECT_TRUE(first->done() && second->done());
  const auto later = world->invoke(version);
  world->pass(100ms);
  EXPECT_TRUE(later->done() && later->result->has_value());
  world->runner->remove_observer(records);
}

TEST_F(Concurrency, FullHouseWaitsForAFreeEnvironment) {
  Options options;
  options.max_environments = 2;
  make(options);
  const auto version = world->version();
  std::vector<World::CallPtr> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(world->invoke(version));
  world->pass(1s);
  for (const auto& call : calls) {
    ASSERT_TRUE(call->done());
    EXPECT_TRUE(call->result->has_value());
  }
  EXPECT_EQ(world->host.sandboxes, 2);
  EXPECT_EQ(*started, 2);
}

TEST_F(Concurrency, AFullHouseDoesNotWaitForever) {
  Options options;
  options.max_environments = 1;
  make(options);
  world->configuration.timeout_seconds = 60;
  world->host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    for (;;) {
      auto asking = process->next();
      const FakeEvent event = co_await std::move(asking);
      auto working = process->sleep(30s);
      co_await std::move(working);
      auto answering = process->respond(event.request_id, "1");
      co_await std::move(answering);
    }
  };
  const auto running = world->invoke(world->version());
  const auto waiting = world->invoke(world->version());
  world->pass(9900ms);
  EXPECT_FALSE(waiting->done());
  world->pass(200ms);
  ASSERT_TRUE(waiting->done());
  EXPECT_EQ(waiting->error().shape->code, "TooManyRequestsException");
  world->pass(30s);
  EXPECT_EQ(running->payload(), "1");
}

TEST_F(Concurrency, AnIdleEnvironmentOfAnotherVersionMakesRoom) {
  Options options;
  options.max_environments = 2;
  make(options);
  const auto one = world->version("1");
  const auto two = world->version("2");
  const auto three = world->version("3");
  world->invoke(one);
  world->pass(200ms);
  world->invoke(two);
  world->pass(200ms);
  const auto call = world->invoke(three);
  world->pass(200ms);
  ASSERT_TRUE(call->done() && call->result->has_value());
  EXPECT_EQ(world->host.sandboxes, 2);
  const auto infos = world->runner->environments();
  ASSERT_EQ(infos.size(), 2U);
  EXPECT_EQ(infos[0].version, "2") << "the one that had been idle longest went";
}

TEST_F(Concurrency, ABurstOfFiveHundredColdInvocations) {
  Options options;
  options.max_environments = 1000;
  options.concurrent_starts = 4;
  make(options);
  std::vector<World::CallPtr> calls;
  const auto version = world->version();
  for (int i = 0; i < 500; ++i) calls.push_back(world->invoke(version));
  world->pass(20s);
  for (const auto& call : calls) {
    ASSERT_TRUE(call->done());
    EXPECT_EQ(call->answers, 1);
    EXPECT_TRUE(call->result->has_value());
  }
  EXPECT_LE(*most_starting, 4);
  EXPECT_LT(*started, 500) << "an environment that is free again takes what waits";
  EXPECT_EQ(static_cast<std::size_t>(world->host.sandboxes), world->runner->environments().size());
}

TEST_F(Concurrency, AnInitThatSleepsDoesNotHoldOthersBack) {
  Options options;
  options.concurrent_starts = 1;
  options.start_hold = 500ms;
  make(options);
  world->host.program = slow(started, most_starting, 8s);
  const auto version = world->version();
  std::vector<World::CallPtr> calls;
  for (int i = 0; i < 4; ++i) calls.push_back(world->invoke(version));
  world->pass(10s);
  for (const auto& call : calls) EXPECT_TRUE(call->done());
}

TEST_F(Concurrency, TenThousandInvocationsLeakNothing) {
  make({});
  world->host.program = echo;
  const auto version = world->version();
  for (int i = 0; i < 10000; ++i) {
    const auto call = world->invoke(version);
    ASSERT_TRUE(call->done());
  }
  EXPECT_EQ(world->host.processes_started, 1);
  EXPECT_LE(world->stopwatch.pending(), 2U) << "one deadline, one look-after";
}

TEST_F(Concurrency, CrashesAndRecreationsLeaveNothing) {
  make({});
  world->host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    auto asking = process->next();
    co_await std::move(asking);
    process->exit(1);
  };
  for (int i = 0; i < 300; ++i) {
    const auto version = world->version();
    ASSERT_TRUE(world->invoke(version)->done());
    world->runner->retire(*version);
    world->settle();
  }
  EXPECT_EQ(world->host.sandboxes, 0);
  EXPECT_EQ(world->host.endpoints.handlers.size(), 0U);
  EXPECT_EQ(world->host.tasks.size(), 0U);
  EXPECT_TRUE(world->runner->environments().empty());
}

}  // namespace
}  // namespace aviary::testing
