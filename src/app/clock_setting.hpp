#pragma once

#include <optional>
#include <string_view>

#include "base/duration.hpp"
#include "host/system_clock.hpp"

namespace aviary::app {

struct ClockSetting {
  host::ClockMode mode;
  double speed;  ///< emulated seconds in a real one; matters to `Scaled` only
};

/// `real`, `manual` or `scaled=N` with N above 0 and at most a million. Nothing if it is none of these.
std::optional<ClockSetting> parse_clock_setting(std::string_view text);

}  // namespace aviary::app
