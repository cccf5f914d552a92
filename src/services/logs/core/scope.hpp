#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "base/time.hpp"

namespace aviary::logs {

/// Where log groups live: state is apart per account and region.
struct Scope {
  std::string account;
  std::string region;
  auto operator<=>(const Scope&) const = default;
};

/// CloudWatch Logs counts time in milliseconds since the epoch.
using Millis = std::int64_t;

inline Millis to_millis(Instant at) {
  return std::chrono::floor<std::chrono::milliseconds>(at).time_since_epoch().count();
}
inline Instant to_instant(Millis at) { return Instant(std::chrono::milliseconds(at)); }

constexpr Millis day = 86'400'000;

}  // namespace aviary::logs
