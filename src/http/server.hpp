#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "ports/clock.hpp"
#include "ports/task.hpp"
#include "wire/message.hpp"

namespace aviary::http {

/// Answers one request. The request's views live until the returned task has completed.
using Handler = std::function<Task<wire::Response>(wire::Request)>;

struct Limits {
  std::uint32_t header_bytes = 64 * 1024;
  std::uint64_t body_bytes = 70'167'211 + 1024;      ///< Lambda's largest request, and a little, so that it can be refused in its words
  std::chrono::milliseconds header_timeout{15'000};  ///< from a request's first byte to the end of its headers
  std::chrono::milliseconds body_timeout{60'000};    ///< without a byte of progress
  std::chrono::milliseconds idle_timeout{75'000};    ///< between requests of one connection; 0: no limit
  std::size_t connections = 4096;                    ///< beyond it a connection waits in the kernel's backlog
};

/// A listener and its sessions: HTTP/1.1 with keep-alive, pipelining, `Expect: 100-continue`, chunked bodies.
/// Lives on the loop's thread.
class Server {
 public:
  Server(boost::asio::any_io_executor executor, Stopwatch& stopwatch, Handler handler, Limits limits = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Starts to accept; port 0 picks one. Returns the port, or the reason as text.
  struct Listening {
    std::uint16_t port = 0;
    std::string problem{};
  };
  Listening listen(const std::string& address, std::uint16_t port);
  /// Stops accepting at once, lets requests in flight finish within `grace`, then closes. Completes when no session is left.
  Task<> stop(std::chrono::milliseconds grace);
  std::size_t connections() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace aviary::http
