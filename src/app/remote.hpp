#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "host/system_clock.hpp"

namespace aviary::app {

/// A server that runs elsewhere, as a verb of the command line talks to it: one request after the other, each
/// waited for.
class Remote {
 public:
  /// `endpoint` empty: AWS_ENDPOINT_URL, or the usual port on this machine.
  explicit Remote(std::string endpoint);

  struct Answer {
    int status = 0;  ///< 0: there is none, `problem` says why
    Json body{};
    std::string problem{};

    bool good() const { return status / 100 == 2; }
  };
  /// `body` null: none. What is not 2xx has what the server said as its `problem`.
  Answer request(std::string_view method, std::string target, const Json& body = nullptr);
  /// The same with bytes of any kind.
  Answer send(std::string_view method, std::string target, std::string body, std::string content_type);
  void pause(std::chrono::nanoseconds time);

 private:
  std::string endpoint_;
  boost::asio::io_context loop_{1};
  host::SystemStopwatch stopwatch_;
};

/// For a part of a path: everything but letters, digits, `-`, `_`, `.`, `~` and `:` is escaped.
std::string path_part(std::string_view text);

}  // namespace aviary::app
