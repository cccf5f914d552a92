#include "http/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <optional>

#include "ports/one_shot.hpp"
#include "unit/http/loopback.hpp"

namespace aviary::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

using Answer = boost::system::result<wire::Response, FetchProblem>;

Task<wire::Response> describe(wire::Request request) {
  wire::Response response;
  response.status = 202;
  response.set("X-Given", "yes");
  response.body = std::string(request.method) + " " + std::string(request.target) + " " +
                  std::string(request.header("host")) + " " + std::string(request.header("x-a")) + " " +
                  request.body;
  co_return response;
}

struct Fetched {
  std::optional<Answer> answer;
  std::exception_ptr escaped;
};

void start(Loopback& loop, Fetched& fetched, Outgoing request, FetchLimits limits = {}) {
  boost::asio::co_spawn(loop.io, fetch(loop.io.get_executor(), loop.stopwatch, std::move(request), limits),
                        [&fetched](std::exception_ptr escaped, Answer answer) {
                          fetched.escaped = escaped;
                          fetched.answer = std::move(answer);
                        });
}

Answer run(Loopback& loop, Outgoing request, FetchLimits limits = {}) {
  Fetched fetched;
  start(loop, fetched, std::move(request), limits);
  EXPECT_TRUE(loop.run_until([&] { return fetched.answer.has_value(); }));
  return *fetched.answer;
}

TEST(Client, FetchesAnAnswer) {
  Loopback loop(describe);
  Outgoing request{.host = "127.0.0.1", .port = loop.port, .method = "POST", .target = "/hook?x=1"};
  request.headers = {{"X-A", "b"}};
  request.body = "payload";
  const Answer answer = run(loop, request);
  ASSERT_TRUE(answer.has_value()) << answer.error().text;
  EXPECT_EQ(answer->status, 202);
  EXPECT_EQ(answer->body, "POST /hook?x=1 127.0.0.1:" + std::to_string(loop.port) + " b payload");
  EXPECT_THAT(answer->headers, ::testing::Contains(::testing::Pair("X-Given", "yes")));
}

TEST(Client, ResolvesNames) {
  Loopback loop(describe);
  const Answer answer = run(loop, {.host = "localhost", .port = loop.port});
  ASSERT_TRUE(answer.has_value()) << answer.error().text;
  EXPECT_EQ(answer->status, 202);
}

TEST(Client, NobodyThere) {
  Loopback loop(describe);
  const std::uint16_t port = loop.port;
  loop.stop(0ms);
  const Answer answer = run(loop, {.host = "127.0.0.1", .port = port});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, FetchProblem::Kind::Connect);
}

TEST(Client, GivesUpInTime) {
  OneShot<bool> never;
  Loopback loop([never](wire::Request request) -> Task<wire::Response> {
    return [](OneShot<bool> wait, wire::Request held) -> Task<wire::Response> {
      co_await wait.wait();
      co_return co_await describe(std::move(held));
    }(never, std::move(request));
  });
  Fetched fetched;
  start(loop, fetched, {.host = "127.0.0.1", .port = loop.port}, {.timeout = 5s});
  loop.settle();
  EXPECT_FALSE(fetched.answer.has_value());
  loop.stopwatch.advance(5s);
  ASSERT_TRUE(loop.run_until([&] { return fetched.answer.has_value(); }));
  ASSERT_FALSE(fetched.answer->has_value());
  EXPECT_EQ(fetched.answer->error().kind, FetchProblem::Kind::Timeout);
  never.set(true);
}

TEST(Client, BoundsTheAnswer) {
  Loopback loop([](wire::Request) -> Task<wire::Response> {
    wire::Response response;
    response.body.assign(5000, 'x');
    co_return response;
  });
  const Answer answer = run(loop, {.host = "127.0.0.1", .port = loop.port}, {.answer_bytes = 4999});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, FetchProblem::Kind::Exchange);
  EXPECT_TRUE(run(loop, {.host = "127.0.0.1", .port = loop.port}, {.answer_bytes = 5000}).has_value());
}

TEST(Client, HeadHasNoBody) {
  Loopback loop(describe);
  const Answer answer = run(loop, {.host = "127.0.0.1", .port = loop.port, .method = "HEAD"});
  ASSERT_TRUE(answer.has_value()) << answer.error().text;
  EXPECT_EQ(answer->body, "");
}

TEST(Client, LeavesNothingBehind) {
  Loopback loop(describe);
  run(loop, {.host = "127.0.0.1", .port = loop.port});
  loop.settle();
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 300; ++i) run(loop, {.host = "127.0.0.1", .port = loop.port});
  loop.settle();
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(loop.stopwatch.pending(), 0u);
}

}  // namespace
}  // namespace aviary::http
