#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "wire/message.hpp"

namespace aviary::http {

/// Reads one request after another out of bytes that somebody else receives. No sockets, no time.
class RequestParser {
 public:
  enum class Step : std::uint8_t { NeedMore, Done, Malformed, TooLarge, Unsupported };

  RequestParser();
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// Forgets the last message and starts on the next.
  void begin();

  /// Reads the head. `data` is the message from its first byte, as far as it has come; views of the request
  /// point into it.
  Step head(const char* data, std::size_t size);
  /// The bytes given to `head` now start at `to` instead of `from`.
  void moved(const char* from, const char* to) noexcept;

  // Once `head` said Done:
  std::size_t head_size() const noexcept;  ///< bytes, the empty line included
  bool chunked() const noexcept;
  std::uint64_t content_length() const noexcept;  ///< 0 without a body or when chunked
  bool keep_alive() const noexcept;
  bool http_1_0() const noexcept;
  bool expects_continue() const noexcept;

  /// Reads a chunked body into the request; `used` is how many bytes of `data` are done with. TooLarge: the
  /// body would exceed `body_limit`.
  Step chunks(const char* data, std::size_t size, std::uint64_t body_limit, std::size_t& used);

  wire::Request& request() noexcept;

 private:
  struct Message;
  std::unique_ptr<Message> message_;
};

}  // namespace aviary::http
