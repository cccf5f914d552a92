#include "rehearsal/fault_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kept_journal.hpp"
#include "ports/simulated_time.hpp"

namespace aviary::rehearsal {
namespace {

using namespace std::chrono_literals;
using execution::Fault;
using ::testing::HasSubstr;

lambda::Invocation invocation_of(std::string number, std::string alias = {}) {
  auto version = std::make_shared<lambda::Version>();
  version->scope = {"123456789012", "us-east-1"};
  version->function_name = "orders";
  version->number = std::move(number);
  lambda::Invocation invocation;
  invocation.invoked_arn = "arn:aws:lambda:us-east-1:123456789012:function:orders";
  if (!alias.empty()) invocation.invoked_arn += ":" + alias;
  invocation.version = std::move(version);
  return invocation;
}

struct Rehearsed : ::testing::Test {
  FaultRules make(std::uint64_t seed = 7) {
    return FaultRules({seed, clock, journal, [this] { return pace; }, [this](bool any) { is_any = any; }});
  }
  /// `E` for an error, `.` for nothing, and so on, of the next invocations.
  static std::string play(FaultRules& rules, int count, const std::string& number = "6",
                          const std::string& alias = "prod") {
    std::string played;
    for (int i = 0; i < count; ++i) {
      const auto fault = rules.draw(invocation_of(number, alias));
      played += !fault ? '.' : std::string("-TECOX")[static_cast<std::size_t>(fault->kind)];
    }
    return played;
  }
  SimulatedClock clock;
  KeptJournal journal;
  double pace = 1;
  bool is_any = false;
};

TEST_F(Rehearsed, ThirtyPercentAfterTwenty) {
  FaultRules rules = make();
  EXPECT_FALSE(is_any);
  ASSERT_TRUE(rules.add(Json::parse(R"({"function": "orders:6", "error": "30%", "after": 20})")));
  EXPECT_TRUE(is_any);
  EXPECT_EQ(play(rules, 20), std::string(20, '.'));
  const std::string played = play(rules, 1000);
  const auto errors = std::ranges::count(played, 'E');
  EXPECT_NEAR(static_cast<double>(errors), 300, 60);
  EXPECT_EQ(play(rules, 100, "5"), std::string(100, '.')) << "another version";
  const Json told = rules.describe();
  EXPECT_EQ(told[0]["seen"], 1020);
  EXPECT_EQ(told[0]["struck"]["error"], errors);
  EXPECT_EQ(told[0]["state"], "active");
}

TEST_F(Rehearsed, TheSameSeedFailsInTheSamePlaces) {
  const Json rule = Json::parse(R"({"function": "orders", "error": 0.2, "crash": 0.2, "throttle": 0.1})");
  FaultRules one = make(7);
  FaultRules two = make(7);
  FaultRules other = make(8);
  for (FaultRules* rules : {&one, &two, &other}) ASSERT_TRUE(rules->add(rule));
  const std::string played = play(one, 200);
  EXPECT_EQ(played, play(two, 200));
  EXPECT_NE(played, play(other, 200));
}

TEST_F(Rehearsed, ARestartGoesOnWhereItWas) {
  const Json rule = Json::parse(R"({"id": "x", "function": "orders", "error": 0.5, "count": 30})");
  FaultRules whole = make();
  ASSERT_TRUE(whole.add(rule));
  const std::string expected = play(whole, 100);
  journal.kept.clear();
  std::string played;
  {
    FaultRules before = make();
    ASSERT_TRUE(before.add(rule));
    played = play(before, 40);
  }
  FaultRules after = make();
  after.restore();
  EXPECT_TRUE(is_any);
  played += play(after, 60);
  EXPECT_EQ(played, expected);
  EXPECT_EQ(std::ranges::count(played, 'E'), 30);
  EXPECT_EQ(after.describe()[0]["state"], "ended");
}

TEST_F(Rehearsed, AliasesAndVersionsAreToldApart) {
  FaultRules rules = make();
  ASSERT_TRUE(rules.add(Json::parse(R"([{"function": "orders:prod", "version": 6, "error": true}])")));
  EXPECT_EQ(play(rules, 3, "6", "prod"), "EEE");
  EXPECT_EQ(play(rules, 3, "5", "prod"), "...");
  EXPECT_EQ(play(rules, 3, "6", "6"), "...");
  EXPECT_EQ(play(rules, 3, "6", ""), "...");
}

TEST_F(Rehearsed, BoundsOfTime) {
  FaultRules rules = make();
  ASSERT_TRUE(
      rules.add(Json::parse(R"({"function": "orders", "crash": true, "after": "5m", "for": "10m"})")));
  EXPECT_EQ(play(rules, 2), "..");
  clock.advance(5min);
  EXPECT_EQ(play(rules, 2), "CC");
  clock.advance(10min);
  EXPECT_EQ(play(rules, 2), "..");
}

TEST_F(Rehearsed, DelaysFollowTheClock) {
  FaultRules rules = make();
  ASSERT_TRUE(rules.add(Json::parse(R"({"function": "orders", "latency": "200ms", "cold_start": "1s"})")));
  auto fault = rules.draw(invocation_of("6"));
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->kind, Fault::Kind::None);
  EXPECT_EQ(fault->latency, 200ms);
  EXPECT_EQ(fault->cold_start, 1s);
  EXPECT_EQ(fault->pace, 1);
  pace = 0;
  EXPECT_EQ(rules.draw(invocation_of("6"))->pace, 0);
  ASSERT_TRUE(rules.replace_all(Json::parse(R"({"function": "orders", "latency": "1ms", "wait": true})")));
  EXPECT_EQ(rules.draw(invocation_of("6"))->pace, 1);
}

TEST_F(Rehearsed, TwoRulesAddTheirDelays) {
  FaultRules rules = make();
  ASSERT_TRUE(rules.add(Json::parse(
      R"({"faults": [{"function": "orders", "latency": "200ms"}, {"function": "orders:6", "latency": "50ms", "timeout": true}]})")));
  const auto fault = rules.draw(invocation_of("6"));
  EXPECT_EQ(fault->latency, 250ms);
  EXPECT_EQ(fault->kind, Fault::Kind::Timeout);
}

TEST_F(Rehearsed, Distributions) {
  for (const auto& [text, low, high, middle] :
       {std::tuple{R"({"between": ["100ms", "300ms"]})", 100ms, 300ms, 200ms},
        {R"({"mean": "200ms", "deviation": "10ms"})", 100ms, 300ms, 200ms},
        {R"({"exponential": "100ms"})", 0ms, 3000ms, 100ms},
        {R"({"p50": "100ms", "p100": "300ms"})", 0ms, 300ms, 125ms}}) {
    const auto delay = Delay::parse(Json::parse(text));
    ASSERT_TRUE(delay) << text;
    SeededRandom random(3, "delays");
    Duration sum{};
    for (int i = 0; i < 4000; ++i) {
      const Duration drawn = delay->draw(random);
      EXPECT_GE(drawn, low);
      EXPECT_LE(drawn, high);
      sum += drawn;
    }
    EXPECT_NEAR(static_cast<double>((sum / 4000).count()), static_cast<double>(Duration(middle).count()),
                8000)
        << text;
  }
  for (const char* text :
       {R"({"between": ["300ms", "100ms"]})", "5", "{}", R"({"p0": "1s"})", R"({"p101": "1s"})",
        R"({"p50": "2s", "p90": "1s"})", R"({"mean": "1s"})", R"("soon")"})
    EXPECT_FALSE(Delay::parse(Json::parse(text))) << text;
}

TEST_F(Rehearsed, MistakesAreNamedAndChangeNothing) {
  FaultRules rules = make();
  const auto problem = [&](const char* text) {
    const auto added = rules.add(Json::parse(text));
    return added ? std::string("accepted") : added.error().message;
  };
  EXPECT_THAT(problem(R"({"function": "orders"})"), HasSubstr("does nothing"));
  EXPECT_THAT(problem(R"({"function": "orders", "eror": 1})"), HasSubstr("no member 'eror'"));
  EXPECT_THAT(problem(R"({"function": "or ders", "error": 1})"), HasSubstr("no function"));
  EXPECT_THAT(problem(R"({"error": 1})"), HasSubstr("function is"));
  EXPECT_THAT(problem(R"({"function": "orders", "error": 30})"), HasSubstr("30%"));
  EXPECT_THAT(problem(R"({"function": "orders", "error": "70%", "crash": "70%"})"), HasSubstr("100 %"));
  EXPECT_THAT(problem(R"({"function": "orders", "error": 1, "after": "later"})"), HasSubstr("after is"));
  EXPECT_THAT(problem(R"([{"function": "orders", "error": 1}, {}])"), HasSubstr("Fault 2"));
  EXPECT_THAT(problem(R"("x")"), HasSubstr("A fault is an object"));
  EXPECT_EQ(rules.describe(), Json::array());
}

TEST_F(Rehearsed, AFileIsYaml) {
  const std::string text = R"(
faults:
  - function: orders:6
    error: 30%
    after: 20
  - {function: "orders:prod", latency: {p50: 100ms, p99: 2s}}
)";
  FaultRules rules = make();
  const auto count = rules.add_file(text);
  ASSERT_TRUE(count) << count.error().message;
  EXPECT_EQ(*count, 2u);
  EXPECT_EQ(rules.describe()[0]["id"], "file-1");
  play(rules, 5);

  FaultRules again = make();
  again.restore();
  ASSERT_TRUE(again.add_file(text));
  EXPECT_EQ(again.describe()[0]["seen"], 5) << "the same rule goes on";
  ASSERT_TRUE(again.add_file("faults:\n  - {function: other, crash: true}\n"));
  EXPECT_EQ(again.describe().size(), 1u);
  EXPECT_EQ(again.describe()[0]["function"], "other");
  ASSERT_TRUE(again.add_file("# nothing\n"));
  EXPECT_TRUE(again.describe().empty());
  EXPECT_FALSE(again.add_file("faults: [{function: x}]"));
  EXPECT_FALSE(again.add_file("a: [b"));
}

TEST_F(Rehearsed, RemovedIsGone) {
  FaultRules rules = make();
  ASSERT_TRUE(rules.add(Json::parse(R"({"id": "x", "function": "orders", "error": true})")));
  EXPECT_FALSE(rules.remove("y"));
  EXPECT_TRUE(rules.remove("x"));
  EXPECT_FALSE(is_any);
  EXPECT_TRUE(journal.kept["rehearsal.faults"].empty());
}

}  // namespace
}  // namespace aviary::rehearsal
