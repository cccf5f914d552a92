#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aviary {
class BodySource;  // passed through, never looked into
}

namespace aviary::wire {

class BodyStream;

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// A request as any HTTP library could have read it. Headers, method and target are views into the reader's
/// buffer: they live until the handler has answered. The body is owned, so that a payload can be moved on.
struct Request {
  std::string_view method;
  std::string_view target;  ///< raw: path and query, percent-encoded as sent
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::string body;
  std::uint16_t local_port = 0;  ///< the port it arrived at
  std::uint16_t peer_port = 0;   ///< the port it came from
  /// Names the connection it came on, unlike a port never used again; 0: unknown.
  std::uint64_t connection = 0;
  /// Fields after a chunked body. Apart from `headers`, which a trailer must never replace (RFC 9110 6.5.1).
  std::vector<std::pair<std::string_view, std::string_view>> trailers{};
  /// Set: the body has not been read, it is taken from here; `body` is empty. Lives until the handler has
  /// answered.
  BodySource* incoming = nullptr;

  /// The first header of that name (any case), or an empty view.
  std::string_view header(std::string_view name) const noexcept;
  bool has_header(std::string_view name) const noexcept;
  std::string_view path() const noexcept;   ///< before the first '?'
  std::string_view query() const noexcept;  ///< after it, without the '?'
};

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// Set: the body is what comes out of it, sent as it comes; `body` is not used.
  std::shared_ptr<BodyStream> stream{};
  /// Set: the body is the `source_size` bytes that are taken from here; `body` is not used.
  std::shared_ptr<BodySource> source{};
  std::uint64_t source_size = 0;

  void set(std::string name, std::string value) { headers.emplace_back(std::move(name), std::move(value)); }
};

}  // namespace aviary::wire
