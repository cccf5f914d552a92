#include "execution/observations.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "world.hpp"

/// Those who hear of things late hear of the same things, in the same order, with the same times.
namespace aviary::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// All that is told, each with its moment.
class Heard final : public execution::LogSink, public execution::InvocationObserver {
 public:
  void on_line(const execution::EnvironmentIdentity& environment, Instant time,
               std::string_view line) override {
    text += fmt::format("{} {}: {}", iso8601(time), environment.id, line);
  }
  void on_place_taken(const execution::PlaceNotice& notice) override {
    note(notice.at, fmt::format("taken {} {} {}", notice.invoked_arn, notice.version->number,
                                static_cast<int>(notice.charge)));
  }
  void on_place_left(const execution::PlaceNotice& notice) override {
    note(notice.at, fmt::format("left {} {}", notice.invoked_arn, notice.version->number));
  }
  void on_invocation(const execution::InvocationRecord& record) override {
    note(record.at, fmt::format("{} of {} {} ended {} {} after {} ns, billed {}, {} bytes{}",
                                record.request_id, record.invoked_arn, record.version->number,
                                static_cast<int>(record.end), record.error_type, record.duration.count(),
                                record.billed_ms, record.max_memory_bytes, record.cold ? ", cold" : ""));
  }
  void note(std::optional<Instant> at, const std::string& what) {
    text += fmt::format("{} {}\n", iso8601(at ? *at : clock->now()), what);
  }
  const Clock* clock = nullptr;
  std::string text;
};

/// Prints what the event says, works for a millisecond, answers; "fail" and "exit" do what they say.
Task<> talker(std::shared_ptr<FakeProcess> process) {
  for (;;) {
    auto asking = process->next();
    const FakeEvent event = co_await std::move(asking);
    process->print(event.answer.body + "\nunfinished");
    auto working = process->sleep(1ms);
    co_await std::move(working);
    if (event.answer.body == "exit") {
      process->exit(1);
      co_return;
    }
    auto answering = process->respond(event.request_id, "1");
    co_await std::move(answering);
  }
}

class LateObservations : public ::testing::Test {
 protected:
  static void listen(World& world, Heard& heard, const bool& late) {
    heard.clock = &world.clock;
    world.host.program = talker;
    execution::Observations& observations = world.runner->observations();
    observations.add_late(static_cast<execution::LogSink&>(heard));
    observations.add_late(static_cast<execution::InvocationObserver&>(heard));
    observations.defer_while([&late] { return late; });
  }
  static void live(World& world) {
    const auto text = world.version("1");
    world.configuration.log_format = "JSON";
    world.configuration.system_log_level = "DEBUG";
    const auto json = world.version("2");
    for (const auto& [of, says, tail] : {std::tuple{text, "one", false}, std::tuple{json, "two", false},
                                         std::tuple{text, "three", true}, std::tuple{text, "exit", false},
                                         std::tuple{json, "four", false}, std::tuple{text, "five", false}}) {
      world.invoke(of, says, tail);
      world.pass(2ms);
    }
  }

  bool late_ = true;
  Heard heard_;
};

TEST_F(LateObservations, AreWhatTheyWouldHaveBeenAtOnce) {
  std::string expected;
  {
    const bool never = false;
    Heard at_once;
    World world;
    listen(world, at_once, never);
    live(world);
    expected = at_once.text;
  }
  ASSERT_THAT(expected, HasSubstr("REPORT RequestId: req-6"));
  ASSERT_THAT(expected, HasSubstr("platform.report"));
  World world;
  listen(world, heard_, late_);
  live(world);
  EXPECT_NE(heard_.text, expected);
  world.runner->observations().settle();
  EXPECT_EQ(heard_.text, expected);
}

TEST_F(LateObservations, ComeAfterAMoment) {
  World world;
  listen(world, heard_, late_);
  world.invoke(world.version(), "hello");
  world.pass(2ms);
  EXPECT_THAT(heard_.text, IsEmpty());
  world.pass(25ms);
  EXPECT_THAT(heard_.text, HasSubstr("REPORT RequestId: req-1"));
}

TEST_F(LateObservations, ComeWhenThereAreMany) {
  World world;
  listen(world, heard_, late_);
  const auto version = world.version();
  world.host.program = echo;
  for (int i = 0; i < 300; ++i) world.invoke(version);
  EXPECT_THAT(heard_.text, HasSubstr("REPORT RequestId: req-100"));
  EXPECT_THAT(heard_.text, Not(HasSubstr("REPORT RequestId: req-300")));
}

TEST_F(LateObservations, ComeBeforeTheEnvironmentGoes) {
  World world;
  listen(world, heard_, late_);
  const auto version = world.version();
  world.invoke(version, "hello");
  world.pass(2ms);
  world.runner->retire(*version);
  world.settle();
  EXPECT_THAT(heard_.text, HasSubstr("REPORT RequestId: req-1"));
}

TEST_F(LateObservations, ComeBeforeWhatIsToldAtOnce) {
  World world;
  listen(world, heard_, late_);
  const auto version = world.version();
  world.invoke(version, "hello");
  world.pass(2ms);
  late_ = false;
  world.invoke(version, "there");
  EXPECT_THAT(heard_.text, HasSubstr("REPORT RequestId: req-1"));
  EXPECT_THAT(heard_.text, EndsWith("there\n"));
}

TEST_F(LateObservations, LongLinesKeepTheirPlace) {
  World world;
  listen(world, heard_, late_);
  const std::string longest(100'000, 'x');
  world.invoke(world.version(), "short\n" + longest + "\nlast");
  world.pass(2ms);
  world.runner->observations().settle();
  const std::size_t at = heard_.text.find(longest);
  ASSERT_NE(at, std::string::npos);
  EXPECT_LT(heard_.text.find(": short\n"), at);
  EXPECT_GT(heard_.text.find(": last\n"), at);
}

}  // namespace
}  // namespace aviary::testing
