#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace aviary {

/// `500ms`, `90s`, `10m`, `1h30m`, `7d`, up to a hundred years. Nothing if it is none.
std::optional<Duration> parse_duration(std::string_view text);
/// The same form, to the millisecond: `1h30m`, `250ms`, `0s`.
std::string duration_text(Duration duration);

}  // namespace aviary
