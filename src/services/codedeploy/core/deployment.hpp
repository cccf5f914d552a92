#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/time.hpp"
#include "services/codedeploy/core/app_spec.hpp"
#include "services/codedeploy/core/scope.hpp"
#include "services/codedeploy/core/traffic.hpp"

namespace aviary::codedeploy {

enum class Status : std::uint8_t { Created, Queued, InProgress, Succeeded, Failed, Stopped };
enum class EventStatus : std::uint8_t { Pending, InProgress, Succeeded, Failed, Skipped };
std::string_view name_of(Status status);
std::string_view name_of(EventStatus status);
constexpr bool is_over(Status status) {
  return status == Status::Succeeded || status == Status::Failed || status == Status::Stopped;
}

/// `errorInformation`: why a deployment did not succeed.
struct Problem {
  std::string code;
  std::string message;
};

/// One step of a deployment, as GetDeploymentTarget shows it.
struct LifecycleEvent {
  EventStatus status = EventStatus::Pending;
  std::optional<Instant> start{};
  std::optional<Instant> end{};
  /// Of a hook that was given out and may be answered; empty: there is none.
  std::string execution_id{};
  std::string problem{};       ///< `diagnostics.message` of one that failed
  std::string problem_code{};  ///< `diagnostics.errorCode`, a LifecycleErrorCode
};

/// The events of a Lambda deployment, in their order.
enum class Step : std::uint8_t { BeforeAllowTraffic, AllowTraffic, AfterAllowTraffic };
inline constexpr std::size_t step_count = 3;
std::string_view name_of(Step step);

/// One deployment: what was asked for, how far it is, and what became of it. Configuration of its group is a
/// copy, so that a change of the group never changes what already runs.
struct Deployment {
  std::string id;           ///< `d-` and nine letters and digits
  std::uint64_t order = 0;  ///< deployments are numbered as they come
  Scope scope;
  std::string application;
  std::string group;
  std::string config;
  TrafficRouting routing;
  Json revision;
  Json previous_revision;  ///< null: the group has deployed nothing yet
  std::string description;
  std::string creator = "user";
  std::string external_id{};  ///< of what made it, if that was no user: a stack's
  Json auto_rollback;         ///< AutoRollbackConfiguration, or null
  Json alarms;                ///< AlarmConfiguration, or null
  bool override_alarms = false;
  AppSpec spec;

  Status status = Status::Created;
  Step step = Step::BeforeAllowTraffic;
  std::array<LifecycleEvent, step_count> events{};
  Instant created{};
  std::optional<Instant> started{};
  std::optional<Instant> completed{};
  /// When traffic began to move.
  std::optional<Instant> shifting_since{};
  int percent = 0;  ///< the target's share now
  /// Whether the alias was seen at the current version when the deployment began: only then is there
  /// something to go back to.
  bool began = false;
  /// When it has to be looked at again; nothing: once a hook answers, or never.
  std::optional<Instant> due{};
  Instant updated{};

  std::string error_code;  ///< empty: none
  std::string error_message;
  std::string rollback_id;          ///< the deployment that rolls this one back
  std::string rollback_trigger_id;  ///< the deployment that this one rolls back
  std::string rollback_message;

  /// Not kept: whether this process has invoked the hook that is waited for, and whether that has returned.
  bool hook_invoked = false;
  bool hook_returned = false;

  LifecycleEvent& event(Step which) { return events[static_cast<std::size_t>(which)]; }
  const LifecycleEvent& event(Step which) const { return events[static_cast<std::size_t>(which)]; }
  bool is_rollback() const { return !rollback_trigger_id.empty(); }
  const std::string& hook(Step which) const;
  /// Whether its alarm configuration is on and names this alarm.
  bool watches(std::string_view alarm) const;
  /// Whether its automatic rollback is on for an event: `DEPLOYMENT_FAILURE`, …
  bool rolls_back_on(std::string_view event_name) const;
};

/// For Records.
void to_json(Json& out, const Deployment& deployment);
void from_json(const Json& in, Deployment& deployment);

}  // namespace aviary::codedeploy
