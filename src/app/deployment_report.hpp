#pragma once

#include "base/json.hpp"
#include "services/codedeploy/core/deployment.hpp"

namespace aviary::app {

struct Parts;

/// What `GET /_aviary/deployments/ID` answers (deployment_routes.cpp).
Json deployment_report(Parts& parts, const codedeploy::Deployment& deployment);

}  // namespace aviary::app
