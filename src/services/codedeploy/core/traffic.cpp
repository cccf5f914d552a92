#include "services/codedeploy/core/traffic.hpp"

#include <algorithm>

#include "models/codedeploy.hpp"

namespace aviary::codedeploy {
namespace {

/// Two days: the longest interval that the console and the API take.
constexpr std::int64_t longest_interval_minutes = 2880;

AwsError invalid(std::string text) {
  return AwsError(models::codedeploy::errors::InvalidTrafficRoutingConfigurationException, std::move(text));
}

Result<TrafficRouting> timed(TrafficType type, const Json& config, const char* member, const char* percentage,
                             const char* interval) {
  const auto part = config.find(member);
  if (part == config.end() || !part->is_object() || !part->contains(percentage) || !part->contains(interval))
    return invalid(std::string("A ") +
                   (type == TrafficType::TimeBasedCanary ? "TimeBasedCanary" : "TimeBasedLinear") +
                   " configuration needs " + member + " with " + percentage + " and " + interval + ".");
  const std::int64_t percent = part->at(percentage).get<std::int64_t>();
  const std::int64_t minutes = part->at(interval).get<std::int64_t>();
  if (percent < 1 || percent > 99) return invalid(std::string(percentage) + " must be between 1 and 99.");
  if (minutes < 1 || minutes > longest_interval_minutes)
    return invalid(std::string(interval) + " must be between 1 and 2880 minutes.");
  return TrafficRouting{type, static_cast<int>(percent), static_cast<int>(minutes)};
}

}  // namespace

int target_percent(const TrafficRouting& routing, Duration since_start) {
  if (since_start < Duration::zero()) return 0;
  const Duration interval = std::chrono::minutes(routing.interval_minutes);
  switch (routing.type) {
    case TrafficType::AllAtOnce:
      break;
    case TrafficType::TimeBasedCanary:
      return since_start < interval ? routing.percentage : 100;
    case TrafficType::TimeBasedLinear: {
      const std::int64_t steps = since_start / interval + 1;
      // Far beyond the end the product would not fit.
      return steps >= 100 ? 100 : static_cast<int>(std::min<std::int64_t>(100, steps * routing.percentage));
    }
  }
  return 100;
}

std::optional<Duration> next_shift(const TrafficRouting& routing, Duration since_start) {
  if (target_percent(routing, since_start) >= 100) return std::nullopt;
  const Duration interval = std::chrono::minutes(routing.interval_minutes);
  if (routing.type == TrafficType::TimeBasedCanary) return interval;
  return interval * (since_start / interval + 1);
}

Result<TrafficRouting> parse_traffic_routing(const Json& config) {
  const std::string type = config.is_object() ? config.value("type", std::string()) : std::string();
  if (type == "AllAtOnce") return TrafficRouting{};
  if (type == "TimeBasedCanary")
    return timed(TrafficType::TimeBasedCanary, config, "timeBasedCanary", "canaryPercentage",
                 "canaryInterval");
  if (type == "TimeBasedLinear")
    return timed(TrafficType::TimeBasedLinear, config, "timeBasedLinear", "linearPercentage",
                 "linearInterval");
  return invalid("The traffic routing type must be TimeBasedCanary, TimeBasedLinear or AllAtOnce.");
}

Json render(const TrafficRouting& routing) {
  switch (routing.type) {
    case TrafficType::AllAtOnce:
      break;
    case TrafficType::TimeBasedCanary:
      return {{"type", "TimeBasedCanary"},
              {"timeBasedCanary",
               {{"canaryPercentage", routing.percentage}, {"canaryInterval", routing.interval_minutes}}}};
    case TrafficType::TimeBasedLinear:
      return {{"type", "TimeBasedLinear"},
              {"timeBasedLinear",
               {{"linearPercentage", routing.percentage}, {"linearInterval", routing.interval_minutes}}}};
  }
  return {{"type", "AllAtOnce"}};
}

const std::vector<PredefinedConfig>& predefined_configs() {
  using enum TrafficType;
  static const std::vector<PredefinedConfig> configs{
      {"CodeDeployDefault.LambdaAllAtOnce", {}},
      {"CodeDeployDefault.LambdaCanary10Percent10Minutes", {TimeBasedCanary, 10, 10}},
      {"CodeDeployDefault.LambdaCanary10Percent15Minutes", {TimeBasedCanary, 10, 15}},
      {"CodeDeployDefault.LambdaCanary10Percent30Minutes", {TimeBasedCanary, 10, 30}},
      {"CodeDeployDefault.LambdaCanary10Percent5Minutes", {TimeBasedCanary, 10, 5}},
      {"CodeDeployDefault.LambdaLinear10PercentEvery10Minutes", {TimeBasedLinear, 10, 10}},
      {"CodeDeployDefault.LambdaLinear10PercentEvery1Minute", {TimeBasedLinear, 10, 1}},
      {"CodeDeployDefault.LambdaLinear10PercentEvery2Minutes", {TimeBasedLinear, 10, 2}},
      {"CodeDeployDefault.LambdaLinear10PercentEvery3Minutes", {TimeBasedLinear, 10, 3}},
  };
  return configs;
}

}  // namespace aviary::codedeploy
