#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"

namespace aviary::app {

void add_codedeploy(Parts& parts) {
  cloudwatch::Alarms& alarms = parts.cloudwatch->alarms();
  parts.codedeploy_ties =
      std::make_unique<CodeDeployTies>(CodeDeployTies::Owners{.lambda = *parts.lambda,
                                                              .alarms = alarms,
                                                              .delivery = parts.delivery,
                                                              .clock = parts.clock,
                                                              .lambda_ids = parts.lambda_ids,
                                                              .tasks = parts.housekeeping});
  CodeDeployTies& ties = *parts.codedeploy_ties;
  parts.codedeploy = std::make_unique<codedeploy::CodeDeployService>(
      codedeploy::CodeDeployDependencies{.clock = parts.clock,
                                         .ids = parts.codedeploy_ids,
                                         .journal = *parts.journal,
                                         .aliases = ties,
                                         .hooks = ties,
                                         .alarms = ties,
                                         .triggers = &ties});
  alarms.subscribe([&parts](const cloudwatch::AlarmEvent& event) {
    if (event.to == cloudwatch::AlarmState::Alarm)
      parts.codedeploy->deployments().on_alarm({event.scope.account, event.scope.region}, event.name,
                                               event.at);
  });
  parts.add(*parts.codedeploy);
}

}  // namespace aviary::app
