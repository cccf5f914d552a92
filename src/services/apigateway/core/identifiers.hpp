#pragma once

#include <string>

#include "ports/random.hpp"

namespace aviary::apigateway {

/// As API Gateway calls what it makes: ten small letters and digits for an API.
inline std::string new_id(Random& ids, std::size_t length) {
  static constexpr char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string id;
  while (id.size() < length) id += characters[ids.next() % 36];
  return id;
}

}  // namespace aviary::apigateway
