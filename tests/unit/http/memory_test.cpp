#include <gtest/gtest.h>
#include <malloc.h>

#include <vector>

#include "ports/one_shot.hpp"
#include "unit/http/loopback.hpp"

namespace aviary::http {
namespace {

constexpr int connections = 200;

std::size_t heap_in_use() { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; }

Task<wire::Response> answer_ok(wire::Request request) {
  wire::Response response;
  response.body.assign(request.body.size(), 'x');
  co_return response;
}

/// Heap that each of many connections keeps while it waits, after it has been through `request`.
std::size_t kept_by_each(Loopback& loop, const std::string& request) {
  std::vector<Peer> peers;
  peers.reserve(connections);
  for (int i = 0; i < connections; ++i) {
    peers.push_back(loop.connect());
    loop.exchange(peers.back(), request);
    peers.back().received.clear();
    peers.back().received.shrink_to_fit();
  }
  const std::size_t with = heap_in_use();
  peers.clear();
  loop.run_until([&] { return loop.server->connections() == 0; });
  const std::size_t without = heap_in_use();
  return with < without ? 0 : (with - without) / connections;
}

TEST(Memory, AnIdleConnectionCostsAFewKilobytes) {
  if (heap_in_use() == 0) GTEST_SKIP() << "this allocator does not tell";
  Loopback loop(answer_ok);
  const std::size_t small = kept_by_each(loop, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_GT(small, 1000u) << "the measurement itself is broken";
  EXPECT_LT(small, 8 * 1024u);
  const std::size_t large =
      kept_by_each(loop, "POST / HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(50'000, 'h') +
                             "\r\nContent-Length: 300000\r\n\r\n" + std::string(300'000, 'b'));
  EXPECT_LT(large, 8 * 1024u) << "what a large exchange needed is given back";
}

Task<wire::Response> answer_when(OneShot<bool> told) {
  co_await told.wait();
  co_return wire::Response{};
}

TEST(Memory, AConnectionThatWaitsForItsAnswerCostsAFewKilobytes) {
  if (heap_in_use() == 0) GTEST_SKIP() << "this allocator does not tell";
  std::vector<OneShot<bool>> waiting;
  waiting.reserve(connections);
  Loopback loop([&waiting](wire::Request) { return answer_when(waiting.emplace_back()); });
  std::vector<Peer> peers;
  peers.reserve(connections);
  const std::size_t before = heap_in_use();
  for (int i = 0; i < connections; ++i) {
    peers.push_back(loop.connect());
    peers.back().send("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  ASSERT_TRUE(loop.run_until([&] { return waiting.size() == connections; }));
  EXPECT_LT((heap_in_use() - before) / connections, 10 * 1024u);
  for (const auto& each : waiting) each.set(true);
  loop.settle();
}

}  // namespace
}  // namespace aviary::http
