#include "services/codedeploy/core/trigger_messages.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace aviary::codedeploy {
namespace {

/// Which event of a trigger a status is, and how messages call the status (both seen in messages of AWS's).
struct Occasion {
  std::string_view event;
  std::string_view status;
};

std::optional<Occasion> occasion_of(const Deployment& deployment) {
  switch (deployment.status) {
    case Status::Created:
      return Occasion{"DeploymentStart", "CREATED"};
    case Status::InProgress:
      if (deployment.is_rollback()) return Occasion{"DeploymentRollback", "IN_PROGRESS"};
      return std::nullopt;
    case Status::Succeeded:
      return Occasion{"DeploymentSuccess", "SUCCEEDED"};
    case Status::Failed:
      return Occasion{"DeploymentFailure", "FAILED"};
    case Status::Stopped:
      return Occasion{"DeploymentStop", "ABORTED"};
    case Status::Queued:
      return std::nullopt;
  }
  return std::nullopt;
}

/// `Thu Oct 13 15:50:45 UTC 2022`
std::string trigger_time(Instant at) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  return fmt::format("{:%a %b %d %H:%M:%S} UTC {:%Y}", fmt::gmtime(seconds), fmt::gmtime(seconds));
}

OrderedJson rollback_text(const Deployment& deployment) {
  OrderedJson text = OrderedJson::object();
  if (!deployment.rollback_message.empty()) text["RollbackMessage"] = deployment.rollback_message;
  if (!deployment.rollback_id.empty()) text["RollbackDeploymentId"] = deployment.rollback_id;
  if (!deployment.rollback_trigger_id.empty())
    text["RollbackTriggeringDeploymentId"] = deployment.rollback_trigger_id;
  return text;
}

/// Members, their order and their texts within texts: as AWS sends them.
std::string trigger_text(const std::string& trigger, const Deployment& deployment, std::string_view status) {
  OrderedJson text{{"region", deployment.scope.region},
                   {"accountId", deployment.scope.account},
                   {"eventTriggerName", trigger},
                   {"applicationName", deployment.application},
                   {"deploymentId", deployment.id},
                   {"deploymentGroupName", deployment.group},
                   {"createTime", trigger_time(deployment.created)},
                   {"completeTime", nullptr}};
  const bool over = is_over(deployment.status);
  if (deployment.completed) text["completeTime"] = trigger_time(*deployment.completed);
  if (over) {
    const bool succeeded = deployment.status == Status::Succeeded;
    text["deploymentOverview"] = OrderedJson{
        {"Succeeded", succeeded ? 1 : 0},
        {"Failed", succeeded ? 0 : 1},
        {"Skipped", 0},
        {"InProgress", 0},
        {"Pending", 0}}.dump();
  }
  text["status"] = status;
  if (!deployment.error_code.empty())
    text["errorInformation"] =
        OrderedJson{{"ErrorCode", deployment.error_code}, {"ErrorMessage", deployment.error_message}}.dump();
  const bool unsuccessful = over && deployment.status != Status::Succeeded;
  if (unsuccessful || deployment.is_rollback())
    text["rollbackInformation"] = rollback_text(deployment).dump();
  return text.dump();
}

}  // namespace

std::vector<TriggerMessage> trigger_messages(const Group& group, const Deployment& deployment) {
  std::vector<TriggerMessage> messages;
  const std::optional<Occasion> occasion = occasion_of(deployment);
  if (!occasion) return messages;
  for (const Json& trigger : group.triggers) {
    const Json& events = trigger.at("triggerEvents");
    if (std::find(events.begin(), events.end(), Json(occasion->event)) == events.end()) continue;
    messages.push_back(
        {.scope = deployment.scope,
         .topic = trigger.at("triggerTargetArn").get<std::string>(),
         .event = std::string(occasion->event),
         .subject = fmt::format("{}: AWS CodeDeploy {} in {} to {}", occasion->status, deployment.id,
                                deployment.scope.region, deployment.application),
         .message =
             trigger_text(trigger.at("triggerName").get<std::string>(), deployment, occasion->status)});
  }
  return messages;
}

}  // namespace aviary::codedeploy
