#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace aviary::codedeploy {

enum class TrafficType : std::uint8_t { AllAtOnce, TimeBasedCanary, TimeBasedLinear };

/// How a deployment moves traffic from the current version to the target. Pure: the whole schedule follows
/// from it and the time since traffic began to move.
struct TrafficRouting {
  TrafficType type = TrafficType::AllAtOnce;
  int percentage = 100;      ///< of the first step (canary) or of each step (linear)
  int interval_minutes = 0;  ///< between steps

  bool operator==(const TrafficRouting&) const = default;
};

/// The target's share in percent. A canary's first part, like a linear deployment's first step, moves at
/// once.
int target_percent(const TrafficRouting& routing, Duration since_start);
/// When the share grows next, counted from the start; nothing once all traffic has moved.
std::optional<Duration> next_shift(const TrafficRouting& routing, Duration since_start);

/// `TrafficRoutingConfig`, as the API reads and writes it.
Result<TrafficRouting> parse_traffic_routing(const Json& config);
Json render(const TrafficRouting& routing);

/// A configuration that comes with the service.
struct PredefinedConfig {
  std::string_view name;
  TrafficRouting routing;
};
/// Every `CodeDeployDefault.Lambda…`, ordered by name.
const std::vector<PredefinedConfig>& predefined_configs();
/// What a group or a rollback uses that names none.
inline constexpr std::string_view default_config_name = "CodeDeployDefault.LambdaAllAtOnce";

}  // namespace aviary::codedeploy
