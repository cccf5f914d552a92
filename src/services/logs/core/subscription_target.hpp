#pragma once

#include <string>
#include <string_view>

#include "ports/task.hpp"
#include "services/logs/core/scope.hpp"

namespace aviary::logs {

/// Where subscription filters send events. This service says what it needs; whoever runs functions provides
/// it.
class SubscriptionTarget {
 public:
  virtual ~SubscriptionTarget() = default;
  /// Whether something is there that events can be sent to.
  virtual Task<bool> exists(Scope scope, std::string destination_arn) = 0;
  /// Hands a payload over: for a function the event `{"awslogs":{"data":…}}`. False if it was not taken; it
  /// is then offered again. `partition_key`: for a stream, what keeps together what belongs together.
  virtual Task<bool> deliver(Scope scope, std::string destination_arn, std::string payload,
                             std::string partition_key) = 0;
};

}  // namespace aviary::logs
