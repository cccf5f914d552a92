#include <gtest/gtest.h>

#include <csignal>

#include "world.hpp"

/// Random programs, random callers, random interruptions: whatever happens, every invocation is answered
/// exactly once and nothing is left behind. A seed gives the same run twice.
namespace aviary::testing {
namespace {

using execution::Options;

std::chrono::nanoseconds some_time(Random& random, std::uint64_t most_ms) {
  return std::chrono::microseconds(random.next() % (most_ms * 1000 + 1));
}

/// Behaves, mostly.
Task<> unruly(std::shared_ptr<FakeProcess> process, std::shared_ptr<Random> random) {
  const auto chance = [random](double share) { return random->uniform() < share; };
  process->print("starting\n");
  auto initialising = process->sleep(some_time(*random, chance(0.02) ? 15000 : 50));
  co_await std::move(initialising);
  if (chance(0.05)) co_return process->exit(static_cast<int>(random->next() % 3));
  if (chance(0.05)) {
    auto failing = process->fail_init("{\"errorType\":\"Init\"}", "Runtime.Init");
    co_await std::move(failing);
    if (chance(0.5)) co_return;
  }
  for (;;) {
    auto asking = process->next();
    const FakeEvent event = co_await std::move(asking);
    if (event.answer.status != 200) co_return;
    if (chance(0.3)) process->print("working\nhalf a line");
    auto working = process->sleep(some_time(*random, chance(0.05) ? 5000 : 20));
    co_await std::move(working);
    if (chance(0.03)) co_return process->crash(SIGSEGV);
    if (chance(0.03)) co_return process->crash(SIGKILL, true);
    if (chance(0.05)) {
      auto again = process->next();
      co_await std::move(again);
    }
    if (chance(0.05)) {
      auto wrong = process->respond("nobody", "1");
      co_await std::move(wrong);
    }
    if (chance(0.1)) {
      auto failing = process->fail(event.request_id, "{}");
      co_await std::move(failing);
      if (chance(0.3)) co_return process->exit(128);
    } else {
      auto answering = process->respond(event.request_id, std::string(chance(0.02) ? 6291557 : 10, 'x'));
      co_await std::move(answering);
    }
    if (chance(0.05)) {
      auto twice = process->respond(event.request_id, "2");
      co_await std::move(twice);
    }
    auto returning = process->sleep(some_time(*random, chance(0.02) ? 5000 : 1));
    co_await std::move(returning);
  }
}

Task<> one_of_many(std::shared_ptr<FakeProcess> process, std::shared_ptr<Random> random) {
  try {
    auto behaving = unruly(process, random);
    co_await std::move(behaving);
  } catch (const ProcessKilled&) {
  }
}

/// So many of them in one process.
Task<> many_unruly(std::shared_ptr<FakeProcess> process, std::shared_ptr<Random> random, TaskGroup& tasks,
                   std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) tasks.spawn("runtime", one_of_many(process, random));
  for (;;) {
    auto resting = process->sleep(1s);
    co_await std::move(resting);
  }
}

Task<> reset_amid_chaos(execution::Runner& runner) {
  auto resetting = runner.reset();
  co_await std::move(resetting);
}

/// Returns what happened, as text. `many`: of versions on a capacity provider.
std::string run(std::uint64_t seed, bool many = false) {
  const auto random = std::make_shared<SeededRandom>(seed, "programs");
  SeededRandom driver(seed, "driver");
  Options options;
  options.max_environments = 1 + driver.next() % 8;
  options.concurrent_starts = 1 + driver.next() % 3;
  options.account_concurrency = 30;
  options.idle_timeout = 3s;
  World world(options);
  KeptRecords records;
  KeptLog log;
  world.runner->add_observer(records);
  if (driver.next() % 2 == 0) world.runner->add_sink(log);
  world.configuration.timeout_seconds = 2;
  world.host.start_delay = some_time(driver, 5);
  world.host.program = [random](std::shared_ptr<FakeProcess> process) { return unruly(process, random); };
  if (many) {
    const std::uint64_t most = 1 + driver.next() % 4;
    const std::uint64_t runtimes = 1 + driver.next() % (most + 1);
    world.configuration.recorded["CapacityProviderConfig"]["LambdaManagedInstancesCapacityProviderConfig"] = {
        {"CapacityProviderArn", "arn"}, {"PerExecutionEnvironmentMaxConcurrency", most}};
    world.host.program = [random, runtimes, &world](std::shared_ptr<FakeProcess> process) {
      return many_unruly(process, random, world.host.tasks, runtimes);
    };
  }
  std::vector<lambda::VersionHandle> versions;
  for (int i = 0; i < 3; ++i) versions.push_back(world.version(std::to_string(i)));
  std::vector<World::CallPtr> calls;
  for (int step = 0; step < 150; ++step) {
    const std::size_t which = driver.next() % versions.size();
    const double what = driver.uniform();
    if (what < 0.70) {
      calls.push_back(world.invoke(versions[which], "{}", driver.next() % 3 == 0));
    } else if (what < 0.95) {
      world.pass(some_time(driver, 200));
    } else if (many && what < 0.965) {
      const std::uint64_t least = driver.next() % 3;
      world.runner->scale(versions[which], {.least = least, .most = least + driver.next() % 3});
      world.pass(some_time(driver, 50));
      world.runner->scale(versions[which], {});
    } else if (what < 0.98) {
      world.runner->retire(*versions[which]);
      versions[which] = world.version(std::to_string(step));
    } else if (what < 0.99) {
      world.host.refuse_exec["/usr/bin/python3.13"] = {driver.next() % 2 == 0 ? EACCES : ENOMEM,
                                                       driver.next() % 2 == 0 ? "exec" : "clone"};
      world.pass(some_time(driver, 20));
      world.host.refuse_exec.clear();
    } else {
      world.tasks.spawn("reset", reset_amid_chaos(*world.runner));
      world.settle();
    }
  }
  world.pass(120s);
  std::string trace;
  for (const auto& call : calls) {
    EXPECT_EQ(call->answers, 1) << "seed " << seed;
    if (!call->done()) continue;
    trace += call->result->has_value() ? call->outcome().function_error + call->payload().substr(0, 80)
                                       : std::string(call->error().shape->code);
    trace += '\n';
  }
  EXPECT_EQ(records.records.size(), calls.size()) << "seed " << seed;
  EXPECT_EQ(world.runner->in_flight(), 0U) << "seed " << seed;
  EXPECT_TRUE(world.runner->environments().empty()) << "seed " << seed << ": idle ones are reaped";
  EXPECT_EQ(world.host.sandboxes, 0) << "seed " << seed;
  EXPECT_EQ(world.host.endpoints.handlers.size(), 0U) << "seed " << seed;
  EXPECT_EQ(world.stopwatch.pending(), 0U) << "seed " << seed;
  world.runner->remove_observer(records);
  world.runner->remove_sink(log);
  return trace + log.text;
}

TEST(Chaos, EveryInvocationIsAnsweredOnceAndNothingIsLeft) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    run(seed);
    if (HasFailure()) break;
  }
}

TEST(Chaos, NorIsAnythingWhereInvocationsRunSideBySide) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    run(seed, true);
    if (HasFailure()) break;
  }
  EXPECT_EQ(run(3, true), run(3, true));
}

TEST(Chaos, ASeedGivesTheSameRunTwice) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) EXPECT_EQ(run(seed), run(seed));
}

}  // namespace
}  // namespace aviary::testing
