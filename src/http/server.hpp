#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/time.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"
#include "wire/message.hpp"

namespace aviary::http {

/// Answers one request. The request's views live until the returned task has completed.
///
/// `Content-Length`, `Transfer-Encoding` and `Connection` are the server's own and are dropped from the
/// answer, but for `Connection: close`, which closes after it. An exception becomes a 500 and a log line.
/// When the peer goes away meanwhile, the handler still runs to its end and its answer is dropped.
using Handler = std::function<Task<wire::Response>(wire::Request)>;

struct Limits {
  std::uint32_t header_bytes = 64 * 1024;  ///< request line and headers together
  std::uint64_t body_bytes =
      70'167'211 + 1024;  ///< Lambda's largest request, and a little, so that it can be refused in its words
  std::chrono::milliseconds header_timeout{
      15'000};  ///< from a request's first byte to the end of its headers
  std::chrono::milliseconds body_timeout{
      60'000};  ///< without a byte of progress, of a body in or an answer out
  std::chrono::milliseconds idle_timeout{75'000};  ///< between requests of one connection; 0: no limit
  std::size_t connections = 4096;                  ///< beyond it the one that rests longest makes room for a
                                                   ///< new one, which waits in the kernel's backlog meanwhile
  /// After as many new connections at once as this, one is accepted in each `accept_spacing`: who does
  /// nothing but connect takes no more of the loop than that. The spacing 0: no limit.
  std::size_t accept_burst = 64;
  std::chrono::microseconds accept_spacing{0};
};

/// Why the server itself answers instead of the handler.
enum class Refusal : std::uint8_t {
  Malformed,        ///< 400: not HTTP, or HTTP that is ambiguous
  Truncated,        ///< 400: the peer closed its side before the promised body had come
  Timeout,          ///< 408: headers or body came too slowly
  BodyTooLarge,     ///< 413
  HeadersTooLarge,  ///< 431
  HandlerFailed,    ///< 500: the handler threw
  Unsupported,      ///< 501: a transfer coding other than chunked
};

/// A request that was refused, as far as it was read: for Malformed, Timeout and HeadersTooLarge method and
/// target may be empty. The views live until the hook returns.
struct Refused {
  Refusal why;
  int status;           ///< what the answer says unless the hook says otherwise
  std::uint64_t limit;  ///< bytes: the bound that was exceeded, else 0
  const wire::Request& request;
};

struct Options {
  /// Words for a refusal. Empty: AWS's general form, `{"message":…}` and `x-amzn-ErrorType`. Except after
  /// HandlerFailed the connection is closed when the answer has been read.
  std::function<wire::Response(const Refused&)> refuse{};
  /// Asked when the head of a chunked request is there: where its body goes as it comes, a slow reader
  /// holding the peer back. The handler is called at the end, with trailers and without a body. Null, or no
  /// such function: the body is kept in the request.
  std::function<std::shared_ptr<wire::BodyStream>(const wire::Request&)> receive_body{};
  /// Asked when the head of a request with a body of some size is there: whether the handler is to be called
  /// at once and takes the body as it comes, from `wire::Request::incoming`. Such a body has no limit here,
  /// and `Expect: 100-continue` is answered when its first piece is asked for. Once the handler has answered,
  /// little that it did not take is dropped; before more the connection is closed.
  std::function<bool(const wire::Request&)> takes_stream{};
  /// For the `Date` header of answers that have none. Empty: no such header.
  std::function<Instant()> now{};
};

/// A listener and its sessions: HTTP/1.1 with keep-alive, pipelining, `Expect: 100-continue`, chunked bodies.
/// Lives on the loop's thread. Costs no thread, and no timer while no connection has a deadline (none has
/// while its handler runs): many may exist side by side.
class Server {
 public:
  Server(boost::asio::any_io_executor executor, Stopwatch& stopwatch, Handler handler, Limits limits = {},
         Options options = {});
  /// Closes what `stop` has not: then sessions end when the loop next runs, so the handler's owner must stay
  /// until the loop is done.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Starts to accept; port 0 picks one. Returns the port, or the reason as text. May be called for several
  /// addresses.
  struct Listening {
    std::uint16_t port = 0;
    std::string problem{};
  };
  Listening listen(const std::string& address, std::uint16_t port);
  /// Serves a stream socket that is connected already, and owns it from now on.
  void adopt(int connected_socket);
  /// Stops accepting at once, lets requests in flight finish within `grace`, then closes. Completes when no
  /// session is left. After the grace handlers are cancelled; one that waits for something that ignores
  /// cancellation (a OneShot) must be settled by its owner.
  Task<> stop(std::chrono::milliseconds grace);
  std::size_t connections() const noexcept;
  /// Whether this connection (`wire::Request::connection`) is open and its peer has not closed it. Also while
  /// its request is being answered, when nothing is read from it.
  bool connected(std::uint64_t connection) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace aviary::http
