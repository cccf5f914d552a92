#include <fmt/format.h>

#include "models/codedeploy.hpp"
#include "services/codedeploy/api/codedeploy_service.hpp"
#include "services/codedeploy/api/input.hpp"
#include "services/codedeploy/api/platform.hpp"
#include "services/codedeploy/core/errors.hpp"

namespace aviary::codedeploy {

namespace config_rows = models::codedeploy::errors;

Result<Reply> CodeDeployService::create_deployment_config(Call& call) {
  const std::string& name = text_of(call.input, "deploymentConfigName");
  if (auto valid = check_config_name(name); !valid) return valid.error();
  if (auto lambda = check_platform(call.input); !lambda) return lambda.error();
  if (find_member(call.input, "minimumHealthyHosts"))  // measured at AWS
    return AwsError(config_rows::InvalidMinimumHealthyHostValueException,
                    "minimum healthy hosts should be null for Lambda deployment configuration");
  if (find_member(call.input, "zonalConfig"))  // measured at AWS
    return AwsError(config_rows::InvalidZonalDeploymentConfigurationException,
                    "Zonal deployments are only supported with EC2 deployments.");
  const Json* given = find_member(call.input, "trafficRoutingConfig");
  const Result<TrafficRouting> routing = parse_traffic_routing(given ? *given : Json());
  if (!routing) return routing.error();
  Config config{.id = ids_.uuid(), .name = name, .routing = *routing, .created = call.now};
  Reply reply;
  reply.output["deploymentConfigId"] = config.id;
  if (auto added = configs_.add(scope_of(call), std::move(config)); !added) return added.error();
  return reply;
}

Result<Reply> CodeDeployService::get_deployment_config(Call& call) {
  const std::string& name = text_of(call.input, "deploymentConfigName");
  if (auto valid = check_config_name(name); !valid) return valid.error();
  const std::optional<Config> config = configs_.find(scope_of(call), name);
  if (!config) return config_not_found(name);
  return Reply{.output = {{"deploymentConfigInfo",
                           {{"deploymentConfigId", config->id},
                            {"deploymentConfigName", config->name},
                            {"createTime", epoch_seconds(config->created)},
                            {"computePlatform", "Lambda"},
                            {"trafficRoutingConfig", render(config->routing)}}}}};
}

Result<Reply> CodeDeployService::list_deployment_configs(Call& call) {
  return page_of(configs_.names(scope_of(call)), text_of(call.input, "nextToken"), "deploymentConfigsList",
                 true);
}

Result<Reply> CodeDeployService::delete_deployment_config(Call& call) {
  const std::string& name = text_of(call.input, "deploymentConfigName");
  if (auto valid = check_config_name(name); !valid) return valid.error();
  if (is_predefined(name) || is_for_other_platform(name))
    return AwsError(config_rows::InvalidOperationException,
                    fmt::format("The predefined deployment configuration {} cannot be deleted", name));
  if (applications_.uses_config(scope_of(call), name))
    return AwsError(config_rows::DeploymentConfigInUseException,
                    fmt::format("The deployment configuration {} is in use by a deployment group", name));
  configs_.erase(scope_of(call), name);
  return Reply{};
}

}  // namespace aviary::codedeploy
