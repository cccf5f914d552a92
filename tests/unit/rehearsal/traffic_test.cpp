#include "rehearsal/traffic.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "kept_journal.hpp"
#include "ports/one_shot.hpp"
#include "ports/simulated_time.hpp"

namespace aviary::rehearsal {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// A cloud that answers at once, or when it is told to.
struct Street : ::testing::Test {
  struct Seen {
    Instant when;
    std::string function;
    std::string payload;
  };

  static Task<Answer> answer(Street& street, std::string function, std::string payload) {
    street.seen.push_back({street.clock.now(), std::move(function), payload});
    if (street.slow) {
      const OneShot<bool> turn;
      street.waiting.push_back(turn);
      co_await turn.wait();
    }
    Answer made = street.next;
    if (payload == R"({"bad":true})") made.function_error = "Unhandled";
    co_return made;
  }
  Traffic make() {
    return Traffic({.executor = loop.get_executor(),
                    .clock = clock,
                    .journal = journal,
                    .invoke =
                        [this](lambda::Scope, std::string function, std::string payload) {
                          return answer(*this, std::move(function), std::move(payload));
                        },
                    .hold = [] { return std::make_shared<int>(0); }});
  }
  void settle() {
    loop.restart();
    loop.poll();
  }
  void pass(Duration time) {
    clock.advance(time, [this] { settle(); });
    settle();
  }
  void end(Traffic& traffic) {
    auto task = traffic.stop();
    TaskGroup group(loop.get_executor());
    group.spawn("stop", std::move(task));
    settle();
  }
  static Checked<std::vector<std::string>> recorded(const std::string& id) {
    if (id != "rec") return Refusal{"There is no such recording."};
    return std::vector<std::string>{"1", "2", "3"};
  }
  Checked<Json> start(Traffic& traffic, const char* text) {
    return traffic.start(Json::parse(text), {"123456789012", "us-east-1"}, recorded);
  }

  boost::asio::io_context loop;
  SimulatedClock clock;
  KeptJournal journal;
  std::vector<Seen> seen;
  std::vector<OneShot<bool>> waiting;
  bool slow = false;
  Answer next{.version = "6"};
};

TEST_F(Street, ARateOfEmulatedTime) {
  Traffic traffic = make();
  const Instant began = clock.now();
  ASSERT_TRUE(start(traffic, R"({"function": "orders:prod", "rate": 10, "for": "1m", "payload": {"a": 1}})"));
  pass(0s);
  EXPECT_TRUE(seen.empty());
  pass(10s);
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(seen[0].when, began + 100ms);
  EXPECT_EQ(seen[99].when, began + 10s);
  EXPECT_EQ(seen[5].payload, R"({"a":1})");
  EXPECT_EQ(seen[5].function, "orders:prod");
  pass(1h);
  EXPECT_EQ(seen.size(), 600u);
  const Json told = traffic.describe()[0];
  EXPECT_EQ(told["state"], "ended");
  EXPECT_EQ(told["answered"], 600);
  EXPECT_EQ(told["versions"]["6"]["invokes"], 600);
  end(traffic);
}

TEST_F(Street, EventsInTurn) {
  Traffic traffic = make();
  ASSERT_TRUE(
      start(traffic, R"({"function": "f", "rate": "60/m", "count": 5, "payloads": [{"bad": true}, 2]})"));
  ASSERT_TRUE(start(traffic, R"({"id": "x", "function": "f", "rate": 1, "count": 4, "recording": "rec"})"));
  pass(10s);
  EXPECT_EQ(traffic.describe()[0]["errors"], 3);
  std::string of_recording;
  for (const Seen& one : seen)
    if (one.payload.size() == 1 && one.payload != "2") of_recording += one.payload;
  EXPECT_EQ(of_recording, "131");
  EXPECT_EQ(traffic.remove("x")["sent"], 4);
  EXPECT_TRUE(traffic.remove("x").is_null());
  end(traffic);
}

TEST_F(Street, WhatCannotBeSentIsLeftOut) {
  Traffic traffic = make();
  slow = true;
  ASSERT_TRUE(start(traffic, R"({"function": "f", "rate": 10, "count": 10, "concurrency": 3})"));
  pass(1s);
  Json told = traffic.describe()[0];
  EXPECT_EQ(told["sent"], 3);
  EXPECT_EQ(told["left_out"], 7);
  EXPECT_EQ(told["in_flight"], 3);
  for (const OneShot<bool>& one : waiting) one.set(true);
  settle();
  told = traffic.describe()[0];
  EXPECT_EQ(told["in_flight"], 0);
  EXPECT_EQ(told["answered"], 3);
  end(traffic);
}

TEST_F(Street, RefusalsAreCounted) {
  Traffic traffic = make();
  next.kind = Answer::Kind::Refused;
  next.problem = "no such function";
  ASSERT_TRUE(start(traffic, R"({"function": "f", "rate": 1, "count": 2})"));
  pass(1s);
  next.kind = Answer::Kind::Throttled;
  pass(1s);
  const Json told = traffic.describe()[0];
  EXPECT_EQ(told["refused"], 1);
  EXPECT_EQ(told["throttled"], 1);
  EXPECT_EQ(told["problem"], "no such function");
  end(traffic);
}

TEST_F(Street, StoppedInTheMiddle) {
  Traffic traffic = make();
  slow = true;
  ASSERT_TRUE(start(traffic, R"({"id": "x", "function": "f", "rate": 1})"));
  pass(2s);
  EXPECT_EQ(traffic.remove("x")["state"], "stopped");
  pass(10s);
  EXPECT_EQ(seen.size(), 2u);
  end(traffic);
}

TEST_F(Street, ARestartGoesOn) {
  {
    Traffic traffic = make();
    ASSERT_TRUE(start(traffic, R"({"function": "f", "rate": 1, "count": 10, "recording": "rec"})"));
    pass(3s);
    end(traffic);
  }
  clock.advance(2500ms, [this] { settle(); });
  seen.clear();
  Traffic traffic = make();
  traffic.restore();
  pass(1h);
  EXPECT_EQ(seen.size(), 5u) << "the 4th and the 5th were missed";
  EXPECT_EQ(seen[0].payload, "1");
  const Json told = traffic.describe()[0];
  EXPECT_EQ(told["sent"], 8);
  EXPECT_EQ(told["left_out"], 2);
  EXPECT_EQ(told["state"], "ended");
  end(traffic);
}

TEST_F(Street, MistakesAreNamed) {
  Traffic traffic = make();
  const auto problem = [&](const char* text) {
    const auto started = start(traffic, text);
    return started ? std::string("accepted") : started.error().message;
  };
  EXPECT_THAT(problem(R"({"function": "f"})"), HasSubstr("rate is"));
  EXPECT_THAT(problem(R"({"function": "f", "rate": 0})"), HasSubstr("rate is"));
  EXPECT_THAT(problem(R"({"function": "f", "rate": "10/x"})"), HasSubstr("rate is"));
  EXPECT_THAT(problem(R"({"rate": 1})"), HasSubstr("function is"));
  EXPECT_THAT(problem(R"({"function": "f", "rate": 1, "for": "soon"})"), HasSubstr("for is"));
  EXPECT_THAT(problem(R"({"function": "f", "rate": 1, "count": 0})"), HasSubstr("count is"));
  EXPECT_THAT(problem(R"({"function": "f", "rate": 1, "payloads": []})"), HasSubstr("payloads is"));
  EXPECT_THAT(problem(R"({"function": "f", "rate": 1, "recording": "no"})"), HasSubstr("no such recording"));
  EXPECT_THAT(problem(R"({"function": "f", "rate": 1, "payload": 1, "payloads": [1]})"),
              HasSubstr("exclude"));
  EXPECT_THAT(problem(R"({"function": "f", "rate": 1, "speed": 1})"), HasSubstr("no member 'speed'"));
  EXPECT_THAT(problem("[]"), HasSubstr("Traffic is an object"));
  ASSERT_TRUE(start(traffic, R"({"id": "x", "function": "f", "rate": 1})"));
  EXPECT_THAT(problem(R"({"id": "x", "function": "f", "rate": 1})"), HasSubstr("running already"));
  EXPECT_EQ(traffic.describe().size(), 1u);
  end(traffic);
}

}  // namespace
}  // namespace aviary::rehearsal
