#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "ports/body_source.hpp"
#include "ports/one_shot.hpp"
#include "support/scripted_body.hpp"
#include "unit/http/loopback.hpp"

/// Bodies that the handler takes as they come, and answers whose bodies are taken from somewhere.
namespace aviary::http {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::size_t large = 600 * 1024;

/// Takes the bodies of what is PUT, unless told not to.
struct Taker {
  bool takes = true;
  std::string body;
  std::size_t pieces = 0;
  std::size_t longest = 0;
  std::optional<BodyEnd> end;
  std::size_t calls = 0;

  Task<wire::Response> answer(wire::Request request) {
    ++calls;
    wire::Response response;
    if (!takes) response.status = 404;
    if (takes && request.incoming != nullptr) {
      for (;;) {
        auto taking = request.incoming->next();
        const BodyPiece piece = co_await std::move(taking);
        if (piece.bytes.empty()) {
          end = piece.end;
          break;
        }
        ++pieces;
        longest = std::max(longest, piece.bytes.size());
        body += piece.bytes;
      }
    } else {
      body = request.body;
    }
    // The head is what it was, however much was read meanwhile.
    response.body = std::string(request.header("x-name")) + " " + std::to_string(body.size());
    co_return response;
  }
  Handler handler() {
    return [this](wire::Request request) { return answer(std::move(request)); };
  }
  static Options options() {
    Options options;
    options.takes_stream = [](const wire::Request& request) { return request.method == "PUT"; };
    return options;
  }
};

std::string put(std::size_t size, std::string_view more = "") {
  return "PUT /o HTTP/1.1\r\nHost: x\r\nX-Name: photo\r\nContent-Length: " + std::to_string(size) + "\r\n" +
         std::string(more) + "\r\n";
}

TEST(Incoming, ABodyComesInPieces) {
  Taker taker;
  Loopback loop(taker.handler(), Limits{.body_bytes = 1000}, Taker::options());
  Peer peer = loop.connect();
  std::string body;
  for (std::size_t i = 0; i < large; ++i) body += static_cast<char>('a' + i % 23);
  EXPECT_THAT(loop.exchange(peer, put(large) + body), EndsWith("photo 614400"));
  EXPECT_EQ(taker.body, body);
  EXPECT_GE(taker.pieces, 3U);
  EXPECT_LE(taker.longest, body_piece_bytes);
  EXPECT_EQ(taker.end, BodyEnd::Complete);
  // The connection goes on, with what was sent behind it, too.
  taker.body.clear();
  EXPECT_THAT(loop.exchange(peer, put(large) + body + put(3) + "abc" + put(0), 3), EndsWith("photo 0"));
  EXPECT_EQ(taker.calls, 4U);
}

TEST(Incoming, AChunkedOneToo) {
  Taker taker;
  Loopback loop(taker.handler(), Limits{.body_bytes = 1000}, Taker::options());
  Peer peer = loop.connect();
  std::string sent = "PUT /o HTTP/1.1\r\nHost: x\r\nX-Name: photo\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 40; ++i)
    sent += "4000\r\n" + std::string(0x4000, static_cast<char>('a' + i % 20)) + "\r\n";
  EXPECT_THAT(loop.exchange(peer, sent + "0\r\n\r\n" + put(0), 2), EndsWith("photo 0"));
  EXPECT_EQ(taker.calls, 2U);
  EXPECT_GE(taker.pieces, 2U);
  EXPECT_LE(taker.longest, 2 * body_piece_bytes);
  EXPECT_THAT(loop.exchange(peer, sent + "zz\r\n"), HasSubstr("Connection: close"));
  EXPECT_EQ(taker.end, BodyEnd::Malformed);
}

Task<wire::Response> take_later(wire::Request request, OneShot<bool> go, std::size_t& size) {
  auto waiting = go.wait();
  co_await std::move(waiting);
  for (;;) {
    auto taking = request.incoming->next();
    const BodyPiece piece = co_await std::move(taking);
    if (piece.bytes.empty()) break;
    size += piece.bytes.size();
  }
  co_return wire::Response{};
}

TEST(Incoming, WhoDoesNotTakeHoldsThePeerBack) {
  const OneShot<bool> go;
  std::size_t size = 0;
  const auto slow = [&](wire::Request request) { return take_later(std::move(request), go, size); };
  Loopback loop(slow, {}, Taker::options());
  Peer peer = loop.connect();
  constexpr std::size_t huge = 64 << 20;
  const std::string block(1 << 20, 'x');
  peer.send(put(huge));
  std::size_t sent = 0;
  for (int quiet = 0; quiet < 5;) {
    const std::size_t count = peer.send(block);
    sent += count;
    quiet = count == 0 ? quiet + 1 : 0;
    loop.settle();
  }
  EXPECT_LT(sent, huge);  // the kernel's buffers are full, and nobody reads
  go.set(true);
  ASSERT_TRUE(loop.run_until([&] {
    sent += peer.send(std::string_view(block).substr(0, std::min(block.size(), huge - sent)));
    peer.receive();
    return count_answers(peer.received) == 1;
  }));
  EXPECT_EQ(size, huge);
}

TEST(Incoming, TheHandlerRefusesBeforeThePeerSends) {
  Taker taker;
  taker.takes = false;
  Loopback loop(taker.handler(), {}, Taker::options());
  Peer peer = loop.connect();
  const std::string answer = loop.exchange(peer, put(large, "Expect: 100-continue\r\n"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 404"));
  // It may send the body all the same, which would be taken for a request.
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
}

TEST(Incoming, ThePeerIsToldToGoOnWhenTheBodyIsWanted) {
  Taker taker;
  Loopback loop(taker.handler(), {}, Taker::options());
  Peer peer = loop.connect();
  peer.send(put(large, "Expect: 100-continue\r\n"));
  ASSERT_TRUE(loop.run_until([&] {
    peer.receive();
    return peer.received == "HTTP/1.1 100 Continue\r\n\r\n";
  }));
  EXPECT_THAT(loop.exchange(peer, std::string(large, 'x')), EndsWith("photo 614400"));
}

TEST(Incoming, WhatIsNotTakenIsNotReadAsARequest) {
  Taker taker;
  taker.takes = false;
  Loopback loop(taker.handler(), {}, Taker::options());
  Peer peer = loop.connect();
  // Little is dropped, and the connection goes on.
  const std::string answers = loop.exchange(peer, put(large) + std::string(large, 'x') + put(0), 2);
  EXPECT_EQ(count_answers(answers), 2U);
  EXPECT_THAT(answers, Not(HasSubstr("Connection: close")));
  EXPECT_THAT(answers, Not(HasSubstr("400")));
  // Before much more it ends, when the peer has had time to read the answer.
  Peer other = loop.connect();
  EXPECT_THAT(loop.exchange(other, put(8 << 20) + std::string(100, 'x')), HasSubstr("Connection: close"));
  EXPECT_THAT(other.received, StartsWith("HTTP/1.1 404"));
  EXPECT_FALSE(other.was_reset);
}

TEST(Incoming, ABodyThatBreaksOffSaysHow) {
  Taker taker;
  Loopback loop(taker.handler(), Limits{.body_timeout = 1000ms}, Taker::options());
  Peer peer = loop.connect();
  peer.send(put(large) + std::string(1000, 'x'));
  loop.settle();
  peer.half_close();
  ASSERT_TRUE(loop.run_until([&] { return taker.end.has_value(); }));
  EXPECT_EQ(taker.end, BodyEnd::Short);
  EXPECT_EQ(taker.body, "");
  taker.end.reset();
  Peer gone = loop.connect();
  gone.send(put(large) + std::string(1000, 'x'));
  loop.settle();
  gone.reset();
  ASSERT_TRUE(loop.run_until([&] { return taker.end.has_value(); }));
  EXPECT_EQ(taker.end, BodyEnd::Gone);
  taker.end.reset();
  Peer late = loop.connect();
  late.send(put(large) + std::string(1000, 'x'));
  loop.settle();
  loop.stopwatch.advance(2s);
  ASSERT_TRUE(loop.run_until([&] { return taker.end.has_value(); }));
  EXPECT_EQ(taker.end, BodyEnd::Late);
}

Task<wire::Response> answer_from(std::vector<std::string> pieces, std::uint64_t size) {
  auto source = std::make_shared<testing::ScriptedBody>();
  source->pieces = std::move(pieces);
  wire::Response response;
  response.source = std::move(source);
  response.source_size = size;
  co_return response;
}

TEST(Source, AnAnswerOfKnownLength) {
  Loopback loop([](wire::Request) {
    return answer_from({"one ", std::string(300'000, 'x'), " two"}, 300'008);
  });
  Peer peer = loop.connect();
  const std::string answer = loop.exchange(peer, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 300008\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_EQ(body_of(answer), "one " + std::string(300'000, 'x') + " two");
  EXPECT_THAT(loop.exchange(peer, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith(" two"));
}

TEST(Source, WhatTheDiskDoesNotGiveIsCutOff) {
  Loopback loop([](wire::Request) { return answer_from({"half"}, 8); });
  Peer peer = loop.connect();
  EXPECT_THAT(loop.exchange(peer, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith("half"));
  EXPECT_TRUE(peer.ended);
}

TEST(Source, ManyAnswersOneAfterTheOtherAndNoneToHead) {
  Loopback loop([](wire::Request) { return answer_from({"body"}, 4); });
  Peer peer = loop.connect();
  peer.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(loop.run_until([&] {
    peer.receive();
    return peer.received.ends_with("\r\n\r\n");
  }));
  EXPECT_THAT(peer.received, HasSubstr("Content-Length: 4\r\n"));
  EXPECT_THAT(loop.exchange(peer, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith("body"));
}

}  // namespace
}  // namespace aviary::http
