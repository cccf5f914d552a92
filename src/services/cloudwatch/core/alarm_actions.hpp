#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "services/cloudwatch/core/alarm_state.hpp"
#include "services/cloudwatch/core/scope.hpp"

namespace aviary::cloudwatch {

/// One action of one alarm, ready to be carried out: the text for a topic, the event for a function.
struct AlarmAction {
  Scope scope;
  std::string alarm_name;
  std::string alarm_arn;
  AlarmState state;
  /// What was configured: the ARN of an SNS topic, of a function (also with version or alias), or, beyond
  /// what AWS takes, an `http://` or `https://` URL that gets `message` posted.
  std::string target;
  std::string subject;  ///< for a topic: `ALARM: "order-errors" in US East (N. Virginia)`
  std::string message;  ///< for a topic and a URL: JSON
  Json event;           ///< for a function
};

/// What the service wants of the rest of the cloud; the composition root provides it.
class AlarmActions {
 public:
  virtual ~AlarmActions() = default;
  /// Carries the action out and says how it went: nothing when well, else why not. `done` is called once, now
  /// or later, on the loop.
  using Done = std::function<void(std::optional<std::string> problem)>;
  virtual void perform(AlarmAction action, Done done) = 0;
};

}  // namespace aviary::cloudwatch
