#include <fmt/format.h>

#include "base/time.hpp"
#include "services/cloudformation/jobs/deployer.hpp"

/// Events of a stack, told to the topics that it names: one message an event, in their order.
namespace aviary::cloudformation {
namespace {

std::string notification_of(const Stack& stack, const StackEvent& event) {
  return fmt::format(
      "StackId='{}'\nTimestamp='{}'\nEventId='{}'\nLogicalResourceId='{}'\nNamespace='{}'\n"
      "PhysicalResourceId='{}'\nResourceProperties='{}'\nResourceStatus='{}'\nResourceStatusReason='{}'\n"
      "ResourceType='{}'\nStackName='{}'\nClientRequestToken='{}'\n",
      stack.id, iso8601(event.at), event.id, event.logical_id, stack.account, event.physical_id,
      event.properties.empty() ? "null" : event.properties, event.status, event.reason, event.type,
      stack.name, event.token.empty() ? "null" : event.token);
}

}  // namespace

void Deployer::notify(const Stack& stack, const StackEvent& event) {
  for (const Json& topic : stack.wish.notification_arns) {
    Cloud::Ask ask{stack.account, stack.region, "sns", "Publish", Json::object()};
    ask.input = {{"TopicArn", topic},
                 {"Subject", "AWS CloudFormation Notification"},
                 {"Message", notification_of(stack, event)}};
    news_.push_back(std::move(ask));
  }
  if (news_.empty() || is_notifying_) return;
  is_notifying_ = true;
  tasks_.spawn("notifications of stacks", run_notifications());
}

Task<> Deployer::run_notifications() {
  while (!news_.empty()) {
    Cloud::Ask ask = std::move(news_.front());
    news_.pop_front();
    // A topic that is gone hears nothing.
    const Result<Json> published = co_await cloud_.call(std::move(ask));
    static_cast<void>(published);
  }
  is_notifying_ = false;
}

}  // namespace aviary::cloudformation
