#include <gtest/gtest.h>

#include <csignal>

#include "extensions_world.hpp"
#include "ports/random.hpp"

namespace aviary::testing {
namespace {

/// Does by chance what processes do, and what they should not.
Task<> whimsical(SeededRandom& random, std::string name, std::shared_ptr<FakeProcess> process) {
  const auto below = [&random](std::uint64_t most) { return random.next() % most; };
  auto enrolling =
      enrol(process, below(12) == 0 ? "other" : name, below(2) ? R"(["INVOKE","SHUTDOWN"])" : "[]");
  const std::string id = co_await std::move(enrolling);
  if (below(12) == 0) co_return;
  for (;;) {
    auto pausing = process->sleep(std::chrono::milliseconds(below(30)));
    if (below(2) == 0) co_await std::move(pausing);
    if (below(15) == 0) {
      auto failing =
          call_as(process, id, "POST",
                  below(2) ? "/2020-01-01/extension/init/error" : "/2020-01-01/extension/exit/error");
      co_await std::move(failing);
    }
    if (below(15) == 0) {
      process->crash(SIGSEGV);
      co_return;
    }
    auto asking = next_event(process, id);
    const OrderedJson event = co_await std::move(asking);
    if (!event.is_object() || (event.value("eventType", "") == "SHUTDOWN" && below(3) != 0)) co_return;
  }
}

Task<> whimsical_function(SeededRandom& random, std::shared_ptr<FakeProcess> process) {
  const auto below = [&random](std::uint64_t most) { return random.next() % most; };
  for (;;) {
    if (below(15) == 0) co_return;
    auto asking = process->next();
    const FakeEvent event = co_await std::move(asking);
    auto working = process->sleep(below(12) == 0 ? std::chrono::milliseconds(5000)
                                                 : std::chrono::milliseconds(below(20)));
    co_await std::move(working);
    if (below(15) == 0) co_return;
    auto answering = process->respond(event.request_id, event.answer.body);
    co_await std::move(answering);
  }
}

TEST(Extensions, WhateverTheyDoEveryInvocationIsAnsweredAndNothingIsLeft) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    ExtensionWorld world;
    SeededRandom random(seed, "whims");
    world.host.program = [&random](std::shared_ptr<FakeProcess> process) {
      return whimsical_function(random, std::move(process));
    };
    for (const char* name : {"ext", "second"})
      world.host.extensions[name] = [&random, name](std::shared_ptr<FakeProcess> process) {
        return whimsical(random, name, std::move(process));
      };
    world.host.extensions.erase(seed % 2 == 0 ? "second" : "none");
    world.host.start_delay = std::chrono::milliseconds(seed % 3);
    const auto version = world.layered();
    std::vector<World::CallPtr> calls;
    for (int i = 0; i < 30; ++i) {
      calls.push_back(world.invoke(version, std::to_string(i), i % 3 == 0));
      world.pass(std::chrono::milliseconds(random.next() % 120));
    }
    world.pass(200s);
    for (const auto& call : calls) EXPECT_EQ(call->answers, 1);
    world.end_all();
    EXPECT_EQ(world.host.sandboxes, 0);
  }
}

}  // namespace
}  // namespace aviary::testing
