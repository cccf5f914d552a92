#pragma once

#include <string>

#include "models/lambda.hpp"
#include "wire/protocol.hpp"

namespace aviary::wire {

inline const Codec& rest_json() { return *codec_for(models::Protocol::RestJson); }

/// Routes and decodes one request to Lambda, as the gateway does it.
inline Result<Decoded> decode_lambda(
    std::string_view method, std::string_view target, std::string body = {},
    std::vector<std::pair<std::string_view, std::string_view>> headers = {}) {
  Request request{.method = method, .target = target, .headers = std::move(headers), .body = std::move(body)};
  Result<Match> match = rest_json().route(models::lambda::service, request);
  if (!match) return match.error();
  return rest_json().decode(*match, request);
}

}  // namespace aviary::wire
