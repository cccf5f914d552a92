#pragma once

#include <cstddef>
#include <string>

#include "base/json.hpp"

namespace aviary::lambda {

/// The most that one event may have.
inline constexpr std::size_t event_bytes_at_most = 6 * 1024 * 1024;
/// Of `{"Records":[…]}` and what stands beside it, without windows' states.
inline constexpr std::size_t event_envelope_bytes = 512;

/// Text that may hold what is no UTF-8 is mended.
std::string dumped(const OrderedJson& document);

}  // namespace aviary::lambda
