#include <gtest/gtest.h>

#include "world.hpp"

/// Reserved and provisioned concurrency.
namespace aviary::testing {
namespace {

using execution::Options;

/// Says how it was initialised, 50 ms after each event.
Task<> tells_initialization(std::shared_ptr<FakeProcess> process) {
  std::string type;
  for (const auto& [name, value] : process->spec.environment)
    if (name == "AWS_LAMBDA_INITIALIZATION_TYPE") type = value;
  auto starting = process->sleep(100ms);
  co_await std::move(starting);
  for (;;) {
    auto asking = process->next();
    const FakeEvent event = co_await std::move(asking);
    auto working = process->sleep(50ms);
    co_await std::move(working);
    auto answering = process->respond(event.request_id, type);
    co_await std::move(answering);
  }
}

std::string reason_of(const World::CallPtr& call) { return call->error().members.at(0).second; }

class Provisioning : public ::testing::Test {
 protected:
  void make(Options options = {}) {
    world = std::make_unique<World>(std::move(options));
    world->host.program = tells_initialization;
    version = world->version("1");
  }
  void provision(std::size_t count) {
    world->runner->provision(version, count);
    world->pass(200ms);
  }
  lambda::Provisioned progress() const { return world->runner->provisioned(*version); }

  std::unique_ptr<World> world;
  lambda::VersionHandle version;
};

TEST_F(Provisioning, EnvironmentsAreThereBeforeTheFirstInvocation) {
  make();
  world->runner->provision(version, 2);
  world->pass(50ms);
  EXPECT_EQ(progress().allocated, 2U);
  EXPECT_EQ(progress().available, 0U);
  world->pass(100ms);
  EXPECT_EQ(progress().available, 2U);
  const auto call = world->invoke(version);
  world->pass(51ms);
  ASSERT_TRUE(call->done()) << "no init is waited for";
  EXPECT_EQ(call->payload(), "provisioned-concurrency");
}

TEST_F(Provisioning, WhatIsTooMuchSpillsOver) {
  make();
  provision(1);
  const auto first = world->invoke(version);
  const auto second = world->invoke(version);
  world->pass(300ms);
  EXPECT_EQ(first->payload(), "provisioned-concurrency");
  EXPECT_TRUE(second->done());
  EXPECT_EQ(world->host.sandboxes, 2) << "one on demand, though the provisioned one may be free before it is";
}

TEST_F(Provisioning, TheyStayWhereOthersEnd) {
  Options options;
  options.idle_timeout = 1s;
  make(options);
  provision(2);
  world->pass(10s);
  EXPECT_EQ(progress().available, 2U);
  world->runner->provision(version, 1);
  world->settle();
  EXPECT_EQ(progress().available, 1U);
  world->runner->provision(version, 0);
  world->settle();
  EXPECT_EQ(world->host.sandboxes, 0);
}

TEST_F(Provisioning, ACrashedOneIsMadeAnew) {
  make();
  int started = 0;
  world->host.program = [&started](std::shared_ptr<FakeProcess> process) -> Task<> {
    const bool first = started++ == 0;
    for (;;) {
      auto asking = process->next();
      const FakeEvent event = co_await std::move(asking);
      if (first) process->exit(1);
      auto answering = process->respond(event.request_id, "\"well\"");
      co_await std::move(answering);
    }
  };
  provision(1);
  world->invoke(version);
  world->pass(300ms);
  EXPECT_EQ(progress().available, 1U);
  EXPECT_EQ(started, 2);
  const auto call = world->invoke(version);
  world->pass(10ms);
  EXPECT_EQ(call->payload(), "\"well\"");
}

// StatusReason as recorded: test_provisioned_concurrency_init_failure.
TEST_F(Provisioning, AFailedInitEndsIt) {
  make();
  world->host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    process->exit(1);
    co_return;
  };
  provision(2);
  EXPECT_EQ(progress().failure, "FUNCTION_ERROR_INIT_FAILURE");
  EXPECT_EQ(progress().available, 0U);
  world->pass(10s);
  EXPECT_LE(world->host.processes_started, 4) << "it is not tried for ever";
}

TEST_F(Provisioning, RetiringTheVersionEndsThem) {
  make();
  provision(2);
  world->runner->retire(*version);
  world->settle();
  EXPECT_EQ(world->host.sandboxes, 0);
}

TEST_F(Provisioning, ReservedConcurrencyIsTheMost) {
  make();
  world->runner->reserve(version->scope, version->function_name, 1);
  const auto first = world->invoke(version);
  const auto second = world->invoke(version);
  ASSERT_TRUE(second->done());
  EXPECT_EQ(second->error().shape->status, 429);
  EXPECT_EQ(reason_of(second), "ReservedFunctionConcurrentInvocationLimitExceeded");
  world->pass(300ms);
  EXPECT_TRUE(first->result->has_value());
  EXPECT_FALSE(world->invoke(version)->done()) << "its place is free again";
  world->pass(300ms);
  world->runner->reserve(version->scope, version->function_name, 0);
  EXPECT_EQ(reason_of(world->invoke(version)), "ReservedFunctionConcurrentInvocationLimitExceeded");
  world->runner->reserve(version->scope, version->function_name, std::nullopt);
  EXPECT_FALSE(world->invoke(version)->done());
}

TEST_F(Provisioning, WhatOneReservesOthersDoNotHave) {
  Options options;
  options.account_concurrency = 3;
  make(options);
  auto other = std::make_shared<lambda::Version>(*version);
  other->serial = 500;
  other->function_name = "other";
  world->runner->reserve(version->scope, "fun", 2);
  const auto first = world->invoke(other);
  EXPECT_EQ(reason_of(world->invoke(other)), "ConcurrentInvocationLimitExceeded");
  EXPECT_FALSE(world->invoke(version)->done());
  EXPECT_FALSE(world->invoke(version)->done());
  world->pass(300ms);
}

// Recorded: test_reserved_provisioned_overlap.
TEST_F(Provisioning, AllThatIsReservedMayBeProvisioned) {
  make();
  world->runner->reserve(version->scope, "fun", 1);
  provision(1);
  auto latest = std::make_shared<lambda::Version>(*version);
  latest->serial = 501;
  latest->number = "$LATEST";
  EXPECT_EQ(reason_of(world->invoke(latest)), "ReservedFunctionConcurrentInvocationLimitExceeded");
  for (int i = 0; i < 3; ++i) {
    const auto call = world->invoke(version);
    world->pass(60ms);
    EXPECT_EQ(call->payload(), "provisioned-concurrency");
  }
}

}  // namespace
}  // namespace aviary::testing
