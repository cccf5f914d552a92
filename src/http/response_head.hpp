#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/message.hpp"

namespace aviary::http {

/// What the connection adds to an answer.
struct Framing {
  bool keep_alive = true;
  bool http_1_0 = false;    ///< the peer's version: it needs to be told that the connection stays open
  bool streamed = false;    ///< the length is not known: chunked, or to an HTTP/1.0 peer until the end
  bool head = false;        ///< answers HEAD: no body, and a Content-Length given by the handler is kept
  std::string_view date{};  ///< used if the answer has no Date; empty: none
};

/// Appends status line and headers, the empty line included. Line breaks in header values, which could
/// smuggle in a second answer, become spaces; headers with a malformed name are dropped.
void append_head(std::string& out, const wire::Response& response, const Framing& framing);

/// Whether answers of this status have a body at all (1xx, 204 and 304 do not).
bool status_has_body(int status) noexcept;

/// Whether the handler asked for the connection to be closed after this answer.
bool asks_to_close(const wire::Response& response) noexcept;

}  // namespace aviary::http
