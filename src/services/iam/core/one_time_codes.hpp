#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

/// Codes of virtual MFA devices: RFC 6238, six digits every thirty seconds, with SHA-1.
namespace aviary::iam {

/// The code of the seed (in base32, RFC 4648, without padding) for the step, which is that many half minutes
/// after 1970.
std::string one_time_code(std::string_view seed, std::int64_t step);

/// The step that `now` is in.
std::int64_t code_step(Instant now);

/// Where the device's clock stands: how many steps it is ahead of `now`, if `first` and `second` are its
/// codes of two steps, one after the other, at most `most` away from now. Nothing if they are not.
std::optional<std::int64_t> clock_of_device(std::string_view seed, std::string_view first,
                                            std::string_view second, Instant now, std::int64_t most);

}  // namespace aviary::iam
