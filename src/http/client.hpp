#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/trust.hpp"
#include "http/url.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"
#include "wire/message.hpp"

namespace aviary::http {

/// A request to somebody else's server, over HTTP/1.1, plain or inside TLS.
struct Outgoing {
  std::string host;  ///< an IP address or a name
  std::uint16_t port = 80;
  std::string method = "GET";
  std::string target = "/";
  /// `Host` and `Content-Length` are added.
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  bool secure = false;             ///< TLS; the server's certificate is verified, its name too
  std::shared_ptr<Trust> trust{};  ///< whose word counts for certificates; null: the system's
  std::string certificate{};       ///< PEM, for servers that ask for one; empty: none is shown
  std::string key{};               ///< the certificate's, PEM
};
/// A request to what a URL names.
Outgoing request_to(const Url& url, std::string method, std::shared_ptr<Trust> trust = nullptr);

/// Why there is no answer.
struct FetchProblem {
  enum class Kind : std::uint8_t {
    Resolve,   ///< no address for the name
    Connect,   ///< nobody there
    Secure,    ///< no TLS was agreed on, or the certificate is not to be trusted
    Exchange,  ///< broke off, is not HTTP, or is larger than allowed
    Timeout,
  };
  Kind kind;
  std::string text;
};
[[noreturn]] void throw_exception_from_error(const FetchProblem& problem,
                                             const boost::source_location& where);

struct FetchLimits {
  std::chrono::milliseconds timeout{10'000};     ///< for all of it together, real time; zero: none
  std::uint64_t answer_bytes = 8 * 1024 * 1024;  ///< of the body
};

/// One request on a connection of its own. Any status is an answer. Must be awaited on the loop; `stopwatch`
/// has to outlive it. Cancelling it ends it with `operation_aborted`, as an exception.
Task<boost::system::result<wire::Response, FetchProblem>> fetch(boost::asio::any_io_executor executor,
                                                                Stopwatch& stopwatch, Outgoing request,
                                                                FetchLimits limits = {});

/// The same of a server that listens on a socket of the file system, as container engines do. `host` and
/// `port` are what it is told in `Host`, and nothing else.
Task<boost::system::result<wire::Response, FetchProblem>> fetch_local(boost::asio::any_io_executor executor,
                                                                      Stopwatch& stopwatch,
                                                                      std::string socket, Outgoing request,
                                                                      FetchLimits limits = {});

/// The same, for an answer without an end: its body is handed over as it comes, until the server ends it. The
/// status, or why it broke off. No time limit; cancelling is as with `fetch`.
Task<boost::system::result<unsigned, FetchProblem>> follow_local(boost::asio::any_io_executor executor,
                                                                 std::string socket, Outgoing request,
                                                                 std::function<void(std::string_view)> piece);

}  // namespace aviary::http
