#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ports/random.hpp"
#include "ports/records.hpp"
#include "services/codedeploy/core/deployment.hpp"
#include "services/codedeploy/core/neighbours.hpp"

namespace aviary::codedeploy {

/// How long a hook may take to answer (user guide: "within one hour").
inline constexpr Duration hook_limit = std::chrono::hours(1);

/// What the state machine works with; all of it outlives the machine.
struct Neighbours {
  AliasControl& aliases;
  HookInvoker& hooks;
  AlarmProbe& alarms;
  std::function<Instant()> now;  ///< when a hook's invoke comes back
};

/// All deployments: the state machine. It is told the time and what happened (an alarm, a hook's answer, a
/// stop) and does at once whatever needs no waiting: the alias is changed in the same step that the
/// deployment is. It has no timer; whoever drives it calls `run_due` at `next_due`
/// (jobs/deployment_timer.hpp).
///
/// However a deployment ends, its alias points to exactly one version: the target, or the version that it
/// came from. Only an alias that somebody moved elsewhere meanwhile is left where that somebody put it.
class Deployments {
 public:
  Deployments(Neighbours neighbours, Random& ids, Journal& journal);

  /// Takes a deployment on (`id`, `order` and the state are filled in here) and begins it.
  std::string create(Deployment deployment, Instant now);
  const Deployment* find(const Scope& scope, std::string_view id) const;
  /// Wherever it is: ids are unique.
  const Deployment* find_anywhere(std::string_view id) const;
  /// The group's deployment that is not over, or null.
  const Deployment* active_of(const Scope& scope, std::string_view application, std::string_view group) const;
  /// Newest first.
  std::vector<const Deployment*> in(const Scope& scope) const;
  std::vector<const Deployment*> all() const;

  /// StopDeployment. `roll_back`: as the caller asked; nothing: as the deployment is configured.
  Result<> stop(const Scope& scope, std::string_view id, std::optional<bool> roll_back, Instant now);
  /// PutLifecycleEventHookExecutionStatus.
  Result<> answer_hook(const Scope& scope, std::string_view id, std::string_view execution_id, bool succeeded,
                       Instant now);
  /// An alarm went to ALARM: deployments that watch it stop.
  void on_alarm(const Scope& scope, std::string_view alarm, Instant now);
  /// An application (`group` empty) or one of its groups has a new name.
  void rename(const Scope& scope, std::string_view application, std::string_view group,
              const std::string& new_name);
  /// The group is gone, with its application or alone: what runs fails, and nothing rolls back.
  void abandon(const Scope& scope, std::string_view application, std::string_view group,
               bool application_gone, Instant now);

  /// The order that the next deployment gets.
  std::uint64_t next_order() const noexcept { return next_order_; }
  /// From now on hooks that end because the process ends say nothing: the next process asks them again.
  void let_go_of_hooks() { alive_ = std::make_shared<bool>(true); }

  std::optional<Instant> next_due() const;
  void run_due(Instant now);
  /// Called when `next_due` may have become earlier.
  void on_schedule_change(std::function<void()> callback) { schedule_changed_ = std::move(callback); }
  /// Called at every change of a deployment's status, after it was made.
  using Listener = std::function<void(const Deployment&)>;
  void on_status_change(Listener listener) { listener_ = std::move(listener); }
  /// Called whenever anything about a deployment has changed: also a step, or that a hook's function
  /// returned.
  void on_progress(Listener listener) { progress_ = std::move(listener); }

  void restore();
  void clear();
  std::size_t size() const noexcept { return by_id_.size(); }
  std::size_t active() const noexcept { return active_.size(); }

 private:
  Deployment* find_own(std::string_view id);
  void save(Deployment& deployment, Instant now);
  void set_status(Deployment& deployment, Status status, Instant now);
  void run(Deployment& deployment, Instant now);
  // Each does one thing and says whether there is more to do now.
  bool begin(Deployment& deployment, Instant now);
  bool run_hook(Deployment& deployment, Instant now);
  bool shift(Deployment& deployment, Instant now);
  void invoke_hook(Deployment& deployment);
  void hook_ended(const std::string& id, const std::string& execution_id,
                  const std::optional<std::string>& problem, Instant now);
  void next_step(Deployment& deployment, Instant now);
  /// Whether an alarm says stop; the deployment is over then.
  bool stopped_by_alarm(Deployment& deployment, Instant now);
  /// How the alias is not as the deployment left it; nothing when it is.
  std::optional<Problem> alias_problem(const Deployment& deployment) const;
  struct Ending {
    Status status;
    Problem problem;
    bool roll_back;
  };
  void end(Deployment& deployment, Ending ending, Instant now);
  void take_traffic_back(const Deployment& deployment);
  void roll_back(const Deployment& deployment, Instant now);
  std::string new_id();

  Neighbours neighbours_;
  Random& ids_;
  std::map<std::string, Deployment, std::less<>> by_id_;
  std::map<std::uint64_t, std::string> by_order_;
  std::set<std::uint64_t> active_;  ///< in the order they came
  std::uint64_t next_order_ = 1;
  Records<Deployment> records_;
  std::function<void()> schedule_changed_;
  Listener listener_;
  Listener progress_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< for answers of hooks' invokes
};

}  // namespace aviary::codedeploy
