#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

/// Environments of functions that isolate their tenants.
namespace aviary::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Answers who asked, and how many it has answered.
Task<> counts_for_tenant(std::shared_ptr<FakeProcess> process) {
  int count = 0;
  for (;;) {
    auto asking = process->next();
    const FakeEvent event = co_await std::move(asking);
    auto working = process->sleep(10ms);
    co_await std::move(working);
    auto answering = process->respond(
        event.request_id, event.header("Lambda-Runtime-Aws-Tenant-Id") + ":" + std::to_string(++count));
    co_await std::move(answering);
  }
}

class Tenants : public ::testing::Test {
 protected:
  Tenants() { world.host.program = counts_for_tenant; }
  World::CallPtr start(const lambda::VersionHandle& version, std::string tenant) {
    lambda::Invocation invocation;
    invocation.request_id = "req-" + std::to_string(++number);
    invocation.invoked_arn = version->function_arn();
    invocation.version = version;
    invocation.payload = "{}";
    invocation.tenant_id = std::move(tenant);
    return world.invoke(std::move(invocation));
  }
  std::string said(const lambda::VersionHandle& version, std::string tenant) {
    const auto call = start(version, std::move(tenant));
    world.pass(50ms);
    return call->payload();
  }
  World world;
  int number = 0;
};

TEST_F(Tenants, NeverShareAnEnvironment) {
  const auto version = world.version();
  EXPECT_EQ(said(version, "blue"), "blue:1");
  EXPECT_EQ(said(version, "green"), "green:1");
  EXPECT_EQ(said(version, "blue"), "blue:2") << "and keep their own";
  EXPECT_EQ(said(version, "Blue"), "Blue:1");
  EXPECT_EQ(world.host.sandboxes, 3);
  std::vector<std::string> tenants;
  for (const auto& row : world.runner->environments()) tenants.push_back(row.tenant_id);
  EXPECT_EQ(tenants, (std::vector<std::string>{"blue", "green", "Blue"}));
}

TEST_F(Tenants, ScaleEachForItself) {
  const auto version = world.version();
  std::vector<World::CallPtr> calls;
  for (int i = 0; i < 4; ++i) calls.push_back(start(version, i % 2 == 0 ? "blue" : "green"));
  world.pass(50ms);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(calls[i]->payload(), i % 2 == 0 ? "blue:1" : "green:1");
  EXPECT_EQ(world.host.sandboxes, 4);
}

TEST_F(Tenants, AllEndWithTheVersion) {
  const auto version = world.version();
  const auto other = world.version("2");
  said(version, "blue");
  said(version, "green");
  said(other, "blue");
  const auto running = start(version, "green");
  world.runner->retire(*version);
  world.settle();
  EXPECT_EQ(world.host.sandboxes, 2) << "one that still runs, one of the other version";
  world.pass(50ms);
  EXPECT_EQ(running->payload(), "green:2");
  EXPECT_EQ(world.host.sandboxes, 1);
}

TEST_F(Tenants, OneGivesRoomToAnother) {
  execution::Options options;
  options.max_environments = 1;
  World small(std::move(options));
  small.host.program = counts_for_tenant;
  const auto version = small.version();
  for (const char* tenant : {"blue", "green", "blue"}) {
    lambda::Invocation invocation;
    invocation.request_id = tenant + std::to_string(++number);
    invocation.invoked_arn = version->function_arn();
    invocation.version = version;
    invocation.tenant_id = tenant;
    const auto call = small.invoke(std::move(invocation));
    small.pass(50ms);
    EXPECT_EQ(call->payload(), std::string(tenant) + ":1");
  }
}

// Developer guide, "Monitoring Lambda functions with tenant isolation".
TEST_F(Tenants, AreInTheLinesOfTheJsonFormat) {
  KeptLog log;
  world.runner->add_sink(log);
  world.configuration.log_format = "JSON";
  world.configuration.system_log_level = "INFO";
  const auto version = world.version();
  said(version, "blue");
  EXPECT_THAT(log.text, HasSubstr(R"("version":"$LATEST","tenantId":"blue"}})"));
  EXPECT_THAT(log.text, HasSubstr(R"("record":{"requestId":"req-1","tenantId":"blue","metrics":)"));
  log.text.clear();
  world.configuration.log_format = "Text";
  said(world.version(), "blue");
  EXPECT_THAT(log.text, Not(HasSubstr("blue")));
  world.runner->remove_sink(log);
}

}  // namespace
}  // namespace aviary::testing
