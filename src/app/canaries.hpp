#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "ports/task.hpp"
#include "services/codedeploy/core/deployment.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::app {

struct Parts;

/// Why something that a person asked of a canary cannot be done: the status of the answer, and words.
struct CanaryRefusal {
  int status = 400;
  std::string message;
};

/// A canary as a person speaks of it: an alias, and where it goes. Behind it is CodeDeploy, with an
/// application of its own, `aviary-canary`, and a group an alias.
struct CanaryPlace {
  lambda::Scope scope;
  std::string function;
  std::string alias;

  std::string name() const { return function + ":" + alias; }
};

/// `order-processor:prod`, the ARN of it, or a deployment's id (`d-…`).
std::optional<CanaryRefusal> find_canary(Parts& parts, const lambda::Scope& scope, const std::string& text,
                                         CanaryPlace& place);
/// The newest deployments of an alias, whoever made them, newest first.
std::vector<const codedeploy::Deployment*> deployments_of(Parts& parts, const CanaryPlace& place);

/// The alias, its deployment, its versions side by side, its alarms: what `aviary canary watch` shows.
Json canary_report(Parts& parts, const CanaryPlace& place);

/// `{"function": "order-processor:prod", "to": "6", "config": "Canary10Percent5Minutes", "alarms":
/// ["errors"], "before_hook": "check", "after_hook": "check"}`; all but the first two may be left out.
/// Nothing is changed by what is refused.
Task<std::optional<CanaryRefusal>> start_canary(Parts& parts, lambda::Scope scope, Json asked,
                                                CanaryPlace& place);
/// All of the traffic to where it was going, at once and without hooks.
Task<std::optional<CanaryRefusal>> promote_canary(Parts& parts, CanaryPlace place);
/// All of the traffic back to where it came from: of a deployment that runs, of weights that were set by
/// hand, or of the last deployment that succeeded.
Task<std::optional<CanaryRefusal>> roll_canary_back(Parts& parts, CanaryPlace place);

}  // namespace aviary::app
