#include "services/codedeploy/core/traffic.hpp"

#include <algorithm>

#include "models/codedeploy.hpp"

namespace aviary::codedeploy {
namespace {

/// Two days. For a linear configuration the whole shift may take that long (measured at AWS: 288 minutes at
/// 10 percent, 28 at 1).
constexpr std::int64_t longest_shift_minutes = 2880;

AwsError invalid(std::string text) {
  return AwsError(models::codedeploy::errors::InvalidTrafficRoutingConfigurationException, std::move(text));
}

bool has_part(const Json& config, const char* member) {
  const auto part = config.find(member);
  return part != config.end() && !part->is_null();
}

std::int64_t number_in(const Json& part, const char* member) {
  const auto found = part.find(member);
  return found == part.end() || !found->is_number() ? 0 : found->get<std::int64_t>();
}

/// All texts as measured at AWS.
Result<TrafficRouting> timed(TrafficType type, const Json& config) {
  const bool canary = type == TrafficType::TimeBasedCanary;
  const std::string name = canary ? "TimeBasedCanary" : "TimeBasedLinear";
  const std::string other = canary ? "TimeBasedLinear" : "TimeBasedCanary";
  if (has_part(config, canary ? "timeBasedLinear" : "timeBasedCanary"))
    return invalid(other + "Configuration should be null for " + name + " type");
  const char* member = canary ? "timeBasedCanary" : "timeBasedLinear";
  if (!has_part(config, member))
    return invalid(name + "Configuration should not be null for " + name + " type");
  const Json& part = config.at(member);
  const std::int64_t percent = number_in(part, canary ? "canaryPercentage" : "linearPercentage");
  const std::int64_t minutes = number_in(part, canary ? "canaryInterval" : "linearInterval");
  if (percent < 1 || percent > 99) return invalid("Valid traffic routing percentage is from 1 to 99");
  if (canary && (minutes < 1 || minutes > longest_shift_minutes))
    return invalid("Canary interval must be between 1 and 2880 minutes (2 days)");
  if (minutes < 1 || minutes > longest_shift_minutes / (canary ? 1 : 100 / percent))
    return invalid("Total Traffic shifting intervals must be positive integers up to 2880 minutes (2 days)");
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
  if (!config.is_object() || config.empty())
    return invalid(
        "Traffic routing configuration cannot be null nor empty for deployment configurations on this "
        "platform.");
  const std::string type = has_part(config, "type") ? config.at("type").get<std::string>() : std::string();
  if (type == "AllAtOnce") {
    for (const auto& [member, name] :
         {std::pair{"timeBasedCanary", "TimeBasedCanary"}, std::pair{"timeBasedLinear", "TimeBasedLinear"}})
      if (has_part(config, member))
        return invalid(std::string(name) + "Configuration should be null for AllAtOnce type");
    return TrafficRouting{};
  }
  if (type == "TimeBasedCanary") return timed(TrafficType::TimeBasedCanary, config);
  if (type == "TimeBasedLinear") return timed(TrafficType::TimeBasedLinear, config);
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
