#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace aviary {

/// A certificate and the key that it is about, both as PEM.
struct SelfSigned {
  std::string certificate;
  std::string key;
};

/// Makes a key (RSA, 2048 bits) and signs with it a certificate for `common_name`. Takes a tenth of a second
/// or more. Nothing if the library cannot.
std::optional<SelfSigned> self_signed(const std::string& common_name, Instant from, Instant until);

}  // namespace aviary
