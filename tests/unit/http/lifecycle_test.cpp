#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <deque>

#include "base/log.hpp"
#include "ports/one_shot.hpp"
#include "unit/http/loopback.hpp"

namespace aviary::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

Task<wire::Response> answer_ok(wire::Request) {
  wire::Response response;
  response.body = "ok";
  co_return response;
}

Task<wire::Response> answer_when(OneShot<std::string> told) {
  wire::Response response;
  response.body = co_await told.wait();
  co_return response;
}

/// Handlers that answer when the test says so, as `/next` of the Runtime API does.
struct Held {
  std::deque<OneShot<std::string>> waiting;
  Handler handler() {
    return [this](wire::Request) {
      waiting.emplace_back();
      return answer_when(waiting.back());
    };
  }
};

TEST(Lifecycle, AnswersMayTakeHours) {
  Held held;
  Loopback loop(held.handler());
  Peer peer = loop.connect();
  peer.send(get);
  ASSERT_TRUE(loop.run_until([&] { return held.waiting.size() == 1; }));
  loop.settle();
  loop.stopwatch.advance(5h);
  EXPECT_EQ(loop.stopwatch.pending(), 0u) << "a connection that waits for its answer needs no timer";
  held.waiting[0].set("at last");
  ASSERT_TRUE(loop.run_until([&] {
    peer.receive();
    return count_answers(peer.received) == 1;
  }));
  EXPECT_EQ(body_of(peer.received), "at last");
}

TEST(Lifecycle, ThePeerMayLeaveWhileItsHandlerRuns) {
  Held held;
  Loopback loop(held.handler());
  {
    Peer closes = loop.connect();
    Peer resets = loop.connect();
    closes.send(get);
    resets.send(get);
    ASSERT_TRUE(loop.run_until([&] { return held.waiting.size() == 2; }));
    resets.reset();
  }
  loop.settle();
  EXPECT_EQ(loop.server->connections(), 2u);
  for (auto& waiting : held.waiting) waiting.set(std::string(100'000, 'x'));
  EXPECT_TRUE(loop.run_until([&] { return loop.server->connections() == 0; }));
  held.waiting.clear();
  Peer next = loop.connect();
  next.send(get);
  ASSERT_TRUE(loop.run_until([&] { return held.waiting.size() == 1; }));
  held.waiting[0].set("still here");
  EXPECT_TRUE(loop.run_until([&] {
    next.receive();
    return next.received.ends_with("still here");
  }));
}

TEST(Lifecycle, AnEscapedExceptionIsA500AndTheConnectionGoesOn) {
  log::set_level(log::Level::Off);
  int calls = 0;
  Loopback loop([&calls](wire::Request request) -> Task<wire::Response> {
    if (++calls == 1) throw std::runtime_error("not even a coroutine yet");
    return [](wire::Request failing, int call) -> Task<wire::Response> {
      if (call == 2) throw std::runtime_error("a bug");
      if (call == 3) throw 42;
      co_return co_await answer_ok(std::move(failing));
    }(std::move(request), calls);
  });
  Peer peer = loop.connect();
  for (int i = 0; i < 3; ++i) {
    const std::string answer = loop.exchange(peer, get);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 Internal Server Error\r\n"));
    EXPECT_THAT(answer, HasSubstr("x-amzn-ErrorType: ServiceException\r\n"));
    EXPECT_THAT(answer, Not(HasSubstr("a bug"))) << "what went wrong is for the log, not for the caller";
  }
  EXPECT_EQ(body_of(loop.exchange(peer, get)), "ok");
  log::set_level(log::Level::Info);
}

TEST(Lifecycle, StopClosesIdleConnectionsAndLetsRequestsFinish) {
  Held held;
  Loopback loop(held.handler());
  Peer idle = loop.connect();
  Peer busy = loop.connect();
  busy.send(get);
  ASSERT_TRUE(loop.run_until([&] { return held.waiting.size() == 1 && loop.server->connections() == 2; }));
  loop.settle();

  bool stopped = false;
  boost::asio::co_spawn(loop.io, loop.server->stop(10s), [&](const std::exception_ptr&) { stopped = true; });
  ASSERT_TRUE(loop.run_until([&] {
    idle.receive();
    return idle.ended;
  }));
  EXPECT_FALSE(Peer(loop.port).connected()) << "it accepts no more";
  EXPECT_FALSE(stopped);
  loop.stopwatch.advance(9s);
  held.waiting[0].set("done");
  ASSERT_TRUE(loop.run_until([&] {
    busy.receive();
    return busy.ended && stopped;
  }));
  EXPECT_THAT(busy.received, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(busy.received, ::testing::EndsWith("done"));
  EXPECT_EQ(loop.server->connections(), 0u);
  EXPECT_EQ(loop.stopwatch.pending(), 0u);
  loop.stopped = true;
}

TEST(Lifecycle, StopCancelsWhatOutlastsTheGrace) {
  HandStopwatch* stopwatch = nullptr;
  bool ended_early = false;
  struct Note {
    bool& flag;
    ~Note() { flag = true; }
  };
  Loopback loop([&](wire::Request) -> Task<wire::Response> {
    return [](HandStopwatch& watch, bool& flag) -> Task<wire::Response> {
      const Note note{flag};
      co_await sleep_for(watch, 24h);
      co_return wire::Response{};
    }(*stopwatch, ended_early);
  });
  stopwatch = &loop.stopwatch;
  Peer handling = loop.connect();
  handling.send(get);
  Peer half = loop.connect();
  half.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  ASSERT_TRUE(loop.run_until([&] { return loop.server->connections() == 2; }));
  loop.settle();
  bool stopped = false;
  boost::asio::co_spawn(loop.io, loop.server->stop(3s), [&](const std::exception_ptr&) { stopped = true; });
  loop.settle();
  loop.stopwatch.advance(2900ms);
  loop.settle();
  EXPECT_FALSE(stopped);
  loop.stopwatch.advance(200ms);
  EXPECT_TRUE(loop.run_until([&] { return stopped; }));
  EXPECT_TRUE(ended_early);
  EXPECT_EQ(loop.server->connections(), 0u);
  loop.stopped = true;
}

TEST(Lifecycle, ServersComeAndGoWithoutLeavingDescriptors) {
  boost::asio::io_context io{1};
  HandStopwatch stopwatch;
  const auto run = [&](int rounds) {
    for (int i = 0; i < rounds; ++i) {
      Server server(io.get_executor(), stopwatch, answer_ok);
      const auto listening = server.listen("127.0.0.1", 0);
      ASSERT_EQ(listening.problem, "");
      Peer peer(listening.port);
      peer.send(get);
      for (int turn = 0; turn < 200 && count_answers(peer.received) == 0; ++turn) {
        io.restart();
        io.poll();
        peer.receive();
      }
      ASSERT_EQ(count_answers(peer.received), 1u);
      if (i % 2 == 0) {  // the other half is simply destroyed
        bool stopped = false;
        boost::asio::co_spawn(io, server.stop(1s), [&](const std::exception_ptr&) { stopped = true; });
        while (!stopped) {
          io.restart();
          io.poll();
        }
      }
    }
    io.restart();
    io.poll();
  };
  run(10);
  const std::size_t before = open_descriptors();
  run(2000);
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(stopwatch.pending(), 0u);
}

TEST(Lifecycle, ConnectionsComeAndGoWithoutLeavingDescriptors) {
  Loopback loop(answer_ok);
  const auto run = [&](int rounds) {
    for (int i = 0; i < rounds; ++i) {
      Peer peer = loop.connect();
      switch (i % 5) {
        case 0:
          loop.exchange(peer, get);
          break;
        case 1:
          peer.send("GET / HT");
          break;
        case 2:
          peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nhalf");
          break;
        case 3:
          loop.exchange(peer, "nonsense\r\n\r\n");
          break;
        default:
          break;
      }
      loop.io.restart();
      loop.io.poll();
      if (i % 2 == 0) peer.reset();
    }
    ASSERT_TRUE(loop.run_until([&] { return loop.server->connections() == 0; }));
  };
  run(10);
  const std::size_t before = open_descriptors();
  run(5000);
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Lifecycle, BeyondTheCapConnectionsWaitTheirTurn) {
  Limits limits;
  limits.connections = 2;
  Held held;
  Loopback loop(held.handler(), limits);
  Peer first = loop.connect();
  Peer second = loop.connect();
  first.send(get);
  second.send(get);
  ASSERT_TRUE(loop.run_until([&] { return held.waiting.size() == 2; }));
  Peer third = loop.connect();
  EXPECT_TRUE(third.connected()) << "the kernel holds it";
  third.send(get);
  for (int i = 0; i < 5; ++i) {
    loop.settle();
    loop.stopwatch.advance(200ms);
  }
  EXPECT_EQ(held.waiting.size(), 2U) << "whoever waits for an answer is not sent away";
  EXPECT_EQ(loop.server->connections(), 2u);
  held.waiting[0].set("ok");
  held.waiting[1].set("ok");
  first.close();
  ASSERT_TRUE(loop.run_until([&] { return held.waiting.size() == 3; }));
  held.waiting[2].set("ok");
  EXPECT_TRUE(loop.run_until([&] {
    third.receive();
    return count_answers(third.received) == 1;
  }));
}

TEST(Lifecycle, AtTheCapTheConnectionThatRestsLongestMakesRoom) {
  Limits limits;
  limits.connections = 2;
  Loopback loop(answer_ok, limits);
  Peer first = loop.connect();
  Peer second = loop.connect();
  loop.exchange(first, get);
  loop.exchange(second, get);
  loop.stopwatch.advance(1s);
  loop.exchange(first, get);
  loop.stopwatch.advance(10s);
  EXPECT_EQ(loop.server->connections(), 2u) << "nobody waits, so nobody has to go";
  Peer third = loop.connect();
  EXPECT_EQ(body_of(loop.exchange(third, get)), "ok");
  second.receive();
  EXPECT_TRUE(second.ended);
  EXPECT_EQ(body_of(loop.exchange(first, get)), "ok");
}

TEST(Lifecycle, AtTheCapABusyConnectionMakesRoomOnceItRests) {
  Limits limits;
  limits.connections = 1;
  Held held;
  Loopback loop(held.handler(), limits);
  Peer first = loop.connect();
  first.send(get);
  ASSERT_TRUE(loop.run_until([&] { return held.waiting.size() == 1; }));
  Peer second = loop.connect();
  second.send(get);
  loop.settle();
  held.waiting[0].set("ok");
  loop.settle();
  loop.stopwatch.advance(200ms);
  ASSERT_TRUE(loop.run_until([&] { return held.waiting.size() == 2; })) << "the first one is still open";
  first.receive();
  EXPECT_EQ(count_answers(first.received), 1);
}

TEST(Lifecycle, BeyondTheBurstConnectionsAreAcceptedAtTheirSpacing) {
  Limits limits;
  limits.accept_burst = 10;
  limits.accept_spacing = 1ms;
  Loopback loop(answer_ok, limits);
  std::deque<Peer> peers;
  for (int i = 0; i < 25; ++i) peers.push_back(loop.connect());
  loop.settle();
  EXPECT_EQ(loop.server->connections(), 10u);
  loop.stopwatch.advance(5ms);
  loop.settle();
  // The timer is asked for one at a time, and sees five milliseconds as one step.
  EXPECT_EQ(loop.server->connections(), 15u);
  loop.stopwatch.advance(1s);
  loop.settle();
  EXPECT_EQ(loop.server->connections(), 25u) << "a second's rest is worth a burst";
  EXPECT_EQ(body_of(loop.exchange(peers.back(), get)), "ok");
}

TEST(Lifecycle, RunningOutOfDescriptorsIsSurvived) {
  log::set_level(log::Level::Off);
  Loopback loop(answer_ok);
  Peer served = loop.connect();
  loop.exchange(served, get);
  Peer waiting = loop.connect();  // needs a descriptor of its own before none is left
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = 0;
  ::setrlimit(RLIMIT_NOFILE, &none);
  waiting.send(get);
  for (int i = 0; i < 5; ++i) {
    loop.settle();
    loop.stopwatch.advance(200ms);
  }
  EXPECT_EQ(loop.server->connections(), 1u);
  EXPECT_EQ(body_of(loop.exchange(served, get)), "ok");
  ::setrlimit(RLIMIT_NOFILE, &before);
  loop.stopwatch.advance(200ms);
  EXPECT_TRUE(loop.run_until([&] {
    waiting.receive();
    return count_answers(waiting.received) == 1;
  }));
  log::set_level(log::Level::Info);
}

TEST(Listening, ATakenPortIsRefusedInClearWords) {
  Loopback first(answer_ok);
  Server second(first.io.get_executor(), first.stopwatch, answer_ok);
  const auto listening = second.listen("127.0.0.1", first.port);
  EXPECT_EQ(listening.port, 0);
  EXPECT_EQ(listening.problem, "cannot listen on 127.0.0.1:" + std::to_string(first.port) +
                                   ": another program is listening there already");
  EXPECT_THAT(second.listen("nowhere", 0).problem, HasSubstr("not an IP address"));
  EXPECT_THAT(second.listen("192.0.2.1", 0).problem, HasSubstr("no such address"));
}

TEST(Listening, APortCanBeTakenAgainAtOnce) {
  std::uint16_t port = 0;
  {
    Loopback first(answer_ok);
    port = first.port;
    Peer peer = first.connect();
    first.exchange(peer, get);
    first.stop(1s);  // the server closes first: its side is left in TIME_WAIT
  }
  boost::asio::io_context io{1};
  HandStopwatch stopwatch;
  Server second(io.get_executor(), stopwatch, answer_ok);
  EXPECT_EQ(second.listen("127.0.0.1", port).problem, "");
}

TEST(Listening, OnIpv6AndOnSeveralAddresses) {
  Loopback loop(answer_ok);
  const auto six = loop.server->listen("::1", 0);
  if (six.problem.find("no such address") != std::string::npos) GTEST_SKIP() << "this machine has no IPv6";
  ASSERT_EQ(six.problem, "");
  Peer peer(six.port, "::1");
  EXPECT_EQ(body_of(loop.exchange(peer, get)), "ok");
  Peer four = loop.connect();
  EXPECT_EQ(body_of(loop.exchange(four, get)), "ok");
}

TEST(Listening, AConnectedSocketCanBeAdopted) {
  Loopback loop(answer_ok);
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  loop.server->adopt(pair[0]);
  Peer peer(pair[1]);
  EXPECT_EQ(body_of(loop.exchange(peer, get)), "ok");
}

TEST(Answers, AreDatedByTheClockThatWasGiven) {
  Options options;
  Instant now{std::chrono::sys_days{std::chrono::year{2024} / 1 / 15} + 10h + 30min};
  options.now = [&now] { return now; };
  Loopback loop(answer_ok, {}, options);
  Peer peer = loop.connect();
  EXPECT_THAT(loop.exchange(peer, get), HasSubstr("\r\nDate: Mon, 15 Jan 2024 10:30:00 GMT\r\n"));
  now += 1s;
  EXPECT_THAT(loop.exchange(peer, get), HasSubstr("\r\nDate: Mon, 15 Jan 2024 10:30:01 GMT\r\n"));
}

}  // namespace
}  // namespace aviary::http
