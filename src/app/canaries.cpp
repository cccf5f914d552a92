#include "app/canaries.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "app/deployment_report.hpp"
#include "app/parts.hpp"
#include "app/service_call.hpp"
#include "app/version_figures.hpp"
#include "rehearsal/function_selector.hpp"
#include "services/lambda/core/function_reference.hpp"

namespace aviary::app {
namespace {

constexpr const char* canary_application = "aviary-canary";
constexpr std::size_t longest_group_name = 100;
/// How the description of a deployment begins that takes another one back.
const std::string taken_back = "Rolled back: ";

using Refused = std::optional<CanaryRefusal>;

codedeploy::Scope deploy_scope(const CanaryPlace& place) { return {place.scope.account, place.scope.region}; }

std::optional<codedeploy::AliasRouting> routing_of(Parts& parts, const CanaryPlace& place) {
  return parts.codedeploy_ties->find(deploy_scope(place), place.function, place.alias).routing;
}

/// Of those that move the alias now; null: none.
const codedeploy::Deployment* running_deployment(Parts& parts, const CanaryPlace& place) {
  for (const codedeploy::Deployment* deployment : deployments_of(parts, place))
    if (!is_over(deployment->status)) return deployment;
  return nullptr;
}

Refused refused_by(const AwsError& error) {
  return CanaryRefusal{error.shape->status, fmt::format("{}: {}", error.shape->code, error.message)};
}

/// One of CodeDeploy's or Lambda's operations; the error as a person reads it.
Task<Refused> change(Parts& parts, const CanaryPlace& place, std::string service, std::string operation,
                     Json input) {
  auto calling = call_service(parts, {.service = std::move(service),
                                      .operation = std::move(operation),
                                      .account = place.scope.account,
                                      .region = place.scope.region,
                                      .input = std::move(input)});
  const Result<Json> answer = co_await std::move(calling);
  co_return answer ? Refused() : refused_by(answer.error());
}

/// What a canary is asked for, checked.
struct CanaryOrder {
  std::string from;
  std::string to;
  std::string config;
  Json alarms = Json::array();  ///< as AlarmConfiguration has them
  std::string before_hook;
  std::string after_hook;
};

/// The configuration's whole name: `Canary10Percent5Minutes` is short for one that comes with CodeDeploy.
Task<std::string> config_name(Parts& parts, const CanaryPlace& place, std::string given) {
  const std::array<std::string, 3> names{given, "CodeDeployDefault.Lambda" + given,
                                         "CodeDeployDefault." + given};
  for (const std::string& name : names) {
    Json input = {{"deploymentConfigName", name}};
    auto looking = change(parts, place, "codedeploy", "GetDeploymentConfig", std::move(input));
    const Refused refused = co_await std::move(looking);
    if (!refused) co_return name;
  }
  co_return std::string();
}

Refused read_texts(const Json& asked, CanaryOrder& order) {
  static constexpr std::array<std::string_view, 6> members{"function", "to",          "config",
                                                           "alarms",   "before_hook", "after_hook"};
  for (const auto& [member, value] : asked.items())
    if (std::ranges::find(members, member) == members.end())
      return CanaryRefusal{
          400, fmt::format("A canary has no member '{}'. It has: {}.", member, fmt::join(members, ", "))};
  order.config = "Canary10Percent5Minutes";
  for (const auto& [member, text] : {std::pair{"to", &order.to},
                                     {"config", &order.config},
                                     {"before_hook", &order.before_hook},
                                     {"after_hook", &order.after_hook}}) {
    if (!asked.contains(member)) continue;
    const Json& value = asked[member];
    if (!value.is_string() && !(value.is_number_unsigned() && text == &order.to))
      return CanaryRefusal{400, fmt::format("{} is a text.", member)};
    *text = value.is_string() ? value.get<std::string>() : std::to_string(value.get<std::uint64_t>());
  }
  if (asked.contains("alarms")) {
    const Json& alarms = asked["alarms"];
    if (!alarms.is_array()) return CanaryRefusal{400, "alarms is a list of alarms' names."};
    for (const Json& one : alarms) {
      if (!one.is_string()) return CanaryRefusal{400, "alarms is a list of alarms' names."};
      order.alarms.push_back({{"name", one}});
    }
  }
  return std::nullopt;
}

Refused check_order(Parts& parts, const CanaryPlace& place, const Json& asked, CanaryOrder& order) {
  if (auto refused = read_texts(asked, order)) return refused;
  const auto routing = routing_of(parts, place);
  if (!routing) return CanaryRefusal{404, fmt::format("There is no alias {}.", place.name())};
  if (const auto* running = running_deployment(parts, place))
    return CanaryRefusal{409, fmt::format("Deployment {} moves {} already: promote it or roll it back first.",
                                          running->id, place.name())};
  if (routing->splits())
    return CanaryRefusal{
        409, fmt::format("{} sends {:g} % to version {} already: promote that or roll it back first.",
                         place.name(), 100 * routing->additional_weight, routing->additional_version)};
  order.from = routing->version;
  if (!lambda::is_version_number(order.to))
    return CanaryRefusal{400, "to is the number of a published version."};
  if (!parts.codedeploy_ties->has_version(deploy_scope(place), place.function, order.to))
    return CanaryRefusal{404, fmt::format("{} has no version {}.", place.function, order.to)};
  if (order.from == order.to)
    return CanaryRefusal{409, fmt::format("{} is at version {} already.", place.name(), order.to)};
  for (const Json& alarm : order.alarms) {
    const std::string name = alarm.at("name").get<std::string>();
    if (!parts.codedeploy_ties->is_active(deploy_scope(place), name))
      return CanaryRefusal{404, fmt::format("There is no alarm {}.", name)};
  }
  return std::nullopt;
}

std::string group_of(const CanaryPlace& place) {
  std::string name = fmt::format("{}-{}", place.function, place.alias);
  if (name.size() > longest_group_name) name.resize(longest_group_name);
  return name;
}

std::string app_spec_of(const CanaryPlace& place, const CanaryOrder& order) {
  Json spec = {{"version", 0.0},
               {"Resources", Json::array({{{place.function,
                                            {{"Type", "AWS::Lambda::Function"},
                                             {"Properties",
                                              {{"Name", place.function},
                                               {"Alias", place.alias},
                                               {"CurrentVersion", order.from},
                                               {"TargetVersion", order.to}}}}}}})}};
  Json hooks = Json::array();
  if (!order.before_hook.empty()) hooks.push_back({{"BeforeAllowTraffic", order.before_hook}});
  if (!order.after_hook.empty()) hooks.push_back({{"AfterAllowTraffic", order.after_hook}});
  if (!hooks.empty()) spec["Hooks"] = std::move(hooks);
  return spec.dump();
}

/// The application and the alias's group, as the order wants them.
Task<Refused> prepare_group(Parts& parts, CanaryPlace place, CanaryOrder order) {
  const codedeploy::Scope scope = deploy_scope(place);
  if (!parts.codedeploy->applications().find(scope, canary_application)) {
    Json application = {{"applicationName", canary_application}, {"computePlatform", "Lambda"}};
    auto creating = change(parts, place, "codedeploy", "CreateApplication", std::move(application));
    if (auto refused = co_await std::move(creating)) co_return refused;
  }
  const std::string name = group_of(place);
  const bool is_new = !parts.codedeploy->applications().find_group(scope, canary_application, name);
  Json group = {
      {"applicationName", canary_application},
      {is_new ? "deploymentGroupName" : "currentDeploymentGroupName", name},
      {"deploymentConfigName", order.config},
      {"serviceRoleArn", fmt::format("arn:aws:iam::{}:role/{}", place.scope.account, canary_application)},
      {"alarmConfiguration", {{"enabled", !order.alarms.empty()}, {"alarms", order.alarms}}},
      {"autoRollbackConfiguration",
       {{"enabled", true},
        {"events", {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"}}}},
      {"deploymentStyle", {{"deploymentType", "BLUE_GREEN"}, {"deploymentOption", "WITH_TRAFFIC_CONTROL"}}}};
  auto setting = change(parts, place, "codedeploy",
                        is_new ? "CreateDeploymentGroup" : "UpdateDeploymentGroup", std::move(group));
  Refused refused = co_await std::move(setting);
  co_return refused;
}

/// A deployment of all the traffic at once. `like`: one of the same group.
Refused deploy_at_once(Parts& parts, const codedeploy::Deployment& like, const std::string& from,
                       const std::string& to, const std::string& why) {
  codedeploy::AppSpec spec = like.spec;
  spec.before_hook.clear();
  spec.after_hook.clear();
  spec.current_version = from;
  spec.target_version = to;
  const Result<std::string> id =
      parts.codedeploy->start({.scope = like.scope,
                               .application = like.application,
                               .group = like.group,
                               .app_spec = codedeploy::write_app_spec(spec),
                               .config = std::string(codedeploy::default_config_name),
                               .description = why,
                               .alarms = {{"enabled", false}, {"alarms", Json::array()}}});
  return id ? Refused() : refused_by(id.error());
}

/// Ends weights that were set by hand.
Task<Refused> settle_at(Parts& parts, CanaryPlace place, std::string version) {
  Json input = {{"FunctionName", place.function},
                {"Name", place.alias},
                {"FunctionVersion", version},
                {"RoutingConfig", {{"AdditionalVersionWeights", Json::object()}}}};
  auto updating = change(parts, place, "lambda", "UpdateAlias", std::move(input));
  Refused refused = co_await std::move(updating);
  co_return refused;
}

Json version_row(const VersionFigures& figures, const std::string& alias, const std::string& version,
                 double percent) {
  const rehearsal::CountFacts counts = figures.counts(version, alias);
  const auto milliseconds = [&](std::string_view statistic) {
    const auto value = figures.duration(version, statistic, alias);
    return value ? Json(*value) : Json(nullptr);
  };
  return {{"version", version},
          {"percent", percent},
          {"invokes", counts.invokes},
          {"errors", counts.errors},
          {"throttles", counts.throttles},
          {"p50_ms", milliseconds("p50")},
          {"p99_ms", milliseconds("p99")}};
}

}  // namespace

std::optional<CanaryRefusal> find_canary(Parts& parts, const lambda::Scope& scope, const std::string& text,
                                         CanaryPlace& place) {
  if (const auto* deployment = parts.codedeploy->deployments().find_anywhere(text)) {
    place = {{deployment->scope.account, deployment->scope.region},
             lambda::parse_function_reference(deployment->spec.function).name,
             deployment->spec.alias};
    return std::nullopt;
  }
  if (text.starts_with("d-") && text.find(':') == std::string::npos)
    return CanaryRefusal{404, fmt::format("There is no deployment {}.", text)};
  const auto selector = rehearsal::FunctionSelector::parse(text);
  if (!selector || selector->qualifier().empty() || selector->names_version())
    return CanaryRefusal{
        400, fmt::format("'{}' is no alias of a function. One is, as order-processor:prod.", text)};
  place = {scope, selector->name(), selector->qualifier()};
  if (!routing_of(parts, place))
    return CanaryRefusal{404, fmt::format("There is no alias {}.", place.name())};
  return std::nullopt;
}

std::vector<const codedeploy::Deployment*> deployments_of(Parts& parts, const CanaryPlace& place) {
  std::vector<const codedeploy::Deployment*> found;
  for (const codedeploy::Deployment* deployment : parts.codedeploy->deployments().in(deploy_scope(place)))
    if (deployment->spec.alias == place.alias &&
        lambda::parse_function_reference(deployment->spec.function).name == place.function)
      found.push_back(deployment);
  return found;
}

Json canary_report(Parts& parts, const CanaryPlace& place) {
  const auto routing = routing_of(parts, place);
  // The one that is moving; else the last that somebody asked for, not what rolled it back.
  const codedeploy::Deployment* deployment = running_deployment(parts, place);
  for (const codedeploy::Deployment* each : deployments_of(parts, place))
    if (!deployment && !each->is_rollback()) deployment = each;
  rehearsal::Span span;
  std::vector<std::string> versions;
  const auto add = [&versions](const std::string& version) {
    if (!version.empty() && std::ranges::find(versions, version) == versions.end())
      versions.push_back(version);
  };
  Json alarms = Json::array();
  if (deployment) {
    span = {.from = deployment->created, .until = deployment->completed};
    add(deployment->spec.current_version);
    add(deployment->spec.target_version);
    if (deployment->alarms.is_object() && deployment->alarms.contains("alarms"))
      for (const Json& alarm : deployment->alarms["alarms"]) {
        const std::string name = alarm.value("name", std::string());
        const auto state =
            parts.cloudwatch->alarms().state_of({place.scope.account, place.scope.region}, name);
        alarms.push_back({{"name", name}, {"state", state ? cloudwatch::name_of(*state) : "gone"}});
      }
  }
  Json alias = nullptr;
  if (routing) {
    add(routing->version);
    add(routing->additional_version);
    alias = {{"version", routing->version},
             {"additional_version", routing->splits() ? Json(routing->additional_version) : Json(nullptr)},
             {"additional_weight", routing->additional_weight}};
  }
  parts.runner->observations().settle();
  const VersionFigures figures(parts.cloudwatch->metrics(), place.scope, place.function, span);
  Json rows = Json::array();
  for (const std::string& version : versions) {
    double percent = 0;
    if (routing && version == routing->version) percent = 100 * (1 - routing->additional_weight);
    if (routing && routing->splits() && version == routing->additional_version)
      percent = 100 * routing->additional_weight;
    rows.push_back(version_row(figures, place.alias, version, percent));
  }
  return {{"function", place.function},
          {"alias", place.alias},
          {"now", iso8601(parts.clock.now())},
          {"alias_now", alias},
          {"versions", rows},
          {"alarms", alarms},
          {"deployment", deployment ? deployment_report(parts, *deployment) : Json(nullptr)}};
}

Task<std::optional<CanaryRefusal>> start_canary(Parts& parts, lambda::Scope scope, Json asked,
                                                CanaryPlace& place) {
  if (!asked.is_object() || !asked.contains("function") || !asked["function"].is_string() ||
      !asked.contains("to"))
    co_return CanaryRefusal{400,
                            R"(A canary is an object as {"function": "order-processor:prod", "to": "6"}.)"};
  if (auto refused = find_canary(parts, scope, asked["function"].get<std::string>(), place))
    co_return refused;
  CanaryOrder order;
  if (auto refused = check_order(parts, place, asked, order)) co_return refused;
  auto naming = config_name(parts, place, order.config);
  std::string config = co_await std::move(naming);
  if (config.empty())
    co_return CanaryRefusal{404, fmt::format("There is no deployment configuration {}.", order.config)};
  order.config = std::move(config);
  auto preparing = prepare_group(parts, place, order);
  if (auto refused = co_await std::move(preparing)) co_return refused;
  Json deployment = {
      {"applicationName", canary_application},
      {"deploymentGroupName", group_of(place)},
      {"revision",
       {{"revisionType", "AppSpecContent"}, {"appSpecContent", {{"content", app_spec_of(place, order)}}}}}};
  auto starting = change(parts, place, "codedeploy", "CreateDeployment", std::move(deployment));
  Refused refused = co_await std::move(starting);
  co_return refused;
}

Task<std::optional<CanaryRefusal>> promote_canary(Parts& parts, CanaryPlace place) {
  if (const codedeploy::Deployment* running = running_deployment(parts, place)) {
    if (running->is_rollback())
      co_return CanaryRefusal{409, fmt::format("Deployment {} is rolling back.", running->id)};
    const codedeploy::Deployment like = *running;
    const Result<> stopped =
        parts.codedeploy->deployments().stop(like.scope, like.id, false, parts.clock.now());
    if (!stopped) co_return refused_by(stopped.error());
    co_return deploy_at_once(parts, like, like.spec.current_version, like.spec.target_version,
                             "Promoted: " + like.id);
  }
  const auto routing = routing_of(parts, place);
  if (!routing || !routing->splits())
    co_return CanaryRefusal{409, fmt::format("Nothing is on its way: {} is at version {}.", place.name(),
                                             routing ? routing->version : "?")};
  auto settling = settle_at(parts, place, routing->additional_version);
  Refused refused = co_await std::move(settling);
  co_return refused;
}

Task<std::optional<CanaryRefusal>> roll_canary_back(Parts& parts, CanaryPlace place) {
  if (const codedeploy::Deployment* running = running_deployment(parts, place)) {
    if (running->is_rollback())
      co_return CanaryRefusal{409, fmt::format("Deployment {} is rolling back already.", running->id)};
    const Result<> stopped =
        parts.codedeploy->deployments().stop(running->scope, running->id, true, parts.clock.now());
    co_return stopped ? Refused() : refused_by(stopped.error());
  }
  const auto routing = routing_of(parts, place);
  if (routing && routing->splits()) {
    auto settling = settle_at(parts, place, routing->version);
    Refused refused = co_await std::move(settling);
    co_return refused;
  }
  const auto all = deployments_of(parts, place);
  const bool succeeded = routing && !all.empty() && all.front()->status == codedeploy::Status::Succeeded &&
                         !all.front()->is_rollback() && !all.front()->description.starts_with(taken_back) &&
                         all.front()->spec.target_version == routing->version;
  if (!succeeded)
    co_return CanaryRefusal{409, fmt::format("There is nothing to take back: {} is at version {}, and no "
                                             "deployment has just brought it there.",
                                             place.name(), routing ? routing->version : "?")};
  const codedeploy::Deployment last = *all.front();
  // A promotion names the versions of what it promoted; so does this.
  co_return deploy_at_once(parts, last, last.spec.target_version, last.spec.current_version,
                           taken_back + last.id);
}

}  // namespace aviary::app
