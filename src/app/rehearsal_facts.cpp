#include "app/rehearsal_facts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <vector>

#include "app/parts.hpp"
#include "app/version_figures.hpp"
#include "services/lambda/core/function_reference.hpp"

namespace aviary::app {
namespace {

using rehearsal::AliasFacts;
using rehearsal::Checked;
using rehearsal::CountFacts;
using rehearsal::DeploymentFacts;
using rehearsal::Refusal;
using rehearsal::Span;

/// The one function that is meant: by its name, or because no other has what is spoken of.
Checked<std::string> the_function(const lambda::FunctionStore& store, const lambda::Scope& scope,
                                  const std::string& name, const std::string& what,
                                  const std::function<bool(const lambda::Function&)>& has) {
  const auto& functions = store.functions(scope);
  if (!name.empty()) {
    const auto found = functions.find(name);
    if (found == functions.end()) return Refusal{fmt::format("There is no function {}.", name)};
    if (!has(*found->second)) return Refusal{fmt::format("{} has no {}.", name, what)};
    return rehearsal::accepted(name);
  }
  std::vector<std::string> fitting;
  for (const auto& [each, function] : functions)
    if (has(*function)) fitting.push_back(each);
  if (fitting.empty()) return Refusal{fmt::format("No function has the {}.", what)};
  if (fitting.size() > 1)
    return Refusal{fmt::format("Several functions have the {}: {}. Say which, as {}:{}.", what,
                               fmt::join(fitting, ", "), fitting.front(), what.substr(what.find(' ') + 1))};
  return rehearsal::accepted(fitting.front());
}

/// When the first of the alarms that a deployment watches went off while it ran; one that was off already
/// counts from the deployment's own beginning.
void find_alarm(const cloudwatch::Alarms& alarms, const codedeploy::Deployment& deployment,
                DeploymentFacts& facts) {
  const cloudwatch::Scope scope{deployment.scope.account, deployment.scope.region};
  for (const cloudwatch::HistoryItem& item : alarms.history().of(scope)) {
    if (item.type != "StateUpdate" || !deployment.watches(item.alarm_name)) continue;
    if (deployment.completed && item.at > *deployment.completed) break;
    if (item.at < deployment.created) {
      const bool on = item.summary.ends_with(" to ALARM");
      if (on && !facts.alarmed) {
        facts.alarm = item.alarm_name;
        facts.alarmed = deployment.created;
      } else if (!on && facts.alarm == item.alarm_name) {
        facts.alarm.clear();
        facts.alarmed.reset();
      }
    } else if (!facts.alarmed && item.summary.ends_with(" to ALARM")) {
      facts.alarm = item.alarm_name;
      facts.alarmed = item.at;
    }
  }
}

}  // namespace

Instant RehearsalFacts::now() const { return parts_.clock.now(); }

Checked<std::string> RehearsalFacts::function_with_alias(const std::string& function,
                                                         const std::string& alias) const {
  return the_function(parts_.lambda->store(), scope_, function, "alias " + alias,
                      [&alias](const lambda::Function& one) { return one.aliases.contains(alias); });
}

Checked<std::string> RehearsalFacts::function_with_version(const std::string& function,
                                                           const std::string& version) const {
  const lambda::FunctionStore& store = parts_.lambda->store();
  return the_function(store, scope_, function, "version " + version, [&](const lambda::Function& one) {
    return store.find_version(one, version) != nullptr;
  });
}

std::optional<AliasFacts> RehearsalFacts::alias(const std::string& function, const std::string& alias) const {
  const auto found = parts_.codedeploy_ties->find({scope_.account, scope_.region}, function, alias);
  if (!found.routing) return std::nullopt;
  return AliasFacts{.version = found.routing->version,
                    .additional_version = found.routing->additional_version,
                    .additional_percent = 100 * found.routing->additional_weight};
}

std::map<std::string, double> RehearsalFacts::picked(const std::string& function, const std::string& alias,
                                                     const std::string& version) const {
  std::map<std::string, double> counts;
  for (const auto& [each, count] :
       parts_.lambda->picked(lambda::function_arn(scope_, function, alias), version))
    counts[each] = static_cast<double>(count);
  double all = 0;
  for (const auto& [each, count] : counts) all += count;
  // After a restart, or when it never was split, the metrics know what ran.
  return all > 0 ? counts : ran(function, alias, {});
}

VersionFigures RehearsalFacts::figures(const std::string& function, const Span& span) const {
  parts_.runner->observations().settle();
  return VersionFigures(parts_.cloudwatch->metrics(), scope_, function, span);
}

std::map<std::string, double> RehearsalFacts::ran(const std::string& function, const std::string& alias,
                                                  const Span& span) const {
  return figures(function, span).through(alias);
}

CountFacts RehearsalFacts::counts(const std::string& function, const std::string& version,
                                  const Span& span) const {
  return figures(function, span).counts(version);
}

std::optional<double> RehearsalFacts::duration(const std::string& function, const std::string& version,
                                               const std::string& statistic, const Span& span) const {
  return figures(function, span).duration(version, statistic);
}

std::optional<DeploymentFacts> RehearsalFacts::deployment(const std::string& id) const {
  const codedeploy::Deployments& deployments = parts_.codedeploy->deployments();
  const codedeploy::Deployment* found = deployments.find_anywhere(id);
  if (!found) return std::nullopt;
  DeploymentFacts facts;
  facts.status = name_of(found->status);
  facts.created = found->created;
  facts.completed = found->completed;
  facts.reason = found->error_code;
  facts.rollback_id = found->rollback_id;
  if (const auto* back = deployments.find_anywhere(found->rollback_id)) {
    facts.rollback_status = name_of(back->status);
    facts.rolled_back = back->completed;
  }
  find_alarm(parts_.cloudwatch->alarms(), *found, facts);
  return facts;
}

std::optional<std::string> RehearsalFacts::alarm_state(const std::string& name) const {
  const auto state = parts_.cloudwatch->alarms().state_of({scope_.account, scope_.region}, name);
  if (!state) return std::nullopt;
  return std::string(cloudwatch::name_of(*state));
}

}  // namespace aviary::app
