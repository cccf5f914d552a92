#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aviary::http {

/// `http://host:port/path?query` in parts.
struct Url {
  bool secure = false;  ///< `https`
  std::string host;     ///< without the brackets of an IPv6 address
  std::uint16_t port = 80;
  std::string target = "/";  ///< path and query; never empty

  bool has_usual_port() const { return port == (secure ? 443 : 80); }
};
/// Nothing for what is neither `http` nor `https`, names no host, or names a user. The fragment is dropped.
std::optional<Url> parse_url(std::string_view text);
/// As `Host` has it: without the scheme's usual port.
std::string host_header(const Url& url);

}  // namespace aviary::http
