#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace aviary::sqs {

/// Where queues live: state is apart per account and region.
struct Scope {
  std::string account;
  std::string region;
  auto operator<=>(const Scope&) const = default;
};

/// Names one queue of all.
struct QueueId {
  Scope scope;
  std::string name;
  auto operator<=>(const QueueId&) const = default;
};

std::string queue_arn(const QueueId& id);
/// Nothing (an empty name) for what is no queue's ARN.
QueueId parse_queue_arn(std::string_view arn);

}  // namespace aviary::sqs
