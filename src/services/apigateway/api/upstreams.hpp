#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "ports/task.hpp"
#include "wire/message.hpp"

namespace aviary::apigateway {

struct UpstreamCall {
  std::string method;
  std::string url;  ///< `http://…`
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  std::chrono::milliseconds timeout{};
  std::string certificate{};  ///< PEM, shown to servers that ask for one by TLS; empty: none
  std::string key{};          ///< the certificate's, PEM
};
struct UpstreamAnswer {
  enum class End { Answered, Failed, TimedOut } end = End::Failed;
  wire::Response response{};
};

/// Somebody else's HTTP servers.
class Upstreams {
 public:
  virtual ~Upstreams() = default;
  virtual Task<UpstreamAnswer> send(UpstreamCall call) = 0;
};

/// Headers of one connection, which do not go on.
inline bool is_hop_header(std::string_view name) {
  for (const char* each : {"connection", "content-length", "transfer-encoding", "expect", "te"})
    if (wire::equals_ignoring_case(name, each)) return true;
  return false;
}

}  // namespace aviary::apigateway
