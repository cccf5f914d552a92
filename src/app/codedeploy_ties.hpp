#pragma once

#include <optional>
#include <string>

#include "app/delivery.hpp"
#include "ports/clock.hpp"
#include "ports/random.hpp"
#include "ports/task_group.hpp"
#include "services/cloudwatch/core/alarms.hpp"
#include "services/codedeploy/core/neighbours.hpp"
#include "services/lambda/api/lambda_service.hpp"

namespace aviary::app {

/// What CodeDeploy wants of the rest of the emulator, by those who have it: aliases and hooks of Lambda,
/// alarms of CloudWatch, topics by delivery. All of them outlive this; the hooks that run are tasks of
/// `tasks`.
class CodeDeployTies final : public codedeploy::AliasControl,
                             public codedeploy::HookInvoker,
                             public codedeploy::AlarmProbe,
                             public codedeploy::TriggerSink {
 public:
  struct Owners {
    lambda::LambdaService& lambda;
    const cloudwatch::Alarms& alarms;
    const Delivery& delivery;
    Clock& clock;
    Random& lambda_ids;  ///< for the RevisionIds of aliases
    TaskGroup& tasks;
  };
  explicit CodeDeployTies(Owners owners) : owners_(owners) {}

  Found find(const codedeploy::Scope& scope, const std::string& function, const std::string& alias) override;
  bool has_version(const codedeploy::Scope& scope, const std::string& function,
                   const std::string& version) override;
  /// An UpdateAlias as any other: a new RevisionId, the router's state starts anew, the journal has it.
  std::optional<std::string> update(const codedeploy::Scope& scope, const std::string& function,
                                    const std::string& alias,
                                    const codedeploy::AliasRouting& routing) override;
  void invoke(const codedeploy::Scope& scope, std::string function, std::string event, Done done) override;
  std::optional<bool> is_active(const codedeploy::Scope& scope, const std::string& alarm) override;
  void publish(codedeploy::TriggerMessage message) override;

 private:
  lambda::Moment moment() const { return {.now = owners_.clock.now(), .ids = owners_.lambda_ids}; }
  /// Null if there is none. `text` is a name or an ARN.
  lambda::Function* function_of(const codedeploy::Scope& scope, const std::string& text) const;

  Owners owners_;
};

}  // namespace aviary::app
