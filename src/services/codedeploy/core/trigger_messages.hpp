#pragma once

#include <string_view>
#include <vector>

#include "services/codedeploy/core/applications.hpp"
#include "services/codedeploy/core/deployment.hpp"
#include "services/codedeploy/core/neighbours.hpp"

namespace aviary::codedeploy {

/// What a group's triggers say about the status that a deployment has just reached: one message a trigger
/// that wants to hear of it. Subject and text have AWS's form.
std::vector<TriggerMessage> trigger_messages(const Group& group, const Deployment& deployment);

}  // namespace aviary::codedeploy
