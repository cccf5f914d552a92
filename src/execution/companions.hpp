#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "execution/extensions.hpp"
#include "execution/failure.hpp"
#include "execution/telemetry.hpp"
#include "ports/one_shot.hpp"

namespace aviary::execution {

/// Telemetry that is on its way may hold up a freeze, or the end, for so long.
constexpr std::chrono::milliseconds telemetry_flush_limit{200};

/// What an environment has besides its runtime once there are extensions in it; an environment without any
/// has none of this.
struct Companions {
  Companions(Extensions::Owner& owner, Random& random) : registry(owner, random) {}

  Extensions registry;
  std::vector<std::string> programs;  ///< external ones, by their names in /opt/extensions
  std::map<std::string, std::string> partial_lines{};
  std::size_t alive = 0;      ///< processes of external ones
  bool runtime_runs = false;  ///< its process does
  std::optional<Failure> failure{};

  // Starting.
  std::optional<OneShot<bool>> enrolled{};  ///< all external ones have registered, or it is too late
  bool runtime_came = false;                ///< to `next` for the first time

  // The current invocation.
  std::optional<std::chrono::nanoseconds> runtime_back{};  ///< when the runtime asked for its next event
  std::optional<std::chrono::nanoseconds> cut_off{};       ///< when it was ended before all were through
  Instant begun{};
  std::chrono::nanoseconds response_latency{};
  std::size_t produced_bytes = 0;
  bool runtime_done_told = false;

  // Ending.
  bool shutting_down = false;  ///< SHUTDOWN went out, or nobody wanted it
  bool killed = false;
  std::optional<OneShot<bool>> runtime_gone{};
  std::optional<OneShot<bool>> programs_gone{};

  TimerId freeze_timer = 0;
  std::shared_ptr<Telemetry> telemetry{};
};

}  // namespace aviary::execution
