#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "base/time.hpp"

namespace aviary::cloudwatch {

/// Where metrics and alarms live: state is apart per account and region.
struct Scope {
  std::string account;
  std::string region;
  auto operator<=>(const Scope&) const = default;
};

/// Metrics know no finer time than a second, counted since the epoch.
using EpochSeconds = std::int64_t;

inline EpochSeconds to_seconds(Instant at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}
inline Instant to_instant(EpochSeconds at) { return Instant(std::chrono::seconds(at)); }

/// The last moment at or before `at` that `step` divides; also right before the epoch.
constexpr EpochSeconds floor_to(EpochSeconds at, EpochSeconds step) {
  const EpochSeconds rest = at % step;
  return at - (rest < 0 ? rest + step : rest);
}

}  // namespace aviary::cloudwatch
