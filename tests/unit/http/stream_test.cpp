#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "unit/http/loopback.hpp"
#include "wire/body_stream.hpp"

/// Answers whose bodies are sent while they are made.
namespace aviary::http {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view ask = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

Task<wire::Response> answer_with(std::shared_ptr<wire::BodyStream> stream) {
  wire::Response response;
  response.set("Content-Type", "text/plain");
  response.stream = std::move(stream);
  co_return response;
}

struct Streams {
  std::shared_ptr<wire::BodyStream> stream = std::make_shared<wire::BodyStream>();
  Handler handler() {
    return [this](wire::Request) { return answer_with(stream); };
  }
};

bool arrives(Loopback& loop, Peer& peer, std::string_view text) {
  return loop.run_until([&] {
    peer.receive();
    return peer.received.find(text) != std::string::npos;
  });
}

TEST(Stream, PiecesArriveAsTheyAreWritten) {
  Streams streams;
  Loopback loop(streams.handler());
  Peer peer = loop.connect();
  peer.send(ask);
  ASSERT_TRUE(arrives(loop, peer, "Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(peer.received, Not(HasSubstr("Content-Length")));
  streams.stream->write("one");
  ASSERT_TRUE(arrives(loop, peer, "3\r\none\r\n"));
  loop.settle();
  streams.stream->write("and two");
  ASSERT_TRUE(arrives(loop, peer, "7\r\nand two\r\n"));
  streams.stream->end();
  ASSERT_TRUE(arrives(loop, peer, "0\r\n\r\n"));
  EXPECT_FALSE(peer.ended);
  // The connection goes on.
  streams.stream = std::make_shared<wire::BodyStream>();
  streams.stream->write("next");
  streams.stream->end();
  peer.received.clear();
  peer.send(ask);
  EXPECT_TRUE(arrives(loop, peer, "4\r\nnext\r\n0\r\n\r\n"));
}

TEST(Stream, WhatFailsIsCutOff) {
  Streams streams;
  Loopback loop(streams.handler());
  Peer peer = loop.connect();
  peer.send(ask);
  streams.stream->write("half");
  ASSERT_TRUE(arrives(loop, peer, "4\r\nhalf\r\n"));
  streams.stream->fail();
  ASSERT_TRUE(loop.run_until([&] {
    peer.receive();
    return peer.ended;
  }));
  EXPECT_THAT(peer.received, Not(EndsWith("0\r\n\r\n")));
}

TEST(Stream, TheWriterLearnsThatThePeerHasGone) {
  Streams streams;
  Loopback loop(streams.handler());
  {
    Peer peer = loop.connect();
    peer.send(ask);
    ASSERT_TRUE(arrives(loop, peer, "chunked"));
  }
  EXPECT_TRUE(loop.run_until([&] { return streams.stream->closed(); }));
  streams.stream->write("nobody reads this");
  EXPECT_EQ(streams.stream->waiting(), 0U);
}

TEST(Stream, ASlowPeerHoldsTheWriterBack) {
  Streams streams;
  Loopback loop(streams.handler());
  Peer peer = loop.connect();
  peer.send(ask);
  ASSERT_TRUE(arrives(loop, peer, "chunked"));
  const std::string piece(64 * 1024, 'x');
  std::size_t written = 0;
  // The kernel's buffers fill up, and then what is written waits.
  for (int i = 0; i < 1000 && streams.stream->waiting() < 4 * piece.size(); ++i) {
    streams.stream->write(piece);
    written += piece.size();
    loop.io.restart();
    loop.io.poll();
  }
  ASSERT_GE(streams.stream->waiting(), 4 * piece.size());
  int taken = 0;
  streams.stream->on_taken = [&] { ++taken; };
  streams.stream->end();
  EXPECT_TRUE(loop.run_until([&] {
    peer.receive();
    return peer.received.size() > written && peer.received.ends_with("0\r\n\r\n");
  }));
  EXPECT_GT(taken, 0);
  EXPECT_EQ(streams.stream->waiting(), 0U);
}

TEST(Stream, AnOldPeerReadsToTheEndOfTheConnection) {
  Streams streams;
  Loopback loop(streams.handler());
  Peer peer = loop.connect();
  peer.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  streams.stream->write("plain");
  streams.stream->end();
  ASSERT_TRUE(loop.run_until([&] {
    peer.receive();
    return peer.ended;
  }));
  EXPECT_THAT(peer.received, Not(HasSubstr("chunked")));
  EXPECT_THAT(peer.received, EndsWith("\r\n\r\nplain"));
}

TEST(Stream, HeadHasNoBody) {
  Streams streams;
  Loopback loop(streams.handler());
  Peer peer = loop.connect();
  peer.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(loop.run_until([&] { return streams.stream->closed(); }));
}

}  // namespace
}  // namespace aviary::http
