// `/_aviary/deployments`: what deployments do, waiting for their end, and moving them on.
#include <fmt/format.h>

#include <optional>

#include "app/admin.hpp"
#include "app/clock_setting.hpp"
#include "app/deployment_report.hpp"
#include "app/parts.hpp"
#include "base/duration.hpp"
#include "base/time.hpp"

namespace aviary::app {
namespace {

constexpr std::string_view deployments_root = "/_aviary/deployments/";
/// How long a wait lasts, in real time, that does not say.
constexpr std::chrono::seconds usual_wait{60};
/// A linear deployment has at most a hundred steps, and two hooks.
constexpr int most_moves = 1000;

Json time_or_null(const std::optional<Instant>& at) { return at ? Json(iso8601(*at)) : Json(nullptr); }
Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

/// The function that decides now, if one does.
const std::string& asked_hook(const codedeploy::Deployment& deployment) {
  static const std::string none;
  const codedeploy::LifecycleEvent& event = deployment.event(deployment.step);
  const bool asked = !is_over(deployment.status) && event.status == codedeploy::EventStatus::InProgress;
  return asked ? deployment.hook(deployment.step) : none;
}

Json events_of(const codedeploy::Deployment& deployment) {
  Json events = Json::array();
  for (const codedeploy::Step step : {codedeploy::Step::BeforeAllowTraffic, codedeploy::Step::AllowTraffic,
                                      codedeploy::Step::AfterAllowTraffic}) {
    const codedeploy::LifecycleEvent& event = deployment.event(step);
    events.push_back({{"name", std::string(name_of(step))},
                      {"status", std::string(name_of(event.status))},
                      {"start", time_or_null(event.start)},
                      {"end", time_or_null(event.end)},
                      {"problem", text_or_null(event.problem)}});
  }
  return events;
}

}  // namespace

Json deployment_report(Parts& parts, const codedeploy::Deployment& deployment) {
  const auto& spec = deployment.spec;
  Json alias = nullptr;
  if (const auto found = parts.codedeploy_ties->find(deployment.scope, spec.function, spec.alias);
      found.routing) {
    alias = {{"version", found.routing->version},
             {"additional_version", text_or_null(found.routing->additional_version)},
             {"additional_weight", found.routing->additional_weight}};
  }
  Json error = nullptr;
  if (!deployment.error_code.empty())
    error = {{"code", deployment.error_code}, {"message", deployment.error_message}};
  return {{"id", deployment.id},
          {"account", deployment.scope.account},
          {"region", deployment.scope.region},
          {"application", deployment.application},
          {"group", deployment.group},
          {"config", deployment.config},
          {"creator", deployment.creator},
          {"status", std::string(name_of(deployment.status))},
          {"over", is_over(deployment.status)},
          {"function", spec.function},
          {"alias", spec.alias},
          {"current_version", spec.current_version},
          {"target_version", spec.target_version},
          {"percent", deployment.percent},
          {"alias_now", alias},
          {"created", iso8601(deployment.created)},
          {"completed", time_or_null(deployment.completed)},
          {"next", time_or_null(deployment.due)},
          {"hook", text_or_null(asked_hook(deployment))},
          {"events", events_of(deployment)},
          {"error", error},
          {"rollback",
           {{"deployment", text_or_null(deployment.rollback_id)},
            {"of", text_or_null(deployment.rollback_trigger_id)},
            {"message", text_or_null(deployment.rollback_message)}}}};
}

namespace {

wire::Response no_deployment(const std::string& id) {
  return error_response(404, fmt::format("There is no deployment {}.", id));
}

/// 200 when it is over, else 202.
wire::Response progress_response(Parts& parts, const codedeploy::Deployment& deployment) {
  return json_response(deployment_report(parts, deployment), is_over(deployment.status) ? 200 : 202);
}

/// Until something about the deployment changes, or the moment has come; whether something changed. Real
/// time: the emulated clock may stand still.
Task<bool> wait_for_progress(Parts& parts, std::string id, std::chrono::nanoseconds until) {
  const std::chrono::nanoseconds left = until - parts.stopwatch.elapsed();
  if (left <= std::chrono::nanoseconds::zero()) co_return false;
  const OneShot<bool> progress = parts.codedeploy->next_progress(id);
  const TimerId timer = parts.stopwatch.call_after(left, [progress] { progress.set(false); });
  const bool changed = co_await progress.wait();
  parts.stopwatch.cancel(timer);
  co_return changed;
}

Task<wire::Response> wait_for_end(Parts& parts, std::string id, std::chrono::nanoseconds timeout) {
  const std::chrono::nanoseconds until = parts.stopwatch.elapsed() + timeout;
  for (bool changed = true;;) {
    const codedeploy::Deployment* deployment = parts.codedeploy->deployments().find_anywhere(id);
    if (!deployment) co_return no_deployment(id);
    if (!changed || is_over(deployment->status)) co_return progress_response(parts, *deployment);
    changed = co_await wait_for_progress(parts, id, until);
  }
}

/// To its next step, or to its end: time is driven to the moment that the deployment waits for, and
/// everything that falls due on the way runs. While a hook's function runs, real time is what is waited for.
Task<wire::Response> move_on(Parts& parts, std::string id, bool to_end, std::chrono::nanoseconds timeout) {
  const std::chrono::nanoseconds until = parts.stopwatch.elapsed() + timeout;
  for (int move = 0; move < most_moves; ++move) {
    const codedeploy::Deployment* deployment = parts.codedeploy->deployments().find_anywhere(id);
    if (!deployment) co_return no_deployment(id);
    if (is_over(deployment->status) || (move > 0 && !to_end)) co_return progress_response(parts, *deployment);
    const bool hook_runs =
        !asked_hook(*deployment).empty() && deployment->hook_invoked && !deployment->hook_returned;
    if (hook_runs) {
      const bool changed = co_await wait_for_progress(parts, id, until);
      if (!changed) break;
    } else if (deployment->due) {
      const Duration distance = std::max(Duration::zero(), *deployment->due - parts.clock.now());
      co_await parts.clock.advance(distance);
    } else {
      break;
    }
  }
  const codedeploy::Deployment* deployment = parts.codedeploy->deployments().find_anywhere(id);
  if (!deployment) co_return no_deployment(id);
  co_return progress_response(parts, *deployment);
}

/// What comes after `/_aviary/deployments/`: an id, and what is wanted of it.
struct DeploymentRequest {
  std::string id;
  std::string what;
  std::optional<std::chrono::nanoseconds> timeout;
};

DeploymentRequest read_request(const wire::Request& request) {
  const std::string_view rest = request.path().substr(deployments_root.size());
  const std::size_t slash = rest.find('/');
  DeploymentRequest asked{
      .id = std::string(rest.substr(0, slash)),
      .what = slash == std::string_view::npos ? std::string() : std::string(rest.substr(slash + 1)),
      .timeout = usual_wait};
  if (const auto given = query_parameter(request, "timeout")) asked.timeout = parse_duration(*given);
  return asked;
}

Task<wire::Response> get_deployment(Parts& parts, wire::Request request) {
  const DeploymentRequest asked = read_request(request);
  const codedeploy::Deployment* deployment = parts.codedeploy->deployments().find_anywhere(asked.id);
  if (!deployment) co_return no_deployment(asked.id);
  if (asked.what.empty()) co_return json_response(deployment_report(parts, *deployment));
  if (asked.what != "wait")
    co_return error_response(404,
                             fmt::format("There is no {}: GET a deployment, or its /wait.", request.path()));
  if (!asked.timeout) co_return error_response(400, "timeout is a duration as 500ms, 90s or 10m");
  co_return co_await wait_for_end(parts, asked.id, *asked.timeout);
}

Task<wire::Response> move_deployment(Parts& parts, wire::Request request) {
  const DeploymentRequest asked = read_request(request);
  if (!parts.codedeploy->deployments().find_anywhere(asked.id)) co_return no_deployment(asked.id);
  if (asked.what != "step" && asked.what != "finish")
    co_return error_response(
        404, fmt::format("There is no {}: POST a deployment's /step or /finish.", request.path()));
  if (!asked.timeout) co_return error_response(400, "timeout is a duration as 500ms, 90s or 10m");
  co_return co_await move_on(parts, asked.id, asked.what == "finish", *asked.timeout);
}

wire::Response list_deployments(Parts& parts) {
  Json deployments = Json::array();
  for (const codedeploy::Deployment* deployment : parts.codedeploy->deployments().all())
    deployments.push_back(deployment_report(parts, *deployment));
  return json_response({{"deployments", deployments}});
}

}  // namespace

void add_deployment_routes(Parts& parts) {
  Admin& admin = parts.admin;
  admin.add("GET", "/_aviary/deployments",
            [&parts](const wire::Request&) { return list_deployments(parts); });
  const std::string below = std::string(deployments_root) + "*";
  admin.add_task("GET", below,
                 [&parts](wire::Request request) { return get_deployment(parts, std::move(request)); });
  admin.add_task("POST", below,
                 [&parts](wire::Request request) { return move_deployment(parts, std::move(request)); });
}

}  // namespace aviary::app
