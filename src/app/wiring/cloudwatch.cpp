#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"

namespace aviary::app {

void add_cloudwatch(Parts& parts) {
  parts.cloudwatch = std::make_unique<cloudwatch::CloudWatchService>(
      cloudwatch::CloudWatchDependencies{.clock = parts.clock, .journal = *parts.journal});
  parts.lambda_metrics = std::make_unique<LambdaMetrics>(parts.cloudwatch->metrics(), parts.clock,
                                                         [&parts] { return parts.runner->in_flight(); });
  parts.runner->add_observer(*parts.lambda_metrics);
  parts.add(*parts.cloudwatch);
}

}  // namespace aviary::app
