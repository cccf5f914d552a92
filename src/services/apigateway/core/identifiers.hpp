#pragma once

#include <string>

#include "base/encoding.hpp"
#include "ports/random.hpp"

namespace aviary::apigateway {

/// As API Gateway calls what it makes: ten small letters and digits for an API.
inline std::string new_id(Random& ids, std::size_t length) {
  static constexpr char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string id;
  while (id.size() < length) id += characters[ids.next() % 36];
  return id;
}

/// What an API key is, when API Gateway chooses: forty letters, small ones and capitals, and digits.
inline std::string new_key_value(Random& ids) {
  static constexpr char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::string value;
  while (value.size() < 40) value += characters[ids.next() % 62];
  return value;
}

/// `JKJaXmPLvHcESHA=`: how HTTP APIs call a request (`Apigw-Requestid`), and REST APIs beside its id
/// (`x-amz-apigw-id`).
inline std::string new_extended_id(Random& ids) {
  std::string bytes;
  while (bytes.size() < 11) bytes += static_cast<char>(ids.next() & 0xFF);
  return base64_encode(bytes);
}

}  // namespace aviary::apigateway
