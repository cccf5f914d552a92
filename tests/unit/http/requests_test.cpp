#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/http/loopback.hpp"

namespace aviary::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Says back what it was asked.
Task<wire::Response> echo(wire::Request request) {
  wire::Response response;
  response.set("Content-Type", "text/plain");
  response.body = std::string(request.method) + " " + std::string(request.target) + " [" + request.body + "]";
  for (const auto& [name, value] : request.headers)
    if (name.starts_with("X-")) response.body += " " + std::string(name) + "=" + std::string(value);
  for (const auto& [name, value] : request.trailers)
    response.body += " trailer " + std::string(name) + "=" + std::string(value);
  co_return response;
}

TEST(Requests, AnswersAndKeepsTheConnection) {
  Loopback loop(echo);
  Peer peer = loop.connect();
  const std::string first =
      loop.exchange(peer, "GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nX-Empty:\r\n\r\n");
  EXPECT_THAT(first, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(body_of(first), "GET /a?b=c [] X-One=1 X-Empty=");
  EXPECT_THAT(first, Not(HasSubstr("Connection")));
  const std::string second =
      loop.exchange(peer, "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(body_of(second), "POST /2 [hello]");
  EXPECT_EQ(loop.server->connections(), 1u);
}

TEST(Requests, CarryTheirPorts) {
  std::uint16_t local = 0;
  std::uint16_t remote = 0;
  Loopback loop([&](wire::Request request) -> Task<wire::Response> {
    local = request.local_port;
    remote = request.peer_port;
    return echo(std::move(request));
  });
  Peer peer = loop.connect();
  loop.exchange(peer, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(local, loop.port);
  EXPECT_EQ(remote, peer.port());
}

TEST(Requests, MayNameTheirTargetAsToAProxy) {
  std::string host;
  Loopback loop([&](wire::Request request) -> Task<wire::Response> {
    host = request.header("host");
    return echo(std::move(request));
  });
  Peer peer = loop.connect();
  EXPECT_EQ(body_of(loop.exchange(peer, "GET http://a.test:80/b?c HTTP/1.1\r\nHost: x\r\n\r\n")),
            "GET /b?c []");
  EXPECT_EQ(host, "a.test:80");  // what the target says counts, not what the header says (RFC 9112 3.2.2)
  EXPECT_EQ(body_of(loop.exchange(peer, "GET HTTP://a.test HTTP/1.1\r\nHost: x\r\n\r\n")), "GET / []");
  EXPECT_EQ(body_of(loop.exchange(peer, "GET /http://a.test HTTP/1.1\r\nHost: x\r\n\r\n")),
            "GET /http://a.test []");
}

TEST(Requests, OfOnePacketAreAnsweredInOrder) {
  Loopback loop(echo);
  Peer peer = loop.connect();
  std::string packet;
  for (int i = 0; i < 200; ++i)
    packet += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
  const std::string answers = loop.exchange(peer, packet, 200);
  ASSERT_EQ(count_answers(answers), 200u);
  std::size_t at = 0;
  for (int i = 0; i < 200; ++i) {
    at = answers.find("POST /" + std::to_string(i) + " [abc]", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

/// A page of its own for each target.
Task<wire::Response> page(wire::Request request) {
  wire::Response response;
  response.body = std::string(request.target) + std::string(4000 - request.target.size(), '.');
  co_return response;
}

TEST(Requests, OfAPeerThatReadsLateAreAllAnsweredInOrder) {
  Loopback loop(page);
  Peer peer = loop.connect();
  constexpr int many = 4000;  // 16 MB: more than any socket holds
  std::string requests;
  for (int i = 0; i < many; ++i) requests += fmt::format("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", i);
  std::string_view rest = requests;
  for (int turn = 0; turn < 50; ++turn) {
    rest.remove_prefix(peer.send(rest));
    loop.io.restart();
    loop.io.poll();
  }
  const std::string last = fmt::format("/{}...", many - 1);
  const auto all_there = [&] {
    rest.remove_prefix(peer.send(rest));
    peer.receive();
    const std::size_t size = peer.received.size();
    return size > 4000 && std::string_view(peer.received).substr(size - 4000).starts_with(last);
  };
  ASSERT_TRUE(loop.run_until(all_there));
  std::size_t at = 0;
  for (int i = 0; i < many; ++i) {
    at = peer.received.find(fmt::format("\r\n\r\n/{}...", i), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_EQ(count_answers(peer.received), static_cast<std::size_t>(many));
}

TEST(Requests, MayArriveByteByByte) {
  Loopback loop(echo);
  const std::string text = "POST /slow HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(300, 'l') +
                           "\r\nContent-Length: 4\r\n\r\nbody" +
                           "POST /chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                           "chunked\r\n\r\n4\r\nwiki\r\n5;x=y\r\npedia\r\n0\r\n"
                           "X-End: done\r\n\r\n" +
                           "GET /last HTTP/1.1\r\nHost: x\r\n\r\n";
  Peer peer = loop.connect();
  for (const char c : text) {
    peer.send({&c, 1});
    loop.io.restart();
    loop.io.poll();
  }
  ASSERT_TRUE(loop.run_until([&] {
    peer.receive();
    return count_answers(peer.received) == 3;
  })) << peer.received;
  EXPECT_THAT(peer.received, HasSubstr("POST /slow [body] X-Long=" + std::string(300, 'l')));
  EXPECT_THAT(peer.received, HasSubstr("POST /chunked [wikipedia] trailer X-End=done"));
  EXPECT_THAT(peer.received, HasSubstr("GET /last []"));
}

TEST(Requests, SplitAnywhereReadTheSame) {
  const std::string text =
      "POST /first HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
      "POST /second HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  Loopback loop(echo);
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    Peer peer = loop.connect();
    peer.send(std::string_view(text).substr(0, cut));
    loop.io.restart();
    loop.io.poll();
    loop.io.poll();
    peer.send(std::string_view(text).substr(cut));
    ASSERT_TRUE(loop.run_until([&] {
      peer.receive();
      return count_answers(peer.received) == 2;
    })) << "cut at "
        << cut << "\n"
        << peer.received;
    EXPECT_THAT(peer.received, HasSubstr("POST /first [body]"));
    EXPECT_THAT(peer.received, HasSubstr("POST /second [abc]"));
  }
}

TEST(Requests, LargeBodiesGoBothWays) {
  Loopback loop(echo);
  Peer peer = loop.connect();
  std::string body(6 * 1024 * 1024, '.');
  for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
  const std::string answer =
      loop.exchange(peer, "POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
                              "\r\n\r\n" + body);
  EXPECT_EQ(body_of(answer), "POST /big [" + body + "]");
  EXPECT_EQ(body_of(loop.exchange(peer, "GET /after HTTP/1.1\r\nHost: x\r\n\r\n")), "GET /after []");
}

TEST(Requests, LargeChunkedBodyIsWhole) {
  Loopback loop(echo);
  Peer peer = loop.connect();
  std::string text = "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string body;
  for (int i = 0; i < 40; ++i) {
    const std::string chunk(static_cast<std::size_t>(1 + i * 1000), static_cast<char>('a' + i % 26));
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", chunk.size());
    text += size + chunk + "\r\n";
    body += chunk;
  }
  text += "0\r\n\r\nGET /behind HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string answers = loop.exchange(peer, text, 2);
  EXPECT_THAT(answers, HasSubstr("[" + body + "]"));
  EXPECT_THAT(answers, HasSubstr("GET /behind []"));
}

TEST(Requests, ExpectingContinueAreTold) {
  Loopback loop(echo);
  Peer peer = loop.connect();
  peer.send("POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  ASSERT_TRUE(loop.run_until([&] {
    peer.receive();
    return !peer.received.empty();
  }));
  EXPECT_EQ(peer.received, "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(body_of(loop.exchange(peer, "hi")), "POST /e [hi]");
  // The body came along without waiting: no need to tell.
  const std::string at_once = loop.exchange(
      peer, "POST /f HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nho");
  EXPECT_THAT(at_once, StartsWith("HTTP/1.1 200"));
}

TEST(Requests, ExpectingContinueWithoutABodyAreToldToo) {
  Loopback loop(echo);
  Peer peer = loop.connect();
  const std::string answer =
      loop.exchange(peer, "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200"));
}

TEST(Requests, ExpectingContinueWithTooLargeABodyAreRefusedBeforeIt) {
  Limits limits;
  limits.body_bytes = 10;
  Loopback loop(echo, limits);
  Peer peer = loop.connect();
  const std::string answer = loop.exchange(
      peer, "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413"));
}

TEST(Requests, HeadGetsTheLengthButNoBody) {
  Loopback loop(echo);
  Peer peer = loop.connect();
  peer.send("HEAD /h HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(loop.run_until([&] {
    peer.receive();
    return peer.received.ends_with("\r\n\r\n");
  }));
  EXPECT_THAT(peer.received, HasSubstr("Content-Length: 10\r\n"));
  EXPECT_EQ(body_of(peer.received), "");
  EXPECT_EQ(body_of(loop.exchange(peer, "GET /g HTTP/1.1\r\nHost: x\r\n\r\n")), "GET /g []");
}

TEST(Requests, OfHttp10CloseUnlessAskedToStay) {
  Loopback loop(echo);
  Peer stays = loop.connect();
  EXPECT_THAT(loop.exchange(stays, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
              HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_FALSE(stays.ended);
  Peer goes = loop.connect();
  EXPECT_THAT(loop.exchange(goes, "GET / HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(loop.run_until([&] {
    goes.receive();
    return goes.ended;
  }));
}

TEST(Requests, AskingToCloseAreClosed) {
  Loopback loop(echo);
  Peer peer = loop.connect();
  EXPECT_THAT(loop.exchange(peer, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(loop.run_until([&] {
    peer.receive();
    return peer.ended;
  }));
  EXPECT_FALSE(peer.was_reset);
}

TEST(Requests, OfAHalfClosedPeerAreStillAnswered) {
  Loopback loop(echo);
  Peer peer = loop.connect();
  peer.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  peer.half_close();
  ASSERT_TRUE(loop.run_until([&] {
    peer.receive();
    return peer.ended;
  }));
  EXPECT_EQ(count_answers(peer.received), 2u);
}

TEST(Requests, MayBePrecededByAnEmptyLine) {
  Loopback loop(echo);
  Peer peer = loop.connect();
  EXPECT_EQ(body_of(loop.exchange(peer, "\r\n\r\nGET /x HTTP/1.1\r\nHost: x\r\n\r\n")), "GET /x []");
}

}  // namespace
}  // namespace aviary::http
