#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/http/loopback.hpp"

namespace aviary::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

struct Calls {
  int count = 0;
};

Task<wire::Response> answer_ok(wire::Request request) {
  wire::Response response;
  response.body = "ok " + std::to_string(request.body.size());
  co_return response;
}

Handler counting(Calls& calls) {
  return [&calls](wire::Request request) {
    ++calls.count;
    return answer_ok(std::move(request));
  };
}

struct Malformed {
  const char* what;
  std::string bytes;
};

class MalformedRequest : public ::testing::TestWithParam<Malformed> {};

TEST_P(MalformedRequest, IsRefusedAndTheServerLivesOn) {
  Calls calls;
  Loopback loop(counting(calls));
  Peer peer = loop.connect();
  const std::string answer = loop.exchange(peer, GetParam().bytes);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(calls.count, 0);
  // It closes, without a reset that could swallow the answer.
  peer.half_close();
  EXPECT_TRUE(loop.run_until([&] {
    peer.receive();
    return peer.ended && loop.server->connections() == 0;
  }));
  EXPECT_FALSE(peer.was_reset);
  Peer next = loop.connect();
  EXPECT_EQ(body_of(loop.exchange(next, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")), "ok 0");
}

// RFC 9112: 2.2 (bare CR), 3 (request line), 3.2 (one Host), 5.1 (no space before the colon), 5.2 (folding),
// 6.1 and 6.3 (framing that two readers could understand differently), 7.1 (chunks).
INSTANTIATE_TEST_SUITE_P(
    All, MalformedRequest,
    ::testing::Values(
        Malformed{"tls", std::string("\x16\x03\x01\x02\x00\x01", 6)},
        Malformed{"binary", std::string("\0\0\0\0", 4)}, Malformed{"no version", "GET /\r\n\r\n"},
        Malformed{"http 2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
        Malformed{"http 0.9", "GET / HTTP/0.9\r\n\r\n"}, Malformed{"no target", "GET HTTP/1.1\r\n\r\n"},
        Malformed{"space in target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"},
        Malformed{"control in target", "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n"},
        Malformed{"bare return", "GET / HTTP/1.1\rHost: x\r\n\r\n"},
        Malformed{"two hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"},
        Malformed{"space before colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n"},
        Malformed{"no colon", "GET / HTTP/1.1\r\nHost\r\n\r\n"},
        Malformed{"no name", "GET / HTTP/1.1\r\n: x\r\n\r\n"},
        Malformed{"folded", "GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n 2\r\n\r\n"},
        Malformed{"zero in value", std::string("GET / HTTP/1.1\r\nX-A: 1\0002\r\n\r\n", 29)},
        Malformed{"negative length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"},
        Malformed{"hex length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x10\r\n\r\n"},
        Malformed{"huge length",
                  "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"},
        Malformed{"two lengths",
                  "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
        Malformed{
            "length and chunks",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        Malformed{
            "chunks and length",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"},
        Malformed{"chunk size", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"},
        Malformed{"chunk size overflow",
                  "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n"},
        Malformed{"chunk end",
                  "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX0\r\n\r\n"},
        Malformed{
            "endless chunk extension",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(70'000, 'e')}),
    [](const ::testing::TestParamInfo<Malformed>& info) {
      std::string name = info.param.what;
      for (char& c : name)
        if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
      return name;
    });

TEST(Refusals, OtherTransferCodingsAreNotGuessedAt) {
  Calls calls;
  Loopback loop(counting(calls));
  for (const char* coding : {"gzip", "gzip, chunked", "chunked, gzip", "identity"}) {
    Peer peer = loop.connect();
    EXPECT_THAT(loop.exchange(peer, std::string("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ") +
                                        coding + "\r\n\r\n0\r\n\r\n"),
                StartsWith("HTTP/1.1 501"))
        << coding;
  }
  EXPECT_EQ(calls.count, 0);
}

TEST(Refusals, HeadersBeyondTheBound) {
  Limits limits;
  limits.header_bytes = 8192;
  Calls calls;
  Loopback loop(counting(calls), limits);
  const std::string start = "GET / HTTP/1.1\r\nHost: x\r\nX-Long: ";
  Peer fits = loop.connect();
  EXPECT_THAT(loop.exchange(fits, start + std::string(8192 - start.size() - 4, 'a') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
  Peer one_more = loop.connect();
  const std::string answer =
      loop.exchange(one_more, start + std::string(8192 - start.size() - 3, 'a') + "\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(body_of(answer), HasSubstr(R"({"message":")"));
  Peer endless = loop.connect();
  EXPECT_THAT(loop.exchange(endless, std::string(100'000, 'A')), StartsWith("HTTP/1.1 431"));
  EXPECT_EQ(calls.count, 1);
}

TEST(Refusals, BodyBeyondTheBoundIsAnsweredAlthoughThePeerGoesOnSending) {
  Limits limits;
  limits.body_bytes = 1000;
  Calls calls;
  Loopback loop(counting(calls), limits);
  Peer fits = loop.connect();
  EXPECT_EQ(body_of(loop.exchange(
                fits, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'b'))),
            "ok 1000");
  // Eight megabytes do not fit into socket buffers: the peer is still writing when the answer comes.
  Peer peer = loop.connect();
  const std::string answer = loop.exchange(
      peer, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n" + std::string(8'000'000, 'b'));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(answer, HasSubstr("x-amzn-ErrorType: RequestEntityTooLargeException\r\n"));
  EXPECT_FALSE(peer.was_reset);
  EXPECT_EQ(calls.count, 1);
}

TEST(Refusals, ChunkedBodyBeyondTheBound) {
  Limits limits;
  limits.body_bytes = 10;
  Calls calls;
  Loopback loop(counting(calls), limits);
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  Peer fits = loop.connect();
  EXPECT_EQ(body_of(loop.exchange(fits, head + "5\r\nabcde\r\n5\r\nabcde\r\n0\r\n\r\n")), "ok 10");
  Peer sum = loop.connect();
  EXPECT_THAT(loop.exchange(sum, head + "5\r\nabcde\r\n6\r\nabcdef\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  Peer single = loop.connect();
  EXPECT_THAT(loop.exchange(single, head + "fffffffffffffff0\r\n"), StartsWith("HTTP/1.1 413"));
  EXPECT_EQ(calls.count, 1);
}

TEST(Refusals, AreWordedByTheApplication) {
  Limits limits;
  limits.body_bytes = 10;
  Options options;
  Refusal why{};
  std::uint64_t limit = 0;
  std::string target;
  options.refuse = [&](const Refused& refused) {
    why = refused.why;
    limit = refused.limit;
    target = refused.request.target;
    wire::Response response;
    response.status = refused.status;
    response.body = "own words for " + std::string(refused.request.header("X-Who"));
    return response;
  };
  Loopback loop(answer_ok, limits, options);
  Peer peer = loop.connect();
  const std::string answer =
      loop.exchange(peer, "POST /here HTTP/1.1\r\nHost: x\r\nX-Who: you\r\nContent-Length: 11\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413"));
  EXPECT_EQ(body_of(answer), "own words for you");
  EXPECT_EQ(why, Refusal::BodyTooLarge);
  EXPECT_EQ(limit, 10u);
  EXPECT_EQ(target, "/here");
}

// The Runtime API has to notice it: execution-contract.md, section 1, "body shorter than promised".
TEST(Refusals, ABodyThatEndsEarlyIsTruncated) {
  Options options;
  std::vector<Refusal> seen;
  options.refuse = [&](const Refused& refused) {
    seen.push_back(refused.why);
    wire::Response response;
    response.status = refused.status;
    return response;
  };
  Loopback loop(answer_ok, {}, options);
  for (const char* text : {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
                           "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    Peer peer = loop.connect();
    peer.send(text);
    peer.half_close();
    ASSERT_TRUE(loop.run_until([&] {
      peer.receive();
      return peer.ended;
    }));
    EXPECT_THAT(peer.received, StartsWith("HTTP/1.1 400"));
  }
  EXPECT_THAT(seen, ::testing::ElementsAre(Refusal::Truncated, Refusal::Truncated));
}

TEST(SlowPeers, TricklingHeadersAreCutOff) {
  Limits limits;
  limits.header_timeout = 10s;
  Calls calls;
  Loopback loop(counting(calls), limits);
  Peer peer = loop.connect();
  const std::string text = "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: 1234567890\r\n\r\n";
  // A byte a second never completes the head in time, however lively it looks.
  for (std::size_t i = 0; i < 9; ++i) {
    peer.send(text.substr(i, 1));
    loop.settle();
    loop.stopwatch.advance(1s);
  }
  peer.receive();
  EXPECT_THAT(peer.received, IsEmpty());
  EXPECT_FALSE(peer.ended);
  loop.stopwatch.advance(2s);
  ASSERT_TRUE(loop.run_until([&] {
    peer.receive();
    return peer.ended;
  }));
  EXPECT_THAT(peer.received, StartsWith("HTTP/1.1 408"));
  EXPECT_EQ(calls.count, 0);
}

TEST(SlowPeers, BodiesNeedProgressNotSpeed) {
  Limits limits;
  limits.body_timeout = 10s;
  Loopback loop(answer_ok, limits);
  Peer steady = loop.connect();
  steady.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n");
  for (int i = 0; i < 20; ++i) {
    loop.settle();
    loop.stopwatch.advance(9s);
    steady.send("b");
  }
  ASSERT_TRUE(loop.run_until([&] {
    steady.receive();
    return count_answers(steady.received) == 1;
  }));
  EXPECT_THAT(steady.received, StartsWith("HTTP/1.1 200"));

  Peer stalled = loop.connect();
  stalled.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nbbb");
  loop.settle();
  loop.stopwatch.advance(11s);
  ASSERT_TRUE(loop.run_until([&] {
    stalled.receive();
    return stalled.ended;
  }));
  EXPECT_THAT(stalled.received, StartsWith("HTTP/1.1 408"));
}

TEST(SlowPeers, IdleConnectionsAreClosedSilently) {
  Limits limits;
  limits.idle_timeout = 60s;
  Loopback loop(answer_ok, limits);
  Peer fresh = loop.connect();
  Peer used = loop.connect();
  loop.exchange(used, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  loop.stopwatch.advance(50s);
  loop.exchange(used, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  loop.stopwatch.advance(20s);
  ASSERT_TRUE(loop.run_until([&] {
    fresh.receive();
    return fresh.ended;
  }));
  EXPECT_THAT(fresh.received, IsEmpty());
  used.receive();
  EXPECT_FALSE(used.ended);
  loop.stopwatch.advance(61s);
  EXPECT_TRUE(loop.run_until([&] { return loop.server->connections() == 0; }));
  EXPECT_EQ(loop.stopwatch.pending(), 0u) << "an idle server has no timer";
}

TEST(SlowPeers, ThatDoNotReadTheAnswerAreCutOff) {
  Limits limits;
  limits.body_timeout = 10s;
  Handler large = [](wire::Request) -> Task<wire::Response> {
    wire::Response response;
    response.body.assign(30'000'000, 'x');
    co_return response;
  };
  Loopback loop(large, limits);
  Peer peer = loop.connect();
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  loop.settle();
  ASSERT_EQ(loop.server->connections(), 1u);
  loop.stopwatch.advance(11s);
  EXPECT_TRUE(loop.run_until([&] { return loop.server->connections() == 0; }));
}

}  // namespace
}  // namespace aviary::http
