#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "ports/task.hpp"
#include "services/codedeploy/core/scope.hpp"

/// What the service wants of the rest of the cloud, and no more. The composition root ties these to their
/// owners.
namespace aviary::codedeploy {

/// Where an alias sends its traffic.
struct AliasRouting {
  std::string version;               ///< gets what `additional_version` does not get
  std::string additional_version{};  ///< empty: none
  double additional_weight = 0;      ///< 0.0 to 1.0

  bool splits() const { return !additional_version.empty(); }
  bool operator==(const AliasRouting&) const = default;
};

/// Aliases of functions, as UpdateAlias changes them. Synchronous.
class AliasControl {
 public:
  struct Found {
    bool function = false;
    std::optional<AliasRouting> routing{};  ///< nothing: no such alias
  };
  virtual ~AliasControl() = default;
  virtual Found find(const Scope& scope, const std::string& function, const std::string& alias) = 0;
  virtual bool has_version(const Scope& scope, const std::string& function, const std::string& version) = 0;
  /// Nothing when done, else why not.
  virtual std::optional<std::string> update(const Scope& scope, const std::string& function,
                                            const std::string& alias, const AliasRouting& routing) = 0;
};

/// Runs the functions that hooks name.
class HookInvoker {
 public:
  /// Nothing when the function ran, however it ended; else why it could not be invoked. Called once, later,
  /// on the loop; never from within `invoke`.
  using Done = std::function<void(std::optional<std::string> problem)>;
  virtual ~HookInvoker() = default;
  /// `function` is a name or an ARN, with or without a qualifier; `event` the payload.
  virtual void invoke(const Scope& scope, std::string function, std::string event, Done done) = 0;
};

/// CloudWatch's alarms.
class AlarmProbe {
 public:
  virtual ~AlarmProbe() = default;
  /// Whether the alarm is in ALARM; nothing when that cannot be found out (no such alarm).
  virtual std::optional<bool> is_active(const Scope& scope, const std::string& alarm) = 0;
};

/// One event of one deployment for one trigger of its group.
struct TriggerMessage {
  Scope scope;
  std::string topic;    ///< ARN
  std::string event;    ///< `DeploymentStart`, …
  std::string subject;  ///< `SUCCEEDED: AWS CodeDeploy d-… in us-east-1 to order-processor`
  std::string message;  ///< JSON
};
class TriggerSink {
 public:
  virtual ~TriggerSink() = default;
  virtual void publish(TriggerMessage message) = 0;
};

/// Where revisions of type S3 come from.
class RevisionSource {
 public:
  virtual ~RevisionSource() = default;
  /// The object's bytes, or why they cannot be had.
  struct Object {
    std::optional<std::string> bytes{};
    std::string problem{};
  };
  /// `version` may be empty: the newest.
  virtual Task<Object> read(Scope scope, std::string bucket, std::string key, std::string version) = 0;
};

}  // namespace aviary::codedeploy
