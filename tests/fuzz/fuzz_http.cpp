// Arbitrary bytes to a server's connection. The first byte says how the rest is cut into packets and whether
// the client closes its side; the bytes after it are what the client sends. Whatever comes: no crash, no
// leak, the connection ends, and a well-formed request on another connection is still answered.
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include "http/server.hpp"

namespace {

using namespace aviary;

/// Time that stands still, for deadlines that must not matter here.
class StoppedWatch final : public Stopwatch {
 public:
  std::chrono::nanoseconds elapsed() const override { return {}; }
  TimerId call_after(std::chrono::nanoseconds, std::function<void()>) override { return ++last_; }
  bool cancel(TimerId) override { return true; }

 private:
  TimerId last_ = 0;
};

/// Touches everything that a handler may look at, so that a dangling view is found.
Task<wire::Response> look(wire::Request request) {
  wire::Response response;
  std::size_t sum = request.method.size() + request.target.size();
  for (const auto& [name, value] : request.headers) {
    for (const char c : name) sum += static_cast<unsigned char>(c);
    for (const char c : value) sum += static_cast<unsigned char>(c);
  }
  for (const auto& [name, value] : request.trailers) {
    for (const char c : name) sum += static_cast<unsigned char>(c);
    for (const char c : value) sum += static_cast<unsigned char>(c);
  }
  response.set("X-Target", std::string(request.target));
  response.body = std::to_string(sum) + request.body;
  co_return response;
}

constexpr http::Limits limits{.header_bytes = 4096, .body_bytes = 16384};

struct World {
  boost::asio::io_context io{1};
  StoppedWatch watch;
  http::Server server{io.get_executor(), watch, look, limits};

  void run() {
    io.restart();
    io.poll();
  }
};

void drain(int descriptor) {
  char bytes[65536];
  while (::recv(descriptor, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
  }
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static World world;
  int pair[2];
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  world.server.adopt(pair[0]);
  const std::size_t packet = data[0] < 128 ? 65536 : static_cast<std::size_t>(data[0] - 127);
  const bool half_closes = (data[0] & 1) != 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  while (!rest.empty()) {
    const auto sent =
        ::send(pair[1], rest.data(), std::min(packet, rest.size()), MSG_NOSIGNAL | MSG_DONTWAIT);
    world.run();
    drain(pair[1]);
    if (sent <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  if (half_closes) {
    ::shutdown(pair[1], SHUT_WR);
    world.run();
    drain(pair[1]);
  }
  ::close(pair[1]);
  world.run();
  require(world.server.connections() == 0);

  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  world.server.adopt(pair[0]);
  constexpr std::string_view good = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  require(::send(pair[1], good.data(), good.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(good.size()));
  world.run();
  char answer[16] = {};
  require(::recv(pair[1], answer, 12, MSG_DONTWAIT) == 12 && std::string_view(answer) == "HTTP/1.1 200");
  ::close(pair[1]);
  world.run();
  require(world.server.connections() == 0);
  return 0;
}
