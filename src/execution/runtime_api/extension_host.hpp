#pragma once

#include <string>

#include "execution/extensions.hpp"
#include "execution/telemetry_subscription.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::execution {

/// What the Extensions API and the Telemetry API ask of an environment.
class ExtensionHost {
 public:
  virtual ~ExtensionHost() = default;
  virtual Extensions& extensions() = 0;
  virtual const lambda::Version& function_version() const = 0;
  /// False when it is too late to subscribe.
  virtual bool subscribe(TelemetrySubscription subscription) = 0;
};

}  // namespace aviary::execution
