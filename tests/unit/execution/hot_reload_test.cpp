#include <gtest/gtest.h>

#include "world.hpp"

/// Functions that run from a folder of the developer's.
namespace aviary::testing {
namespace {

class HotReload : public ::testing::Test {
 protected:
  HotReload() {
    world.live_folders.folders["/code/fun"] = {};
    world.host.program = echo;
    auto made = std::make_shared<lambda::Version>(*world.version());
    made->code = live_code("/code/fun");
    version = made;
  }
  World world;
  lambda::VersionHandle version;
};

TEST_F(HotReload, RunsFromTheFolderItself) {
  ASSERT_TRUE(world.invoke(version)->done());
  EXPECT_EQ(world.host.specs.at(0).task_root, "/real/code/fun");
  EXPECT_EQ(world.code.unpackings, 0);
}

TEST_F(HotReload, WhatDoesNotChangeStaysWarm) {
  world.invoke(version);
  ASSERT_TRUE(world.invoke(version)->done());
  EXPECT_EQ(world.host.processes_started, 1);
}

TEST_F(HotReload, TheNextInvocationAfterAChangeMeetsANewEnvironment) {
  world.invoke(version);
  world.live_folders.folders["/code/fun"].stamp = 2;
  const auto after = world.invoke(version);
  ASSERT_TRUE(after->done());
  EXPECT_TRUE(after->outcome().cold);
  world.settle();
  EXPECT_EQ(world.host.sandboxes, 1) << "the old one has ended";
}

TEST_F(HotReload, WhatRunsFinishesOnTheOldCode) {
  world.host.program = [](std::shared_ptr<FakeProcess> process) -> Task<> {
    for (;;) {
      auto asking = process->next();
      const FakeEvent event = co_await std::move(asking);
      auto working = process->sleep(1s);
      co_await std::move(working);
      auto answering = process->respond(event.request_id, "old or new");
      co_await std::move(answering);
    }
  };
  const auto running = world.invoke(version);
  world.live_folders.folders["/code/fun"].stamp = 2;
  const auto after = world.invoke(version);
  EXPECT_EQ(world.host.processes_started, 2) << "it does not wait for the one that runs";
  world.pass(1100ms);
  EXPECT_TRUE(running->done());
  EXPECT_TRUE(after->done());
  EXPECT_EQ(world.host.sandboxes, 1);
}

TEST_F(HotReload, AFolderThatWentAwaySaysSo) {
  world.invoke(version);
  world.live_folders.folders.clear();
  const auto call = world.invoke(version);
  ASSERT_TRUE(call->done());
  EXPECT_EQ(call->error().shape->code, "InvalidParameterValueException");
  EXPECT_EQ(call->error().message, "No such folder.");
  world.live_folders.folders["/code/fun"].stamp = 3;
  EXPECT_TRUE(world.invoke(version)->result->has_value()) << "it is back";
}

TEST_F(HotReload, PackagesAreNotLookedAt) {
  world.invoke(world.version());
  EXPECT_EQ(world.live_folders.stamps, 0);
}

}  // namespace
}  // namespace aviary::testing
