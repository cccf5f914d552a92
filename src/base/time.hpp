#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace aviary {

/// A moment as AWS would see it: comes from the `Clock` port and may be driven.
using Instant = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

/// Seconds since 1970 with their fraction: how most services' documents have a timestamp.
inline double epoch_seconds(Instant at) {
  return std::chrono::duration<double>(at.time_since_epoch()).count();
}
/// The same without the fraction.
inline double whole_epoch_seconds(Instant at) {
  return static_cast<double>(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
}

/// `2024-01-15T10:30:00.000+0000`: Lambda's `LastModified`.
std::string lambda_timestamp(Instant at);
/// `2024-01-15T10:30:00.000Z`, the form of log lines and events. `fraction_digits` is 0, 3 or 6.
std::string iso8601(Instant at, int fraction_digits = 3);
/// `Mon, 15 Jan 2024 10:30:00 GMT`: the HTTP `Date` header.
std::string http_date(Instant at);
/// Reads ISO 8601 with `Z` or a numeric offset, with or without a fraction. Nothing if it is none.
std::optional<Instant> parse_iso8601(std::string_view text);

}  // namespace aviary
